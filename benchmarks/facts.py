"""How right the facts are: counts, dates, groups and places of labelled phrases, and what they cost.

python benchmarks/facts.py [--half open|held|later] [--errors]

The phrases (tests/data/normalise) were labelled by hand before the rules were written, from the synthetic reports and
the five articles. The rules were made with the `open` half in view; the `held` half was put aside until they stood.
`later` are groups and places that another reader labelled when the rules had been mended with both halves in view.
Each phrase is read as the library reads it: with all gold spans of its document, by the `Normaliser`.

- counts: `low`, `best`, `high` and modality alike; beside them casualty type (that of the span is taken away), subset
  and cumulative.
- dates: the same interval; an unresolved one where the gold has none.
- groups: of the mentions that name an organisation, those linked to it, and of all links the right ones; a composed
  unit is right with the gold's number, words and country.
- places: of the places that a gazetteer of divisions and settlements should hold, those linked to the right one
  (country and kind, and a settlement's point within 25 km, else the name), and of all links the right ones.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from conflict_ner import Document, Normaliser  # noqa: E402
from conflict_ner.documents import read_documents  # noqa: E402
from conflict_ner.facts import CountFact, DateFact, Facts, GroupFact, Place, PlaceFact  # noqa: E402
from conflict_ner.markup import read_marked  # noqa: E402
from conflict_ner.normalise.groups import aliases  # noqa: E402
from conflict_ner.normalise.groups.units import composed_id  # noqa: E402
from conflict_ner.normalise.places.gazetteer import Entry, Gazetteer  # noqa: E402
from conflict_ner.normalise.places.ranking import distance  # noqa: E402
from conflict_ner.normalise.places.type_words import without_type  # noqa: E402
from conflict_ner.normalise.spelling import fold  # noqa: E402
from conflict_ner.schema import LabelSchema  # noqa: E402

GOLD = ROOT / "tests" / "data" / "normalise"
NEAR = 25.0  # kilometres
Row = dict[str, Any]
Judge = Callable[[Row, Any, Counter[str]], bool]


def main() -> None:
    """Score each kind of fact, then time them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--half", choices=("open", "held", "later"), default="open")
    options.add_argument("--errors", action="store_true", help="print each phrase that is read otherwise")
    given = options.parse_args()
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    articles = {document.id: document for document in read_documents(ROOT / "seeds" / "gold.jsonl")}
    normaliser = Normaliser()
    for kind, judge in JUDGES.items():
        path = GOLD / f"{kind}-{given.half}.jsonl"
        if not path.exists():
            continue
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        tally: Counter[str] = Counter()
        wrong = list(_wrong(rows, kind, judge, partial(_document, articles, schema), normaliser, tally))
        print(f"{kind}: {len(rows)} phrases")
        for line in SHARES[kind](tally, len(rows)):
            print(f"  {line}")
        if given.errors:
            for row, fact in wrong:
                print(f"    {row['document']} {row['surface']!r}: {row['gold']} read as {_shown(fact)}")
    _time(normaliser, [_document(articles, schema, path.stem) for path in sorted(_reports())[::6]])


def _reports() -> Iterator[Path]:
    return (ROOT / "seeds" / "synthetic").glob("*.marked")


def _document(articles: dict[str, Document], schema: LabelSchema, name: str) -> Document:
    return articles.get(name) or read_marked(ROOT / "seeds" / "synthetic" / f"{name}.marked", schema)


def _wrong(
    rows: list[Row],
    kind: str,
    judge: Judge,
    document_of: Callable[[str], Document],
    normaliser: Normaliser,
    tally: Counter[str],
) -> Iterator[tuple[Row, Any]]:
    facts: dict[str, Facts] = {}
    for row in rows:
        name = row["document"]
        if name not in facts:
            document = document_of(name)
            bare = tuple(span.model_copy(update={"attributes": {}}) for span in document.spans)
            facts[name] = normaliser(document.model_copy(update={"spans": bare}))
        found = getattr(facts[name], kind)
        fact = next(fact for fact in found if (fact.span.start, fact.span.end) == (row["start"], row["end"]))
        if not judge(row, fact, tally):
            yield row, fact


def _judge_count(row: Row, fact: CountFact, tally: Counter[str]) -> bool:
    gold, count = row["gold"], fact.count
    read = {"low": None, "best": None, "high": None, "modality": None} if count is None else count.model_dump()
    alike = all(read[name] == gold[name] for name in ("low", "best", "high", "modality"))
    tally["count"] += alike
    tally["type"] += fact.casualty_type == gold["type"]
    tally["subset"] += fact.subset == gold["subset"]
    tally["cumulative"] += fact.cumulative == gold["cumulative"]
    return alike and (fact.casualty_type, fact.subset, fact.cumulative) == (
        gold["type"],
        gold["subset"],
        gold["cumulative"],
    )


def _judge_date(row: Row, fact: DateFact, tally: Counter[str]) -> bool:
    gold = row["gold"]
    interval = fact.interval
    days = (None, None) if interval is None else (interval.start.isoformat(), interval.end.isoformat())
    alike = days == (gold["start"], gold["end"])
    tally["interval"] += alike
    tally["precision"] += alike and (interval is None or interval.precision == gold["precision"])
    return alike


def _judge_group(row: Row, fact: GroupFact, tally: Counter[str]) -> bool:
    gold, group = row["gold"], fact.group
    tally["kind"] += group is not None and group.kind == gold["kind"]
    tally["country"] += (group.country if group else None) == gold["country"]
    linked = group is not None and group.id is not None
    right = linked and group is not None and gold["named"] and _is_called(group.id, gold["name"], gold["country"])
    tally["linked"] += linked
    tally["named"] += gold["named"]
    tally["right"] += right
    return right or (not linked and not gold["named"])


def _is_called(identifier: str | None, name: str, country: str | None) -> bool:
    if identifier is not None and identifier == composed_id(name, country):
        return True
    match = aliases.find(name)
    organisations = match.organisations if match is not None else ()
    return any(one.id == identifier or fold(name) in map(fold, one.names) for one in organisations)


def _judge_place(row: Row, fact: PlaceFact, tally: Counter[str]) -> bool:
    gold, place = row["gold"], fact.place
    right = place is not None and _is_there(place, gold)
    tally["linked"] += place is not None
    tally["linkable"] += gold["linkable"]
    tally["right"] += right
    tally["reached"] += right and gold["linkable"]
    return right or (place is None and not gold["linkable"])


def _is_there(place: Place, gold: Row) -> bool:
    if (place.country, place.kind) != (gold["country"], gold["kind"]):
        return False
    if place.kind == "settlement" and gold["lat"] is not None and gold["lon"] is not None:
        return distance(_point(place.lat, place.lon), _point(gold["lat"], gold["lon"])) <= NEAR
    names = [gold["name"], *without_type([gold["name"]])]
    return int(place.id) in {one.entry.id for name in names for one in Gazetteer.load().find(name)}


def _point(lat: float, lon: float) -> Entry:
    return Entry(0, "", "settlement", "", None, None, lat, lon, 0, capital=False)


def _share(name: str, right: int, of: int) -> str:
    return f"{name:<34} {right:>4} of {of:<4} {right / max(of, 1):6.1%}"


JUDGES: dict[str, Judge] = {
    "counts": _judge_count,
    "dates": _judge_date,
    "groups": _judge_group,
    "places": _judge_place,
}
SHARES: dict[str, Callable[[Counter[str], int], list[str]]] = {
    "counts": lambda tally, of: [
        _share("low, best, high and modality", tally["count"], of),
        *(_share(name, tally[name], of) for name in ("type", "subset", "cumulative")),
    ],
    "dates": lambda tally, of: [
        _share("interval", tally["interval"], of),
        _share("interval and precision", tally["precision"], of),
    ],
    "groups": lambda tally, of: [
        _share("right of those linked", tally["right"], tally["linked"]),
        _share("named ones linked", tally["right"], tally["named"]),
        *(_share(name, tally[name], of) for name in ("kind", "country")),
    ],
    "places": lambda tally, of: [
        _share("right of those linked", tally["right"], tally["linked"]),
        _share("linkable ones linked", tally["reached"], tally["linkable"]),
    ],
}


def _shown(fact: Any) -> dict[str, Any]:
    shown: dict[str, Any] = fact.model_dump(mode="json", exclude={"span", "surface"}, exclude_defaults=True)
    shown["candidates"] = shown.get("candidates", [])[:1]
    return shown


def _time(normaliser: Normaliser, documents: list[Document]) -> None:
    """Print what the facts of an article cost, in time of this process, and its memory."""
    times = []
    for document in documents:
        begin = time.process_time()
        normaliser(document)
        times.append(1000 * (time.process_time() - begin))
    length = sum(len(document.text) for document in documents) / len(documents)
    spans = sum(len(document.spans) for document in documents) / len(documents)
    print(f"{len(documents)} articles of {length:,.0f} characters and {spans:.0f} spans on average:")
    print(f"  {sum(times) / len(times):.1f} ms each, median {median(times):.1f}")
    print(
        f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most, Python and libraries included"
    )


if __name__ == "__main__":
    main()
