"""A model given by its hub id is fetched with the weights that it has, and with no others; from a hub of our own."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from tests import small_models

SHA = "b" * 40
FETCH = """
import sys
from conflict_ner.checkpoint import find_checkpoint
print(*sorted(path.name for path in find_checkpoint(sys.argv[1]).iterdir()))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a hub, and the folder whose files are its one model `team/encoder`."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path = self.path.partition("?")[0]
            status, content, file = 200, b"", folder / path.rpartition("/")[2]
            if "/tree/" in path:
                files = [{"type": "file", "path": one.name, "size": one.stat().st_size, "oid": SHA}
                         for one in folder.iterdir()]  # fmt: skip
                content = json.dumps(files).encode()
            elif path.startswith("/api/models/team/encoder"):
                files = [{"rfilename": file.name} for file in folder.iterdir()]
                content = json.dumps({"id": "team/encoder", "sha": SHA, "siblings": files}).encode()
            elif file.is_file():
                content = file.read_bytes()
            else:
                status = 404
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hash(content):x}"')
            self.send_header("X-Repo-Commit", SHA)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_GET = do_HEAD = _answer  # noqa: N815 - the names that the base class looks for

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's own name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()


def fetched(address: str, home: Path) -> set[str]:
    """Return the names of the files that `find_checkpoint` fetches."""
    done = small_models.run(
        [sys.executable, "-c", FETCH, "team/encoder"],
        cwd=small_models.ROOT,
        HF_ENDPOINT=address,
        HF_HOME=str(home),
        HF_HUB_OFFLINE="0",
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_weights_of_the_older_format_are_fetched_where_there_are_no_others(
    hub: tuple[str, Path], small_encoder: Path, tmp_path: Path
) -> None:
    address, folder = hub
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((small_encoder / name).read_bytes())
    torch.save({"weights": torch.zeros(3)}, folder / "pytorch_model.bin")
    (folder / "tf_model.h5").write_bytes(b"of another framework")
    assert fetched(address, tmp_path / "older") == {"config.json", "tokenizer.json", "pytorch_model.bin"}
    (folder / "model.safetensors").write_bytes((small_encoder / "model.safetensors").read_bytes())
    assert fetched(address, tmp_path / "newer") == {"config.json", "tokenizer.json", "model.safetensors"}
