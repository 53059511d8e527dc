"""Learning curve by number of documents: `python -m train curve configs/train/curve.yaml`."""
