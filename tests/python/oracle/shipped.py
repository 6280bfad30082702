"""Cases over files that others made and ship with a package, whatever they hold."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from . import kinds
from .cases import Case, finished
from .contract import Contract
from .dice import Dice
from .files import read


def own() -> list[Path]:
    """The Parquet files of pyarrow's own tests."""
    return sorted(Path(pa.__file__).parent.joinpath("tests/data").rglob("*.parquet"))


def case(number: int, place: Path, source: Path) -> dict:
    """A contract from what pyarrow says of a file, and the rows that it reads."""
    place.mkdir(parents=True)
    table = read(source, pq.read_schema(source))
    columns = [pa.field(field.name, contract_type(field.type), field.nullable) for field in table.schema]
    made = Case(Dice(number), place, "shipped", source.name, Contract(columns))
    made.recipe.append(str(source))
    return finished(made, number, made.contract.rows(table), source)


def contract_type(type_: pa.DataType) -> pa.DataType:
    """A type with children named as the spec language has them."""
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(contract_type(field.type)) for field in kinds.fields(type_)])
    if kinds.is_list(type_):
        item = type_.value_field
        return kinds.list_of(type_, pa.field("item", contract_type(item.type), item.nullable))
    if pa.types.is_map(type_):
        item = type_.item_field
        return pa.map_(
            pa.field("key", contract_type(type_.key_type), False), pa.field("value", contract_type(item.type), item.nullable)
        )
    return type_
