"""What is wrong between this project and Label Studio, check by check: `python -m annotate doctor`."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from annotate.connection import FROM_ENVIRONMENT, KEY_VARIABLE, START_COMMAND, URL_VARIABLE, Connection, find_connection
from annotate.probe import Key, KeyAnswer, is_up, moved_to, open_client, server_version, try_key
from annotate.server import check_installation
from annotate.settings import AnnotateSettings, ServerSettings, rooted
from annotate.state import is_running, log_file, read_state, state_file
from conflict_ner.errors import ConfigError, ConflictNerError

if TYPE_CHECKING:
    import httpx

    from annotate.project import Drift

SDK = "label-studio-sdk"
# The two are released together: this SDK's types are generated from that server's API.
SDK_VERSION = "2.1.2"
PUSH_COMMAND = "python -m annotate push seeds"
LITTLE_SPACE = 1_000_000_000
NO_SPACE = 100_000_000


class Status(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """One check: its name, how it ended, a sentence on what was seen, and what to do about it."""

    name: str
    status: Status
    sentence: str
    remedy: str = ""


def examine(settings: AnnotateSettings) -> Iterator[Result]:
    """Yield the results of all checks in order; those that a failure makes pointless are left out.

    Args:
        settings: the local server, the project and its schema.
    """
    yield check_sdk()
    try:
        connection = find_connection(settings)
    except ConflictNerError as error:
        if not isinstance(error, ConfigError):
            # A wrong variable of the environment says nothing about the server of this machine.
            yield from check_local_server(settings.server)
        yield Result("connection", Status.FAILED, "There is no server to talk to.", str(error))
        return
    if connection.source != FROM_ENVIRONMENT:
        yield from check_local_server(settings.server)
    yield Result("connection", Status.OK, f"{connection.url}, from {connection.source}.")
    yield from check_remote(settings, connection)


def check_local_server(server: ServerSettings) -> Iterator[Result]:
    """Yield what can be seen without a connection: the installation, the process and the disk."""
    yield check_environment(server)
    yield check_process(server)
    yield check_disk(rooted(server.folder))


def check_remote(settings: AnnotateSettings, connection: Connection) -> Iterator[Result]:
    """Yield what only the server itself can tell, as far as it answers."""
    with open_client(connection.url) as client:
        reached = check_reachable(client, connection)
        yield reached
        if reached.status is Status.FAILED:
            return
        yield check_version(server_version(client), settings.server.version)
        key = check_key(try_key(client, connection.api_key), connection)
    yield key
    if key.status is Status.FAILED:
        return
    yield from check_project(settings, connection)


def check_sdk() -> Result:
    """Check that the client library is the one that fits the server."""
    name = "client library"
    try:
        found = version(SDK)
    except PackageNotFoundError:
        return Result(name, Status.FAILED, f"{SDK} is not installed.", "pip install 'conflict-ner[annotate]'")
    if found != SDK_VERSION:
        remedy = f"pip install {SDK}=={SDK_VERSION}"
        return Result(name, Status.WARNING, f"{SDK} is {found}; this project was tried with {SDK_VERSION}.", remedy)
    return Result(name, Status.OK, f"{SDK} {found}.")


def check_environment(server: ServerSettings) -> Result:
    """Check Label Studio's own virtual environment."""
    name = "installation"
    try:
        check_installation(server)
    except ConfigError as error:
        return Result(name, Status.FAILED, "The server's own environment is not as it should be.", str(error))
    return Result(name, Status.OK, f"Label Studio {server.version} in {rooted(server.venv)}.")


def check_process(server: ServerSettings) -> Result:
    """Check that the process which the state file names lives."""
    name, folder = "process", rooted(server.folder).resolve()
    try:
        state = read_state(folder)
    except ConflictNerError as error:
        return Result(name, Status.FAILED, f"{state_file(folder)} is damaged.", str(error))
    if state is None or state.pid is None:
        return Result(name, Status.WARNING, f"No server of {folder} was started, or it was ended.", START_COMMAND)
    if not is_running(state):
        sentence = f"The server of {folder} (process {state.pid}) is gone, and not by `down`: it crashed or was killed."
        return Result(name, Status.FAILED, sentence, f"Look at {log_file(folder)}, then {START_COMMAND}")
    return Result(name, Status.OK, f"Process {state.pid} serves {folder} ({state.database}).")


def check_disk(folder: Path) -> Result:
    """Check that the disk of the server's folder has room."""
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    sentence = f"{free / 1e9:.1f} GB free at {place}."
    if free >= LITTLE_SPACE:
        return Result("disk", Status.OK, sentence)
    remedy = "Free some space, or move the data: server.folder=/another/disk/label-studio"
    return Result("disk", Status.FAILED if free < NO_SPACE else Status.WARNING, sentence, remedy)


def check_reachable(client: httpx.Client, connection: Connection) -> Result:
    """Check that something answers at the address, and that it is Label Studio."""
    import httpx

    name, url = "server", connection.url
    try:
        up = is_up(client)
        if up and server_version(client) is not None:
            return Result(name, Status.OK, f"Label Studio answers at {url}.")
        moved = moved_to(client)
    except httpx.TimeoutException:
        remedy = f"Is the server busy or behind a firewall? Try again; locally, look at its log. ({_where(connection)})"
        return Result(name, Status.FAILED, f"{url} does not answer in time.", remedy)
    except httpx.ConnectError as error:
        return Result(name, Status.FAILED, f"{url} cannot be reached: {error}.", _reach_remedy(connection, error))
    except httpx.HTTPError as error:
        remedy = f"Is that the address of a Label Studio? {_where(connection)}"
        return Result(name, Status.FAILED, f"{url} does not speak HTTP: {error}.", remedy)
    if moved:
        # A redirect turns each POST into a GET, so nothing could be written that way.
        return Result(name, Status.FAILED, f"{url} sends its visitors on to {moved}.", f"Set {URL_VARIABLE}={moved}")
    remedy = f"Mend the address, with its sub-path if it has one. {_where(connection)}"
    return Result(name, Status.FAILED, f"Something answers at {url}, but it is no Label Studio.", remedy)


def _where(connection: Connection) -> str:
    return f"The address comes from {connection.source}."


def _reach_remedy(connection: Connection, error: Exception) -> str:
    unknown = ("name or service not known", "nodename nor servname", "name resolution", "no address associated")
    if any(words in str(error).lower() for words in unknown):
        return f"No machine has that name: mend {URL_VARIABLE}."
    if connection.source == FROM_ENVIRONMENT:
        return f"Start that server, mend {URL_VARIABLE}, or unset it to use the one of `{START_COMMAND}`."
    return f"Start the server: {START_COMMAND}"


def check_version(found: str | None, wanted: str) -> Result:
    """Check the server's version against the one that the pinned client library belongs to.

    Args:
        found: what the server states.
        wanted: the version of the settings.
    """
    if found == wanted:
        return Result("version", Status.OK, f"Label Studio {found}.")
    sentence = f"The server is Label Studio {found}; {SDK} {SDK_VERSION} belongs to {wanted}."
    remedy = f"Bring the server to {wanted}, or expect errors where the two differ."
    return Result("version", Status.WARNING, sentence, remedy)


def check_key(answer: KeyAnswer, connection: Connection) -> Result:
    """Judge what the server made of the API key.

    Args:
        answer: the server's verdict.
        connection: where the key came from, for the remedy.
    """
    name, url = "key", connection.url.rstrip("/")
    local = connection.source != FROM_ENVIRONMENT
    if answer.key in {Key.LEGACY, Key.PERSONAL}:
        return Result(name, Status.OK, f"The {answer.key.value} opens the server as {answer.user}.")
    account = f"{url}/user/account"
    remedies = {
        Key.LEGACY_OFF: f"Log in as an administrator, open {url}/organization, 'API Tokens Settings', and "
        f"switch on 'Legacy Tokens'; or make a personal access token at {account} and set "
        f"{URL_VARIABLE} and {KEY_VARIABLE}.",
        Key.SHORT_LIVED: f"Set {KEY_VARIABLE} to the personal access token that {account} shows once.",
        Key.CUT: f"{account} shows a token whole only once, when it is made: make a new one and copy all three parts.",
        Key.REFUSED: f"The database knew the user before this folder did. Put the server.json that was made with it "
        f"into the folder, copy the token from {account} into {KEY_VARIABLE} (and set {URL_VARIABLE}={url}), or start "
        "a second administrator with server.folder=NEW server.email=ANOTHER"
        if local
        else f"Copy the token anew from {account} into {KEY_VARIABLE}; is it a token of this server?",
    }
    reason = f" ({answer.reason})" if answer.reason else ""
    return Result(
        name, Status.FAILED, f"The key does not open the server: {answer.key.value}{reason}.", remedies[answer.key]
    )


def check_project(settings: AnnotateSettings, connection: Connection) -> Iterator[Result]:
    """Check that the project exists once, and that its page is the one which schema and guidelines give.

    Args:
        settings: the title, the schema and the guidelines.
        connection: a server that takes the key.
    """
    from annotate.client import Client
    from annotate.project import compare, find_project, load_schema, wanted_page

    name, title = "project", settings.project.title
    try:
        schema = load_schema(settings.project)
        page = wanted_page(settings.project, schema)
        with closing(Client(connection)) as client:
            project = find_project(client, title)
            if project is None:
                yield Result(name, Status.WARNING, f"There is no project {title!r} yet.", PUSH_COMMAND)
                return
            drift = compare(client, project, schema, page)
    except ConflictNerError as error:
        yield Result(name, Status.FAILED, f"The project {title!r} cannot be examined.", str(error))
        return
    yield Result(name, Status.OK, f"{title!r} is project {project.id}.")
    differences = list(label_differences(project.label_config, page.config)) if drift.config else []
    yield check_drift(drift, differences, str(settings.project.labels))


def check_drift(drift: Drift, differences: Sequence[str], source: str) -> Result:
    """Judge how the project's page differs from the one of the schema.

    Args:
        drift: what differs, and what annotations would lose by an update.
        differences: the labels and answers that differ, each in words.
        source: where the schema stands, for the sentence.
    """
    name = "page"
    if drift.vanishing:
        sentence = f"Annotations hold {', '.join(drift.vanishing)}, which {source} does not have."
        remedy = f"Put it back into {source}, or use another project: project.title=... A push refuses as it stands."
        return Result(name, Status.FAILED, sentence, remedy)
    if differences:
        sentence = f"The project's labels are not those of {source}: {'; '.join(differences)}."
        remedy = f"Is that the right project, and the right {source}? Then bring the page up to date: {PUSH_COMMAND}"
        return Result(name, Status.FAILED, sentence, remedy)
    if drift.config or drift.instructions:
        what = "look of the page" if drift.config else "instructions"
        sentence = f"The labels are those of {source}, but the {what} differs from what a push would set."
        return Result(name, Status.WARNING, sentence, f"Bring it up to date: {PUSH_COMMAND}")
    return Result(name, Status.OK, f"The labelling page and the instructions are those of {source}.")


def label_differences(actual: str, wanted: str) -> Iterator[str]:
    """Yield, for each control of two labelling pages, which labels or answers one has and the other has not.

    Args:
        actual: the project's configuration, XML; one that cannot be read offers nothing.
        wanted: the schema's.
    """
    has, needs = _offered(actual), _offered(wanted)
    for control in sorted(has.keys() | needs.keys()):
        lacking = needs.get(control, set()) - has.get(control, set())
        besides = has.get(control, set()) - needs.get(control, set())
        if lacking:
            yield f"{control!r} lacks {', '.join(sorted(lacking))}"
        if besides:
            yield f"{control!r} has {', '.join(sorted(besides))} besides"


def _offered(config: str) -> dict[str, set[str]]:
    """Return the labels or answers that each control of a page offers."""
    try:
        page = ET.fromstring(config)
    except ET.ParseError:
        return {}
    offered: dict[str, set[str]] = {}
    for control in page.iter():
        if control.tag in {"Labels", "Choices"}:
            offered[control.get("name", "")] = {child.get("value", "") for child in control}
    return offered
