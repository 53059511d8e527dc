"""The order of work: what the model is unsure of first, and no batch of ten alike."""
