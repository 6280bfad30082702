"""Hive layouts: folders `key=value`."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, unquote

import polars
import pyarrow as pa
import pyarrow.dataset as ds

from . import values, writers
from .contract import ROW, Contract
from .dice import Dice
from .files import random_table, read, storing, written

NULL = "__HIVE_DEFAULT_PARTITION__"

TEXTS = [
    "a",
    "b",
    "a b",
    "x/y",
    "k=v",
    "100%",
    "größe",
    "it's",
    "a:b",
    "#1",
    "what?",
    "{b}",
    "a\\b",
    "[c]",
    "2024-01-01",
    "null",
    "1",
    "%41",
    "a+b",
    "...",
]

TYPES = [
    pa.string(),
    pa.string(),
    pa.int64(),
    pa.int32(),
    pa.int8(),
    pa.date32(),
    pa.bool_(),
    pa.large_string(),
    pa.decimal128(9, 2),
    pa.timestamp("us"),
]

EPOCH = datetime.datetime(1970, 1, 1)


def add_keys(dice: Dice, contract: Contract, types: list[pa.DataType]) -> None:
    """Gives a contract one or two partition columns."""
    for name in dice.some(["part", "day"], 2):
        nullable = dice.one_in(2)
        column = pa.field(name, dice.choice(types), nullable)
        contract.columns.insert(dice.randint(0, len(contract.columns)), column)
        contract.partitions.append(name)
    if dice.one_in(2):
        contract.partitions.reverse()


def random_key(dice: Dice, type_: pa.DataType, nullable: bool) -> object:
    """One of few values, so that folders hold several rows."""
    if nullable and dice.one_in(5):
        return None
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return dice.choice(TEXTS)
    if pa.types.is_date(type_):
        return dice.either(0, 19000, -1, 2932896)
    if pa.types.is_timestamp(type_):
        return dice.either(0, 1_700_000_000_000_000, 1_700_000_000_123_456)
    return values.leaf(dice, type_)


def text_of(value: object, type_: pa.DataType) -> str:
    """A value as folders have it, before it is escaped."""
    if value is None:
        return NULL
    if pa.types.is_date(type_):
        return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value))
    if pa.types.is_timestamp(type_):
        return str(EPOCH + datetime.timedelta(microseconds=value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def value_of(text: str, type_: pa.DataType) -> object:
    """What a folder's text stands for."""
    if text == NULL:
        return None
    if pa.types.is_date(type_):
        return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days
    if pa.types.is_timestamp(type_):
        return (datetime.datetime.fromisoformat(text) - EPOCH) // datetime.timedelta(microseconds=1)
    if pa.types.is_boolean(type_):
        return {"true": True, "false": False}[text.lower()]
    if pa.types.is_integer(type_):
        return int(text)
    return Decimal(text) if pa.types.is_decimal(type_) else text


# What Hive escapes: less than URLs do.
SPARE = "!@$&()+,;- "


def by_hand(
    dice: Dice, contract: Contract, writer: str, folder: Path, recipe: list[str], stored: dict[Path, pa.Schema]
) -> Iterator[dict]:
    """Files of their own in folders, each drifted. What each stores is noted."""
    types = {field.name: field.type for field in contract.columns}
    nullable = {field.name: field.nullable for field in contract.columns}
    first = 0
    for number in range(dice.randint(1, 4)):
        keys = {name: random_key(dice, types[name], nullable[name]) for name in contract.partitions}
        safe = dice.either("", SPARE)
        names = [f"{name}={quote(text_of(key, types[name]), safe=safe)}" for name, key in keys.items()]
        table = random_table(dice, contract, writer, dice.one_in(2), first, set(keys))
        first += table.num_rows
        path = folder.joinpath(*names, f"{number}.parquet")
        stored[path] = table.schema
        recipe.append(f"{'/'.join(names)}/{written(dice, writer, table, path)}")
        yield from contract.rows(table, keys)


def at_once(
    dice: Dice, contract: Contract, writer: str, folder: Path, recipe: list[str], _: dict[Path, pa.Schema]
) -> Iterator[dict]:
    """All files by the writer's own partitioning."""
    keys = contract.partitions
    table = random_table(dice, contract, writer, False, 0, set(keys))
    types = {field.name: field.type for field in contract.columns}
    nullable = {field.name: field.nullable for field in contract.columns}
    rows = contract.rows(table, dict.fromkeys(keys))
    for name in keys:
        data = [random_key(dice, types[name], nullable[name]) for _ in range(table.num_rows)]
        table = table.append_column(pa.field(name, types[name]), values.array(data, types[name]))
        for row, key in zip(rows, data, strict=True):
            row[name] = key
    if table.num_rows == 0:
        table_folder(folder)
    with storing(writer):
        match writer:
            case "pyarrow":
                schema = pa.schema([pa.field(name, types[name]) for name in keys])
                ds.write_dataset(table, folder, format="parquet", partitioning=ds.partitioning(schema, flavor="hive"))
            case "duckdb":
                writers.copied(table, folder, {"PARTITION_BY": f"({', '.join(keys)})"})
            case _:
                polars.from_arrow(table).write_parquet(folder, partition_by=keys)
    recipe.append(f"partitioned by {writer}\n{table.schema.to_string(show_field_metadata=False)}")
    yield from rows


def table_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def read_back(contract: Contract, folder: Path, stored: dict[Path, pa.Schema]) -> Iterator[dict]:
    """The rows of all files, with the keys of their folders. What files store is known where they were written one by one."""
    types = {field.name: field.type for field in contract.columns}
    for path in sorted(folder.rglob("*.parquet")):
        keys = {}
        for part in path.relative_to(folder).parts[:-1]:
            name, text = part.split("=", 1)
            keys[unquote(name)] = value_of(unquote(text), types[unquote(name)])
        yield from contract.rows(read(path, stored.get(path, contract.schema())), keys)


def by_row(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row[ROW])
