"""Forces without a listed name: what a phrase of force, a unit or an unknown name is, and whose."""

from __future__ import annotations

from collections import Counter

import pytest

from conflict_ner.normalise.groups import aliases
from tests.marked_groups import facts

PHRASES = [
    ("rebels", "generic", "SY"),
    ("gunmen", "generic", "SY"),
    ("Syrian army", "state_force", "SY"),
    ("Syrian Army", "state_force", "SY"),
    ("SYRIAN TROOPS", "state_force", "SY"),
    ("government forces", "state_force", "SY"),
    ("pro-government forces", "state_force", "SY"),
    ("regime soldiers", "state_force", "SY"),
    ("President Bashar al-Assad’s forces", "state_force", "SY"),
    ("Assad's troops", "state_force", "SY"),
    ("Assad loyalists", "state_force", "SY"),
    ("police", "state_force", "SY"),
    ("pro-government militias", "militia", "SY"),
    ("pro-government fighters", "militia", "SY"),
    ("Iran-backed militias", "militia", "SY"),
    ("Turkey-supported rebels", "generic", "SY"),
    ("anti-Assad opposition", "generic", "SY"),
    ("Russian forces", "state_force", "RU"),
    ("Russian mercenaries", "generic", "SY"),
    ("Russia's air force", "state_force", "RU"),
    ("French and British troops", "coalition", None),
    ("Kurdish fighters", "generic", "SY"),
    ("Druze militiamen", "militia", "SY"),
    ("Alawite soldiers", "state_force", "SY"),
    ("Islamist fighters", "generic", "SY"),
    ("rebel soldiers", "generic", "SY"),
    ("army defectors", "generic", "SY"),
    ("coalition of rebels", "coalition", "SY"),
    ("alliance of jihadist groups", "coalition", "SY"),
    ("US-led coalition", "coalition", None),
    ("US-led forces", "coalition", None),
    ("Kurdish-led forces", "generic", "SY"),
    ("UN peacekeepers", "coalition", None),
    ("African Union troops", "coalition", None),
    ("British peacekeepers", "coalition", "GB"),
    ("Salafist brigade", "militia", "SY"),
    ("village guards", "militia", "SY"),
    ("gangs", "militia", "SY"),
    ("cartel", "militia", "SY"),
    ("Haftar's forces", "rebel", "LY"),
    ("Bosnian Serb army", "rebel", "BA"),
    ("Georgian troops", "state_force", "GE"),
    ("al-Qaeda affiliate", "rebel", "SY"),
    ("al-Qaeda's Syria affiliate", "rebel", "SY"),
    ("PKK's youth wing", "rebel", "TR"),
    ("PKK youth wing", "rebel", "TR"),
    ("Cossacks", "militia", "RU"),
]


@pytest.mark.parametrize(("mention", "kind", "country"), PHRASES, ids=[mention for mention, _, _ in PHRASES])
def test_a_phrase_tells_kind_and_country(mention: str, kind: str, country: str | None) -> None:
    group = facts(f"[[Aleppo|P]], [[Syria|P]]: the [[{mention}|G]] were in [[Idlib|P]], east of [[Latakia|P]].", 2015)[
        mention
    ].group
    assert group is not None
    assert (group.id, group.name, group.kind, group.country) == (None, None, kind, country)


@pytest.mark.parametrize(
    ("mention", "place", "year", "country"),
    [
        ("army", "Jenin", 2023, "IL"),
        ("soldiers", "Gaza", 2009, "IL"),
        ("police", "Gaza", 2009, "PS"),
        ("troops", "Dili", 1999, "ID"),
        ("troops", "Dili", 2008, "TL"),
    ],
)
def test_an_army_is_that_of_who_holds_the_land(mention: str, place: str, year: int, country: str) -> None:
    group = facts(f"The [[{mention}|G]] closed [[{place}|P]].", year)[mention].group
    assert group is not None
    assert (group.kind, group.country) == ("state_force", country)


@pytest.mark.parametrize(
    ("mention", "name", "kind", "country"),
    [
        ("Blue River Liberation Army", "Blue River Liberation Army", "rebel", "UA"),
        ("TTP (Malakand)", "TTP (Malakand)", "rebel", "PK"),
    ],
)
def test_a_name_that_is_not_listed_keeps_its_words(mention: str, name: str, kind: str, country: str) -> None:
    fact = facts(
        f"[[Kyiv|P]], [[Ukraine|P]]: the [[{mention}|G]] near [[Bakhmut|P]]. The Pakistani and Colombian envoys left."
    )[mention]
    assert fact.group is not None
    assert (fact.group.id, fact.group.name, fact.group.kind, fact.group.country) == (None, name, kind, country)
    assert fact.why == f"{name!r} is not in the table of groups"


def test_the_words_before_an_unlisted_name_tell_its_kind() -> None:
    found = facts("The rebel group [[Zarqa Lions|G]] and a gang called [[Vermelha|G]] in [[Amman|P]], [[Jordan|P]].")
    assert {name: fact.group and fact.group.kind for name, fact in found.items()} == {
        "Zarqa Lions": "rebel",
        "Vermelha": "militia",
    }


def test_a_noun_comes_back_to_the_last_group_whose_name_ends_in_it() -> None:
    text = "The [[Azov Regiment|G]] and the [[Blue Front|G]] held out in [[Mariupol|P]]. The [[{}|G]] did not yield."
    regiment, front = (facts(text.format(noun))[noun].group for noun in ("regiment", "front"))
    assert regiment is not None and front is not None
    assert (regiment.name, regiment.kind, regiment.country) == (None, "state_force", "UA")
    assert front.kind == "rebel"
    army = facts("The [[Arakan Army|G]] shelled [[Sittwe|P]]; the [[army|G]] fired back.")["army"].group
    assert army is not None
    assert (army.kind, army.country) == ("state_force", "MM")


@pytest.mark.parametrize(
    ("mention", "place", "year", "kind"),
    [
        ("RSF", "Khartoum", 2019, "state_force"),
        ("RSF", "Khartoum", 2024, "militia"),
        ("Taliban", "Kabul", 2009, "rebel"),
        ("Taliban", "Kabul", 2023, "state_force"),
        ("NRA", "Kampala", 1984, "rebel"),
        ("NRA", "Kampala", 1988, "state_force"),
        ("NRA", "Kampala", 1999, "state_force"),
    ],
)
def test_what_a_group_is_may_change_with_the_years(mention: str, place: str, year: int, kind: str) -> None:
    group = facts(f"The [[{mention}|G]] came to [[{place}|P]].", year)[mention].group
    assert group is not None
    assert group.kind == kind


def test_missions_of_several_states_have_no_country() -> None:
    group = facts("[[UNIFIL|G]] patrols near [[Tyre|P]].")["UNIFIL"].group
    assert group is not None
    assert (group.kind, group.country) == ("coalition", None)


def test_each_noun_of_force_has_one_kind() -> None:
    kinds = Counter(noun for kind in ("state_force", "militia", "coalition", "generic") for noun in aliases.words(kind))
    assert [noun for noun, times in kinds.items() if times > 1] == []
