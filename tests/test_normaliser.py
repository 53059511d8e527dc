"""All facts of a document together: what stands in one decides in another."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from pydantic import ValidationError

from annotate.settings import ROOT
from conflict_ner import Document, Normaliser, NormaliseSettings
from conflict_ner.documents import Meta, Span, read_documents
from conflict_ner.errors import DataError
from conflict_ner.facts import Facts
from conflict_ner.markup import parse_markup
from conflict_ner.schema import LabelSchema
from tests.strategies import marked_texts

SCHEMA = LabelSchema.load(ROOT / "configs" / "labels.yaml")
PUBLISHED = datetime.date(2015, 3, 27)
READ = Normaliser()


def read(marked: str, settings: NormaliseSettings | None = None, published: datetime.date | None = PUBLISHED) -> Facts:
    text, spans = parse_markup(marked, SCHEMA)
    document = Document.from_raw("a", text, spans, Meta(published=published))
    return (READ if settings is None else Normaliser(settings))(document)


def test_a_sentence_becomes_facts() -> None:
    facts = read(
        "[[Al-Nusra Front|ARMED_GROUP]] fighters killed [[at least 12|CASUALTY_COUNT:killed]] soldiers near "
        "[[Idlib|PLACE]] in [[Syria|PLACE]] on [[Tuesday|DATE]]."
    )
    (count,), (date,), (group,), (place, country) = facts.counts, facts.dates, facts.groups, facts.places
    assert count.count is not None and (count.count.low, count.count.best, count.count.high) == (12, 12, None)
    assert count.casualty_type == "killed"
    assert date.interval is not None and date.interval.start == datetime.date(2015, 3, 24)
    assert group.group is not None and group.group.id == "jabhat-al-nusra"
    assert place.place is not None and (place.place.name, place.place.country) == ("Idlib", "SY")
    assert country.place is not None and country.place.kind == "country"
    assert facts.countries[0][0] == "SY"


def test_a_count_without_a_type_of_its_own_is_typed_by_its_sentence() -> None:
    (fact,) = read("Shelling wounded [[seven|CASUALTY_COUNT]] children.").counts
    assert fact.casualty_type == "wounded"


def test_a_resolved_date_decides_whether_a_toll_is_over_long() -> None:
    long, short = (
        read(f"In all [[30|CASUALTY_COUNT:killed]] people were killed since [[{when}|DATE]].").counts[0]
        for when in ("March 2011", "Thursday")
    )
    assert long.cumulative and not short.cumulative


@pytest.mark.parametrize(("vague", "best"), [("lower_bound", None), ("acled", 12)])
def test_vague_counts_are_worth_what_the_settings_say(vague: str, best: int | None) -> None:
    settings = NormaliseSettings.model_validate({"vague": vague})
    (fact,) = read("[[Dozens|CASUALTY_COUNT:killed]] were killed.", settings).counts
    assert fact.count is not None and fact.count.best == best


@pytest.mark.parametrize(("order", "month"), [("dmy", 4), ("mdy", 3)])
def test_the_order_of_a_date_in_figures_is_a_setting(order: str, month: int) -> None:
    settings = NormaliseSettings.model_validate({"date_order": order})
    (fact,) = read("It was on [[03/04/2014|DATE]].", settings).dates
    assert fact.interval is not None and fact.interval.start.month == month


def test_the_country_of_the_settings_serves_where_the_text_tells_none() -> None:
    marked = "[[Government forces|ARMED_GROUP]] shelled the town."
    told, silent = (read(marked, NormaliseSettings(country=code)).groups[0].group for code in ("SD", None))
    assert told is not None and told.country == "SD"
    assert silent is not None and silent.country is None
    (yemeni,) = read("[[Yemeni troops|ARMED_GROUP]] shelled the town.", NormaliseSettings(country="SD")).groups
    assert yemeni.group is not None and yemeni.group.country == "YE"


def test_a_country_file_of_the_user_adds_its_places(tmp_path: Path) -> None:
    name = "Qaryat Bila Ism"
    village = [*("1", name, name, "", "35.5", "36.5", "P", "PPL", "SY"), *[""] * 5, *("90", "", "", "", "2020-01-01")]
    (tmp_path / "SY.txt").write_text("\t".join(village) + "\n", encoding="utf-8")
    marked = f"In [[{name}|PLACE]], [[Syria|PLACE]]."
    assert read(marked).places[0].place is None
    settings = NormaliseSettings(gazetteer=(tmp_path / "SY.txt",))
    found = read(marked, settings).places[0].place
    assert found is not None and (found.lat, found.lon) == (35.5, 36.5)


def test_a_gazetteer_that_is_none_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "SY.zip", "w") as packed:
        packed.writestr("SY.txt", "1\tA")
    with pytest.raises(DataError, match=r"SY\.zip is packed; unpack it"):
        Normaliser(NormaliseSettings(gazetteer=(tmp_path / "SY.zip",)))


@pytest.mark.parametrize(("code", "near"), [("syria", "capital letters"), ("sy", "'SY'"), ("ZQ", "'ZQ' is no ISO")])
def test_a_country_that_is_none_is_refused(code: str, near: str) -> None:
    with pytest.raises(ValidationError, match=near):
        NormaliseSettings(country=code)


def test_the_five_articles_are_read() -> None:
    for document in read_documents(ROOT / "seeds" / "gold.jsonl"):
        facts = READ(document)
        spans = [fact.span for kind in (facts.counts, facts.dates, facts.groups, facts.places) for fact in kind]
        assert sorted(span.key for span in spans) == [span.key for span in document.spans]
        assert facts.countries[0][0] == "SY"
        resolved = sum(fact.interval is not None for fact in facts.dates)
        assert resolved >= 0.9 * len(facts.dates)
        assert Facts.model_validate_json(facts.model_dump_json()) == facts


@given(marked_texts())
def test_any_document_has_a_fact_for_each_span(marked: tuple[str, tuple[Span, ...]]) -> None:
    document = Document.from_raw("a", *marked)
    facts = READ(document)
    found = [fact for kind in (facts.counts, facts.dates, facts.groups, facts.places) for fact in kind]
    assert sorted(fact.span.key for fact in found) == [span.key for span in document.spans]
    assert all(fact.surface == document.surface(fact.span) for fact in found)
