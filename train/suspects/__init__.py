"""Suspects: annotations that a model which did not learn from them, and the rest of the corpus, speak against."""
