"""A checkpoint as a Python wheel: `pip install` it, and `conflict_ner.load("conflict-ner-mini")` finds it with no hub.

The wheel (PEP 427) holds one module with the checkpoint's folder in it, and an entry point of the group
`conflict_ner.models` by which the library finds it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import keyword
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import yaml
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conflict_ner import __version__
from conflict_ner.checkpoint import INSTALLED_FOLDER, MODEL_GROUP, find_checkpoint, read_info, weights_sha256
from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.files import replacing_file
from conflict_ner.runtime.exported import FOLDER, is_stale, read_export, remedy

CARD = "README.md"
_PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "*.yaml", CARD, f"{FOLDER}/*")
_STORED = {".safetensors", ".bin"}  # weights hardly shrink
_DAY = (1980, 1, 1, 0, 0, 0)  # one for all, so that the same checkpoint gives the same wheel


@dataclass(frozen=True)
class Naming:
    """What a package is called.

    Attributes:
        name: for pip, as indexes write it: small letters, digits and `-`.
        version: normalised.
        module: for Python.
    """

    name: str
    version: str
    module: str

    @property
    def stem(self) -> str:
        """What the file names of the wheel begin with."""
        return f"{self.module}-{self.version}"

    @classmethod
    def checked(cls, name: str, version: str) -> Naming:
        """Check a name (PEP 503, PEP 508) and a version (PEP 440), and that the module is nobody else's.

        Raises:
            ConfigError: all that is wrong with them.
        """
        problems = [problem for problem in (_name_problem(name), _version_problem(version)) if problem is not None]
        if problems:
            raise ConfigError("The package cannot be called so:", problems)
        canonical = canonicalize_name(name)
        return cls(canonical, str(Version(version)), canonical.replace("-", "_"))


def package(model: str | Path, name: str, version: str, output: Path) -> Path:
    """Write the wheel of a checkpoint, whole or not at all.

    Args:
        model: a checkpoint; its card becomes the package's description, its export goes along.
        name: of the package.
        version: of the package.
        output: the folder for the wheel; made where it is missing.

    Returns:
        The wheel.

    Raises:
        ConfigError: the name or the version breaks a rule.
        CheckpointError: the checkpoint is not found, not whole, or has an export of other weights.
    """
    naming = Naming.checked(name, version)
    folder = find_checkpoint(model)
    _require_whole(folder)
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--out {str(output)!r} is a file; name a folder for the wheel.")
    target = output / f"{naming.stem}-py3-none-any.whl"
    with replacing_file(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _write(archive, naming, folder)
    return target


def packed_files(folder: Path) -> list[Path]:
    """Return the files of a checkpoint that go into its package."""
    found = {path for pattern in _PATTERNS for path in folder.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not path.name.startswith("."))


def _write(archive: zipfile.ZipFile, naming: Naming, folder: Path) -> None:
    facts = f"{naming.stem}.dist-info"
    record = []
    for path in packed_files(folder):
        place = f"{naming.module}/{INSTALLED_FOLDER}/{path.relative_to(folder).as_posix()}"
        record.append(_add_file(archive, place, path))
    for place, content in (
        (f"{naming.module}/__init__.py", f'"""The model {naming.name}: `conflict_ner.load("{naming.name}")`."""\n'),
        (f"{facts}/METADATA", _metadata(naming, folder)),
        (
            f"{facts}/WHEEL",
            f"Wheel-Version: 1.0\nGenerator: conflict-ner {__version__}\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (f"{facts}/entry_points.txt", f"[{MODEL_GROUP}]\n{naming.name} = {naming.module}\n"),
    ):
        record.append(_add_text(archive, place, content))
    _add_text(archive, f"{facts}/RECORD", "".join(f"{line}\n" for line in [*record, f"{facts}/RECORD,,"]))


def _add_file(archive: zipfile.ZipFile, place: str, path: Path) -> str:
    digest = hashlib.sha256()
    with (
        path.open("rb") as source,
        archive.open(_entry(place, path.suffix in _STORED), "w", force_zip64=True) as target,
    ):
        while block := source.read(1 << 20):
            digest.update(block)
            target.write(block)
    return _recorded(place, digest.digest(), path.stat().st_size)


def _add_text(archive: zipfile.ZipFile, place: str, content: str) -> str:
    data = content.encode("utf-8")
    archive.writestr(_entry(place, stored=False), data)
    return _recorded(place, hashlib.sha256(data).digest(), len(data))


def _entry(place: str, stored: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(place, _DAY)
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _recorded(place: str, digest: bytes, size: int) -> str:
    return f"{place},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{size}"


def _metadata(naming: Naming, folder: Path) -> str:
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    front, body = _card_parts(text)
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {naming.name}",
        f"Version: {naming.version}",
        f"Summary: {_summary(folder, naming)}",
        *_license(front),
        f"Requires-Dist: conflict-ner>={__version__}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + body


def _license(front: dict[str, object]) -> Iterator[str]:
    """Yield the card's licence as metadata; hub cards write SPDX names in small letters."""
    names = {"apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-3-clause": "BSD-3-Clause", "cc-by-4.0": "CC-BY-4.0"}
    if (known := names.get(str(front.get("license", "")).lower())) is not None:
        yield f"License-Expression: {known}"


def _summary(folder: Path, naming: Naming) -> str:
    labels = read_info(folder).labels
    told = f": {', '.join(labels.label_names)}" if labels else ""
    return f"A model for conflict-ner, {naming.name}{told}"


def _card_parts(text: str) -> tuple[dict[str, object], str]:
    """Split a card into its YAML front matter and the rest."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if found is None:
        return {}, text
    try:
        front = yaml.safe_load(found[1])
    except yaml.YAMLError:
        front = None
    return (front if isinstance(front, dict) else {}), text[found.end() :].lstrip()


def _require_whole(folder: Path) -> None:
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{folder} has no *.safetensors, so there is no model to package; save it anew.")
    stated = read_info(folder).weights_sha256
    if stated is not None and stated != weights_sha256(folder):
        raise CheckpointError(f"The weights in {folder} are not those that were saved; train or fetch the model anew.")
    export = read_export(folder)
    if export is not None and is_stale(export, folder):
        raise CheckpointError(f"The export in {folder / FOLDER} was made from other weights; {remedy(folder)}.")


def _name_problem(name: str) -> str | None:
    try:
        module = canonicalize_name(name, validate=True).replace("-", "_")
    except InvalidName:
        return (
            f"--name {name!r}: a name has ASCII letters, digits, '-', '_' and '.', and begins and ends with a letter "
            "or digit, such as conflict-ner-mini"
        )
    if not module.isidentifier() or keyword.iskeyword(module):
        return f"--name {name!r}: it becomes the Python module {module!r}, so it begins with a letter and is no keyword"
    ours = {entry.module for entry in entry_points(group=MODEL_GROUP)}
    if module in sys.stdlib_module_names or (importlib.util.find_spec(module) is not None and module not in ours):
        return f"--name {name!r}: the module {module!r} is another package's; add to the name, such as {name}-model"
    return None


def _version_problem(version: str) -> str | None:
    try:
        Version(version)
    except InvalidVersion:
        return f"--version {version!r}: a version has numbers with dots, such as 1.0, 1.2.1 or 2.0rc1 (PEP 440)"
    return None
