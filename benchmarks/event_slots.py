"""How often is each slot of an event right?

python benchmarks/event_slots.py [GOLD ...] [--model FOLDER] [--spans FILE]

Reads the events that people wrote down for whole documents (by default seeds/events/in-view.jsonl) and compares
the rows that conflict_ner/assembly makes of the same documents: from the gold spans with their casualty types and, with
`--model`, from a model's. `--spans` reads them from a file: the out-of-fold readings of `python -m train kfold` are
those of models that did not learn from the document. The rules were made with in-view.jsonl in view; test.jsonl is to
be scored and not looked at.

A document's total of killed (and so on) is the sum of its events' best figures, the lower bound where there is none;
it is right where it is the gold total, or both are without one. Place and date are those of the main event, scored over
the documents that have one: a place is right by its name, or where its point lies within 25 km of that of the gold
place's mention; a date is right where the first days are the same. A gold event is found by a row that no other gold
event has taken, of which all four figures (best, else low, else high) and the place agree; a background toll by one of
the same type and characters. Actors are compared by their mentions: a gold party is found where a row's actor is one
of its mentions.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from conflict_ner.assembly import assemble  # noqa: E402
from conflict_ner.documents import Document, read_documents  # noqa: E402
from conflict_ner.events import CountSlot, DateSlot, Event, Events, PlaceSlot  # noqa: E402
from conflict_ner.facts import Facts, Place  # noqa: E402
from conflict_ner.markup import read_marked  # noqa: E402
from conflict_ner.normalise.normaliser import Normaliser  # noqa: E402
from conflict_ner.normalise.spelling import fold  # noqa: E402
from conflict_ner.schema import LabelSchema  # noqa: E402

EVENTS = ROOT / "seeds" / "events"
GOLD = (EVENTS / "in-view.jsonl",)
KINDS = ("killed", "wounded", "captured", "missing")
NEAR_KM = 25.0
EARTH_KM = 6371.0

Gold = Mapping[str, Any]
Read = Callable[[Document], tuple[Facts, Events]]


def gold_rows(path: Path) -> list[Gold]:
    """Return the gold of each document."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def gold_documents(rows: Iterable[Gold]) -> list[Document]:
    """Return the documents that the gold speaks of, with their gold spans."""
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    articles = {document.id: document for document in read_documents(ROOT / "seeds" / "gold.jsonl")}
    return [
        articles.get(row["document"]) or read_marked(ROOT / "seeds" / "synthetic" / f"{row['document']}.marked", schema)
        for row in rows
    ]


def total(events: Events, kind: str) -> int | None:
    """Return the sum of a document's events of one kind; None where no event tells it."""
    figures = [worth(getattr(row, kind)) for row in events.rows]
    told = [figure for figure in figures if figure is not None]
    return sum(told) if told else None


def worth(slot: CountSlot | Mapping[str, int | None] | None) -> int | None:
    """Return a slot's best figure, else its lower, else its upper bound."""
    if slot is None:
        return None
    bounds = (
        (slot.best, slot.low, slot.high) if isinstance(slot, CountSlot) else (slot["best"], slot["low"], slot["high"])
    )
    return next((bound for bound in bounds if bound is not None), None)


def same_place(slot: PlaceSlot | None, gold: Mapping[str, Any] | None, facts: Facts) -> bool:
    """Tell whether a row's place is the gold place: both without one, the same name, or less than 25 km apart."""
    if gold is None or not (gold.get("name") or gold.get("surface")):
        return slot is None
    if slot is None:
        return False
    names = {fold(name) for name in (gold.get("name"), gold.get("surface")) if name}
    if fold(slot.evidence.surface) in names or (slot.place is not None and fold(slot.place.name) in names):
        return True
    told = (fact.place for fact in facts.places if fact.surface == gold.get("surface"))
    wanted = next((place for place in told if place is not None), None)
    return wanted is not None and slot.place is not None and kilometres(wanted, slot.place) <= NEAR_KM


def kilometres(one: Place, other: Place) -> float:
    """Return the distance of two places; infinite where a point is not known or is the middle of a country."""
    points = (one.lat, one.lon, other.lat, other.lon)
    if None in points or "country" in (one.kind, other.kind):
        return math.inf
    lat, lon, lat2, lon2 = (math.radians(point) for point in points if point is not None)
    away = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(away))


def same_date(slot: DateSlot | None, gold: Mapping[str, Any] | None) -> bool:
    """Tell whether a row's date begins on the gold day; gold without a date wants publication, or none."""
    if gold is None or gold.get("start") is None:
        return slot is None or slot.date_source == "publication"
    return slot is not None and slot.interval.start.isoformat() == gold["start"]


def matched(events: Events, gold: Sequence[Gold], facts: Facts) -> dict[int, Event]:
    """Return the row that each found gold event has, by the gold event's number."""
    left = list(events.rows)
    found: dict[int, Event] = {}
    for number, wanted in enumerate(gold):
        for row in left:
            agree = all(worth(getattr(row, kind)) == worth(wanted[kind]) for kind in KINDS)
            if agree and same_place(row.place, wanted["place"], facts):
                found[number] = row
                left.remove(row)
                break
    return found


def main_row(events: Events) -> Event | None:
    """Return the row that a document is mainly about."""
    return next((row for row in events.rows if row.id == events.main), None)


def score(documents: Sequence[Document], rows: Sequence[Gold], read: Read) -> dict[str, tuple[float, float]]:
    """Return what was right, and of how many, for each slot.

    Args:
        documents: with the spans to read.
        rows: the gold of each.
        read: makes facts and events of a document.
    """
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for document, gold in zip(documents, rows, strict=True):
        facts, events = read(document)
        for kind in KINDS:
            wanted, got = gold["totals"][kind], total(events, kind)
            of[f"{kind} total"] += 1
            right[f"{kind} total"] += wanted == got
            right[f"{kind}, summed"] += got or 0
            of[f"{kind}, summed"] += wanted or 0
        _score_main(main_row(events), gold["main"], facts, right, of)
        _score_events(events, gold["events"], facts, right, of)
        _score_background(events, gold["background"], right, of)
    return {name: (right[name], of[name]) for name in of}


def _score_main(row: Event | None, gold: Gold | None, facts: Facts, right: Counter[str], of: Counter[str]) -> None:
    if gold is None:
        of["no main event, as gold"] += 1
        right["no main event, as gold"] += row is None
        return
    of["main event's killed"] += 1
    right["main event's killed"] += worth(row.killed if row else None) == worth(gold["killed"])
    of["main event's place"] += 1
    right["main event's place"] += same_place(row.place if row else None, gold["place"], facts)
    of["main event's date"] += 1
    right["main event's date"] += row is not None and same_date(row.date, gold["date"])


def _score_events(events: Events, gold: Sequence[Gold], facts: Facts, right: Counter[str], of: Counter[str]) -> None:
    found = matched(events, gold, facts)
    of["events found (recall)"] += len(gold)
    right["events found (recall)"] += len(found)
    of["rows that are events (precision)"] += len(events.rows)
    right["rows that are events (precision)"] += len(found)
    counted = [number for number, event in enumerate(gold) if any(event[kind] for kind in KINDS)]
    of["events with a count found"] += len(counted)
    right["events with a count found"] += sum(number in found for number in counted)
    with_count = [row for row in events.rows if any(getattr(row, kind) for kind in KINDS)]
    of["rows with a count that are events"] += len(with_count)
    right["rows with a count that are events"] += sum(row in with_count for row in found.values())
    for number, row in found.items():
        of["date of a found event"] += 1
        right["date of a found event"] += same_date(row.date, gold[number]["date"])
        actors = {actor.evidence.surface for actor in row.actors}
        of["parties of a found event"] += len(gold[number]["who"])
        right["parties of a found event"] += sum(not actors.isdisjoint(party) for party in gold[number]["who"])


def _score_background(events: Events, gold: Sequence[Gold], right: Counter[str], of: Counter[str]) -> None:
    wanted = {(toll["type"], toll["start"]) for toll in gold}
    got = {(toll.casualty_type, toll.evidence.start) for toll in events.background}
    of["background tolls found (recall)"] += len(wanted)
    of["background rows that are tolls (precision)"] += len(got)
    right["background tolls found (recall)"] += len(wanted & got)
    right["background rows that are tolls (precision)"] += len(wanted & got)


def table(columns: Mapping[str, Mapping[str, tuple[float, float]]]) -> str:
    """Return scores side by side; what is summed is a ratio of told to true."""
    names = list(dict.fromkeys(name for scores in columns.values() for name in scores))
    lines = [f"{'':44}" + "".join(f"{column:>22}" for column in columns)]
    for name in names:
        cells = []
        for scores in columns.values():
            got, of = scores.get(name, (0, 0))
            share = f"{got / of:.3f}" if of else "-"
            cells.append(f"{f'{got:.0f} of {of:.0f}':>14}{share:>8}")
        lines.append(f"{name:44}" + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    """Score the events of a file and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="*", type=Path, default=GOLD, help="[in-view.jsonl]")
    parser.add_argument("--model", help="a checkpoint whose spans are read as well")
    parser.add_argument("--spans", type=Path, help="a documents.jsonl whose spans are read as well")
    arguments = parser.parse_args()
    rows = [row for path in arguments.gold for row in gold_rows(path)]
    documents = gold_documents(rows)
    normaliser = Normaliser()

    def read(document: Document) -> tuple[Facts, Events]:
        facts = normaliser(document)
        return facts, assemble(document, facts)

    columns = {"gold spans": score(documents, rows, read)}
    if arguments.model:
        from conflict_ner import load

        columns["the model's spans"] = score(list(load(arguments.model).extract(documents)), rows, read)
    if arguments.spans:
        found = {document.id: document for document in read_documents(arguments.spans)}
        told = [document.model_copy(update={"spans": found[document.id].spans}) for document in documents]
        columns["spans of the file"] = score(told, rows, read)
    sys.stdout.write(f"{len(documents)} documents\n{table(columns)}\n")


if __name__ == "__main__":
    main()
