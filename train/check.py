"""Look a corpus over before training on it: `python -m train check runs/corpus/default`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conflict_ner.config import validate
from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.trimming import trim
from train.report import Duplicate, EncoderReport, LongDocument, Overlap, Place, Report, SplitCounts, render
from train.splits import group_of

Splits = Mapping[str, Sequence[Document]]

RARE = 50  # spans of a label in train below which it is called rare (spaCy's `debug data` has the same)
MOSTLY_SEEN = 0.9  # share of seen surfaces above which a split says little about new names
_LISTED = 5  # examples in a sentence


def check_corpus(
    splits: Splits,
    schema: LabelSchema,
    encoder: str | None = None,
    window: int | None = None,
    overlap: int | None = None,
) -> Report:
    """Examine a corpus.

    Args:
        splits: split name -> documents.
        schema: the labels that are to be learnt.
        encoder: whose tokenizer cuts the texts: a folder, `package:...` or a hub id; by default the packaged one.
        window: tokens of a window; by default as in training.
        overlap: tokens that neighbouring windows share; by default as in training.

    Raises:
        CheckpointError: the encoder cannot be found or has no fast tokenizer.
    """
    from rich.progress import Progress

    from conflict_ner.console import err

    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Counting", total=3)
        counts = {split: _count(documents, schema) for split, documents in splits.items()}
        seen = {
            split: _overlap(splits.get("train", ()), documents, schema)
            for split, documents in splits.items()
            if split != "train"
        }
        edges = tuple(_loose_edges(splits))
        progress.update(task, advance=1, description="Comparing texts")
        duplicates = tuple(_duplicates(splits))
        progress.update(task, advance=1, description="Cutting texts into tokens")
        encoded = _encode(splits, schema, encoder, window, overlap)
    warnings = (
        *_count_warnings(counts, schema),
        *_seen_warnings(seen),
        *_place_warnings(edges, "begin or end with what can be trimmed"),
        *_duplicate_warnings(duplicates),
        *_place_warnings(encoded.lost, f"cannot be represented by the tokens of {encoded.name} and cannot be learnt"),
    )
    return Report(
        splits=counts,
        seen_in_train=seen,
        loose_edges=edges,
        near_duplicates=duplicates,
        encoder=encoded,
        warnings=warnings,
        fatal=tuple(_leaks(splits)),
    )


def loose_edge(document: Document, span: Span) -> str | None:
    """Say what `annotate pull` would trim off a span's ends, or None."""
    start, end = trim(document.text, span.start, span.end)
    if (start, end) == (span.start, span.end):
        return None
    cut = [(document.text[span.start : start], "start"), (document.text[max(start, end) : span.end], "end")]
    return " and ".join(f"{part!r} at its {side}" for part, side in cut if part)


def _count(documents: Sequence[Document], schema: LabelSchema) -> SplitCounts:
    labels = Counter(span.label for document in documents for span in document.spans)
    attributes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for span in document.spans:
            label = schema.label(span.label)
            for attribute in label.attributes if label is not None else ():
                value = span.attributes.get(attribute.name)
                attributes[span.label][f"{attribute.name}={value}" if value else f"{attribute.name} missing"] += 1
    return SplitCounts(
        documents=len(documents),
        groups=len({group_of(document) for document in documents}),
        characters=sum(len(document.text) for document in documents),
        spans=labels.total(),
        without_span=tuple(document.id for document in documents if not document.spans),
        labels={name: labels[name] for name in schema.label_names},
        attributes={label: dict(values.most_common()) for label, values in sorted(attributes.items())},
    )


def _overlap(train: Sequence[Document], held_out: Sequence[Document], schema: LabelSchema) -> dict[str, Overlap]:
    """Compare surfaces in lower case with single spaces, label by label."""

    def surfaces(documents: Sequence[Document], label: str) -> Counter[str]:
        return Counter(
            " ".join(document.surface(span).lower().split())
            for document in documents
            for span in document.spans
            if span.label == label
        )

    result = {}
    for label in schema.label_names:
        known, asked = surfaces(train, label), surfaces(held_out, label)
        result[label] = Overlap(
            surfaces=len(asked),
            surfaces_seen=len(asked.keys() & known.keys()),
            spans=asked.total(),
            spans_seen=sum(number for surface, number in asked.items() if surface in known),
        )
    return result


def _loose_edges(splits: Splits) -> Iterator[Place]:
    for split, documents in splits.items():
        for document in documents:
            for span in document.spans:
                reason = loose_edge(document, span)
                if reason is not None:
                    yield _place(split, document, span, reason)


def _place(split: str, document: Document, span: Span, reason: str) -> Place:
    return Place(
        split=split,
        id=document.id,
        start=span.start,
        label=span.label,
        surface=document.surface(span),
        reason=reason,
    )


def _duplicates(splits: Splits) -> Iterator[Duplicate]:
    from train.duplicates import near_duplicates

    every = [(split, document) for split, documents in splits.items() for document in documents]
    for place, other, similarity in near_duplicates([document.text for _, document in every]):
        (split, one), (other_split, two) = every[place], every[other]
        yield Duplicate(
            id=one.id, split=split, other_id=two.id, other_split=other_split, similarity=round(similarity, 3)
        )


def _encode(
    splits: Splits, schema: LabelSchema, encoder: str | None, window: int | None, overlap: int | None
) -> EncoderReport:
    from transformers import AutoTokenizer

    from conflict_ner.checkpoint import DEFAULT_ENCODER, WindowSettings, find_encoder, require_fast
    from conflict_ner.spans import BioTags
    from train.examples import encode

    encoder = encoder or DEFAULT_ENCODER
    given = {"size": window, "overlap": overlap}
    windows = validate({key: value for key, value in given.items() if value is not None}, WindowSettings, "--window")
    tokenizer = AutoTokenizer.from_pretrained(find_encoder(encoder))
    require_fast(tokenizer, encoder)
    lost: list[Place] = []
    lengths: list[LongDocument] = []
    for split, documents in splits.items():
        for encoded in encode(documents, tokenizer, BioTags.of(schema), windows).documents:
            lost += [_place(split, encoded.document, loss.span, loss.reason) for loss in encoded.lost]
            lengths.append(
                LongDocument(
                    split=split, id=encoded.document.id, tokens=len(encoded.tokens), windows=len(encoded.windows)
                )
            )
    longest = sorted(lengths, key=lambda length: (-length.tokens, length.id))[:_LISTED]
    return EncoderReport(
        name=encoder, window=windows.size, overlap=windows.overlap, lost=tuple(lost), longest=tuple(longest)
    )


def _leaks(splits: Splits) -> Iterator[str]:
    """Yield what stands on both sides of a split: groups, ids, texts."""
    kinds = (
        ("group", group_of),
        ("document", lambda document: document.id),
        ("text", lambda document: document.sha256),
    )
    for kind, key in kinds:
        where: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        for split, documents in splits.items():
            for document in documents:
                where[key(document)].setdefault(split, []).append(document.id)
        for name, found in sorted(where.items()):
            if len(found) > 1:
                places = "; ".join(f"{split}: {', '.join(ids)}" for split, ids in found.items())
                shown = f"{name[:12]}..." if kind == "text" else repr(name)
                yield f"the {kind} {shown} stands in several splits ({places}); give these documents one meta.group"


def _count_warnings(counts: Mapping[str, SplitCounts], schema: LabelSchema) -> Iterator[str]:
    for split in ("train", "validation", "test"):
        if split not in counts:
            yield f"There is no {split} split."
            continue
        part = counts[split]
        for label, number in part.labels.items():
            if number == 0:
                yield f"{split} holds no {label}."
            elif split == "train" and number < RARE:
                yield f"{label} is rare: train holds {number} of it, and {RARE} or more are wanted."
        if part.without_span:
            yield f"{len(part.without_span)} document(s) of {split} hold no span: {_some(part.without_span)}."
        for asked in schema.labels:
            for attribute in asked.attributes:
                missing = part.attributes.get(asked.name, {}).get(f"{attribute.name} missing", 0)
                if attribute.required and missing:
                    yield f"{missing} {asked.name} of {split} have no {attribute.name}, which the schema requires."


def _seen_warnings(seen: Mapping[str, Mapping[str, Overlap]]) -> Iterator[str]:
    for split, labels in seen.items():
        for label, overlap in labels.items():
            if overlap.spans and overlap.spans_seen / overlap.spans > MOSTLY_SEEN:
                share = overlap.spans_seen / overlap.spans
                yield f"{share:.0%} of the {label} spans of {split} stand in train too: little is told of new ones."


def _place_warnings(places: Sequence[Place], what: str) -> Iterator[str]:
    if places:
        examples = [f"{place.surface!r} in {place.id} at {place.start} ({place.reason})" for place in places]
        yield f"{len(places)} span(s) {what}: {_some(examples)}."


def _duplicate_warnings(duplicates: Sequence[Duplicate]) -> Iterator[str]:
    within = [pair for pair in duplicates if pair.split == pair.other_split]
    across = [pair for pair in duplicates if pair.split != pair.other_split]
    if across:
        examples = [
            f"{pair.id} ({pair.split}) and {pair.other_id} ({pair.other_split}) {pair.similarity:.2f}"
            for pair in across
        ]
        yield f"{len(across)} pair(s) of nearly equal documents in different splits: {_some(examples)}."
    if within:
        examples = [f"{pair.id} and {pair.other_id} {pair.similarity:.2f}" for pair in within]
        yield f"{len(within)} pair(s) of nearly equal documents within a split: {_some(examples)}."


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return "; ".join(items[:_LISTED]) + more


def check_and_tell(
    folder: Path,
    encoder: str | None = None,
    window: int | None = None,
    overlap: int | None = None,
    json: Path | None = None,
) -> None:
    """Examine a corpus folder and print the report; raises DataError when something forbids training."""
    from conflict_ner.console import out
    from train.corpus import read_corpus, read_schema
    from train.output import STANDARD_OUTPUT, write_json

    report = check_corpus(read_corpus(folder), read_schema(folder), encoder, window, overlap)
    if json is not None:
        write_json(report, json)
    if json != STANDARD_OUTPUT:
        for table in render(report):
            if table.row_count:
                out.print(table)
        for warning in report.warnings:
            out.print(f"Note: {warning}", style="yellow", markup=False, soft_wrap=True)
    if report.fatal:
        raise DataError(f"{str(folder)!r} cannot be trained on:", report.fatal)
