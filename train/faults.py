"""What can go wrong in the middle of a training, told in a sentence with its remedy and with what is kept."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from conflict_ner.console import out
from conflict_ner.errors import ConflictNerError, TrainingError
from train.config import TrainConfig
from train.run import Run

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Neither torch nor safetensors raise OSError when a file cannot be written: this is what they say instead.
_NO_ROOM_WORDS = (
    "No space left",
    "File too large",
    "quota exceeded",
    "PytorchStreamWriter failed",
    "unexpected pos",
    "file write failed",
)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory")


@contextmanager
def faults_told(run: Run, config: TrainConfig, is_main: bool) -> Iterator[None]:
    """Turn what stops a training into one sentence, and say what of it is kept.

    Args:
        run: the run's folder; a checkpoint that was cut off while it was written is removed from it.
        config: the run's configuration.
        is_main: whether this process writes.

    Raises:
        TrainingError: the disk is full, a folder may not be written, the memory ran out, or the loss diverged.
        KeyboardInterrupt: as it came, for the command line to end with.
    """
    try:
        yield
    except (ConflictNerError, OSError, RuntimeError, MemoryError, SafetensorError) as error:
        if is_main:
            run.remove_torn()
        told = str(error) if isinstance(error, ConflictNerError) else _sentence(error, run, config)
        if told is None:
            raise
        raise TrainingError(f"{told}\n{kept_line(run, config)}") from error
    except KeyboardInterrupt:
        if is_main:
            run.remove_torn()
            out.print(f"Interrupted. {kept_line(run, config)}", style="yellow", markup=False, soft_wrap=True)
        raise


def kept_line(run: Run, config: TrainConfig) -> str:
    """Say which checkpoint of an unfinished run is the best, where it lies, and what can be done with it."""
    state = run.standing()
    if state is None:
        return f"No checkpoint was written to {run.folder} yet, so none is kept."
    best = "The last checkpoint is kept. "
    if state.best_folder is not None:
        best = f"The best checkpoint so far, strict F1 {state.best:.3f}, is kept: {state.best_folder}. "
    before = f" {config.output_folder} is as it was before." if config.output_folder.is_dir() else ""
    return (
        f"{best}Add resume=true to go on from step {state.step}, or "
        f"resume=true trainer.max_steps={state.step} to make a model of the best so far as it is.{before}"
    )


def _sentence(error: BaseException, run: Run, config: TrainConfig) -> str | None:
    """Return what a user should know of an error of the system or of torch; None for a defect of ours."""
    text, numbers = str(error), [number for number in (getattr(error, "errno", None),) if number]
    if any(number in _NO_ROOM for number in numbers) or any(words in text for words in _NO_ROOM_WORDS):
        free = ", ".join(
            f"{_megabytes(shutil.disk_usage(_existing(folder)).free)} are free at {folder}"
            for folder in (run.folder, config.output_folder.parent)
        )
        return (
            f"The disk is full: a checkpoint or the model could not be written ({_first_line(text)}). {free}. "
            f"Make room{_needed(run)}, or train with run= and output= on another disk."
        )
    if any(number in _NOT_ALLOWED for number in numbers):
        return (
            f"{getattr(error, 'filename', None) or run.folder} may not be written ({_first_line(text)}); "
            f"change its permissions, or name other folders with run= and output=."
        )
    if isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY_WORDS):
        size = config.trainer.get("per_device_train_batch_size", 8)
        steps = config.trainer.get("gradient_accumulation_steps", 1)
        half = max(int(size) // 2, 1)
        return (
            f"The memory ran out with {size} windows of up to {config.windows.size} tokens at once. Halve the batch "
            f"without changing what a step learns from: trainer.per_device_train_batch_size={half} "
            f"trainer.gradient_accumulation_steps={int(steps) * 2}; trainer.gradient_checkpointing=true or a smaller "
            f"windows.size need less, too."
        )
    return None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason given"


def _needed(run: Run) -> str:
    """Say how much room a checkpoint takes, where there is one to measure."""
    if not (checkpoints := run.checkpoints):
        return ""
    size = sum(path.stat().st_size for path in checkpoints[-1].iterdir())
    return f" (a checkpoint of this run takes {_megabytes(size)}, and three lie there for a moment)"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    return folder if folder.is_dir() else _existing(folder.parent)
