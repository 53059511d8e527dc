"""Does an export find what PyTorch finds? Spans are compared one by one on the same texts."""

from __future__ import annotations

from collections.abc import Sequence

from conflict_ner.checkpoint import Checkpoint
from conflict_ner.errors import CheckpointError, DataError
from conflict_ner.runtime.engine import TorchEngine
from conflict_ner.runtime.exported import Parity, Precision
from conflict_ner.runtime.openvino import OpenVinoEngine
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import tokenize

LEAST_SPANS = 20
LEAST_AGREEMENT: dict[Precision, float] = {"fp32": 0.99, "bf16": 0.97, "int8": 0.93}
"""Share of the spans, as F1, that must be the same for an export to be kept."""


def compare(checkpoint: Checkpoint, engine: OpenVinoEngine, texts: Sequence[str]) -> Parity:
    """Read texts with PyTorch and with an export, and count the spans that are the same.

    Raises:
        DataError: PyTorch finds too few spans in the texts to say anything.
    """
    reference = Tagger(checkpoint, engine=TorchEngine(checkpoint.model, "cpu"))
    found, theirs = reference.tag(texts), Tagger(checkpoint, engine=engine).tag(texts)
    same = torch_only = engine_only = 0
    for own, other in zip(found, theirs, strict=True):
        ours, others = {span.key for span in own}, {span.key for span in other}
        same += len(ours & others)
        torch_only += len(ours - others)
        engine_only += len(others - ours)
    if same + torch_only < LEAST_SPANS:
        raise DataError(
            f"The model finds {same + torch_only} spans in the {len(texts)} texts of the check, and fewer than "
            f"{LEAST_SPANS} prove nothing; name articles of its domain with --check FILES."
        )
    tokens = sum(len(pieces) for pieces in tokenize(texts, checkpoint.tokenizer))
    return Parity(
        texts=len(texts),
        tokens=tokens,
        same=same,
        torch_only=torch_only,
        engine_only=engine_only,
        computed_in=engine.precision,
    )


def require(parity: Parity, precision: Precision, bound: float | None) -> None:
    """Refuse an export that does not find the same.

    Args:
        parity: what was counted.
        precision: of the export.
        bound: least agreement, 0 to 1; None takes that of the precision.

    Raises:
        CheckpointError: it agrees less.
    """
    least = LEAST_AGREEMENT[precision] if bound is None else bound
    if parity.agreement < least:
        raise CheckpointError(
            f"The {precision} export does not read as torch does, and is not kept: {parity.told()}; "
            f"at least {least:.1%} is wanted. "
            "Take a higher precision (fp32 is the highest), or lower the bound with --least."
        )
