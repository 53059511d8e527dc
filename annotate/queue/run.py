"""What `queue` does for the command line: read what is not annotated, order it, write the order, show it as a view.

python -m annotate queue
python -m annotate queue --limit 200 queue.model=models/mini-2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rich.table import Table

from annotate.client import Client, Project
from annotate.connection import find_connection
from annotate.lock import cache_name
from annotate.predictions import default_model
from annotate.progress import progress
from annotate.project import existing_project
from annotate.queue.clusters import cluster, embed
from annotate.queue.judgements import Judgements
from annotate.queue.numbers import VIEW, WITHOUT_ANNOTATION, Mark, write_marks
from annotate.queue.order import Candidate, batches
from annotate.queue.reader import Judgement, Reader
from annotate.settings import AnnotateSettings, QueueSettings, rooted
from annotate.tasks import Json
from annotate.views import ensure_view
from conflict_ner.checkpoint import weights_sha256
from conflict_ner.console import err, out, quiet_transformers
from conflict_ner.errors import ServiceError
from conflict_ner.text import text_sha256

_SHOWN = 10


@dataclass(frozen=True)
class Waiting:
    """An article without an annotation; its text is not kept."""

    task: int
    title: str
    group: str | None
    mark: Mark
    judgement: Judgement


@dataclass
class Work:
    """What waits for an annotator.

    Attributes:
        articles: those that may be queued.
        copies: near-duplicates of other articles, by task id, with the mark that they bear.
        textless: tasks without a text.
        read: how many the model read in this run; it knew the others.
    """

    articles: list[Waiting] = field(default_factory=list)
    copies: dict[int, Mark] = field(default_factory=dict)
    textless: list[int] = field(default_factory=list)
    read: int = 0


@dataclass(frozen=True)
class Queued:
    """The order that was made: batches of (article, its candidate), in order, no more than the limit."""

    batches: list[list[tuple[Waiting, Candidate]]]
    clusters: int

    def __iter__(self) -> Iterator[tuple[Waiting, Candidate]]:
        return (article for batch in self.batches for article in batch)


def run_queue(settings: AnnotateSettings) -> None:
    """Order the articles that have no annotation, and say what comes first.

    Raises:
        CheckpointError: a checkpoint cannot be found or opened.
        ConfigError: an ensemble or passes with dropout that cannot be.
        ServiceError: no server, no project, a project without tasks, or a refusal.
    """
    with Client(find_connection(settings)) as client:
        # The server is asked first: a project that is not there is told before a model is loaded.
        project = existing_project(client, settings.project.title)
        count = client.count_tasks(project.id, [WITHOUT_ANNOTATION])
        if not count:
            _nothing(client, project)
            return
        quiet_transformers()
        reader = Reader.load(_rooted(settings.queue))
        with progress("Reading articles", count) as step:
            work = Work()
            for _ in read_work(client, project, reader, judgements_of(reader), work):
                step(1)
        queued = order_work(work.articles, reader, settings.queue)
        marks = dict.fromkeys(work.copies, Mark()) | {article.task: Mark() for article in work.articles}
        for place, (article, candidate) in enumerate(queued, start=1):
            marks[article.task] = Mark.at(place, candidate.uncertainty)
        standing = work.copies | {article.task: article.mark for article in work.articles}
        stale = {task: mark for task, mark in marks.items() if mark != standing[task]}
        with progress("Writing the order", len(stale)) as step:
            changed = write_marks(client, project, stale, step)
        ensure_view(client, project.id, VIEW)
        _tell(client, project, settings.queue, work, queued, changed)


def read_work(client: Client, project: Project, reader: Reader, judgements: Judgements, work: Work) -> Iterator[None]:
    """Read the project's tasks without annotation into `work`, page by page; yield after each.

    Args:
        client: the server.
        project: the project.
        reader: judges texts that it has not judged before.
        judgements: what it said before; what it says now is added.
        work: filled.
    """
    with judgements.adding():
        for item in client.tasks(project.id, [WITHOUT_ANNOTATION], "task_only", "id,data"):
            data: Json = item["data"]
            text = data.get("text")
            if not isinstance(text, str) or not text.strip():
                work.textless.append(item["id"])
            elif data.get("duplicate_of"):
                work.copies[item["id"]] = Mark.of(data)
            else:
                sha256 = text_sha256(text)
                judgement = judgements.get(sha256)
                if judgement is None:
                    judgement = reader.judge(text)
                    judgements.add(sha256, judgement)
                    work.read += 1
                title = str(data.get("title") or data.get("doc_id") or f"task {item['id']}")
                group = str(data["group"]) if data.get("group") else None
                work.articles.append(Waiting(item["id"], title, group, Mark.of(data), judgement))
            yield


def order_work(articles: Sequence[Waiting], reader: Reader, settings: QueueSettings) -> Queued:
    """Return the order of the articles, up to the limit of the settings."""
    if not articles:
        return Queued([], 0)
    embeddings = embed([article.judgement for article in articles], reader.vocabulary)
    clusters = cluster(embeddings, settings.cluster, settings.batch, settings.seed).tolist()
    by_task = {article.task: article for article in articles}
    candidates = [
        Candidate(article.task, article.judgement.uncertainty, number, article.group)
        for article, number in zip(articles, clusters, strict=True)
    ]
    found: list[list[tuple[Waiting, Candidate]]] = []
    left = settings.limit
    for batch in batches(candidates, settings.batch):
        found.append([(by_task[candidate.key], candidate) for candidate in islice(batch, left)])
        left -= len(found[-1])
        if not left:
            break
    return Queued(found, len(set(clusters)))


def judgements_of(reader: Reader) -> Judgements:
    """Return what is known of a reader's judgements: the file is named after all that they depend on."""
    settings = reader.settings
    folders = [tagger.checkpoint.folder.resolve() for tagger in (reader.tagger, *reader.others)]
    windows = reader.tagger.checkpoint.info.windows
    name = cache_name(
        folders,
        [weights_sha256(folder) for folder in folders],
        windows,
        settings.spans,
        settings.dropout_passes,
        settings.dropout_passes and settings.seed,
    )
    return Judgements(rooted(settings.folder) / f"{name}.jsonl")


def _rooted(settings: QueueSettings) -> QueueSettings:
    ensemble = tuple(default_model(name) for name in settings.ensemble)
    return settings.model_copy(update={"model": default_model(settings.model), "ensemble": ensemble})


def _nothing(client: Client, project: Project) -> None:
    if not client.count_tasks(project.id, []):
        raise ServiceError(
            f"Project {project.title!r} (id {project.id}) holds no task; fill it with `python -m annotate push`."
        )
    _say(f"Nothing to queue: every task of {project.title!r} has an annotation.")


def _tell(client: Client, project: Project, settings: QueueSettings, work: Work, queued: Queued, changed: int) -> None:
    articles = list(queued)
    table = Table("queue", "article", "uncertainty", "cluster", "batch", title="The first of the queue")
    for place, (batch, (article, candidate)) in enumerate(
        islice(((number, pair) for number, pairs in enumerate(queued.batches, start=1) for pair in pairs), _SHOWN), 1
    ):
        table.add_row(f"{place:04}", article.title, f"{candidate.uncertainty:.3f}", str(candidate.cluster), str(batch))
    if articles:
        out.print(table, markup=False)
    if work.textless:
        names = ", ".join(map(str, work.textless[:_SHOWN]))
        err.print(f"Left out: {len(work.textless)} task(s) without a text, such as {names}.", style="yellow")
    waiting = len(work.articles) - len(articles)
    _say(
        f"Queued {len(articles)} article(s) in {len(queued.batches)} batch(es) of at most {settings.batch}, from "
        f"{queued.clusters} cluster(s); {waiting} more wait for the next `queue`; "
        f"{len(work.copies)} near-duplicate(s) left out. {settings.model} read {work.read} and knew "
        f"{len(work.articles) - work.read}; {changed} task(s) were changed."
    )
    _say(
        f'Annotate at {client.url.rstrip("/")}/projects/{project.id}/data: open the tab "{VIEW.title}", and in the '
        'arrow beside "Label All Tasks" choose "Label Tasks As Displayed".'
    )


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, soft_wrap=True)
