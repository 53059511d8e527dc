"""How many: the counts of one event as one figure each, parts and repeats left out.

Figures of one event are of the same people until the text shows that they are others: joined in one sentence, another
side's (`victims`), or `another`, `also`, `hours later`. What repeats a figure is left out; where figures disagree, all
are kept as bounds and the lowest is the best (ACLED's rule), unless the text tells that a later one replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.victims import is_side, victims
from conflict_ner.facts import CountFact

_THEN = re.compile(r"\b(?:hours?|minutes|days?) (?:later|after)\b|\bnext (?:village|town|day|house)\b", re.IGNORECASE)
_MORE = re.compile(r"\s+(?:more|others?|of our)\b|[^.;:,]{0,40}\b(?:too|as well)\b")
_CORRECTS = re.compile(r"\b(?:er|erm|uh|sorry|rather|i mean|correction|no,|that is)\b", re.IGNORECASE)
_UPDATES = re.compile(
    r"\b(?:rose|risen|rises|climbed|climbs|revised|updated|raised|raising|later|by (?:evening|nightfall|morning"
    r"|night)|now"
    r"|corrected|correction|toll (?:stood|stands)|jumped|grew|mounted|final|since|in all|altogether|so far)\b",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"\b(?:another|further|others?|also|additional|in addition|as well|too|more|elsewhere"
    r"|separately|besides)\b",
    re.IGNORECASE,
)
CLAIMS = re.compile(
    r"\b(?:claim\w*|tweet\w*|wrote|according|list of|believes?|announced|used|spoke|speaks"
    r"|tally|counts|documented|puts?|gave|gives|report(?:s|ed)?|says?|said|counted|told|put|seen"
    r"|saw|admit\w*|official\w*|denied|monitor"
    r"|spokes\w+|heard|communique|statement|radio|swears?|swore"
    r"|(?:real|true) (?:number|figure|toll)|witness\w*|estimat\w*|confirm\w*|insist\w*"
    r"|brag\w*|boast\w*|scoff\w*|disput\w*|conced\w*|acknowledg\w*|list(?:s|ed))\b",
    re.IGNORECASE,
)


_SOURCE = re.compile(
    r"[^.;()]{0,40}\((?:the )?(?:\w+ ){0,2}(?:government|sources?|army|police|officials?|authorities|ministry"
    r"|rebels|military"
    r"|residents|hospitals?|opposition|state media|UN)\)"
    r"|[^.;()]{0,40}\b(?:by (?:\w+ ){0,3}(?:account|count|reckoning|estimate|tally|[\w]+['’]s)|according to)\b",
    re.IGNORECASE,
)
# `ten claimed, reduced to three`
_ESTIMATE = re.compile(
    r"\b(?:lower|higher|smaller|different|own) (?:estimate|figure|toll|count|number)\b|\bestimate", re.IGNORECASE
)
_BRINGS = re.compile(
    r"\b(?:bringing|taking|raising|lifting|pushing|brings|brought|takes|took|raises|raised)\b.{0,60}\bto "
)
_RAISED = re.compile(_BRINGS.pattern + r"|\b(?:at last count|later|now|since) $")
_REDUCED = re.compile(r"\b(?:reduced|lowered|revised|cut|down|corrected) to $", re.IGNORECASE)
# `one survivor spoke of more than 60, another of over 200`
_ANOTHER = re.compile(
    r"\b(?:another|others?|the other) (?:of|said|says|put|spoke of|counted|claimed|at)\b"
    r"|, (?:the|its) (?:\w+ ){1,4}of $",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"[^.,;]{0,20}\b(?:first|initially|originally|earlier|previously) (?:admitted|reported|announced|given|told"
    r"|put|stated"
    r"|acknowledged|thought|feared)\b",
    re.IGNORECASE,
)
_GIVEN_UP_BEFORE = re.compile(
    r"\b(?:earlier|first|initial|previous) (?:figure|toll|count|number|report) (?:was|stood at) $"
    r"|\b(?:figure|toll|count|number) had (?:been|stood at)\b[^.;]{0,40}$|\bhad (?:at )?(?:first|initially|originally"
    r"|earlier|previously)\b[^.;,]{0,30}$|\b(?:up from|down from|rather than"
    r"|instead of|not|(?:changed|revised|reduced|lowered|raised|corrected|cut) from"
    r"|(?:first|initial|earlier) (?:report|count|toll|figure):"
    r"|(?:earlier|initial|previous) (?:toll|figure|count|report)s? of) (?:the )?$",
    re.IGNORECASE,
)


@dataclass
class Figure:
    """A figure in the making.

    Attributes:
        facts: the counts that it was made of.
        updated: whether a later figure of the text took the place of an earlier one.
        rivals: figures of the text that disagree with it.
        apart: small figures told far from it: a part of it, or of another event.
        confirmed: whether the headline tells the same figure.
    """

    low: int | None
    best: int | None
    high: int | None
    facts: list[CountFact] = field(default_factory=list)
    updated: bool = False
    rivals: list[CountFact] = field(default_factory=list)
    apart: list[CountFact] = field(default_factory=list)
    confirmed: bool = False


@dataclass(frozen=True)
class Told:
    """A count with the clause that tells it."""

    fact: CountFact
    clause: Clause

    @cached_property
    def victims(self) -> str | None:
        """Whose dead it tells."""
        return victims(self.fact, self.clause)


def value(fact: CountFact) -> int:
    """Return a count's best figure, else a bound of it."""
    count = fact.count
    if count is None:
        return 0
    return next((figure for figure in (count.best, count.low, count.high) if figure is not None), 0)


def figure(told: Sequence[Told]) -> Figure | None:
    """Return what the counts of one type in one event come to; None where none has a figure.

    Args:
        told: the counts in the order of the text, without parts of others and tolls over long.
    """
    kept: list[Told] = []
    rivals: list[tuple[Told, int]] = []  # each with the sum that it disputes
    updated = False
    # A headline's figure is told again below it.
    body = [one for one in told if not one.clause.headline]
    confirmed = False
    for one in [*body, *(one for one in told if one.clause.headline)] if body else told:
        if one.fact.count is None or _is_superseded(one):
            continue
        verdict = _verdict(kept, one)
        if verdict == "add":
            kept.append(one)
        elif verdict == "update":
            kept, updated = [one], True
        elif verdict == "rival":
            if not _is_of_part(kept, one):
                rivals.append((one, sum(value(other.fact) for other in kept)))
        elif one.clause.headline:
            confirmed = True
    if not kept:
        return None
    made = _sum(kept)
    made.updated, made.confirmed = updated, confirmed
    total = made.best if made.best is not None else made.low
    behind: list[int] = []  # what the text adds after each rival
    for one, disputed in rivals:
        if total is None or value(one.fact) == total or (_is_vague(one) and not all(map(_is_vague, kept))):
            continue
        added = 0 if updated else max(0, total - disputed)
        if 2 * (value(one.fact) + added) < total and not any(_answers(other, one) for other in kept):
            made.apart.append(one.fact)
        else:
            made.rivals.append(one.fact)
            behind.append(added)
    if made.rivals:
        best = made.best
        _bound(made, behind)
        made.best = best if confirmed else made.best
    return made


def _answers(one: Told, other: Told) -> bool:
    """Tell whether two figures are of two voices: in one sentence, or in one that follows, by an estimate."""
    if other.clause.sentence == one.clause.sentence:
        return True
    return abs(other.clause.sentence - one.clause.sentence) == 1 and _ESTIMATE.search(other.clause.words) is not None


def _is_superseded(one: Told) -> bool:
    """Tell whether the text itself gives a figure up: `more than the 25 first admitted`."""
    start, end = one.fact.span.start, one.fact.span.end
    before = one.clause.text[max(one.clause.start, start - 60) : start]
    return _GIVEN_UP_BEFORE.search(before) is not None or _GIVEN_UP.match(one.clause.text, end) is not None


def fits(one: CountFact, other: CountFact) -> bool:
    """Tell whether two figures may be one: `over 60` and `at least 64`, `dozens` and 36."""
    if one.count is None or other.count is None:
        return True
    low, high = one.count.low or 0, one.count.high
    return any(
        lower <= value(second) and (upper is None or value(second) <= upper)
        for lower, upper, second in (
            (low, high, other),
            (other.count.low or 0, other.count.high, one),
        )
    )


def _verdict(kept: Sequence[Told], one: Told) -> str:
    """Tell what a further count does: `add`, `repeat`, `update` or `rival`.

    Figures of one event are of the same people until the text shows that they are others.
    """
    if not kept:
        return "add"
    figures = [value(other.fact) for other in kept]
    now, last = value(one.fact), kept[-1]
    if one.clause.headline != last.clause.headline:
        same = now == sum(figures) or now in figures or (len(kept) == 1 and fits(one.fact, last.fact))
        return "repeat" if same else "rival"
    if last.clause.sentence == one.clause.sentence:
        return _verdict_beside(kept, one)
    if now in figures:
        return "add" if _distinct(kept, one) and _near(last, one) and now <= 3 else "repeat"
    if now == sum(figures):
        return "repeat"
    before = one.clause.text[one.clause.start : one.fact.span.start]
    behind = one.clause.text[one.fact.span.end : one.fact.span.end + 60]
    if _near(last, one) and (_ADDS.search(before) or _THEN.search(before) or _MORE.match(behind)):
        return "add"
    if now > sum(figures) and (_UPDATES.search(one.clause.words) or (_is_vague(last) and not _is_vague(one))):
        return "update"
    return "add" if _distinct(kept, one) else "rival"


def _verdict_beside(kept: Sequence[Told], one: Told) -> str:
    """Tell what a count does that stands in the sentence of the last one: joined to it, or another voice's."""
    figures = [value(other.fact) for other in kept]
    now, last = value(one.fact), kept[-1]
    between = one.clause.text[last.fact.span.end : one.fact.span.start]
    if _CORRECTS.search(between):
        return "repeat" if now in figures else "update"
    if _REDUCED.search(between) or (now > sum(figures) and _RAISED.search(between)):
        return "update"
    if between.strip() == "/" or (_has_source(one) and _has_source(last)) or _ANOTHER.search(between):
        return "rival"
    if _distinct(kept, one) or not CLAIMS.search(between):
        return "add"
    # `the army spoke of ten dead, the rebels claimed forty`: each has its voice; or a `but` parts them.
    voiced = CLAIMS.search(one.clause.text, last.clause.start, last.fact.span.start) is not None or ";" in between
    return "rival" if _of_one_kind(last, one) and (voiced or "but" in between.split()) else "add"


def _is_vague(one: Told) -> bool:
    return one.fact.count is not None and one.fact.count.modality == "vague"


def _has_source(one: Told) -> bool:
    """Tell whether the source of a figure stands behind it in brackets: `132 (government)`."""
    return _SOURCE.match(one.clause.text, one.fact.span.end) is not None


def _near(one: Told, other: Told) -> bool:
    return abs(other.clause.sentence - one.clause.sentence) <= 2 and one.clause.item == other.clause.item


def _distinct(kept: Sequence[Told], one: Told) -> bool:
    """Tell whether a count is of other victims than those before it.

    Where these are not told, what another voice claims is of the same; but not its own side's losses.
    """
    mine = one.victims
    theirs = [other.victims for other in kept]
    if mine is None or mine in theirs:
        return False
    if is_side(mine) and (None not in theirs or mine == "own"):
        return True
    return CLAIMS.search(one.clause.words) is None and _near(kept[-1], one)


def _is_of_part(kept: Sequence[Told], one: Told) -> bool:
    """Tell whether a count disagrees about some of those that were added up only: the civilians of all."""
    mine = one.victims
    kinds = [other.victims for other in kept]
    if mine not in kinds and len(set(kinds)) > 1 and not one.clause.headline:
        return True
    alike = [kind == mine for kind in kinds]
    return mine is not None and any(alike) and not all(alike)


def _of_one_kind(one: Told, other: Told) -> bool:
    mine, theirs = one.victims, other.victims
    return mine is None or theirs is None or mine == theirs


def _sum(kept: Sequence[Told]) -> Figure:
    counts = [one.fact.count for one in kept if one.fact.count is not None]
    facts = [one.fact for one in kept]
    if len(counts) == 1:
        return Figure(counts[0].low, counts[0].best, counts[0].high, facts)
    lows = [count.low if count.low is not None else 0 for count in counts]
    highs = [count.high for count in counts]
    bests = [count.best if count.best is not None else count.low for count in counts]
    return Figure(
        sum(lows),
        sum(best or 0 for best in bests) if any(count.best is not None for count in counts) else None,
        None if None in highs else sum(high or 0 for high in highs),
        facts,
    )


def _bound(made: Figure, behind: Sequence[int]) -> None:
    """Widen a figure to the others of the text, with what is added behind each; the best is the lowest."""
    counts = [(fact.count, added) for fact, added in zip(made.rivals, behind, strict=True) if fact.count is not None]
    tops = [made.high, *(None if count.high is None else count.high + added for count, added in counts)]
    lows = [made.low, *(None if count.low is None else count.low + added for count, added in counts)]
    told = [value(fact) + added for fact, added in zip(made.rivals, behind, strict=True)]
    made.best = min(made.best if made.best is not None else made.low or 0, *told)
    made.low = min((low for low in lows if low is not None), default=None)
    made.high = None if None in tops else max(top for top in tops if top is not None)
