"""Normalising: what each span of a text means as data."""
