"""What a student learns from finished models: their mean reading on its own pieces, and texts that they mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from conflict_ner.checkpoint import CheckpointInfo, WindowSettings, load_checkpoint, save_checkpoint
from conflict_ner.config import read_config
from conflict_ner.documents import Document, read_documents, write_documents
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import tokenize
from tests import small_models, small_tokenizers
from tests.conftest import Trained
from train.config import TeacherSettings, TrainConfig
from train.corpus import CorpusConfig, build_corpus, read_corpus
from train.curve.config import CurveConfig
from train.examples import encode
from train.kfold import KfoldConfig
from train.material import Material
from train.tagging import Collator
from train.teachers import Teachers, teachers_texts

TEXTS = ("Rebels killed 12 soldiers near Idlib on Tuesday.", "", "In Jisr al-Shughour 3,000 fled.\n\nNobody was hurt.")


def documents(*texts: str) -> list[Document]:
    return [Document(id=f"text-{number}", text=text) for number, text in enumerate(texts)]


@pytest.fixture(scope="module")
def teacher(trained: Trained) -> Tagger:
    return Tagger.load(trained.model)


def untrained(folder: Path, schema: LabelSchema, kind: str, seed: int) -> Tagger:
    """Return a model with random weights and a tokenizer of the kind wanted."""
    from transformers import BertConfig, BertForTokenClassification, set_seed

    tokenizer = small_tokenizers.build(kind)
    set_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        id2label=schema.id2tag,
        label2id=schema.tag2id,
    )
    info = CheckpointInfo(name="untrained", labels=schema, windows=WindowSettings(size=64, overlap=16))
    save_checkpoint(folder, BertForTokenClassification(config), tokenizer, info)
    return Tagger(load_checkpoint(folder))


def test_several_teachers_give_the_mean_of_their_probabilities(
    teacher: Tagger, tmp_path: Path, schema: LabelSchema
) -> None:
    other = untrained(tmp_path / "other", schema, "wordpiece", seed=5)
    tokenizer = teacher.checkpoint.tokenizer
    tokens = tokenize(TEXTS, tokenizer)
    both = Teachers([teacher, other], schema).read(documents(*TEXTS), tokenizer)
    alone = zip(teacher.emissions(tokens), other.emissions(tokens), strict=True)
    for (_, mean), (first, second) in zip(both, alone, strict=True):
        np.testing.assert_allclose(mean, (np.exp(first) + np.exp(second)) / 2, atol=1e-6)


def test_one_teacher_marks_what_its_own_best_path_holds(teacher: Tagger, schema: LabelSchema) -> None:
    tokenizer = teacher.checkpoint.tokenizer
    texts = [document.text for document in read_documents(Path("seeds/gold.jsonl"))]
    read = Teachers([teacher], schema).read(documents(*texts), tokenizer)
    tokens = tokenize(texts, tokenizer)
    found = 0
    for (marked, _), pieces, emissions in zip(read, tokens, teacher.emissions(tokens), strict=True):
        own = teacher.tags.spans(teacher.decode(emissions, pieces), pieces)
        assert [(span.start, span.end, span.label) for span in marked.spans] == [
            (span.start, span.end, span.label) for span in own
        ]
        found += len(own)
    assert found > 50


@pytest.mark.parametrize("kind", ["byte-level", "metaspace"])
def test_a_student_with_other_pieces_gets_whole_probabilities_and_no_beginning_inside_a_word(
    teacher: Tagger, schema: LabelSchema, kind: str
) -> None:
    tokenizer = small_tokenizers.build(kind, vocabulary=400)  # far smaller pieces than the teacher's
    text = read_documents(Path("seeds/gold.jsonl"))[0].text
    ((marked, mean),) = Teachers([teacher], schema).read(documents(text), tokenizer)
    (pieces,) = tokenize([text], tokenizer)
    (theirs,) = tokenize([text], teacher.checkpoint.tokenizer)
    np.testing.assert_allclose(mean.sum(axis=1), 1.0, atol=1e-5)
    opens = [number for number, name in enumerate(teacher.tags.names) if name.startswith("B-")]
    inside = ~np.isin(pieces.starts, theirs.starts[theirs.visible]) & pieces.visible
    assert inside.any()
    assert np.abs(mean[inside][:, opens]).max() < 1e-6
    own = {(span.start, span.end, span.label) for span in teacher.tag([text])[0]}
    same = own & {(span.start, span.end, span.label) for span in marked.spans}
    assert len(same) >= 0.8 * len(own)


def test_the_teachers_texts_are_none_of_the_corpus_and_drawn_by_their_seed(trained: Trained, tmp_path: Path) -> None:
    material = Material.of(read_config(trained.config, TrainConfig))
    held = material.splits["test"][0]
    path = tmp_path / "texts.jsonl"
    write_documents(path, [held, *documents("One. Two men fled. Three.", "One. Four towns burn.")])
    settings = TeacherSettings(models=(trained.model,), texts=path)
    assert [one.text for one in teachers_texts(settings, material)] == [
        "One. Two men fled. Three.",
        "One. Four towns burn.",
    ]
    cut = settings.model_copy(update={"by_sentence": True})
    sentences = [one.text for one in teachers_texts(cut, material) if one.id.startswith("text-")]
    assert sentences == ["One.", "Two men fled.", "Three.", "Four towns burn."]
    few = cut.model_copy(update={"most": 3})
    drawn = [one.id for one in teachers_texts(few, material)]
    assert len(drawn) == 3
    assert drawn == [one.id for one in teachers_texts(few, material)]


def test_each_piece_is_taught_once_and_padding_never(trained: Trained, schema: LabelSchema) -> None:
    (document,) = [one for one in read_documents(Path("seeds/gold.jsonl")) if one.id.startswith("000")]
    tagger = Tagger.load(trained.model)
    tokenizer = tagger.checkpoint.tokenizer
    ((_, mean),) = Teachers([tagger], schema).read([document], tokenizer)
    windows = WindowSettings(size=64, overlap=24)
    features = encode([document], tokenizer, tagger.tags, windows, [mean]).features
    batch = Collator(0)(features)
    assert batch["taught"].shape == (*batch["input_ids"].shape, len(tagger.tags.names))
    rows = batch["taught"].sum(dim=-1)
    assert rows.sum().item() == pytest.approx(len(mean), abs=0.01)
    assert torch.all(rows[batch["attention_mask"] == 0] == 0)
    assert torch.equal(rows > 0.5, (rows > 0.5) & (batch["input_ids"] != tokenizer.cls_token_id))


def test_a_student_learns_from_a_teacher_and_texts_without_gold(trained: Trained, tmp_path: Path) -> None:
    """With hardly any gold, it finds in new texts what the teacher finds there."""
    gold = read_corpus(trained.corpus)["train"]
    texts = tmp_path / "texts.jsonl"
    write_documents(texts, [one.model_copy(update={"spans": ()}) for one in gold[1:]])
    lean = lean_corpus(trained.corpus, tmp_path / "lean")
    alone = train(tmp_path / "alone", trained, lean)
    taught = train(tmp_path / "taught", trained, lean, {"models": [str(trained.model)], "texts": str(texts)})
    assert "It learns from one model too" in taught
    assert "learned from another corpus" in taught
    assert "It learns from" not in alone
    card = (tmp_path / "taught" / "model" / "README.md").read_text(encoding="utf-8")
    assert "| models that it learned from (their mean reading) |" in card
    wanted = [spans_of(trained.model, one.text) for one in gold[1:]]
    hits = {
        name: sum(
            len(spans_of(tmp_path / name / "model", one.text) & own) for one, own in zip(gold[1:], wanted, strict=True)
        )
        for name in ("alone", "taught")
    }
    assert hits["taught"] > 2 * hits["alone"]


def test_teachers_of_other_labels_or_none_are_refused(trained: Trained, small_encoder: Path, tmp_path: Path) -> None:
    other = LabelSchema.load(Path("configs/labels-re3d.yaml"))
    with pytest.raises(ConfigError, match=r"teachers\.models: .* reads ARMED_GROUP, .*labelled with Organisation"):
        Teachers([Tagger.load(trained.model)], other)
    config = small_models.write_config(
        tmp_path / "small.yaml", small_encoder, trained.corpus, teachers={"models": ["models/nobody"]}
    )
    done = small_models.run(small_models.command(config.name), cwd=tmp_path)
    assert done.returncode == 2
    assert "teachers.models: " in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [(CurveConfig, "curve", "no curve can be told"), (KfoldConfig, "kfold", "train out of held_out")],
)
def test_scores_that_teachers_would_make_too_good_are_refused(kind: type[TrainConfig], name: str, said: str) -> None:
    overrides = ["teachers.models=[models/mini]", *(["held_out=[train,test]"] if name == "kfold" else [])]
    with pytest.raises(ConfigError) as caught:
        read_config(Path(f"configs/train/{name}.yaml"), kind, overrides)
    assert said in " ".join([str(caught.value), *caught.value.problems])
    held = read_config(Path("configs/train/kfold.yaml"), KfoldConfig, ["teachers.models=[models/mini]"])
    assert held.teachers is not None


def test_what_is_published_names_no_folder_of_this_machine() -> None:
    settings = TeacherSettings(models=(Path("/home/someone/models/large"),), texts=Path("/home/someone/texts.jsonl"))
    assert "/home" not in settings.portable.model_dump_json()
    assert settings.portable.models == (Path("large"),)


def spans_of(model: Path, text: str) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in Tagger.load(model).tag([text])[0]}


def lean_corpus(corpus: Path, folder: Path) -> Path:
    """Build a corpus like another with its first training document alone."""
    splits = read_corpus(corpus)
    folder.mkdir()
    write_documents(folder / "few.jsonl", [splits["train"][0], *splits["validation"], *splits["test"]])
    overrides = [f"sources.gold={folder / 'few.jsonl'}", f"output={folder / 'corpus'}"]
    build_corpus(read_config(Path("configs/corpus/seeds.yaml"), CorpusConfig, overrides))
    return folder / "corpus"


def train(folder: Path, trained: Trained, corpus: Path, teachers: dict[str, object] | None = None) -> str:
    folder.mkdir()
    more = {"teachers": teachers} if teachers else {}
    config = small_models.write_config(folder / "small.yaml", trained.encoder, corpus, **more)
    done = small_models.run(small_models.command(config.name), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())
