"""The command line of `python -m annotate backend`."""

from __future__ import annotations

from conflict_ner.console import new_app

app = new_app("Serve the model to Label Studio, live.")
