"""How far annotators agree, and what pre-annotation does to them."""
