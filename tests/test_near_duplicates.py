"""annotate/near_duplicates.py: the same story twice is found, two stories on one event are not."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from itertools import combinations, permutations
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.near_duplicates import PERMUTATIONS, RECALL, NearDuplicates, bands, shingles
from annotate.settings import Duplicates
from conflict_ner.articles import read_articles
from conflict_ner.documents import Document
from conflict_ner.schema import LabelSchema
from train.duplicates import near_duplicates
from train.readings import read_sources

WORDS = [
    "the",
    "a",
    "army",
    "rebels",
    "town",
    "shelling",
    "killed",
    "monday",
    "idlib",
    "said",
    "people",
    "by",
    "in",
    "of",
]

STORY = """Army shells rebel-held town

BEIRUT - Government artillery shelled a rebel-held town in northwestern Syria on Tuesday, killing at least nine \
people and wounding dozens, a monitoring group and rescue workers said.

The shells struck a crowded market in the centre of Ariha shortly before noon, when many people were out to buy \
food, the Syrian Observatory for Human Rights said. Three children were among the dead.

Volunteers of the civil defence carried the wounded to two hospitals nearby, one of which had been damaged in an \
air strike last month. A doctor said that several of them were in a critical condition.

State media did not mention the shelling. The army says that it strikes what it calls terrorist groups, and that \
it does not target civilians.

The town lies in the last large territory held by insurgents, in which a truce brokered by Russia and Turkey has \
been broken many times since it took effect in March of last year."""

EDITED = STORY.replace("Army shells rebel-held town", "Nine dead as market is hit in Syria's northwest").replace(
    "Volunteers of the civil defence carried the wounded to two hospitals nearby, one of which had been damaged in an "
    "air strike last month. A doctor said that several of them were in a critical condition.",
    "Ambulances took the wounded to hospitals across the border, a witness told the agency by telephone, because "
    "those in the town were full.",
)

OTHER_REPORT = """At least nine civilians die in shelling of Ariha market

Artillery fire by Syrian government forces hit the main market of Ariha, in Idlib province, on Tuesday. The White \
Helmets said that nine people were killed, three of them children, and that more than thirty were hurt.

"It was the busiest hour of the day," said a shopkeeper whose brother was wounded. The Observatory, a monitor with \
sources on the ground, put the toll at nine as well.

The shelling is a new breach of the ceasefire which Moscow and Ankara agreed on in March 2020. Damascus had no \
comment; it says that it fights terrorists in the region."""


def finder(threshold: float = 0.5, words: int = 5) -> NearDuplicates:
    return NearDuplicates(Duplicates(threshold=threshold, words=words))


def jaccard(one: str, two: str) -> float:
    first, second = set(shingles(one, 5)), set(shingles(two, 5))
    return len(first & second) / len(first | second)


def test_a_wire_story_with_another_headline_and_an_edited_paragraph_is_found() -> None:
    found = finder()
    assert found.first_of("agency", STORY) is None
    assert found.first_of("another report", OTHER_REPORT) is None
    assert found.first_of("newspaper", EDITED) == "agency"
    assert jaccard(STORY, OTHER_REPORT) < 0.1  # two reports on one event are far from it


def test_case_punctuation_and_layout_do_not_count() -> None:
    found = finder(threshold=1)
    found.first_of("agency", STORY)
    assert found.first_of("archive", STORY.upper().replace("\n\n", "  ").replace(",", " -")) == "agency"


def test_an_article_is_no_repetition_of_itself() -> None:
    found = finder()
    assert [found.first_of("agency", STORY), found.first_of("agency", STORY)] == [None, None]
    assert found.first_of("newspaper", EDITED) == "agency"


def test_of_several_the_most_like_is_named() -> None:
    found = finder()
    words = [f"word{number}" for number in range(400)]
    half = words[:200] + [f"other{number}" for number in range(200)]
    near = words[:380] + [f"end{number}" for number in range(20)]
    assert found.first_of("half", " ".join(half)) is None
    assert found.first_of("whole", " ".join(words)) is None
    assert found.first_of("near", " ".join(near)) == "whole"


def test_whatever_is_left_out_is_like_one_that_stays_in() -> None:
    """Each version changes a sixth of the one before; the last has little of the first."""
    words = [f"word{number}" for number in range(600)]
    versions = [" ".join(words)]
    for step in range(6):
        words[100 * step : 100 * (step + 1)] = [f"new{step}-{number}" for number in range(100)]
        versions.append(" ".join(words))
    found = finder()
    roots = {name: found.first_of(str(name), text) for name, text in enumerate(versions)}
    assert roots[1] == "0"
    assert roots[6] != "0", "a chain of edits leads to a text that nobody reads"
    for name, root in roots.items():
        if root is not None:
            assert roots[int(root)] is None
            assert jaccard(versions[name], versions[int(root)]) > 0.5 - 4 * 0.051


def test_copies_of_one_story_become_one_cluster_in_any_order() -> None:
    texts = {"agency": STORY, "newspaper": EDITED, "archive": STORY.upper(), "another": OTHER_REPORT}
    for order in permutations(texts):
        found = finder()
        roots = {name: found.first_of(name, texts[name]) for name in order}
        first = next(name for name in order if name != "another")
        assert roots == {name: None if name in {first, "another"} else first for name in texts}, order


@given(text=st.text(), other=st.text())
def test_an_identical_text_is_always_found(text: str, other: str) -> None:
    found = finder()
    found.first_of("other", other)
    root = found.first_of("first", text)
    again = found.first_of("again", text)
    if shingles(text, 5):
        assert again == (root or "first")
    else:
        assert (root, again) == (None, None)


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=30, max_size=300), threshold=st.sampled_from([0.05, 0.5, 0.9, 1])
)
def test_an_identical_text_is_found_at_every_threshold(words: list[str], threshold: float) -> None:
    found = finder(threshold, words=3)
    found.first_of("first", " ".join(words))
    assert found.first_of("again", " ".join(words)) == "first"


def test_empty_and_short_texts() -> None:
    found = finder()
    assert [found.first_of(name, text) for name, text in enumerate(["", " \n", "...", ""])] == [None] * 4  # type: ignore[arg-type]
    assert found.first_of("one", "Rebels") is None
    assert found.first_of("two", "rebels!") == "one"
    assert found.first_of("three", "Rebels advance") is None
    assert found.first_of("four", "Rebels advance on a town") is None
    assert found.first_of("five", "Rebels advance on a town again") in {None, "four"}
    assert shingles("One two, three", 5) == ["one two three"]
    assert shingles("a b c d e f", 5) == ["a b c d e", "b c d e f"]


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.6, 0.7, 0.9, 1.0])
def test_pairs_at_the_threshold_are_looked_at(threshold: float) -> None:
    count = bands(threshold)
    assert PERMUTATIONS % count == 0
    chance = 1 - (1 - threshold ** (PERMUTATIONS // count)) ** count
    assert chance >= RECALL or (count == PERMUTATIONS and threshold < 0.05)


def test_pairs_near_the_threshold_are_found_and_pairs_far_below_are_not() -> None:
    """At 0.5, with an estimate off by 0.05: pairs at 0.65 are found, pairs at 0.35 are not."""
    draw = random.Random(5)
    hits = {0.65: 0, 0.35: 0}
    for wanted in hits:
        for number in range(200):
            words = [f"{number}-{place}-{draw.random()}" for place in range(500)]
            kept = round(500 * 2 * wanted / (1 + wanted))
            other = words[:kept] + [f"new{draw.random()}" for _ in range(500 - kept)]
            found = finder(words=1)
            found.first_of("first", " ".join(words).replace(".", "x").replace("-", "x"))
            hits[wanted] += found.first_of("second", " ".join(other).replace(".", "x").replace("-", "x")) == "first"
    assert hits[0.65] >= 194
    assert hits[0.35] <= 3


def test_no_false_pairs_among_the_reports(schema: LabelSchema) -> None:
    """The exact search of the training side is the oracle."""
    readings, _ = read_sources({"synthetic": "seeds/synthetic/*.marked"}, schema)
    documents: list[Document] = [reading.document for reading in readings] + read_articles(Path("seeds"))
    assert len(documents) == 1213
    texts = [document.text for document in documents]
    exact = {(documents[one].id, documents[two].id) for one, two, _ in near_duplicates(texts, 0.5)}
    found = finder()
    pairs = {(root, document.id) for document in documents if (root := found.first_of(document.id, document.text))}
    assert pairs == exact == set()
    # And a copy of each with a new headline is found among all of them.
    for document in documents:
        assert found.first_of("copy", f"Another headline for the same story. {document.text}") == document.id


def test_two_processes_agree() -> None:
    code = (
        "from annotate.near_duplicates import NearDuplicates, shingles\n"
        "from annotate.settings import Duplicates\n"
        "import sys\n"
        "found = NearDuplicates(Duplicates())\n"
        "for name, text in enumerate(sys.argv[1:]): found.first_of(str(name), text)\n"
        "print([signature.tolist() for signature in found._signatures])\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, STORY, OTHER_REPORT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert printed.pop().count("[") == 3


def test_an_article_costs_little() -> None:
    """14 KB an article; the bound is ten times what is measured on a quiet core."""
    draw = random.Random(3)
    vocabulary = [f"word{number}" for number in range(20_000)]
    texts = [" ".join(draw.choices(vocabulary, k=1500)) for _ in range(200)]
    found = finder()
    begin = time.process_time()
    roots = [found.first_of(str(number), text) for number, text in enumerate(texts)]
    assert time.process_time() - begin < 200 * 0.012
    assert roots == [None] * 200


def test_pairs_of_the_seeds_are_far_apart(gold: list[Document]) -> None:
    """Three of the seeds tell of one event, each in its own words."""
    assert max(jaccard(one.text, two.text) for one, two in combinations(gold, 2)) < 0.1


@given(st.text())
@example("O\u2019Brien_2 caf\u00e9 e\u0301 \u0661\u0662 \u00bd\u2028x\ufeffy \u5317\u4eac\u3000z")
def test_words_are_what_the_expression_finds(text: str) -> None:
    assert shingles(text, 1) == re.findall(r"\w+", text.casefold())
