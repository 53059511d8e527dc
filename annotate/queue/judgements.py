"""What the model said of each article, kept in a file: a second `queue` reads only articles that are new to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from annotate.queue.reader import Judgement


class Judgements:
    """The judgements of one model, by the hash of the text that they are of.

    Each is written as soon as it is made, so that a run of hours which breaks off loses nothing. The file may be
    deleted at any time; a line that was broken off is made again.
    """

    def __init__(self, path: Path) -> None:
        """Read what is known.

        Args:
            path: the file, which need not exist.
        """
        self.path = path
        self._known: dict[str, Judgement] = {}
        for line in _lines(path):
            try:
                record = json.loads(line)
                self._known[record["sha256"]] = Judgement(
                    float(record["uncertainty"]),
                    np.array(record["pieces"], dtype=np.int32),
                    np.array(record["weights"], dtype=np.float32),
                )
            except (ValueError, TypeError, KeyError):
                continue
        self._file: TextIO | None = None

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Keep the file open while judgements are added."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+", encoding="utf-8") as file:
            self._file = file
            if file.tell() and not self._ends_whole():
                file.write("\n")
            try:
                yield
            finally:
                self._file = None

    def get(self, sha256: str) -> Judgement | None:
        """Return the judgement of a text, or None."""
        return self._known.get(sha256)

    def add(self, sha256: str, judgement: Judgement) -> None:
        """Keep the judgement of a text."""
        assert self._file is not None, "add within `adding`"
        record = {
            "sha256": sha256,
            "uncertainty": judgement.uncertainty,
            "pieces": judgement.pieces.tolist(),
            "weights": [round(weight, 4) for weight in judgement.weights.tolist()],
        }
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._known[sha256] = judgement

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) == b"\n"


def _lines(path: Path) -> Iterator[str]:
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
