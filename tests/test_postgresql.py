"""`up` with a real PostgreSQL. All live tests run on one with `python -m pytest -m live --database postgresql`."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.probe import Key, open_client, try_key
from annotate.server import start, stop
from annotate.settings import read_settings
from annotate.state import is_running
from conflict_ner.errors import ServiceError
from tests.live import running, server_overrides
from tests.postgresql import VARIABLE, Cluster


@pytest.mark.live
@pytest.mark.postgresql
def test_a_refused_password_is_told_before_anything_starts(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong")
    with pytest.raises(ServiceError, match=rf"password authentication failed.*{VARIABLE}"):
        start(read_settings(overrides=[*server_overrides(tmp_path), *cluster.overrides(tmp_path)]), tell=print)
    assert not (tmp_path / "server.json").exists()


@pytest.mark.live
@pytest.mark.postgresql
def test_the_server_runs_on_postgresql_and_keeps_its_token(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, cluster.password)
    overrides = [*server_overrides(tmp_path), *cluster.overrides(tmp_path)]
    with running(overrides) as first, open_client(first.state.url) as client:
        assert first.state.database == "postgresql"
        assert try_key(client, first.state.token).key is Key.LEGACY
        assert not (tmp_path / "label_studio.sqlite3").exists()
        secret = (tmp_path / ".env").read_text(encoding="utf-8")
    assert not is_running(first.state)
    with running(overrides) as second, open_client(second.state.url) as client:
        assert second.state.token == first.state.token
        assert try_key(client, second.state.token).key is Key.LEGACY
        assert (tmp_path / ".env").read_text(encoding="utf-8") == secret
    assert stop(read_settings(overrides=overrides)) is None
