"""A document with its disagreements <-> a task of the review project: the cards, their answers, what each means."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from annotate.adjudication.page import MARK_NAME, NO_KEY, mark
from annotate.agreement.disagreements import Disagreement, agreed, disagreements
from annotate.annotated import Annotated, annotator_of, short_names
from annotate.page import TEXT_NAME
from annotate.tasks import Json, prediction, task_data
from conflict_ner.documents import Span

# The version of the prediction that pre-fills the page: what all readers marked alike.
AGREED = "agreed by all"
IN_THE_TEXT = "as marked in the text"
CONTEXT = 70  # characters of text on either side of a disputed place


class _Data(BaseModel):
    """A part of a review task's data of which only what is named here is read back."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Option(_Data):
    """One answer of a card: its name in the annotation, and the spans that it stands for."""

    alias: str
    spans: tuple[Span, ...] = ()


class Dispute(_Data):
    """One disputed place as the task keeps it, with the answers that its card offers."""

    start: int
    end: int
    options: tuple[Option, ...]

    def option(self, alias: str) -> Option | None:
        """Return the answer of that name, or None."""
        return next((option for option in self.options if option.alias == alias), None)


class ReviewData(_Data):
    """What a review task keeps for the way back: the readers, their readings' digest, and the disputed places."""

    doc_id: str
    sha256: str
    readers: tuple[str, ...]
    digest: str
    disputes: tuple[Dispute, ...]


def readings_digest(annotated: Annotated) -> str:
    """Return a hash of the text and of who marked what; scores, origins and times are no part of it."""
    readings = sorted(
        [annotator_of(reading), [[*span.key, sorted(span.attributes.items())] for span in reading.spans]]
        for reading in annotated.readings
    )
    record = json.dumps([annotated.readings[0].sha256, readings])
    return hashlib.sha256(record.encode("utf-8", "surrogatepass")).hexdigest()


def review_task(annotated: Annotated) -> Json:
    """Return the task that lets an adjudicator settle a document's disagreements.

    Its first prediction pre-fills the page with the spans that all readers marked alike, and numbers the
    disputed places; the others are the readers' own readings, under their names.
    """
    found = disagreements(annotated)
    names = [annotator_of(reading) for reading in annotated.readings]
    short = short_names(names)
    article = annotated.readings[0]
    data = {
        **task_data(article),
        "readers": names,
        "digest": readings_digest(annotated),
        "disputed": "1 disputed place" if len(found) == 1 else f"{len(found)} disputed places",
        "disputes": [_dispute(annotated.text, number, item, short) for number, item in enumerate(found, start=1)],
        "marks": [mark(number) for number in range(1, len(found) + 1)],
    }
    prefilled = prediction(article.with_spans(bare(agreed(annotated))), AGREED)
    prefilled["result"] = [_mark_region(annotated.text, *item) for item in enumerate(found, 1)] + prefilled["result"]
    own = [prediction(reading.with_spans(bare(reading.spans)), annotator_of(reading)) for reading in annotated.readings]
    return {"data": data, "predictions": [prefilled, *own]}


def _dispute(text: str, number: int, item: Disagreement, short: dict[str, str]) -> Json:
    options = [_option(text, names, spans, short) for names, spans in _by_reading(item)]
    asked = f"{'Neither' if len(options) == 2 else 'None of these'}: {IN_THE_TEXT}"
    last = {"alias": IN_THE_TEXT, "value": asked, "html": html.escape(asked), "hotkey": NO_KEY, "spans": []}
    place = {"start": item.start, "end": item.end}
    return {**place, "html": _card(text, number, item), "options": [*options, last]}


def _by_reading(item: Disagreement) -> list[tuple[list[str], tuple[Span, ...]]]:
    """Return the different readings of a place, each with the names of those who read so."""
    found: list[tuple[list[str], tuple[Span, ...]]] = []
    for name, spans in item.readings.items():
        own = tuple(bare(spans))
        names = next((names for names, other in found if other == own), None)
        if names is None:
            found.append(([name], own))
        else:
            names.append(name)
    return found


def _option(text: str, names: list[str], spans: tuple[Span, ...], short: dict[str, str]) -> Json:
    """Return one answer: as plain text, which must be unlike the others, and as what the card shows."""
    readings = [(text[span.start : span.end], span.label, "".join(span.attributes.values())) for span in spans]
    said = ", ".join(short[name] for name in names)
    plain = "; ".join(f"{words} {label} {value}".strip() for words, label, value in readings) or "nothing"
    shown = " ".join(
        f'<span class="cn-words cn-words-{label}">{html.escape(_one_line(words))}</span> '
        f'<span class="cn-label">{label}{f" &middot; {value}" if value else ""}</span>'
        for words, label, value in readings
    )
    who = f'<span class="cn-who" title="{html.escape(", ".join(names))}">{html.escape(said)}</span>'
    return {
        "alias": ", ".join(names),
        "value": f"{said}: {plain}",
        "html": f"{shown or 'nothing'} {who}",
        "hotkey": NO_KEY,
        "spans": [span.model_dump(include={"start", "end", "label", "attributes"}) for span in spans],
    }


def _card(text: str, number: int, item: Disagreement) -> str:
    """Return the head of a card: its number, in what the readings differ, the place in its context."""
    before, after = text[max(0, item.start - CONTEXT) : item.start], text[item.end : item.end + CONTEXT]
    # Whole words alone, unless the text begins or ends there.
    before = before.partition(" ")[2] if item.start > CONTEXT and " " in before else before
    after = after.rpartition(" ")[0] if item.end + CONTEXT < len(text) and " " in after else after
    quote = f"{_escaped(before)}<mark>{_escaped(text[item.start : item.end])}</mark>{_escaped(after)}"
    head = f'<span class="cn-number">?{number}</span><span class="cn-kind">{html.escape(item.kind.value)}</span>'
    return f'<div>{head}<div class="cn-quote">&hellip; {quote} &hellip;</div></div>'


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _escaped(text: str) -> str:
    return html.escape(_one_line(text))


def bare(spans: Iterable[Span]) -> list[Span]:
    """Return spans without what says how one reader came to them."""
    return [span.model_copy(update={"score": None, "origin": None}) for span in spans]


def _mark_region(text: str, number: int, item: Disagreement) -> Json:
    """Return the region that shows a disputed place in the text; it is locked."""
    value = {"start": item.start, "end": item.end, "text": text[item.start : item.end]}
    region: Json = {"id": f"disputed-{number}", "from_name": MARK_NAME, "to_name": TEXT_NAME, "type": "labels"}
    return {**region, "readonly": True, "value": {**value, "labels": [mark(number)["value"]]}}
