"""Predictions for the day without a model: small labelling functions, a vote among them, and a report on each."""
