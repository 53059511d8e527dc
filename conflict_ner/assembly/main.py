"""Main: which event a text is mainly about, and where that one was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.draft import Draft, add_groups
from conflict_ner.assembly.where import same
from conflict_ner.assembly.words import act_of
from conflict_ner.facts import PlaceFact

_LEAD = 600  # characters
_NEWS = timedelta(days=21)
_ROUND_UP = 4
_DIGEST = re.compile(
    r"\b(?:incidents|(?:week|day|month) in|round-?up|digest|in brief|weekly|monthly|bulletin|incident (?:log|summary)"
    r"|register|tracker)\b",
    re.IGNORECASE,
)


def main_event(made: Sequence[Draft], page: Layout, place: PlaceFact | None, published: date | None) -> Draft | None:
    """Return the draft that a text is mainly about, at the place that most speaks for; None where it is about none.

    It may be a new one: of the act at that place, where the draft tells in its own sentence of another place.

    Args:
        made: the drafts in the order of the text.
        page: the text's clauses.
        place: that most speaks for (`choosing`).
        published: the day of publication.
    """
    number = _main_number(made, page, published)
    if number is None:
        return None
    main = made[number]
    own = main.place if main.place_told == "sentence" else None
    if place is None or (main.place is not None and same(main.place, place)):
        return main
    if own is not None and any(_names(clause, own) and _names(clause, place) for clause in main.clauses):
        # Of the places of one clause its own words have told already which it is.
        return main
    if own is not None and not any(_names(clause, place) for clause in main.clauses):
        # The place is another event's.
        return _other_at(place, made) or _opened_at(place, main, page)
    main.place = place
    main.place_told = "sentence" if any(place in clause.places for clause in main.clauses) else "near"
    return main


def _names(clause: Clause, place: PlaceFact) -> bool:
    return any(same(fact, place) for fact in clause.places)


def _other_at(place: PlaceFact, made: Sequence[Draft]) -> Draft | None:
    """Return the first draft that is told at a place."""
    at_place = (draft for draft in made if draft.place is not None and same(draft.place, place))
    return next((draft for draft in at_place if draft.place_told != "document"), None)


def _opened_at(place: PlaceFact, beside: Draft, page: Layout) -> Draft:
    """Return a new draft of what is told at a place, of the day of another one."""
    clause = next(clause for clause in page.clauses if place in clause.places)
    opened = Draft([clause], place=place, interval=beside.interval, date=beside.date, date_near=True)
    add_groups(opened, clause)
    return opened


def ordered(rows: Sequence[Draft]) -> list[Draft]:
    """Return drafts in the order in which the text tells of them."""
    return sorted(rows, key=lambda draft: _first(draft).start)


def _main_number(rows: Sequence[Draft], page: Layout, published: date | None) -> int | None:
    """Return the number, from 0, of the draft that a text is mainly about; None where it is about none.

    It is what the headline tells, else what the first sentences below it tell as news.
    """
    named = [fact for clause in page.clauses if clause.headline for fact in clause.places]
    first_item = min(
        (clause.start for clause in page.clauses if clause.item), default=_first(rows[-1]).end if rows else 0
    )
    news = [number for number, draft in enumerate(rows) if _is_news(draft, published)]
    numbers = [number for number in news if _first(rows[number]).start < first_item]
    headed = [number for number in range(len(rows)) if _is_headed(rows[number], named)]
    # An old event may be a text's own, of history, where no news has the headline.
    of_headline = [number for number in headed if number in news] or headed
    if _DIGEST.search(page.headline):
        return None
    told_below = [number for number in of_headline if not rows[number].headline]
    if (told_below or of_headline) and (_is_told_of(rows, of_headline) or not _is_round_up(rows, page)):
        return (told_below or of_headline)[0]
    counted = [number for number in numbers if rows[number].told]
    if len(rows) == 1 and counted and not page.is_list and not _is_late(rows[0], page):
        return counted[0]
    if _is_round_up(rows, page) or not _opens_with_news(page):
        return None
    start = min((clause.start for clause in page.clauses if not clause.headline), default=0)
    early = [number for number in numbers if _first(rows[number]).start - start < _LEAD]
    if early:
        return early[0]
    opened = [fact for clause in page.clauses for fact in clause.places if clause.in_dateline(fact)]
    return next((number for number in numbers if _is_headed(rows[number], opened)), None)


def _is_told_of(rows: Sequence[Draft], numbers: Sequence[int]) -> bool:
    """Tell whether the headline's own event is told again below it: then a text is about that one."""
    return any(
        any(clause.headline for clause in rows[number].clauses) and not rows[number].headline for number in numbers
    )


def _is_news(draft: Draft, published: date | None) -> bool:
    """Tell whether a draft is not dated before the days that a report is about."""
    return published is None or draft.interval is None or published - draft.interval.end <= _NEWS


def _is_late(draft: Draft, page: Layout) -> bool:
    """Tell whether a text comes to an event only in its last third: then it is about something else."""
    return 3 * _first(draft).start > 2 * max(clause.end for clause in page.clauses)


def _opens_with_news(page: Layout) -> bool:
    """Tell whether the first paragraph below the headline counts, dates or tells an act."""
    body = [clause for clause in page.clauses if not clause.headline]
    return any(
        clause.counts or any(not clause.in_dateline(one) for one in clause.dates) or act_of(clause.words)
        for clause in body
        if clause.paragraph == body[0].paragraph
    )


def _is_round_up(rows: Sequence[Draft], page: Layout) -> bool:
    """Tell whether most paragraphs of a text tell of an event of their own."""
    opened = {_first(draft).paragraph for draft in rows}
    paragraphs = {clause.paragraph for clause in page.clauses if not clause.headline}
    return len(opened) >= _ROUND_UP and 4 * len(opened) >= 3 * len(paragraphs)


def _is_headed(draft: Draft, places: Sequence[PlaceFact]) -> bool:
    """Tell whether the headline tells of a draft, or one of these places is its own."""
    if any(clause.headline for clause in draft.clauses):
        return True
    told = draft.place is not None and (draft.told or draft.place_told != "document")
    return told and any(draft.place is not None and same(draft.place, place) for place in places)


def _first(draft: Draft) -> Clause:
    """Return the first clause of a draft, below the headline where there is one."""
    return next((clause for clause in draft.clauses if not clause.headline), draft.clauses[0])
