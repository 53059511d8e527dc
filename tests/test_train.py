"""The training script as its users run it: from anywhere, resumed, in two processes, and with wrong input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conflict_ner.checkpoint import read_info, weights_sha256
from conflict_ner.config import read_config
from conflict_ner.documents import Document
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema
from tests import small_models
from tests.conftest import Trained
from train.card.facts import read_facts
from train.config import TrainConfig
from train.examples import encode, loss_lines

MINI = Path("configs/train/mini.yaml")


def test_the_folder_is_a_plain_hugging_face_one_with_its_config_and_scores(
    trained: Trained, schema: LabelSchema
) -> None:
    names = {path.name for path in trained.model.iterdir()}
    assert {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        "conflict_ner.json",
        "train.yaml",
    } <= names
    config = json.loads((trained.model / "config.json").read_text())
    assert config["id2label"] == {str(number): tag for number, tag in schema.id2tag.items()}
    tokenizer = json.loads((trained.model / "tokenizer.json").read_text())
    assert tokenizer["truncation"] is None
    assert tokenizer["padding"] is None
    info = read_info(trained.model)
    assert info.labels == schema
    assert info.weights_sha256 == weights_sha256(trained.model)
    scores = json.loads((trained.run / "scores.json").read_text())
    assert scores["test"]["micro"]["strict"]["f1"]["value"] == pytest.approx(info.scores["test_strict_f1"], abs=1e-4)
    again = read_config(trained.model / "train.yaml", TrainConfig)
    assert again == read_config(trained.config, TrainConfig)


def test_the_terminal_tells_losses_epochs_and_where_all_lies(trained: Trained) -> None:
    for told in ("3 documents", "none is lost", "validation: strict F1", "the best so far", "tokens a second",
                 "Scores on the test split", str(trained.model)):  # fmt: skip
        assert told in trained.printed, told
    assert "Traceback" not in trained.printed


def test_the_run_keeps_the_facts_of_its_training(trained: Trained) -> None:
    facts = read_facts(trained.run)
    assert facts is not None
    assert facts.weights_sha256 == weights_sha256(trained.model)
    assert facts.precision == "float32"
    assert facts.epochs == 12
    assert 1 <= (facts.best_epoch or 0) <= 12
    assert facts.encoder.name == trained.encoder.name
    assert f"`{facts.weights_sha256}`; `conflict-ner info" in (trained.model / "README.md").read_text()


def epoch_scores(run: Path) -> list[float]:
    """Return the validation scores that the Trainer logged."""
    state = max(run.glob("checkpoints/*/trainer_state.json"), key=lambda path: int(path.parent.name.split("-")[1]))
    history = json.loads(state.read_text())["log_history"]
    return [entry["eval_strict_f1"] for entry in history if "eval_strict_f1" in entry]


def final_score(run: Path) -> float:
    """Return the validation score of the finished checkpoint, as the library reads it."""
    return float(json.loads((run / "scores.json").read_text())["validation"]["micro"]["strict"]["f1"]["value"])


def test_the_best_epochs_score_is_that_of_the_finished_checkpoint(trained: Trained) -> None:
    assert final_score(trained.run) > 0.05
    assert max(epoch_scores(trained.run)) == pytest.approx(final_score(trained.run), abs=1e-6)


def test_best_and_last_are_kept(trained: Trained) -> None:
    kept = sorted((trained.run / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    state = json.loads((kept[-1] / "trainer_state.json").read_text())
    assert state["global_step"] == state["max_steps"]
    assert Path(state["best_model_checkpoint"]).name in {path.name for path in kept}


def test_one_seed_gives_one_model(trained: Trained, tmp_path: Path) -> None:
    config = small_models.write_config(tmp_path / "again.yaml", trained.encoder, trained.corpus)
    done = small_models.run([sys.executable, "-m", "train.train", str(config)], cwd=small_models.ROOT)
    assert done.returncode == 0, done.stderr
    assert weights_sha256(tmp_path / "model") == weights_sha256(trained.model)


@pytest.mark.faults
def test_a_killed_run_is_never_overwritten_unasked_and_goes_on_when_asked(trained: Trained, tmp_path: Path) -> None:
    config = small_models.write_config(tmp_path / "cut.yaml", trained.encoder, trained.corpus)
    line = small_models.command(str(config), "trainer.num_train_epochs=400")
    process = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    while len(list((tmp_path / "run" / "checkpoints").glob("*/trainer_state.json"))) < 1:
        assert process.poll() is None
        assert time.monotonic() - begun < 120
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()

    refused = small_models.run(small_models.command(str(config)), cwd=tmp_path)
    assert refused.returncode == 2
    assert "unfinished run" in refused.stderr
    assert "resume=true" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "model").exists()

    last = max(
        int(path.parent.name.split("-")[1]) for path in (tmp_path / "run").glob("checkpoints/*/trainer_state.json")
    )
    epochs = last // 4 + 3
    resumed = small_models.run(
        small_models.command(str(config), "resume=true", f"trainer.num_train_epochs={epochs}"), cwd=tmp_path
    )
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming from" in resumed.stdout
    assert f"step {last} of" in resumed.stdout
    assert "From the checkpoint: weights, optimizer state" in resumed.stdout
    assert f"trainer.num_train_epochs: 400 -> {epochs}" in resumed.stdout
    assert (tmp_path / "model" / "model.safetensors").is_file()

    finished = small_models.run(small_models.command(str(config), "resume=true"), cwd=tmp_path)
    assert finished.returncode == 2
    assert "is finished" in finished.stderr


def test_without_validation_the_last_epoch_is_taken_and_said(trained: Trained, tmp_path: Path) -> None:
    from train.corpus import CorpusConfig, build_corpus

    corpus = tmp_path / "corpus"
    overrides = [f"output={corpus}", "validation.groups=[]"]
    build_corpus(read_config(Path("configs/corpus/seeds.yaml"), CorpusConfig, overrides))
    config = small_models.write_config(tmp_path / "bare.yaml", trained.encoder, corpus)
    done = small_models.run(small_models.command(str(config), "trainer.num_train_epochs=1"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no validation split" in done.stdout
    assert (tmp_path / "model" / "model.safetensors").is_file()


def test_a_corpus_without_a_train_split_is_told(small_encoder: Path, tmp_path: Path) -> None:
    from train.corpus import CorpusConfig, build_corpus
    from train.train import train

    everything = ["test.sources=[gold]", "test.groups=[]", "validation.groups=[]", f"output={tmp_path / 'corpus'}"]
    build_corpus(read_config(Path("configs/corpus/seeds.yaml"), CorpusConfig, everything))
    config = small_models.write_config(tmp_path / "bare.yaml", small_encoder, tmp_path / "corpus")
    with pytest.raises(ConfigError, match="has no train split"):
        train(read_config(config, TrainConfig))


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("text", ["", "Nothing is marked here."], ids=["no text", "no span"])
def test_a_split_without_spans_is_told_before_the_training(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str, text: str
) -> None:
    from train.fine_tune import fine_tune
    from train.material import Material

    overrides = [f"run={tmp_path / 'run'}", f"output={tmp_path / 'model'}", "trainer.max_steps=1"]
    config = read_config(trained.config, TrainConfig, overrides)
    material = Material.of(config)
    bare = material.with_splits({**material.splits, split: [Document(id="bare", text=text)]})
    if split == "train":
        with pytest.raises(ConfigError, match="None of the 1 documents of the train split has a span"):
            fine_tune(config, bare)
        assert not any(tmp_path.iterdir())
        return
    fine_tune(config, bare)
    assert "the last one is taken; label some of them" in " ".join(capsys.readouterr().out.split())
    assert json.loads((tmp_path / "run" / "scores.json").read_text()).keys() == {"test"}


def test_all_unknown_keys_are_told_with_the_nearest_names() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(
            MINI,
            TrainConfig,
            [
                "sede=1",
                "windows.sise=3",
                "trainer.learning_rat=1",
                "trainer.output_dir=x",
                "trainer.num_train_epochs=many",
            ],
        )
    message = str(caught.value)
    for told in (
        "sede: unknown key; did you mean 'seed'?",
        "windows.sise: unknown key; did you mean 'size'?",
        "learning_rat: unknown key; did you mean 'learning_rate'?",
        "output_dir is set by this project; use run",
        "num_train_epochs: 'many' is no number",
    ):
        assert told in message, told


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("corpus=nowhere/corpus", "nowhere"),
        ("encoder.name=package:no_such_package/model", "is not installed"),
        ("encoder.name=models/no-such-folder", "There is no folder"),
        ("encoder.config.hidden_dropuot_prob=0", "did you mean 'hidden_dropout_prob'?"),
        ("windows.size=4096", "windows.size=128"),
        ("trainer.lr_scheduler_type=zigzag", "zigzag"),
        ("seed", "'seed' has no '='"),
    ],
)
def test_a_wrong_run_ends_with_a_sentence_and_writes_nothing(
    small_encoder: Path, seed_corpus: Path, tmp_path: Path, override: str, told: str
) -> None:
    from conflict_ner.errors import ConflictNerError
    from train.train import train

    config = small_models.write_config(tmp_path / "wrong.yaml", small_encoder, seed_corpus)
    with pytest.raises(ConflictNerError) as caught:
        train(read_config(config, TrainConfig, [override]))
    assert told in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.yaml"]


def test_the_command_line_prints_an_error_without_a_traceback(tmp_path: Path) -> None:
    done = small_models.run(small_models.command(str(small_models.ROOT / MINI), "sede=3"), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "did you mean 'seed'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_each_piece_counts_once_and_losses_are_listed(small_encoder: Path, schema: LabelSchema) -> None:
    from transformers import AutoTokenizer

    from conflict_ner.checkpoint import WindowSettings
    from conflict_ner.documents import Span
    from conflict_ner.spans import IGNORED, BioTags

    text = "Rebels took Idlib on Tuesday. " * 40 + "The Idlibis fled."
    start = text.index("Idlibis")
    spans = (
        *(Span(start=30 * number + 12, end=30 * number + 17, label="PLACE") for number in range(40)),
        Span(start=start, end=start + 5, label="PLACE"),
    )
    tokenizer = AutoTokenizer.from_pretrained(small_encoder)
    examples = encode(
        [Document(id="long", text=text, spans=spans)],
        tokenizer,
        BioTags.of(schema),
        WindowSettings(size=64, overlap=16),
    )
    labels = [tag for feature in examples.features for tag in feature["labels"]]
    (encoded,) = examples.documents
    assert len(examples.features) > 3
    assert all(len(feature["input_ids"]) <= 64 for feature in examples.features)
    assert labels.count(schema.tag2id["B-PLACE"]) == 40
    ignored = sum(tag == IGNORED for tag in BioTags.of(schema).align(text, spans, encoded.tokens).tags)
    assert sum(tag != IGNORED for tag in labels) == len(encoded.tokens) - ignored
    lines = loss_lines(examples, "train")
    assert lines[0] == "train: 1 of 41 spans cannot be represented by the tokenizer (PLACE 1)"
    assert "'Idlib'" in lines[1]
