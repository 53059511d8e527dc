"""Date phrases as calendar days: by their words, by the day of publication, and by the text around them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from conflict_ner.documents import Document
from conflict_ner.markup import read_marked
from conflict_ner.normalise.dates.context import DateOrder
from conflict_ner.normalise.dates.facts import date_facts
from conflict_ner.normalise.dates.phrases import LONGEST
from conflict_ner.schema import LabelSchema
from tests.date_phrases import alone, read, resolved

GOLD = Path("tests/data/normalise/dates-open.jsonl")
SYNTHETIC = Path("seeds/synthetic")


# Told on Wednesday, 4 December 2019.
PHRASES = {
    # days
    "18 December 2019": "2019-12-18 2019-12-19 day none",
    "November 30, 2019": "2019-11-30 2019-12-01 day none",
    "the sixth of April": "2019-04-06 2019-04-07 day publication",
    "Sept. 4": "2019-09-04 2019-09-05 day publication",
    "Friday 9 Mar": "2018-03-09 2018-03-10 day publication",
    "Wednesday, 6 November 1985": "1985-11-06 1985-11-07 day none",
    "2015-05-20": "2015-05-20 2015-05-21 day none",
    "2024-05-01T10:30Z": "2024-05-01 2024-05-02 part_of_day none",
    "30 November 2024 15": "2024-11-30 2024-12-01 part_of_day none",
    "20191101": "2019-11-01 2019-11-02 day none",
    "09-Jan-2020": "2020-01-09 2020-01-10 day none",
    "17/VIII/2001": "2001-08-17 2001-08-18 day none",
    "29 February": "2016-02-29 2016-03-01 day publication",
    "24 February last year": "2018-02-24 2018-02-25 day publication",
    "9/11": "2001-09-11 2001-09-12 day none",
    # military and log forms
    "18 DEC 19": "2019-12-18 2019-12-19 day none",
    "0730 hrs on 05 May 23": "1923-05-05 1923-05-06 part_of_day none",
    "121430B APR 18": "2018-04-12 2018-04-13 part_of_day none",
    "1800 gmt 3 Nov 85": "1985-11-03 1985-11-04 part_of_day none",
    "26 AUG 1100Z": "2019-08-26 2019-08-27 part_of_day publication",
    "21.08.2014 at about 0930 hrs": "2014-08-21 2014-08-22 part_of_day none",
    "night of 16/17 May 18": "2018-05-16 2018-05-18 part_of_day none",
    # weekdays
    "Wednesday": "2019-12-04 2019-12-05 day publication",
    "Thursday": "2019-11-28 2019-11-29 day publication",
    "TUES": "2019-12-03 2019-12-04 day publication",
    "last Wednesday": "2019-11-27 2019-11-28 day publication",
    "next Wednesday": "2019-12-11 2019-12-12 day publication",
    "this Friday": "2019-12-06 2019-12-07 day publication",
    "Saturday last": "2019-11-30 2019-12-01 day publication",
    "Friday of last week": "2019-11-29 2019-11-30 day publication",
    "two Saturdays ago": "2019-11-23 2019-11-24 day publication",
    "week ago Friday": "2019-11-22 2019-11-23 day publication",
    # parts of days and clock times
    "Sunday morning": "2019-12-01 2019-12-02 part_of_day publication",
    "1 p.m. on Monday": "2019-12-02 2019-12-03 part_of_day publication",
    "half past ten on Thursday night": "2019-11-28 2019-11-29 part_of_day publication",
    "late on Saturday": "2019-11-30 2019-12-01 part_of_day publication",
    "Overnight Saturday": "2019-11-30 2019-12-01 part_of_day publication",
    "5.40 a.m. on 30 November": "2019-11-30 2019-12-01 part_of_day publication",
    "early hours of 30 November 2019": "2019-11-30 2019-12-01 part_of_day none",
    "this morning": "2019-12-04 2019-12-05 part_of_day publication",
    "six this morning": "2019-12-04 2019-12-05 part_of_day publication",
    "last night": "2019-12-03 2019-12-04 part_of_day publication",
    "night before last": "2019-12-02 2019-12-03 part_of_day publication",
    "yesterday at 14:30": "2019-12-03 2019-12-04 part_of_day publication",
    "night of Tuesday to Wednesday": "2019-12-03 2019-12-05 part_of_day publication",
    # counted from publication
    "today": "2019-12-04 2019-12-05 day publication",
    "yesterday": "2019-12-03 2019-12-04 day publication",
    "day before yesterday": "2019-12-02 2019-12-03 day publication",
    "Tomorrow": "2019-12-05 2019-12-06 day publication",
    "eight days ago": "2019-11-26 2019-11-27 day publication",
    "two weeks ago": "2019-11-17 2019-11-24 week publication",
    "fortnight ago": "2019-11-17 2019-11-24 week publication",
    "three months ago": "2019-09-01 2019-10-01 month publication",
    "year ago": "2018-01-01 2019-01-01 year publication",
    "this week": "2019-12-02 2019-12-09 week publication",
    "earlier this week": "2019-12-02 2019-12-04 other publication",
    "later this week": "2019-12-05 2019-12-09 other publication",
    "last week": "2019-11-25 2019-12-02 week publication",
    "weekend": "2019-11-30 2019-12-02 other publication",
    "last weekend": "2019-11-30 2019-12-02 other publication",
    "this weekend": "2019-12-07 2019-12-09 other publication",
    "this month": "2019-12-01 2020-01-01 month publication",
    "Earlier this month": "2019-12-01 2019-12-04 other publication",
    "early last month": "2019-11-01 2019-11-11 other publication",
    "last month": "2019-11-01 2019-12-01 month publication",
    "last year": "2018-01-01 2019-01-01 year publication",
    "earlier this year": "2019-01-01 2019-12-04 other publication",
    "end of the month": "2019-12-25 2020-01-01 other publication",
    # months
    "March": "2019-03-01 2019-04-01 month publication",
    "December": "2019-12-01 2020-01-01 month publication",
    "last November": "2019-11-01 2019-12-01 month publication",
    "last December": "2018-12-01 2019-01-01 month publication",
    "next August": "2020-08-01 2020-09-01 month publication",
    "January last year": "2018-01-01 2018-02-01 month publication",
    "March 2011": "2011-03-01 2011-04-01 month none",
    "late August": "2019-08-21 2019-09-01 other publication",
    "early March": "2019-03-01 2019-03-11 other publication",
    "mid-May": "2019-05-11 2019-05-21 other publication",
    "end of August": "2019-08-25 2019-09-01 other publication",
    "start of April": "2019-04-01 2019-04-08 other publication",
    "first week of January": "2019-01-01 2019-01-08 week publication",
    "third week of October": "2019-10-15 2019-10-22 week publication",
    "last week of February": "2019-02-22 2019-03-01 week publication",
    "first half of October 2018": "2018-10-01 2018-10-16 other none",
    # seasons, quarters
    "spring": "2019-03-01 2019-06-01 season publication",
    "winter of 1991-92": "1991-12-01 1992-03-01 season none",
    "winter 2015": "2015-12-01 2016-03-01 season none",
    "last winter": "2018-12-01 2019-03-01 season publication",
    "spring last year": "2018-03-01 2018-06-01 season publication",
    "second quarter": "2019-04-01 2019-07-01 quarter publication",
    "final quarter of 2018": "2018-10-01 2019-01-01 quarter none",
    "Q3 2017": "2017-07-01 2017-10-01 quarter none",
    # years and more
    "1972": "1972-01-01 1973-01-01 year none",
    "'99": "1999-01-01 2000-01-01 year none",
    "late 2013": "2013-09-01 2014-01-01 other none",
    "mid-2017": "2017-05-01 2017-09-01 other none",
    "early 2020": "2020-01-01 2020-05-01 other none",
    "first half of 2018": "2018-01-01 2018-07-01 other none",
    "first nine months of this year": "2019-01-01 2019-10-01 other publication",
    "1990s": "1990-01-01 2000-01-01 decade none",
    "mid-1980s": "1984-01-01 1987-01-01 other none",
    "late 1980s": "1987-01-01 1990-01-01 other none",
    "seventh century": "0601-01-01 0701-01-01 other none",
    # ranges
    "17-24 February": "2019-02-17 2019-02-25 range publication",
    "4 to 6 December": "2019-12-04 2019-12-07 range publication",
    "1–3 May 2018": "2018-05-01 2018-05-04 range none",
    "April 11-12": "2019-04-11 2019-04-13 range publication",
    "27 October to 2 November 2016": "2016-10-27 2016-11-03 range none",
    "28 December 2018 - 3 January 2019": "2018-12-28 2019-01-04 range none",
    "28 December - 3 January 2019": "2018-12-28 2019-01-04 range none",
    "30 OCT - 5 NOV": "2019-10-30 2019-11-06 range publication",
    "January-March 2018": "2018-01-01 2018-04-01 range none",
    "2014–18": "2014-01-01 2019-01-01 range none",
    "Monday to Wednesday": "2019-12-02 2019-12-05 range publication",
    "15, 16 and 17 November": "2019-11-15 2019-11-18 range publication",
    "mid-to-late August": "2019-08-11 2019-09-01 range publication",
    "late July and early August": "2019-07-21 2019-08-11 range publication",
    "week of Oct. 1-7": "2019-10-01 2019-10-08 range publication",
    "week of 3 June": "2019-06-03 2019-06-10 week publication",
    "week ending 3 June": "2019-05-28 2019-06-04 week publication",
    "H1 2018": "2018-01-01 2018-07-01 other none",
    "first Monday of May": "2019-05-06 2019-05-07 day publication",
    "fifth Monday of May": "the period would end before it begins",
    "eve of 7 October": "2019-10-06 2019-10-07 day publication",
    "Friday the 13th": "2019-09-13 2019-09-14 day publication",
}


# Told on Wednesday, 4 September 2019.
FEASTS = {
    "Christmas Eve": "2018-12-24 2018-12-25 day publication",
    "New Year's Day": "2019-01-01 2019-01-02 day publication",
    "Christmas 2008": "2008-12-25 2008-12-26 day none",
    "Easter Sunday": "2019-04-21 2019-04-22 day publication",
    "Orthodox Easter": "2019-04-28 2019-04-29 day publication",
    "Good Friday 2018": "2018-03-30 2018-03-31 day none",
    "Yom Kippur 1973": "1973-10-06 1973-10-07 day none",
    "Nowruz": "2019-03-21 2019-03-22 day publication",
    "Eid al-Fitr": "2019-06-04 2019-06-07 other publication",
    "Eid ul-Adha last year": "2018-08-21 2018-08-25 other publication",
    "first day of Eid al-Fitr": "2019-06-04 2019-06-05 day publication",
    "Ramadan": "2019-05-06 2019-06-04 other publication",
    "last Friday of Ramadan": "2019-05-31 2019-06-01 day publication",
    "eve of Ramadan": "2019-05-05 2019-05-06 day publication",
    "last day of Ramadan": "2019-06-03 2019-06-04 day publication",
    "14 Rajab 1440": "2019-03-21 2019-03-22 day none",
}


@pytest.mark.parametrize(("phrase", "meant"), PHRASES.items())
def test_a_phrase_alone(phrase: str, meant: str) -> None:
    assert alone(phrase) == meant


@pytest.mark.parametrize(("phrase", "meant"), FEASTS.items())
def test_a_feast(phrase: str, meant: str) -> None:
    assert alone(phrase, date(2019, 9, 4)) == meant


def test_a_feast_of_the_coming_weeks() -> None:
    assert alone("Christmas") == "2019-12-25 2019-12-26 day publication"
    killed = resolved("Eleven were killed at <Christmas>.")[0]
    assert read(killed) == "2018-12-25 2018-12-26 day publication"


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("Independence Day", "other countries"),
        ("Diwali", "a calendar that is not reckoned here"),
        ("this fiscal year", "fiscal years"),
        ("several days ago", "no number"),
        ("31 June 2019", "no such day"),
        ("29 February 2019", "no such day"),
        ("40/50/2019", "no such day"),
        ("first century BC", "before 1"),
        ("two days earlier", "the text holds none"),
        ("the previous Thursday", "the text holds none"),
        ("the following month", "the text holds none"),
        ("9 May 2019 - 3 May 2019", "before it begins"),
        ("Syria", "not one that is read as a date"),
        ("the", "not one that is read as a date"),
        ("24 hours", "not one that is read as a date"),
        ("48 hrs", "not one that is read as a date"),
        ("four days", "not one that is read as a date"),
        ("recent months", "not one that is read as a date"),
        ("5 p.m.", "not one that is read as a date"),
        ("x" * (LONGEST + 1), "not one that is read as a date"),
        ("earlier this week", "that side of publication"),
    ],
)
def test_what_cannot_be_resolved_says_why(phrase: str, reason: str) -> None:
    monday = date(2019, 12, 2)
    assert reason in alone(phrase, monday)


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("3 May 2019", "2019-05-03 2019-05-04 day none"),
        ("2011", "2011-01-01 2012-01-01 year none"),
        ("Easter 2018", "2018-04-01 2018-04-02 day none"),
        ("Tuesday", "the phrase is counted from the day of publication, which is not known"),
        ("3 May", "the phrase is counted from the day of publication, which is not known"),
        ("last week", "the phrase is counted from the day of publication, which is not known"),
        ("Christmas", "the phrase is counted from the day of publication, which is not known"),
    ],
)
def test_without_a_day_of_publication(phrase: str, meant: str) -> None:
    assert alone(phrase, None) == meant


def test_without_a_day_of_publication_the_text_still_counts() -> None:
    _, later = resolved("They left on <3 May 2019> and were found <two days later>.", None)
    assert read(later) == "2019-05-05 2019-05-06 day text"


# Each text's last date, told on Wednesday, 4 December 2019.
TEXTS = {
    # counted from the nearest date before
    "The town fell on <Sunday>. A bridge was blown <two days earlier>.": "2019-11-29 2019-11-30 day text",
    "A raid on <19 September>; the <following afternoon> they gave in.": "2019-09-20 2019-09-21 part_of_day text",
    "They met on <Sunday>. A raid on the <previous Thursday> killed two.": "2019-11-28 2019-11-29 day text",
    "On <3 May 2018> it fell. A <week later> it was retaken.": "2018-05-07 2018-05-14 week text",
    "On <Friday, 29 November> he spoke; the <week before>, she had.": "2019-11-18 2019-11-25 week text",
    "He was shot in <November 2011>. A <month later> they met.": "2011-12-01 2012-01-01 month text",
    "A truce in <1993>. <Two years on> it ended.": "1995-01-01 1996-01-01 year text",
    "From <March 1995> until the <following spring> it held.": "1996-03-01 1996-06-01 season text",
    "He was shot in <September 1992>, and thirty the <following May>.": "1993-05-01 1993-06-01 month text",
    "In <May 1998> they signed. He had gone the <previous October>.": "1997-10-01 1997-11-01 month text",
    "Overrun in <July 2019>, the second base fell <two weeks later>.": "2019-07-15 2019-08-15 other text",
    # not from what is to come, what lasts, or a longer time in between
    "It will be sworn in on <20 December>. <Six days earlier> men came.": "the phrase is counted from another date, "
    "and the text holds none to count from",
    "On <Monday> they left. Held since <July>, it was lost <three days before>.": "2019-11-29 2019-11-30 day text",
    "On <19 November> the army, which in <2015> fled, came; the <next day> it won.": "2019-11-20 2019-11-21 day text",
    "He spoke on <Sunday>. In the town, held since <2 September>, a bridge was lost <two days before>.": "2019-11-29 "
    "2019-11-30 day text",
    "They met on <Sunday>. It will open on <20 December>. <Twenty days earlier> men came.": "2019-11-11 2019-11-12 "
    "day text",
    "On <Sunday> he spoke.\nIt fell in <July 2019>; the road was cut <two weeks earlier>.": "2019-06-17 2019-07-18 "
    "other text",
    # a date named beside
    "He died on <3 March 2018>. A <year later>, on <9 March>, they met.": "2019-03-09 2019-03-10 day text",
    # what is to come
    "Talks will open in Geneva on <Friday>.": "2019-12-06 2019-12-07 day publication",
    "The vote is due on <9 March>.": "2020-03-09 2020-03-10 day publication",
    "The curfew runs until <Sunday>.": "2019-12-08 2019-12-09 day publication",
    "He has promised a victory by the <weekend>.": "2019-12-07 2019-12-09 other publication",
    "She is expected in <January>.": "2020-01-01 2020-02-01 month publication",
    "The election of <12 December> is near.": "2019-12-12 2019-12-13 day publication",
    "They were killed at the gate on <12 December>.": "2018-12-12 2018-12-13 day publication",
    "He will stand trial for the two who were shot on <Friday>.": "2019-11-29 2019-11-30 day publication",
    # joined
    "Between <10th> and <13th of December 1981> it burned.": "1981-12-13 1981-12-14 day none",
    "He prayed there for <Christmas> in <2011>.": "2011-01-01 2012-01-01 year none",
    "It fell in <1987>. That <March> had been cold; that <October> was not.": "1987-10-01 1987-11-01 month text",
    "On <3 November> it began. By the <17th> it was over.": "2019-11-17 2019-11-18 day text",
    "By the <17th> it was over.": "2019-11-17 2019-11-18 day publication",
    "The raid was on <Independence Day>, <4 October>.": "2019-10-04 2019-10-05 day publication",
    # a story of the past
    "On <20 July 1905> they rose. On <14 August> five were speared.": "1905-08-14 1905-08-15 day text",
    "At noon on <6 November 1985> they came. By <Thursday> it had burned.": "1985-11-07 1985-11-08 day text",
    "The camp fell in <July 2016>. They came at <1.30 a.m. on 18 July>.": "2016-07-18 2016-07-19 part_of_day text",
    "On <27 September 1993> it fell. A plane was shot down on <22 September>.": "1993-09-22 1993-09-23 day text",
    "They came on <21 February 2000>. In <January> they had stolen cattle.": "2000-01-01 2000-02-01 month text",
    "The front, founded in <2009>, struck on <14 August>.": "2019-08-14 2019-08-15 day publication",
    "On <1 September 2004> they came. On <3 September> it ended. It is <today> a museum.": "2019-12-04 2019-12-05 day "
    "publication",
}


@pytest.mark.parametrize(("marked", "meant"), TEXTS.items())
def test_a_phrase_in_its_text(marked: str, meant: str) -> None:
    assert read(resolved(marked)[-1]) == meant


@pytest.mark.parametrize(
    ("marked", "meant"),
    [
        ("Between <10th> and <13th of December 1981> it burned.", "1981-12-10 1981-12-11 day none"),
        ("He prayed there for <Christmas> in <2011>.", "2011-12-25 2011-12-26 day none"),
        ("He was born in <2011>. A <week later>, on <13 May 2012>, he left.", "2011-01-01 2012-01-01 year none"),
        ("<Two days earlier> the road was cut; it fell on <3 May 2018>.", "2018-05-01 2018-05-02 day text"),
        ("The raid was on <Independence Day>, <4 October>.", "2019-10-04 2019-10-05 day text"),
    ],
)
def test_a_phrase_explained_by_the_next(marked: str, meant: str) -> None:
    assert read(resolved(marked)[0]) == meant


def test_a_recent_year_makes_no_story() -> None:
    facts = resolved("Since <2015> a sack costs more. The bridge was shut in <March>, as in <September 1993>.")
    assert read(facts[1]) == "2019-03-01 2019-04-01 month publication"


def test_the_day_named_beside_settles_what_was_counted_off() -> None:
    _, later, _ = resolved("He came on <7 May 2018>. A <week later>, on <13 May>, he left.")
    assert read(later) == "2018-05-10 2018-05-17 week text"


def test_a_day_goes_on_from_one_of_an_old_year() -> None:
    facts = resolved("They came on <1 September 2004>. On <3 September> it ended. It is <today> a museum.")
    assert read(facts[1]) == "2004-09-03 2004-09-04 day text"


@pytest.mark.parametrize(
    ("text", "order", "meant"),
    [
        ("<03/04/2018>", "dmy", "2018-04-03"),
        ("<03/04/2018>", "mdy", "2018-03-04"),
        # one that fits one way alone
        ("<11/14/2018>", "dmy", "2018-11-14"),
        ("<14/11/2018>", "mdy", "2018-11-14"),
        # the text's own dates, in a span or not
        ("<03/04/2018> and 11/27/2018", "dmy", "2018-03-04"),
        ("<03/04/2018> and 27.11.2018", "mdy", "2018-04-03"),
        # texts that contradict themselves show nothing
        ("<03/04/2018>, 27/11/2018, 11/28/2018", "mdy", "2018-03-04"),
        # what would lie after publication
        ("<05/12/2019>", "dmy", "2019-05-12"),
    ],
)
def test_the_order_of_day_and_month(text: str, order: DateOrder, meant: str) -> None:
    fact = resolved(text, order=order)[0]
    assert fact.interval is not None
    assert fact.interval.start.isoformat() == meant


def test_what_was_open_is_told() -> None:
    assert "setting" in (resolved("<03/04/2018>")[0].why or "")
    assert "after publication" in (resolved("<05/12/2019>")[0].why or "")
    assert resolved("<03/04/2018>, 27.11.2018")[0].why is None
    assert resolved("<04/04/2018>")[0].why is None
    assert "one day earlier or later" in (resolved("<Ramadan>")[0].why or "")


def test_import_of_the_library_stays_light() -> None:
    code = "import conflict_ner, sys; print([name for name in sys.modules if 'normalise' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_open_gold(schema: LabelSchema, gold: list[Document]) -> None:
    articles = {document.id: document for document in gold}
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 90
    wrong = []
    for row in rows:
        name = row["document"]
        document = articles.get(name) or read_marked(SYNTHETIC / f"{name}.marked", schema)
        spans = [span for span in document.spans if span.label == "DATE"]
        facts = date_facts(document.text, spans, document.meta.published)
        fact = next(fact for fact in facts if (fact.span.start, fact.span.end) == (row["start"], row["end"]))
        meant = "{start} {end} {precision} {anchor}".format(**row["gold"])
        if read(fact) != meant:
            wrong.append((name, row["surface"], meant, read(fact)))
    assert wrong == []
