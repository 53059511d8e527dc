"""How many annotated spans the queue saves: the synthetic reports are annotated in its order and in random order.

python benchmarks/queue_simulation.py run
python benchmarks/queue_simulation.py table

Gold stands in for the annotators. A fixed test set is held out; of the others, both orders begin with the same
random reports. At each budget a new model is trained from the pretrained encoder on what is annotated so far and
scored; in the queue's order that model then chooses the next reports, by the code of `python -m annotate queue`.
Each point is written as soon as it is known, and a second run goes on where the first was broken off. Several
processes may share the work: `run --seeds 0`, `run --seeds 1`.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import typer

from annotate.settings import QueueSettings
from conflict_ner.config import read_config
from conflict_ner.console import new_app, out, quiet_transformers, run
from conflict_ner.documents import Document
from conflict_ner.schema import LabelSchema
from conflict_ner.tagger import Tagger
from train.config import TrainConfig

ROOT = Path(__file__).resolve().parents[1]
POINTS = ROOT / "runs" / "queue-simulation" / "points.jsonl"
CURVE = ROOT / "docs" / "queue-curve.svg"
TEST, POOL = 120, 300  # reports
BUDGETS = (20, 60, 140)  # reports annotated when a model is trained; then the whole pool
RANDOM, QUEUE, FULL = "random", "queue", "full"
STRATEGIES = {
    RANDOM: "random order",
    QUEUE: "queue order",
    "uncertainty": "uncertainty alone",
    "diversity": "diversity alone",
}
SHARE = 0.95  # of the full-data score
# The default recipe, changed for few reports: four a step, and a hundred steps at least.
BATCH, EPOCHS, STEPS = 4, 6, 100
RECIPE = (
    f"trainer.per_device_train_batch_size={BATCH}",
    "trainer.learning_rate=4.0e-4",
    "trainer.save_strategy='no'",
    "trainer.logging_strategy='no'",
    "trainer.disable_tqdm=true",
)

app = new_app("Simulate the annotators' work in the queue's order and in random order.")
Points = Annotated[Path, typer.Option(help="Where the points are kept.")]


@dataclass(frozen=True)
class Point:
    """One trained model: how much was annotated for it, and its strict micro F1 on the test reports."""

    seed: int
    strategy: str
    documents: int
    spans: int
    f1: float
    seconds: float


@app.command("run")
def simulate(
    seeds: Annotated[str, typer.Option(help="Seeds, comma-separated.")] = "0,1,2",
    strategies: Annotated[str, typer.Option(help=f"Of {', '.join(STRATEGIES)}.")] = f"{RANDOM},{QUEUE}",
    points: Points = POINTS,
) -> None:
    """Train at each budget; what is known already is not trained again."""
    quiet_transformers()
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    pool, test = read_reports(schema)
    for seed in map(int, seeds.split(",")):
        simulation = Simulation(schema, pool, test, seed, points)
        simulation.train(FULL, pool)
        for strategy in strategies.split(","):
            simulation.follow(strategy)


@app.command()
def table(points: Points = POINTS, curve: Annotated[Path, typer.Option(help="The curve as SVG.")] = CURVE) -> None:
    """Print what is known so far, and draw it."""
    known = read_points(points)
    lines = {strategy: line for strategy in STRATEGIES if len(line := mean_line(known, strategy)) > 1}
    out.print(f"{'':20} {'reports':>8} {'spans':>8} {'F1 mean':>8} {'lowest':>8} {'highest':>8} {'seeds':>6}")
    for strategy, line in lines.items():
        for dot in line:
            out.print(
                f"{STRATEGIES[strategy]:20} {dot.documents:8} {dot.spans:8.0f} {dot.mean:8.3f} {dot.low:8.3f} "
                f"{dot.high:8.3f} {dot.seeds:6}"
            )
    for strategy in lines:
        needed = [spans for seed in sorted({point.seed for point in known}) if (spans := enough(known, strategy, seed))]
        if needed:
            spread = f"{min(needed):.0f} to {max(needed):.0f}, " if len(needed) > 1 else ""
            out.print(
                f"{STRATEGIES[strategy]}: {statistics.mean(needed):.0f} spans to {SHARE:.0%} of the full-data score "
                f"({spread}{len(needed)} seed(s))"
            )
    if lines:
        curve.parent.mkdir(parents=True, exist_ok=True)
        curve.write_text(draw(lines), encoding="utf-8")
        out.print(f"Curve: {curve}")


def read_reports(schema: LabelSchema) -> tuple[list[Document], list[Document]]:
    """Return the pool and the test reports: the same ones whatever the seed, and no group on both sides."""
    from train.readings import read_sources
    from train.splits import Selection, split_documents

    readings, _ = read_sources({"synthetic": str(ROOT / "seeds" / "synthetic" / "*.marked")}, schema)
    splits = split_documents(readings, Selection(fraction=TEST / len(readings)), Selection(), seed=1)
    shuffled = sorted(splits["train"], key=lambda document: document.id)
    random.Random(1).shuffle(shuffled)
    return shuffled[:POOL], splits["test"]


class Simulation:
    """One seed: which reports both orders begin with, and how each model begins and is trained."""

    def __init__(
        self, schema: LabelSchema, pool: Sequence[Document], test: Sequence[Document], seed: int, points: Path
    ) -> None:
        self.schema = schema
        self.pool = list(pool)
        self.test = test
        self.seed = seed
        self.points = points
        self.orders = points.parent / "orders"
        random.Random(seed).shuffle(self.pool)

    def follow(self, strategy: str) -> None:
        """Train at each budget of one order."""
        taken = self.pool[: BUDGETS[0]]
        for budget, following in zip(BUDGETS, (*BUDGETS[1:], None), strict=True):
            chosen = self._remembered(strategy, following)
            # The first model is the same whatever the order.
            label = strategy if budget > BUDGETS[0] else "first"
            tagger = self.train(label, taken, needed=strategy != RANDOM and following is not None and chosen is None)
            if following is None:
                return
            if chosen is None:
                chosen = self._choose(strategy, taken, following - budget, tagger)
                self._remember(strategy, following, chosen)
            by_id = {document.id: document for document in self.pool}
            taken = [*taken, *(by_id[name] for name in chosen)]

    def train(self, strategy: str, documents: Sequence[Document], needed: bool = False) -> Tagger | None:
        """Train on `documents`, score, and write the point; a known point is trained only where its model is needed."""
        place = (self.seed, strategy, len(documents))
        known = {(point.seed, point.strategy, point.documents) for point in read_points(self.points)}
        if place in known and not needed:
            return None
        begin = time.perf_counter()
        tagger = fine_tune(documents, self.schema, self.seed)
        spans = sum(len(document.spans) for document in documents)
        point = Point(self.seed, strategy, len(documents), spans, score(tagger, self.test), time.perf_counter() - begin)
        if place not in known:
            self.points.parent.mkdir(parents=True, exist_ok=True)
            with self.points.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(point)) + "\n")
        out.print(f"{time.strftime('%H:%M:%S')} {json.dumps(asdict(point))}", markup=False, soft_wrap=True)
        return tagger

    def _choose(self, strategy: str, taken: Sequence[Document], count: int, tagger: Tagger | None) -> list[str]:
        """Return the ids of the next reports."""
        held = {document.id for document in taken}
        waiting = [document for document in self.pool if document.id not in held]
        if strategy == RANDOM:
            return [document.id for document in waiting[:count]]
        assert tagger is not None
        return [waiting[place].id for place in queued(tagger, waiting, strategy, self.seed)[:count]]

    def _file(self, strategy: str, budget: int) -> Path:
        return self.orders / f"{self.seed}-{strategy}-{budget}.json"

    def _remember(self, strategy: str, budget: int, chosen: Sequence[str]) -> None:
        from conflict_ner.files import replacing_file

        with replacing_file(self._file(strategy, budget)) as temporary:
            temporary.write_text(json.dumps(list(chosen)), encoding="utf-8")

    def _remembered(self, strategy: str, budget: int | None) -> list[str] | None:
        path = self._file(strategy, budget) if budget is not None else None
        return json.loads(path.read_text(encoding="utf-8")) if path is not None and path.is_file() else None


def queued(tagger: Tagger, documents: Sequence[Document], strategy: str, seed: int) -> list[int]:
    """Return the places of `documents` in the order of the queue, or of one half of what makes it."""
    from annotate.queue.clusters import cluster, embed
    from annotate.queue.order import Candidate, batches
    from annotate.queue.reader import Reader

    settings = QueueSettings(seed=seed)
    reader = Reader(tagger, (), settings)
    judgements = [reader.judge(document.text) for document in documents]
    doubts = [judgement.uncertainty for judgement in judgements]
    clusters = list(range(len(documents)))
    if strategy != "uncertainty":
        found = cluster(embed(judgements, reader.vocabulary), settings.cluster, settings.batch, seed)
        clusters = [int(number) for number in found]
    if strategy == "diversity":
        doubts = [random.Random(f"{seed} {document.id}").random() for document in documents]
    candidates = [
        Candidate(place, doubt, number, document.meta.group)
        for place, (doubt, number, document) in enumerate(zip(doubts, clusters, documents, strict=True))
    ]
    return [candidate.key for batch in batches(candidates, settings.batch) for candidate in batch]


def fine_tune(documents: Sequence[Document], schema: LabelSchema, seed: int) -> Tagger:
    """Train a new model on `documents` by the default recipe, and return it for reading."""
    from transformers import DataCollatorForTokenClassification, PrinterCallback, Trainer

    from conflict_ner.checkpoint import Checkpoint, CheckpointInfo
    from conflict_ner.spans import BioTags
    from train.config import training_arguments
    from train.encoder import load_encoder
    from train.examples import encode

    with tempfile.TemporaryDirectory() as folder:
        epochs = max(EPOCHS, -(-STEPS * BATCH // len(documents)))
        overrides = [*RECIPE, f"trainer.num_train_epochs={epochs}", f"seed={seed}", f"run={folder}"]
        config = read_config(ROOT / "configs" / "train" / "mini.yaml", TrainConfig, overrides)
        encoder = load_encoder(config, schema)
        tokenizer, tags = encoder.tokenizer, BioTags.of(schema)
        trainer = Trainer(
            model=encoder.model,
            args=training_arguments(config, has_validation=False),
            data_collator=DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=8),
            train_dataset=encode(documents, tokenizer, tags, config.windows).features,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        trained: Any = trainer.model
        checkpoint = Checkpoint(Path(folder), trained, tokenizer, tags, CheckpointInfo(windows=config.windows))
        return Tagger(checkpoint)


def score(tagger: Tagger, documents: Sequence[Document]) -> float:
    """Return the strict micro F1."""
    from conflict_ner.matching import merged, micro, strict

    found = tagger.tag([document.text for document in documents])
    return micro(merged(strict(document.spans, spans) for document, spans in zip(documents, found, strict=True))).f1


# -- what came out -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dot:
    """One budget of one order over the seeds."""

    documents: int
    spans: float
    mean: float
    low: float
    high: float
    seeds: int


def read_points(path: Path) -> list[Point]:
    """Return the points known so far; a line that was broken off is none."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            found.append(Point(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def line_of(points: Sequence[Point], strategy: str, seed: int) -> list[Point]:
    """Return one seed's points of one order, by budget: the first and the last are those of all orders."""
    own = {
        point.documents: point for point in points if point.seed == seed and point.strategy in {strategy, "first", FULL}
    }
    return [own[documents] for documents in sorted(own)]


def mean_line(points: Sequence[Point], strategy: str) -> list[Dot]:
    """Return the mean over the seeds at each budget; nothing for an order that was not followed."""
    if not any(point.strategy == strategy for point in points):
        return []
    by_budget: defaultdict[int, list[Point]] = defaultdict(list)
    for seed in sorted({point.seed for point in points}):
        for point in line_of(points, strategy, seed):
            by_budget[point.documents].append(point)
    return [_dot(documents, found) for documents, found in sorted(by_budget.items())]


def _dot(documents: int, found: Sequence[Point]) -> Dot:
    scores = [point.f1 for point in found]
    spans = statistics.mean(point.spans for point in found)
    return Dot(documents, spans, statistics.mean(scores), min(scores), max(scores), len(found))


def enough(points: Sequence[Point], strategy: str, seed: int) -> float | None:
    """Return how many spans a seed's order took to the wanted share of its full-data score, by straight lines
    between its budgets; None while budgets are missing."""
    line = line_of(points, strategy, seed)
    if [point.documents for point in line] != [*BUDGETS, POOL]:
        return None
    goal = SHARE * line[-1].f1
    if line[0].f1 >= goal:
        return float(line[0].spans)
    for before, after in pairwise(line):
        if after.f1 >= goal:
            return before.spans + (after.spans - before.spans) * (goal - before.f1) / (after.f1 - before.f1)
    return None


def draw(lines: dict[str, list[Dot]]) -> str:
    """Return the curve as SVG: F1 over annotated spans, the mean as a line and the spread as a band."""
    wide, high, edge = 720, 420, 60
    most = max(dot.spans for line in lines.values() for dot in line)
    lowest = int(10 * min(dot.low for line in lines.values() for dot in line)) / 10
    colours = dict(zip(STRATEGIES, ("#777777", "#0b6bcb", "#c2571a", "#2e8b57"), strict=True))

    def place(spans: float, f1: float) -> str:
        x = edge + (wide - 2 * edge) * spans / most
        y = high - edge - (high - 2 * edge) * (f1 - lowest) / (1 - lowest)
        return f"{x:.1f},{y:.1f}"

    def text(spans: float, f1: float, words: str, dx: int, dy: int, anchor: str) -> str:
        x, y = place(spans, f1).split(",")
        return f'<text x="{float(x) + dx:.1f}" y="{float(y) + dy:.1f}" text-anchor="{anchor}">{words}</text>'

    parts = list(_axes(place, text, most, lowest))
    for strategy, line in lines.items():
        colour = colours[strategy]
        band = [place(dot.spans, dot.high) for dot in line] + [place(dot.spans, dot.low) for dot in reversed(line)]
        parts.append(f'<polygon points="{" ".join(band)}" fill="{colour}" fill-opacity="0.15"/>')
        middle = " ".join(place(dot.spans, dot.mean) for dot in line)
        parts.append(f'<polyline points="{middle}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for number, strategy in enumerate(lines):
        y = high - edge - 20 - 18 * number
        parts.append(f'<rect x="{wide - 230}" y="{y - 9}" width="12" height="12" fill="{colours[strategy]}"/>')
        parts.append(f'<text x="{wide - 212}" y="{y + 2}">{STRATEGIES[strategy]}</text>')
    if RANDOM in lines:
        goal = SHARE * lines[RANDOM][-1].mean
        ends = place(0, goal), place(most, goal)
        parts.append(f'<polyline points="{" ".join(ends)}" fill="none" stroke="#999999" stroke-dasharray="4 4"/>')
        parts.append(text(0, goal, f"{SHARE:.0%} of the full-data score", 6, -5, "start"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, f'<rect width="{wide}" height="{high}" fill="white"/>', *parts, "</svg>"]) + "\n"


def _axes(place: Any, text: Any, most: float, lowest: float) -> Iterator[str]:
    for tenth in range(round(10 * lowest), 11):
        ends = place(0, tenth / 10), place(most, tenth / 10)
        yield f'<polyline points="{" ".join(ends)}" fill="none" stroke="#e5e5e5"/>'
        yield text(0, tenth / 10, f"{tenth / 10:.1f}", -8, 4, "end")
    step = 1000 if most > 3000 else 500
    for spans in range(0, int(most) + 1, step):
        yield text(spans, lowest, f"{spans:,}", 0, 18, "middle")
    yield text(most / 2, lowest, "annotated spans", 0, 38, "middle")
    yield text(0, 1, "strict F1 on held-out reports (mean and range of the seeds)", -30, -18, "start")


if __name__ == "__main__":
    run(app, "benchmarks/queue_simulation.py")
