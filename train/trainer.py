"""The Trainer of transformers, with whole documents scored, new weights that learn faster, and no silent divergence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import Sampler, SequentialSampler
from transformers import PreTrainedTokenizerBase, PrinterCallback, ProgressCallback, Trainer, TrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler

from conflict_ner.errors import ConfigError, TrainingError
from conflict_ner.spans import BioTags
from conflict_ner.trimming import are_trimmed
from train.config import TrainConfig
from train.examples import Examples
from train.least_score import best_least_score
from train.progress import EpochLines
from train.tagging import Collator, TaggingModel


class LengthOrder(LengthGroupedSampler):
    """Groups windows of like length in an order that follows from the seed and the epoch alone.

    The sampler of transformers draws from torch's common random state. A run that is resumed within an epoch has
    another one by then, and so has each process of a distributed run once dropout has drawn from it.

    Args:
        lengths: of each window.
        step: windows of one step of the optimizer, over all processes.
        seed: of the order.
        epoch: returns the epoch that begins.
    """

    def __init__(self, lengths: list[int], step: int, seed: int, epoch: Callable[[], int]) -> None:
        super().__init__(step, lengths=lengths)
        self._seed = seed
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator = torch.Generator().manual_seed(self._seed + self._epoch())
        order: Iterator[int] = super().__iter__()  # type: ignore[no-untyped-call]
        return order


class SpanTrainer(Trainer):
    """Trains a `TaggingModel`.

    Args:
        head_rate: the weights that the run begins with learn at the learning rate times this.
        more: what the Trainer takes.
    """

    model: Any  # a TaggingModel

    def __init__(self, *, head_rate: float, **more: Any) -> None:
        super().__init__(**more)
        self._head_rate = head_rate

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Make the optimizer, with the new weights in groups of their own."""
        optimizer = super().create_optimizer(model)
        named = (self.model if model is None else model).named_parameters()
        # A wrapper such as DistributedDataParallel puts a name of its own before the model's.
        new = {id(parameter) for name, parameter in named if name.removeprefix("module.") in self.model.new}
        for group in list(optimizer.param_groups):
            head = [parameter for parameter in group["params"] if id(parameter) in new]
            if not head:
                continue
            group["params"] = [parameter for parameter in group["params"] if id(parameter) not in new]
            optimizer.add_param_group({**group, "params": head, "lr": group["lr"] * self._head_rate})
        return optimizer

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """Take a step, and stop at once when the loss is no number any more.

        Raises:
            TrainingError: the loss is infinite or no number; in all processes at once.
        """
        loss = super().training_step(model, inputs, num_items_in_batch)
        if not self._everywhere(torch.isfinite(loss)):
            assert self.lr_scheduler is not None
            rate = self.lr_scheduler.get_last_lr()[0]
            raise TrainingError(
                f"The loss became infinite or no number (nan) at step {self.state.global_step + 1} of "
                f"{self.state.max_steps}, at the learning rate {rate:.3g}. {self._calmer()}"
            )
        return loss

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save the model, unless its weights are none any more; raises as `require_finite`."""
        self.require_finite()
        super().save_model(output_dir, _internal_call)

    def require_finite(self) -> None:
        """Refuse weights that a last step has made infinite, so that no such model is ever kept.

        Raises:
            TrainingError: some weight is infinite or no number.
        """
        parts = (part.to_local() if hasattr(part, "to_local") else part for part in self.model.parameters())
        sound = torch.stack([torch.isfinite(part).all() for part in parts]).all()
        if not self._everywhere(sound):
            raise TrainingError(
                f"Some weights became infinite or no number (nan) in step {self.state.global_step}. {self._calmer()}"
            )

    def whole_model(self) -> TaggingModel:
        """Return the trained model in one piece; to be called in all processes, for sharded weights are gathered."""
        self.require_finite()
        model: TaggingModel = self.accelerator.unwrap_model(self.model)
        if not self.is_fsdp_enabled:
            return model
        weights = self.accelerator.get_state_dict(self.model)
        whole = model.empty_copy()
        if self.args.process_index == 0:
            whole.load_state_dict(weights)
        return whole

    def train(self, *arguments: Any, **more: Any) -> Any:
        """Train as the Trainer does; a training that ends in an error leaves no half-drawn bar behind."""
        try:
            return super().train(*arguments, **more)
        finally:
            for callback in self.callback_handler.callbacks:
                if isinstance(callback, EpochLines):
                    callback.close()

    def _calmer(self) -> str:
        """Say what keeps a training from diverging."""
        lower = f"Begin anew with a lower rate: resume=false trainer.learning_rate={self.args.learning_rate / 5:.2g}"
        return lower + (", or with precision=float32." if self.args.fp16 or self.args.bf16 else ".")

    def _everywhere(self, here: torch.Tensor) -> bool:
        """Tell whether something is true in all processes."""
        if self.args.world_size > 1:
            here = self.accelerator.gather(here.reshape(1).to(self.args.device)).all()
        return bool(here)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int] | None:
        """Return a sampler whose order a resumed run, and every process, has again."""
        if self.args.train_sampling_strategy != "group_by_length":
            found: Sampler[int] | None = super()._get_train_sampler(train_dataset)
            return found
        features: Any = self.train_dataset
        return LengthOrder(
            [len(feature["input_ids"]) for feature in features],
            self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size,
            self.args.seed,
            lambda: int(self.state.epoch or 0),
        )

    def _get_eval_sampler(self, eval_dataset: Any) -> SequentialSampler:
        """Keep a document's windows together and in order: the Trainer would order them by length, as in training."""
        return SequentialSampler(eval_dataset)


def build_trainer(
    model: TaggingModel,
    tokenizer: PreTrainedTokenizerBase,
    arguments: TrainingArguments,
    examples: Mapping[str, Examples],
    tags: BioTags,
    config: TrainConfig,
) -> SpanTrainer:
    """Return a Trainer that scores the validation split, where there is one, as its users will read the model.

    Args:
        model: what is trained.
        tokenizer: pads the batches.
        arguments: the Trainer's own.
        examples: split -> examples; `train`, and `validation` if there is one.
        tags: the tag scheme.
        config: says how the head learns and how texts are decoded.

    Raises:
        ConfigError: the Trainer refuses what it is given.
    """
    validation = examples.get("validation")
    trim = are_trimmed(item.document for item in examples["train"].documents)

    def metrics(evaluated: Any) -> dict[str, float]:
        assert validation is not None
        predicted = validation.predicted(evaluated.predictions, tags, model.transitions, config.consistency, trim)
        pairs = [(item.document.spans, spans) for item, spans in zip(validation.documents, predicted, strict=True)]
        least, counts = best_least_score(pairs, config.least_score)
        return {
            "strict_f1": counts.f1,
            "precision": counts.precision,
            "recall": counts.recall,
            "least_score": least,
        }

    try:
        trainer = SpanTrainer(
            head_rate=config.head_rate,
            model=model,
            args=arguments,
            data_collator=Collator(tokenizer.pad_token_id or 0),
            train_dataset=examples["train"].features,
            eval_dataset=validation.features if validation else None,
            compute_metrics=metrics if validation else None,
            callbacks=[EpochLines()],
        )
    except (ValueError, ImportError, RuntimeError) as error:
        raise ConfigError(f"The Trainer cannot be built with what `trainer:` says: {error}") from error
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer
