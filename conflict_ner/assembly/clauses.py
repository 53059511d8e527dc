"""Clauses: a text cut into stretches that tell of one place and one time at most, each with its facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conflict_ner.assembly.words import act_of, is_unarmed, tells_of_accidents
from conflict_ner.facts import CountFact, DateFact, Facts, GroupFact, Interval, PlaceFact
from conflict_ner.sentences import sentences

Fact = CountFact | DateFact | GroupFact | PlaceFact

_CUT = re.compile(r"[;:]\s|(?:,|\s[—–-])\s|\s(?:and|but|while|whereas|after|when)\s")
# `17 were killed and 14 others wounded as`: the same event's.
_OTHERS = re.compile(r" others\b", re.IGNORECASE)
_PAIR = 2
_WORD = re.compile(r"[a-z]+")
_LONGEST_HEADLINE = 160
_MOST_HEADLINES = 4
# `1. `, `2) `, `- `, `• `, `14:55 `
_ENUMERATED = re.compile(r"(?:\(?(?:\d{1,2}|[a-z])[.)]|[-*•·]|\d{1,2}[:.]\d\d)\s")
_DATELINE_END = re.compile(r"\s*(?:\([^()\n]{1,40}\)\s*)?(?:—|–|--|-|:|/)\s*|\s*\([^()\n]{1,40}\)[.,]?\s+")
_DATELINE_JOINT = re.compile(r"(?:,|/|\s|\(|\)|and|[A-Z][\w.]+)*")
_LONGEST_DATELINE = 90
_TOTAL = re.compile(r"(?:\W*(?:grand |overall |sub-?)?totals?\b|in total\b|fatality total)", re.IGNORECASE)
# The heading above lines of totals: `Key figures`, `B. Casualties (confirmed by hospitals)`.
_TOTALS_HEADING = re.compile(
    r"\W*(?:[A-Z0-9][.)] )?(?:\w+ ){0,2}(?:key figures|casualt(?:ies|y figures)|losses|statistics|figures"
    r"|by victim|by district|cumulative|toll)\b[^.\n]{0,40}$",
    re.IGNORECASE,
)
_SHORT_ITEM = 700  # characters: a longer paragraph behind a dateline is an article
_LEAST_ITEMS = 2
_LEAST_SHARE = 4
_LEAST_ENTRIES = 3


@dataclass
class Clause:
    """A stretch of a sentence.

    Attributes:
        start: index of its first character.
        end: index after its last character.
        sentence: number of its sentence.
        paragraph: number of its paragraph.
        item: number of the list item that it stands in, 0 outside of lists.
        headline: whether it stands in the headline.
        unarmed: whether what it tells of is an accident, a disease or the like.
        summing: whether it stands below a heading of totals.
        total: whether it sums up what a list tells.
        dateline_end: where its dateline ends, `start` where it has none.
        scored: its places with how well each fits, once that is known (`where.candidates`).
        days: of each date, by its start, the days on which something happened, once known (`when.happened`).
    """

    text: str
    start: int
    end: int
    sentence: int
    paragraph: int
    item: int
    headline: bool
    total: bool
    dateline_end: int
    counts: list[CountFact] = field(default_factory=list)
    dates: list[DateFact] = field(default_factory=list)
    groups: list[GroupFact] = field(default_factory=list)
    places: list[PlaceFact] = field(default_factory=list)
    scored: list[tuple[float, PlaceFact]] | None = None
    days: dict[int, Interval | None] = field(default_factory=dict)
    unarmed: bool = False
    summing: bool = False

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Its words in small letters."""
        return frozenset(_WORD.findall(self.words.lower()))

    @cached_property
    def words(self) -> str:
        """Its characters, without those of a dateline."""
        return self.text[self.dateline_end : self.end]

    def in_dateline(self, fact: Fact) -> bool:
        """Tell whether a fact stands in the clause's dateline."""
        return fact.span.start < self.dateline_end


@dataclass(frozen=True)
class Layout:
    """A text's clauses in order, its headline, and whether it is a list of items rather than an article."""

    clauses: tuple[Clause, ...]
    is_list: bool
    headline: str


def layout(text: str, facts: Facts) -> Layout:
    """Cut a text into clauses.

    Args:
        text: the document's text.
        facts: what its spans mean.
    """
    everything: list[Fact] = [*facts.counts, *facts.dates, *facts.groups, *facts.places]
    everything.sort(key=lambda fact: fact.span.start)
    bounds = sentences(text)
    of_sentence = list(_by_sentence(bounds, everything))
    items = _items(text, bounds, of_sentence)
    is_list = max(items, default=0) >= _LEAST_ITEMS and _LEAST_SHARE * sum(map(bool, items)) >= len(items)
    headline_end = 0 if is_list and items[0] else _headline_end(text)
    clauses: list[Clause] = []
    paragraph, reached = 0, 0
    begun = False  # whether the story has: what looks like a dateline in it is a label
    summing = False
    accidents = tells_of_accidents(text)
    unarmed = False
    unarmed_story: bool | None = None
    for number, ((start, end), inside) in enumerate(zip(bounds, of_sentence, strict=True)):
        if "\n" in text[reached:start]:
            paragraph += 1
            if "\n\n" in text[reached:start]:
                summing = False
            unarmed = unarmed_story or False
        reached = end
        if not any(isinstance(fact, CountFact) for fact in inside) and _opens_line(text, start):
            summing = _TOTALS_HEADING.match(text, start, _line_end(text, start)) is not None or summing
        verdict = is_unarmed(text[start:end]) if accidents else None
        if verdict is not None:
            # What follows is of the same until the text tells otherwise; how it begins holds for later paragraphs.
            unarmed = verdict
            unarmed_story = verdict and unarmed_story is not False
        if not inside:
            continue
        dateline_end = (
            _dateline_end(text, start, end, inside)
            if _opens_line(text, start) and not (begun and not items[number])
            else start
        )
        total = _TOTAL.match(text, start, end) is not None
        for low, high, own in _pieces(text, start, end, inside, dateline_end):
            clause = Clause(
                text, low, high, number, paragraph, items[number] if is_list else 0,
                start < headline_end and not (is_list and items[number]),
                total or _TOTAL.match(text, low, high) is not None, max(low, dateline_end),
            )  # fmt: skip
            clause.unarmed, clause.summing = unarmed, summing
            for fact in own:
                _keep(clause, fact)
            clauses.append(clause)
            begun = begun or (not clause.headline and bool(clause.counts or clause.groups))
    return Layout(tuple(clauses), is_list, text[:headline_end])


def _keep(clause: Clause, fact: Fact) -> None:
    if isinstance(fact, CountFact):
        clause.counts.append(fact)
    elif isinstance(fact, DateFact):
        clause.dates.append(fact)
    elif isinstance(fact, GroupFact):
        clause.groups.append(fact)
    else:
        clause.places.append(fact)


def _by_sentence(bounds: Sequence[tuple[int, int]], everything: Sequence[Fact]) -> Iterator[list[Fact]]:
    place = 0
    for number in range(len(bounds)):
        after = bounds[number + 1][0] if number + 1 < len(bounds) else None
        first = place
        while place < len(everything) and (after is None or everything[place].span.start < after):
            place += 1
        yield list(everything[first:place])


def _opens_line(text: str, start: int) -> bool:
    before = text[max(0, start - 5) : start]
    return not before.strip(" ") or "\n" in before


def _headline_end(text: str) -> int:
    """Return where the headline ends: a few short lines at the top, of which the first alone may end with a stop."""
    place, lines = 0, 0
    while lines < _MOST_HEADLINES:
        after = text.find("\n", place)
        line = text[place : after if after >= 0 else len(text)].strip()
        if after < 0 or len(line) > _LONGEST_HEADLINE or (lines and line.endswith((".", "!", "…", "”", '"'))):
            return place
        lines += bool(line)
        place = after + 1
    return place


def _items(text: str, bounds: Sequence[tuple[int, int]], of_sentence: Sequence[list[Fact]]) -> list[int]:
    """Return for each sentence the number of the list item that it stands in."""
    items: list[int] = []
    item, last, bullet = 0, 0, False
    register = (
        sum(
            _opens_line(text, start) and _is_entry(text, start, inside)
            for (start, _), inside in zip(bounds, of_sentence, strict=True)
        )
        >= _LEAST_ENTRIES
    )
    for (start, end), inside in zip(bounds, of_sentence, strict=True):
        if _opens_line(text, start):
            enumerated = _ENUMERATED.match(text, start) or (register and _is_entry(text, start, inside))
            dated = (
                start < _dateline_end(text, start, end, inside) < _line_end(text, start)
                and _paragraph_length(text, start) < _SHORT_ITEM
            )
            titled = not start and text[start : _line_end(text, start)].rstrip()[-1:] not in ".!?"
            if enumerated or (dated and not titled):
                last, bullet = last + 1, text[start] in "-*•·"
                item = last
            elif bullet and text[max(0, start - 2) : start] == "\n\n":
                item = 0
        items.append(item)
    return items


def _is_entry(text: str, start: int, inside: Sequence[Fact]) -> bool:
    """Tell whether a line begins as an entry of a register does: `On 22/04/2019, `."""
    if not inside or not isinstance(inside[0], DateFact):
        return False
    return inside[0].surface[:1].isdigit() and text[start : inside[0].span.start].lower() in ("on ", "")


def _paragraph_length(text: str, start: int) -> int:
    return _line_end(text, start) - start


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _dateline_end(text: str, start: int, end: int, inside: Sequence[Fact]) -> int:
    """Return where a sentence's dateline ends (`BASRA, Iraq, 2 March —`), its start where it has none."""
    enumerated = _ENUMERATED.match(text, start)
    reached = enumerated.end() if enumerated else start
    for fact in inside:
        between = text[reached : fact.span.start]
        if not isinstance(fact, PlaceFact | DateFact) or not _DATELINE_JOINT.fullmatch(between) or len(between) > 20:
            break
        if reached == start and between.strip() and not between.isupper():
            break
        reached = fact.span.end
        stop = _DATELINE_END.match(text, reached)
        if stop and fact.span.end - start < _LONGEST_DATELINE and stop.end() < end and "\n" not in stop[0]:
            dashed = stop[0].strip()
            if dashed == "/" or (dashed == "-" and " " not in stop[0]):
                continue
            return stop.end()
    named = {type(fact) for fact in inside}
    if (
        reached > start
        and named == {PlaceFact, DateFact}
        and not text[reached:end].strip(" .")
        and inside[-1].span.end == reached
    ):
        return end  # `Quibdó, 5 May.`
    return start


def _pieces(
    text: str, start: int, end: int, inside: Sequence[Fact], dateline_end: int
) -> Iterator[tuple[int, int, list[Fact]]]:
    """Cut a sentence where something with a place (or a date) of its own follows another one."""
    kinds = [type(fact) for fact in inside]
    if max(kinds.count(PlaceFact), kinds.count(DateFact), kinds.count(CountFact)) < _PAIR:
        yield start, end, list(inside)
        return
    own = [fact for fact in inside if fact.span.start >= dateline_end]
    low = start
    for cut in _CUT.finditer(text, dateline_end, end):
        high = cut.end()
        done = [fact for fact in own if low <= fact.span.start < high]
        if not done or any(fact.span.start < high <= fact.span.end for fact in inside):
            continue
        stop = text.find(";", high, end)
        coming = [fact for fact in own if high <= fact.span.start and (stop < 0 or fact.span.start < stop)]
        if _parted(text, (low, high, done), (high, end, coming), cut[0]):
            yield low, high, [fact for fact in inside if low <= fact.span.start < high]
            low = high
    yield low, end, [fact for fact in inside if fact.span.start >= low]


_Piece = tuple[int, int, list[Fact]]


def _parted(text: str, done: _Piece, coming: _Piece, cut: str) -> bool:
    """Tell whether a cut parts two tellings: each with a place or a date of its own, and a count or an act."""
    if cut.startswith(";") and _has(done, CountFact) and _has(coming, CountFact):
        return True
    if _has(done, PlaceFact) and _has(coming, PlaceFact):
        if cut.startswith(";") and (_has(done, CountFact) or _has(coming, CountFact)):
            return True
        if _has(done, CountFact) and _has(coming, CountFact):
            first = next(fact for fact in coming[2] if isinstance(fact, CountFact))
            if _OTHERS.match(text, first.span.end):
                return False
            return _before(coming, PlaceFact, CountFact) or _has_before_cut(text, coming)
        if not _has(done, CountFact) and not _has(coming, CountFact) and cut[0] in ",;":
            return act_of(text[done[0] : done[1]]) is not None and act_of(text[coming[0] : coming[1]]) is not None
        return False
    return _has(done, DateFact) and _has(coming, DateFact) and _has(done, CountFact) and _has(coming, CountFact)


def _has(piece: _Piece, kind: type[Fact]) -> bool:
    return any(isinstance(fact, kind) for fact in piece[2])


def _before(piece: _Piece, kind: type[Fact], other: type[Fact]) -> bool:
    """Tell whether the first fact of one kind stands before the first of another."""
    return next((isinstance(fact, kind) for fact in piece[2] if isinstance(fact, kind | other)), False)


def _has_before_cut(text: str, piece: _Piece) -> bool:
    """Tell whether a place stands behind the first count of a piece and before a further cut."""
    cut = _CUT.search(text, next(fact.span.end for fact in piece[2] if isinstance(fact, CountFact)), piece[1])
    until = cut.start() if cut else piece[1]
    return any(isinstance(fact, PlaceFact) and fact.span.start < until for fact in piece[2])
