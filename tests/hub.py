"""A model hub on this machine: the few addresses that a push through `huggingface_hub` asks, and what it was sent."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHA = "a" * 40


@dataclass
class Repository:
    """One repository: its files, whether it is private, and the summaries of its commits."""

    private: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """The state of the server.

    Attributes:
        address: where it listens.
        repositories: `models/ORG/NAME` -> repository, likewise `datasets/` and `spaces/`.
        refuse: path of a request -> status that answers it.
        asked: method and path of each request.
        tokens: what the requests were authorised with.
    """

    address: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    refuse: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    large: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and JSON of a request."""
        self.asked.append(f"{method} {path}")
        if path in self.refuse:
            return self.refuse[path], {"error": "not today"}
        parts = path.strip("/").split("/")
        if method == "PUT":
            self.large[parts[-1]] = body
            return 200, {}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.repositories[f"models/{name}"] = Repository(private=asked.get("visibility") == "private")
            return 200, {"url": f"{self.address}/{name}"}
        if path.endswith("/info/lfs/objects/batch"):
            objects = json.loads(body)["objects"]
            actions = {one["oid"]: {"upload": {"href": f"{self.address}/upload/{one['oid']}"}} for one in objects}
            return 200, {"objects": [{**one, "actions": actions[one["oid"]]} for one in objects]}
        return self._of_repository(method, parts[1:], body)

    def _of_repository(self, method: str, parts: list[str], body: bytes) -> tuple[int, Any]:
        name, what = "/".join(parts[:3]), parts[3] if len(parts) > 3 else ""
        repository = self.repositories.get(name)
        if repository is None:
            return 404, {"error": "Repository not found"}
        if what == "preupload":
            files = json.loads(body)["files"]
            modes = {one["path"]: "lfs" if one["path"].endswith(".safetensors") else "regular" for one in files}
            known = [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]
            return 200, {"files": known}
        if what == "commit":
            lines = [json.loads(line) for line in body.splitlines()]
            for line in lines:
                self._apply(repository, line["key"], line["value"])
            return 200, {"commitUrl": f"{self.address}/{'/'.join(parts[1:3])}/commit/{SHA}", "commitOid": SHA}
        if what == "branch":
            return 200, {}
        siblings = [{"rfilename": file} for file in sorted(repository.files)]
        return 200, {"id": "/".join(parts[1:3]), "sha": SHA, "private": repository.private, "siblings": siblings}

    def _apply(self, repository: Repository, key: str, value: dict[str, str]) -> None:
        if key == "header":
            repository.commits.append(value["summary"])
        elif key == "file":
            repository.files[value["path"]] = base64.b64decode(value["content"])
        elif key == "lfsFile":
            repository.files[value["path"]] = self.large[value["oid"]]
            assert hashlib.sha256(self.large[value["oid"]]).hexdigest() == value["oid"]
        elif key == "deletedFile":
            del repository.files[value["path"]]


@contextmanager
def running() -> Iterator[Hub]:
    """Serve an empty hub on a free port."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            hub.tokens.add(self.headers["Authorization"])
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, found = hub.answer(self.command, self.path.partition("?")[0], body)
            content = json.dumps(found).encode("utf-8")
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that the base class looks for

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
