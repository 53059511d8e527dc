"""How often do the rules tell a count's casualty type, and what are their weights?

python benchmarks/casualty_types.py [--fit]

Scores conflict_ner/normalise/counts/casualties.py on the casualty types of all counts of the synthetic reports and of
the five articles, by type, on the three quarters of the reports that the rules were made from (by the hash of the
report's id) and on the quarter that was set aside. `--fit` fits the weights anew on the three quarters, writes them to
conflict_ner/normalise/data/casualty_weights.txt, and scores those.

The model is a conditional logit: each voice (a cue near the count, or a type's own) has the sum of its reasons'
weights; a type's probability is the share of its voices' exponentials. Fitted by L-BFGS with a Gaussian prior.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from conflict_ner.documents import Document, Span, read_documents  # noqa: E402
from conflict_ner.normalise.counts import casualties  # noqa: E402
from conflict_ner.normalise.counts.cues import TYPES  # noqa: E402
from conflict_ner.schema import LabelSchema  # noqa: E402
from train.readings import read_sources  # noqa: E402

WEIGHTS = ROOT / "conflict_ner/normalise/data/casualty_weights.txt"
RAREST = 4  # counts that a reason must be met in
PRIOR = 0.7
HEADER = f"""\
# How loud each reason speaks for a casualty type: see conflict_ner/normalise/counts/casualties.py.
# Source: fitted by benchmarks/casualty_types.py --fit on three quarters of seeds/synthetic (prior {PRIOR}, reasons
# met in fewer than {RAREST} counts left out); same licence as the project. A row: reason | weight
"""

Weights = NDArray[np.float64]
Counted = list[tuple[Document, Span]]


def counts(documents: Iterable[Document]) -> Counted:
    """Return all counts with the document that each stands in."""
    return [(document, span) for document in documents for span in document.spans if span.label == "CASUALTY_COUNT"]


def is_set_aside(document: Document) -> bool:
    """Tell whether a report belongs to the quarter that no rule was made from."""
    return hashlib.sha256(document.id.encode()).digest()[0] % 4 == 0


def fit(counted: Counted) -> dict[str, float]:
    """Return the weights under which the gold types are most probable."""
    heard = [list(casualties.voices(document.text, span.start, span.end)) for document, span in counted]
    met = Counter(reason for voices in heard for reason in {reason for _, reasons in voices for reason in reasons})
    names = {reason: number for number, reason in enumerate(sorted(name for name in met if met[name] >= RAREST))}
    rows: list[int] = []
    columns: list[int] = []
    owners: list[int] = []
    kinds: list[int] = []
    for owner, voices in enumerate(heard):
        for kind, reasons in voices:
            for reason in reasons:
                if reason in names:
                    rows.append(len(owners))
                    columns.append(names[reason])
            owners.append(owner)
            kinds.append(TYPES.index(kind))
    matrix = scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(owners), len(names)))
    of, told = np.array(owners), np.array(kinds)
    gold = np.array([TYPES.index(span.attributes["casualty_type"]) for _, span in counted])

    def loss(weights: Weights) -> tuple[float, Weights]:
        points = np.exp(np.clip(matrix @ weights, -30, 30))
        sums = np.zeros((len(gold), len(TYPES)))
        np.add.at(sums, (of, told), points)
        right, total = sums[np.arange(len(gold)), gold], sums.sum(axis=1)
        slope = points / total[of] - np.where(told == gold[of], points / right[of], 0)
        value = float(np.log(total).sum() - np.log(right).sum() + PRIOR * weights @ weights)
        return value, matrix.T @ slope + 2 * PRIOR * weights

    found = scipy.optimize.minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return {name: round(float(found.x[number]), 2) for name, number in names.items()}


def report(title: str, counted: Counted) -> None:
    """Print the share right, and recall and precision by type."""
    gold = [span.attributes["casualty_type"] for _, span in counted]
    begin = time.perf_counter()
    told = [casualties.casualty_type(document.text, span) for document, span in counted]
    spent = (time.perf_counter() - begin) / max(1, len(counted))
    right = sum(one == other for one, other in zip(gold, told, strict=True))
    print(f"{title}: {right} of {len(gold)} right ({right / len(gold):.1%}), {spent * 1e6:.0f} us a count")
    for kind in TYPES:
        hits = sum(one == other == kind for one, other in zip(gold, told, strict=True))
        print(
            f"  {kind:12} {gold.count(kind):5} in the gold, recall {_share(hits, gold.count(kind))}, "
            f"precision {_share(hits, told.count(kind))}"
        )


def _share(hits: int, of: int) -> str:
    return f"{hits / of:.3f}" if of else "-"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, where that is asked for, and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the weights anew and write them")
    options = parser.parse_args(arguments)
    schema = LabelSchema.load(ROOT / "configs/labels.yaml")
    readings, _ = read_sources({"synthetic": str(ROOT / "seeds/synthetic/*.marked")}, schema)
    reports = [reading.document for reading in readings]
    made_from = counts(document for document in reports if not is_set_aside(document))
    if options.fit:
        weights = fit(made_from)
        lines = [f"{name} | {weight:g}\n" for name, weight in weights.items() if weight]
        WEIGHTS.write_text(HEADER + "".join(lines), encoding="utf-8")
        casualties._weights.cache_clear()
    report("three quarters", made_from)
    report("the quarter set aside", counts(document for document in reports if is_set_aside(document)))
    report("the five articles", counts(read_documents(ROOT / "seeds/gold.jsonl", schema)))


if __name__ == "__main__":
    main()
