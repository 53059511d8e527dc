"""Predictions for the annotators to correct: by a checkpoint, or by weak labelling functions."""
