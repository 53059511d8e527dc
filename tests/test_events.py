"""Events: what counts, places and dates of a text become one row, what becomes several, and what is background."""

from __future__ import annotations

import datetime

import pytest

from conflict_ner.assembly import assemble
from conflict_ner.documents import Document, Meta, Span
from conflict_ner.events import Events
from conflict_ner.facts import Facts
from tests.marked_events import TUESDAY, events, figures, normaliser, only, places


def test_a_sentence_becomes_a_row_with_its_evidence() -> None:
    row = only("[[Rebels|G]] killed [[12|k]] soldiers near [[Idlib|P]] on [[Sunday|D]], a monitor said.")
    assert row.id == "a/1"
    assert figures(row.killed) == (12, 12, 12)
    assert (row.wounded, row.captured, row.missing) == (None, None, None)
    assert row.place is not None
    assert row.place.place is not None
    assert (row.place.place.name, row.place.told) == ("Idlib", "sentence")
    assert row.date is not None
    assert (row.date.interval.start, row.date.date_source) == (datetime.date(2015, 3, 29), "text")
    assert [actor.evidence.surface for actor in row.actors] == ["Rebels"]
    assert row.sentence.surface.startswith("Rebels killed")
    assert row.killed is not None
    assert [one.surface for one in row.killed.evidence] == ["12"]
    assert not row.needs_review


def test_headline_lead_and_later_paragraph_are_one_event() -> None:
    row = only(
        "Bombs kill [[74|k]] in [[Kampala|P]]\n\nBombs at a rugby club and a restaurant in [[Kampala|P]] killed"
        " [[74|k]]"
        " people on [[Sunday night|D]] and wounded [[71|w]].\n\nPolice found a vest.\n\nThe attacks in [[Kampala"
        "|P]], in"
        " which [[74|k]] people died, were claimed by [[al-Shabaab|G]]."
    )
    assert (figures(row.killed), figures(row.wounded)) == ((74, 74, 74), (71, 71, 71))
    assert row.date is not None
    assert row.date.interval.start == datetime.date(2015, 3, 29)


def test_places_part_events() -> None:
    found = events(
        "[[Rebels|G]] killed [[12|k]] soldiers in [[Idlib|P]] on [[Sunday|D]].\n\nIn [[Aleppo|P]], a bomb killed"
        " [[three|k]]"
        " people on [[Monday|D]]."
    )
    assert places(found) == ["Idlib", "Aleppo"]
    assert [figures(row.killed) for row in found.rows] == [(12, 12, 12), (3, 3, 3)]
    assert [str(row.date.interval.start) for row in found.rows if row.date] == ["2015-03-29", "2015-03-30"]


def test_two_places_in_one_sentence_part_events() -> None:
    found = events(
        "Shells killed [[five|k]] people in [[Homs|P]], and a mine killed [[two|k]] farmers near [[Hama|P]]."
    )
    assert [(place, figures(row.killed)) for place, row in zip(places(found), found.rows, strict=True)] == [
        ("Homs", (5, 5, 5)),
        ("Hama", (2, 2, 2)),
    ]


def test_dates_part_events_at_one_place() -> None:
    found = events(
        "A bomb killed [[12|k]] people in [[Homs|P]] on [[Monday|D]].\n\nOn [[5 March|D]] gunmen had shot [[four"
        "|k]] people"
        " in [[Homs|P]]."
    )
    assert [figures(row.killed) for row in found.rows] == [(12, 12, 12), (4, 4, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "A bomb killed [[five|k]] people, including [[three|k]] women, in [[Homs|P]].",
        "A bomb killed [[five|k]] people in [[Homs|P]]. [[Three|k]] of them were women.",
        "A bomb killed [[five|k]] people in [[Homs|P]]; [[three|k]] of the dead were women.",
    ],
)
def test_whole_and_part_are_never_summed(text: str) -> None:
    assert figures(only(text).killed) == (5, 5, 5)


def test_both_sides_of_a_fight_are_added_up() -> None:
    row = only("[[Three|k]] soldiers and [[nine|k]] militants died in a clash in [[Homs|P]] on [[Monday|D]].")
    assert figures(row.killed) == (12, 12, 12)
    assert row.killed is not None
    assert [one.surface for one in row.killed.evidence] == ["Three", "nine"]


def test_figures_that_disagree_are_bounds_and_the_lowest_is_taken() -> None:
    row = only(
        "The [[army|G]] lost [[11|k]] soldiers in [[Homs|P]] on [[Monday|D]], it said. A rebel radio claimed [[200|k]]"
        " soldiers were dead."
    )
    assert figures(row.killed) == (11, 11, 200)
    assert row.needs_review
    assert any("disagree" in reason for reason in row.reasons)


def test_the_figure_of_the_headline_stands_against_one_given_up() -> None:
    row = only(
        "Attack on base in [[Homs|P]]: toll climbs to [[89|k]]\n\n[[At least 89|k]] soldiers were killed in the"
        " assault in"
        " [[Homs|P]] on [[Thursday|D]], more than three times the [[25|k]] first admitted by the ministry."
    )
    assert figures(row.killed) == (89, 89, None)


def test_a_later_figure_takes_the_place_of_an_earlier_one() -> None:
    row = only(
        "A bomb killed [[12|k]] people in [[Homs|P]] on [[Monday|D]]. By evening the toll had risen to [[15|k]],"
        " doctors"
        " said."
    )
    assert figures(row.killed) == (15, 15, 15)
    assert any("later figure" in reason for reason in row.reasons)


@pytest.mark.parametrize(
    ("behind", "killed"),
    [
        ("The dead were old; [[one|k]] was a doctor.", 12),
        ("[[One|k]] boy of nine is among the dead.", 12),
        ("[[Several|k]] burned in their tents.", 12),
        ("The army had first spoken of [[54|k]] dead.", 12),
        ("[[Two|k]] more were brought in at dusk.", 14),
        ("[[Two|k]] more died at dusk, bringing the toll to [[14|k]].", 14),
        ("A doctor had a lower estimate, [[four|k]].", 4),
        ("The dead were brought home; [[five|k]] of them were buried.", 12),
    ],
)
def test_a_later_count_is_a_part_unless_words_add_it(behind: str, killed: int) -> None:
    row = only(f"A bomb killed [[12|k]] people in [[Homs|P]] on [[Sunday|D]]. {behind}")
    assert (figures(row.killed) or (None, None))[1] == killed


def test_figures_that_are_parted_by_a_stroke_disagree() -> None:
    assert figures(only("A clash in [[Homs|P]]: [[6|k]] / [[14|k]] dead.").killed) == (6, 6, 14)


def test_a_figure_that_is_taken_back_gives_way() -> None:
    assert figures(only("A raid on [[Homs|P]]. [[10|k]] claimed, reduced to [[3|k]].").killed) == (3, 3, 3)


def test_what_has_been_so_far_is_no_event() -> None:
    found = events(
        "Gunmen killed [[90|k]] people in [[Homs|P]] on [[Sunday|D]].\n\nThe vote is near; [[23|k]] candidates have"
        " been murdered."
    )
    assert [figures(row.killed) for row in found.rows] == [(90, 90, 90)]
    assert [toll.evidence.surface for toll in found.background] == ["23"]


def test_the_sum_of_several_events_is_no_event() -> None:
    found = events(
        "[[Five|k]] people died in the [[Orontes Valley|P]].\n\nA bomb killed [[three|k]] in [[Homs|P]]."
        "\n\nGunmen shot [[two|k]] in"
        " [[Aleppo|P]]."
    )
    assert places(found) == ["Homs", "Aleppo"]
    assert [toll.evidence.surface for toll in found.background] == ["Five"]


def test_the_attack_is_the_one_told_before() -> None:
    row = only(
        "Shells killed [[60|k]] people who were waiting for boats, witnesses said.\n\nThe attack, on [[Sunday|D]]"
        " outside"
        " [[Idlib|P]], was blamed on [[rebels|G]]."
    )
    assert row.place is not None
    assert row.place.evidence.surface == "Idlib"
    assert row.date is not None
    assert row.date.interval.start == datetime.date(2015, 3, 29)


def test_the_day_of_an_older_dateline_stands_before_publication() -> None:
    row = only("[[DAMASCUS|P]], [[March 29|D]] (Agency) - A bomb killed [[12|k]] people in [[Homs|P]], police said.")
    assert row.date is not None
    assert row.date.interval.start == datetime.date(2015, 3, 29)


def test_the_place_of_a_part_is_not_that_of_the_whole() -> None:
    row = only(
        "[[Aleppo|P]] was shelled on [[Sunday|D]]. [[Eleven|k]] people died, [[three|k]] of them in [[Hanano camp|P]]."
    )
    assert row.place is not None
    assert row.place.evidence.surface == "Aleppo"


def test_the_toll_of_a_war_is_background() -> None:
    found = events(
        "[[Rebels|G]] killed [[12|k]] soldiers in [[Idlib|P]] on [[Sunday|D]].\n\nSince [[Syria|P]]'s conflict began in"
        " [[March 2011|D]], [[more than 215,000|k]] people have been killed."
    )
    assert [figures(row.killed) for row in found.rows] == [(12, 12, 12)]
    (toll,) = found.background
    assert (toll.casualty_type, toll.low, toll.high) == ("killed", 215_000, None)
    assert toll.evidence.surface == "more than 215,000"
    assert toll.period is not None
    assert (str(toll.period.start), str(toll.period.end)) == ("2011-03-01", "2015-04-01")


def test_the_sum_of_a_list_is_background() -> None:
    found = events(
        "Summary\n1) Clearance in [[Hesarak|P]]. [[26|k]] killed, [[7|w]] wounded.\n2) Air strike, [[Kunduz|P]]."
        " [[5|k]]"
        " killed.\n\nTOTAL: [[31|k]] killed, [[7|w]] wounded"
    )
    assert places(found) == ["Hesarak", "Kunduz"]
    assert sum(row.killed.best or 0 for row in found.rows if row.killed) == 31
    assert [toll.evidence.surface for toll in found.background] == ["31"]
    assert found.main is None


def test_a_count_that_is_not_told_is_none() -> None:
    row = only("[[Rebels|G]] captured [[Busra al-Sham|P]] on [[Wednesday|D]].")
    assert (row.killed, row.wounded, row.captured, row.missing) == (None, None, None, None)


def test_an_accident_is_no_event_in_any_of_its_sentences() -> None:
    found = events(
        "Bus plunges into a river, [[18|k]] dead\n\n[[Eighteen|k]] passengers died near [[Homs|P]] on [[Sunday|D]]."
        " Divers of the [[navy|G]] looked for [[two|m]] children.\n\nThe driver is [[one|k]] of the dead."
    )
    assert found.rows == ()


@pytest.mark.parametrize(
    "behind",
    [
        "A doctor said [[30|w]] wounded had reached [[Aleppo|P]].",
        "Doctors at [[Homs hospital|P]] treated [[30|w]].",
        "Outside the [[Nuri mosque|P]] [[30|w]] were hurt.",
    ],
)
def test_where_the_wounded_are_taken_is_no_event_of_its_own(behind: str) -> None:
    row = only(f"A bomb killed [[12|k]] people in [[Homs|P]] on [[Sunday|D]]. {behind}")
    assert row.place is not None
    assert row.place.evidence.surface == "Homs"
    assert (figures(row.killed), figures(row.wounded)) == ((12, 12, 12), (30, 30, 30))


def test_those_counted_before_are_not_counted_again() -> None:
    row = only(
        "[[Rebels|G]] took [[five|c]] soldiers in [[Homs|P]] on [[Sunday|D]].\n\nThe Red Cross asked for the names of"
        " the [[five|c]]. Only [[two|c]] have been seen since."
    )
    assert figures(row.captured) == (5, 5, 5)


@pytest.mark.parametrize(
    "text",
    [
        "Militants took [[20|k]] lives in three years of raids on [[Homs|P]].",
        "A raid on [[Homs|P]] began in May. Since then the Office has counted 31 attacks, with [[nine|k]] dead.",
        "In [[March|D]] alone [[over 100|k]] people died in [[Homs|P]].",
        "[[Rebels|G]] in [[Homs|P]] said [[174|k]] had died since [[1 January|D]]. They put the army's dead at"
        " [[700|k]], a claim that was called absurd.",
        "A priest in [[Homs|P]] keeps his own ledger of the [[73|k]] shot.",
        "A raid\n\nB. Casualties (confirmed)\n   civilians: [[39|k]] killed\n   [[army|G]]: [[21|k]] killed",
    ],
)
def test_figures_over_long_and_tables_of_totals_are_background(text: str) -> None:
    found = events(text)
    assert [row for row in found.rows if row.killed] == []
    assert found.background


def test_a_round_up_has_no_main_event() -> None:
    found = events(
        "The week in security\n\n[[Rebels|G]] killed [[two|k]] guards in [[Homs|P]] on [[Sunday|D]].\n\nA bomb killed"
        " [[three|k]] people in [[Aleppo|P]]."
    )
    assert len(found.rows) == 2
    assert found.main is None


@pytest.mark.parametrize(
    "text",
    [
        "[[Rebels|G]] may attack [[Idlib|P]] on [[Sunday|D]].",
        "The anniversary of the attack on [[Idlib|P]] was marked on [[Sunday|D]].",
        "Cholera has killed [[22|k]] people in [[Idlib|P]] on [[Sunday|D]].",
        "A road accident near [[Idlib|P]] killed [[two|k]] people on [[Sunday|D]].",
        "The minister flew to [[Damascus|P]] on [[Sunday|D]].",
        "The [[rebels|G]] freed [[12|c]] captives in [[Idlib|P]] on [[Sunday|D]].",
    ],
)
def test_what_is_no_armed_act_that_happened_makes_no_row(text: str) -> None:
    found = events(text)
    assert [row for row in found.rows if row.killed or row.captured or "freed" not in text] == []


def test_the_source_is_not_the_place() -> None:
    row = only(
        "[[Twelve|k]] soldiers were killed in [[Saraqib|P]] on [[Sunday|D]], a spokesman in [[Geneva|P]] said, and"
        " [[Washington|P]] condemned it."
    )
    assert row.place is not None
    assert row.place.evidence.surface == "Saraqib"


def test_the_dateline_is_not_the_place() -> None:
    row = only("[[DAMASCUS|P]], [[March 31|D]] (Agency) - A bomb killed [[12|k]] people in [[Homs|P]] on [[Sunday|D]].")
    assert row.place is not None
    assert row.place.evidence.surface == "Homs"
    assert row.date is not None
    assert row.date.evidence is not None
    assert row.date.evidence.surface == "Sunday"


def test_the_place_of_the_sentence_before_is_near() -> None:
    row = only("A bomb went off in the market of [[Homs|P]] on [[Sunday|D]]. [[Twelve|k]] people died.")
    assert row.place is not None
    assert row.place.evidence.surface == "Homs"
    assert figures(row.killed) == (12, 12, 12)
    assert row.date is not None
    assert row.date.interval.start == datetime.date(2015, 3, 29)


@pytest.mark.parametrize(
    "text",
    [
        "A bomb killed [[12|k]] people in [[Homs|P]], police said [[Monday|D]].",
        "On [[Monday|D]], Reuters reported that a bomb killed [[12|k]] people in [[Homs|P]].",
    ],
)
def test_the_day_of_a_report_stands_for_a_day_that_is_not_told_and_says_so(text: str) -> None:
    row = only(text)
    assert row.date is not None
    assert (row.date.date_source, row.date.interval.start) == ("text", datetime.date(2015, 3, 30))
    assert "'Monday' is the day of a report: it happened then or before." in row.reasons
    assert row.needs_review


def test_the_day_of_a_report_is_not_that_of_an_event_whose_own_is_told() -> None:
    row = only("A bomb killed [[12|k]] people in [[Homs|P]] on [[Sunday|D]], police said [[Monday|D]].")
    assert row.date is not None
    assert row.date.interval.start == datetime.date(2015, 3, 29)
    assert not any("report" in reason for reason in row.reasons)


def test_what_tells_of_the_day_of_publication_is_its_evidence() -> None:
    row = only(
        "Rebels took [[Homs|P]], sources said.\n"
        + "Nobody fled. " * 18
        + "A bomb killed [[12|k]] people there [[today|D]]."
    )
    assert row.date is not None
    assert (row.date.date_source, row.date.interval.start) == ("text", TUESDAY)
    assert row.date.evidence is not None


def test_the_day_of_publication_stands_where_none_is_told() -> None:
    row = only("A bomb killed [[12|k]] people in [[Homs|P]].")
    assert row.date is not None
    assert (row.date.date_source, row.date.interval.start, row.date.evidence) == ("publication", TUESDAY, None)
    assert any("publication" in reason for reason in row.reasons)
    assert row.needs_review


def test_without_a_day_of_publication_nothing_is_made_up() -> None:
    row = only("A bomb killed [[12|k]] people in [[Homs|P]] on [[Sunday|D]].", published=None)
    assert row.date is None
    assert any("not known" in reason for reason in row.reasons)


def test_since_a_recent_day_reaches_up_to_publication() -> None:
    row = only("The death toll in [[Idlib|P]] since [[Sunday|D]] was [[117|k]].")
    assert row.date is not None
    assert (str(row.date.interval.start), str(row.date.interval.end)) == ("2015-03-29", "2015-04-01")


def test_a_place_that_is_not_linked_is_kept_and_told() -> None:
    row = only("A bomb killed [[12|k]] people in [[Xyzzqford|P]] on [[Sunday|D]].")
    assert row.place is not None
    assert (row.place.evidence.surface, row.place.place) == ("Xyzzqford", None)
    assert any("'Xyzzqford' is not linked" in reason for reason in row.reasons)


def test_what_befell_people_may_stay_open() -> None:
    row = only("A bomb in [[Homs|P]] on [[Sunday|D]] caused [[30|u]] casualties.")
    assert (row.killed, row.wounded) == (None, None)
    assert any("'30'" in reason for reason in row.reasons)


def test_words_for_a_number_are_a_lower_bound() -> None:
    row = only("A bomb killed [[dozens|k]] of people in [[Homs|P]] on [[Sunday|D]].")
    assert figures(row.killed) == (24, None, None)
    assert row.killed is not None
    assert row.killed.modality == "vague"
    assert row.needs_review


def test_an_unsure_span_lowers_the_score_and_is_told() -> None:
    text = "A bomb killed 12 people in Homs on Sunday."
    spans = [("12", "CASUALTY_COUNT", 0.5), ("Homs", "PLACE", 0.99), ("Sunday", "DATE", 0.99)]
    document = Document(
        id="a",
        text=text,
        spans=tuple(
            Span(start=text.index(one), end=text.index(one) + len(one), label=label, score=score)
            for one, label, score in spans
        ),
        meta=Meta(published=TUESDAY),
    )
    (row,) = assemble(document, normaliser()(document)).rows
    assert row.score <= 0.5
    assert any("unsure of '12'" in reason for reason in row.reasons)


def test_mentions_of_one_group_are_one_actor() -> None:
    row = only(
        "[[Hayat Tahrir al-Sham|G]] attacked [[Saraqib|P]] on [[Sunday|D]]; [[HTS|G]] killed [[12|k]] [[Syrian army|G]]"
        " soldiers in [[Saraqib|P]].",
        datetime.date(2019, 4, 2),
    )
    assert [actor.group.name for actor in row.actors if actor.group and actor.group.name] == ["Hayat Tahrir al-Sham"]
    assert len(row.actors) == 2


def test_the_main_event_is_that_of_the_headline() -> None:
    found = events(
        "[[Raqqa|P]] falls to [[rebels|G]]\n\nOn [[5 March|D]] [[12|k]] people died in an ambush near [[Homs"
        "|P]].\n\n[[Rebels|G]]"
        " seized [[Raqqa|P]] on [[Sunday|D]]; [[nine|k]] police were killed."
    )
    main = next(row for row in found.rows if row.id == found.main)
    assert main.place is not None
    assert main.place.evidence.surface == "Raqqa"
    assert figures(main.killed) == (9, 9, 9)


def test_a_text_without_facts_has_no_events() -> None:
    document = Document(id="a", text="Rebels attacked Idlib.")
    assert assemble(document, Facts()) == Events()
