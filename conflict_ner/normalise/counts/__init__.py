"""Counts: how many people, what befell them, and which counts must not be added up."""
