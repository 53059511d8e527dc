"""What the tokenizer of a run lost before training began, and how much text it made of the corpus."""

from __future__ import annotations

from dataclasses import dataclass

from conflict_ner.checkpoint import find_encoder
from conflict_ner.errors import CheckpointError
from conflict_ner.spans import BioTags, Loss
from train.run_report.finished import Finished


@dataclass(frozen=True)
class AlignedSplit:
    """One split as tokens.

    Attributes:
        documents: how many.
        spans: gold spans.
        tokens: pieces, overlaps counted once.
        windows: pieces are read in so many.
        lost: (document id, loss) of each span that the tokens cannot represent.
    """

    documents: int
    spans: int
    tokens: int
    windows: int
    lost: tuple[tuple[str, Loss], ...]


def align(finished: Finished) -> dict[str, AlignedSplit]:
    """Cut the corpus of a run as its training did.

    Returns:
        Split -> what became of it.

    Raises:
        CheckpointError: neither the model nor the encoder is there to ask its tokenizer.
    """
    from transformers import AutoTokenizer

    from train.examples import encode

    encoder = finished.settings.encoder
    folder = finished.checkpoint or find_encoder(encoder.name, encoder.revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"The tokenizer of {str(folder)!r} cannot be opened: {error}") from error
    tags = BioTags.of(finished.schema)
    encoded = {
        split: encode(documents, tokenizer, tags, finished.settings.windows)
        for split, documents in finished.corpus.items()
    }
    return {
        split: AlignedSplit(
            documents=len(examples.documents),
            spans=sum(len(one.document.spans) for one in examples.documents),
            tokens=examples.pieces,
            windows=len(examples.features),
            lost=tuple(examples.lost),
        )
        for split, examples in encoded.items()
    }
