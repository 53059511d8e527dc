"""Named armed groups: which organisation of the table a mention means, and why it stays open."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.settings import ROOT
from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.facts import GroupFact
from conflict_ner.markup import read_marked
from conflict_ner.normalise import nations
from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.groups import aliases, units
from conflict_ner.normalise.groups.facts import group_facts
from conflict_ner.normalise.spelling import fold
from conflict_ner.normalise.tables import records
from tests.marked_groups import KINDS, SCHEMA, facts, ids
from tests.strategies import marked_texts

GOLD = ROOT / "tests" / "data" / "normalise" / "groups-open.jsonl"


@pytest.mark.parametrize(
    ("mention", "place", "group"),
    [
        ("Hayat Tahrir al-Sham", "Idlib", "hayat-tahrir-al-sham"),
        ("HTS", "Idlib", "hayat-tahrir-al-sham"),
        ("PKK militants", "Cizre", "kurdistan-workers-party"),
        ("Islamic State fighters", "Raqqa", "islamic-state"),
        ("Isis", "Raqqa", "islamic-state"),
        ("IS group", "Raqqa", "islamic-state"),
        ("Hizbullah fighters", "Beirut", "hezbollah"),
        ("the LRA", "Gulu", "lords-resistance-army"),
        ("peshmerga", "Erbil", "peshmerga"),
        ("Kurdish peshmerga", "Erbil", "peshmerga"),
        ("Lebanese Hezbollah", "Tyre", "hezbollah"),
        ("Farc", "Bogotá", "revolutionary-armed-forces-of-colombia"),
        ("F.A.R.C.", "Bogotá", "revolutionary-armed-forces-of-colombia"),
        ("NSCN (Isak-Muivah)", "Nagaland", "national-socialist-council-of-nagaland-isak-muivah"),
        ("Indian Army", "Srinagar", "indian-army"),
        ("Mexican National Guard", "Culiacán", "national-guard-mexico"),
        ("US-backed Syrian Democratic Forces", "Raqqa", "syrian-democratic-forces"),
        ("Islamic State's West Africa Province", "Maiduguri", "islamic-state-west-africa-province"),
    ],
)
def test_a_name_is_linked_with_what_may_stand_about_it(mention: str, place: str, group: str) -> None:
    assert ids(f"[[{mention}|G]] fought in [[{place}|P]].") == {mention: group}


@pytest.mark.parametrize(
    ("mention", "group"),
    [
        ("Jeish al Fateh", "army-of-conquest"),
        ("Jaysh al-Fatah", "army-of-conquest"),
        ("Ahrar ash-Sham", "ahrar-al-sham"),
        ("Hayʼat Tahrir ash Sham", "hayat-tahrir-al-sham"),
        ("Jabhat an Nusra", "jabhat-al-nusra"),
        ("Faylak al-Sham", "faylaq-al-sham"),
        ("Hurrās ad-Dīn", "hurras-al-din"),
    ],
)
def test_another_transliteration_is_the_same_name(mention: str, group: str) -> None:
    assert ids(f"[[{mention}|G]] fighters entered [[Idlib|P]].")[f"{mention}"] == group


def test_headlines_in_capitals_are_read() -> None:
    found = ids("[[TALIBAN|G]] AND [[HAQQANI NETWORK|G]] SEIZE [[KUNDUZ|P]]; [[REBELS|G]] FLEE [[AFGHANISTAN|P]]")
    assert found == {"TALIBAN": "taliban", "HAQQANI NETWORK": "haqqani-network", "REBELS": None}


def test_words_are_no_acronyms() -> None:
    assert ids("In [[Chad|P]] the [[fact|G]] is known; in [[Liberia|P]] the [[model|G]].") == {
        "fact": None,
        "model": None,
    }
    assert ids("In [[Chad|P]] the [[FACT|G]] is known; in [[Liberia|P]] the [[MODEL|G]].") == {
        "FACT": "front-for-change-and-concord-in-chad",
        "MODEL": "movement-for-democracy-in-liberia",
    }


def test_a_text_without_capitals_is_read() -> None:
    found = ids(
        "[[bahri|P]]: [[rsf men|G]] on the bridge, [[saf|G]] shells from [[omdurman|P]], no bread, call me", 2023
    )
    assert found == {"rsf men": "rapid-support-forces", "saf": "sudanese-armed-forces"}


@pytest.mark.parametrize(
    ("place", "group", "kind"),
    [
        ("Kilinochchi", "sri-lanka-army", "state_force"),
        ("Darfur", "sudan-liberation-movement", "rebel"),
        ("Marjayoun", "south-lebanon-army", "militia"),
        ("Freetown", "republic-of-sierra-leone-armed-forces", "state_force"),
    ],
)
def test_namesakes_are_told_apart_by_the_texts_country(place: str, group: str, kind: str) -> None:
    found = facts(f"The [[SLA|G]] shelled [[{place}|P]].")["SLA"].group
    assert found is not None
    assert (found.id, found.kind) == (group, kind)


def test_namesakes_are_told_apart_by_the_years() -> None:
    story = "The [[SNA|G]] held the port of [[Mogadishu|P]]."
    assert ids(story, 1993) != ids(story, 2019)
    assert ids(story, 2019) == {"SNA": "somali-national-army"}


def test_namesakes_of_two_lands_of_one_text_stay_open() -> None:
    assert ids("The [[SLA|G]] was told of [[Kilinochchi|P]] and of [[Nyala|P]].") == {"SLA": None}
    assert ids("The [[SLA|G]] was told of [[Nyala|P]], [[Darfur|P]], [[El Fasher|P]] and [[Kilinochchi|P]].") == {
        "SLA": "sudan-liberation-movement"
    }


def test_a_land_that_is_hardly_spoken_of_does_not_count() -> None:
    many = " ".join(f"[[{place}|P]]" for place in ("Lima", "Ayacucho", "Huanta", "Cusco", "Puno", "Junin", "Satipo"))
    more = " ".join(
        f"[[{place}|P]]" for place in ("Pasco", "Tocache", "Uchiza", "Ucayali", "Pucallpa", "Tarapoto", "Callao")
    )
    assert ids(f"The [[KLO|G]] in {many} and {more}, an Indian said.")["KLO"] is None
    assert ids("The [[KLO|G]] in [[Lima|P]], an Indian said.")["KLO"] == "kamtapur-liberation-organisation"


def test_a_name_of_common_words_is_no_group_of_a_later_time() -> None:
    assert ids("[[Maoists|G]] killed a landlord in [[Bihar|P]].", 2012) == {
        "Maoists": "communist-party-of-india-maoist"
    }
    assert ids("[[Maoists|G]] killed a landlord in [[Bihar|P]].", 1996) == {"Maoists": None}


def test_a_name_in_full_settles_its_acronym() -> None:
    found = ids("The [[South Lebanon Army|G]] left. The [[SLA|G]] had asked [[Colombo|P]] and [[Khartoum|P]].")
    assert found["SLA"] == "south-lebanon-army"


def test_what_stays_open_says_why() -> None:
    fact = facts("The [[SLA|G]] attacked.")["SLA"]
    assert fact.group is not None
    assert fact.group.id is None
    assert fact.why is not None
    assert "Sri Lanka Army" in fact.why
    assert "does not tell" in fact.why


def test_an_acronym_of_another_part_of_the_world_is_not_linked() -> None:
    fact = facts("The [[KLO|G]] bombed a bank in [[Lima|P]], the capital of [[Peru|P]].")["KLO"]
    assert fact.group is not None
    assert fact.group.id is None
    assert "Kamtapur" in str(fact.why)


@pytest.mark.parametrize(
    "text",
    [
        "The [[Sons of the Valley|G]] ([[SOV|G]]) met. The [[SOV|G]] said so in [[Taiz|P]].",
        "The [[Sons of the Valley|G]] (known by its acronym [[SOV|G]]) met in [[Taiz|P]].",
        "The [[SOV|G]] ([[Sons of the Valley|G]]) met in [[Taiz|P]].",
        "The [[Sons of the Valley|G]], or [[SOV|G]], met in [[Taiz|P]].",
        "The Sons of the Valley (SOV) met in [[Taiz|P]]; the [[SOV|G]] left.",
    ],
)
def test_an_acronym_that_the_article_defines_holds_for_it(text: str) -> None:
    fact = facts(text)["SOV"]
    assert fact.group is not None
    assert (fact.group.id, fact.group.name, fact.defined_here) == (None, "Sons of the Valley", True)


def test_a_definition_goes_before_the_table() -> None:
    found = facts("The [[Peasant Knights of Kivu|G]] ([[PKK|G]]) shot at the [[PKK|G]] post near [[Goma|P]].")["PKK"]
    assert found.group is not None
    assert (found.group.id, found.group.name) == (None, "Peasant Knights of Kivu")
    assert ids("The [[Allied Democratic Force|G]] ([[ADF|G]]) raided [[Beni|P]].") == {
        "Allied Democratic Force": "allied-democratic-forces",
        "ADF": "allied-democratic-forces",
    }


def test_letters_that_stand_anywhere_define_nothing() -> None:
    assert ids("Special Regional Operations (SLA) met. The [[SLA|G]] held [[Kilinochchi|P]].") == {
        "SLA": "sri-lanka-army"
    }


@pytest.mark.parametrize("before", ["armed group", "rebels", "Congolese army"])
def test_a_description_with_an_acronym_behind_it_defines_nothing(before: str) -> None:
    fact = facts(f"The [[{before}|G]] ([[M23|G]]) held [[Goma|P]].")["M23"]
    assert (fact.group and fact.group.id, fact.defined_here) == ("march-23-movement", False)


def test_brackets_between_two_listed_groups_define_nothing() -> None:
    found = ids("The [[Calima Bloc|G]] ([[AUC|G]]) was in [[Cali|P]].")
    assert found == {"Calima Bloc": "calima-bloc", "AUC": "united-self-defense-forces-of-colombia"}


@pytest.mark.parametrize(
    ("text", "short", "group"),
    [
        ("[[West Side Boys|G]] came to [[Masiaka|P]]; the [[Boys|G]] left.", "Boys", "west-side-boys"),
        ("[[Hizbul Mujahideen|G]] in [[Sopore|P]]; [[Hizb|G]] said no.", "Hizb", "hizbul-mujahideen"),
        ("[[Arkan's Tigers|G]] in [[Vukovar|P]]; the [[Tigers|G]] burned it.", "Tigers", "serb-volunteer-guard"),
        ("[[Salwa Judum|G]] in [[Bastar|P]]; the [[Judum|G]] was banned.", "Judum", "salwa-judum"),
    ],
)
def test_a_short_form_comes_back_to_the_name_in_full(text: str, short: str, group: str) -> None:
    assert ids(text)[short] == group


def test_a_common_noun_is_no_short_form() -> None:
    text = (
        "The [[Kuki National Army|G]] and the [[Free Syrian Army|G]]; the [[Army|G]], [[Kuki militants|G]] and"
        " [[Rebels|G]] in [[Manipur|P]]."
    )
    assert ids("The [[Gumuz People's Democratic Movement|G]] and [[Gumuz men|G]].")["Gumuz men"] is None
    found = ids(text)
    assert (found["Army"], found["Kuki militants"], found["Rebels"]) == (None, None, None)


@given(marked_texts())
def test_any_text_and_any_spans_are_read(marked: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = marked
    story = Document(id="a", text=text, spans=spans)
    found = group_facts(story)
    assert [fact.span for fact in found] == [span for span in story.spans if span.label == "ARMED_GROUP"]
    assert all(fact.surface == text[fact.span.start : fact.span.end] for fact in found)
    assert all(fact.group is not None or fact.why for fact in found)
    assert set(document_countries(story)) <= set(nations.countries())


WORDS = (
    "PKK",
    "HTS",
    "Army",
    "army",
    "of",
    "the",
    "Syrian",
    "Assad's",
    "rebels",
    "(",
    ")",
    "US-led",
    "58th",
    "al-Qaeda",
)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join))
def test_any_words_of_the_trade_are_read(mention: str) -> None:
    (fact,) = group_facts(Document(id="a", text=mention, spans=(Span(start=0, end=len(mention), label="ARMED_GROUP"),)))
    assert fact.surface == mention
    assert fact.group is not None or fact.why


def test_the_table_of_groups_is_sound() -> None:
    rows = aliases.organisations()
    assert len(rows) > 1_400
    assert [name for name, times in Counter(row.id for row in rows).items() if times > 1] == []
    lands = set(nations.countries())
    for row in rows:
        assert row.kind in KINDS[:4], row.id
        assert row.area <= lands, row.id
        assert row.since is None or row.until is None or row.since <= row.until, row.id
        assert len(set(row.names)) == len(row.names), row.id
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id), row.id
        assert all(name == name.strip() and fold(name) for name in row.names), row.id
    sources = [row["source"] for row in records("groups.tsv")]
    assert all(source.startswith("https://") for source in sources)


def test_an_alias_that_is_an_ordinary_phrase_decides_nothing_alone() -> None:
    phrases = {*nations.names(), *nations.adjectives(), *nations.capitals()}
    phrases |= {noun for kind in KINDS for noun in aliases.words(kind)}
    ordinary = {
        name
        for row in aliases.organisations()
        for name in row.names
        if not aliases.is_acronym(name) and fold(name) in phrases
    }
    assert "Rangers" in ordinary
    matches = {name: aliases.find(name) for name in ordinary}
    assert [name for name, match in matches.items() if match is None or match.certain] == []
    small = {name: aliases.find(name.lower()) for name in ordinary if " " in name}
    assert [name for name, match in small.items() if match is not None] == []


# The gold.

FLOORS = {"linked": 0.93, "right of linked": 0.98, "named as gold": 0.99, "kind": 0.97, "country": 0.97}


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one name: accents, case, hyphens, articles, British spelling and `group` aside."""
    return _bare(one) == _bare(other)


@cache
def _bare(name: str) -> str:
    plain = re.sub(r"\([^()]*\)", " ", name) if fold(re.sub(r"\([^()]*\)", " ", name)) else name
    return " ".join(aliases.loose_words(plain))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Al-Nusra Front", "al Nusra Front"),
        ("The Maute Group", "Maute group"),
        ("Quintín Lame Armed Movement", "Quintin Lame Armed Movement"),
        ("Uganda People's Defence Force", "Uganda Peoples Defense Force"),
        ("National Liberation Army (Colombia)", "National Liberation Army"),
        ("Séléka", "SELEKA"),
    ],
)
def test_spellings_of_one_name_are_one_name(one: str, other: str) -> None:
    assert same_name(one, other)
    assert not same_name(one, f"New {other}")


@cache
def _stories() -> dict[str, Document]:
    return {story.id: story for story in read_documents(ROOT / "seeds" / "gold.jsonl")}


def _story(name: str) -> Document:
    articles = _stories()
    return articles[name] if name in articles else read_marked(ROOT / "seeds" / "synthetic" / f"{name}.marked", SCHEMA)


def is_linked_right(fact: GroupFact, name: str) -> bool:
    """Tell whether the organisation that a fact is linked to has a name, by any of its aliases."""
    if fact.group is None or fact.group.id is None:
        return False
    if fact.group.id == units.composed_id(name, fact.group.country):
        return True
    row = next(row for row in aliases.organisations() if row.id == fact.group.id)
    return any(same_name(known, name) for known in row.names)


def test_the_open_gold_is_reached() -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    counts: Counter[str] = Counter()
    for row in rows:
        gold = row["gold"]
        fact = next(
            fact
            for fact in group_facts(_story(row["document"]))
            if (fact.span.start, fact.span.end) == (row["start"], row["end"])
        )
        assert fact.surface == row["surface"]
        group = fact.group
        named = group is not None and group.name is not None
        counts["named as gold"] += named == gold["named"]
        counts["kind"] += group is not None and group.kind == gold["kind"]
        counts["country"] += (group.country if group else None) == gold["country"]
        counts["links"] += group is not None and group.id is not None
        if gold["named"]:
            counts["named"] += 1
            counts["right"] += is_linked_right(fact, gold["name"])
    shares = {
        "linked": counts["right"] / counts["named"],
        "right of linked": counts["right"] / counts["links"],
        **{field: counts[field] / len(rows) for field in ("named as gold", "kind", "country")},
    }
    assert {field: share for field, share in shares.items() if share < FLOORS[field]} == {}
