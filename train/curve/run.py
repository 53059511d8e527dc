"""What would a hundred more documents bring? `python -m train curve configs/train/curve.yaml`.

The same training on nested random parts of the train split, each with several seeds, scored on the same validation and
test documents. Each run has a folder of its own; one that is finished is not trained again by the same command.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conflict_ner.console import out, quiet_transformers
from conflict_ner.errors import ConfigError
from conflict_ner.files import replacing_file
from conflict_ner.intervals import ALL_LABELS
from conflict_ner.spans import BioTags
from train.compare import FEW
from train.config import require_one_process
from train.curve.config import ALL, CurveConfig
from train.curve.law import sentence
from train.curve.parts import part
from train.curve.plot import plot
from train.curve.results import CURVE_FILE, PLOT_FILE, CurveResult, Point, strict_f1, table
from train.encoder import load_encoder
from train.examples import encode
from train.fine_tune import SCORED, fine_tune
from train.material import Material
from train.output import write_json
from train.run import Run

if TYPE_CHECKING:
    from conflict_ner.documents import Document
    from train.config import TrainConfig

_SECONDS_FILE = "seconds.json"


@dataclass(frozen=True)
class Planned:
    """One run: what it is trained on, and whether it is finished already."""

    size: int
    seed: int
    config: TrainConfig
    material: Material
    windows: int
    done: bool

    @property
    def readings(self) -> int:
        """Windows that are gone through in training, each time counted."""
        return self.windows * int(self.config.trainer["num_train_epochs"])


def curve(config: CurveConfig) -> CurveResult:
    """Train and score run after run, and sum them up.

    Raises:
        ConfigError: the corpus has too few documents for a curve, or nothing to score on.
        DataError, CheckpointError: as a training does.
    """
    require_one_process("curve")
    material = Material.of(config)
    runs = _plan(config, material)
    Run(config.run_folder).keep_config(config)
    _tell_cost(runs)
    points: list[Point] = []
    spent, read = 0.0, 0
    left = sum(one.readings for one in runs if not one.done)
    for number, one in enumerate(runs, start=1):
        count = len(one.material.splits["train"])
        out.print(f"\n[bold]Run {number} of {len(runs)}[/bold]: {count:,} documents, seed {one.seed}")
        if one.done:
            out.print("is finished, and was trained on the same; its scores are taken as they are")
        else:
            begin = time.monotonic()
            _train(config, one)
            spent, read = spent + time.monotonic() - begin, read + one.readings
            left -= one.readings
            if left:
                out.print(f"About {_duration(spent / read * left)} left.")
        points.append(_point(one))
    scored = {split: len(material.splits[split]) for split in points[0].f1}
    return CurveResult.of(config.name, config.corpus, points, scored, config.more)


def curve_and_tell(config: CurveConfig) -> None:
    """Run `curve`, write table and plot, and tell what more documents would bring."""
    quiet_transformers()
    result = curve(config)
    folder = config.run_folder
    write_json(result, folder / CURVE_FILE)
    with replacing_file(folder / PLOT_FILE) as temporary:
        temporary.write_text(plot(result), encoding="utf-8")
    for split, gains in result.gains.items():
        out.print(f"\nStrict F1 on {split}, mean ± standard deviation of the runs:")
        out.print(table(result, split))
        out.print(sentence(gains[ALL_LABELS], split), markup=False, soft_wrap=True)
        if result.scored[split] < FEW:
            out.print(f"But {split} holds {result.scored[split]} document(s), whose luck is not in the range.")
    out.print()
    out.print(
        "The law is that of Hestness et al. 2017; its range holds the luck of runs, not of the documents scored on."
    )
    for title, path in (("Curve", folder / CURVE_FILE), ("Plot", folder / PLOT_FILE)):
        out.print(f"{title + ':':7}{path}", markup=False, soft_wrap=True)


def _plan(config: CurveConfig, material: Material) -> list[Planned]:
    """Return the runs, the smallest first, so that a mistake shows early."""
    documents = material.splits["train"]
    if not any(material.splits.get(split) for split in SCORED):
        raise ConfigError(f"The corpus {config.corpus} has neither a validation nor a test split to score on.")
    tokenizer = load_encoder(config, material.schema).tokenizer
    encoded = encode(documents, tokenizer, BioTags.of(material.schema), config.windows).documents
    windows = {one.document.id: len(one.windows) for one in encoded}
    sizes = _sizes(config, documents)
    return [_planned(config, material, size, seed, windows) for size in sizes for seed in config.seeds]


def _sizes(config: CurveConfig, documents: Sequence[Document]) -> list[int]:
    """Return the sizes that can be had, and tell which cannot: the corpus is too small, or a group too large."""
    wanted = sorted({len(documents) if size == ALL else int(size) for size in config.sizes})
    parts: dict[tuple[int, ...], int] = {}
    for size in (size for size in wanted if size <= len(documents)):
        # With the same numbers of documents as a smaller size, nested parts are the same ones.
        parts.setdefault(tuple(len(part(documents, size, seed)) for seed in config.seeds), size)
    beyond = [f"{size:,}" for size in wanted if size not in parts.values()]
    if beyond:
        out.print(
            f"Left out: {', '.join(beyond)} document(s); the train split has {len(documents):,}, and the articles on "
            "one event are not parted.",
            style="yellow",
        )
    if len(parts) < 2:
        raise ConfigError(
            f"sizes {list(config.sizes)}: a curve needs two sizes, and the train split of {config.corpus}, with "
            f"{len(documents)} document(s), has but {len(parts)} of these. Give sizes that it has, or annotate more."
        )
    return list(parts.values())


def _planned(config: CurveConfig, material: Material, size: int, seed: int, windows: Mapping[str, int]) -> Planned:
    taken = part(material.splits["train"], size, seed)
    count = sum(windows[document.id] for document in taken)
    own = config.of_run(size, seed, count)
    parts = material.with_splits({**material.splits, "train": taken})
    run = Run(own.run_folder)
    done = run.finished and config.resume is not False and run.has(own, parts.splits)
    return Planned(size, seed, own, parts, count, done)


def _tell_cost(runs: Sequence[Planned]) -> None:
    new = [one for one in runs if not one.done]
    readings = sum(one.readings for one in new)
    whole = max(one.windows for one in runs)
    out.print(
        f"{len(runs)} runs of {runs[0].size:,} to {runs[-1].size:,} documents; {len(runs) - len(new)} are finished. "
        f"The others go through {readings:,} windows of text, as many as {readings / whole:.0f} epochs of the whole "
        "train split" + ("; the time left is told after the first." if new else ".")
    )


def _train(config: CurveConfig, one: Planned) -> None:
    """Train one run anew; what is left of one that was cut short, or was trained on something else, is thrown away."""
    run = Run(one.config.run_folder)
    outcome = fine_tune(one.config.model_copy(update={"resume": False}), one.material)
    if outcome is None:
        raise ConfigError("A curve is trained in one process; start it by python -m train curve, without torchrun.")
    with replacing_file(run.folder / _SECONDS_FILE) as temporary:
        temporary.write_text(json.dumps(outcome.seconds) + "\n", encoding="utf-8")
    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
    if not config.keep_models:
        shutil.rmtree(one.config.output_folder, ignore_errors=True)
    run.remember(one.config, one.material.splits)


def _point(one: Planned) -> Point:
    documents = one.material.splits["train"]
    run = Run(one.config.run_folder)
    seconds = run.folder / _SECONDS_FILE
    return Point(
        size=one.size,
        seed=one.seed,
        documents=len(documents),
        spans=sum(len(document.spans) for document in documents),
        seconds=json.loads(seconds.read_text(encoding="utf-8")) if seconds.is_file() else None,
        f1={split: strict_f1(scores) for split, scores in run.scores().items()},
    )


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes / 60:.1f} hours" if minutes > 90 else f"{max(minutes, 1):.0f} min"
