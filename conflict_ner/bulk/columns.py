"""Which column of a table, or which key of a JSON object, holds what of an article."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from conflict_ner.errors import DataError, did_you_mean


class Columns(BaseModel):
    """Names of columns; None where an input has no such column.

    Attributes:
        text: the article.
        id: its id; without one, articles are numbered.
        published: the day of publication, from which `Tuesday` is reckoned.
        title: its headline.
        source: who published it.
        url: its address.
        language: its language.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = None
    id: str | None = None
    published: str | None = None
    title: str | None = None
    source: str | None = None
    url: str | None = None
    language: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are there, each once."""
        return tuple(dict.fromkeys(name for name in self.model_dump().values() if name is not None))

    def within(self, available: Collection[str], where: str) -> Columns:
        """Return these columns as an input has them: a column that is not named has its field's name, if it is there.

        Args:
            available: the columns of the input.
            where: how the input is called in an error.

        Raises:
            DataError: a column that was named is not there, or no text; names the nearest.
        """
        problems, found = [], {}
        for field, name in self.model_dump().items():
            if name is None and field in available:
                found[field] = field
            elif name is None and field == "text":
                problems.append(
                    f"--text-column must name the articles': there is no 'text'{did_you_mean('text', available)}"
                )
            elif name is not None and name not in available:
                problems.append(f"--{field}-column: there is no column {name!r}{did_you_mean(name, available)}")
            else:
                found[field] = name
        if problems:
            raise DataError(f"{where} does not have the columns that are needed:", problems)
        return Columns(**found)
