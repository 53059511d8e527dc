"""The committed seed data is what the documentation says, to the character."""

from __future__ import annotations

from pathlib import Path

import pytest

from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, read_documents
from conflict_ner.markup import parse_markup, read_marked, render_markup
from conflict_ner.schema import LabelSchema

SEEDS = Path("seeds")
GROUPS = {"000": "idlib-2015-03", "001": "idlib-2015-03", "002": "idlib-2015-03", "003": "idlib-2019-12",
          "004": "idlib-2024-11"}  # fmt: skip
PUBLISHED = {"000": "2015-03-27", "001": "2015-03-28", "002": "2015-03-29", "003": "2019-12-02", "004": "2024-11-30"}
FILES = ("gold.jsonl", "annotators/annotator-1.jsonl", "annotators/annotator-2.jsonl")


@pytest.fixture(scope="module")
def articles() -> dict[str, Document]:
    return {article.id: article for article in read_articles(SEEDS)}


@pytest.fixture(scope="module")
def synthetic(schema: LabelSchema) -> list[Document]:
    return [read_marked(path, schema) for path in sorted(SEEDS.glob("synthetic/*.marked"))]


def test_the_articles_and_what_is_known_of_them(articles: dict[str, Document]) -> None:
    assert {name[:3]: article.meta.group for name, article in articles.items()} == GROUPS
    assert {name[:3]: str(article.meta.published) for name, article in articles.items()} == PUBLISHED
    inferred = {name[:3] for name, article in articles.items() if "published" in article.meta.inferred}
    assert inferred == {"000", "001", "002", "003"}
    sources = {name[:3]: article.meta.source for name, article in articles.items() if article.meta.source}
    assert sources == {"001": "The Independent", "002": "Morning Star"}


@pytest.mark.parametrize("file", FILES)
def test_each_reading_is_of_the_very_article(file: str, articles: dict[str, Document], schema: LabelSchema) -> None:
    """Reading checks each span's surface against the text; here the text itself is checked."""
    documents = read_documents(SEEDS / file, schema)
    assert [document.id for document in documents] == list(articles)
    for document in documents:
        assert document.text == articles[document.id].text
        assert document.meta == articles[document.id].meta
        assert document.provenance.text_sha256 == articles[document.id].sha256
        assert document.spans
        for span in document.spans:
            assert document.surface(span) == document.surface(span).strip()
            assert set(span.attributes) == ({"casualty_type"} if span.label == "CASUALTY_COUNT" else set())


def test_gold_is_adjudicated_and_annotators_have_names(schema: LabelSchema) -> None:
    gold, *annotators = (read_documents(SEEDS / file, schema) for file in FILES)
    assert all(document.provenance.adjudicated and not document.provenance.annotators for document in gold)
    for number, documents in enumerate(annotators, start=1):
        names = {(document.provenance.annotators, document.provenance.adjudicated) for document in documents}
        assert names == {((f"annotator-{number}@example.org",), False)}
    assert sum(len(document.spans) for document in gold) == 323
    assert [document.spans for document in annotators[0]] != [document.spans for document in annotators[1]]


def test_the_synthetic_reports_all_parse(synthetic: list[Document]) -> None:
    assert len(synthetic) == 1208
    assert sum(len(document.spans) for document in synthetic) == 33_146
    assert len({document.id for document in synthetic}) == len({document.sha256 for document in synthetic}) == 1208
    assert all(document.meta.published and document.meta.style and document.meta.region for document in synthetic)
    for document in synthetic:
        for span in document.spans:
            assert set(span.attributes) == ({"casualty_type"} if span.label == "CASUALTY_COUNT" else set())


def test_the_synthetic_reports_make_the_markup_round_trip(synthetic: list[Document], schema: LabelSchema) -> None:
    for document in synthetic[::20]:
        rendered = render_markup(document.text, document.spans, schema)
        assert parse_markup(rendered, schema) == (document.text, document.spans)
