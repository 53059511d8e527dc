"""Which server is used: the environment's, or the one of the state file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from annotate.connection import KEY_VARIABLE, URL_VARIABLE, find_connection, normalised_url
from annotate.settings import AnnotateSettings, read_settings
from annotate.state import command_line, is_running, new_password, new_token, read_state, write_state
from conflict_ner.errors import ConfigError, DataError, ServiceError
from tests.live import LabelStudio, state_in


@pytest.fixture
def settings(tmp_path: Path) -> AnnotateSettings:
    return read_settings(overrides=[f"server.folder={tmp_path}"])


def test_the_environment_comes_first(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "https://labels.example.org/studio")
    monkeypatch.setenv(KEY_VARIABLE, "secret-key")
    found = find_connection(settings)
    assert (found.url, found.api_key) == ("https://labels.example.org/studio/", "secret-key")
    assert URL_VARIABLE in found.source
    assert "secret-key" not in repr(found)


@pytest.mark.parametrize(("given", "missing"), [(URL_VARIABLE, KEY_VARIABLE), (KEY_VARIABLE, URL_VARIABLE)])
def test_half_of_an_environment_is_refused(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match=f"{missing} is not"):
        find_connection(settings)


@pytest.mark.parametrize("url", ["localhost:8080", "127.0.0.1", "ftp://labels.example.org", "http://"])
def test_an_address_without_scheme_or_host_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="has to look like"):
        normalised_url(url)


@pytest.mark.parametrize(
    "secret",
    [new_token(), new_password(), "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "ann:opensesame@x.org"],
    ids=["token", "password", "personal token", "user and password"],
)
def test_a_key_in_place_of_the_address_is_not_printed(secret: str) -> None:
    with pytest.raises(ConfigError, match="not shown, for it may be the key") as caught:
        normalised_url(secret)
    assert secret not in str(caught.value)


def test_a_password_in_the_address_is_refused_and_not_printed() -> None:
    with pytest.raises(ConfigError, match=r"LABEL_STUDIO_URL=https://x\.org:8080, and the token in") as caught:
        normalised_url("https://ann:opensesame@x.org:8080/studio")
    assert "opensesame" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "tökén"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_printed(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(ConfigError, match="copy the token anew") as caught:
        find_connection(settings)
    assert key not in str(caught.value)


def test_neither_password_nor_token_stands_in_the_words_for_a_state(tmp_path: Path) -> None:
    state = state_in(tmp_path, pid=None)
    assert state.email in repr(state)
    assert not any(secret in repr(state) + str(state) for secret in (state.password, state.token))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://x.org/a/b", "https://x.org/a/b/"),
        ("https://x.org/a//?q=1#top", "https://x.org/a/"),
    ],
)
def test_an_address_gets_the_form_that_the_client_needs(given: str, wanted: str) -> None:
    assert normalised_url(given) == wanted


def test_without_any_server_the_remedy_is_told(settings: AnnotateSettings) -> None:
    with pytest.raises(ServiceError, match="python -m annotate up --detach"):
        find_connection(settings)


def test_a_reused_pid_is_not_taken_for_the_server(settings: AnnotateSettings, tmp_path: Path) -> None:
    write_state(state_in(tmp_path, pid=os.getpid()))
    assert command_line(os.getpid())
    with pytest.raises(ServiceError, match="No Label Studio of this project runs"):
        find_connection(settings)


def test_a_state_without_process_does_not_run(tmp_path: Path) -> None:
    assert not is_running(state_in(tmp_path, pid=None))


def test_the_state_is_secret_and_comes_back_whole(tmp_path: Path) -> None:
    state = state_in(tmp_path / "server", pid=12)
    write_state(state)
    path = tmp_path / "server" / "server.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_state(tmp_path / "server") == state
    assert len(state.token) == 40
    write_state(state.model_copy(update={"pid": None}))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}'])
def test_a_damaged_state_is_told_with_its_path(tmp_path: Path, damage: str) -> None:
    (tmp_path / "server.json").write_text(damage, encoding="utf-8")
    with pytest.raises(DataError, match=r"server\.json cannot be read"):
        read_state(tmp_path)


@pytest.mark.live
def test_the_server_of_the_state_file_is_found(label_studio: LabelStudio) -> None:
    found = find_connection(label_studio.settings)
    assert (found.url, found.api_key) == (label_studio.state.url, label_studio.state.token)
    assert found.source.endswith("server.json")
