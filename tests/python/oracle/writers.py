"""Writers of one Parquet file, each with random options of its own."""

import functools
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

from . import kinds, legacy
from .dice import Dice

# Codecs of the format. The reader is built without some: a case says so, and then the reader may refuse it by name.
CODECS = ["none", "snappy", "zstd"]


def pyarrow(dice: Dice, table: pa.Table, path: Path) -> str:
    """Any option that changes how rows are stored, and none that changes which."""
    options = {
        "compression": dice.choice(CODECS),
        # pyarrow slices no views.
        "row_group_size": 100 if holds(table.schema, is_view) else dice.either(1, 2, 5, 100),
        "data_page_version": dice.either("1.0", "2.0"),
        "data_page_size": dice.either(64, 256, 1 << 20),
        "write_statistics": dice.either(True, True, False),
        "write_page_index": dice.either(True, False),
        "write_page_checksum": dice.either(True, False),
        "use_dictionary": dice.either(True, False),
        "store_schema": True,
        "use_compliant_nested_type": dice.randrange(3) > 0,
        # Older versions of the format have no nanoseconds and no uint32, and pyarrow writes other types.
        "version": "2.6" if holds(table.schema, is_newer) else dice.either("2.6", "2.4", "1.0"),
        "write_batch_size": dice.either(1, 3, 1024),
    }
    if plain_schema(table.schema):
        options["store_schema"] = dice.either(True, False)
    if not options["use_dictionary"] and dice.one_in(2):
        options["column_encoding"] = encodings(dice, table.schema)
    if dice.one_in(4) and kinds.int96_unit(table.schema):
        options["use_deprecated_int96_timestamps"] = True
    try:
        pq.write_table(table, path, **options)
    except (pa.ArrowNotImplementedError, OSError):
        # An encoding that it has for reading alone, or not for this type.
        options.pop("column_encoding", None)
        pq.write_table(table, path, **options)
    return f"pyarrow {options}"


def stored_as_is(type_: pa.DataType) -> bool:
    """Whether Parquet itself says enough of a type, so that the Arrow schema need not be stored."""
    types = pa.types
    if types.is_fixed_size_list(type_) or types.is_duration(type_) or types.is_decimal32(type_) or types.is_decimal64(type_):
        return False
    if types.is_timestamp(type_) and type_.tz not in (None, "UTC"):
        return False
    return all(stored_as_is(type_.field(index).type) for index in range(type_.num_fields))


def plain_schema(schema: pa.Schema) -> bool:
    return all(stored_as_is(field.type) for field in schema)


def is_newer(type_: pa.DataType) -> bool:
    return (pa.types.is_timestamp(type_) and type_.unit == "ns") or pa.types.is_uint32(type_)


def is_view(type_: pa.DataType) -> bool:
    return pa.types.is_string_view(type_) or pa.types.is_binary_view(type_)


def holds(schema: pa.Schema, test: Callable[[pa.DataType], bool]) -> bool:
    """Whether a column, or a field at any depth, is of a type that passes the test."""
    return any(test(type_) for field in schema for type_ in kinds.below(field.type))


def encodings(dice: Dice, schema: pa.Schema) -> dict[str, str]:
    """An encoding for each top-level column that is no group."""
    types, chosen = pa.types, {}
    for field in schema:
        type_ = field.type
        if types.is_boolean(type_):
            options = ["RLE", "PLAIN"]
        elif types.is_integer(type_) or types.is_date32(type_) or types.is_timestamp(type_):
            options = ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "PLAIN"]
        elif types.is_floating(type_):
            options = ["BYTE_STREAM_SPLIT", "PLAIN"]
        elif types.is_string(type_) or types.is_binary(type_):
            options = ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"]
        else:
            continue
        chosen[field.name] = dice.choice(options)
    return chosen


def with_duckdb(dice: Dice, table: pa.Table, path: Path) -> str:
    options = {
        "COMPRESSION": dice.either("snappy", "zstd", "uncompressed"),
        "ROW_GROUP_SIZE": dice.either(2048, 122880),
        "PARQUET_VERSION": dice.either("V1", "V2"),
    }
    copied(table, path, options)
    return f"duckdb {options}"


def copied(table: pa.Table, path: Path, options: dict[str, object]) -> None:
    """DuckDB's COPY of all rows."""
    connection = connected()
    connection.register("written", table)
    listed = ", ".join(f"{key} {value}" for key, value in options.items())
    target = str(path).replace("'", "''")
    connection.execute(f"COPY (SELECT * FROM written) TO '{target}' (FORMAT parquet, {listed})")
    connection.unregister("written")


@functools.cache
def connected() -> duckdb.DuckDBPyConnection:
    """One connection for all tables, since opening one takes longer than writing one."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection


def with_polars(dice: Dice, table: pa.Table, path: Path) -> str:
    options = {
        "compression": dice.either("snappy", "zstd", "uncompressed"),
        "statistics": dice.either(True, False, "full"),
        "row_group_size": dice.either(None, 1, 3),
        "data_page_size": dice.either(None, 64),
    }
    polars.from_arrow(table).write_parquet(path, **options)
    return f"polars {options}"


WRITERS = {"pyarrow": pyarrow, "duckdb": with_duckdb, "polars": with_polars, "legacy": legacy.write}
