"""The scripts that `annotate up` adds to Label Studio's pages; what they do is tested in Chromium (test_browser.py)."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from annotate.environment import FRONT_END, SETTINGS_MODULE, server_environment
from annotate.settings import ServerSettings
from tests.live import LabelStudio, state_in

TEMPLATES = FRONT_END / "templates"
SCRIPTS = sorted(TEMPLATES.rglob("*.js"))


def test_the_server_is_told_where_they_lie(tmp_path: Path) -> None:
    told = server_environment(ServerSettings(), state_in(tmp_path, pid=None), {"PYTHONPATH": "/of/the/caller"})
    assert told["DJANGO_SETTINGS_MODULE"] == SETTINGS_MODULE
    assert Path(told["PYTHONPATH"]).is_absolute(), "the server runs in a folder of its own"
    assert (Path(told["PYTHONPATH"]) / f"{SETTINGS_MODULE}.py").is_file()


def test_every_script_is_included_once() -> None:
    base = (TEMPLATES / "base.html").read_text(encoding="utf-8")
    assert re.findall(r'include "(.+?)"', base) == [path.relative_to(TEMPLATES).as_posix() for path in SCRIPTS]
    assert len(SCRIPTS) == 3


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_holds_nothing_that_django_would_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\{[{%#]|</script", text)


@pytest.mark.live
def test_the_servers_own_page_stands_with_the_scripts_in_it(label_studio: LabelStudio) -> None:
    url = label_studio.connection.url
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30, trust_env=False) as client:
        token = re.search(r'name="csrfmiddlewaretoken" value="(.+?)"', client.get("/user/login/").text)
        assert token is not None
        state = label_studio.state
        form = {"csrfmiddlewaretoken": token[1], "email": state.email, "password": state.password}
        client.post("/user/login/", data=form, headers={"Referer": f"{url}/user/login/"})
        page = client.get("/projects/").text
    assert "/react-app/main.js" in page, "Label Studio's own page"
    for path in SCRIPTS:
        assert page.count(path.read_text(encoding="utf-8").strip()) == 1, path.name
    assert page.index("dataManager") < page.index("/react-app/main.js"), "ours stand before Label Studio's"
