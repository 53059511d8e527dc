"""The normaliser: a document with spans in, its facts out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import field_validator

from conflict_ner.config import ConfigModel
from conflict_ner.documents import Document, Span
from conflict_ner.errors import did_you_mean
from conflict_ner.facts import Facts
from conflict_ner.normalise import nations
from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.counts.facts import count_facts
from conflict_ner.normalise.counts.phrases import VAGUE_PRESETS
from conflict_ner.normalise.dates.context import DateOrder
from conflict_ner.normalise.dates.facts import date_facts
from conflict_ner.normalise.groups import facts as groups
from conflict_ner.normalise.places import facts as places
from conflict_ner.normalise.places.gazetteer import Gazetteer

COUNTS, DATES = "CASUALTY_COUNT", "DATE"


class NormaliseSettings(ConfigModel):
    """What the text itself does not decide.

    Attributes:
        vague: what `dozens` and `several` are worth: a lower bound alone, or the figures of the ACLED codebook.
        date_order: how to read `03/04/2022` where nothing in the text shows it: day or month first.
        country: ISO 3166 alpha-2 of the country to think of where a text speaks of none.
        gazetteer: country files of GeoNames, such as `SY.txt`, to be read beside the library's own table.
    """

    vague: Literal["lower_bound", "acled"] = "lower_bound"
    date_order: DateOrder = "dmy"
    country: str | None = None
    gazetteer: tuple[Path, ...] = ()

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, code: str | None) -> str | None:
        if code is not None and code not in nations.countries():
            near = did_you_mean(code.upper(), nations.countries()) if len(code) == 2 else ""
            raise ValueError(f"{code!r} is no ISO 3166 code of two capital letters, such as 'SY'{near}")
        return code


class Normaliser:
    """Resolves the spans of documents.

    Args:
        settings: what texts do not decide.

    Raises:
        DataError: a file of the gazetteer is missing or is not what it should be.
    """

    def __init__(self, settings: NormaliseSettings | None = None) -> None:
        self.settings = settings or NormaliseSettings()
        self._gazetteer = Gazetteer.load(*self.settings.gazetteer)

    def __call__(self, document: Document) -> Facts:
        """Return a fact for each count, date, group and place among a document's spans.

        Args:
            document: an article with its spans; `meta.published` is what `Tuesday` is reckoned from. A count whose
                span has a `casualty_type` keeps it.
        """
        published = document.meta.published
        dates = date_facts(document.text, _of(document, DATES), published, self.settings.date_order)
        intervals = {(fact.span.start, fact.span.end): fact.interval for fact in dates if fact.interval is not None}
        counts = count_facts(
            document.text, _of(document, COUNTS), intervals, published, VAGUE_PRESETS[self.settings.vague]
        )
        countries = document_countries(document)
        if not countries and self.settings.country is not None:
            countries = {self.settings.country: 1.0}
        return Facts(
            counts=counts,
            dates=dates,
            groups=groups.group_facts(document, countries),
            places=places.place_facts(document, countries, self._gazetteer),
            countries=tuple((code, round(share, 3)) for code, share in countries.items()),
        )


def _of(document: Document, label: str) -> list[Span]:
    return [span for span in document.spans if span.label == label]
