"""The overlap set on a real server: who is given which articles by the label stream, and a project kept in step."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from pydantic import ValidationError

from annotate.client import Client
from annotate.project import ensure_project, load_schema, overlap_sentence
from annotate.settings import Overlap, ProjectSettings
from annotate.tasks import Json, task_data
from conflict_ner.documents import Document
from tests.live import LabelStudio

pytestmark = pytest.mark.live

PASSWORD = "a-password-of-the-tests"


@dataclass
class Annotator:
    """A user who signed up by the team's invitation and works through the label stream, as the page does."""

    http: httpx.Client
    project: int
    read: list[int] = field(default_factory=list)
    seen: list[Json] = field(default_factory=list)

    def work(self, most: int) -> None:
        """Take up to so many tasks, as long as there are any, and submit an empty reading of each."""
        for _ in range(most):
            answer = self.http.get(f"api/projects/{self.project}/next")
            if answer.status_code == 404:
                return
            task = answer.raise_for_status().json()
            self.seen.append(task)
            self.read.append(task["id"])
            self.http.post(f"api/tasks/{task['id']}/annotations/", json={"result": []}).raise_for_status()


@dataclass
class Team:
    """A project of one test's own, and the annotators who sign up."""

    client: Client
    server: LabelStudio
    settings: ProjectSettings

    def ensure(self, annotators: int, percent: int) -> list[str]:
        overlap = Overlap(annotators=annotators, percent=percent)
        settings = self.settings.model_copy(update={"overlap": overlap})
        _, sentences = ensure_project(self.client, settings, load_schema(settings))
        return sentences

    @property
    def project(self) -> int:
        (project,) = self.client.projects(self.settings.title)
        return project.id

    def add(self, first: int, last: int) -> None:
        documents = [Document(id=f"d{number}", text=f"Text {number}.") for number in range(first, last)]
        self.client.import_tasks(self.project, [{"data": task_data(document)} for document in documents])

    def overlaps(self) -> Counter[int]:
        """How many tasks are for how many annotators."""
        items = self.client.tasks(self.project, [], fields="all", include="id,overlap")
        return Counter(item["overlap"] for item in items)

    def sign_up(self) -> Annotator:
        invitation = self.client.get("api/invite")["invite_url"]
        http = httpx.Client(base_url=self.server.connection.url, follow_redirects=True, trust_env=False, timeout=60)
        http.get(invitation).raise_for_status()
        form = {"email": f"{uuid.uuid4().hex[:10]}@example.org", "password": PASSWORD}
        token = {"csrfmiddlewaretoken": http.cookies["csrftoken"]}
        http.post(invitation, data={**form, **token}, headers={"Referer": str(http.base_url)}).raise_for_status()
        http.headers.update({"Referer": str(http.base_url), "X-CSRFToken": http.cookies["csrftoken"]})
        assert http.get("api/current-user/whoami").raise_for_status().json()["email"] == form["email"]
        return Annotator(http, self.project)


@pytest.fixture
def team(label_studio: LabelStudio) -> Iterator[Team]:
    with Client(label_studio.connection) as client:
        yield Team(client, label_studio, ProjectSettings(title=f"overlap {uuid.uuid4().hex[:12]}"))


def test_the_stream_gives_the_share_of_the_articles_to_two_annotators_blind(team: Team) -> None:
    told = team.ensure(2, 50)
    assert told[1] == "50 % of the articles are read by 2 annotators, the others by one."
    team.add(0, 6)
    team.add(6, 10)
    assert team.overlaps() == {2: 5, 1: 5}, "the share is of all articles, also when they come in several pushes"
    ann, bob, cyd = (team.sign_up() for _ in range(3))
    ann.work(4)
    bob.work(20)
    ann.work(20)
    cyd.work(20)
    assert sorted(Counter([*ann.read, *bob.read]).values()) == [1] * 5 + [2] * 5
    assert len(set(ann.read)) == len(ann.read)
    assert len(set(bob.read)) == len(bob.read)
    assert cyd.read == [], "a third annotator is not given what two have read"
    shown = [task for one in (ann, bob) for task in one.seen]
    assert all(task["annotations"] == [] for task in shown), "nobody is shown another one's reading"
    for one in (ann, bob, cyd):
        one.http.close()


def test_a_project_is_kept_in_step_with_the_settings(team: Team) -> None:
    assert len(team.ensure(1, 100)) == 1
    team.add(0, 4)
    assert team.overlaps() == {1: 4}
    seen = []
    for annotators, percent in ((2, 100), (2, 50), (3, 50), (3, 100), (1, 100)):
        told = team.ensure(annotators, percent)
        assert told[1] == f"The overlap differed and was updated. {overlap_sentence(_overlap(annotators, percent))}"
        assert len(team.ensure(annotators, percent)) == 1, "nothing to tell the second time"
        seen.append(dict(team.overlaps()))
    assert seen == [{2: 4}, {2: 2, 1: 2}, {3: 2, 1: 2}, {3: 4}, {1: 4}]
    assert len(team.ensure(1, 30)) == 1, "the share means nothing with one annotator"


def _overlap(annotators: int, percent: int) -> Overlap:
    return Overlap(annotators=annotators, percent=percent)


def test_the_sentence_says_who_reads_what() -> None:
    said = {pair: overlap_sentence(_overlap(*pair)) for pair in itertools.product((1, 2), (0, 20, 100))}
    one = "Each article is read by one annotator."
    assert {pair for pair, sentence in said.items() if sentence == one} == {(1, 0), (1, 20), (1, 100), (2, 0)}
    assert said[2, 100] == "Each article is read by 2 annotators."
    assert said[2, 20].startswith("20 % of the articles are read by 2 annotators")


def test_label_studio_takes_whole_percents_alone() -> None:
    with pytest.raises(ValidationError):
        Overlap.model_validate({"annotators": 2, "percent": 12.5})
