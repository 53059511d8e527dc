"""annotate/queue: who is asked about first, and the way of that order into a real Label Studio."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push
from annotate.project import existing_project
from annotate.queue import run as run_module
from annotate.queue.clusters import cluster, embed
from annotate.queue.judgements import Judgements
from annotate.queue.numbers import VIEW, Mark, write_marks
from annotate.queue.order import Candidate, batches
from annotate.queue.reader import PIECES, Judgement, Reader
from annotate.queue.run import run_queue
from annotate.queue.uncertainty import disagreement, doubt
from annotate.session import RequestError
from annotate.settings import ROOT, AnnotateSettings, Overlap, ProjectSettings, QueueSettings
from annotate.tasks import Json
from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, Span, read_documents, write_documents
from conflict_ner.errors import CheckpointError, ConfigError, ServiceError
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import NEXT_WORD, SAME_WORD, Tokens, tokenize
from tests.conftest import Trained
from tests.live import LabelStudio

TAGS = BioTags(("O", "B-PLACE", "I-PLACE"))


def tokens_of(*joints: int) -> Tokens:
    """Return pieces of two characters, one after the other."""
    count = len(joints)
    starts = np.arange(count, dtype=np.int64) * 3
    return Tokens(
        np.arange(count, dtype=np.int64), starts, starts + 2, np.ones(count, np.bool_), np.array(joints, np.int8)
    )


def emissions_of(*rows: tuple[float, float, float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.log(np.array(rows, dtype=np.float32))


# -- uncertainty ----------------------------------------------------------------------------------------


def test_an_article_is_as_unsure_as_its_least_sure_decisions() -> None:
    tokens = tokens_of(*[NEXT_WORD] * 4)
    emissions = emissions_of((0.09, 0.9, 0.01), (0.98, 0.01, 0.01), (0.3, 0.6, 0.1), (0.75, 0.2, 0.05))
    # Spans of score 0.9 and 0.6, words left out with P(O) of 0.98 and 0.75: doubts 0.1, 0.02, 0.4 and 0.25.
    assert doubt(emissions, tokens, TAGS, 1) == pytest.approx(0.4, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 2) == pytest.approx((0.4 + 0.25) / 2, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 9) == pytest.approx((0.4 + 0.25 + 0.1 + 0.02) / 4, abs=1e-5)


def test_an_article_without_a_span_is_unsure_of_what_it_may_miss() -> None:
    sure = doubt(emissions_of((0.99, 0.005, 0.005)), tokens_of(NEXT_WORD), TAGS, 5)
    unsure = doubt(emissions_of((0.55, 0.4, 0.05)), tokens_of(NEXT_WORD), TAGS, 5)
    assert sure == pytest.approx(0.01, abs=1e-4)
    assert unsure == pytest.approx(0.45, abs=1e-4)
    assert doubt(np.zeros((0, 3), np.float32), tokens_of(), TAGS, 5) == 0.0


def test_a_word_counts_once_however_many_pieces_it_has() -> None:
    tokens = tokens_of(NEXT_WORD, SAME_WORD, NEXT_WORD)
    emissions = emissions_of((0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.9, 0.05, 0.05))
    assert doubt(emissions, tokens, TAGS, 1) == pytest.approx(0.3, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 2) == pytest.approx((0.3 + 0.1) / 2, abs=1e-5)


def test_readings_disagree_by_their_strict_f1() -> None:
    one, two = Span(start=0, end=4, label="PLACE"), Span(start=6, end=9, label="PLACE")
    other = Span(start=6, end=9, label="DATE")
    assert disagreement([[one, two], [one, two]]) == 0
    assert disagreement([[one, two], [one, other]]) == pytest.approx(0.5)
    assert disagreement([[one], [one], []]) == pytest.approx(2 / 3)
    assert disagreement([[], []]) == 0
    assert disagreement([[one]]) == 0


# -- order ----------------------------------------------------------------------------------------------


def test_a_batch_takes_the_least_sure_of_each_cluster_and_group() -> None:
    candidates = [
        Candidate(1, 0.9, cluster=0, group="march"),
        Candidate(2, 0.8, cluster=0),
        Candidate(3, 0.7, cluster=1, group="march"),
        Candidate(4, 0.6, cluster=2),
        Candidate(5, 0.6, cluster=3),
        Candidate(6, 0.1, cluster=4),
    ]
    found = [[candidate.key for candidate in batch] for batch in batches(candidates, 3)]
    assert found == [[1, 4, 5], [2, 3, 6]]


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        key=st.integers(0, 10**6),
        uncertainty=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        cluster=st.integers(0, 4),
        group=st.sampled_from([None, None, "a", "b"]),
    ),
    unique_by=lambda candidate: candidate.key,
    max_size=30,
)


@given(candidates=CANDIDATES, size=st.integers(1, 6), draw=st.randoms(use_true_random=False))
def test_batches_hold_every_article_once_and_no_two_alike(candidates: list[Candidate], size: int, draw: Any) -> None:
    found = list(batches(candidates, size))
    assert sorted(candidate.key for batch in found for candidate in batch) == sorted(c.key for c in candidates)
    for number, batch in enumerate(found):
        assert 0 < len(batch) <= size
        assert len({candidate.cluster for candidate in batch}) == len(batch)
        groups = [candidate.group for candidate in batch if candidate.group]
        assert len(set(groups)) == len(groups)
        # The first of each batch is the least sure of all that were left.
        assert batch[0].uncertainty == max(candidate.uncertainty for rest in found[number:] for candidate in rest)
    shuffled = list(candidates)
    draw.shuffle(shuffled)
    assert list(batches(shuffled, size)) == found


# -- clusters -------------------------------------------------------------------------------------------


def about(pieces: list[int], weights: list[float]) -> Judgement:
    return Judgement(0.5, np.array(pieces, np.int32), np.array(weights, np.float32))


def test_articles_with_the_same_names_fall_into_one_cluster_whatever_else_they_share() -> None:
    vocabulary = np.random.default_rng(0).normal(size=(60, 16)).astype(np.float32)
    # Pieces 0 to 9 stand in every article; 10 to 14 in the articles on one event, 20 to 24 in those on another.
    common = list(range(10))
    judgements = [
        about([*common, *range(first, first + 5), 40 + number], [1.0] * 10 + [0.9] * 5 + [0.2])
        for number, first in enumerate([10, 20, 10, 20, 10, 20, 10, 20])
    ]
    found = cluster(embed(judgements, vocabulary), size=4, least=2, seed=0)
    assert len(set(found[::2])) == len(set(found[1::2])) == 1
    assert found[0] != found[1]
    # What stands in every article tells nothing of one.
    alone = embed([about(common, [1.0] * 10), about(common, [3.0] * 10)], vocabulary)
    assert np.allclose(alone, 0)


def test_there_are_as_many_clusters_as_a_batch_needs_and_never_more_than_articles() -> None:
    points = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    assert len(set(cluster(points, size=5, least=4, seed=0))) == 8
    assert len(set(cluster(points, size=5, least=20, seed=0))) == 20
    assert cluster(points[:3], size=5, least=20, seed=0).tolist() == [0, 1, 2]
    assert len(set(cluster(np.zeros((40, 8), np.float32), size=5, least=4, seed=0))) == 1
    assert cluster(points, size=5, least=4, seed=3).tolist() == cluster(points, size=5, least=4, seed=3).tolist()


# -- the reader -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tagger(trained: Trained) -> Tagger:
    return Tagger.load(trained.model, device="cpu")


def test_a_judgement_tells_what_the_article_is_about(tagger: Tagger, gold: list[Document]) -> None:
    reader = Reader(tagger, (), QueueSettings())
    judgement = reader.judge(gold[0].text)
    assert 0 < judgement.uncertainty < 1
    assert len(judgement.pieces) == len(set(judgement.pieces.tolist())) <= PIECES
    weights = dict(zip(judgement.pieces.tolist(), judgement.weights.tolist(), strict=True))
    (tokens,) = tokenize([gold[0].text], tagger.checkpoint.tokenizer)
    surest = max(tagger.tag([gold[0].text])[0], key=lambda span: span.score or 0)
    within = tokens.ids[(surest.start <= tokens.starts) & (tokens.ends <= surest.end)]
    # Where a piece is taken for a part of a span, it is not taken for what stands outside of all.
    assert max(weights.get(int(piece), 0.0) for piece in within) >= (surest.score or 0) - 1e-3 > 0
    again = reader.judge(gold[0].text)
    assert again.uncertainty == judgement.uncertainty
    assert again.weights.tolist() == judgement.weights.tolist()
    empty = reader.judge("")
    assert (empty.uncertainty, len(empty.pieces)) == (0.0, 0)


def test_an_ensemble_adds_its_disagreement(tagger: Tagger, trained: Trained, gold: list[Document]) -> None:
    twin = Tagger.load(trained.model, device="cpu")
    text = gold[0].text
    own = Reader(tagger, (), QueueSettings()).judge(text).uncertainty
    settings = QueueSettings(ensemble=(str(trained.model),))
    assert Reader(tagger, (twin,), settings).judge(text).uncertainty == pytest.approx(own / 2)
    model: Any = twin.checkpoint.model
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.eye(len(twin.tags.names))[twin.tags.ids["O"]])
    assert Reader(tagger, (twin,), settings).judge(text).uncertainty == pytest.approx((own + 1) / 2)


def test_passes_with_dropout_disagree_and_leave_the_model_as_it_was(trained: Trained, gold: list[Document]) -> None:
    settings = QueueSettings(dropout_passes=3, seed=4)
    plain = Tagger.load(trained.model, device="cpu")
    with pytest.raises(ConfigError, match=r"queue\.dropout_passes is 3, .* has no dropout"):
        Reader(plain, (), settings)
    text = gold[0].text
    own = Reader(plain, (), QueueSettings()).judge(text).uncertainty
    for module in plain.checkpoint.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.4
    before = torch.random.get_rng_state()
    reader = Reader(plain, (), settings)
    found = [reader.judge(text).uncertainty for _ in range(2)]
    assert found[0] == found[1] > own / 2
    assert torch.equal(torch.random.get_rng_state(), before)
    assert Reader(plain, (), QueueSettings()).judge(text).uncertainty == own


def test_an_ensemble_of_another_schema_is_refused(trained: Trained, five_labels: LabelSchema) -> None:
    one, two = Tagger.load(trained.model, device="cpu"), Tagger.load(trained.model, device="cpu")
    two.tags = BioTags.of(five_labels)
    with pytest.raises(ConfigError, match=r"queue\.ensemble: 'models/other' has the tags"):
        Reader(one, (two,), QueueSettings(ensemble=("models/other",)))


def test_judgements_are_kept_and_a_broken_line_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "judgements.jsonl"
    first = Judgements(path)
    with first.adding():
        first.add("a", about([3, 9], [0.5, 0.25]))
        first.add("b", about([], []))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"sha256": "c", "uncer')
    second = Judgements(path)
    with second.adding():
        assert second.get("c") is None
        second.add("c", about([1], [1.0]))
    third = Judgements(path)
    known = third.get("a")
    assert known is not None
    assert (known.uncertainty, known.pieces.tolist(), known.weights.tolist()) == (0.5, [3, 9], [0.5, 0.25])
    assert [third.get(name) is not None for name in "abcd"] == [True, True, True, False]


# -- on a real server -----------------------------------------------------------------------------------


@dataclass
class Team:
    """A project of one test's own, with a small model to order its work."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    @property
    def project(self) -> int:
        return existing_project(self.client, self.settings.project.title).id

    def push(self, documents: list[Document], **options: Any) -> None:
        path = self.folder / "documents.jsonl"
        write_documents(path, documents)
        run_push(self.settings, PushRequest(path, **options))

    def queue(self, **changes: Any) -> None:
        settings = self.settings.queue.model_copy(update=changes)
        run_queue(self.settings.model_copy(update={"queue": settings}))

    def tasks(self) -> dict[str, Json]:
        parts = "id,data,updated_at,is_labeled,total_annotations,annotations,predictions"
        return {item["data"]["doc_id"]: item for item in self.client.tasks(self.project, [], "all", parts)}

    def numbers(self) -> dict[str, str]:
        """Return the number of each queued document, the first of the queue first."""
        found = {name: item["data"]["queue"] for name, item in self.tasks().items() if item["data"]["queue"]}
        return dict(sorted(found.items(), key=lambda pair: pair[1]))

    def view(self) -> Json:
        (found,) = [
            view
            for view in self.client.get("api/dm/views", {"project": self.project})
            if view["data"]["title"] == VIEW.title
        ]
        return dict(found)

    def displayed(self) -> list[str]:
        """Return the documents as the view shows them."""
        query = {"view": self.view()["id"], "fields": "task_only", "include": "id,data", "page_size": 100}
        return [item["data"]["doc_id"] for item in self.client.get("api/tasks", query)["tasks"]]

    def next(self) -> str | None:
        """Return the document that the page gives after "Label Tasks As Displayed"; it sends filters and ordering."""
        view = self.view()
        body = {"filters": view["data"]["filters"], "ordering": view["data"]["ordering"]}
        path = f"api/dm/actions?id=next_task&project={self.project}&tabID={view['id']}"
        try:
            return str(self.client.write("POST", path, body)["data"]["doc_id"])
        except RequestError as error:
            assert error.status == 404
            return None

    def annotate(self, name: str, user: int = 1) -> None:
        assert self.client.create_annotation(self.tasks()[name]["id"], user, str(uuid.uuid4()), [], 2.5)


@pytest.fixture
def team(label_studio: LabelStudio, trained: Trained, tmp_path: Path) -> Iterator[Team]:
    project = ProjectSettings(title=f"queue {uuid.uuid4().hex[:12]}")
    queue = QueueSettings(model=str(trained.model), folder=tmp_path / "queue", batch=3, cluster=2)
    settings = label_studio.settings.model_copy(update={"project": project, "queue": queue})
    with Client(label_studio.connection) as client:
        yield Team(settings, client, tmp_path)


@pytest.fixture(scope="module")
def articles() -> list[Document]:
    """Twelve articles: the seeds, their halves, a near-duplicate, and one without a span."""
    seeds = read_articles(ROOT / "seeds")
    halves = [
        Document.from_raw(f"{seed.id}-{number}", part, meta=seed.meta.model_copy(update={"title": f"Half {number}"}))
        for seed in seeds[:3]
        for number, part in enumerate((seed.text[: len(seed.text) // 5], seed.text[-len(seed.text) // 5 :]))
    ]
    copy = Document.from_raw("copy", "Another headline.\n\n" + seeds[0].text, meta=seeds[0].meta)
    return [*seeds, *halves, copy]


@pytest.mark.live
def test_the_order_stands_in_the_data_and_the_label_stream_follows_it(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str]
) -> None:
    team.push(articles)
    annotated = articles[1].id
    team.annotate(annotated)
    before = team.tasks()
    team.queue()
    printed = capsys.readouterr().out
    after = team.tasks()
    numbers = team.numbers()
    # Ten and more, so that an order by text would show.
    assert list(numbers.values()) == [f"{place:04}" for place in range(1, 11)]
    assert set(numbers) == {document.id for document in articles} - {annotated, "copy"}
    assert "Queued 10 article(s)" in printed
    assert "1 near-duplicate(s) left out" in printed
    # Nothing but the two fields has changed, and nothing at all where there is an annotation.
    for name, item in after.items():
        changed = {key for key in item if item[key] != before[name][key]} - {"updated_at"}
        assert changed == ({"data"} if name in numbers else set())
        assert {**item["data"], "queue": "", "uncertainty": ""} == before[name]["data"]
    # At most one of a group in a batch; the first batch holds two or three articles.
    groups = {document.id: document.meta.group for document in articles}
    one, two, *_ = (groups[name] for name in numbers)
    assert one != two
    assert team.displayed() == list(numbers)
    served = []
    for _ in range(4):
        following = team.next()
        assert following is not None
        served.append(following)
        team.annotate(following)
    assert served == list(numbers)[:4]
    assert team.displayed() == list(numbers)[4:]
    # The hash still fits the text: what was annotated comes home.
    run_pull(team.settings, PullRequest(team.folder / "pulled.jsonl"))
    assert {document.id for document in read_documents(team.folder / "pulled.jsonl")} == {annotated, *served}
    # The next queue begins with 1 again, reads nothing anew, and leaves what is annotated alone.
    capsys.readouterr()
    team.queue()
    assert "read 0 and knew 6" in capsys.readouterr().out
    renumbered = {name: number for name, number in team.numbers().items() if name not in served}
    assert sorted(renumbered.values()) == [f"{place:04}" for place in range(1, 7)]
    assert [name for name in team.numbers() if name in served] == [name for name in numbers if name in served]
    stamps = {name: item["updated_at"] for name, item in team.tasks().items()}
    capsys.readouterr()
    team.queue()
    assert "0 task(s) were changed" in capsys.readouterr().out
    assert {name: item["updated_at"] for name, item in team.tasks().items()} == stamps


@pytest.mark.live
def test_the_limit_clears_the_others_and_an_article_for_two_stays_until_both_have_read_it(
    team: Team, articles: list[Document]
) -> None:
    team.settings = team.settings.model_copy(
        update={"project": team.settings.project.model_copy(update={"overlap": Overlap(annotators=2, percent=100)})}
    )
    team.push(articles[:6])
    team.queue()
    all_six = team.numbers()
    team.queue(limit=2)
    assert list(team.numbers().items()) == list(all_six.items())[:2]
    assert len([item for item in team.tasks().values() if item["data"]["uncertainty"]]) == 2
    first, second = team.displayed()
    team.annotate(first)
    assert team.displayed() == [first, second], "the second annotator finds it in the queue"
    assert team.next() == second, "the first annotator does not get it again"
    team.annotate(first, user=team.client.create_user(f"{uuid.uuid4().hex}@example.org"))
    assert team.displayed() == [second]


@pytest.mark.live
def test_broken_off_half_way_the_same_command_finishes(
    team: Team, articles: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    team.push(articles[:6])
    written = 0
    write = Client.write

    def failing(self: Client, method: str, path: str, *rest: Any, **options: Any) -> Any:
        nonlocal written
        if method == "PATCH" and path.startswith("api/tasks/"):
            written += 1
            if written > 2:
                raise RequestError("The connection broke", status=None)
        return write(self, method, path, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "write", failing)
        with pytest.raises(RequestError):
            team.queue()
    assert list(team.numbers().values()) == ["0001", "0002"]
    team.queue()
    assert list(team.numbers().values()) == [f"{place:04}" for place in range(1, 7)]
    assert team.displayed() == list(team.numbers())


@pytest.mark.live
def test_an_answer_that_never_came_is_sent_again_and_a_task_annotated_meanwhile_is_left_alone(
    team: Team, articles: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    team.push(articles[:3])
    one, two, three = (team.tasks()[document.id]["id"] for document in articles[:3])
    team.annotate(articles[1].id)
    write = Client.write
    lost: list[str] = []

    def losing(self: Client, method: str, path: str, *rest: Any, **options: Any) -> Any:
        answer = write(self, method, path, *rest, **options)
        if not lost:
            lost.append(path)
            raise RequestError("The connection broke", uncertain=True)
        return answer

    monkeypatch.setattr(Client, "write", losing)
    monkeypatch.setattr("annotate.delivery.PAUSES", (0.0, 0.0, 0.0))
    project = existing_project(team.client, team.settings.project.title)
    marks = {one: Mark("0001", "0.900"), two: Mark("0002", "0.500"), three: Mark("0003", "0.100")}
    assert write_marks(team.client, project, marks) == 2
    assert lost == [f"api/tasks/{one}/"]
    assert list(team.numbers().items()) == [(articles[0].id, "0001"), (articles[2].id, "0003")]


@pytest.mark.live
def test_what_is_wrong_is_told_in_a_sentence(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServiceError, match=r"no project titled .*; make it with `python -m annotate push`"):
        team.queue()
    team.push(articles[:1])
    with pytest.raises(CheckpointError, match="There is no folder"):
        team.queue(model="models/none-of-this-name")
    team.annotate(articles[0].id)
    capsys.readouterr()
    # All that is left to do is nothing, and no model is loaded for it.
    monkeypatch.setattr(run_module, "Reader", None)
    team.queue(model="models/none-of-this-name")
    assert "Nothing to queue" in capsys.readouterr().out
    team.client.delete_task(team.tasks()[articles[0].id]["id"])
    with pytest.raises(ServiceError, match=r"holds no task; fill it with `python -m annotate push`"):
        team.queue()


@pytest.mark.live
def test_a_task_without_a_text_is_left_out(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str]
) -> None:
    team.push(articles[:2])
    team.client.import_tasks(team.project, [{"data": {"doc_id": "foreign", "text": " \n", "queue": ""}}])
    team.queue()
    assert set(team.numbers()) == {articles[0].id, articles[1].id}
    assert f"1 task(s) without a text, such as {team.tasks()['foreign']['id']}" in capsys.readouterr().err


def test_the_command_line_names_its_rules() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "annotate", "queue", "queue.spans=0", "queue.modle=x", "--limit", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "queue.spans" in done.stderr
    assert "did you mean 'model'" in done.stderr
    assert "Traceback" not in done.stderr


# -- the simulation -------------------------------------------------------------------------------------


def test_the_simulation_counts_the_spans_to_the_goal(tmp_path: Path) -> None:
    from benchmarks import queue_simulation as simulation

    path = tmp_path / "points.jsonl"
    scores = {"random": [0.6, 0.8], "queue": [0.7, 0.9]}
    records = [simulation.Point(0, "first", 20, 200, 0.4, 1.0), simulation.Point(0, "full", 300, 3000, 1.0, 1.0)]
    for strategy, found in scores.items():
        for budget, f1 in zip(simulation.BUDGETS[1:], found, strict=True):
            records.append(simulation.Point(0, strategy, budget, 10 * budget, f1, 1.0))
    path.write_text("\n".join([*(json.dumps(vars(record)) for record in records), '{"seed": 1, "stra']))
    points = simulation.read_points(path)
    assert len(points) == len(records)
    # From 0.8 at 1,400 spans to 1.0 at 3,000: 0.95 lies at 2,600; from 0.9 at 1,400 it lies at 2,200.
    assert simulation.enough(points, "random", 0) == pytest.approx(2600)
    assert simulation.enough(points, "queue", 0) == pytest.approx(2200)
    assert simulation.enough(points, "queue", 1) is None
    drawn = simulation.draw({strategy: simulation.mean_line(points, strategy) for strategy in scores})
    assert drawn.count("<polyline") >= 3
    assert "queue order" in drawn
