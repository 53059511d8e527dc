"""The options of every command that reads facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from conflict_ner.normalise.normaliser import NormaliseSettings

VagueOption = Annotated[
    str, typer.Option(help="what `dozens` is worth: lower_bound (24 or more) or acled (12, by the ACLED codebook)")
]
DateOrderOption = Annotated[
    str, typer.Option(help="how to read 03/04/2024 where nothing in the text shows it: dmy or mdy")
]
CountryOption = Annotated[
    str | None,
    typer.Option(
        help="ISO code of the country to think of where a text speaks of none, such as SY", show_default=False
    ),
]
GazetteerOption = Annotated[
    list[Path] | None,
    typer.Option(help="a country file of GeoNames, such as SY.txt, read beside the library's own", show_default=False),
]


def settings(vague: str, date_order: str, country: str | None, gazetteer: list[Path] | None) -> NormaliseSettings:
    """Return the settings that the options give.

    Raises:
        ConfigError: a value is wrong; all that are wrong are told.
    """
    from conflict_ner.config import validate
    from conflict_ner.normalise.normaliser import NormaliseSettings

    given = {"vague": vague, "date_order": date_order, "country": country, "gazetteer": tuple(gazetteer or ())}
    return validate(given, NormaliseSettings, source="the command line")
