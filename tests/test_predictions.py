"""A prediction is validated as the JSON that is sent: every rule is broken once, and real documents pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.predictions import checked_prediction, checkpoint_version, prediction_problems
from annotate.tasks import Json, prediction, read_result
from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from tests.strategies import marked_texts

TEXT = "Rebels killed 117 soldiers in Idlib on Tuesday."
DOCUMENT = Document(
    id="a",
    text=TEXT,
    spans=(
        Span(start=0, end=6, label="ARMED_GROUP", score=0.9),
        Span(start=14, end=17, label="CASUALTY_COUNT", attributes={"casualty_type": "killed"}, score=0.7),
        Span(start=30, end=35, label="PLACE", score=0.8),
    ),
)
KINDS = ("killed", "wounded", "captured", "missing", "unspecified")


def record() -> Json:
    return copy.deepcopy(prediction(DOCUMENT, "m-1"))


def test_what_is_right_passes_unchanged(schema: LabelSchema, gold: list[Document]) -> None:
    assert checked_prediction(DOCUMENT, "m-1", schema) == record()
    assert record()["score"] == 0.8
    for document in gold:
        checked = checked_prediction(document, "gold", schema)
        back = read_result(checked["result"], document.text, schema)
        assert (back.problems, [span.key for span in back.spans]) == ((), [span.key for span in document.spans])


@given(marked=marked_texts(), score=st.floats(0, 1), data=st.data())
def test_every_document_of_the_schema_passes_and_is_read_back(
    schema: LabelSchema, marked: tuple[str, tuple[Span, ...]], score: float, data: st.DataObject
) -> None:
    text, bare = marked
    spans = []
    for span in bare:
        kind = data.draw(st.sampled_from((None, *KINDS))) if span.label == "CASUALTY_COUNT" else None
        attributes = {} if kind is None else {"casualty_type": kind}
        spans.append(span.model_copy(update={"attributes": attributes, "score": score}))
    document = Document(id="x", text=text, spans=tuple(spans))
    checked = checked_prediction(document, "v", schema)
    assert list(prediction_problems(checked, text, schema)) == []
    assert [item["id"] for item in checked["result"] if item["type"] == "labels"] == [
        item["id"] for item in prediction(document, "v")["result"] if item["type"] == "labels"
    ]
    answers = [item for item in checked["result"] if item["type"] == "choices"]
    assert len(answers) == sum(bool(span.attributes) for span in spans)


def changed(place: int, **fields: object) -> Callable[[Json], None]:
    return lambda broken: broken["result"][place].update(fields)


def moved(place: int, **fields: object) -> Callable[[Json], None]:
    return lambda broken: broken["result"][place]["value"].update(fields)


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (moved(0, labels=["ARMED_GRUOP"]), "did you mean 'ARMED_GROUP'"),
        (moved(0, labels=["PLACE", "DATE"]), "result.0.value.labels"),
        (moved(0, labels=None), "one label"),
        (moved(0, end=500, text="x"), "not within the text, which has 47 characters"),
        (moved(0, start=6), "not within the text"),
        (moved(0, start=-1), "result.0.value.start"),
        (moved(0, start=0.0), "result.0.value.start"),
        (moved(0, text="Rebel"), "its text is not what stands there, 'Rebels'"),
        (moved(0, end=16, text=TEXT[:16]), "overlaps"),
        (changed(3, id="x" * 8), None),
        (lambda broken: broken["result"][3].update(id=broken["result"][0]["id"]), "another span has the same id"),
        (changed(2, id="elsewhere"), "no span shares its id"),
        (moved(2, start=15), "both must share one place"),
        (moved(2, choices=["died"]), "casualty_type 'died' is not allowed"),
        (moved(2, choices=["killed", "wounded"]), "result.2.value.choices"),
        (changed(2, from_name="motive"), "attribute 'motive' does not belong to CASUALTY_COUNT"),
        (changed(2, type="rating"), "not 'rating'"),
        (lambda broken: broken["result"].append(broken["result"][2]), "casualty_type is answered twice"),
        (changed(0, from_name="labels"), "from_name 'label'"),
        (changed(0, to_name="body"), "the page's text is 'text'"),
        (changed(0, score=1.2), "result.0.score"),
        (changed(0, score=float("nan")), "result.0.score"),
        (changed(0, extra=1), "unknown key"),
        (lambda broken: broken.update(score=-0.1), "score"),
        (lambda broken: broken.update(model_version=""), "model_version"),
    ],
)
def test_each_rule_is_held(schema: LabelSchema, breaks: Callable[[Json], None], told: str | None) -> None:
    broken = record()
    breaks(broken)
    problems = list(prediction_problems(broken, TEXT, schema))
    assert any(told in problem for problem in problems) if told else not problems, problems


def test_all_problems_are_told_with_document_region_and_rule(schema: LabelSchema) -> None:
    spans = (Span(start=0, end=6, label="FORCE"), Span(start=30, end=35, label="PLACE", attributes={"size": "big"}))
    with pytest.raises(DataError, match="of 'm-1' for 'a'") as caught:
        checked_prediction(Document(id="a", text=TEXT, spans=spans), "m-1", schema)
    assert len(caught.value.problems) == 2
    assert "FORCE [0, 6) 'Rebels': label 'FORCE' is not in the schema" in caught.value.problems[0]
    assert "attribute 'size' does not belong to PLACE" in caught.value.problems[1]


def test_a_version_tells_checkpoint_and_weights(tmp_path: Path) -> None:
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    first = checkpoint_version(str(folder), folder)
    assert first.startswith("mini-") and len(first) == len("mini-") + 8
    assert checkpoint_version("organisation/mini", folder) == first, "a hub id goes by its own name"
    (folder / "model.safetensors").write_bytes(b"two")
    assert checkpoint_version(f"{folder}/", folder) != first
