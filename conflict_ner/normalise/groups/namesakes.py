"""Namesakes: which of several organisations of one name a text means, by its countries and its years.

`SLA` is an army in Sri Lanka, rebels in Sudan and a militia in Lebanon; `Republican Guard` is a force of three states.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conflict_ner.documents import Document
from conflict_ner.facts import Group
from conflict_ner.normalise import nations
from conflict_ner.normalise.groups.aliases import Match, Organisation

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Share of a text's weight from which it speaks of a country, and of one next to an organisation's own.
_SPOKEN_OF, _SPOKEN_OF_NEXT = 0.03, 0.06
# How much better the best of several organisations must fit than the next.
_MARGIN = 1.5
# What a fit is worth where the organisation had ended or not begun, where the name is its own, where the text tells it.
_OUT_OF_YEARS, _OWN_NAME, _QUALIFIED = 0.35, 1.4, 4.0
_ABROAD = 0.6  # what a country counts in which an organisation acts but is not based
_ANYWHERE = 0.1  # fit of an organisation that acts in no country in particular
_QUALIFIER = re.compile(r".* \(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a text plays.

    Attributes:
        text: the text.
        countries: ISO codes to weights, best first.
        year: of publication; the last year that the text tells where that is not known.
        first_year: the first year that the text or its date tells.
        last_year: the last such year.
    """

    text: str
    countries: Mapping[str, float]
    year: int | None = None
    first_year: int | None = None
    last_year: int | None = None

    @classmethod
    def of(cls, document: Document, countries: Mapping[str, float]) -> Setting:
        """Read a document's setting from its dates."""
        published = document.meta.published
        dates = " ".join(document.surface(span) for span in document.spans if span.label == "DATE")
        years = {int(year) for year in _YEAR.findall(dates)} | ({published.year} if published else set())
        last = max(years, default=None)
        return cls(document.text, countries, published.year if published else last, min(years, default=None), last)

    @property
    def home(self) -> str | None:
        """The country that the text is about, as far as it tells."""
        return next(iter(self.countries), None)

    @property
    def army(self) -> str | None:
        """The country whose army is meant where the text does not say whose."""
        land = nations.countries().get(self.home or "")
        return land.army(self.year) if land else self.home

    def group(self, organisation: Organisation) -> Group:
        """Return an organisation as it was at the text's time, or in its last year where it had ended."""
        ended = organisation.until is not None and self.year is not None and organisation.until < self.year
        return organisation.group(organisation.until if ended else self.year)

    def settle(self, match: Match, told: frozenset[str] = frozenset()) -> Organisation | None:
        """Return the organisation of a match that the text means.

        Args:
            match: one or more organisations that have a name.
            told: ids of the organisations that the text names elsewhere, beyond doubt.

        Returns:
            None where the text does not tell which, or speaks of no country in which the only one acts.
        """
        if match.certain and len(match.organisations) == 1:
            return match.organisations[0]
        begun = [one for one in match.organisations if not self._is_too_early_for(one)]
        named = [one for one in begun if one.id in told]
        if len(named) == 1:
            return named[0]
        if len(begun) <= 1:
            return begun[0] if begun and self.is_near(begun[0], next_door=not match.common) else None
        ranked = sorted(((self._fit(one, match), one) for one in begun), key=lambda item: -item[0])
        (best, organisation), (second, other) = ranked[:2]
        if best > 0:
            # Between two of one country the text's lands can not tell, but whose own name it is can.
            own_name = organisation.id in match.first and other.id not in match.first
            settled = best >= _MARGIN * second or (own_name and organisation.country == other.country)
            return organisation if settled else None
        # Nothing in the text speaks for any of them: a name of its own still means whom it belongs to.
        own = [one for one in begun if match.certain and one.id in match.first]
        return own[0] if len(own) == 1 else None

    def is_near(self, organisation: Organisation, next_door: bool = True) -> bool:
        """Tell whether the text speaks of a country in which an organisation acts, or of one next to it.

        Args:
            organisation: of the table.
            next_door: whether a neighbouring country will do.
        """
        area = organisation.area
        if not area or not self.countries:
            return True
        lands = nations.countries()
        return any(
            (share >= _SPOKEN_OF and code in area)
            or (next_door and share >= _SPOKEN_OF_NEXT and code in lands and bool(area & lands[code].neighbours))
            for code, share in self.countries.items()
        )

    def _is_too_early_for(self, organisation: Organisation) -> bool:
        begun = organisation.since
        return begun is not None and self.last_year is not None and begun > self.last_year + 1

    def _fit(self, organisation: Organisation, match: Match) -> float:
        """Return how well one of several organisations of a name fits the text."""
        fit = sum(
            share * (1 if code == organisation.country or not organisation.country else _ABROAD)
            for code, share in self.countries.items()
            if code in organisation.area
        )
        if not organisation.area:
            fit = _ANYWHERE
        if organisation.until is not None and self.first_year is not None and organisation.until < self.first_year:
            fit *= _OUT_OF_YEARS
        if organisation.since is not None and self.year is not None and organisation.since > self.year:
            fit *= _OUT_OF_YEARS
        if organisation.id in match.first:
            fit *= _OWN_NAME
        qualifier = _QUALIFIER.fullmatch(organisation.name)
        if qualifier is not None and qualifier[1] in self.text:
            fit *= _QUALIFIED
        return fit


def why_open(name: str, match: Match) -> str:
    """Say in a sentence why a name's organisation stays open."""
    one, *others = match.organisations
    if not others:
        where = _where(one)
        return f"{name!r} could be {one.name} ({where}), but the text speaks of other countries or years"
    several = " or ".join(f"{one.name} ({_where(one)})" for one in match.organisations[:4])
    return f"{name!r} could be {several}: the text does not tell which"


def _where(organisation: Organisation) -> str:
    return ", ".join(sorted(organisation.area)) or "several countries"
