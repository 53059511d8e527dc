"""Events: which figures of one event are of the same people, and which are of others."""

from __future__ import annotations

import pytest

from tests.marked_events import events, figures, only

HEAD = "A raid on [[Homs|P]] on [[Sunday|D]] killed"


@pytest.mark.parametrize(
    ("told", "bounds"),
    [
        ("[[12|k]]. A councillor put the dead at [[16|k]].", (12, 12, 16)),
        ("[[12|k]]. Nurses saw [[9|k]] bodies.", (9, 9, 12)),
        ("[[12|k]]. An earlier toll was [[8|k]] dead.", (12, 12, 12)),
        ("[[12|k]], not [[40|k]].", (12, 12, 12)),
        ("[[12|k]], at last count [[17|k]].", (17, 17, 17)),
        ("[[12|k]]. The rebels claimed [[39|k]] dead.", (12, 12, 39)),
        # What is added behind is not disputed.
        ("[[30|k]] rebels; a monitor counted [[20|k]]. [[Five|k]] soldiers and [[two|k]] farmers died.", (27, 27, 37)),
    ],
)
def test_figures_of_one_event_are_of_the_same_people(told: str, bounds: tuple[int, int, int]) -> None:
    assert figures(only(f"{HEAD} {told}").killed) == bounds


@pytest.mark.parametrize(
    ("told", "killed"),
    [
        ("[[12|k]] soldiers. [[Five|k]] gunmen died.", 17),
        ("[[12|k]] farmers. [[Five|k]] vigilantes died at the ford.", 17),
        ("[[12|k]] soldiers. The rebels put their own dead at [[five|k]].", 17),
        ("[[12|k]] soldiers. Of the attackers [[five|k]] were shot.", 17),
        ("[[12|k]] soldiers. [[Five|k]] of the peacekeepers died too.", 17),
        ("[[12|k]]. Two hours later gunmen shot [[five|k]].", 17),
        (f"many{' of those there' * 9}.\nLosses A | [[12|k]] dead\nLosses B | [[five|k]] dead\n", 17),
        ("[[12|k]] soldiers. [[Five|k]] officers died.", 12),
    ],
)
def test_those_of_another_side_are_added(told: str, killed: int) -> None:
    assert sum(row.killed.best or 0 for row in events(f"{HEAD} {told}").rows if row.killed) == killed


def test_the_place_of_a_claim_is_no_event_of_its_own() -> None:
    row = only(f"{HEAD} [[24|k]]. The militants claimed [[39|k]] dead and displayed bodies in [[Hama|P]].")
    assert figures(row.killed) == (24, 24, 39)
    assert row.place is not None
    assert row.place.evidence.surface == "Homs"


def test_a_headline_in_words_bounds_no_figure() -> None:
    row = only(f"Scores dead in [[Homs|P]]\n\n{HEAD} [[70|k]] people.".replace("Scores", "[[Scores|k]]"))
    assert figures(row.killed) == (70, 70, 70)
