"""Parts of a whole: which counts of a text are told to be part of another, or add up to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from conflict_ner.facts import CountFact
from conflict_ner.sentences import sentence_number, sentences

_HARMED = (
    r"(?:dead|deaths?|killed|slain|victims|bodies|fatalities|wounded|injured|hurt|captives|hostages|abducted|kidnapped"
    r"|prisoners|missing|disappeared|casualties|martyrs|fallen|murdered|taken|seized|captured)"
)
# `three of them`, `two of whom`, `one of the injured`.
_OF_THEM = re.compile(
    rf"(?: more| others?)? of (?:them|whom|which|these|those)\b|(?: more)? of the (?:\w+(?<!s) )?{_HARMED}\b",
    re.IGNORECASE,
)
# `one of the cadets`; not `three of the attackers`, who are the other side
_OF_THE = re.compile(
    r" of the (?!(?:attackers|assailants|militants|rebels|terrorists|insurgents|bombers|raiders|jihadists|fighters)\b)"
    r"[a-z]+s\b(?![^.;]{0,30}\b(?:too|also|as well)\b)"
)
_THE_HARMED = re.compile(rf"\b{_HARMED}\b", re.IGNORECASE)
# `22 injured (9 children)`, `twelve hurt, three in the market`, `nine bodies, no uniform on six.`
_BEHIND_WHOLE = re.compile(r"[^.;:,()\n]{0,30}(?:\(|, )(?:no [a-z]+ on )?")
_BARE = re.compile(r" (?:in|at|on|near) |[.;\n]|$")
_INCLUDING = re.compile(
    r"\b(?:includ(?:ing|ed|es?)|incl\.?|among (?:them|whom|those|the dead|the victims)|of (?:whom|them|which|these)"
    rf"|of (?:the|total|all) (?:\d+ )?{_HARMED})"
    r"(?:,? (?:were|was|are|is|at least|about|some|also|those of|the|only|just))*\s*$",
    re.IGNORECASE,
)
_AMONG_BEHIND = re.compile(
    r"[^.;:!?\n]{0,60}?\bamong (?:them|whom|the (?:dead|victims|wounded|injured|captives|hostages|missing))\b",
    re.IGNORECASE,
)
_ALONE = re.compile(r"[^.;:!?\n]{0,60}?\balone\b", re.IGNORECASE)
# `Two were nuns`, `Thirteen were schoolchildren`, `One was a boy of nine`, `one boy is among the dead`.
_WERE = re.compile(
    r"[\"”]? (?:were|are) (?:all )?(?:women|children|men|police|minors|under|aged|from|members"
    r"|(?:[A-Z][\w-]+ ){0,2}[a-z]+(?:(?<!ed)s|men)\b)"
    r"|,? (?:was|is) (?:an?|the) "
    r"|(?: [\w-]+){0,4} (?:is|are|was|were) among (?:the|those) (?:dead|killed|victims|wounded|injured)\b",
)
# What a sentence may begin with before such a count: `An officer said that at least`.
_SAID = re.compile(
    r"(?:[^;]*; )?(?:[^.;:]{0,200}\b(?:said|says?|added|claim(?:s|ed)?|believe[sd]?)(?: that)? )?[\"“'‘]?",
    re.IGNORECASE,
)
# `two others`, `a dozen more`: beside those told before, and no part of their sum.
_OTHERS = re.compile(r" (?:\w+ )?(?:others?|more)\b")
_LIST = re.compile(
    r"[^.;:!?\n]{0,40}?(?:,| and|, and|&)\s*(?:another |a further |at least |about |some )?", re.IGNORECASE
)
_FAR = 6  # sentences
_LONGEST_SUM = 4  # parts
_NO_CHANCE = 10
# Of an `almost 100`, the parts may make up 96.
_NEARLY = 0.05


def subsets(text: str, counts: Sequence[CountFact]) -> dict[int, int]:
    """Return the counts that are part of another: their number in the text's order, and that of the whole.

    Args:
        text: the document's text.
        counts: all its counts, in the order of the text.
    """
    found: dict[int, int] = {}
    for number in range(len(counts)):
        whole = _told_whole(text, counts, number, found)
        if whole is not None:
            found[number] = whole
    return _sums(text, counts) | found


def value(fact: CountFact) -> int | None:
    """Return a count's best estimate, or its lower bound where it has none."""
    if fact.count is None:
        return None
    return fact.count.low if fact.count.best is None else fact.count.best


def _told_whole(text: str, counts: Sequence[CountFact], number: int, found: Mapping[int, int]) -> int | None:
    """Return the earlier count that the words around a count tell it to be part of."""
    part = counts[number]
    start, end = part.span.start, part.span.end
    own = sentence_number(text, start)
    first = sentences(text)[own][0]
    holders = [other for other in range(number) if other not in found and _may_hold(counts[other], part)]
    away = {other: own - sentence_number(text, counts[other].span.start) for other in holders}
    alike = [other for other in holders if counts[other].casualty_type == part.casualty_type]
    beside = [other for other in holders if away[other] <= 1 and "\n\n" not in text[counts[other].span.end : start]]
    same = [other for other in beside if other in alike]
    here = [other for other in same if not away[other]]
    of_them = _OF_THEM.match(text, end)
    if of_them:
        # `The injured were flown out; six of them`, `nine of the dead`: those counted long before, if these are named.
        far = alike if _THE_HARMED.search(text, first, of_them.end()) else []
        return next(iter((here or same or beside or far)[::-1]), None)
    if same and _OF_THE.match(text, end):
        return same[-1]
    if same and _INCLUDING.search(text, max(first, start - 40), start):
        return same[-1]
    if here and _is_among(text, counts[here[-1]].span.end, start, end):
        return here[-1]
    if here and _ALONE.match(text, end):
        return here[-1]
    if alike and away[alike[-1]] <= _FAR and _WERE.match(text, end) and _SAID.fullmatch(text, first, start):
        return alike[-1]
    if here and _is_behind(text, counts[here[-1]], part):
        return here[-1]
    before = number - 1
    if before in found and _LIST.fullmatch(text, counts[before].span.end, start):
        # A list of parts goes on: `including nine women and two children`.
        whole = found[before]
        if counts[whole].casualty_type == part.casualty_type:
            return whole
    return None


def _is_among(text: str, whole: int, start: int, end: int) -> bool:
    """Tell whether `among them` stands behind a part.

    In `340 civilians, 93 soldiers and 120 rebels among the dead` none is the whole.
    """
    match = _AMONG_BEHIND.match(text, end)
    if match is None or "," not in text[whole:start]:
        return False
    alone = " and " not in match[0] and not text[whole:start].endswith(" and ")
    return alone or match[0].endswith(("them", "whom"))


def _is_behind(text: str, whole: CountFact, part: CountFact) -> bool:
    """Tell whether a count follows its whole in brackets, or as a bare number."""
    large, small = value(whole), value(part)
    if large is None or small is None or small >= large:
        return False
    match = _BEHIND_WHOLE.fullmatch(text, whole.span.end, part.span.start)
    return match is not None and (match[0].endswith("(") or _BARE.match(text, part.span.end) is not None)


def _may_hold(whole: CountFact, part: CountFact) -> bool:
    large, small = value(whole), value(part)
    open_above = whole.count is not None and whole.count.high is None
    return open_above or large is None or small is None or small <= large


def _sums(text: str, counts: Sequence[CountFact]) -> dict[int, int]:
    """Return the counts that follow each other and add up to another of their type, each with that one."""
    found: dict[int, int] = {}
    # Only a told figure adds up; each as (number in the text, value, sentence).
    exact: dict[str, list[tuple[int, int, int]]] = {}
    wholes: list[tuple[int, int, bool]] = []
    for number, fact in enumerate(counts):
        told = value(fact)
        if fact.count is None or told is None or fact.count.modality not in ("exact", "about"):
            continue
        if fact.count.modality == "exact":
            place = sentence_number(text, fact.span.start)
            exact.setdefault(fact.casualty_type, []).append((number, told, place))
        wholes.append((number, told, fact.count.modality == "about"))
    for whole, total, about in wholes:
        parts = [part for part in exact.get(counts[whole].casualty_type, ()) if part[0] != whole]
        away = sentence_number(text, counts[whole].span.start)
        for first in range(len(parts)):
            told = 0
            for last in range(first, min(len(parts), first + _LONGEST_SUM)):
                if parts[last][1] >= total:
                    break
                told += parts[last][1]
                makes_up = abs(told - total) <= _NEARLY * total if about else told == total
                run = parts[first : last + 1]
                around = run[0][0] < whole < run[-1][0] or _OTHERS.match(text, counts[run[0][0]].span.end)
                if (
                    makes_up
                    and len(run) > 1
                    and not around
                    and _stand_together([place for _, _, place in run], away, total)
                ):
                    found.update((number, whole) for number, _, _ in run)
    return found


def _stand_together(places: Sequence[int], whole: int, total: int) -> bool:
    """Tell whether parts stand close together, and near their sum, which may be the headline's.

    Small numbers add up by chance: they must share a sentence.
    """
    apart = max(later - earlier for earlier, later in pairwise(places))
    away = min(abs(place - whole) for place in places)
    if apart == 0:
        return away <= 1 or (whole <= 1 and total > 2)
    if whole <= 1:
        return (apart <= 2 and total >= _NO_CHANCE) or (apart <= 4 and total >= 2 * _NO_CHANCE)
    return apart <= 2 and away <= 2 and total >= _NO_CHANCE
