"""Engines: what OpenVINO finds is what PyTorch finds, exports are made, checked, chosen and passed over."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from conflict_ner import load
from conflict_ner.checkpoint import load_checkpoint
from conflict_ner.documents import Document
from conflict_ner.errors import CheckpointError, ConfigError, DataError
from conflict_ner.export import check_texts, export
from conflict_ner.runtime import openvino
from conflict_ner.runtime.choice import choose
from conflict_ner.runtime.exported import EXPORT_FILE, Export, export_folder, read_export
from conflict_ner.runtime.openvino import OpenVinoEngine
from conflict_ner.tagger import Tagger
from tests.conftest import Trained

needs_openvino = pytest.mark.skipif(openvino.installed() is None, reason="OpenVINO is not installed")


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small model with an export of its own."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    shutil.copytree(trained.model, folder)
    assert export(folder, "fp32", check_texts()).parity.agreement > 0.99
    return folder


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    """The exported model, to be spoilt."""
    return Path(shutil.copytree(exported, tmp_path / "model"))


def spoil_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))


@needs_openvino
def test_openvino_finds_what_torch_finds_in_short_long_and_odd_texts(exported: Path, gold: list[Document]) -> None:
    texts = [*(document.text for document in gold), "", " ", "Idlib", "Rebels entered Idlib on Tuesday. " * 200]
    reference, fast = Tagger.load(exported), Tagger.load(exported, engine="openvino")
    assert (reference.engine.name, fast.engine.name) == ("torch fp32", "openvino fp32")
    assert fast.device.type == "cpu"
    for own, other in zip(reference.tag(texts), fast.tag(texts), strict=True):
        assert [span.key for span in own] == [span.key for span in other]
        assert [span.score for span in own] == pytest.approx([span.score for span in other], abs=1e-3)


@needs_openvino
def test_the_extractor_takes_the_fast_engine_and_leaves_the_torch_weights_shut(exported: Path) -> None:
    extractor = load(exported)
    assert extractor.tagger.engine.name == "openvino fp32"
    assert extractor.tagger.checkpoint.opened is None
    assert extractor("Rebels killed 12 soldiers near Idlib on Tuesday.").spans
    assert extractor.tagger.checkpoint.model.config.num_labels == len(extractor.tagger.tags.names)
    assert load(exported, engine="torch").tagger.engine.name == "torch fp32"


@needs_openvino
def test_threads_share_an_engine(exported: Path, gold: list[Document]) -> None:
    tagger = Tagger.load(exported, engine="openvino")
    texts = [document.text[: 300 * (number % 5 + 1)] for number, document in enumerate(gold * 4)]
    alone = [tagger.tag([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: tagger.tag([text])[0], texts))
    assert [[span.key for span in spans] for spans in together] == [[span.key for span in spans] for spans in alone]


@needs_openvino
def test_an_export_tells_what_it_was_made_from(exported: Path) -> None:
    record = read_export(exported)
    assert record is not None
    assert record.precision == "fp32"
    assert {"conflict-ner", "openvino", "torch"} <= record.versions.keys()
    assert record.parity.texts == len(check_texts())
    assert f"{record.parity.same} spans are the same" in record.parity.told()


@needs_openvino
def test_an_export_of_other_weights_is_passed_over_with_a_notice(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoil_weights(copied)
    with caplog.at_level(logging.WARNING):
        extractor = load(copied)
    assert extractor.tagger.engine.name == "torch fp32"
    (notice,) = caplog.messages
    assert "made from other weights" in notice
    assert f"conflict-ner export {copied}" in notice
    with pytest.raises(CheckpointError, match="made from other weights"):
        load(copied, engine="openvino")


@needs_openvino
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.bin").unlink(), "has no model.bin"),
        (lambda folder: (folder / EXPORT_FILE).write_text("{"), "is damaged or of a newer format"),
        (lambda folder: (folder / EXPORT_FILE).unlink(), "has no export"),
    ],
)
def test_a_damaged_export_is_told_and_torch_reads(copied: Path, spoil: object, told: str) -> None:
    assert callable(spoil)
    spoil(export_folder(copied))
    choice = choose(copied)
    assert (choice.engine, choice.wrong) == ("torch", True)
    assert told in choice.note
    with pytest.raises(CheckpointError, match=told):
        choose(copied, "openvino")


@needs_openvino
def test_a_model_that_openvino_cannot_open_is_told(copied: Path) -> None:
    (export_folder(copied) / "model.xml").write_text("<net/>")
    with pytest.raises(CheckpointError, match="OpenVINO cannot open"):
        load(copied)


def test_a_checkpoint_without_an_export_is_read_by_torch(trained: Trained) -> None:
    assert str(choose(trained.model)) == "torch"
    with pytest.raises(CheckpointError, match="conflict-ner export"):
        load(trained.model, engine="openvino")
    with pytest.raises(ConfigError, match="did you mean 'openvino'"):
        load(trained.model, engine="openvin")


@needs_openvino
def test_where_openvino_is_missing_torch_reads_and_says_what_to_install(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    choice = choose(exported)
    assert (choice.engine, choice.wrong) == ("torch", False)
    assert "pip install 'conflict-ner[openvino]'" in choice.note
    with pytest.raises(ConfigError, match="pip install"):
        load(exported, engine="openvino")


@needs_openvino
def test_a_device_that_is_not_the_cpu_is_torchs(exported: Path) -> None:
    assert choose(exported, device="meta").engine == "torch"
    assert choose(exported, device="cpu").engine == "openvino"
    with pytest.raises(ConfigError, match="reads on the CPU"):
        choose(exported, "openvino", device="cuda:0")


@needs_openvino
def test_bf16_halves_the_file_and_is_computed_in_what_the_cpu_has(copied: Path, exported: Path) -> None:
    done = export(copied, "bf16", check_texts())
    assert done.parity.computed_in == openvino.runs_as("bf16")
    sizes = [(export_folder(folder) / "model.bin").stat().st_size for folder in (copied, exported)]
    assert sizes[0] < 0.6 * sizes[1]
    assert load(copied).tagger.engine.name == f"openvino {openvino.runs_as('bf16')}"


@needs_openvino
def test_an_export_is_computed_only_in_a_precision_that_was_checked(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export_folder(copied) / EXPORT_FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, "precision": "bf16"}), encoding="utf-8")
    monkeypatch.setattr(openvino, "runs_as", lambda precision: "fp32" if precision == "bf16" else precision)
    assert str(choose(copied)).startswith("openvino fp32 (this CPU has no bfloat16")
    monkeypatch.setattr(openvino, "runs_as", lambda precision: precision)
    assert str(choose(copied)).startswith("openvino fp32 (the bf16 export was made on a CPU without bfloat16")
    record["parity"]["computed_in"] = "bf16"
    path.write_text(json.dumps({**record, "precision": "bf16"}), encoding="utf-8")
    assert str(choose(copied)) == "openvino bf16"


@needs_openvino
def test_what_does_not_read_alike_is_not_kept(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (export_folder(copied) / EXPORT_FILE).read_bytes()
    read = OpenVinoEngine.__call__
    monkeypatch.setattr(OpenVinoEngine, "__call__", lambda *batch: np.roll(read(*batch), 1, axis=-1))
    with pytest.raises(CheckpointError, match="does not read as torch does"):
        export(copied, "bf16", check_texts())
    assert (export_folder(copied) / EXPORT_FILE).read_bytes() == before
    with pytest.raises(DataError, match="prove nothing"):
        export(copied, "bf16", ["Nothing."])


@needs_openvino
def test_int8_reads_nearly_alike(copied: Path, gold: list[Document]) -> None:
    pytest.importorskip("nncf", reason="NNCF is not installed")
    done = export(copied, "int8", check_texts(), least=0.5)
    assert isinstance(done, Export)
    assert done.parity.texts == len(check_texts()) // 2
    assert load(copied, engine="openvino").tagger.engine.name == "openvino int8"
    assert choose(copied).engine == ("openvino" if openvino.multiplies_bytes() else "torch")


@needs_openvino
def test_nothing_reports_home(exported: Path) -> None:
    code = f"import sys; from conflict_ner import load; print(load({str(exported)!r}).tagger.engine.name, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("openvino fp32")
    assert "openvino_telemetry" not in done.stdout.split()


def test_the_models_own_weights_open_when_they_are_asked_for(trained: Trained, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.model, tmp_path / "model"))
    (folder / "model.safetensors").write_bytes(b"no weights")
    checkpoint = load_checkpoint(folder, weights=False)
    with pytest.raises(CheckpointError, match="cannot be opened"):
        _ = checkpoint.model
    with pytest.raises(CheckpointError, match="cannot be opened"):
        load_checkpoint(folder)


def test_texts_for_the_check(tmp_path: Path) -> None:
    assert len(check_texts()) >= 20
    (tmp_path / "article.txt").write_text("Rebels entered Idlib.", encoding="utf-8")
    assert check_texts([str(tmp_path / "article.txt")]) == ["Rebels entered Idlib."]
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(DataError, match="There is no text"):
        check_texts([str(tmp_path / "empty.txt")])
    with pytest.raises(DataError, match="there is no file"):
        check_texts([str(tmp_path / "none.txt")])


@needs_openvino
def test_an_export_record_is_closed(exported: Path) -> None:
    path = export_folder(exported) / EXPORT_FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    assert Export.model_validate_json(json.dumps(record)).weights_sha256 == record["weights_sha256"]
    with pytest.raises(ValueError, match="surprise"):
        Export.model_validate_json(json.dumps({**record, "surprise": 1}))
