"""The model card: `README.md` of a checkpoint, written from the run and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from conflict_ner.checkpoint import CheckpointInfo
from conflict_ner.documents import Document
from conflict_ner.schema import LabelSchema
from train.score import RuleScore, Scores


def model_card(info: CheckpointInfo, scores: Mapping[str, Scores], corpus: Mapping[str, Sequence[Document]]) -> str:
    """Return the card's Markdown, front matter included.

    Args:
        info: the checkpoint's metadata; its schema gives the label table.
        scores: split -> scores.
        corpus: split -> documents; the counts are theirs.
    """
    assert info.labels is not None
    parts = [
        f"---\n{yaml.safe_dump(_front_matter(info, scores), sort_keys=False, allow_unicode=True)}---\n",
        f"# {info.name}\n",
        f"A token-classification model for conflict news, fine-tuned from `{info.encoder}` with conflict-ner "
        f"{info.library}.\n",
        "## Labels\n",
        _labels(info.labels),
        "## Use\n",
        _use(info),
        "## Data\n",
        _data(info, corpus),
        "## Scores\n",
        _scores(scores),
        "## Limits\n",
        _LIMITS,
    ]
    return "\n".join(parts)


_LIMITS = """\
The model marks what a text says; it does not judge whether that is true. It was trained on English news. Scores on
a few held-out documents have wide intervals: score it on texts of your own with `python -m train score` before you
rely on it. It is no tool for decisions about single people.
"""


def _front_matter(info: CheckpointInfo, scores: Mapping[str, Scores]) -> dict[str, object]:
    results = [
        {
            "task": {"type": "token-classification"},
            "dataset": {"name": f"{info.corpus.get('name')} ({split})", "type": str(info.corpus.get("name"))},
            "metrics": [
                {"type": name, "name": f"strict {name}", "value": round(getattr(score.micro["strict"], name).value, 4)}
                for name in ("f1", "precision", "recall")
            ],
        }
        for split, score in scores.items()
    ]
    return {
        "language": ["en"],
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "tags": ["conflict-ner", "named-entity-recognition"],
        "model-index": [{"name": info.name, "results": results}],
    }


def _labels(schema: LabelSchema) -> str:
    rows = [f"| `{label.name}` | {label.description} |" for label in schema.labels]
    return "\n".join(["| label | what it marks |", "|---|---|", *rows, ""])


def _use(info: CheckpointInfo) -> str:
    return f"""\
```python
from transformers import pipeline
tagger = pipeline("token-classification", model="{info.name}", aggregation_strategy="simple", stride=128)

from conflict_ner import load      # legal decoding, whole words, texts of any length
extractor = load("{info.name}")
```

`stride` makes the pipeline read texts of more than one window whole. The library reads windows of
{info.windows.size} tokens that overlap by {info.windows.overlap}, and takes each token from the window in which it
has most context.
"""


def _data(info: CheckpointInfo, corpus: Mapping[str, Sequence[Document]]) -> str:
    rows = [
        f"| {split} | {len(documents)} | {sum(len(document.spans) for document in documents):,} |"
        for split, documents in corpus.items()
    ]
    manifest = f"Corpus `{info.corpus.get('name')}`, manifest SHA-256 `{info.corpus.get('manifest_sha256')}`.\n"
    return "\n".join(["| split | documents | spans |", "|---|---|---|", *rows, "", manifest])


def _scores(scores: Mapping[str, Scores]) -> str:
    if not scores:
        return "The corpus has no validation and no test split, so there is no score.\n"
    parts = [
        "Strict: the same first and last character and the same label, after legal decoding (seqeval). "
        "In brackets the 95 % bootstrap interval over documents.\n"
    ]
    for split, score in scores.items():
        rows = [(label, rules["strict"]) for label, rules in score.labels.items()]
        rows.append(("all", score.micro["strict"]))
        parts += [
            f"### {split} ({score.documents} documents)\n",
            "| label | gold | P | R | F1 |\n|---|---|---|---|---|",
            *(_row(label, rule) for label, rule in rows),
            "",
        ]
    return "\n".join(parts)


def _row(label: str, score: RuleScore) -> str:
    f1 = f"{score.f1.value:.3f}"
    if score.f1.low is not None and score.f1.high is not None:
        f1 += f" [{score.f1.low:.3f}, {score.f1.high:.3f}]"
    return f"| {label} | {score.gold} | {score.precision.value:.3f} | {score.recall.value:.3f} | {f1} |"
