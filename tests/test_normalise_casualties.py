"""Casualty types and flags: what befell the counted, which count is part of another, which is a toll over long."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.facts import CountFact, Interval
from conflict_ner.markup import parse_markup, read_marked
from conflict_ner.normalise.counts.casualties import casualty_type, type_points
from conflict_ner.normalise.counts.cues import TYPES, told
from conflict_ner.normalise.counts.facts import count_facts
from conflict_ner.normalise.counts.tolls import Flags, flags
from conflict_ner.schema import LabelSchema
from conflict_ner.sentences import sentence_number, sentences

ROOT = Path(__file__).resolve().parents[1]
GOLD = ROOT / "tests" / "data" / "normalise" / "counts-open.jsonl"
COUNT = "CASUALTY_COUNT"

KILLED = (
    "[[At least 20]] people were killed.",
    "killing [[12]] civilians",
    "[[Fifty-one]] pro-government fighters had been killed over 48 hours",
    "while [[45]] of their opponents had also lost their lives",
    "Al-Nusra accused Assad forces of summarily executing [[15]] prisoners",
    "The bodies of [[19]] men were found on Monday.",
    "The death toll rose to [[40]].",
    "Dead: [[7]]; injured: 3",
    "[[Four]] soldiers fell at the bridge.",
    "Nobody was hurt in the blast, but [[two]] men died later.",
    "The shelling left [[12]] dead and thousands displaced.",
    "Troops said [[three]] dead and nine hurt.",
    "officials put the dead at [[17]] and the injured at 13",
    "[[Six]] villagers had their throats cut.",
    "A gunman shot dead [[two]] policemen.",
    "Nothing near this tells: [[5]].",
)
WOUNDED = (
    "killing 12 and wounding [[at least 30]]",
    "15 dead and [[20]] wounded",
    "[[Two]] constables were hit in the leg.",
    "The hospital treated [[61]] people in a night.",
    "Two soldiers were killed and [[nine]] hurt.",
    "Killed: 4. Injured: [[9]].",
    "officials put the dead at 17 and the injured at [[13]]",
)
CAPTURED = (
    "Gunmen abducted [[two]] traders from the market.",
    "[[21]] hostages were landed on the island.",
    "The rebels released [[four]] nurses.",
    "[[Nine]] members of the group surrendered.",
    "The rebels took [[12]] prisoners.",
    "a dozen men were killed and [[eight]] taken prisoner",
)
MISSING = (
    "[[Forty-four]] fishermen are missing.",
    "three men dead and [[17]] missing",
    "[[Eleven]] priests have not been seen since.",
    "[[Two]] sailors could not be traced.",
    "Some [[60]] soldiers are unaccounted for.",
)
UNSPECIFIED = (
    "while [[an unknown number]] of regime soldiers were killed or captured",
    "[[90]] casualties among soldiers",
    "[[about 1,200]] of the men inside were killed or wounded",
    "Their losses were [[up to 50]] servicemen killed and wounded.",
    "almost 1,000 civilians were killed, and the UN says that [[more than 400,000]] people were displaced.",
    "Shelling killed nine and left [[some 3,000]] families homeless.",
)
TYPED = [
    (sentence, kind)
    for kind, examples in zip(TYPES, (KILLED, WOUNDED, CAPTURED, MISSING, UNSPECIFIED), strict=True)
    for sentence in examples
]


def read(marked: str) -> Document:
    """Return a document from a text with its counts in double brackets, each with its type or `killed`."""
    parts = marked.replace("[[", "\0[").split("\0")
    full = parts[0]
    for part in parts[1:]:
        inner, rest = part[1:].split("]]", 1)
        surface, _, kind = inner.partition("|")
        full += f"[[{surface}|{COUNT}:{kind or 'killed'}]]{rest}"
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    text, spans = parse_markup(full, schema)
    return Document(id="test", text=text, spans=tuple(spans))


@pytest.mark.parametrize(("marked", "kind"), TYPED)
def test_the_words_around_a_count_tell_its_type(marked: str, kind: str) -> None:
    document = read(marked)
    assert casualty_type(document.text, document.spans[0]) == kind


def test_the_sentence_before_tells_where_its_own_does_not() -> None:
    document = read("Gunmen kidnapped [[nine]] teachers on Monday. [[Two]] of them were women.")
    assert [casualty_type(document.text, span) for span in document.spans] == ["captured", "captured"]


def test_a_table_is_read_by_its_columns() -> None:
    document = read(
        "Date | Place | Killed | Wounded | Abducted\n2015-05-17 | Nhialdiu | [[22]] | [[5]] | [[31]]\n"
        "2015-05-20 | Wau Shilluk | [[4]] | [[17]] | 0\n"
    )
    told_types = [casualty_type(document.text, span) for span in document.spans]
    assert told_types == ["killed", "wounded", "captured", "killed", "wounded"]


def test_cues_that_share_a_count_are_one() -> None:
    shared = told("over 100 killed and wounded")
    assert [(cue.kind, cue.name) for cue in shared.cues] == [("unspecified", "joined")]
    own = told("3 killed and wounded 5")
    assert [cue.kind for cue in own.cues] == ["killed", "wounded"]


@pytest.mark.parametrize("text", ["", "\n\n", "No end", "One. Two.\nThree", "İ killed 3. İİ."])
def test_each_place_has_its_sentence(text: str) -> None:
    for place in range(len(text) + 1):
        number = sentence_number(text, place)
        assert 0 <= number < len(sentences(text))
        assert number == 0 or sentences(text)[number][0] <= place


@given(st.text(min_size=1), st.data())
def test_any_span_of_any_text_has_a_type(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    points = type_points(text, start, end)
    assert casualty_type(text, Span(start=start, end=end, label=COUNT)) in TYPES
    assert all(point >= 0 for point in points.values())
    assert sum(points.values()) > 0


CASUALTY_WORDS = st.sampled_from(
    (
        "12 killed",
        "two wounded",
        "of them",
        "including",
        "three women",
        "since May",
        "|",
        "\n",
        ". ",
        ", ",
        "and",
        "died",
    )
)


@given(st.lists(CASUALTY_WORDS, min_size=1, max_size=14).map(" ".join), st.data())
def test_any_counts_get_facts_in_their_order(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [Span(start=start, end=end, label=COUNT) for start, end in zip(ends[::2], ends[1::2], strict=False)]
    facts = count_facts(text, reversed(spans), {(0, 1): MAY}, date(2020, 6, 1))
    assert [fact.span for fact in facts] == spans
    assert all(fact.surface == text[fact.span.start : fact.span.end] for fact in facts)
    assert all((fact.count is None) == (fact.why is not None) for fact in facts)


MAY = Interval(start=date(2020, 5, 1), end=date(2020, 6, 1), precision="month")


def flagged(marked: str) -> list[Flags]:
    document = read(marked)
    return list(flags(document.text, count_facts(document.text, document.spans)))


SUBSETS = {
    "[[Five]] villagers were killed, including [[three]] women.": [False, True],
    "[[Five]] villagers, among them [[three]] women and [[a]] boy, died.": [False, True, True],
    "At least [[42]] people were killed, [[28]] of them fighters.": [False, True],
    "[[Nine]] people died, [[two]] children among them.": [False, True],
    "[[Nineteen]] were buried on Saturday. [[Two]] were nuns.": [False, True],
    "[[283]] were killed by Thursday's count, [[sixty-two]] in Dame-Marie alone.": [False, True],
    "[[Seven]] killed in clash\n\n[[Three]] soldiers and [[four]] rebels were killed on Sunday.": [False, True, True],
    "Of [[19]] dead, including [[two]] children, and [[48|wounded]] injured, most were drivers.": [False, True, False],
    "[[Twenty]] cadets died on Monday. [[One]] of the cadets was from Quito.": [False, True],
    "[[Twenty]] cadets died on Monday. [[Three]] of the attackers were shot.": [False, False],
    "[[17|wounded]] hurt.\n\nIt was dusk.\n\nThe injured were flown out; [[six|wounded]] of them died.": [
        False,
        True,
    ],
    "[[22|wounded]] injured ([[9|wounded]] children) and [[12]] dead, [[three]] in the market.": [
        False,
        True,
        False,
        True,
    ],
    "[[340]] civilians, [[93]] soldiers and [[120]] rebels were among the dead.": [False, False, False],
    "Police said that [[30]] had died. An officer said that [[12]] were gunmen.": [False, True],
    "[[Nineteen]] dead.\n\nFires burn.\n\nRain fell.\n\n[[Nine]] of the victims were in their cars.": [False, True],
    "[[14]] dead in ambush\n\nIn a village [[two]] others were shot. Police killed [[12]].": [False, False, False],
    "[[Nine]] died on Monday and [[two]] on Tuesday.": [False, False],
    "[[Three]] of the gunmen were shot dead.": [False],
    "[[Two]] died in the north. [[One]] died in the east.\n\n[[One]] was killed in the west.": [False, False, False],
}


@pytest.mark.parametrize(("marked", "parts"), SUBSETS.items())
def test_parts_of_a_told_whole_are_subsets(marked: str, parts: list[bool]) -> None:
    assert [told.subset for told in flagged(marked)] == parts


CUMULATIVE = {
    "Since the conflict began, [[more than 215,000]] people have been killed.": True,
    "The UN says [[4,500]] people were killed this year.": True,
    "[[1,138]] people were murdered in the first six months of 2011.": True,
    "The war has cost [[25,000]] lives.": True,
    "[[Twenty-one]] people were killed since Tuesday.": False,
    "[[Sixteen]] people were killed in a blast on Sunday.": False,
    "It was the worst attack since 2003, and [[19]] people died.": False,
    "The cemetery buried [[60]] fighters a day.": False,
    "The army has since returned, and [[eight]] people died.": False,
    "Rebels hold [[27|captured]] teachers since March.": False,
    "Since the killing of [[17]] workers, troops have come.": False,
}


@pytest.mark.parametrize(("marked", "long"), CUMULATIVE.items())
def test_a_toll_over_long_is_cumulative(marked: str, long: bool) -> None:
    assert flagged(marked)[0].cumulative is long


def test_a_toll_over_long_goes_on_to_the_next_count() -> None:
    marked = "More than [[2,800]] people have been killed in 13 months of fire. Israel says [[60]] have died."
    assert [told.cumulative for told in flagged(marked)] == [True, True]
    marked = "[[More than 1,000]] pupils have been killed since December, when [[344]] died at Kankara."
    assert [told.cumulative for told in flagged(marked)] == [True, False]


@pytest.mark.parametrize(("begin", "long"), [(date(2020, 6, 9), False), (date(2020, 5, 1), True)])
def test_a_known_date_decides_how_long_since_is(begin: date, long: bool) -> None:
    document = read("[[90]] people were killed since D.")
    place = document.text.index("D.")
    known = {(place, place + 1): Interval(start=begin, end=date(2020, 6, 10), precision="range")}
    facts = count_facts(document.text, document.spans, known, date(2020, 6, 10))
    assert facts[0].cumulative is long


def test_a_year_is_long_and_a_day_is_not() -> None:
    document = read("[[90]] people were killed in D.")
    place = document.text.index("D.")
    year = Interval(start=date(2003, 1, 1), end=date(2004, 1, 1), precision="year")
    day = Interval(start=date(2003, 1, 1), end=date(2003, 1, 2), precision="day")
    long, short = (count_facts(document.text, document.spans, {(place, place + 1): known})[0] for known in (year, day))
    assert long.cumulative
    assert not short.cumulative


def test_a_given_type_is_kept_and_a_missing_one_is_told() -> None:
    document = read("[[12|wounded]] people were killed.")
    bare = Span(start=0, end=2, label=COUNT)
    assert count_facts(document.text, document.spans)[0].casualty_type == "wounded"
    assert count_facts(document.text, [bare])[0].casualty_type == "killed"


def synthetic() -> dict[str, Document]:
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    return {document.id: document for document in marked_documents(schema)}


def marked_documents(schema: LabelSchema) -> Iterator[Document]:
    for path in sorted((ROOT / "seeds" / "synthetic").glob("*.marked")):
        yield read_marked(path, schema)
    yield from read_documents(ROOT / "seeds" / "gold.jsonl", schema)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return synthetic()


def test_the_types_of_the_set_aside_reports_are_told(documents: dict[str, Document]) -> None:
    right = counted = 0
    for name, document in documents.items():
        if hashlib.sha256(name.encode()).digest()[0] % 4:
            continue
        for span in document.spans:
            if span.label == COUNT:
                counted += 1
                right += casualty_type(document.text, span) == span.attributes["casualty_type"]
    assert counted > 1500
    assert right / counted >= 0.95


def test_the_open_gold_is_told_right(documents: dict[str, Document]) -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    right = {"type": 0, "subset": 0, "cumulative": 0}
    for row in rows:
        document = documents[row["document"]]
        facts = fact_of(document, row["start"])
        span = next(span for span in document.spans if span.start == row["start"])
        right["type"] += casualty_type(document.text, span) == row["gold"]["type"]
        right["subset"] += facts.subset == row["gold"]["subset"]
        right["cumulative"] += facts.cumulative == row["gold"]["cumulative"]
    assert len(rows) == 90
    assert right["type"] >= 87
    assert right["subset"] >= 88
    assert right["cumulative"] >= 80


def fact_of(document: Document, start: int) -> CountFact:
    spans = [span for span in document.spans if span.label == COUNT]
    facts = count_facts(document.text, spans, None, document.meta.published)
    return next(fact for fact in facts if fact.span.start == start)
