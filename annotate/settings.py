"""Settings of the annotation side, read from `configs/annotate.yaml` with `key=value` overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from conflict_ner.config import ConfigModel, read_config

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_CONFIG = ROOT / "configs" / "annotate.yaml"


class PostgreSQL(ConfigModel):
    """Where a PostgreSQL database is reached; the password comes from an environment variable."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    name: str = "label_studio"
    user: str = "label_studio"
    password_variable: str = "POSTGRES_PASSWORD"


class ServerSettings(ConfigModel):
    """The Label Studio server that `annotate up` starts."""

    version: str = "1.23.2"
    venv: Path = Path(".venv-label-studio")
    folder: Path = Path("runs/label-studio")
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    email: str = "admin@example.org"
    database: Literal["sqlite", "postgresql"] = "sqlite"
    postgresql: PostgreSQL = PostgreSQL()
    loopback_backend: bool = False


class Overlap(ConfigModel):
    """How many annotators read an article, and which share of the articles more than one of them reads.

    Label Studio's label stream deals the articles out so, and shows nobody another one's reading; it takes whole
    percents alone.
    """

    annotators: Annotated[int, Field(ge=1, le=20)] = 1
    percent: Annotated[int, Field(ge=0, le=100)] = 100


class Duplicates(ConfigModel):
    """When two articles count as near-duplicates: the Jaccard similarity of their word shingles."""

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    words: Annotated[int, Field(ge=1, le=20)] = 5


class ProjectSettings(ConfigModel):
    """The labelling project and its page."""

    title: Annotated[str, Field(min_length=3, max_length=50)] = "Conflict events"
    review_title: Annotated[str, Field(min_length=3, max_length=50)] | None = None
    labels: Path = Path("configs/labels.yaml")
    guidelines: Path = Path("annotate/guidelines.md")
    chunk: Annotated[int, Field(ge=1, le=1000)] = 500
    overlap: Overlap = Overlap()
    duplicates: Duplicates = Duplicates()


class BackendSettings(ConfigModel):
    """The live model that Label Studio asks for predictions; the secret comes from an environment variable.

    Attributes:
        host: where it listens.
        port: where it listens.
        url: what Label Studio calls; None means host and port.
        title: what Label Studio's pages call it.
        model: a checkpoint's folder, which is read anew when it is replaced, or a hub id.
        user: the name that goes with the secret.
        secret_variable: names the environment variable that holds the secret.
        folder: records and logs of trainings.
        training: the command lines of a training; none means that none can be started.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9090
    url: str | None = None
    title: Annotated[str, Field(min_length=1)] = "conflict-ner"
    model: Annotated[str, Field(min_length=1)] = "models/mini"
    user: Annotated[str, Field(pattern=r"^[!-9;-~]+$")] = "label-studio"
    secret_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "CONFLICT_NER_BACKEND_SECRET"
    folder: Path = Path("runs/backend")
    training: tuple[str, ...] = ()


class QueueSettings(ConfigModel):
    """The order of work: which model is unsure, and how alike two articles of one batch may be."""

    model: str = "models/mini"
    ensemble: tuple[str, ...] = ()
    dropout_passes: Annotated[int, Field(ge=0, le=50)] = 0
    spans: Annotated[int, Field(ge=1)] = 5
    batch: Annotated[int, Field(ge=1)] = 20
    cluster: Annotated[int, Field(ge=1)] = 5
    limit: Annotated[int, Field(ge=1, le=9999)] = 500
    folder: Path = Path("runs/queue")
    seed: Annotated[int, Field(ge=0)] = 0


class AnnotateSettings(ConfigModel):
    """The whole of `configs/annotate.yaml`."""

    server: ServerSettings = ServerSettings()
    project: ProjectSettings = ProjectSettings()
    backend: BackendSettings = BackendSettings()
    queue: QueueSettings = QueueSettings()


def read_settings(config: Path | None = None, overrides: Sequence[str] = ()) -> AnnotateSettings:
    """Read the settings; raises ConfigError with all that is wrong."""
    return read_config(config or DEFAULT_CONFIG, AnnotateSettings, overrides)


def rooted(path: Path) -> Path:
    """Return a path of the settings as an absolute one: relative ones start at the repository's root."""
    return path if path.is_absolute() else ROOT / path
