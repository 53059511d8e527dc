"""train/re3d.py: the public benchmark as documents, where its files are at hand, and sentences where they are not."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from seqeval.metrics import f1_score

from conflict_ner.config import read_config
from conflict_ner.console import run
from conflict_ner.documents import read_documents
from conflict_ner.errors import EXIT_CODE, DataError
from conflict_ner.schema import LabelSchema
from tests.token_scores import altered, our_f1, strict_f1
from train.__main__ import app
from train.conll import read_sentences, strict_spans
from train.corpus import CorpusConfig, build_corpus
from train.re3d import LABELS, SUBSETS, VARIABLE, prepare, public_files

FILES = Path(os.environ.get(VARIABLE) or "../shared/benchmarks/re3d").resolve()
with_files = pytest.mark.skipif(
    not FILES.is_dir(), reason=f"re3d's files are not shipped; name their folder in {VARIABLE}"
)
SPLITS = {"train": (574, 2021), "dev": (191, 697), "test": (200, 676)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("re3d") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(FILES))
        prepare(folder)
    return folder


@with_files
def test_the_sentences_are_those_that_others_counted(prepared: Path) -> None:
    schema = LabelSchema.load(LABELS)
    for split, counts in SPLITS.items():
        documents = read_documents(prepared / f"{split}.jsonl", schema)
        assert (len(documents), sum(len(document.spans) for document in documents)) == counts
        used = {span.label for document in documents for span in document.spans}
        assert used == set(schema.label_names)


@with_files
def test_the_score_of_characters_is_seqevals_on_the_real_tags() -> None:
    sentences = read_sentences((FILES / "conll/test.txt").read_bytes(), "test.txt")
    gold = [sentence.tags for sentence in sentences]
    chance = random.Random(3)
    predicted = [altered(tags, chance) for tags in gold]
    score = our_f1(sentences, predicted)
    assert 0.1 < score < 0.9
    assert score == pytest.approx(strict_f1(gold, predicted))
    # Published figures are of seqeval's default mode: the same for tags that are legal, as decoded ones are.
    legal = []
    for tags in predicted:
        kept = ["O"] * len(tags)
        for first, after, label in strict_spans(tags):
            kept[first:after] = [f"B-{label}", *[f"I-{label}"] * (after - first - 1)]
        legal.append(tuple(kept))
    assert f1_score([list(tags) for tags in gold], [list(tags) for tags in legal]) == pytest.approx(score)


@with_files
def test_whole_documents_hold_the_spans_of_the_sentences(prepared: Path) -> None:
    def surfaces(*names: str) -> Counter[tuple[str, str]]:
        return Counter(
            (span.label, "".join(document.surface(span).split()))
            for name in names
            for document in read_documents(prepared / f"{name}.jsonl")
            for span in document.spans
        )

    documents = surfaces("documents")
    assert documents.total() == 3392
    # The sentences' makers changed two quotation marks, and mended two entities by hand.
    assert (documents & surfaces(*SPLITS)).total() == 3390


@with_files
def test_the_corpora_are_built_and_documents_do_not_leak(prepared: Path, tmp_path: Path) -> None:
    sources = [f"sources.{split}={prepared / split}.jsonl" for split in SPLITS]
    published = read_config(Path("configs/corpus/re3d.yaml"), CorpusConfig, [*sources, f"output={tmp_path / 'one'}"])
    sizes = {split: len(members) for split, members in build_corpus(published).splits.items()}
    assert sizes == {"train": 574, "validation": 191, "test": 200}
    overrides = [f"sources.documents={prepared / 'documents.jsonl'}", f"output={tmp_path / 'two'}"]
    manifest = build_corpus(read_config(Path("configs/corpus/re3d-documents.yaml"), CorpusConfig, overrides))
    assert {split: len(members) for split, members in manifest.splits.items()} == {
        "train": 58,
        "validation": 20,
        "test": 20,
    }
    ids = [member.id for members in manifest.splits.values() for member in members]
    assert len(set(ids)) == 98


@with_files
def test_the_command_tells_the_licences_and_writes_the_same_again(
    prepared: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in prepared.iterdir()}
    monkeypatch.setenv(VARIABLE, str(FILES))
    with pytest.raises(SystemExit) as exited:
        run(app, "python -m train", ["re3d", str(prepared)])
    assert not exited.value.code
    printed = capsys.readouterr().out
    for subset in SUBSETS:
        assert f"{subset.name}: {subset.licence}" in printed
        assert subset.terms in before["README.md"].decode()
    assert {path.name: path.read_bytes() for path in prepared.iterdir()} == before


@with_files
def test_a_changed_file_is_refused_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    for file in public_files():
        (copy / file.path).parent.mkdir(parents=True, exist_ok=True)
        data = (FILES / file.path).read_bytes()
        (copy / file.path).write_bytes(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    monkeypatch.setenv(VARIABLE, str(copy))
    prepare(tmp_path / "same")  # other line ends are the same content
    changed = copy / "conll/dev.txt"
    changed.write_bytes(changed.read_bytes().replace(b"B-Person", b"B-Weapon", 1))
    (copy / "source/CENTCOM/entities.json").unlink()
    with pytest.raises(DataError) as error:
        prepare(tmp_path / "new")
    assert [problem.split("'")[1] for problem in error.value.problems] == [
        "conll/dev.txt",
        "source/CENTCOM/entities.json",
    ]
    assert not (tmp_path / "new").exists()


def test_the_addresses_are_of_fixed_commits() -> None:
    files = public_files()
    assert len({file.path for file in files}) == 17
    assert len({file.sha256 for file in files}) == 17
    for file in files:
        assert " " not in file.address
        assert len(file.address.split("/")[5]) == 40


@pytest.mark.parametrize(("held", "told"), [("notes.txt", "'notes.txt'"), ("README.md", "'README.md'")])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, held: str, told: str) -> None:
    (tmp_path / held).write_text("# Mine", encoding="utf-8")
    with pytest.raises(DataError, match=f"holds {told} and is no folder of this benchmark"):
        prepare(tmp_path)
    assert (tmp_path / held).read_text(encoding="utf-8") == "# Mine"


def test_a_variable_that_names_no_folder_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(SystemExit) as exited:
        run(app, "python -m train", ["re3d", str(tmp_path / "out")])
    assert exited.value.code == EXIT_CODE
    told = " ".join(capsys.readouterr().err.split())
    assert "which is no folder; name one with conll/ and source/, or unset it to fetch." in told
    assert not (tmp_path / "out").exists()
