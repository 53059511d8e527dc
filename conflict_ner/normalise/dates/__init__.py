"""Dates: the date phrases of a text as calendar days."""
