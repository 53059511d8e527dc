"""The one file that imports pyarrow: Parquet in and out, and zstd."""

from __future__ import annotations

import datetime
import types
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel

from conflict_ner.errors import DataError

ROWS = 2000  # of a group, and with that in memory at once
_SCALARS: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    datetime.date: "date32",
}


def need_pyarrow(what: str) -> None:
    """Refuse what needs pyarrow where it is not installed.

    Raises:
        DataError: with the command that installs it.
    """
    if find_spec("pyarrow") is None:
        raise DataError(f"{what} needs the package pyarrow, which is not installed: pip install 'conflict-ner[bulk]'")


class RecordWriter:
    """Writes pydantic records as the rows of a Parquet file, a group at a time.

    Args:
        path: the file, replaced if there is one.
        model: the records' class; the columns and their types are its fields'.

    Raises:
        DataError: pyarrow is not installed.
    """

    def __init__(self, path: Path, model: type[BaseModel]) -> None:
        need_pyarrow("Parquet")
        import pyarrow.parquet

        self.written = 0
        self._schema = arrow_schema(model)
        self._waiting: list[dict[str, Any]] = []
        self._file = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()

    def write(self, record: BaseModel) -> None:
        """Add a record."""
        self._waiting.append(record.model_dump())
        self.written += 1
        if len(self._waiting) == ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        self._file.write_table(pyarrow.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting = []


def arrow_schema(model: type[BaseModel]) -> Any:
    """Return the Arrow schema of a pydantic model's fields."""
    import pyarrow

    return pyarrow.schema(_fields(model))


def _fields(model: type[BaseModel]) -> list[Any]:
    import pyarrow

    return [
        pyarrow.field(name, _arrow_type(field.annotation), nullable=True) for name, field in model.model_fields.items()
    ]


def _arrow_type(annotation: Any) -> Any:
    """Return the Arrow type of an annotation such as `tuple[Actor, ...] | None`."""
    import pyarrow

    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _arrow_type(arguments[0])
    if origin in (Union, types.UnionType):
        (only,) = (argument for argument in arguments if argument is not types.NoneType)
        return _arrow_type(only)
    if origin is Literal:
        return pyarrow.string()
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return pyarrow.list_(_arrow_type(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pyarrow.struct(_fields(annotation))
    if annotation in _SCALARS:
        return pyarrow.type_for_alias(_SCALARS[annotation])
    raise TypeError(f"no Arrow type is known for {annotation!r}")


def parquet_columns(source: Path) -> tuple[tuple[str, ...], int]:
    """Return a Parquet file's column names and how many rows it has.

    Raises:
        DataError: pyarrow is not installed, or the file is damaged.
    """
    with _parquet(source) as file:
        return tuple(file.schema_arrow.names), int(file.metadata.num_rows)


def iter_records(source: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, a few hundred in memory at once.

    Args:
        source: the file.
        columns: which of them to read; None reads all.

    Raises:
        DataError: pyarrow is not installed, or the file is damaged.
    """
    with _parquet(source) as file:
        from pyarrow import ArrowException

        try:
            for batch in file.iter_batches(batch_size=256, columns=None if columns is None else list(columns)):
                yield from batch.to_pylist()
        except (ArrowException, OSError) as error:
            raise DataError(f"{source} is damaged: {error}") from error


def _parquet(source: Path) -> Any:
    need_pyarrow("Parquet")
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(source, memory_map=False, pre_buffer=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{source} cannot be read as Parquet: {error}") from error


def open_zstd(file: BinaryIO) -> BinaryIO:
    """Return what a zstd file holds, as a stream.

    Raises:
        DataError: pyarrow is not installed.
    """
    need_pyarrow("A .zst file")
    import pyarrow

    stream: BinaryIO = pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd")
    return stream


def binary_table(name: str, values: Sequence[bytes]) -> Any:
    """Return a table with one column of bytes, as Ray Data passes them on."""
    import pyarrow

    return pyarrow.table({name: pyarrow.array(values, pyarrow.binary())})
