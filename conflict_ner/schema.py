"""The label schema: labels, their attributes, and the BIO tags and id maps that derive from them.

A schema is data. `configs/labels.yaml` is the one of this project; another label set is another file.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from conflict_ner.config import ConfigModel, read_config

OUTSIDE = "O"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Hotkey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]$")]


class Value(ConfigModel):
    """One allowed value of an attribute, such as `killed`."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")]
    description: str = ""
    hotkey: Hotkey | None = None


class Attribute(ConfigModel):
    """A closed question asked of each span of a label, such as the casualty type."""

    name: Name
    description: str = ""
    required: bool = False
    values: Annotated[tuple[Value, ...], Field(min_length=1)]

    @property
    def value_names(self) -> tuple[str, ...]:
        """The allowed values in the order of the file."""
        return tuple(value.name for value in self.values)

    @model_validator(mode="after")
    def _values_are_unique(self) -> Attribute:
        _refuse_repeats(f"value of attribute {self.name!r}", self.value_names)
        return self


class Label(ConfigModel):
    """A kind of span: what it means, and how it looks and is chosen on the labelling page."""

    name: Name
    description: str
    colour: Colour
    hotkey: Hotkey | None = None
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class LabelSchema(ConfigModel):
    """All labels of a project, in order; the order fixes the tag ids of a model."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    labels: Annotated[tuple[Label, ...], Field(min_length=1)]

    @classmethod
    def load(cls, path: Path) -> LabelSchema:
        """Read a schema from a YAML file; a ConfigError lists everything that is wrong with it."""
        return read_config(path, cls)

    @model_validator(mode="after")
    def _names_and_hotkeys_are_unique(self) -> LabelSchema:
        _refuse_repeats("label", [label.name for label in self.labels])
        attributes = [attribute for label in self.labels for attribute in label.attributes]
        _refuse_repeats("attribute", [attribute.name for attribute in attributes])
        keys = [label.hotkey for label in self.labels if label.hotkey]
        keys += [value.hotkey for attribute in attributes for value in attribute.values if value.hotkey]
        _refuse_repeats("hotkey", keys)
        return self

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names in order."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The BIO tags: `O`, then `B-X` and `I-X` for each label X; a tag's id is its place here."""
        return (OUTSIDE, *(f"{prefix}-{name}" for name in self.label_names for prefix in "BI"))

    @cached_property
    def tag2id(self) -> dict[str, int]:
        """Tag to id, as Hugging Face's `label2id`."""
        return {tag: number for number, tag in enumerate(self.tags)}

    @cached_property
    def id2tag(self) -> dict[int, str]:
        """Id to tag, as Hugging Face's `id2label`."""
        return dict(enumerate(self.tags))

    def label(self, name: str) -> Label | None:
        """Return the label of that name, or None."""
        return next((label for label in self.labels if label.name == name), None)


def _refuse_repeats(kind: str, names: list[str] | tuple[str, ...]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"each {kind} stands once, but {', '.join(map(repr, repeated))} stands more often")
