"""Writes nested tables with several writers, and compares rows that came through imported specs with those that pyarrow reads.

    python import_tables.py write FOLDER
    python import_tables.py compare TABLE ROWS

`write` prints one line per table: its name, which is that of a file or folder in FOLDER. `compare` fails unless ROWS, an Arrow IPC file, has
the rows of TABLE.
"""

import datetime
import decimal
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

N = 60


def nested() -> pa.Table:
    element = pa.struct([
        ("id", pa.int64()), ("kind", pa.string()), ("at", pa.struct([("line", pa.int32()), ("col", pa.int32())])),
        ("attrs", pa.map_(pa.string(), pa.string())), ("inner", pa.list_(pa.struct([("x", pa.float64())]))),
    ])

    def elements(row: int):
        if row % 7 == 3:
            return None
        return [
            {"id": i, "kind": "ab"[i % 2], "at": {"line": i, "col": None}, "attrs": [("k", None), ("l", "v")][: i % 3],
             "inner": None if i % 2 else [{"x": i / 2}]}
            for i in range(row % 5)
        ]

    return pa.table({
        "id": pa.array(range(N), pa.int64()),
        "items": pa.array([elements(row) for row in range(N)], pa.list_(element)),
        "lists": pa.array([[[row], [], None] for row in range(N)], pa.list_(pa.list_(pa.int64()))),
        "structs": pa.array([[("k", {"a": row, "b": ["x"]})] for row in range(N)],
                            pa.map_(pa.string(), pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))]))),
    })


def odd() -> pa.Table:
    columns = {"id": pa.array(range(N), pa.int32())}
    for unit in ("s", "ms", "us", "ns"):
        # Python has no nanoseconds.
        values = [(1_700_000_000 + row) * 1000 for row in range(N)]
        columns[f"ts_{unit}"] = pa.array([value if unit != "s" else value // 1000 for value in values], pa.timestamp(unit))
        columns[f"tz_{unit}"] = pa.array([value if unit != "s" else value // 1000 for value in values], pa.timestamp(unit, "Europe/Vienna"))
        columns[f"dur_{unit}"] = pa.array([row * 1000 for row in range(N)], pa.duration(unit))
    for unit in ("s", "ms"):
        columns[f"t32_{unit}"] = pa.array(range(N), pa.time32(unit))
    for unit in ("us", "ns"):
        columns[f"t64_{unit}"] = pa.array([row * 1000 for row in range(N)], pa.time64(unit))
    for type_, digits in ((pa.decimal128, 30), (pa.decimal256, 60)):
        columns[f"dec{digits}"] = pa.array([decimal.Decimal(row).scaleb(-2) for row in range(N)], type_(digits, 2))
    more = {
        "large": (pa.large_string(), "a"), "view": (pa.string_view(), "a"), "bytes": (pa.large_binary(), b"a"),
        "fixed": (pa.binary(4), b"abcd"), "half": (pa.float16(), 1.5), "day": (pa.date32(), datetime.date(2020, 1, 2)),
        "fixed_list": (pa.list_(pa.int32(), 3), [1, 2, 3]), "large_list": (pa.large_list(pa.int8()), [1]),
        "maps": (pa.map_(pa.string(), pa.map_(pa.int32(), pa.string())), [("k", [(1, "x")])]),
        "Select": (pa.int8(), 1), "a.b": (pa.int8(), 1), 'a "q"': (pa.int8(), 1), "größe": (pa.int8(), 1), "null": (pa.int8(), 1),
        "yes": (pa.int8(), 1), "12:30": (pa.int8(), 1), "- x: #y": (pa.int8(), 1),
        "st": (pa.struct([("x y", pa.int32()), ("Order", pa.struct([("group", pa.string())]))]), {"x y": 1, "Order": {"group": "g"}}),
    }
    for name, (type_, value) in more.items():
        columns[name] = pa.array([value if row % 3 else None for row in range(N)], type_)
    columns["dict"] = pa.array(["ab"[row % 2] for row in range(N)]).dictionary_encode()
    return pa.table(columns)


def write(folder: Path) -> None:
    names = []

    def made(name: str) -> Path:
        names.append(name)
        return folder / name

    pq.write_table(nested(), made("pyarrow_nested.parquet"))
    pq.write_table(nested(), made("pyarrow_plain.parquet"), store_schema=False, use_compliant_nested_type=False)
    pq.write_table(odd(), made("pyarrow_odd.parquet"))
    pq.write_table(odd().drop_columns(["view"]), made("pyarrow_odd_plain.parquet"), store_schema=False)
    table = nested().append_column("day", pa.array([datetime.date(2024, 1, 1 + row % 3) for row in range(N)]))
    table = table.append_column("repo", pa.array([["a", "b c", "ü/x"][row % 3] for row in range(N)]))
    ds.write_dataset(table, made("hive"), format="parquet", partitioning=ds.partitioning(
        pa.schema([("day", pa.date32()), ("repo", pa.string())]), flavor="hive"))
    try:
        import duckdb

        duckdb.sql(f"""COPY (SELECT i AS id, [{{'id': i, 'name': 'n' || i, 'at': {{'x': i::DOUBLE}}}}] AS items,
            MAP {{'k': [i]}} AS lists, i::DECIMAL(20, 3) AS price, '2020-01-01 00:00:00+00'::TIMESTAMPTZ AS at, uuid() AS key,
            (i % 2)::UTINYINT AS tiny, INTERVAL (i) DAY AS span FROM range({N}) t(i)) TO '{made("duckdb.parquet")}' (FORMAT parquet)""")
    except ModuleNotFoundError:
        pass
    try:
        import polars as pl

        frame = pl.DataFrame({
            "id": range(N), "items": [[{"a": row, "b": ["x", None]}] for row in range(N)],
            "kind": pl.Series(["ab"[row % 2] for row in range(N)], dtype=pl.Categorical),
            "at": [datetime.datetime(2020, 1, 1, 0, 0, row) for row in range(N)], "gap": [datetime.timedelta(seconds=row) for row in range(N)],
            "fixed": pl.Series([[1, 2]] * N, dtype=pl.Array(pl.Int16, 2)), "flag": [None, True, False] * (N // 3),
        })
        frame.write_parquet(made("polars.parquet"))
    except ModuleNotFoundError:
        pass
    try:
        from deltalake import DeltaTable, write_deltalake

        day = pa.array([datetime.date(2024, 1, 1 + row % 3) for row in range(N)])
        write_deltalake(made("delta"), nested().append_column("day", day), partition_by=["day"])
        write_deltalake(made("delta_deleted"), nested())
        DeltaTable(folder / "delta_deleted").delete("id < 3")
    except ModuleNotFoundError:
        pass
    print("\n".join(names))


def plain(value):
    """`value` without the differences between one reader's types and another's that hold the same values."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "nanoseconds") and hasattr(value, "months"):
        return (value.months, value.days, value.nanoseconds)
    if isinstance(value, datetime.datetime):
        return value.timestamp() if value.tzinfo else value.isoformat()
    return value


def compare(table: Path, rows: Path) -> None:
    if table.is_dir() and (table / "_delta_log").is_dir():
        from deltalake import DeltaTable

        expected = DeltaTable(table).to_pyarrow_table()
    elif table.suffix in (".arrow", ".feather", ".arrows"):
        with pa.OSFile(str(table)) as file:
            try:
                expected = pa.ipc.open_file(file).read_all()
            except pa.ArrowInvalid:
                expected = pa.ipc.open_stream(pa.OSFile(str(table))).read_all()
    else:
        partitioning = ds.partitioning(pa.schema([("day", pa.date32()), ("repo", pa.string())]), flavor="hive")
        expected = ds.dataset(table, partitioning=partitioning if table.is_dir() else None).to_table()
    with pa.OSFile(str(rows)) as file:
        found = pa.ipc.open_file(file).read_all()
    assert sorted(found.schema.names) == sorted(expected.schema.names), (found.schema.names, expected.schema.names)

    def sorted_rows(of: pa.Table) -> list:
        columns = {name: [plain(value) for value in of[name].to_pylist()] for name in sorted(of.schema.names)
                   # pyarrow reads an interval of Parquet as its bytes.
                   if name != "span"}
        lines = [dict(zip(columns, values)) for values in zip(*columns.values())]
        return sorted(lines, key=lambda line: line["id"])

    one, other = sorted_rows(found), sorted_rows(expected)
    assert len(one) == len(other), (len(one), len(other))
    for left, right in zip(one, other):
        for name in right:
            assert left.get(name) == right[name], (name, left.get(name), right[name])


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]))
    else:
        compare(Path(sys.argv[2]), Path(sys.argv[3]))
    # A thread of deltalake's reader that still runs when the interpreter goes ends the process with an abort.
    sys.stdout.flush()
    os._exit(0)
