"""A checkpoint as a wheel: installed by pip, found by its name, read with no hub."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.package import Naming, package
from tests.conftest import Trained

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(trained.model, "Conflict_NER.small", "1.0.0-rc1", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed the wheel."""
    folder = tmp_path_factory.mktemp("site")
    line = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", *line, "--target", str(folder), str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def run(code: str, site: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(site), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_names_and_versions_are_written_as_indexes_write_them(wheel: Path) -> None:
    assert wheel.name == "conflict_ner_small-1.0.0rc1-py3-none-any.whl"
    naming = Naming.checked("Conflict_NER.small", "1.0.0-rc1")
    assert (naming.name, naming.version, naming.module) == ("conflict-ner-small", "1.0.0rc1", "conflict_ner_small")


def test_an_installed_model_is_found_by_its_name_and_reads(trained: Trained, site: Path, tmp_path: Path) -> None:
    code = (
        "from conflict_ner import load\n"
        "for name in ('conflict-ner-small', 'Conflict_NER.Small'):\n"
        "    extractor = load(name)\n"
        "    print(extractor.tagger.checkpoint.folder)\n"
        "print(extractor('Rebels killed 12 soldiers near Idlib on Tuesday.').to_record())\n"
    )
    done = run(code, site, tmp_path)
    assert done.returncode == 0, done.stderr
    first, second, record = done.stdout.splitlines()
    assert first == second == str(site / "conflict_ner_small" / "model")
    from conflict_ner import load

    assert record == str(load(trained.model)("Rebels killed 12 soldiers near Idlib on Tuesday.").to_record())


def test_the_command_line_takes_the_name(site: Path, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("Rebels entered Idlib on Tuesday.", encoding="utf-8")
    code = "import sys; from conflict_ner.cli import main; sys.argv[1:] = {}; main()"
    done = run(code.format(["extract", "-m", "conflict-ner-small", "--json", "article.txt"]), site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"id": "article"' in done.stdout
    done = run(code.format(["info", "conflict-ner-small"]), site, tmp_path)
    assert "as saved" in done.stdout


def test_a_folder_goes_before_an_installed_model(trained: Trained, site: Path, tmp_path: Path) -> None:
    shutil.copytree(trained.model, tmp_path / "conflict-ner-small")
    code = "from conflict_ner.checkpoint import find_checkpoint; print(find_checkpoint('conflict-ner-small'))"
    assert run(code, site, tmp_path).stdout.strip() == "conflict-ner-small"


def test_an_installed_model_without_its_files_is_told(site: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(site, tmp_path / "site"))
    (spoilt / "conflict_ner_small" / "model" / "config.json").unlink()
    done = run("from conflict_ner import load; load('conflict-ner-small')", spoilt, tmp_path)
    assert "has lost its files" in done.stderr


def test_the_wheel_holds_the_checkpoint_and_its_card(trained: Trained, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        metadata = archive.read("conflict_ner_small-1.0.0rc1.dist-info/METADATA").decode("utf-8")
        weights = archive.read("conflict_ner_small/model/model.safetensors")
        record = archive.read("conflict_ner_small-1.0.0rc1.dist-info/RECORD").decode("utf-8").splitlines()
    assert (
        hashlib.sha256(weights).digest() == hashlib.sha256((trained.model / "model.safetensors").read_bytes()).digest()
    )
    assert {line.split(",")[0] for line in record} == names
    assert "Name: conflict-ner-small\nVersion: 1.0.0rc1\n" in metadata
    card = (trained.model / "README.md").read_text(encoding="utf-8")
    assert metadata.endswith(card.split("\n---\n", 1)[-1].lstrip())


def test_the_same_checkpoint_gives_the_same_wheel(trained: Trained, wheel: Path, tmp_path: Path) -> None:
    again = package(trained.model, "conflict-ner-small", "1.0.0rc1", tmp_path / "new" / "folder")
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("-mini", "1.0", ["'-mini'", "letters, digits"]),
        ("größe", "1.0", ["'größe'", "ASCII"]),
        ("7b", "1.0", ["'7b'", "begins with a letter"]),
        ("import", "1.0", ["no keyword"]),
        ("conflict-ner", "1.0", ["'conflict_ner' is another package's"]),
        ("json", "1.0", ["'json' is another package's"]),
        ("mini", "one", ["'one'", "PEP 440"]),
        ("mini!", "1..0", ["'mini!'", "'1..0'"]),
    ],
)
def test_names_that_no_package_can_have_are_told(
    trained: Trained, tmp_path: Path, name: str, version: str, told: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        package(trained.model, name, version, tmp_path / "dist")
    assert all(part in str(caught.value) for part in told), str(caught.value)
    assert not (tmp_path / "dist").exists()


def test_a_checkpoint_that_is_not_whole_is_not_packaged(trained: Trained, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.model, tmp_path / "model"))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    with pytest.raises(CheckpointError, match="not those that were saved"):
        package(folder, "mini-model", "1.0", tmp_path / "dist")
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"no \*\.safetensors"):
        package(folder, "mini-model", "1.0", tmp_path / "dist")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        package(trained.model, "mini-model", "1.0", tmp_path / "file")
    assert not (tmp_path / "dist").exists()
