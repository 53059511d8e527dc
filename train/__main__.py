"""The command line of the machine-learning side: `python -m train COMMAND`."""

from __future__ import annotations

from conflict_ner.console import new_app, run
from train import corpus, score

app = new_app("Build a corpus, look it over, train on it, and score what came out.")
app.command("corpus")(corpus.corpus)
app.command("score")(score.score)


if __name__ == "__main__":
    run(app, "python -m train")
