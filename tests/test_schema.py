"""The label schema: what is derived from it, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema

LABELS = Path("configs/labels.yaml")


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_tags_and_ids_follow_the_order_of_the_file(schema: LabelSchema) -> None:
    assert schema.tags == (
        "O",
        "B-ARMED_GROUP",
        "I-ARMED_GROUP",
        "B-PLACE",
        "I-PLACE",
        "B-CASUALTY_COUNT",
        "I-CASUALTY_COUNT",
        "B-DATE",
        "I-DATE",
    )
    assert schema.tag2id["I-DATE"] == 8
    assert schema.id2tag[0] == "O"
    assert schema.label("CASUALTY_COUNT").attribute("casualty_type").value_names == (
        "killed",
        "wounded",
        "captured",
        "missing",
        "unspecified",
    )
    assert schema.label("PLACES") is None


def test_every_mistake_is_told_at_once_with_the_right_name(tmp_path: Path) -> None:
    path = write(
        tmp_path / "labels.yaml",
        "labels:\n"
        "  - {name: 'bad name', description: x, colour: red}\n"
        "  - {name: PLACE, desription: y, colour: '#112233'}\n",
    )
    with pytest.raises(ConfigError) as caught:
        LabelSchema.load(path)
    message = str(caught.value)
    assert "labels.0.name" in message
    assert "labels.0.colour" in message
    assert "labels.1.desription: unknown key; did you mean 'description'?" in message
    assert "labels.1.description: a value is needed" in message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "labels:\n- {name: A, description: x, colour: '#000000'}\n- {name: A, description: y, colour: '#111111'}\n",
            "each label stands once, but 'A'",
        ),
        (
            "labels:\n- {name: A, description: x, colour: '#000000', hotkey: '1'}\n"
            "- {name: B, description: y, colour: '#111111', hotkey: '1'}\n",
            "each hotkey stands once, but '1'",
        ),
        ("labels: []\n", "labels"),
        ("- a\n", "no mapping"),
        ("labels: [\n", "cannot be read as YAML"),
    ],
)
def test_a_wrong_schema_is_refused_with_the_reason(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        LabelSchema.load(write(tmp_path / "labels.yaml", content))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no configuration file 'nowhere\.yaml'"):
        LabelSchema.load(Path("nowhere.yaml"))
