"""Parameter search: `python -m train sweep configs/train/sweep.yaml`."""
