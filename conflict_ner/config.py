"""Read a YAML file with `key=value` overrides into a pydantic model; every mistake is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from conflict_ner.errors import ConfigError, did_you_mean


class ConfigModel(BaseModel):
    """A part of a configuration: unknown keys are refused, values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def read_config(path: Path, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """Read `path`, lay `overrides` over it, and validate the whole as `model`.

    Args:
        path: a YAML file.
        model: the pydantic model that names the allowed keys.
        overrides: `key=value` or `outer.inner=value`; the value is read as YAML.

    Raises:
        ConfigError: the file is missing or no YAML mapping, an override has no `=`, a key is
            unknown or a value is wrong; all problems are listed.
    """
    return validate(load_yaml(path, overrides), model, source=str(path))


def load_yaml(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Read a YAML mapping with OmegaConf (interpolations resolved) and apply the overrides."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if not path.is_file():
        raise ConfigError(f"There is no configuration file {str(path)!r}; give the path of a YAML file.")
    wrong = [item for item in overrides if "=" not in item or item.startswith("=")]
    if wrong:
        raise ConfigError(
            "An override has the form key=value, for example trainer.num_train_epochs=3.",
            [f"{item!r} has no key before '='" if "=" in item else f"{item!r} has no '='" for item in wrong],
        )
    try:
        loaded = OmegaConf.load(path)
        if not OmegaConf.is_dict(loaded):
            raise ConfigError(f"{path} holds no mapping of keys to values; see the files in configs/.")
        merged = OmegaConf.merge(loaded, OmegaConf.from_dotlist(list(overrides)))
        data = OmegaConf.to_container(merged, resolve=True)
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {error}") from error
    assert isinstance(data, dict)
    return {str(key): value for key, value in data.items()}


def validate(data: Mapping[str, Any], model: type[Model], source: str) -> Model:
    """Validate `data` as `model`; `source` names where it came from in the error."""
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        problems = list(explain(error, model))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError(f"{source} has {count}:", problems) from error


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Yield one sentence for each problem: the key, what is wrong, the value seen, the nearest name."""
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"]) + ": " if item["loc"] else ""
        if item["type"] == "extra_forbidden":
            hint = did_you_mean(str(item["loc"][-1]), _fields_at(model, item["loc"][:-1]))
            yield f"{where}unknown key{hint}"
        elif item["type"] == "missing":
            yield f"{where}a value is needed and none is given"
        elif item["type"] == "value_error":
            yield f"{where}{item['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{where}{item['msg']} (seen: {item['input']!r})"


def _fields_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the field names that `model` allows at a nested location of an error."""
    current: Any = model
    parts = iter(location)
    for part in parts:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part)
        if field is None:
            return []
        if get_origin(field.annotation) is dict:
            next(parts, None)  # a key of the user's own
        found = _model_in(field.annotation)
        if found is None:
            return []
        current = found
    return list(current.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the pydantic model inside an annotation such as `tuple[Label, ...]` or `Label | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
