"""Hive layouts as pyarrow writes them, and DuckDB and polars where there are any; and the rows that pyarrow reads from each.

hive.py FOLDER prints one JSON object: the name of each layout below FOLDER, with its rows in the order of `id`, values as text.
"""

import datetime
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.dataset as ds

KEYS = pa.schema([("k", pa.string()), ("d", pa.date32()), ("t", pa.timestamp("us")), ("i", pa.int32()), ("b", pa.bool_())])
ROWS = [
    {"k": "a", "d": datetime.date(2024, 1, 2), "t": datetime.datetime(2024, 1, 2, 3, 4, 5), "i": 7, "b": True, "id": 1},
    {"k": None, "d": None, "t": None, "i": None, "b": None, "id": 2},
    {"k": "null", "d": datetime.date(1969, 12, 31), "t": datetime.datetime(1969, 12, 31, 23, 59, 59, 5), "i": -7, "b": False, "id": 3},
    {"k": "x/y é%=\"'", "d": None, "t": datetime.datetime(2024, 1, 2), "i": 0, "b": None, "id": 4},
    {"k": "", "d": datetime.date(9999, 12, 31), "t": None, "i": None, "b": True, "id": 5},
    {"k": "None", "d": None, "t": None, "i": 2**31 - 1, "b": None, "id": 6},
]
TABLE = pa.Table.from_pylist(ROWS, schema=pa.schema([*KEYS, ("id", pa.int64())]))


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return None if value is None else str(value)


def write(folder):
    partitioning = ds.partitioning(KEYS, flavor="hive")
    ds.write_dataset(TABLE, folder / "pyarrow", format="parquet", partitioning=partitioning)
    try:
        import duckdb

        duckdb.from_arrow(TABLE).query("t", f"COPY t TO '{folder / 'duckdb'}' (FORMAT parquet, PARTITION_BY ({', '.join(KEYS.names)}))")
    except ImportError:
        pass
    try:
        import polars

        frame = polars.from_arrow(TABLE)
        frame.write_parquet(polars.PartitionBy(folder / "polars", key=KEYS.names, include_key=False), mkdir=True)
    except (ImportError, AttributeError):
        pass


def read(folder):
    table = ds.dataset(folder, format="parquet", partitioning=ds.partitioning(KEYS, flavor="hive")).to_table()
    rows = sorted(table.select(TABLE.schema.names).to_pylist(), key=lambda row: row["id"])
    return [[text(row[name]) for name in TABLE.schema.names] for row in rows]


out = pathlib.Path(sys.argv[1])
write(out)
print(json.dumps({layout.name: read(layout) for layout in sorted(out.iterdir())}))
