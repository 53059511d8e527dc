"""The command line of the annotation side: `python -m annotate COMMAND`."""

from __future__ import annotations

from conflict_ner.console import new_app, run

app = new_app("Label Studio around the project: start it, fill it, bring the annotators' work home.")


if __name__ == "__main__":
    run(app, "python -m annotate")
