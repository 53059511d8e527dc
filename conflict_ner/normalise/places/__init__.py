"""Places: mentions as entries of a gazetteer."""
