"""`compose.yaml`: pinned, private, healthy, and silent; read by Compose itself where it is installed."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotate.connection import KEY_VARIABLE, URL_VARIABLE
from annotate.environment import PRIVATE_ADDRESSES, SILENT
from annotate.settings import ROOT, ServerSettings, read_settings

PATH = ROOT / "compose.yaml"
SECRETS = (
    "POSTGRES_PASSWORD",
    "LABEL_STUDIO_PASSWORD",
    "LABEL_STUDIO_USER_TOKEN",
    "LABEL_STUDIO_SECRET_KEY",
    "CONFLICT_NER_BACKEND_SECRET",
)


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
        # A folder of this machine, as models/, is no volume.
        used |= {mount.split(":")[0] for mount in service["volumes"] if not mount.startswith("./")}
    assert used == set(compose["volumes"])
    assert services["label-studio"]["depends_on"]["database"]["condition"] == "service_healthy"
    # Values of an environment have to be strings: YAML's own true and 5432 mean other things there.
    for service in services.values():
        assert all(isinstance(value, str) for value in service["environment"].values())


def test_the_backend_is_for_the_other_services_alone(compose: dict[str, Any]) -> None:
    backend = compose["services"]["backend"]
    assert "ports" not in backend
    assert "network_mode" not in backend
    assert backend["profiles"] == ["backend"], "without a checkpoint it could not start, and the others have to"
    assert backend["depends_on"] == {"label-studio": {"condition": "service_healthy"}}
    told = backend["environment"]
    settings = read_settings(overrides=[re.sub(r"\$\{\w+:-(.*?)\}", r"\1", word) for word in backend["command"][2:]])
    assert backend["command"][:2] == ["backend", "serve"]
    assert settings.backend.secret_variable in told
    # The same server and token as everywhere else, by its name and port in this network.
    assert told[KEY_VARIABLE] == compose["services"]["label-studio"]["environment"]["LABEL_STUDIO_USER_TOKEN"]
    assert told[URL_VARIABLE] == "http://label-studio:8080"
    assert f"127.0.0.1:{settings.backend.port}/" in backend["healthcheck"]["test"][-1]
    (registering,) = re.findall(r"backend register (.*)", PATH.read_text(encoding="utf-8"))
    assert read_settings(overrides=registering.split()).backend.url == f"http://backend:{settings.backend.port}"


def test_private_addresses_stay_closed_until_somebody_opens_them(compose: dict[str, Any]) -> None:
    told = compose["services"]["label-studio"]["environment"]
    prefixed = {f"LABEL_STUDIO_{name}" for name in PRIVATE_ADDRESSES}
    assert {told[name] for name in prefixed} == {"${BLOCK_PRIVATE_ADDRESSES:-true}"}
    lines = PATH.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().partition(":")[0] in prefixed)
    above = itertools.takewhile(lambda line: line.strip().startswith("#"), reversed(lines[:first]))
    explained = " ".join(line.strip(" #") for line in reversed(list(above)))
    assert all(word in explained for word in ("Both", "false", "backend", "private address", "database")), explained


def test_the_image_takes_no_secret_along() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*", "everything stays out that is not named"
    kept = {rule.lstrip("!").rstrip("/") for rule in rules if rule.startswith("!")}
    assert not {".env", "runs", "models", "."} & kept
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        name.rstrip("/").partition("/")[0]
        for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE)
        for name in line.split()[:-1]
    }
    assert copied == kept, "what the Dockerfile copies, and nothing else"
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["1000:1000"], "not root"
    assert not re.search(r"(?i)^(ARG|ENV)\b.*(secret|token|password|key)", dockerfile, re.MULTILINE)


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
