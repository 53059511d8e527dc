"""The card of a published model against a golden pattern, and what it tells of data, encoder and errors."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from conflict_ner.checkpoint import DEFAULT_ENCODER, read_info
from conflict_ner.documents import Document, Span
from tests.conftest import Trained
from train.card.card import model_card
from train.card.facts import describe_encoder
from train.card.findings import confusion_section
from train.card.words import WIDGET
from train.kfold import OUT_OF_FOLD
from train.publish import Publication
from train.run import SCORES_FILE

GOLDEN = Path("tests/data/model-card.golden")


@pytest.fixture
def card(publication: Publication) -> str:
    return (publication.target / "README.md").read_text(encoding="utf-8")


def unmatched(card: str) -> list[str]:
    """Return the golden lines that a card lacks, in their order, and headings that it has beyond them."""
    golden = [line for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line]
    lines = iter(card.splitlines())
    missing = [line for line in golden if not any(re.fullmatch(line, found) for found in lines)]
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    return missing[:1] + [heading for heading in headings if heading not in golden]


def test_the_card_is_as_the_golden_pattern_says(card: str) -> None:
    assert unmatched(card) == []


def test_a_card_that_lost_a_section_does_not_pass(card: str) -> None:
    parts = re.split(r"(?m)^(?=#{1,3} )", card)
    assert len(parts) > 15
    for number, part in enumerate(parts):
        assert unmatched("".join(parts[:number] + parts[number + 1 :])) != [], part.splitlines()[0]
    assert unmatched(card + "\n## News\n") == ["## News"]


def test_the_card_tells_what_lines_cannot(card: str) -> None:
    flat = " ".join(card.split())
    for told in (
        "Read [Misuse](#misuse) before you use it.",
        "`load('./small', precision=0.8)` leaves out spans too unsure for that.",
        "Never: no score of that label reaches it",
        "Strict F1 by fold: 0.500, 0.700; mean 0.600, standard deviation 0.141.",
        "but for: `trainer.learning_rate` 0.002 there, 0.003 here.",
        "expected calibration error 0.081 before, 0.024 after.",
    ):
        assert told in flat, told


def test_what_the_card_says_to_run_runs(
    publication: Publication, card: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(publication.target.parent)
    blocks = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["document"].text == WIDGET[0]
    assert names["extractor"].tagger.checkpoint.calibration is not None
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(names["document"].spans) + len(names["tagger"](WIDGET[0]))


def test_the_metadata_is_what_the_hub_reads(publication: Publication, card: str) -> None:
    data = ModelCard(card).data
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "apache-2.0",
        "transformers",
        "token-classification",
    )
    assert data.language == ["en"]
    assert data.get("base_model") is None  # a folder of this machine is no id of the hub
    found = {(one.dataset_split, one.metric_type): one.metric_value for one in data.eval_results or []}
    scores = json.loads((publication.source.parent / "run" / SCORES_FILE).read_text())
    for split in ("test", "validation"):
        for name in ("f1", "precision", "recall"):
            assert found[split, name] == pytest.approx(scores[split]["micro"]["strict"][name]["value"], abs=1e-4)
    assert (OUT_OF_FOLD, "f1") in found
    manifest = publication.content.manifest
    known = manifest.model_copy(update={"config": manifest.config | {"hub_id": "team/corpus"}})
    assert ModelCard(model_card(replace(publication.content, manifest=known))).data.datasets == ["team/corpus"]


def test_the_packaged_encoder_is_known_by_its_hub_id_and_licence(publication: Publication) -> None:
    encoder = describe_encoder(DEFAULT_ENCODER)
    assert (encoder.hub_id, encoder.licence) == ("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0")
    content = publication.content
    assert content.training is not None
    own = replace(content, training=content.training.model_copy(update={"encoder": encoder}), named_licence=None)
    data = ModelCard(model_card(own)).data
    assert (data.base_model, data.license) == ("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0")
    strict = replace(content, info=content.info.model_copy(update={"least_score": 0.3}))
    assert "less sure of than 0.30 are left out" in " ".join(model_card(strict).split())
    nothing = replace(content, training=None, named_licence=None, scores={}, readings={}, pooled=None, calibration=None)
    bare = model_card(nothing)
    for told in ("was scored on nothing", "errors are not known", "not calibrated", "no record of time", "not stated"):
        assert told in bare, told


def test_a_split_of_invented_documents_is_named_as_such(publication: Publication) -> None:
    manifest = publication.content.manifest
    about = {"about": {"gold": {"synthetic": True}}}
    for split, told in (({"sources": ["gold"]}, True), ({"fraction": 0.1}, False), ({"groups": ["idlib"]}, False)):
        changed = manifest.model_copy(update={"config": manifest.config | about | {"validation": split}})
        card = model_card(replace(publication.content, manifest=changed))
        assert ("All of them are synthetic" in " ".join(card.split())) is told, split
        assert "5 of the 5 documents that the corpus was built from are synthetic" in card
        assert "**Synthetic.**" in card


def test_an_encoder_that_was_itself_trained_here_tells_its_line(trained: Trained, tmp_path: Path) -> None:
    (trained_card := tmp_path / "hub" / "README.md").parent.mkdir()
    trained_card.write_text("---\nlicense: mit\n---\n# A model\n", encoding="utf-8")
    (tmp_path / "hub" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "stage").mkdir()
    info = read_info(trained.model).model_copy(update={"encoder": str(tmp_path / "hub")})
    (tmp_path / "stage" / "conflict_ner.json").write_text(info.model_dump_json(exclude_none=True), encoding="utf-8")
    found = describe_encoder(str(tmp_path / "stage"))
    assert (found.name, found.first.name, found.first.licence) == ("stage", "hub", "mit")
    assert describe_encoder("someone/some-model").hub_id == "someone/some-model"
    assert describe_encoder("models/none-such").hub_id is None


def test_errors_are_counted_by_sort_with_their_words(publication: Publication) -> None:
    text = "The SDF\nforces and RSF | men hit Aleppo and Idlib on Monday."
    places = {word: (text.index(word), text.index(word) + len(word)) for word in ("SDF\nforces", "SDF", "RSF | men",
              "Aleppo", "Idlib", "Monday")}  # fmt: skip

    def spans(*marks: tuple[str, str]) -> tuple[Span, ...]:
        return tuple(Span(start=places[word][0], end=places[word][1], label=label) for word, label in marks)

    gold = Document(
        id="a", text=text, spans=spans(("SDF\nforces", "ARMED_GROUP"), ("RSF | men", "ARMED_GROUP"),
                                       ("Aleppo", "PLACE"), ("Idlib", "PLACE"))
    )  # fmt: skip
    read = gold.with_spans(
        spans(("SDF", "ARMED_GROUP"), ("Aleppo", "ARMED_GROUP"), ("Idlib", "PLACE"), ("Monday", "DATE"))
    )
    told = confusion_section(replace(publication.content, readings={"test": [(gold, read)]}, pooled=None))
    assert "On the test split 1 of 4 gold spans were found exactly." in told
    assert "makes 4 errors: " in " ".join(told.split())
    for row in (
        "| missed | `ARMED_GROUP` | 1 | “RSF \\\\| men” |",
        "| spurious | `DATE` | 1 | “Monday” |",
        "| too short | `ARMED_GROUP` | 1 | “SDF forces” read as “SDF” |",
        "| wrong label | `PLACE` read as `ARMED_GROUP` | 1 | “Aleppo” |",
    ):
        assert row in told, told
