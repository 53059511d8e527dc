"""The dataset card of a corpus: `README.md` with the front matter that `datasets` reads, from the real numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import yaml

from conflict_ner.documents import Document
from conflict_ner.schema import LabelSchema
from train import shown
from train.readings import choice_lines
from train.splits import Selection

if TYPE_CHECKING:
    from rich.table import Table

    from train.corpus import CorpusConfig, Manifest

Splits = Mapping[str, Sequence[Document]]


def dataset_card(config: CorpusConfig, manifest: Manifest, splits: Splits, schema: LabelSchema) -> str:
    """Return the card's Markdown.

    Args:
        config: title, description and the rules of the split.
        manifest: sources, files and choices.
        splits: the documents, for the counts.
        schema: the labels.
    """
    parts = [
        f"---\n{yaml.safe_dump(_front_matter(config, manifest, splits), sort_keys=False, allow_unicode=True)}---\n",
        f"# {config.title}\n",
        *([f"{config.description.strip()}\n"] if config.description.strip() else []),
        "## Numbers\n",
        markdown_table(count_rows(splits, schema)),
        "## Labels\n",
        _labels(schema),
        "## Columns\n",
        _COLUMNS,
        "## Sources\n",
        sources_table(config, manifest),
        "## Splits\n",
        split_rules(config),
        "## Annotators\n",
        _annotators(manifest, splits),
    ]
    return "\n".join(parts)


_COLUMNS = """\
One row is one document. `text` is the whole text; `spans` lists `start` and `end` (indices of Python `str`
characters, end exclusive), `label` (a class label), `attributes`, and for a model's spans `score`. No span
overlaps another. `id`, `group`, `title`, `source`, `url`, `published`, `language`, `style` and `region` tell of the
document, `inferred` names those of them that were concluded from the text, `provenance` tells of the annotators.

```python
from datasets import load_dataset
corpus = load_dataset("path/to/this/folder")

from train.corpus import read_corpus    # the same as conflict_ner Documents
```
"""


def count_rows(splits: Splits, schema: LabelSchema) -> list[list[str]]:
    """Return documents, groups, characters and spans per label of each split, headings first."""
    from train.splits import group_of

    rows = [["split", "documents", "groups", "characters", "spans", *schema.label_names]]
    for split, documents in splits.items():
        labels = Counter(span.label for document in documents for span in document.spans)
        numbers = [
            len(documents),
            len({group_of(document) for document in documents}),
            sum(len(document.text) for document in documents),
            labels.total(),
            *(labels[name] for name in schema.label_names),
        ]
        rows.append([split, *(f"{number:,}" for number in numbers)])
    return rows


def markdown_table(rows: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """Return a Markdown table; the first row is its heading, and columns of numbers stand to the right."""
    head, *body = rows
    lines = [head, ["---", *("---:" if numbers else "---" for _ in head[1:])], *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def split_table(splits: Splits, schema: LabelSchema) -> Table:
    """Return the numbers of `count_rows` for the terminal, one column a split."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    head, *columns = count_rows(splits, schema)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for column in columns:
        table.add_column(column[0], justify="right")
    for number, name in enumerate(head[1:], start=1):
        table.add_row(name, *(column[number] for column in columns))
    return table


def _front_matter(config: CorpusConfig, manifest: Manifest, splits: Splits) -> dict[str, object]:
    from train.corpus import data_file

    languages = sorted({document.meta.language or "" for documents in splits.values() for document in documents} - {""})
    size = sum(len(documents) for documents in splits.values())
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return {
        "pretty_name": config.title,
        **({"language": languages} if languages else {}),
        "task_categories": ["token-classification"],
        "task_ids": ["named-entity-recognition"],
        "size_categories": [next((name for most, name in steps if size < most), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": data_file(split)} for split in manifest.splits],
            }
        ],
    }


def _labels(schema: LabelSchema) -> str:
    rows = [["label", "what it marks", "attributes"]]
    for label in schema.labels:
        attributes = "; ".join(
            f"{attribute.name}: {', '.join(attribute.value_names)}" for attribute in label.attributes
        )
        rows.append([f"`{label.name}`", label.description, attributes])
    return markdown_table(rows, numbers=False)


def sources_table(config: CorpusConfig, manifest: Manifest) -> str:
    """Return what a corpus was built from, as Markdown: each source with its licence and hash, invented texts named.

    Args:
        config: what is said of the sources.
        manifest: their files, readings and hashes.
    """
    from train.corpus import About

    rows = [["source", "files", "what it is", "licence", "readings", "SHA-256"]]
    for name, source in manifest.sources.items():
        about = config.about.get(name, About())
        told = f"{'**Synthetic.** ' if about.synthetic else ''}{about.description}".strip() or "not stated"
        licence = about.licence or "not stated"
        files = f"{source.files:,}: `{shown(source.path)}`"
        rows.append([f"`{name}`", files, told, licence, f"{source.readings:,}", f"`{source.sha256}`"])
    return markdown_table(rows, numbers=False)


def split_rules(config: CorpusConfig) -> str:
    """Return how a corpus was split, as Markdown."""
    lines = [
        f"- {name}: {_told(selection)}"
        for name, selection in (("test", config.test), ("validation", config.validation))
    ]
    return "\n".join(
        [
            "A group (the documents on one event) stands whole in one split; a document without a group is one of "
            "its own.\n",
            *lines,
            "- train: the rest",
            "",
            f"Fractions are drawn in the order of a hash with seed {config.seed}. "
            "`manifest.json` names each document.\n",
        ]
    )


def _told(selection: Selection) -> str:
    """Describe a selection in words."""
    parts = [
        f"{word} {', '.join(f'`{name}`' for name in names)}"
        for word, names in (("sources", selection.sources), ("groups", selection.groups), ("ids", selection.ids))
        if names
    ]
    if selection.fraction:
        pool = f"what is left of {', '.join(f'`{name}`' for name in selection.of)}" if selection.of else "what is left"
        parts.append(f"{selection.fraction:.3g} of {pool}")
    return "; ".join(parts) or "nothing"


def _annotators(manifest: Manifest, splits: Splits) -> str:
    who: Counter[str] = Counter()
    for documents in splits.values():
        for document in documents:
            names = ", ".join(document.provenance.annotators)
            who["adjudicated" if document.provenance.adjudicated else names or "nobody named"] += 1
    lines = [f"- {name}: {count} document(s)" for name, count in sorted(who.items())]
    choices = [f"- {line}" for line in choice_lines(manifest.choices)]
    return "\n".join(["Each document stands in one reading.\n", *lines, *choices, ""])
