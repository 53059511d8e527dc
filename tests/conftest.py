"""Fixtures that more than one test file uses."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from annotate.connection import KEY_VARIABLE, URL_VARIABLE
from conflict_ner.documents import Document, read_documents
from conflict_ner.schema import LabelSchema
from tests import postgresql as database
from tests import small_models
from tests.live import LabelStudio, running, server_folder, server_overrides, use_postgresql

if TYPE_CHECKING:
    from train.publish import Publication

# Nothing here asks a hub; and two PyTorch processes must not spin against each other.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Who is started in the background by a shell ignores Ctrl-C, and so would every command that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine may stall at any moment, which says nothing about the code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the live tests run on another database."""
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where the tests' servers keep their data",
    )


@pytest.fixture(scope="session")
def schema() -> LabelSchema:
    """The project's own labels."""
    return LabelSchema.load(Path("configs/labels.yaml"))


@pytest.fixture(scope="session")
def gold(schema: LabelSchema) -> list[Document]:
    """The five seed articles with their adjudicated spans."""
    return read_documents(Path("seeds/gold.jsonl"), schema)


@pytest.fixture(scope="session")
def five_labels() -> LabelSchema:
    """Another domain's labels, to prove that the schema is data."""
    return LabelSchema.load(Path("tests/data/five-labels.yaml"))


@dataclass(frozen=True)
class Trained:
    """A finished training: its configuration, its folder, and what it printed."""

    config: Path
    encoder: Path
    corpus: Path
    model: Path
    run: Path
    printed: str


@pytest.fixture(scope="session")
def small_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder of two small layers."""
    return small_models.save_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def seed_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of configs/corpus/seeds.yaml: three articles to train on, one each for validation and test."""
    from conflict_ner.config import read_config
    from train.corpus import CorpusConfig, build_corpus

    folder = tmp_path_factory.mktemp("corpus") / "seeds"
    build_corpus(read_config(Path("configs/corpus/seeds.yaml"), CorpusConfig, [f"output={folder}"]))
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path, seed_corpus: Path) -> Trained:
    """A small model trained by `python train/train.py` from a folder that is not the repository."""
    folder = tmp_path_factory.mktemp("trained")
    config = small_models.write_config(folder / "small.yaml", small_encoder, seed_corpus)
    done = small_models.run(small_models.command(config.name), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return Trained(config, small_encoder, seed_corpus, folder / "model", folder / "run", done.stdout + done.stderr)


@pytest.fixture(scope="session")
def publication(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The small model as it is published."""
    from tests.published import make_publication

    return make_publication(trained, tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def bulk_model(tmp_path_factory: pytest.TempPathFactory, schema: LabelSchema) -> Path:
    """A small model that was never trained, for bulk runs."""
    from tests.bulk_runs import save_model

    return save_model(tmp_path_factory.mktemp("bulk") / "model", schema)


@pytest.fixture(scope="session")
def bulk_whole(bulk_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What thirty articles come to in one run."""
    from tests.bulk_runs import whole_run

    return whole_run(bulk_model, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[database.Cluster]:
    """A real PostgreSQL; without one the test is skipped."""
    with database.cluster() as running_cluster:
        yield running_cluster


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what a push remembers out of the developer's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Put all servers on PostgreSQL when `--database postgresql` says so."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    cluster = request.getfixturevalue("cluster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.VARIABLE, cluster.password)
        use_postgresql(cluster)
        yield
        use_postgresql(None)


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """One real Label Studio for the whole session; a test makes its own project in it and leaves others alone."""
    with running(server_overrides(server_folder(tmp_path_factory.mktemp("label-studio")))) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_server_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from a server that the developer's own shell names."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture(autouse=True)
def _cache_of_the_tests(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what pushes remember out of the developer's own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
