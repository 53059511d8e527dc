"""`python -m annotate backend register` and `unregister`: the backend in Label Studio's project, found by its address.

What Label Studio does by itself, and what is done here about it (1.23.2):
- It refuses an address on loopback or in a private network, but may have made the entry all the same: it is removed.
- It makes a webhook that sends every annotation to everybody who answers at that address: narrowed to the names of
  three events, signed with a key of its own.
- `evaluate_predictions_automatically` would have each page of the Data Manager, and each look-up of a push or a pull,
  wait for predictions of all its tasks: switched off. A task that is opened asks the backend without it.
- While the project's `model_version` is the backend's title, a task is predicted anew when the checkpoint is newer
  than its predictions; it is set to that, and at the end to the newest predictions that are stored.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from annotate.backend.secret import Secret, read_secret
from annotate.client import Client, Project
from annotate.connection import find_connection
from annotate.environment import PRIVATE_ADDRESSES
from annotate.page import labelling_config, same_config
from annotate.prelabel.versions import held_versions
from annotate.project import existing_project, load_schema, show_version
from annotate.session import RequestError
from annotate.settings import AnnotateSettings, BackendSettings
from annotate.tasks import Json
from conflict_ner.console import out
from conflict_ner.errors import ConfigError, ServiceError

# Annotations that are new, changed or gone: what a training would learn from.
EVENTS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
CONNECTED = "CO"
# Label Studio asks the backend twice while it registers it, with three seconds for each question.
TIMEOUT = 30.0


@dataclass(frozen=True)
class Entry:
    """A backend as a project holds it; `error` is what Label Studio says of its state."""

    id: int
    url: str
    title: str
    connected: bool
    state: str
    error: str
    model_version: str


class Registry:
    """The backends of one project.

    Args:
        client: the server.
        project: whose backends.
    """

    def __init__(self, client: Client, project: Project) -> None:
        self.client = client
        self.project = project

    def entries(self, url: str | None = None) -> list[Entry]:
        """Return the backends, asked for their state now; of one address where it is given."""
        found = [_entry(item) for item in self.client.get("api/ml", {"project": self.project.id})]
        return [entry for entry in found if url is None or _same(entry.url, url)]

    def put(self, url: str, title: str, secret: Secret) -> tuple[Entry, bool]:
        """Make the entry of an address, or bring it up to date.

        Args:
            url: what Label Studio calls.
            title: what its page shows.
            secret: sent as the password of basic authentication.

        An entry of that address is brought up to date; so is one of that title, which has moved.

        Returns:
            The entry, and whether it is new.

        Raises:
            ServiceError: Label Studio refuses the address or cannot reach the backend; no new entry stays then.
        """
        known = sorted(
            (entry for entry in self.entries() if _same(entry.url, url) or entry.title == title),
            key=lambda entry: (not _same(entry.url, url), entry.id),
        )
        body = {"project": self.project.id, "url": url, "title": title, "is_interactive": False}
        login = {"auth_method": "BASIC_AUTH", "basic_auth_user": secret.user, "basic_auth_pass": secret.value}
        method, path = ("PATCH", f"api/ml/{known[0].id}") if known else ("POST", "api/ml")
        try:
            entry = _entry(self.client.write(method, path, {**body, **login}, timeout=TIMEOUT))
        except RequestError as error:
            self._undo(url, known)
            raise ServiceError(_refusal(error, url, secret)) from None
        for surplus in known[1:]:
            self.remove(surplus)
        for old in known[:1]:
            if not _same(old.url, url):
                self._remove_hooks(old.url)
        return entry, not known

    def asked(self) -> Entry:
        """Return the one backend that Label Studio asks: the first."""
        return min(self.entries(), key=lambda entry: entry.id)

    def remove(self, entry: Entry) -> None:
        """Remove an entry with its webhook; predictions stay."""
        self.client.write("DELETE", f"api/ml/{entry.id}")
        self._remove_hooks(entry.url)

    def narrow_webhook(self, url: str, secret: Secret) -> None:
        """Have the webhook tell the names of three events, and nothing of what was annotated."""
        wanted = {
            "url": _hook_url(url),
            "send_payload": False,
            "send_for_all_actions": False,
            "actions": list(EVENTS),
            "headers": {"Authorization": f"Bearer {secret.nudge}"},
            "is_active": True,
        }
        hooks = self._hooks(url)
        if not hooks:
            self.client.write("POST", "api/webhooks/", {**wanted, "project": self.project.id})
        for hook in hooks[:1]:
            self.client.write("PATCH", f"api/webhooks/{hook['id']}/", wanted)
        for hook in hooks[1:]:
            self.client.write("DELETE", f"api/webhooks/{hook['id']}/")

    def ask_for(self, title: str) -> None:
        """Set the project so that a task which is opened gets predictions of this backend, and none else does."""
        self.client.update_project(
            self.project.id,
            show_collab_predictions=True,
            evaluate_predictions_automatically=False,
        )
        show_version(self.client, self.project, title)

    def show_stored(self) -> str:
        """Have the project show its newest stored predictions; return their version, empty when there are none."""
        versions = held_versions(self.client, self.project)
        newest = versions[0].name if versions else ""
        show_version(self.client, self.project, newest)
        return newest

    def _undo(self, url: str, known: list[Entry]) -> None:
        """Remove what a refused or broken request may have made all the same."""
        kept = {entry.id for entry in known}
        for entry in self.entries(url):
            if entry.id not in kept:
                self.remove(entry)

    def _remove_hooks(self, url: str) -> None:
        for hook in self._hooks(url):
            self.client.write("DELETE", f"api/webhooks/{hook['id']}/")

    def _hooks(self, url: str) -> list[Json]:
        hooks = self.client.get("api/webhooks/", {"project": self.project.id})
        return [hook for hook in hooks if hook["project"] == self.project.id and hook["url"] == _hook_url(url)]


def register(settings: AnnotateSettings) -> None:
    """Add the backend to the project, or bring its entry up to date, and say what Label Studio makes of it.

    Raises:
        ConfigError: no secret, or an address that nobody can call.
        ServiceError: no project, a page out of date, or Label Studio refuses or cannot reach the backend.
    """
    backend = settings.backend
    secret, url = read_secret(backend, os.environ), backend_url(backend)
    schema = load_schema(settings.project)
    with Client(find_connection(settings)) as client:
        project = existing_project(client, settings.project.title)
        if not same_config(project.label_config, labelling_config(schema)):
            raise ServiceError(
                f"The page of project {project.title!r} is not the one that {settings.project.labels} makes, and "
                "predictions may not fit it. Bring it up to date first: python -m annotate push"
            )
        registry = Registry(client, project)
        entry, new = registry.put(url, backend.title, secret)
        if not entry.connected:
            raise ServiceError(_unconnected(entry, url))
        asked = registry.asked()
        if asked.id != entry.id:
            raise ServiceError(
                f"{entry.title} at {url} is connected, but Label Studio asks the oldest backend of a project alone, "
                f"and here that is {asked.title!r} at {asked.url}. Remove that one in the project's settings (Model), "
                "and run `register` again."
            )
        registry.narrow_webhook(url, secret)
        registry.ask_for(backend.title)
    done = "is registered with" if new else "was registered with"
    _say(f"{entry.title} at {url} {done} project {project.title!r} (id {project.id}), and is connected.")
    _say(
        f"The label stream now gives each task a prediction of {entry.model_version} when it is opened, unless it has "
        "one; the Data Manager gives one to a task that has none at all."
    )


def unregister(settings: AnnotateSettings) -> None:
    """Take the backend out of the project, and have the project show its newest stored predictions.

    Raises:
        ServiceError: there is no such project.
    """
    url = backend_url(settings.backend)
    with Client(find_connection(settings)) as client:
        project = existing_project(client, settings.project.title)
        registry = Registry(client, project)
        entries = registry.entries(url)
        if not entries:
            others = ", ".join(entry.url for entry in registry.entries())
            hint = f"; it has {others}: name one with backend.url=..." if others else ""
            _say(f"Project {project.title!r} (id {project.id}) has no backend at {url}{hint}.")
            return
        for entry in entries:
            registry.remove(entry)
        shown = client.project(project.id).model_version
        if not shown:
            shown = registry.show_stored()
    _say(f"{entries[0].title} at {url} is taken out of project {project.title!r} (id {project.id}).")
    _say(f"Its stored predictions stay; the page shows those of {shown}." if shown else "No predictions are stored.")


def backend_url(backend: BackendSettings) -> str:
    """Return the address that Label Studio calls.

    Raises:
        ConfigError: it is no address of HTTP, or one that only a listener can use.
    """
    host = f"[{backend.host}]" if ":" in backend.host else backend.host
    url = (backend.url or f"http://{host}:{backend.port}").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ConfigError(
            f"backend.url is {url!r}; it has to look like http://127.0.0.1:9090, without a name or a password in it."
        )
    if _is_unspecified(parts.hostname):
        raise ConfigError(
            f"The backend listens on {parts.hostname}, which is every address of its machine and so none to call. "
            "Say by which one Label Studio reaches it: backend.url=http://ADDRESS:PORT"
        )
    return url


def _entry(item: Json) -> Entry:
    return Entry(
        id=int(item["id"]),
        url=str(item["url"]),
        title=str(item.get("title") or ""),
        connected=item["state"] == CONNECTED,
        state=str(item.get("readable_state") or item["state"]),
        error=str(item.get("error_message") or ""),
        model_version=str(item.get("model_version") or ""),
    )


def _refusal(error: RequestError, url: str, secret: Secret) -> str:
    """Return why Label Studio did not take the backend, and the remedy."""
    message = _plain(str(error), secret)
    if "reserved network address" in message:
        names = " and ".join(f"LABEL_STUDIO_{name}=false" for name in PRIVATE_ADDRESSES)
        return (
            f"Label Studio may not call {url}: it is on loopback or in a private network. A server of this project "
            "may after `python -m annotate down` and `python -m annotate up --detach server.loopback_backend=true`; "
            f"another one needs {names} in its environment. Both let all who may change a project make the server "
            "call private addresses; docs/annotation-team.md says more. Nothing was left behind in the project."
        )
    if "authentication parameters" in message or "401" in message:
        return (
            f"A backend answers at {url}, but with another secret or user. Start `serve` and run `register` with the "
            "same secret in the same environment variable (backend.secret_variable) and the same backend.user."
        )
    if "health check failed" in message or "resolve hostname" in message:
        return (
            f"Label Studio cannot reach a backend at {url}. Start it with `python -m annotate backend serve`, and see "
            "that Label Studio's machine reaches that address, or name another with backend.url=..."
        )
    return f"Label Studio did not take the backend at {url}: {message}"


def _unconnected(entry: Entry, url: str) -> str:
    return (
        f"Label Studio holds the backend at {url}, but says {entry.state}{f' ({entry.error})' if entry.error else ''}. "
        "See that `python -m annotate backend serve` runs, and run `register` again."
    )


def _plain(message: str, secret: Secret) -> str:
    """Return Label Studio's words without their links, and surely without the secret."""
    return re.sub(r"<[^>]*>", "", message).replace(secret.value, "***")


def _hook_url(url: str) -> str:
    return f"{url.rstrip('/')}/webhook"


def _same(first: str, second: str) -> bool:
    return first.rstrip("/") == second.rstrip("/")


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _say(sentence: Any) -> None:
    out.print(sentence, markup=False, soft_wrap=True)
