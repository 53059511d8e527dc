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


class ProjectSettings(ConfigModel):
    """The labelling project and its page."""

    title: Annotated[str, Field(min_length=3, max_length=50)] = "Conflict events"
    labels: Path = Path("configs/labels.yaml")
    guidelines: Path = Path("annotate/guidelines.md")
    chunk: Annotated[int, Field(ge=1, le=1000)] = 200


class AnnotateSettings(ConfigModel):
    """The whole of `configs/annotate.yaml`."""

    server: ServerSettings = ServerSettings()
    project: ProjectSettings = ProjectSettings()


def read_settings(config: Path | None = None, overrides: Sequence[str] = ()) -> AnnotateSettings:
    """Read the settings; raises ConfigError with all that is wrong."""
    return read_config(config or DEFAULT_CONFIG, AnnotateSettings, overrides)


def rooted(path: Path) -> Path:
    """Return a path of the settings as an absolute one: relative ones start at the repository's root."""
    return path if path.is_absolute() else ROOT / path
