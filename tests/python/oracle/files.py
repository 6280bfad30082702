"""One file of a contract: its rows, and what pyarrow reads of it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from . import kinds, values, writers
from .contract import ROW, Contract, Drift
from .dice import Dice


class Skipped(Exception):
    """A case that nothing can be said of: its writer cannot store it, or pyarrow cannot read it."""


# Writers that store which fields are required.
MARKING = ("pyarrow", "legacy")


def random_table(dice: Dice, contract: Contract, writer: str, far: bool, first: int, carried: set[str] = frozenset()) -> pa.Table:
    """Random rows as a file may have them, numbered from `first` on, without the columns `carried`."""
    columns = Drift(dice, contract, writer, far).columns(carried)
    rows = dice.either(0, 1, 3, 8, 8, 20)
    arrays, marked = [], []
    for column in columns:
        data = [values.some(dice, column.type, column.nullable) for _ in range(rows)]
        if column.name == ROW:
            data = list(range(first, first + rows))
        mark = kinds.relaxed_field(dice, column) if writer in MARKING else loose_field(column)
        marked.append(mark)
        arrays.append(values.array(data, mark.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(marked))


def loose_field(field: pa.Field) -> pa.Field:
    return pa.field(field.name, loose(field.type), True)


def loose(type_: pa.DataType) -> pa.DataType:
    """Everything nullable, for writers that know no required fields."""
    if pa.types.is_struct(type_):
        return pa.struct([loose_field(field) for field in kinds.fields(type_)])
    if kinds.is_list(type_):
        return kinds.list_of(type_, loose_field(type_.value_field))
    if pa.types.is_map(type_):
        return pa.map_(pa.field("key", type_.key_type, False), loose_field(type_.item_field))
    return type_


def described(table: pa.Table) -> str:
    return table.schema.to_string(show_field_metadata=False)


def written(dice: Dice, writer: str, table: pa.Table, path: Path) -> str:
    """Writes a file, and says how."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with storing(writer):
        how = writers.WRITERS[writer](dice, table, path)
    return f"{path.name}: {how}\n{described(table)}"


class storing:
    """What a writer cannot store makes no case."""

    def __init__(self, writer: str) -> None:
        self.writer = writer

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        # polars panics with an error that is no `Exception`.
        if error is not None and not isinstance(error, KeyboardInterrupt | Skipped):
            raise Skipped(f"{self.writer} cannot write: {type(error).__name__}: {error}") from error


def read(path: Path, schema: pa.Schema) -> pa.Table:
    """What pyarrow reads of a file, written with a schema. int96 as of the unit that its timestamps had: nanoseconds hold no year 9999."""
    unit = kinds.int96_unit(schema)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, coerce_int96_timestamp_unit=unit) as file:
            return file.read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise Skipped(f"pyarrow cannot read: {error}") from error
