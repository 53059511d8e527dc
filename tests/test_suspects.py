"""Likely annotation errors: each kind comes out on top with a reason and a suggestion, in a sure order."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from annotate.review import unheld
from conflict_ner.console import out
from conflict_ner.documents import Document, Provenance, Span, write_documents
from conflict_ner.errors import DataError
from conflict_ner.label_errors import LabelError, read_label_errors
from conflict_ner.markup import parse_markup
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.tokens import tokenize
from tests import small_tokenizers
from tests.strategies import marked_texts
from train.__main__ import app
from train.corpus import CorpusConfig, build_corpus
from train.emissions import Emissions, write_emissions
from train.kfold import EMISSIONS_FILE, OUT_OF_FOLD, KfoldConfig
from train.run import Run
from train.suspects.borders import FIRST, LAST, Border, Borders
from train.suspects.command import FILE, label_errors
from train.suspects.disagreements import Disagreement, find_disagreements
from train.suspects.doubts import Doubt, Reading
from train.suspects.find import Suspect, find_suspects
from train.suspects.reasons import label_error
from train.suspects.usage import Usage, words_of

RIGHT = (
    "[[Rebels|ARMED_GROUP]] took [[Idlib|PLACE]] from the [[Syrian army|ARMED_GROUP]] on [[Monday|DATE]]. "
    "[[At least 12|CASUALTY_COUNT:killed]] people were killed near [[Jabal Zawiya|PLACE]]."
)
# What the model misreads in each document, unsure of itself: no error of the annotators.
MISREAD = RIGHT.replace("[[Jabal Zawiya|PLACE]]", "[[Jabal|ARMED_GROUP]] Zawiya")
ELSEWHERE = 4  # documents with the same sentences, annotated as they should be


def document(schema: LabelSchema, name: str, markup: str, **provenance: object) -> Document:
    text, spans = parse_markup(markup, schema)
    return Document(id=name, text=text, spans=spans, provenance=Provenance.model_validate(provenance))


def emit(read: Document, schema: LabelSchema, unsure: Sequence[str] = ()) -> Emissions:
    """Make up the emissions of a model that reads these spans: sure of them all but for the words in `unsure`."""
    tags = BioTags.of(schema)
    (tokens,) = tokenize([read.text], small_tokenizers.build("wordpiece"))
    ids = tags.align(read.text, read.spans, tokens).tags
    values = np.full((len(tokens), len(tags.names)), 0.001)
    for piece, tag in enumerate(ids):
        words = {read.text[tokens.starts[piece] : tokens.ends[piece]].lower()}
        sure = 0.5 if any(words & set(one.lower().split()) for one in unsure) else 0.99
        values[piece, :] = (1 - sure) / (len(tags.names) - 1)
        values[piece, tag] = sure
    return Emissions(read.id, tags.names, tokens, np.log(values).astype(np.float32))


class Corpus:
    """Annotated documents, what a made-up model reads in them, and its emissions."""

    def __init__(self, schema: LabelSchema, markups: Mapping[str, str], read: str = MISREAD) -> None:
        self.schema = schema
        self.gold = [document(schema, name, markup) for name, markup in markups.items()]
        self.read = [document(schema, name, read) for name in markups]
        self.emissions = [emit(one, schema, unsure=["jabal", "zawiya"]) for one in self.read]

    def suspects(self) -> list[Suspect]:
        pairs = list(zip(self.gold, self.read, strict=True))
        return find_suspects(pairs, self.emissions, BioTags.of(self.schema), self.gold)

    def write_run(self, folder: Path, labels: Path = Path("configs/labels.yaml")) -> Path:
        """Write what a k-fold run leaves behind."""
        write_documents(folder / "gold.jsonl", self.gold)
        sources = {"gold": str(folder / "gold.jsonl")}
        build_corpus(CorpusConfig(title="made up", labels=labels, sources=sources, output=folder / "corpus"))
        run = Run(folder / "run")
        run.keep_config(KfoldConfig(name="run", corpus=folder / "corpus", run=run.folder, held_out=("train",)))
        run.write_predictions(OUT_OF_FOLD, self.read)
        write_emissions(run.folder / EMISSIONS_FILE, self.emissions)
        return run.folder


def with_error(wrong: str) -> dict[str, str]:
    return {**{f"right-{number}": RIGHT for number in range(ELSEWHERE)}, "wrong": wrong}


@pytest.mark.parametrize(
    ("old", "new", "span", "suggestion", "told"),
    [
        ("[[Idlib|PLACE]]", "Idlib", None, ("Idlib", "PLACE"), ["Nothing is marked", "reads PLACE", "PLACE 4 times"]),
        (
            "people were",
            "[[people|PLACE]] were",
            ("people", "PLACE"),
            None,
            ["Marked as PLACE", "reads nothing", "PLACE never, unmarked 4 times"],
        ),
        (
            "[[Idlib|PLACE]]",
            "[[Idlib|ARMED_GROUP]]",
            ("Idlib", "ARMED_GROUP"),
            ("Idlib", "PLACE"),
            ["Marked as ARMED_GROUP", "reads PLACE (99 % sure; as marked: under 1 %)", "PLACE 4 times"],
        ),
        (
            "on [[Monday|DATE]]",
            "[[on Monday|DATE]]",
            ("on Monday", "DATE"),
            ("Monday", "DATE"),
            ["Marked as DATE", 'reads "Monday"', '"on" stands right before 4 other DATE and begins none'],
        ),
        (
            "[[Syrian army|ARMED_GROUP]]",
            "Syrian [[army|ARMED_GROUP]]",
            ("army", "ARMED_GROUP"),
            ("Syrian army", "ARMED_GROUP"),
            ["Marked as ARMED_GROUP", 'reads "Syrian army"', '"Syrian army" is ARMED_GROUP 4 of 4 times'],
        ),
    ],
    ids=["dropped", "spurious", "wrong label", "too long", "too short"],
)
def test_an_error_of_each_kind_comes_out_on_top_with_reason_and_suggestion(
    schema: LabelSchema,
    old: str,
    new: str,
    span: tuple[str, str] | None,
    suggestion: tuple[str, str] | None,
    told: list[str],
) -> None:
    assert old in RIGHT
    suspects = Corpus(schema, with_error(RIGHT.replace(old, new))).suspects()
    assert len(suspects) == ELSEWHERE + 2  # the planted one, and what the model misreads in each document
    error = label_error(suspects[0])
    assert error.document == "wrong"
    assert (error.span and (error.span.text, error.span.label)) == span
    assert (error.suggestion and (error.suggestion.text, error.suggestion.label)) == suggestion
    for words in told:
        assert words in error.reason
    assert error.reason.count(".") == 1
    scores = [label_error(one).score or 0.0 for one in suspects]
    assert scores == sorted(scores, reverse=True)
    assert suspects[0].score > suspects[1].score


def test_what_the_model_knows_nothing_of_is_kept_where_the_label_stays(schema: LabelSchema) -> None:
    longer = RIGHT.replace(
        "[[At least 12|CASUALTY_COUNT:killed]] people", "[[At least 12 people|CASUALTY_COUNT:killed]]"
    )
    error = label_error(Corpus(schema, with_error(longer)).suspects()[0])
    assert error.span is not None
    assert error.suggestion is not None
    assert error.suggestion.text == "At least 12"
    assert error.span.attributes == error.suggestion.attributes == {"casualty_type": "killed"}
    relabelled = RIGHT.replace("[[At least 12|CASUALTY_COUNT:killed]]", "[[At least 12|DATE]]")
    error = label_error(Corpus(schema, with_error(relabelled)).suspects()[0])
    assert error.suggestion is not None
    assert error.suggestion.attributes == {}


def test_one_annotator_is_named_and_settled_work_is_nobodys(schema: LabelSchema) -> None:
    def named(**provenance: object) -> str | None:
        corpus = Corpus(schema, with_error(RIGHT.replace("[[Idlib|PLACE]]", "Idlib")))
        corpus.gold[-1] = document(schema, "wrong", RIGHT.replace("[[Idlib|PLACE]]", "Idlib"), **provenance)
        return label_error(corpus.suspects()[0]).annotator

    assert named(annotators=("ann@example.org",)) == "ann@example.org"
    assert named(annotators=("ann@example.org", "bo@example.org")) is None
    assert named(annotators=("ann@example.org",), adjudicated=True) is None


def test_the_order_is_the_same_however_the_documents_come(schema: LabelSchema) -> None:
    wrong = RIGHT.replace("[[Idlib|PLACE]]", "[[Idlib|DATE]]")
    corpus = Corpus(schema, {"b": wrong, "a": wrong, "c": RIGHT, "d": RIGHT})
    first = [(one.document.id, one.place, one.evidence) for one in corpus.suspects()]
    assert [name for name, _, _ in first[:2]] == ["a", "b"]
    assert first[0][2] == first[1][2]
    corpus.gold.reverse()
    corpus.read.reverse()
    assert [(one.document.id, one.place, one.evidence) for one in corpus.suspects()] == first


def test_a_lone_confusion_and_words_marked_otherwise_elsewhere_say_more(schema: LabelSchema) -> None:
    marked = {"a": "[[Kilo|PLACE]] fell", "b": "[[Lima|PLACE]] fell", "c": "[[Mike|DATE]] fell", "d": "fell"}
    read = {"a": "[[Kilo|DATE]] fell", "b": "[[Lima|DATE]] fell", "c": "[[Mike|PLACE]] fell", "d": "fell"}

    def evidence(more: str) -> dict[str, float]:
        corpus = Corpus(schema, marked)
        corpus.read = [document(schema, name, markup) for name, markup in read.items()]
        corpus.emissions = [emit(one, schema) for one in corpus.read]
        pairs = list(zip(corpus.gold, corpus.read, strict=True))
        everything = [*corpus.gold, document(schema, "e", more)]
        found = find_suspects(pairs, corpus.emissions, BioTags.of(schema), everything)
        return {one.document.id: one.evidence for one in found}

    even = evidence("fell")
    assert even["a"] == pytest.approx(even["b"])
    assert even["c"] - even["a"] == pytest.approx(np.log(2))
    for_it, against = evidence("[[Kilo|DATE]] fell"), evidence("[[Kilo|PLACE]] fell")
    assert against["a"] < even["a"] < for_it["a"]
    assert for_it["b"] == even["b"]


def spans(*given: tuple[int, int, str]) -> list[Span]:
    return [Span(start=start, end=end, label=label) for start, end, label in given]


def test_of_two_that_the_model_reads_as_one_both_are_in_doubt_and_of_one_read_as_two_the_one() -> None:
    (left, right), (both,) = spans((0, 2, "X"), (3, 5, "X")), spans((0, 5, "X"))
    assert find_disagreements([left, right], [both]) == [Disagreement(left, both), Disagreement(right, both)]
    assert find_disagreements([both], [left, right]) == [Disagreement(both, left)]
    assert find_disagreements([both], [both]) == []
    assert find_disagreements([left], [right]) == [Disagreement(left, None), Disagreement(None, right)]


@given(marked_texts(), st.data())
def test_every_annotation_that_is_not_read_so_is_in_one_disagreement(
    given_text: tuple[str, tuple[Span, ...]], data: st.DataObject
) -> None:
    text, marked = given_text
    read = [span for span in marked if data.draw(st.booleans())]
    found = find_disagreements(marked, read)
    assert [one.marked for one in found] == [span for span in marked if span not in read]
    assert all(one.read is None for one in found)
    assert [one.read for one in find_disagreements((), marked)] == list(marked)
    assert len(text) >= max((span.end for span in marked), default=0)


def test_a_doubt_is_the_mean_over_the_words_in_dispute(schema: LabelSchema) -> None:
    tags = BioTags.of(schema)
    gold = document(schema, "a", "the [[Syrian|PLACE]] army took Idlib")
    read = document(schema, "a", "the [[Syrian army|ARMED_GROUP]] took Idlib")
    emissions = emit(read, schema)
    reading = Reading(emissions, tags, gold.spans, read.spans)
    (place,) = find_disagreements(gold.spans, read.spans)
    doubt = reading.doubt(place)
    assert doubt.read == pytest.approx(0.99, rel=1e-3)
    assert doubt.marked == pytest.approx(0.01 / (len(tags.names) - 1), rel=1e-3)
    assert doubt.log_odds == pytest.approx(np.log(doubt.read / doubt.marked))
    # No tag can say where an edge inside a word lies: nothing is known, and nothing breaks.
    (half,) = spans((4, 8, "ARMED_GROUP"))
    (whole,) = spans((4, 10, "ARMED_GROUP"))
    assert Reading(emissions, tags, [half], [whole]).doubt(Disagreement(half, whole)) == Doubt(1.0, 1.0)


def test_usage_counts_all_places_but_its_own(schema: LabelSchema) -> None:
    texts = {
        "a": "[[Idlib|PLACE]] fell. IDLIB fell, and [[Idlib province|PLACE]] fell",
        "b": "[[Idlib|ARMED_GROUP]] and idlib, [[Army of Idlib|ARMED_GROUP]]. Idlib [[province|PLACE]]",
    }
    corpus = [document(schema, name, markup) for name, markup in texts.items()]
    own = corpus[0].spans[0]
    usage = Usage(corpus, {words_of(corpus[0], own), ("idlib", "province")})
    marks = usage.elsewhere(corpus[0], own)
    assert dict(marks.labels) == {"ARMED_GROUP": 1}
    assert (marks.unmarked, marks.otherwise, marks.total) == (3, 2, 6)
    long = corpus[0].spans[1]
    there = usage.elsewhere(corpus[0], long)
    assert (dict(there.labels), there.unmarked, there.otherwise) == ({}, 0, 1)
    assert marks.rate("ARMED_GROUP") == pytest.approx(1.5 / 7)
    nowhere = Usage(corpus, [()]).elsewhere(corpus[0], own)
    assert nowhere.total == 0
    assert nowhere.rate("PLACE") == 0.5


def test_borders_count_what_other_spans_take_in(schema: LabelSchema) -> None:
    texts = ["on [[Monday|DATE]] evening", "on [[Friday evening|DATE]]", "On [[Tuesday|DATE]]", "[[on Sunday|DATE]]"]
    corpus = [document(schema, str(number), markup) for number, markup in enumerate(texts)]
    borders = Borders(corpus)
    short, long = corpus[3].text.index("Sunday"), len(corpus[3].text)
    (read,) = spans((short, long, "DATE"))
    assert borders.of(corpus[3], Disagreement(corpus[3].spans[0], read)) == [Border("on", FIRST, True, 0, 3)]
    (more,) = spans((corpus[0].spans[0].start, len(corpus[0].text), "DATE"))
    (edge,) = borders.of(corpus[0], Disagreement(corpus[0].spans[0], more))
    assert edge == Border("evening", LAST, False, 1, 0)
    assert edge.log_odds > 0
    assert Border("evening", LAST, True, 1, 0).log_odds == -edge.log_odds
    other = more.model_copy(update={"label": "PLACE"})
    assert borders.of(corpus[0], Disagreement(corpus[0].spans[0], other)) == []
    assert borders.of(corpus[0], Disagreement(None, more)) == []


@pytest.fixture(scope="module")
def wrong_run(tmp_path_factory: pytest.TempPathFactory, schema: LabelSchema) -> Path:
    """A made-up k-fold run on a corpus with one planted error."""
    corpus = Corpus(schema, with_error(RIGHT.replace("on [[Monday|DATE]]", "[[on Monday|DATE]]")))
    return corpus.write_run(tmp_path_factory.mktemp("wrong"))


def test_the_command_writes_what_annotators_get(
    wrong_run: Path, schema: LabelSchema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 160)
    done = CliRunner().invoke(app, ["label-errors", str(wrong_run), "--top", "1"])
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "[on Monday]" in told
    assert "[Jabal" not in told
    assert f"{ELSEWHERE + 2} places" in told
    errors = read_label_errors(wrong_run / FILE, schema)
    assert len(errors) == ELSEWHERE + 2
    assert errors == list(label_errors(wrong_run)[0].errors)
    texts = label_errors(wrong_run)[1]
    by_ann = Provenance(annotators=("ann@example.org",))
    for error in errors:
        assert error.text_sha256 == texts[error.document].sha256
        # As `python -m annotate push --review` sees it: the doubt holds for the annotators' own reading.
        one = texts[error.document]
        assert unheld(error, one.text, one.sha256, [one.model_copy(update={"provenance": by_ann})]) == ""
    other = tmp_path / "other.jsonl"
    done = CliRunner().invoke(app, ["label-errors", str(wrong_run), "--output", str(other), "--json", "-"])
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert [LabelError.model_validate(one) for one in value["errors"]] == read_label_errors(other) == errors
    assert (value["documents"], value["spans"]) == (ELSEWHERE + 1, 6 * (ELSEWHERE + 1))


def test_where_all_agree_the_list_is_empty(schema: LabelSchema, tmp_path: Path) -> None:
    run = Corpus(schema, {"a": RIGHT, "b": RIGHT}, read=RIGHT).write_run(tmp_path)
    done = CliRunner().invoke(app, ["label-errors", str(run)])
    assert done.exit_code == 0, done.output
    assert "No place" in done.output
    assert read_label_errors(run / FILE) == []


def test_a_corpus_that_has_changed_is_refused_and_corrected_annotations_are_not(
    schema: LabelSchema, five_labels: LabelSchema, tmp_path: Path
) -> None:
    wrong = with_error(RIGHT.replace("on [[Monday|DATE]]", "[[on Monday|DATE]]"))
    run = Corpus(schema, wrong).write_run(tmp_path)
    read = {path: path.read_bytes() for path in (run / EMISSIONS_FILE, Run(run).predictions(OUT_OF_FOLD))}

    def rebuilt(
        markups: Mapping[str, str], schema: LabelSchema = schema, labels: str = "labels.yaml"
    ) -> list[LabelError]:
        Corpus(schema, markups, markups["right-0"]).write_run(tmp_path, Path("configs") / labels)
        for path, content in read.items():
            path.write_bytes(content)
        return list(label_errors(run)[0].errors)

    assert len(rebuilt({**wrong, "wrong": RIGHT})) == ELSEWHERE + 1
    with pytest.raises(DataError, match=r"has changed since .*repeat the same `python -m train kfold`") as caught:
        rebuilt({**wrong, "wrong": RIGHT.replace("near", "in"), "new": RIGHT})
    assert any("'new' has no prediction" in problem for problem in caught.value.problems)
    assert any("'wrong' has the text" in problem for problem in caught.value.problems)
    with pytest.raises(DataError, match="has changed"):
        rebuilt(dict(itertools.islice(wrong.items(), 3)))
    genes = {name: markup.replace("[[Idlib|PLACE]]", "[[Idlib|GENE]]") for name, markup in wrong.items()}
    genes = {name: re.sub(r"\[\[([^]|]*)\|(?!GENE)[^]]*\]\]", r"\1", markup) for name, markup in genes.items()}
    with pytest.raises(DataError, match=r"has annotations of GENE, which the models of .* do not know"):
        rebuilt(genes, five_labels, "../tests/data/five-labels.yaml")


def test_what_is_no_k_fold_run_is_refused(wrong_run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no out-of-fold readings; .*kfold\.yaml"):
        label_errors(tmp_path)
    run = tmp_path / "run"
    Run(run).keep_config(KfoldConfig(name="run", corpus=wrong_run.parent / "corpus", run=run, held_out=("train",)))
    _, documents = label_errors(wrong_run)
    Run(run).write_predictions(OUT_OF_FOLD, documents.values())
    with pytest.raises(DataError, match=r"no file .*emissions"):
        label_errors(run)
    write_emissions(run / EMISSIONS_FILE, ())
    with pytest.raises(DataError, match="not of one run"):
        label_errors(run)
