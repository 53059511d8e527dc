"""Write the card of a checkpoint from its run: what it is, how to load it, what it scores, and what it is not for."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema
from train import ROOT, shown
from train.card.content import CardContent
from train.card.facts import EncoderFacts, TrainingFacts
from train.card.findings import confusion_section, scores_section
from train.card.metadata import front_matter, languages
from train.card.words import INTENDED_USE, LIMITS, MISUSE, WIDGET, counted, item, paragraph
from train.config import TrainConfig
from train.dataset_card import count_rows, markdown_table, sources_table, split_rules

CARD_FILE = "README.md"
_LISTED = 12  # regions, or styles
_SETTINGS = {
    "encoder.freeze_embeddings": "word embeddings frozen",
    "windows.size": "tokens of a window",
    "windows.overlap": "tokens that windows share",
    "loss.cross_entropy": "weight of the cross-entropy",
    "loss.chain": "weight of the chain of tags (a linear-chain CRF, learned together)",
    "teachers.models": "models that it learned from (their mean reading)",
    "teachers.texts": "texts that these marked for it",
    "teachers.most": "of these, at most",
    "teachers.weight": "weight of the teachers' probabilities",
    "consistency": "share of a name's mean reading over the text in each of its places",
    "head_rate": "the head learns at the learning rate times",
    "precision": "precision asked for",
    "trainer.num_train_epochs": "epochs",
    "trainer.learning_rate": "learning rate",
    "trainer.per_device_train_batch_size": "windows of a batch",
}
"""Settings that have a name a reader knows; the others stand under their own key."""


def model_card(content: CardContent) -> str:
    """Return the card's Markdown, front matter included.

    Args:
        content: all that it is written from; the checkpoint's schema must be known.
    """
    assert content.info.labels is not None
    sections = {
        "How to load": _use(content),
        "Labels": _labels(content.info.labels),
        "Scores": scores_section(content),
        "What it confuses": confusion_section(content),
        "What a score means": _calibration(content),
        "Data": _data(content),
        "Training": _recipe(content),
        "Compute": _compute(content.training),
        "Intended use": INTENDED_USE,
        "Misuse": MISUSE,
        "Limits": _limits(content),
        "Licence": _licence(content),
        "Version": _version(content),
        "Citation": _citation(content),
    }
    parts = [f"---\n{front_matter(content)}\n---\n", f"# {content.name}\n", _summary(content)]
    for title, body in sections.items():
        parts += [f"## {title}\n", body]
    return "\n".join(parts)


def write_card(folder: Path, content: CardContent) -> None:
    """Write the card into a checkpoint's folder, whole or not at all."""
    with replacing_file(folder / CARD_FILE) as temporary:
        temporary.write_text(model_card(content), encoding="utf-8")


def local_address(folder: Path) -> str:
    """Return how a card names its own folder: from the repository's root, or elsewhere from the folder around it."""
    return shown(folder) if folder.is_relative_to(ROOT) else f"./{folder.name}"


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, object]:
    """Return nested settings under dotted keys; empty ones are left out."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        elif value is not None:
            found[before + key] = value
    return found


def recipe(config: TrainConfig) -> dict[str, object]:
    """Return the settings of a run that make its model what it is; its name and its folders do not."""
    aside = {"name", "corpus", "output", "run", "resume", "folds", "held_out"}
    return flat(config.model_dump(mode="json", exclude=aside))


def _summary(content: CardContent) -> str:
    schema = content.info.labels
    assert schema is not None
    names = ", ".join(f"`{name}`" for name in schema.label_names)
    size = f" ({_size(content.training.parameters)} parameters)" if content.training is not None else ""
    best = ""
    for split, scores in content.all_scores.items():
        best = f" Strict F1 {scores.strict_f1:.3f} on {counted(scores.documents, 'document')} of the {split} split."
        break
    return paragraph(
        f"A model that finds {names} in news and reports on armed conflict: a token classifier{size}, fine-tuned from "
        f"{_encoder(content.encoder)} with conflict-ner {content.info.library}.{best} Read [Misuse](#misuse) before "
        "you use it."
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} million" if count >= 1e6 else f"{count:,}"


def _encoder(encoder: EncoderFacts) -> str:
    """Name an encoder, and what it was made from."""
    at = f", revision `{encoder.revision}`" if encoder.revision else ""
    if encoder.hub_id:
        link = f"[{encoder.hub_id}](https://huggingface.co/{encoder.hub_id})"
        return f"{link}{at}" if encoder.hub_id == encoder.name else f"{link} (as packaged in `{encoder.name}`)"
    before = f", itself fine-tuned from {_encoder(encoder.before)}" if encoder.before is not None else ""
    return f"`{encoder.name}`{before}"


def _use(content: CardContent) -> str:
    windows = content.info.windows
    read = [
        f"The library reads texts of any length in windows of {windows.size} tokens that share {windows.overlap}.",
        "Its spans are whole words with legal tags"
        + (", by transitions that were learned (`transitions.json`)." if content.transitions else "."),
    ]
    if content.info.consistency:
        read.append("A name is read alike throughout a text.")
    if content.info.least_score:
        read.append(f"Spans that the model is less sure of than {content.info.least_score:.2f} are left out.")
    if content.calibration is not None and content.calibration.method != "none":
        read.append("Its scores are calibrated (`calibration.json`).")
    read.append("The scores below are those of the library's reading.")
    surest = _surest(content)
    if surest is not None:
        read.append(f"`load({content.address!r}, precision={surest})` leaves out spans too unsure for that.")
    return "\n".join(
        [
            "With transformers alone (`pip install torch transformers`):\n",
            "```python",
            "from transformers import pipeline",
            "",
            f'tagger = pipeline("token-classification", model="{content.address}", aggregation_strategy="average", '
            f"stride={windows.overlap})",
            f'text = "{WIDGET[0]}"',
            "for span in tagger(text):",
            '    start, end = span["start"], span["end"]',
            '    print(text[start:end], span["entity_group"], start, end, round(float(span["score"]), 2))',
            "```\n",
            paragraph(
                "`stride` makes the pipeline read long texts whole: without it, what lies behind the first window is "
                "lost without a word. `average` keeps words whole, which `simple` does not."
            ),
            "With conflict-ner (`pip install .` in its checkout):\n",
            "```python",
            "from conflict_ner import load",
            "",
            f'extractor = load("{content.address}")',
            f'document = extractor("{WIDGET[0]}")',
            "for span in document.spans:",
            "    print(document.surface(span), span.label, span.start, span.end, round(span.score, 2))",
            "```\n",
            paragraph(" ".join(read)),
        ]
    )


def _surest(content: CardContent) -> str | None:
    """Return the highest wanted precision that every label reaches, if there is one."""
    assert content.info.labels is not None
    thresholds = content.calibration.thresholds if content.calibration is not None else {}
    reached = [wanted for wanted, found in thresholds.items() if set(content.info.labels.label_names) <= found.keys()]
    return max(reached, key=float, default=None)


def _labels(schema: LabelSchema) -> str:
    rows = [["label", "what it marks"], *([f"`{label.name}`", label.description] for label in schema.labels)]
    return markdown_table(rows, numbers=False)


def _calibration(content: CardContent) -> str:
    found = content.calibration
    if found is None:
        return paragraph(
            "A span's score is the model's own confidence and is not calibrated: spans of score 0.9 are right less "
            "often, or more often, than nine times in ten. `python -m train calibrate` makes scores mean what they say."
        )
    judged = f"on {found.spans:,} spans that the run `{found.source}` found in documents held out"
    if found.method == "none":
        told = (
            f"A span's score is the model's own confidence. It was compared with the truth {judged}: its expected "
            f"calibration error is {found.ece_before:.3f}, and no way of calibrating made it better."
        )
    else:
        told = (
            f"The library's scores are calibrated ({found.method}) {judged}: expected calibration error "
            f"{found.ece_before:.3f} before, {found.ece_after:.3f} after. The scores of `pipeline()` are the model's "
            "own, as before."
        )
    lines = [paragraph(told)]
    labels = sorted({label for thresholds in found.thresholds.values() for label in thresholds})
    if labels:
        rows = [["wanted precision", *(f"`{label}` from" for label in labels)]]
        for precision, thresholds in sorted(found.thresholds.items(), key=lambda item: float(item[0])):
            cells = [f"{thresholds[label]:.2f}" if label in thresholds else "never" for label in labels]
            rows.append([precision, *cells])
        lines.append(markdown_table(rows))
        if any("never" in row for row in rows):
            lines.append("Never: no score of that label reaches it, and who asks for it gets no span of that label.\n")
    return "\n".join(lines)


def _data(content: CardContent) -> str:
    schema = content.info.labels
    assert schema is not None
    told = [paragraph(content.corpus.description)] if content.corpus.description.strip() else []
    return "\n".join(
        [
            f"**{content.corpus.title}**: corpus `{content.info.corpus.get('name')}`, manifest SHA-256 "
            f"`{content.info.corpus.get('manifest_sha256')}`.\n",
            *told,
            markdown_table(count_rows(content.splits, schema)),
            "Built from:\n",
            sources_table(content.corpus, content.manifest),
            split_rules(content.corpus),
            *_kinds(content),
        ]
    )


def _kinds(content: CardContent) -> Iterator[str]:
    """Yield the regions and styles that the training documents state."""
    documents = content.splits.get("train", ())
    for title, names in (
        ("Regions", Counter(document.meta.region for document in documents)),
        ("Styles", Counter(document.meta.style for document in documents)),
    ):
        known = [(name, count) for name, count in names.most_common() if name]
        if known:
            listed = ", ".join(f"{name} {count:,}" for name, count in known[:_LISTED])
            rest = f" and {len(known) - _LISTED:,} more" if len(known) > _LISTED else ""
            unstated = f"; not stated {names[None]:,}" if names[None] else ""
            yield paragraph(f"{title} that the training documents state: {listed}{rest}{unstated}.")


def _recipe(content: CardContent) -> str:
    facts = content.training
    rows = [["setting", "value"], ["encoder", _encoder(content.encoder)]]
    for key, value in recipe(content.config).items():
        if key not in ("encoder.name", "encoder.revision"):
            rows.append([_SETTINGS.get(key, f"`{key}`"), _setting(value)])
    if facts is not None:
        rows.append(["precision used", facts.precision])
        rows.append(["parameters trained", f"{facts.trained_parameters:,} of {facts.parameters:,}"])
        rows.append(["epochs run, steps", f"{facts.epochs:g}, {facts.steps:,}"])
        best = (
            f"of epoch {facts.best_epoch:g}, the best by strict F1 on the validation split" if facts.best_epoch else ""
        )
        rows.append(["weights kept", best or "the last"])
        rows.append(["versions", ", ".join(f"{name} {version}" for name, version in facts.versions.items())])
    told = (
        "`train.yaml` beside the weights is the whole configuration: `python train/train.py train.yaml` trains anew.\n"
    )
    return "\n".join([markdown_table(rows, numbers=False), told])


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_setting, value))
    return shown(value) if isinstance(value, str) else str(value)


def _compute(facts: TrainingFacts | None) -> str:
    if facts is None:
        return "The run was made by a version that kept no record of time and machine.\n"
    processes = f" in {facts.processes} processes" if facts.processes > 1 else ""
    threads = f", {counted(facts.threads, 'thread')}{' each' if processes else ''}"
    speed = (
        f", {facts.tokens_per_second:,.0f} tokens a second (padding not counted)"
        if facts.tokens_per_second is not None
        else ", counted since the run was resumed"
    )
    return paragraph(
        f"Trained for {facts.seconds:,.0f} seconds{processes} on {facts.device}{threads}{speed}. Its energy "
        "was not measured. The encoder's own pretraining, which cost far more, and the trials that led to this recipe "
        "are not counted."
    )


def _limits(content: CardContent) -> str:
    spoken = ", ".join(languages(content.splits))
    stated = item(f"Languages that the corpus states: {spoken}.") if spoken else ""
    invented = [name for name, about in content.corpus.about.items() if about.synthetic]
    readings = sum(content.manifest.sources[name].readings for name in invented if name in content.manifest.sources)
    total = sum(source.readings for source in content.manifest.sources.values())
    synthetic = item(
        f"{readings:,} of the {total:,} documents that the corpus was built from are synthetic: they teach how things "
        "are written, not what happened, and real news differs from them."
    )
    return f"{LIMITS}{stated}{synthetic if readings else ''}"


def _licence(content: CardContent) -> str:
    if content.licence is None:
        weights = "The licence of the weights is not stated: their encoder names none."
    elif content.licence == content.encoder.first.licence:
        weights = f"The weights are under `{content.licence}`, the licence of their encoder."
    else:
        stated = content.encoder.first.licence
        theirs = f"is under `{stated}`" if stated else "states none"
        weights = f"The weights are under `{content.licence}`; their encoder {theirs}."
    return paragraph(
        f"{weights} The code of conflict-ner is under Apache-2.0. The texts that the model learned from have licences "
        "of their own, which stand under Data; they are not a part of the checkpoint."
    )


def _version(content: CardContent) -> str:
    facts = content.training
    ended = f", trained on {facts.ended:%Y-%m-%d}" if facts is not None else ""
    return paragraph(
        f"Run `{content.config.name}` of conflict-ner {content.info.library}{ended}. "
        f"Weights SHA-256 `{content.info.weights_sha256}`; `conflict-ner info FOLDER` checks them."
    )


def _citation(content: CardContent) -> str:
    year = f"{content.training.ended:%Y}" if content.training is not None else "n.d."
    weights = (content.info.weights_sha256 or "")[:12]
    return textwrap.dedent(f"""\
        ```bibtex
        @software{{{content.name.replace("/", "-")},
          title   = {{{content.name}: a named-entity model for conflict news}},
          author  = {{{{The conflict-ner contributors}}}},
          year    = {{{year}}},
          version = {{{content.info.library}, weights {weights}}}
        }}
        ```
        """)
