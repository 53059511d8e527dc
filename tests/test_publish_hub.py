"""Publishing to a hub: a dry run, one commit of a checkpoint's own files, and what a hub refuses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from typer.testing import CliRunner

from conflict_ner.checkpoint import weights_sha256
from conflict_ner.errors import ConfigError, ServiceError
from tests import hub as hubs
from tests import small_models
from tests.conftest import Trained
from tests.published import copy_run, tree
from train.__main__ import app
from train.hub import Destination
from train.publish import Publication, own_files, publish_and_tell


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[hubs.Hub]:
    """A hub on this machine, with a token for it."""
    with hubs.running() as found:
        monkeypatch.setattr(constants, "ENDPOINT", found.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
        yield found


def test_a_dry_run_tells_all_and_does_nothing(trained: Trained, hub: hubs.Hub, tmp_path: Path) -> None:
    run = copy_run(trained, tmp_path)
    before = tree(tmp_path)
    arguments = [
        "--name",
        "new",
        "--to",
        str(tmp_path / "models"),
        "--push-to-hub",
        "team/mini",
        "--private",
        "--dry-run",
    ]
    done = CliRunner().invoke(app, ["publish", str(run), *arguments])
    assert done.exit_code == 0, done.output
    assert tree(tmp_path) == before
    assert hub.asked == []
    for told in (
        "would be copied",
        "team/mini (private)",
        "model.safetensors",
        "MB",
        "--licence names one",
        "A dry run",
    ):
        assert told in done.output, told


def push(publication: Publication, private: bool = True, revision: str | None = None) -> None:
    publish_and_tell(
        publication.source.parent / "run",
        name="mini",
        to=publication.source.parent / "pushed",
        licence="apache-2.0",
        destination=Destination("team/mini", private, revision),
    )


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the hub's own client, of its own upload
def test_a_push_is_one_commit_of_the_checkpoints_own_files(publication: Publication, hub: hubs.Hub) -> None:
    (publication.source / "notes.txt").write_text("not for others")
    push(publication)
    repository = hub.repositories["models/team/mini"]
    assert repository.private
    assert len(repository.commits) == 1
    assert hub.tokens == {"Bearer hf_of_the_tests", None}  # None: the upload of a large file has its own address
    assert set(repository.files) == {path.name for path in own_files(publication.source)}
    assert repository.files["model.safetensors"] == (publication.source / "model.safetensors").read_bytes()
    assert 'load("team/mini")' in repository.files["README.md"].decode()
    for name in ("README.md", "train.yaml", "conflict_ner.json", "config.json"):
        assert str(publication.source.parent).encode() not in repository.files[name], name
        assert b"/tmp" not in repository.files[name], name

    repository.files |= {"vocab.txt": b"of an earlier model", "picture.png": b"of a person", ".gitattributes": b""}
    push(publication, revision="next")
    assert len(repository.commits) == 2
    assert "vocab.txt" not in repository.files
    assert {"picture.png", ".gitattributes"} <= set(repository.files)
    assert "POST /api/models/team/mini/branch/next" in hub.asked
    assert "POST /api/models/team/mini/commit/next" in hub.asked


def test_what_the_hub_holds_is_not_overwritten(publication: Publication, hub: hubs.Hub) -> None:
    hub.repositories["datasets/team/mini"] = hubs.Repository()
    with pytest.raises(ServiceError, match="is a dataset on the hub"):
        push(publication)
    hub.repositories = {"models/team/mini": hubs.Repository(files={"flax_model.msgpack": b""})}
    with pytest.raises(ServiceError, match="another kind of model"):
        push(publication)
    hub.repositories = {"models/team/mini": hubs.Repository()}
    with pytest.raises(ServiceError, match="is public, and --private was asked for"):
        push(publication)
    assert not [asked for asked in hub.asked if asked.startswith("POST")]


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/models/team/mini", 401, "hf auth login.* Nothing was sent"),
        ("/api/repos/create", 403, "write access.* Nothing was sent"),
        ("/api/models/team/mini/commit/main", 403, "Nothing was committed. The repository was made and is empty"),
        ("/team/mini.git/info/lfs/objects/batch", 413, "413.* larger than the hub takes.* Nothing was committed"),
    ],
)
def test_a_hub_that_refuses_is_told_with_a_remedy(
    publication: Publication, hub: hubs.Hub, path: str, status: int, told: str
) -> None:
    hub.refuse = {path: status}
    with pytest.raises(ServiceError, match=told) as caught:
        push(publication)
    assert "hf_of_the_tests" not in str(caught.value)
    assert all(not repository.files for repository in hub.repositories.values())


def test_without_token_or_network_nothing_is_written(trained: Trained, tmp_path: Path) -> None:
    run = copy_run(trained, tmp_path)
    before = tree(tmp_path)
    line = [sys.executable, "-m", "train", "publish", str(run), "--to", str(tmp_path / "models"),
            "--push-to-hub", "team/mini"]  # fmt: skip
    home = {"HF_HOME": str(tmp_path / "home"), "HF_TOKEN": ""}
    for environment, told in (
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE forbids"),
        ({"HF_HUB_OFFLINE": "0"}, "there is no token"),
    ):
        done = small_models.run(line, cwd=small_models.ROOT, **home | environment)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert told in done.stderr
    assert tree(tmp_path) == before


def test_a_hub_that_is_not_there_is_told_after_the_local_copy_stands(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
    with pytest.raises(ServiceError, match=r"could not be sent to http://127.0.0.1:9 .*Nothing was sent"):
        push(publication)
    assert weights_sha256(publication.source.parent / "pushed" / "mini") == weights_sha256(publication.source)


@pytest.mark.parametrize("name", ["mini", "team/mini/x", "team/mi ni"])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(ConfigError, match="--push-to-hub"):
        Destination(name)


def test_private_and_revision_are_of_a_repository() -> None:
    done = CliRunner().invoke(app, ["publish", "runs/none", "--private"])
    assert isinstance(done.exception, ConfigError)
