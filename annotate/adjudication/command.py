"""The command line of `python -m annotate adjudicate`."""

from __future__ import annotations

from conflict_ner.console import new_app

app = new_app("Settle disagreements in a project of their own.")
