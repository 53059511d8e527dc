"""Build a corpus for training, and read it back: `python -m train corpus configs/corpus/default.yaml`.

A corpus is a folder that `datasets.load_dataset(FOLDER)` opens: one Parquet file a split, a dataset card
(README.md), the label schema (labels.yaml), and manifest.json, which fixes what it holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from conflict_ner.config import ConfigModel, explain
from conflict_ner.documents import Document
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.schema import LabelSchema
from train import rooted
from train.readings import Choice, Source
from train.splits import Selection, group_of

MANIFEST = "manifest.json"
LABELS = "labels.yaml"
CARD = "README.md"


class About(ConfigModel):
    """What the cards say of a source.

    Attributes:
        description: what it is, in a few words.
        licence: of its texts and annotations.
        synthetic: whether its texts were invented.
    """

    description: str = ""
    licence: str | None = None
    synthetic: bool = False


class CorpusConfig(ConfigModel):
    """One corpus, as `configs/corpus/*.yaml` describes it.

    Attributes:
        title: heading of the dataset card.
        description: first sentences of the card.
        labels: the label schema.
        sources: name -> file or pattern (`*.marked`, `*.jsonl`).
        about: name of a source -> what the cards say of it.
        hub_id: where the corpus stands on the hub, if it does.
        prefer: annotators' names, the most trusted first, for documents that several read.
        test: what is held out for the last score.
        validation: what is held out to choose a model by.
        seed: of the hash order that fractions are drawn in.
        output: the folder to make.
    """

    title: str
    description: str = ""
    labels: Path = Path("configs/labels.yaml")
    sources: Annotated[dict[str, str], Field(min_length=1)]
    about: dict[str, About] = Field(default_factory=dict)
    hub_id: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    prefer: tuple[str, ...] = ()
    test: Selection = Selection()
    validation: Selection = Selection()
    seed: int = 0
    output: Path

    @model_validator(mode="after")
    def _tells_of_its_sources(self) -> CorpusConfig:
        unknown = [f"{name!r}{did_you_mean(name, self.sources)}" for name in self.about if name not in self.sources]
        if unknown:
            raise ValueError(f"about: there is no source {', '.join(unknown)}")
        return self


class Member(BaseModel):
    """A document of a split: its id, the group it may not be parted from, the hash of its text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    group: str
    text_sha256: str


class Manifest(BaseModel):
    """What a corpus holds and what it was made from; the same input gives the same manifest, to the byte."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    title: str
    seed: int
    schema_sha256: str
    sources: dict[str, Source]
    splits: dict[str, tuple[Member, ...]]
    files: dict[str, str]
    choices: tuple[Choice, ...]
    config: dict[str, Any]


def build_corpus(config: CorpusConfig) -> Manifest:
    """Read the sources, choose the readings, split, and write the corpus folder whole or not at all.

    Raises:
        ConfigError: a selection that does not fit the documents.
        DataError: bad sources, or an output folder that holds something else.
    """
    from train.readings import choose_readings, read_sources
    from train.splits import split_documents

    folder = rooted(config.output)
    _refuse_foreign(folder)
    schema = LabelSchema.load(rooted(config.labels))
    readings, sources = read_sources(config.sources, schema)
    taken, choices = choose_readings(readings, config.prefer)
    splits = split_documents(taken, config.test, config.validation, config.seed)
    if not splits:
        raise DataError("The sources hold no document; a corpus needs one or more.")
    return write_corpus(folder, config, splits, schema, sources, choices)


def write_corpus(
    folder: Path,
    config: CorpusConfig,
    splits: Mapping[str, Sequence[Document]],
    schema: LabelSchema,
    sources: Mapping[str, Source],
    choices: Sequence[Choice],
) -> Manifest:
    """Write the folder of a corpus, whole or not at all, and return its manifest; empty splits are left out."""
    from conflict_ner.files import replacing_folder
    from train.dataset_card import dataset_card
    from train.parquet import to_dataset, write_split

    splits = {split: documents for split, documents in splits.items() if documents}
    with replacing_folder(folder) as temporary:
        for split, dataset in to_dataset(splits, schema).items():
            write_split(dataset, temporary / data_file(str(split)))
        manifest = Manifest(
            title=config.title,
            seed=config.seed,
            schema_sha256=schema_sha256(schema),
            sources=dict(sources),
            splits={
                split: tuple(
                    Member(id=document.id, group=group_of(document), text_sha256=document.sha256)
                    for document in documents
                )
                for split, documents in splits.items()
            },
            files={data_file(split): _file_sha256(temporary / data_file(split)) for split in splits},
            choices=tuple(choices),
            config=config.model_dump(mode="json"),
        )
        (temporary / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (temporary / LABELS).write_bytes(rooted(config.labels).read_bytes())
        (temporary / CARD).write_text(dataset_card(config, manifest, splits, schema), encoding="utf-8")
    return manifest


def read_corpus(folder: Path) -> dict[str, list[Document]]:
    """Read a corpus back as the documents that it was built from, split by split.

    Args:
        folder: made by `python -m train corpus`.

    Raises:
        DataError: it is no corpus, or its data are not those that the manifest names.
    """
    from train.parquet import read_split

    manifest, schema = read_manifest(folder), read_schema(folder)
    splits: dict[str, list[Document]] = {}
    problems: list[str] = []
    for split in manifest.splits:
        path = folder / data_file(split)
        try:
            documents = read_split(path, schema)
        except DataError as error:
            problems.append(str(error))
            continue
        if _file_sha256(path) != manifest.files.get(data_file(split)):
            problems.append(f"{path} is not the file that {MANIFEST} names: it was changed after it was built")
        splits[split] = documents
    if problems:
        problems.append("build it again with `python -m train corpus CONFIG`")
        raise DataError(f"The corpus {str(folder)!r} is damaged:", problems)
    return splits


def read_schema(folder: Path) -> LabelSchema:
    """Return the label schema that a corpus was built with; raises DataError when it was changed since."""
    manifest = read_manifest(folder)
    schema = LabelSchema.load(folder / LABELS)
    if schema_sha256(schema) != manifest.schema_sha256:
        raise DataError(
            f"{folder / LABELS} is not the schema that the corpus was built with; "
            "change the schema named in the corpus's configuration and build it again."
        )
    return schema


def read_manifest(folder: Path) -> Manifest:
    """Return a corpus's manifest; raises DataError when the folder is no corpus."""
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(
            f"{str(folder)!r} is no corpus, it has no {MANIFEST}; "
            "build one with `python -m train corpus configs/corpus/default.yaml`."
        )
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(f"{path} is no manifest of this version:", explain(error, Manifest)) from error


def manifest_sha256(folder: Path) -> str:
    """Return the SHA-256 of a corpus's manifest file: it names the corpus to the last byte."""
    read_manifest(folder)
    return _file_sha256(folder / MANIFEST)


def schema_sha256(schema: LabelSchema) -> str:
    """Return the SHA-256 of a schema's content; comments and layout of its file do not count."""
    return hashlib.sha256(schema.model_dump_json().encode("utf-8")).hexdigest()


def data_file(split: str) -> str:
    """Return where a split lies within a corpus folder."""
    return f"data/{split}.parquet"


def _file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _refuse_foreign(folder: Path) -> None:
    """Refuse to replace a file, or a folder that holds something other than a corpus."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"output {str(folder)!r} is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise DataError(
            f"output {str(folder)!r} holds files and is no corpus; name a new folder, so that nothing is lost."
        )


def _former(folder: Path) -> Manifest | None:
    """Return the manifest of the corpus that is about to be replaced, if there is one that can be read."""
    try:
        return read_manifest(folder)
    except DataError:
        return None


def changed_splits(before: Manifest, after: Manifest) -> list[str]:
    """Say how the splits of a rebuilt corpus differ from those that it replaced."""
    lines = []
    for split in sorted({*before.splits, *after.splits}):
        old = {(member.id, member.text_sha256) for member in before.splits.get(split, ())}
        new = {(member.id, member.text_sha256) for member in after.splits.get(split, ())}
        if old != new:
            lines.append(f"{split} changed: {len(new - old)} document(s) came, {len(old - new)} went")
    return lines


def build_and_tell(config: CorpusConfig) -> None:
    """Build a corpus and print which readings were taken and what it holds; raises as `build_corpus`."""
    from conflict_ner.console import out
    from train.dataset_card import split_table
    from train.readings import choice_lines

    folder = rooted(config.output)
    before = _former(folder)
    manifest = build_corpus(config)
    for line in choice_lines(manifest.choices):
        out.print(line, markup=False, soft_wrap=True)
    out.print(split_table(read_corpus(folder), read_schema(folder)))
    for line in changed_splits(before, manifest) if before is not None else ():
        out.print(f"Against the corpus that stood here: {line}", style="yellow", markup=False, soft_wrap=True)
    if "train" not in manifest.splits:
        out.print("Train is empty: this corpus can be scored on and not trained on.", style="yellow")
    out.print(f"Corpus written to {folder}", markup=False, soft_wrap=True)
