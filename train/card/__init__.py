"""The card of a model, `README.md` of its checkpoint: one writer, used by training and by `publish`."""
