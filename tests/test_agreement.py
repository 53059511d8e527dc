"""Agreement: F1 by pair and annotator, attributes, fates of predictions, time, and what cannot be compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from annotate.agreement.comparisons import FEWEST, Cells
from annotate.agreement.starts import EVERYBODY, Fate, Start, fates, fates_by_origin, start_of
from annotate.annotated import Annotated, from_documents
from annotate.settings import ROOT
from conflict_ner.documents import Span, write_documents
from conflict_ner.errors import DataError
from conflict_ner.matching import merged, micro, partial, strict
from conflict_ner.schema import LabelSchema
from tests.annotators import RECORDED, TEXT, annotateds, found, measured, reading
from tests.strategies import LABELS, flat_spans


@given(flat_spans(), flat_spans())
def test_f1_does_not_depend_on_who_stands_first(one: tuple[Span, ...], other: tuple[Span, ...]) -> None:
    cells = Cells(LABELS)
    assert cells.spans(one, other).tolist() == cells.spans(other, one).tolist()


@given(annotateds(most=2).filter(lambda annotated: len(annotated.readings) == 2))
def test_f1_of_a_pair_is_that_of_scoring(schema: LabelSchema, annotated: Annotated) -> None:
    total = measured(schema, annotated).total
    one, other = (each.spans for each in annotated.readings)
    for rule, name in ((strict, "strict"), (partial, "partial")):
        counts = micro(rule(one, other))
        value = getattr(total.micro, name).value
        assert value == (pytest.approx(counts.f1) if counts.gold or counts.predicted else None)
    for label, counts in strict(one, other).items():
        assert total.labels[label].strict.value == pytest.approx(counts.f1)


def test_the_recorded_annotators_agree_as_an_independent_count_says(schema: LabelSchema) -> None:
    read = from_documents(RECORDED, schema)
    report = measured(schema, *read, resamples=500)
    assert report.total.micro.strict.value == pytest.approx(0.99, abs=0.002)
    values = {label: found.strict.value for label, found in report.total.labels.items()}
    assert values["ARMED_GROUP"] == pytest.approx(0.987, abs=0.0005)
    assert values["PLACE"] == pytest.approx(0.991, abs=0.0005)
    assert (values["CASUALTY_COUNT"], values["DATE"]) == (1.0, 1.0)
    counts = merged(strict(*(one.spans for one in annotated.readings)) for annotated in read)
    assert report.total.micro.strict.value == pytest.approx(micro(counts).f1)
    low, high = report.total.micro.strict.low, report.total.micro.strict.high
    assert low is not None
    assert high is not None
    assert 0.95 < low < 0.99 < high < 1
    assert report.total.labels["DATE"].strict.why == "the same in every resample"
    (types,) = [item for item in report.attributes if not item.annotators]
    assert (types.spans, types.equal.value, types.alpha.value) == (16, 1.0, 1.0)
    assert (report.agreed, len(report.disputes)) == (320, 4)


def test_few_documents_give_a_figure_and_say_why_it_has_no_interval(schema: LabelSchema) -> None:
    def pair(number: int, *spans: Span) -> Annotated:
        other = spans if number else ()
        return Annotated((reading("a", *spans, document=f"d{number}"), reading("b", *other, document=f"d{number}")))

    idlib, tuesday = found("Idlib", "PLACE"), found("Tuesday", "DATE")
    documents = [pair(number, idlib, *([tuesday] if number == 1 else [])) for number in range(FEWEST)]
    report = measured(schema, *documents, resamples=200)
    place, date, count = (report.total.labels[name].strict for name in ("PLACE", "DATE", "CASUALTY_COUNT"))
    assert place.low is not None
    assert (date.value, date.low, date.why) == (1.0, None, "1 document")
    assert (count.value, count.why) == (None, "nobody marked one")
    few = measured(schema, *documents[:-1], resamples=200).total.labels["PLACE"].strict
    assert (few.low, few.why) == (None, "4 documents")
    assert measured(schema, *documents).bootstrap is None


def test_each_pair_and_each_annotator_is_compared_on_what_both_read(schema: LabelSchema) -> None:
    idlib, homs = found("Idlib", "PLACE"), found("Homs", "PLACE")
    report = measured(
        schema,
        Annotated((reading("a", idlib), reading("b", idlib), reading("c"))),
        Annotated((reading("a", homs, document="e"), reading("c", homs, document="e"))),
        Annotated((reading("b", homs, document="f"),)),
    )
    pairs = {item.annotators: (item.documents, item.micro.strict.value) for item in report.pairs}
    assert pairs == {("a", "b"): (1, 1.0), ("a", "c"): (2, 2 / 3), ("b", "c"): (1, 0.0)}
    others = {item.annotators: (item.documents, item.pairs, item.micro.strict.value) for item in report.others}
    assert others == {("a",): (2, 3, 4 / 5), ("b",): (1, 2, 2 / 3), ("c",): (2, 3, 1 / 2)}
    assert (report.total.documents, report.total.pairs, report.total.micro.strict.value) == (2, 4, 4 / 6)
    assert (report.documents, report.compared, report.readings) == (3, 2, {"a": 2, "b": 2, "c": 2})


def test_casualty_types_are_compared_where_the_span_is_the_same(schema: LabelSchema) -> None:
    def said(**types: str) -> list[Span]:
        words = {"first": "117", "second": "12"}
        return [found(words[which], "CASUALTY_COUNT", casualty_type=value) for which, value in types.items()]

    report = measured(
        schema,
        Annotated(
            (
                reading("a", *said(first="killed", second="wounded")),
                reading("b", *said(first="killed", second="missing")),
                reading("c", found("killed 117", "CASUALTY_COUNT", casualty_type="captured")),
            )
        ),
    )
    both, pair = report.attributes
    assert (both.annotators, pair.annotators) == ((), ("a", "b"))
    assert (pair.spans, pair.equal.value) == (2, 0.5)
    killed, wounded, missing = (pair.values.index(name) for name in ("killed", "wounded", "missing"))
    assert (pair.table[killed][killed], pair.table[wounded][missing], pair.table[missing][wounded]) == (1, 1, 0)
    assert (both.table[wounded][missing], both.table[missing][wounded]) == (0, 1), "for all, both orders are one"
    # Four answers: killed twice, wounded, missing. 1 - (4 - 1) * 2 / (16 - 4 - 1 - 1).
    assert pair.alpha.value == pytest.approx(1 - 3 * 2 / 10)


def test_a_predicted_span_is_accepted_changed_or_deleted_and_others_are_added() -> None:
    shown = [
        found("Rebels", "ARMED_GROUP"),
        found("117", "CASUALTY_COUNT", casualty_type="killed"),
        found("Idlib", "PLACE"),
        found("Homs", "PLACE"),
        found("Tuesday", "DATE"),
    ]
    made = [
        found("Rebels", "ARMED_GROUP"),
        found("117", "CASUALTY_COUNT", casualty_type="wounded"),
        found("Idlib and", "PLACE"),
        found("12", "CASUALTY_COUNT"),
        found("Homs", "ARMED_GROUP"),
    ]
    assert sorted(fates(shown, made)) == sorted(
        [
            ("ARMED_GROUP", Fate.ACCEPTED),
            ("CASUALTY_COUNT", Fate.ATTRIBUTE),
            ("PLACE", Fate.BOUNDS),
            ("PLACE", Fate.LABEL),
            ("DATE", Fate.DELETED),
            ("CASUALTY_COUNT", Fate.ADDED),
        ]
    )


@given(flat_spans(), flat_spans())
def test_every_predicted_and_every_made_span_has_one_fate(shown: tuple[Span, ...], made: tuple[Span, ...]) -> None:
    told = [fate for _, fate in fates(shown, made)]
    assert len(told) - told.count(Fate.ADDED) == len(shown)
    assert len(told) - told.count(Fate.DELETED) == len(made)


def test_without_the_prediction_the_origins_tell_what_they_can(schema: LabelSchema) -> None:
    made = [found("Idlib", "PLACE", "prediction"), found("Homs", "PLACE", "prediction-changed")]
    made.append(found("Tuesday", "DATE", "manual"))
    assert list(fates_by_origin(made)) == [
        ("PLACE", Fate.ACCEPTED),
        ("PLACE", Fate.CHANGED),
        ("DATE", Fate.ADDED),
    ]
    report = measured(schema, Annotated((reading("a", *made), reading("b", found("Idlib", "PLACE", "manual")))))
    everybody, one = report.predictions
    assert (everybody.annotator, one.annotator) == (EVERYBODY, "a")
    assert (one.micro.shown, one.micro.deleted, one.micro.acceptance.value) == (None, None, 0.5)
    assert any("only the origin of each span" in note for note in report.notes)


def test_a_reading_began_from_what_is_recorded_of_it() -> None:
    idlib = found("Idlib", "PLACE")
    cases = {
        Start.PREDICTION: (reading("a", found("Homs", "PLACE", "manual")), {"a": (idlib,)}),
        Start.EMPTY: (reading("a", found("Homs", "PLACE", "manual")), {}),
        Start.UNKNOWN: (reading("a", idlib), {}),
    }
    for start, (one, shown) in cases.items():
        assert start_of(Annotated((one,), shown), one) is start
    changed = reading("a", found("Homs", "PLACE", "prediction-changed"))
    assert start_of(Annotated((changed,)), changed) is Start.PREDICTION


def test_bias_is_told_where_both_kinds_of_documents_are(schema: LabelSchema) -> None:
    idlib, homs = found("Idlib", "PLACE", "prediction"), found("Homs", "PLACE", "manual")

    def pair(document: str, shown: bool, other: tuple[Span, ...]) -> Annotated:
        mine = (idlib,) if shown else (homs,)
        readings = (reading("a", *mine, document=document), reading("b", *other, document=document))
        return Annotated(readings, {"a": (idlib,), "b": (idlib,)} if shown else {})

    half = (found("Idlib", "PLACE", "manual"),)
    with_both = [pair(f"p{n}", True, (idlib,)) for n in range(6)] + [pair(f"e{n}", False, half) for n in range(6)]
    report = measured(schema, *with_both, pair("e6", False, (homs,)), resamples=200)
    assert [(item.name, item.documents) for item in report.starts] == [
        ("both from a prediction", 6),
        ("both from an empty page", 7),
    ]
    (told,) = [note for note in report.notes if "agree by 1.000" in note]
    assert "only articles dealt out at random" in told
    assert report.predictions[0].micro.acceptance.value == 1.0
    assert not any("who accepts far more" in note for note in report.notes), "both accepted all"
    third = Annotated((reading("c", homs, document="p9"), reading("a", idlib, document="p9")), {"c": (idlib,)})
    (told,) = [note for note in measured(schema, *with_both, third).notes if "who accepts far more" in note]
    assert "b accepted 100% and c 0%" in told
    only = measured(schema, *with_both[:6])
    assert any("push a part of the overlap without predictions" in note for note in only.notes)


def test_time_is_told_by_medians_and_open_pages_by_name(schema: LabelSchema) -> None:
    seconds = [40.0, 50.0, 60.0, 70.0, 36_000.0]
    documents = [
        Annotated(
            (
                reading("a", found("Idlib", "PLACE"), document=f"d{n}", lead_time=value),
                reading("b", document=f"d{n}"),
            )
        )
        for n, value in enumerate(seconds)
    ]
    one, other = measured(schema, *documents).times
    assert (one.seconds, one.quarter, one.three_quarters, one.per_span) == (60.0, 50.0, 70.0, 60.0)
    assert one.per_1000_characters == pytest.approx(60 * 1000 / len(TEXT))
    assert [(slow.document, slow.seconds) for slow in one.slow] == [("d4", 36_000.0)]
    assert (other.readings, other.timed, other.seconds) == (5, 0, None)


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([], "holds no annotator's reading"),
        ([Annotated((reading("ann@example.org"),))], "the readings of ann@example.org alone"),
        (
            [Annotated((reading("a"),)), Annotated((reading("b", document="c"),))],
            "none of its 2 document(s) was read by two",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(schema: LabelSchema, documents: list[Annotated], told: str) -> None:
    with pytest.raises(DataError, match=re.escape(told)):
        measured(schema, *documents)


def test_the_command_tells_a_mistake_in_a_sentence_and_writes_nothing(tmp_path: Path) -> None:
    one = tmp_path / "one.jsonl"
    write_documents(one, [reading("a", Span(start=0, end=6, label="ARMED_GRUOP"))])
    command = [sys.executable, "-m", "annotate", "agreement", str(one), "--json", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "did you mean 'ARMED_GROUP'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl"]
