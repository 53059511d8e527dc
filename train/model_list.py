"""The list of the checkpoints in a folder of models, kept in its `README.md` between two marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conflict_ner.checkpoint import CheckpointInfo, read_info
from conflict_ner.errors import CheckpointError, DataError
from conflict_ner.files import replacing_file
from train import ROOT, shown
from train.dataset_card import markdown_table

LIST_FILE = "README.md"
BEGIN = "<!-- checkpoints: written by `python -m train publish`, begin -->"
END = "<!-- checkpoints: end -->"
_LEADING = ("test", "validation")


def write_list(folder: Path) -> None:
    """Write the list anew; the text around the marks stays as it is, and a file without them gets them at its end.

    Args:
        folder: of models.

    Raises:
        DataError: one mark is there without the other.
    """
    path = folder / LIST_FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else "# Models\n"
    if (text.count(BEGIN), text.count(END)) == (0, 0):
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found or BEGIN in after or END in after:
        raise DataError(
            f"{path} needs the lines `{BEGIN}` and `{END}` once each, in this order; put them right, or delete both."
        )
    with replacing_file(path) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{model_list(folder)}\n{END}{after}", encoding="utf-8")


def model_list(folder: Path) -> str:
    """Return the table of the checkpoints in a folder, by name, as Markdown."""
    rows = [["folder", "encoder", "corpus", "strict F1", "trained", "size", "made by"]]
    rows += [_row(path.parent) for path in sorted(folder.glob("[!.]*/config.json"))]
    if len(rows) == 1:
        return "No checkpoint lies here.\n"
    return markdown_table(rows, numbers=False)


def _row(folder: Path) -> list[str]:
    name = f"[{folder.name}]({folder.name}/)"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        info = read_info(folder)
    except CheckpointError:
        return [name, "", "", "its `conflict_ner.json` is damaged", "", _megabytes(size), ""]
    corpus = [f"`{info.corpus['name']}`"] if "name" in info.corpus else []
    corpus += [info.corpus["manifest_sha256"][:12]] if "manifest_sha256" in info.corpus else []
    recipe = folder / "train.yaml"
    return [
        name,
        f"`{shown(info.encoder)}`" if info.encoder else "unknown",
        " ".join(corpus) or "unknown",
        "; ".join(_scores(info)) or "none",
        f"{info.created:%Y-%m-%d}" if info.created is not None else "unknown",
        _megabytes(size),
        f"`python train/train.py {_place(recipe)}`" if recipe.is_file() else "not by this project",
    ]


def _scores(info: CheckpointInfo) -> Iterator[str]:
    for split in _LEADING:
        key = f"{split}_strict_f1"
        if key in info.scores:
            low, high = info.intervals.get(key, (None, None))
            interval = f" [{low:.3f}, {high:.3f}]" if low is not None else ""
            yield f"{split} {info.scores[key]:.3f}{interval}"


def _place(recipe: Path) -> str:
    """Return where a configuration lies, from the repository's root or else from the folder of models."""
    return shown(recipe) if recipe.is_relative_to(ROOT) else f"{recipe.parent.name}/{recipe.name}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
