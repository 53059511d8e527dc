"""Numbered units and branches of a state's forces, whose ids are composed of their words and their country."""

from __future__ import annotations

import pytest

from conflict_ner.normalise.groups import units
from tests.marked_groups import facts

LANDS = {"UA": "[[Kyiv|P]], [[Ukraine|P]]", "IN": "[[Srinagar|P]], [[India|P]]", "MM": "[[Yangon|P]], [[Myanmar|P]]"}
LANDS |= {"CO": "[[Bogotá|P]], [[Colombia|P]]", "PH": "[[Manila|P]], [[Philippines|P]]"}


@pytest.mark.parametrize(
    ("mention", "land", "group", "name", "kind"),
    [
        ("129th Battalion", "UA", "ua-129-battalion", "129th Battalion", "state_force"),
        ("Ukraine's 81st Brigade", "UA", "ua-81-brigade", "81st Brigade", "state_force"),
        (
            "Russia's 30th Motor Rifle Brigade",
            "UA",
            "ru-30-motor-rifle-brigade",
            "30th Motor Rifle Brigade",
            "state_force",
        ),
        ("Russian 5th Tank Brigade", "UA", "ru-5-tank-brigade", "5th Tank Brigade", "state_force"),
        ("Battalion 745", "UA", "ua-745-battalion", "Battalion 745", "state_force"),
        ("55 RR", "IN", "in-55-rashtriya-rifles", "55 RR", "state_force"),
        ("90 Bn CRPF", "IN", "in-90-battalion-crpf", "90 Bn CRPF", "state_force"),
        ("LIB 143", "MM", "mm-143-light-infantry-battalion", "LIB 143", "state_force"),
        ("FARC's 58th Front", "CO", "co-58-front", "58th Front", "rebel"),
        ("Fifty-Eighth Front", "CO", "co-58-front", "Fifty-Eighth Front", "rebel"),
        ("94IB", "PH", "ph-94-infantry-battalion", "94IB", "state_force"),
        ("Ukrainian Navy", "UA", "ua-navy", "Ukrainian Navy", "state_force"),
    ],
)
def test_a_unit_is_composed(mention: str, land: str, group: str, name: str, kind: str) -> None:
    fact = facts(f"{LANDS[land]}: the [[{mention}|G]] left its base, the ministry said.")[mention]
    assert fact.group is not None
    assert (fact.group.id, fact.group.name, fact.group.kind) == (group, name, kind)
    assert fact.why == units.COMPOSED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("6th Infantry Division", "Sixth Infantry Division"),
        ("24th Mechanised Brigade", "24 Mechanized Brigade"),
        ("Battalion No. 31", "31st Battalion"),
        ("XVIII Brigade", "18th Brigade"),
        ("IB 69", "69th Infantry Battalion"),
        ("26th Infantry (Ever Onward) Battalion", "26th Infantry Battalion"),
    ],
)
def test_spellings_of_one_unit_are_one(one: str, other: str) -> None:
    assert units.unit_of(one) == units.unit_of(other) is not None


@pytest.mark.parametrize(
    "name",
    [
        "second battalion",
        "two battalions",
        "8th companies",
        "12th Company",
        "Sector 2",
        "Group of 19",
        "G9",
        "5 Segond",
    ],
)
def test_a_part_or_a_phrase_is_no_unit(name: str) -> None:
    assert units.unit_of(name) is None


def test_the_name_of_one_army_alone_tells_whose_it_is() -> None:
    text = "[[Kherson|P]], [[Ukraine|P]]: the [[810th Naval Infantry Brigade|G]] of [[Sevastopol|P]] left [[Russia|P]]."
    assert facts(text)["810th Naval Infantry Brigade"].group.id == "ru-810-naval-infantry-brigade"  # type: ignore[union-attr]


def test_between_two_armies_a_unit_stays_open() -> None:
    text = (
        "[[Baku|P]], [[Azerbaijan|P]]: the [[246th Regiment|G]] shot at [[Fuzuli|P]]. Armenian forces in [[Armenia|P]]."
    )
    fact = facts(text)["246th Regiment"]
    assert fact.group is not None
    assert fact.group.id is None
    stated = text.replace("]] shot", "]] of the Armenian army shot")
    assert facts(stated)["246th Regiment"].group.id == "am-246-regiment"  # type: ignore[union-attr]
