"""`compose.yaml`: pinned, private, healthy, and silent; read by Compose itself where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotate.environment import SILENT
from annotate.settings import ROOT, ServerSettings

PATH = ROOT / "compose.yaml"
SECRETS = ("POSTGRES_PASSWORD", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_USER_TOKEN", "LABEL_STUDIO_SECRET_KEY")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_server_is_the_version_of_the_settings(compose: dict[str, Any]) -> None:
    image = compose["services"]["label-studio"]["image"]
    assert image == f"heartexlabs/label-studio:{ServerSettings().version}"
    assert compose["services"]["database"]["image"] == "postgres:16"


def test_nothing_but_loopback_is_published(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(published) == 1
    assert published[0].startswith("${LABEL_STUDIO_BIND:-127.0.0.1}:")


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = PATH.read_text(encoding="utf-8")
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name
    told = compose["services"]["label-studio"]["environment"]
    asked = compose["services"]["database"]["environment"]
    assert told["POSTGRE_PASSWORD"] == asked["POSTGRES_PASSWORD"]
    assert (told["POSTGRE_USER"], told["POSTGRE_NAME"]) == (asked["POSTGRES_USER"], asked["POSTGRES_DB"])
    assert told["POSTGRE_HOST"] in compose["services"]


def test_the_container_is_as_silent_as_the_local_server(compose: dict[str, Any]) -> None:
    told = compose["services"]["label-studio"]["environment"]
    assert {name: told[name] for name in SILENT} == SILENT


def test_every_service_is_watched_and_keeps_its_data(compose: dict[str, Any]) -> None:
    services = compose["services"]
    used = set()
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        used |= {mount.split(":")[0] for mount in service["volumes"]}
    assert used == set(compose["volumes"])
    assert services["label-studio"]["depends_on"]["database"]["condition"] == "service_healthy"
    # Values of an environment have to be strings: YAML's own true and 5432 mean other things there.
    for service in services.values():
        assert all(isinstance(value, str) for value in service["environment"].values())


def test_the_head_of_the_file_makes_every_secret(tmp_path: Path) -> None:
    """The command that the file recommends is run as it stands, and what it writes is what the file asks for."""
    head = [line.removeprefix("#") for line in PATH.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    command = re.search(r"Secrets:\s+(\(.*?\.env\))", "\n".join(head), re.DOTALL)
    assert command is not None
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; the recommended command makes the secrets with it")
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True)
    written = tmp_path / ".env"
    assert written.stat().st_mode & 0o777 == 0o600
    lines = written.read_text(encoding="utf-8").splitlines()
    assert {line.partition("=")[0] for line in lines} == set(SECRETS)
    assert all(re.fullmatch(r"[0-9a-f]{40}", line.partition("=")[2]) for line in lines)


def compose_command() -> list[str]:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("Docker is not installed; with it and its compose plugin the file is read by Compose itself")
    found = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("the compose plugin of Docker is not installed; with it the file is read by Compose itself")
    return [docker, "compose", "--file", str(PATH)]


def test_compose_itself_reads_the_file(tmp_path: Path) -> None:
    command = compose_command()
    secrets = tmp_path / "secrets.env"
    secrets.write_text("".join(f"{name}={'a' * 40}\n" for name in SECRETS), encoding="utf-8")
    done = subprocess.run([*command, "--env-file", str(secrets), "config"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    empty = tmp_path / "empty.env"
    empty.touch()
    refused = subprocess.run(
        [*command, "--env-file", str(empty), "config"], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "the head of compose.yaml" in refused.stderr
