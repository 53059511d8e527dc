"""train/splits.py: no event stands on both sides, whatever is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Document, Meta
from conflict_ner.errors import ConfigError
from train.readings import Reading
from train.splits import Selection, group_of, split_documents

NOTHING = Selection()


def reading(name: str, group: str | None = None, source: str = "gold") -> Reading:
    return Reading(Document(id=name, text=name, meta=Meta(group=group)), source)


def ids(splits: dict[str, list[Document]]) -> dict[str, list[str]]:
    return {split: [document.id for document in documents] for split, documents in splits.items()}


THREE = [reading("a", "march"), reading("b", "march"), reading("c"), reading("d", source="synthetic")]


def test_groups_ids_and_sources_are_taken_by_name() -> None:
    splits = split_documents(THREE, Selection(groups=("march",)), Selection(ids=("c",)), seed=0)
    assert ids(splits) == {"train": ["d"], "validation": ["c"], "test": ["a", "b"]}
    splits = split_documents(THREE, Selection(sources=("gold",)), NOTHING, seed=0)
    assert ids(splits) == {"train": ["d"], "test": ["a", "b", "c"]}
    whole = split_documents(THREE, Selection(ids=("a", "b")), NOTHING, seed=0)
    assert ids(whole) == {"train": ["c", "d"], "test": ["a", "b"]}


def test_a_document_without_a_group_is_one_of_its_own() -> None:
    assert [group_of(one.document) for one in THREE] == ["march", "march", "c", "d"]


def test_what_cannot_be_is_told_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        split_documents(
            THREE, Selection(groups=("march", "c"), of=("sinthetic",)), Selection(ids=("c", "a"), groups=("april",)), 0
        )
    problems = "\n".join(caught.value.problems)
    assert "test.of: no document has 'sinthetic'; did you mean 'synthetic'?" in problems
    assert "validation.groups: no document has 'april'" in problems
    assert "validation: 'c' is already in test" in problems
    assert "validation.ids: a cannot be parted from b, of the same group 'march'" in problems
    assert "name the group in validation.groups" in problems


def test_a_fraction_takes_its_share_of_the_named_source_alone() -> None:
    many = [reading(f"s{number}", source="synthetic") for number in range(50)] + THREE[:3]
    splits = split_documents(many, Selection(groups=("march",)), Selection(fraction=0.1, of=("synthetic",)), seed=13)
    assert len(splits["validation"]) == 5
    assert all(document.id.startswith("s") for document in splits["validation"])
    other = split_documents(many, Selection(groups=("march",)), Selection(fraction=0.1, of=("synthetic",)), seed=14)
    assert ids(splits)["validation"] != ids(other)["validation"]


def test_a_small_fraction_still_takes_one() -> None:
    assert len(split_documents(THREE, Selection(fraction=0.01), NOTHING, seed=0)["test"]) in {1, 2}


@given(
    groups=st.lists(st.sampled_from([None, "p", "q", "r", "s"]), min_size=1, max_size=30),
    test=st.floats(0, 0.9),
    validation=st.floats(0, 0.9),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_no_group_is_parted_and_nothing_is_lost(
    groups: list[str | None], test: float, validation: float, seed: int, data: st.DataObject
) -> None:
    readings = [reading(f"d{number}", group) for number, group in enumerate(groups)]
    selections = Selection(fraction=test), Selection(fraction=validation)
    splits = split_documents(readings, *selections, seed)
    where: dict[str, set[str]] = {}
    for split, documents in splits.items():
        assert documents
        for document in documents:
            where.setdefault(group_of(document), set()).add(split)
    assert all(len(split) == 1 for split in where.values())
    assert sorted(name for documents in ids(splits).values() for name in documents) == sorted(
        one.document.id for one in readings
    )
    shuffled = split_documents(data.draw(st.permutations(readings)), *selections, seed)
    assert {split: sorted(names) for split, names in ids(shuffled).items()} == {
        split: sorted(names) for split, names in ids(splits).items()
    }
