"""The live model's parts by themselves: its secret, addresses, commands, trainings, and the image that holds it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from annotate.backend.model import LiveModel
from annotate.backend.registration import backend_url
from annotate.backend.secret import Secret, read_secret
from annotate.backend.training import Trainings, training_commands
from annotate.settings import ROOT, BackendSettings, read_settings
from conflict_ner.config import read_config
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema
from tests.backends import SECONDS, TEXT, VARIABLE, WAIT, basic, wait_for
from tests.conftest import Trained
from train.config import TrainConfig
from train.corpus import CorpusConfig


def test_only_the_secret_opens() -> None:
    secret = Secret("label-studio", "s3cret-of-the-tests")
    assert secret.opens("Bearer s3cret-of-the-tests")
    assert secret.opens(basic("label-studio", "s3cret-of-the-tests"))
    wrong = [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer s3cret-of-the-test",
        "s3cret-of-the-tests",
        "Basic s3cret-of-the-tests",
    ]
    wrong += [basic("other", "s3cret-of-the-tests"), basic("label-studio", ""), "Basic ä", "Bearer ä", "Bearer \udcff"]
    assert not any(secret.opens(header) for header in wrong)
    # The webhook's key counts events, and opens nothing; the secret cannot be read off it.
    assert secret.nudges(f"Bearer {secret.nudge}")
    assert not secret.opens(f"Bearer {secret.nudge}")
    assert not secret.nudges("Bearer s3cret-of-the-tests")
    assert secret.value not in secret.nudge + repr(secret)


@pytest.mark.parametrize("value", ["", "short", "with a blank in its midst", "ümlaut-ümlaut-ümlaut"])
def test_a_secret_that_is_none_is_refused_with_the_command_that_makes_one(value: str) -> None:
    with pytest.raises(ConfigError, match=r"openssl rand -hex 20") as refused:
        read_secret(BackendSettings(), {VARIABLE: value})
    assert VARIABLE in str(refused.value)
    assert not value or value not in str(refused.value)


def test_the_commands_of_a_training_are_filled_in() -> None:
    places = {
        "python": "/usr/bin/python3",
        "folder": "'/a b'",
        "settings": shlex.join(["server.port=8090", "a=['x y']"]),
    }
    lines = ["{python} -m annotate pull {folder}/documents.jsonl {settings}", "", "echo 'x  y'"]
    assert training_commands(lines, places) == [
        ["/usr/bin/python3", "-m", "annotate", "pull", "/a b/documents.jsonl", "server.port=8090", "a=['x y']"],
        ["echo", "x  y"],
    ]
    with pytest.raises(ConfigError, match=r"\{pyton\} is unknown; \{\.\.\.\} may be folder, python, settings"):
        training_commands(["{pyton} x"], places)
    with pytest.raises(ConfigError, match="No closing quotation"):
        training_commands(["echo 'x"], places)


def test_the_commands_that_are_shipped_fit_the_programs_that_they_call() -> None:
    backend = read_settings().backend
    places = {"python": "python", "folder": "runs/backend", "model": "models/mini", "settings": "server.port=8090"}
    pull, corpus, train = training_commands(backend.training, places)
    assert pull == shlex.split("python -m annotate pull runs/backend/documents.jsonl --skip-bad server.port=8090")
    assert corpus[:5] == shlex.split("python -m train corpus configs/corpus/team.yaml")
    assert train[:3] == shlex.split("python train/train.py configs/train/mini.yaml")
    made = read_config(ROOT / corpus[4], CorpusConfig, corpus[5:])
    used = read_config(ROOT / train[2], TrainConfig, train[3:])
    assert made.sources["team"] == pull[4]
    assert (used.corpus, used.output, used.resume) == (made.output, Path("models/mini"), False)
    # With its default places the file says the same as the command does.
    assert read_config(ROOT / "configs/corpus/team.yaml", CorpusConfig) == made


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (BackendSettings(), "http://127.0.0.1:9090"),
        (BackendSettings(host="::1", port=9), "http://[::1]:9"),
        (BackendSettings(host="0.0.0.0", url="https://models.example.org/ner/"), "https://models.example.org/ner"),
    ],
)
def test_the_address_that_label_studio_calls(settings: BackendSettings, url: str) -> None:
    assert backend_url(settings) == url


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (BackendSettings(host="0.0.0.0"), "backend.url=http://ADDRESS:PORT"),
        (BackendSettings(host="::"), "none to call"),
        (BackendSettings(url="models.example.org:9090"), "has to look like"),
        (BackendSettings(url="http://me:word@models.example.org"), "without a name or a password"),
    ],
)
def test_an_address_that_nobody_can_call_is_refused(settings: BackendSettings, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        backend_url(settings)


def test_a_text_that_breaks_the_model_spoils_no_other(trained: Trained, schema: LabelSchema) -> None:
    """The fault is put in: no text is known that breaks tokenizer or model."""
    model = LiveModel(str(trained.model), schema)
    tag = model._model.extractor.tagger.tag

    def fault(texts: list[str]) -> Any:
        if any("poison" in text for text in texts):
            raise RuntimeError("the model broke")
        return tag(texts)

    model._model.extractor.tagger.tag = fault  # type: ignore[method-assign, assignment]
    try:
        texts = [TEXT.format(1), "poison", TEXT.format(2)]
        found = model.predict([{"id": n, "data": {"text": text}} for n, text in enumerate(texts)]).result(SECONDS)
        assert [bool(item["result"]) for item in found] == [True, False, True]
        # A defect of ours ends the request, not the thread.
        model._model.extractor.extract = None  # type: ignore[method-assign, assignment]
        broken = model.predict([{"id": 1, "data": {"text": "x"}}])
        assert broken.result(SECONDS) == [{"model_version": model.version, "result": []}]
    finally:
        model.close()


def test_a_training_holds_its_place_whatever_becomes_of_it(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    trainings = Trainings(tmp_path / "runs", [[sys.executable, "-c", WAIT, str(gate)]], tmp_path)
    first, started = trainings.start(os.environ)
    assert (started, first.state) == (True, "running")
    # The line with the command stands in the log before the command runs.
    wait_for(lambda: "42000" in first.log.read_text(encoding="utf-8"), "the training begins")
    # Its runner dies, and the command goes on: that is a training which runs, and there is no second one.
    os.kill(first.pid, signal.SIGKILL)
    again, started = trainings.start(os.environ)
    assert (started, again.pid, again.log) == (False, first.pid, first.log)
    gate.touch()
    assert (
        wait_for(lambda: (last := trainings.last()) and last.state != "running" and last, "it ends").state
        == "broken off"
    )
    second, started = trainings.start(os.environ)
    assert started
    ended = wait_for(lambda: (last := trainings.last()) and last.state != "running" and last, "the second ends")
    assert (ended.state, ended.exit_code, ended.pid) == ("succeeded", 0, second.pid)
    missing = Trainings(tmp_path / "runs", [["no-such-program"]], tmp_path)
    missing.start(os.environ)
    ended = wait_for(lambda: (last := missing.last()) and last.state != "running" and last, "the third ends")
    assert (ended.state, ended.exit_code) == ("failed", 127)
    assert any("no-such-program cannot be run" in line for line in ended.tail)
    with pytest.raises(ConfigError, match=r"backend\.training names no commands"):
        Trainings(tmp_path, [], tmp_path).start(os.environ)


def test_the_image_holds_what_the_backend_needs() -> None:
    """The Dockerfile copies what is there, and the context that it is built from lets that in."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    copied = [word.rstrip("/") for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    let_in = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    assert all((ROOT / name).exists() for name in copied)
    assert {name.partition("/")[0] for name in copied} == let_in
    assert {"annotate", "conflict_ner", "train", "configs", "seeds"} <= let_in
    assert ".env" not in let_in
