"""Get re3d, a public benchmark on the conflict in Syria and Iraq, as documents: `python -m train re3d`.

Two forms: the sentences of the re-split that ConfliBERT's authors published (to compare with others' figures:
its sentences are shuffled, so that documents leak from train to test), and the whole documents (to split without
a leak). The files are read from the folder that CONFLICT_NER_RE3D names (`conll/*.txt`, `source/*/*.json`), or
else fetched; either way their SHA-256 is checked.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from urllib.parse import quote

from conflict_ner.documents import Document, Meta, write_documents
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema
from train import rooted
from train.conll import Stray, read_sentences, sentence_document, strays
from train.public_files import PublicFile, fetch, read_folder
from train.re3d_documents import SUREST, FlatDocuments, flat_documents

VARIABLE = "CONFLICT_NER_RE3D"
DEFAULT_FOLDER = Path("runs/data/re3d")
LABELS = Path("configs/labels-re3d.yaml")

_RE_SPLIT_COMMIT = "4dde8d7b00ba3cb0ec57dfcffefbff6fe116b39b"
_RE_SPLIT = f"https://raw.githubusercontent.com/eventdata/ConfliBERT/{_RE_SPLIT_COMMIT}/data/re3d"
_SENTENCES = {
    "train": "a0d1d3cccdd4812be3957da0e168e841d7b301e63f2b86745cd69584a8d5cf52",
    "dev": "274d62d0a85024a983c4874ca15f737e8454b596691bede1ad9d65a454d58c9f",
    "test": "16a304d8b8e19af94a0c8ad7cd346ade880b917bd379fa13c4ecfb8e10aa8fbf",
}
_SOURCE = "https://raw.githubusercontent.com/dstl/re3d"
_COMMIT = "d78f741ae8395c8244a229b33ad912e1457cf23a"
_BBC_COMMIT = "ccdc4e910d1ecacab349dab276580362e38414fd"  # at which that subset's files stand
_KEPT = "public"
_CARD = "README.md"
_TITLE = "# re3d as documents"
_OWN = {_KEPT, _CARD, "documents.jsonl", *(f"{split}.jsonl" for split in _SENTENCES)}


@dataclass(frozen=True)
class Subset:
    """The documents of one source: where they stand, under which licence, and their files' SHA-256."""

    name: str
    licence: str
    terms: str
    commit: str
    documents: str
    entities: str

    @property
    def files(self) -> tuple[PublicFile, PublicFile]:
        """Its documents and its entities."""
        return self._file("documents", self.documents), self._file("entities", self.entities)

    def _file(self, kind: str, sha256: str) -> PublicFile:
        address = f"{_SOURCE}/{self.commit}/{quote(self.name)}/{kind}.json"
        return PublicFile(f"source/{self.name}/{kind}.json", address, sha256)


SUBSETS = (
    Subset(
        name="Australian Department of Foreign Affairs",
        licence="CC BY 3.0 AU",
        terms="https://creativecommons.org/licenses/by/3.0/au/",
        commit=_COMMIT,
        documents="0a58f1c91925191a906240d8dba7cadf0f01b5aa0587beaee1dfa9529f3a8752",
        entities="c8741feaf0ccd225890db60e2b64400236dcbd23ea6a2edaaf2ab43774cbc5fc",
    ),
    Subset(
        name="BBC Online",
        licence="CC BY-NC 3.0, no commercial use",
        terms="https://creativecommons.org/licenses/by-nc/3.0/",
        commit=_BBC_COMMIT,
        documents="5257f4541ed66d678ab18bad46d234c929f02ee9a00a73f785b28cd08035ff4e",
        entities="147095def2c20c39d7b31fc2e7c25437459a57d27afe9299f8fece7c98627178",
    ),
    Subset(
        name="CENTCOM",
        licence="public domain",
        terms="http://www.centcom.mil/Home/Privacy-and-Security/",
        commit=_COMMIT,
        documents="935467466e4f85f33f4800854bfa70a10fd7d5372e3bc97e5ff152ff7ec8ab60",
        entities="bdfc24002c5087166587f1f9e4f7400cccdb118acceca223a9a46769e1603e2a",
    ),
    Subset(
        name="Delegation of the European Union to Syria",
        licence="reuse with the source acknowledged",
        terms="https://eeas.europa.eu/delegations/syria/8157/legal-notice_en",
        commit=_COMMIT,
        documents="f8b0122c2baec1041b60aebe98ace32bc4ed7ddf0f4b01e895a76c56836c713a",
        entities="bcc67c58364181d53faa1c3185f2ebaa8df4f62f759306490589b4ea198d9ace",
    ),
    Subset(
        name="UK Government",
        licence="Open Government Licence 3.0",
        terms="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        commit=_COMMIT,
        documents="eb2eca69a38bd355cb86eb75ade5952d80cbb8335835190c4468b31f7a7a80b1",
        entities="a17356f2dfa67fa98e3abcf8c9917c134ec519b29ca9afaa0723d7ef906bbdf6",
    ),
    Subset(
        name="US State Department",
        licence="public domain",
        terms="https://www.state.gov/misc/87529.htm",
        commit=_COMMIT,
        documents="ab256bc199d2ba1d7e31f0d3cea4b08e999b347d05b74aab47a5e3b776195300",
        entities="b114f4ea68febeb61ab3d8b5c5a7ddc12a4b27d6dff2cb816c49b23dff1d0bb7",
    ),
    Subset(
        name="Wikipedia",
        licence="CC BY-SA 3.0",
        terms="https://creativecommons.org/licenses/by-sa/3.0/",
        commit=_COMMIT,
        documents="cea1dba8fe8f2271c30a32c27ae1a0a0b662898e766e5a01d3e88dd76b22a095",
        entities="b8d9d60426547f22ac7dfa7fbc849f5222776abd9e5295839b641434a79ecf95",
    ),
)

_SPLIT_FILES = {
    split: PublicFile(f"conll/{split}.txt", f"{_RE_SPLIT}/{split}.txt", sha256) for split, sha256 in _SENTENCES.items()
}


def public_files() -> list[PublicFile]:
    """Return all files that the benchmark is made from."""
    return [*_SPLIT_FILES.values(), *(file for subset in SUBSETS for file in subset.files)]


@dataclass(frozen=True)
class Re3d:
    """The benchmark as documents.

    Attributes:
        splits: split of the published re-split -> its sentences.
        strays: split -> tags that go on from nothing.
        whole: the whole documents.
    """

    splits: dict[str, list[Document]]
    strays: dict[str, list[Stray]]
    whole: FlatDocuments


def prepare(folder: Path) -> Re3d:
    """Get the files, and write `train.jsonl`, `dev.jsonl`, `test.jsonl`, `documents.jsonl` and a card.

    Args:
        folder: where they go; fetched files are kept in it.

    Raises:
        DataError: the folder holds something else, or the one that CONFLICT_NER_RE3D names lacks the files.
        ServiceError: they cannot be fetched.
    """
    _refuse_foreign(folder)
    given = os.environ.get(VARIABLE)
    if given and not Path(given).is_dir():
        raise DataError(
            f"{VARIABLE} names {given!r}, which is no folder; name one with conll/ and source/, or unset it to fetch."
        )
    wanted = public_files()
    benchmark = convert(read_folder(wanted, Path(given)) if given else fetch(wanted, folder / _KEPT, VARIABLE))
    for name, documents in (*benchmark.splits.items(), ("documents", benchmark.whole.documents)):
        write_documents(folder / f"{name}.jsonl", documents)
    with replacing_file(folder / _CARD) as temporary:
        temporary.write_text(_card(benchmark), encoding="utf-8")
    return benchmark


def convert(files: Mapping[str, bytes]) -> Re3d:
    """Turn the public files, path -> content, into documents."""
    labels = LabelSchema.load(rooted(LABELS)).label_names
    splits: dict[str, list[Document]] = {}
    stray: dict[str, list[Stray]] = {}
    for split, file in _SPLIT_FILES.items():
        sentences = read_sentences(files[file.path], file.path)
        splits[split] = [
            sentence_document(sentence, f"re3d-{split}-{number:04}", Meta(source="re3d", language="en"))
            for number, sentence in enumerate(sentences, start=1)
        ]
        stray[split] = [tag for sentence in sentences for tag in strays(sentence)]
    parts = []
    for subset in SUBSETS:
        texts, entities = (files[file.path] for file in subset.files)
        parts.append(flat_documents(texts, entities, labels, subset.name))
    return Re3d(splits, stray, reduce(add, parts))


def prepare_and_tell(folder: Path | None = None) -> None:
    """Prepare the benchmark and say what came of it; arguments and errors are those of `prepare`."""
    from conflict_ner.console import out

    folder = folder or rooted(DEFAULT_FOLDER)
    benchmark = prepare(folder)
    for line in (*_counts(benchmark), *_licences()):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"Written to {folder}; {_CARD} there tells what is in it.", markup=False, soft_wrap=True)
    if folder.resolve() == rooted(DEFAULT_FOLDER):
        out.print("Next: python -m train corpus configs/corpus/re3d.yaml (or re3d-documents.yaml)", markup=False)


def _counts(benchmark: Re3d) -> Iterator[str]:
    for split, documents in benchmark.splits.items():
        stray = benchmark.strays[split]
        yield f"{split}: {_told(documents, 'sentences')}, {len(stray)} I- tag(s) that go on from nothing" + (
            ", in no span:" if stray else ""
        )
        yield from (f"  line {tag.line}: {tag.token!r} is {tag.tag} after {tag.before}" for tag in stray)
    whole = benchmark.whole
    yield f"documents: {_told(whole.documents, 'documents')}, of {whole.entities:,} published entities; left out are"
    yield from (f"  {number:,} {reason}" for reason, number in whole.left_out.most_common())
    if whole.differing:
        yield f"{len(whole.differing)} entities have a value that is not their text's; the text counts:"
    for item in whole.differing:
        place = f"{item.document} [{item.entity.begin}, {item.entity.end})"
        yield f"  {place}: {item.entity.value!r} where the text has {item.found!r}"


def _told(documents: Sequence[Document], name: str) -> str:
    return f"{len(documents):,} {name}, {sum(len(document.spans) for document in documents):,} spans"


def _licences() -> Iterator[str]:
    yield "Licences, by source of the documents (the sentences come from all of them):"
    yield from (f"  {subset.name}: {subset.licence}, {subset.terms}" for subset in SUBSETS)


def _card(benchmark: Re3d) -> str:
    from train.dataset_card import markdown_table

    whole = benchmark.whole
    rows = [["source", "documents", "licence", "terms"]]
    sources = Counter(document.meta.source for document in whole.documents)
    rows += [[subset.name, str(sources[subset.name]), subset.licence, subset.terms] for subset in SUBSETS]
    files = [["file", "address", "SHA-256 of its content (`\\n` line ends, no byte order mark)"]]
    files += [[file.path, file.address, f"`{file.sha256}`"] for file in public_files()]
    return "\n".join(
        [
            f"{_TITLE}\n",
            "The Relationship and Entity Extraction Evaluation Dataset (https://github.com/dstl/re3d): documents on "
            "the conflict in Syria and Iraq, annotated by Aleph Insights and Committed Software on behalf of the UK "
            "Defence Science and Technology Laboratory. Written by `python -m train re3d`; the same files give the "
            "same documents.\n",
            "- `train.jsonl`, `dev.jsonl`, `test.jsonl`: the re-split of https://github.com/eventdata/ConfliBERT, "
            "a sentence a document, its tokens joined by one space, its tags read as strict IOB2. Sentences of one "
            "document stand in several splits: a score on it compares with published ones and says nothing of new "
            "documents.",
            f"- `documents.jsonl`: the whole documents, spans made flat: entities of confidence {SUREST} or more of "
            "the ten types that the re-split has; of those that overlap the longest, then the surest, then the "
            "first; white space at their ends trimmed.\n",
            *_items(_counts(benchmark)),
            "",
            "## Licences\n",
            "The sentences come from all of these sources, so all of these terms hold for them together. Whoever "
            "passes the data on names the sources and the annotators above.\n",
            markdown_table(rows, numbers=False),
            "## Files\n",
            markdown_table(files, numbers=False),
        ]
    )


def _items(lines: Iterable[str]) -> Iterator[str]:
    """Return lines as a Markdown list; those that begin with a space belong to the one before."""
    return (f"  - {line.strip()}" if line.startswith(" ") else f"- {line}" for line in lines)


def _refuse_foreign(folder: Path) -> None:
    """Refuse to write into a folder that holds something other than this benchmark."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{str(folder)!r} is a file; name a folder.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    card = folder / _CARD
    others = sorted(name for name in held - _OWN if not (name.startswith(".") and name.endswith(".part")))
    if _CARD in held and not card.read_bytes().startswith(_TITLE.encode()):
        others.append(_CARD)
    if others:
        raise DataError(
            f"{str(folder)!r} holds {others[0]!r} and is no folder of this benchmark; name a new one, so that nothing "
            "is overwritten."
        )
