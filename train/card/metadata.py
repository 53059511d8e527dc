"""The front matter of a card: what the hub reads, made by its own client's records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from train.card.words import WIDGET

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

    from conflict_ner.documents import Document
    from train.card.content import CardContent
    from train.score import Scores

TASK = "token-classification"


def front_matter(content: CardContent) -> str:
    """Return the card's metadata as YAML, without the lines around it.

    The keys are those of https://huggingface.co/docs/hub/model-cards; what is not known is left out, since the hub
    refuses a base model or a dataset that is no id of its own.
    """
    from huggingface_hub import ModelCardData

    results = [result for split, scores in content.all_scores.items() for result in _results(content, split, scores)]
    first = content.encoder.first
    data = ModelCardData(
        language=languages(content.splits) or None,
        license=content.licence,
        library_name="transformers",
        pipeline_tag=TASK,
        tags=["conflict-ner", "named-entity-recognition", "armed-conflict"],
        base_model=first.hub_id,
        base_model_relation="finetune" if first.hub_id else None,
        datasets=[content.corpus.hub_id] if content.corpus.hub_id else None,
        metrics=["f1", "precision", "recall"],
        widget=[{"text": text} for text in WIDGET],
        model_name=content.name if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()


def _results(content: CardContent, split: str, scores: Scores) -> list[EvalResult]:
    from huggingface_hub import EvalResult

    corpus = content.corpus_of(split)
    title = content.corpus.title if split in content.scores else corpus
    return [
        EvalResult(
            task_type=TASK,
            dataset_type=content.corpus.hub_id or corpus,
            dataset_name=f"{title} ({split})",
            dataset_split=split,
            metric_type=name,
            metric_name=f"strict {name}",
            metric_value=round(getattr(scores.micro["strict"], name).value, 4),
        )
        for name in ("f1", "precision", "recall")
    ]


def languages(splits: Mapping[str, Sequence[Document]]) -> list[str]:
    """Return the languages that the documents state, the commonest first."""
    stated = Counter(document.meta.language for documents in splits.values() for document in documents)
    return [language for language, _ in stated.most_common() if language]
