"""Teachers: finished models whose mean reading a smaller one learns beside the gold tags (Hinton et al. 2015).

The student may have other pieces than its teachers: each of its pieces takes the reading of the teacher's piece that
holds its first character. Texts without gold get the spans that the teachers read together (Bucila et al. 2006): on
the gold texts that they learned from, teachers are sure of nearly everything, and have little to add.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conflict_ner.checkpoint import WindowSettings
from conflict_ner.console import err, out
from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.schema import LabelSchema
from conflict_ner.sentences import sentences
from conflict_ner.spans import BioTags
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import Tokens, tokenize
from conflict_ner.transitions import Transitions
from train import rooted
from train.config import TeacherSettings, TrainConfig
from train.corpus import read_corpus
from train.examples import Examples, encode
from train.material import Material

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_CHUNK = 32  # documents read at once
_LEAST = 1e-9  # a probability whose logarithm is a number


class Teachers:
    """Models that read the same labels.

    Args:
        taggers: one or more.
        schema: the labels that the student is to read.

    Raises:
        ConfigError: one of them reads other labels.
    """

    def __init__(self, taggers: Sequence[Tagger], schema: LabelSchema) -> None:
        for tagger in taggers:
            if tagger.tags.names != tuple(schema.tags):
                raise ConfigError(
                    f"teachers.models: {tagger.checkpoint.folder} reads {', '.join(tagger.tags.labels)}, and the "
                    f"corpus is labelled with {', '.join(schema.label_names)}; name models that were trained on "
                    "its labels."
                )
        self.taggers = tuple(taggers)
        self.tags = BioTags.of(schema)

    @classmethod
    def load(cls, settings: TeacherSettings, schema: LabelSchema) -> Teachers:
        """Open the models that a configuration names, each with the fastest engine that it has.

        Raises:
            CheckpointError: one cannot be found or opened.
            ConfigError: one reads other labels.
        """
        taggers = []
        for name in settings.models:
            folder = rooted(name)
            try:
                taggers.append(Tagger.load(folder if folder.is_dir() else str(name), engine=None))
            except CheckpointError as error:
                raise CheckpointError(f"teachers.models: {error}") from error
        return cls(taggers, schema)

    def read(
        self, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase
    ) -> Iterator[tuple[Document, NDArray[np.float32]]]:
        """Yield each document with the spans of the teachers' mean reading in place of its own, and that reading.

        Args:
            documents: any texts.
            tokenizer: the student's.

        Yields:
            The document, and the probability of each tag for each of the student's pieces, shape (pieces, tags).
        """
        for begin in range(0, len(documents), _CHUNK):
            chunk = documents[begin : begin + _CHUNK]
            texts = [document.text for document in chunk]
            students = tokenize(texts, tokenizer)
            means = [np.zeros((len(pieces), len(self.tags.names)), dtype=np.float32) for pieces in students]
            for tagger in self.taggers:
                own = tokenize(texts, tagger.checkpoint.tokenizer)
                for number, (theirs, read) in enumerate(zip(own, tagger.emissions(own), strict=True)):
                    means[number] += self._carried(np.exp(read), theirs, students[number]) / len(self.taggers)
            for document, pieces, mean in zip(chunk, students, means, strict=True):
                tags = self.tags.decode(np.log(np.maximum(mean, _LEAST)), pieces, self._transitions)
                yield document.with_spans(self.tags.spans(tags, pieces)), mean

    @cached_property
    def _transitions(self) -> Transitions | None:
        """The mean of what the teachers learned of tags that follow each other; None where one learned nothing."""
        learned = [tagger.checkpoint.transitions for tagger in self.taggers]
        known = [one for one in learned if one is not None]
        if len(known) < len(learned):
            return None
        return Transitions(
            np.mean([one.first for one in known], axis=0, dtype=np.float32),
            np.mean([one.between for one in known], axis=0, dtype=np.float32),
        )

    def _carried(self, read: NDArray[np.float32], theirs: Tokens, pieces: Tokens) -> NDArray[np.float32]:
        """Carry a reading from a teacher's pieces to the student's, shape (student's pieces, tags)."""
        shown = np.flatnonzero(theirs.visible)
        if not len(shown):
            return np.full((len(pieces), read.shape[1]), 1 / read.shape[1], dtype=np.float32)
        starts = theirs.starts[shown]
        place: NDArray[np.int64] = np.maximum(np.searchsorted(starts, pieces.starts, side="right") - 1, 0)
        carried: NDArray[np.float32] = read[shown[place]]
        # A piece that begins inside its teacher's begins no span: what began there goes on.
        within = pieces.starts > starts[place]
        for inside, opening in enumerate(self.tags.begun):
            if inside != opening:
                carried[within, inside] += carried[within, opening]
                carried[within, opening] = 0.0
        return carried


def examples_of(
    config: TrainConfig,
    material: Material,
    splits: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    tell: bool = False,
) -> dict[str, Examples]:
    """Return the examples of some splits; those of the train split with what teachers make of it, if there are some.

    Args:
        config: names the teachers.
        material: documents and labels.
        splits: names of those wanted.
        tokenizer: the student's.
        tell: print what the teachers do.

    Raises:
        CheckpointError: a teacher cannot be found or opened.
        ConfigError: a teacher reads other labels.
        DataError: the teachers' texts are missing or broken.
    """
    tags = BioTags.of(material.schema)
    return {
        split: _taught(config.teachers, config.windows, material, tokenizer, tell)
        if config.teachers is not None and split == "train"
        else encode(material.splits[split], tokenizer, tags, config.windows)
        for split in splits
    }


def _taught(
    settings: TeacherSettings,
    windows: WindowSettings,
    material: Material,
    tokenizer: PreTrainedTokenizerBase,
    tell: bool,
) -> Examples:
    """Return the examples of the train split and of the teachers' own texts, with what the teachers read there."""
    from rich.progress import track

    teachers = Teachers.load(settings, material.schema)
    gold = material.splits["train"]
    texts = teachers_texts(settings, material)
    if tell:
        for line in _notes(settings, teachers, material, len(texts)):
            out.print(line, markup=False, soft_wrap=True)
    documents = [*gold, *texts]
    steps = track(
        teachers.read(documents, tokenizer),
        "The teachers read",
        total=len(documents),
        console=err,
        transient=True,
        disable=not (tell and err.is_terminal),
    )
    read = list(steps)
    marked = [document for document, _ in read[len(gold) :]]
    return encode([*gold, *marked], tokenizer, teachers.tags, windows, [mean for _, mean in read])


def teachers_texts(settings: TeacherSettings, material: Material) -> list[Document]:
    """Return the texts that the teachers alone mark, without any that the corpus holds.

    Raises:
        DataError: the file or folder of texts is missing or broken.
    """
    if settings.texts is None:
        return []
    path = rooted(settings.texts)
    given = [one for split in read_corpus(path).values() for one in split] if path.is_dir() else read_documents(path)
    if settings.by_sentence:
        given = [sentence for document in given for sentence in _by_sentence(document)]
    held = {document.text for split in material.splits.values() for document in split}
    texts = list({document.text: document for document in given if document.text not in held}.values())
    if settings.most is not None and settings.most < len(texts):
        texts = random.Random(settings.seed).sample(texts, settings.most)
    return texts


def _by_sentence(document: Document) -> Iterator[Document]:
    for number, (start, end) in enumerate(sentences(document.text), start=1):
        if text := document.text[start:end].strip():
            yield Document(id=f"{document.id}-{number}", text=text)


def _notes(settings: TeacherSettings, teachers: Teachers, material: Material, texts: int) -> Iterator[str]:
    """Say who teaches what, and of which teacher it is not known that it saw none of the held-out documents."""
    count = len(settings.models)
    who = f"{count} models" if count > 1 else "one model"
    yield f"It learns from {who} too" + (f", and from {texts:,} texts that they mark." if texts else ".")
    for name, tagger in zip(settings.models, teachers.taggers, strict=True):
        if tagger.checkpoint.info.corpus.get("manifest_sha256") != material.corpus["manifest_sha256"]:
            yield (
                f"  {name} learned from another corpus: if documents of this one's validation or test split were in "
                "it, the scores below are too good"
            )
