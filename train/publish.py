"""Publish a finished run: `python -m train publish runs/mini`, and on with `--push-to-hub ORG/NAME` to a model hub.

The run's checkpoint goes to `models/<name>/` whole or not at all, with a card written from the run; the list in
`models/README.md` is written anew. A run that was trained straight into that folder stays there and gets its card.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from conflict_ner.calibration import CALIBRATION_FILE, read_calibration
from conflict_ner.checkpoint import INFO_FILE, CheckpointInfo, read_info, weights_sha256
from conflict_ner.errors import CheckpointError, ConfigError, DataError, did_you_mean
from conflict_ner.transitions import TRANSITIONS_FILE
from train import ROOT, rooted, shown

if TYPE_CHECKING:
    from train.card.content import CardContent, Pooled
    from train.card.facts import TrainingFacts
    from train.config import TrainConfig
    from train.hub import Destination

MODELS = ROOT / "models"
OWN_FILES = (
    "README.md",
    "config.json",
    INFO_FILE,
    TRANSITIONS_FILE,
    CALIBRATION_FILE,
    "train.yaml",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "*.model",
)
"""What a checkpoint consists of; nothing else in its folder is copied or sent."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Publication:
    """What is about to be published.

    Attributes:
        content: what the card is written from.
        source: the run's checkpoint.
        target: where it goes; the source itself where the run was trained there.
    """

    content: CardContent
    source: Path
    target: Path

    @property
    def in_place(self) -> bool:
        """Whether the checkpoint lies where it goes."""
        return self.target.resolve() == self.source.resolve()


def own_files(folder: Path) -> list[Path]:
    """Return the files of a checkpoint, by name."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and is_own(path.name)]


def is_own(name: str) -> bool:
    """Tell whether a file of that name is a part of a checkpoint."""
    return any(fnmatch(name, pattern) for pattern in OWN_FILES)


def prepare(
    run: Path, name: str | None = None, to: Path = MODELS, kfold: Path | None = None, licence: str | None = None
) -> Publication:
    """Read a run and its checkpoint, and see that both are what they say; nothing is written.

    Args:
        run: the run's folder.
        name: of the published model; the run's by default.
        to: the folder of models.
        kfold: a k-fold run of the same recipe, whose pooled scores the card shows.
        licence: of the weights, where it is not the encoder's; as the hub names it, such as `cc-by-nc-4.0`.

    Raises:
        DataError: there is no such run, it is not finished, or its corpus or its readings were changed.
        CheckpointError: its checkpoint is gone, or is not the one that it wrote.
        ConfigError: a name that is none.
    """
    from train.card.card import local_address
    from train.card.content import CardContent
    from train.card.facts import read_facts
    from train.corpus import manifest_sha256, read_corpus, read_manifest
    from train.run import Run
    from train.run_report.finished import read_finished

    config = _finished_config(run)
    facts = read_facts(run)
    info = _trusted_info(run, config, facts)
    corpus = rooted(config.corpus)
    if manifest_sha256(corpus) != info.corpus.get("manifest_sha256"):
        raise DataError(
            f"The corpus {str(corpus)!r} has changed since {config.name} was trained, and its card would tell of "
            "another one. Build the corpus as it was then, or train anew: `python train/train.py "
            f"{run / 'config.yaml'}`."
        )
    scores = Run(run).scores()
    published = name or config.name
    if not _NAME.fullmatch(published):
        raise ConfigError(f"--name {published!r} is no name; it has letters, digits, '.', '_' and '-', no folder.")
    target = to / published
    content = CardContent(
        name=published,
        address=local_address(target.resolve()),
        info=info,
        config=config,
        training=facts,
        manifest=read_manifest(corpus),
        splits=read_corpus(corpus),
        scores=scores,
        # A run on all documents there are has no score, and may be published with that of its folds.
        readings=read_finished(run).readings if scores else {},
        transitions=(config.output_folder / TRANSITIONS_FILE).is_file(),
        calibration=read_calibration(config.output_folder),
        pooled=_pooled(kfold, config, info) if kfold is not None else None,
        named_licence=licence,
    )
    return Publication(content, config.output_folder, target)


def publish(publication: Publication, replace_other: bool = False) -> None:
    """Bring the checkpoint to its target with its card, whole or not at all, and list it.

    Args:
        publication: what `prepare` returned.
        replace_other: whether another checkpoint of that name may go.

    Raises:
        CheckpointError: the target holds something else, or the copy is not what it was copied from.
    """
    from conflict_ner.files import replacing_folder
    from train.card.card import write_card
    from train.model_list import write_list

    source, target = publication.source, publication.target
    refuse_taken(publication, replace_other)
    if publication.in_place:
        write_card(target, publication.content)
    else:
        with replacing_folder(target) as temporary:
            for path in own_files(source):
                shutil.copyfile(path, temporary / path.name)
            if weights_sha256(temporary) != publication.content.info.weights_sha256:
                raise CheckpointError(
                    f"The copy of {source} has other weights than it; was it being written? Nothing was published: "
                    "try again."
                )
            write_card(temporary, publication.content)
    write_list(target.parent)


def refuse_taken(publication: Publication, replace_other: bool) -> None:
    """Refuse a target that holds something else; raises CheckpointError."""
    target = publication.target
    if publication.in_place or not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / INFO_FILE).is_file()):
        raise CheckpointError(f"{str(target)!r} is there and is no checkpoint of ours; choose another --name.")
    held = read_info(target)
    if held.weights_sha256 != publication.content.info.weights_sha256 and not replace_other:
        raise CheckpointError(
            f"{str(target)!r} holds another model, of the run {held.name!r}; choose another --name, or let it go "
            "with --replace."
        )
    if (target / CALIBRATION_FILE).is_file() and publication.content.calibration is None and not replace_other:
        raise CheckpointError(
            f"{str(target)!r} is calibrated, and the run's own checkpoint is not. Calibrate that with `python -m train "
            f"calibrate KFOLD-RUN --model {publication.source}` and publish it then, or let the calibration go with "
            "--replace."
        )


def _finished_config(run: Path) -> TrainConfig:
    """Return the configuration of a finished run; raises DataError when it is none."""
    from conflict_ner.config import load_yaml, validate
    from train.config import TrainConfig
    from train.kfold import FOLDS_FILE
    from train.run import CONFIG_FILE, Run

    if (run / INFO_FILE).is_file():
        raise DataError(f"{str(run)!r} is a checkpoint; name the run that it comes from, such as runs/{run.name}.")
    path = run / CONFIG_FILE
    if not path.is_file():
        siblings = [child.parent.name for child in run.parent.glob(f"*/{CONFIG_FILE}")]
        raise DataError(
            f"{str(run)!r} is no run, it has no {CONFIG_FILE}{did_you_mean(run.name, siblings)}. "
            "Train one with `python train/train.py configs/train/mini.yaml`."
        )
    settings = load_yaml(path)
    if "folds" in settings or (run.parent / FOLDS_FILE).is_file():
        kfold = run if "folds" in settings else run.parent
        raise DataError(
            f"{str(run)!r} is {'a k-fold run' if kfold == run else 'one fold of a k-fold run'}: its models each lack "
            "documents, and are there to be scored. Train one model on all of them with `python train/train.py "
            f"configs/train/mini.yaml`, and publish that with `--kfold {kfold}`, so that its card has these scores."
        )
    if not Run(run).finished:
        raise DataError(
            f"The run in {str(run)!r} is not finished. Go on with `python train/train.py {path} resume=true`, and "
            "publish it then."
        )
    return validate(settings, TrainConfig, source=str(path))


def _trusted_info(run: Path, config: TrainConfig, facts: TrainingFacts | None) -> CheckpointInfo:
    """Return the metadata of a run's checkpoint, once it is sure that this is the one that the run wrote."""
    folder = config.output_folder
    again = f"Train anew with `python train/train.py {run / 'config.yaml'}`."
    if not (folder / INFO_FILE).is_file():
        raise CheckpointError(f"The checkpoint of {str(run)!r} is no longer in {str(folder)!r}. {again}")
    info = read_info(folder)
    if info.name != config.name:
        raise CheckpointError(f"{str(folder)!r} holds the checkpoint of another run, {info.name!r}. {again}")
    if info.labels is None:
        raise CheckpointError(f"{str(folder / INFO_FILE)!r} names no labels. {again}")
    if weights_sha256(folder) != info.weights_sha256:
        raise CheckpointError(f"The weights in {str(folder)!r} are not those that were saved there. {again}")
    if facts is not None and facts.weights_sha256 != info.weights_sha256:
        raise CheckpointError(
            f"{str(folder)!r} holds the checkpoint of another training of {config.name!r} than {str(run)!r}. {again}"
        )
    return info


def _pooled(run: Path, config: TrainConfig, info: CheckpointInfo) -> Pooled:
    """Read the pooled scores of a k-fold run of the same labels."""
    from conflict_ner.config import load_yaml, read_config
    from train.card.card import recipe
    from train.card.content import OUT_OF_FOLD, Pooled
    from train.card.findings import differences
    from train.kfold import FOLDS_FILE, KfoldConfig
    from train.run import CONFIG_FILE, Run
    from train.run_report.finished import read_finished

    path = run / CONFIG_FILE
    if not path.is_file() or "folds" not in load_yaml(path):
        raise DataError(f"--kfold {str(run)!r} is no k-fold run; make one with `python -m train kfold CONFIG`.")
    finished = read_finished(run)
    assert info.labels is not None
    if finished.schema.label_names != info.labels.label_names:
        raise DataError(
            f"--kfold {str(run)!r} has the labels {', '.join(finished.schema.label_names)}, and the model has "
            f"{', '.join(info.labels.label_names)}; a card tells of one set of labels."
        )
    count = len(json.loads((run / FOLDS_FILE).read_text(encoding="utf-8")))
    folds = [Run(run / f"fold-{number}").scores()["test"].strict_f1 for number in range(1, count + 1)]
    corpus = {"name": rooted(finished.settings.corpus).name, "manifest_sha256": finished.corpus_sha256}
    other = recipe(read_config(path, KfoldConfig, []))
    return Pooled(
        name=finished.settings.name,
        scores=finished.scores[OUT_OF_FOLD],
        readings=finished.readings[OUT_OF_FOLD],
        folds=tuple(folds),
        corpus=corpus,
        differences=tuple(differences(recipe(config), other)),
    )


def for_the_hub(publication: Publication, repository: str) -> dict[str, Path | bytes]:
    """Return what is sent: the checkpoint's own files, with a card that loads from the hub, and no path of here.

    Args:
        publication: what is published.
        repository: the hub id.
    """
    from train.card.card import CARD_FILE, model_card
    from train.run import resolved_yaml

    files: dict[str, Path | bytes] = {path.name: path for path in own_files(publication.source)}
    content = replace(publication.content, address=repository)
    files[CARD_FILE] = model_card(content).encode("utf-8")
    config = content.config
    portable = config.model_copy(
        update={
            "corpus": Path(shown(config.corpus)),
            "output": None,
            "run": None,
            "encoder": config.encoder.model_copy(update={"name": shown(config.encoder.name)}),
            "teachers": config.teachers and config.teachers.portable,
        }
    )
    files["train.yaml"] = resolved_yaml(portable).encode("utf-8")
    info = content.info.model_copy(update={"encoder": shown(content.info.encoder or "") or None})
    files[INFO_FILE] = (info.model_dump_json(indent=2, exclude_none=True) + "\n").encode("utf-8")
    return files


def publish_and_tell(
    run: Path,
    name: str | None = None,
    to: Path = MODELS,
    kfold: Path | None = None,
    licence: str | None = None,
    replace_other: bool = False,
    destination: Destination | None = None,
    dry_run: bool = False,
) -> None:
    """Publish a run, send it to the hub where one is named, and print what was done or would be.

    Args:
        run, name, to, kfold, licence: see `prepare`.
        replace_other: see `publish`.
        destination: where on the hub it goes too.
        dry_run: write nothing, ask no network, and print what would be.

    Raises:
        DataError, CheckpointError, ConfigError: see `prepare` and `publish`.
        ServiceError: the hub cannot be reached, or refuses.
    """
    from conflict_ner.console import out
    from train.hub import push, require_access

    if destination is not None and not dry_run:
        require_access(destination)
    publication = prepare(run, name, to, kfold, licence)
    refuse_taken(publication, replace_other)
    if not dry_run:
        publish(publication, replace_other)
    for line in _lines(publication, dry_run):
        out.print(line, markup=False, soft_wrap=True)
    if destination is not None:
        files = for_the_hub(publication, destination.repository)
        for line in _hub_lines(publication, destination, files, dry_run):
            out.print(line, markup=False, soft_wrap=True)
        if not dry_run:
            address = push(destination, files, f"{publication.content.name} by conflict-ner", is_own)
            out.print(f"Sent in one commit: {address}", markup=False, soft_wrap=True)
    if dry_run:
        out.print("A dry run: nothing was written, and no network was asked.", style="yellow")


def _lines(publication: Publication, dry_run: bool) -> Iterator[str]:
    source, target = publication.source, publication.target
    if publication.in_place:
        yield f"{target} {'would get' if dry_run else 'has'} its card anew; its weights are those that the run wrote."
    else:
        files = len(own_files(publication.source))
        yield f"{source} {'would be' if dry_run else 'was'} copied to {target}, {files} files."
    for split, scores in publication.content.all_scores.items():
        yield f"  strict F1 {scores.strict_f1:.3f} on {split}"
    content = publication.content
    if content.licence is None:
        yield "  The licence of the weights is not known, so the card names none; --licence names one."
    if content.calibration is None:
        yield "  Span scores are not calibrated; `python -m train calibrate` does that, before publishing."
    unsaid = [name for name in content.manifest.sources if not _licence_is_stated(content, name)]
    if unsaid:
        yield (
            f"  No licence is stated for the source(s) {', '.join(unsaid)}; the card says so. State it under `about` "
            "in the corpus's configuration, and build the corpus again."
        )


def _licence_is_stated(content: CardContent, source: str) -> bool:
    about = content.corpus.about.get(source)
    return about is not None and about.licence is not None


def _hub_lines(
    publication: Publication, destination: Destination, files: Mapping[str, Path | bytes], dry_run: bool
) -> Iterator[str]:
    sizes = {name: len(file) if isinstance(file, bytes) else file.stat().st_size for name, file in files.items()}
    branch = f", branch {destination.revision}" if destination.revision else ""
    privacy = "private" if destination.private else "public, if it is new"
    yield f"{'Would send' if dry_run else 'Sending'} to {destination.repository} ({privacy}{branch}):"
    for name, size in sizes.items():
        yield f"  {size / 1e6:10.3f} MB  {name}"
    yield f"  {sum(sizes.values()) / 1e6:10.3f} MB  in {len(sizes)} files"
    left_out = sorted(path.name for path in publication.source.iterdir() if path.name not in files)
    if left_out:
        yield f"  Not sent, since no part of a checkpoint: {', '.join(left_out)}"
