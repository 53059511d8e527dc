"""How many: the counts of one event as one figure each, parts and repeats left out.

Counts of one sentence are added up, and those of different victims (soldiers, rebels, civilians); what repeats a
figure is left out; where figures disagree, all are kept as bounds and the lowest is the best (ACLED's rule), unless
the text tells that a later one replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from conflict_ner.assembly.clauses import Clause
from conflict_ner.facts import CountFact

_VICTIMS = {
    "civilian": "civilian civilians residents villagers women children worshippers passengers farmers students pupils"
    " tourists shoppers pilgrims journalists teachers boys girls babies woman boy girl baby fishermen"
    " workers miners monks nuns",
    "state": "soldiers police policemen policeman officers officer troops commandos commando constable"
    " constables airmen"
    " marines guards gendarmes servicemen sailors peacekeepers soldier paratroopers recruits conscripts rangers",
    "armed": "rebels militants fighters terrorists gunmen insurgents cadres guerrillas attackers jihadists assailants"
    " rebel militant attacker assailant bombers militiamen bandits extremists separatists combatants",
}
_CLASS = {word: kind for kind, words in _VICTIMS.items() for word in words.split()}
_WORD = re.compile(r"[A-Za-z]+")
_STOP = re.compile(r"[.;:()\n]")
_LARGE = 20  # so much more than was told is another voice's figure
_CORRECTS = re.compile(r"\b(?:er|erm|uh|sorry|rather|i mean|correction|no,|that is)\b", re.IGNORECASE)
_UPDATES = re.compile(
    r"\b(?:rose|risen|rises|climbed|climbs|revised|updated|raised|raising|later|by (?:evening|nightfall|morning"
    r"|night)|now"
    r"|corrected|correction|toll (?:stood|stands)|jumped|grew|mounted|final|since|in all|altogether|so far)\b",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"\b(?:another|further|others?|also|additional|in addition|unfortunately|as well|too|more|elsewhere"
    r"|separately|besides"
    r"|while)\b",
    re.IGNORECASE,
)
CLAIMS = re.compile(
    r"\b(?:claim\w*|according|list of|believes?|announced|used|spoke|speaks"
    r"|tally|counts|documented|puts?|gave|gives|report(?:s|ed)?|says?|said|counted|told|put|seen"
    r"|saw|admit\w*|official\w*|denied|monitor"
    r"|spokes\w+|heard|communique|statement|radio|witness\w*|estimat\w*|confirm\w*|insist\w*)\b",
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
    r"\b(?:figure|toll|count|number) had (?:been|stood at)\b[^.;]{0,40}$|\bhad (?:at )?(?:first|initially|originally"
    r"|earlier|previously)\b[^.;,]{0,30}$|\b(?:up from|down from|rather than"
    r"|instead of|earlier (?:toll|figure|count|report)s? of|initial (?:toll"
    r"|figure|count) of"
    r"|previous (?:toll|figure|count) of) (?:the )?$",
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
    rivals: list[Told] = []
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
                rivals.append(one)
        elif one.clause.headline:
            confirmed = True
    if not kept:
        return None
    made = _sum(kept)
    made.updated, made.confirmed = updated, confirmed
    total = made.best if made.best is not None else made.low
    for one in rivals:
        if total is None or value(one.fact) == total:
            continue
        small = 2 * value(one.fact) < total and all(other.clause.sentence != one.clause.sentence for other in kept)
        (made.apart if small else made.rivals).append(one.fact)
    if made.rivals:
        best = made.best
        _bound(made)
        headed = next((value(one.fact) for one in rivals if one.clause.headline and _is_close(one, best)), None)
        made.best = best if confirmed else headed if headed is not None else made.best
    return made


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
    """Tell what a further count does: `add`, `repeat`, `update` or `rival`."""
    if not kept:
        return "add"
    figures = [value(other.fact) for other in kept]
    now, last = value(one.fact), kept[-1]
    if one.clause.headline != last.clause.headline:
        same = now == sum(figures) or now in figures or (len(kept) == 1 and fits(one.fact, last.fact))
        return "repeat" if same else "rival"
    if len(kept) == 1 and _is_vague(last) and last.clause.sentence != one.clause.sentence and not _distinct(kept, one):
        # `scores are feared dead`, then `he counted 17 corpses`: a part; `36` in place of `dozens` is the figure.
        return "update" if now >= figures[0] and not _is_vague(one) else "rival"
    between = one.clause.text[last.fact.span.end : one.fact.span.start]
    same_sentence = last.clause.sentence == one.clause.sentence
    if now in figures and (not same_sentence or _CORRECTS.search(between)):
        return "add" if _distinct(kept, one) and _near(last, one) and now <= 3 else "repeat"
    if now == sum(figures) and not same_sentence:
        return "repeat"
    if _REDUCED.search(between):
        return "update"
    if between.strip() == "/" and same_sentence:
        return "rival"
    if _is_vague(one) and now < sum(figures) and not (same_sentence or _ADDS.search(one.clause.words)):
        return "repeat"
    if same_sentence:
        if _CORRECTS.search(between):
            return "update"
        if (_has_source(one) and _has_source(last)) or _ANOTHER.search(between):
            return "rival"
        if _distinct(kept, one) or not CLAIMS.search(between):
            return "add"
        # `the army spoke of ten dead, the rebels claimed forty`: each has its voice; or a `but` parts them.
        voiced = CLAIMS.search(one.clause.text, last.clause.start, last.fact.span.start) is not None
        return "rival" if _of_one_kind(last, one) and (voiced or "but" in between.split()) else "add"
    sentence = one.clause.text[one.clause.start : one.fact.span.start]
    behind = one.clause.text[one.fact.span.end : one.fact.span.end + 24]
    if _near(last, one) and (_ADDS.search(sentence) or re.match(r"\s+(?:more|others?|of our)\b", behind)):
        return "add"
    if _UPDATES.search(one.clause.words) and now > max(figures):
        return "update"
    if _distinct(kept, one):
        return "add"
    if now >= _LARGE and now > 2 * sum(figures) and CLAIMS.search(one.clause.words):
        return "rival"
    if _near(last, one) and not (CLAIMS.search(one.clause.words) and CLAIMS.search(last.clause.words)):
        return "add"
    return "rival"


def _is_vague(one: Told) -> bool:
    return one.fact.count is not None and one.fact.count.modality == "vague"


def _has_source(one: Told) -> bool:
    """Tell whether the source of a figure stands behind it in brackets: `132 (government)`."""
    return _SOURCE.match(one.clause.text, one.fact.span.end) is not None


def _near(one: Told, other: Told) -> bool:
    return abs(other.clause.sentence - one.clause.sentence) <= 2 and one.clause.item == other.clause.item


def _distinct(kept: Sequence[Told], one: Told) -> bool:
    """Tell whether a count is of other victims than those before it."""
    mine = _victims(one)
    return mine is not None and all(_victims(other) not in (None, mine) for other in kept)


def _is_close(one: Told, other: int | None) -> bool:
    return other is not None and 2 * other <= 3 * value(one.fact) <= 4.5 * other


def _is_of_part(kept: Sequence[Told], one: Told) -> bool:
    """Tell whether a count disagrees about some of those that were added up only: the civilians of all."""
    mine = _victims(one)
    kinds = [_victims(other) for other in kept]
    if mine is None and len(set(kinds)) > 1 and not one.clause.headline:
        return True
    alike = [kind == mine for kind in kinds]
    return mine is not None and any(alike) and not all(alike)


def _of_one_kind(one: Told, other: Told) -> bool:
    mine, theirs = _victims(one), _victims(other)
    return mine is None or theirs is None or mine == theirs


def _victims(told: Told) -> str | None:
    span = told.fact.span
    words = _WORD.findall(_STOP.split(told.clause.text[span.end : span.end + 40], maxsplit=1)[0])
    return next((_CLASS[word.lower()] for word in words[:4] if word.lower() in _CLASS), None)


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


def _bound(made: Figure) -> None:
    """Widen a figure to the others of the text; the best is the lowest."""
    figures = [made.best if made.best is not None else made.low or 0, *map(value, made.rivals)]
    tops = [made.high, *(fact.count.high for fact in made.rivals if fact.count is not None)]
    lows = [made.low, *(fact.count.low for fact in made.rivals if fact.count is not None)]
    made.low = min((low for low in lows if low is not None), default=None)
    made.best = min(figures)
    made.high = None if None in tops else max(top for top in tops if top is not None)
