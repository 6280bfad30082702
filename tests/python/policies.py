"""Tables whose files drifted at two paths with policies of their own, in the four layouts: a file, a folder, a Hive layout, a Delta table.

Prints the rows that pyarrow reads of the files, by layout. Usage: policies.py FOLDER
"""

import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

# As the contract declares the rows.
DECLARED = {
    "at": pa.struct([("start", pa.int32()), ("text", pa.string())]),
    "level": pa.int32(),
}


def schema(at, more, level, note):
    """The schema of a file: the type of `refs.at`, further fields of `refs`, the type of `marks.value.level`, further fields of its values."""
    ref = pa.struct([("at", at), ("kind", pa.string())] + more)
    mark = pa.struct([("level", level), ("note", pa.string())] + note)
    return pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("refs", pa.list_(ref)),
            ("marks", pa.map_(pa.string(), mark)),
            ("size", pa.int64()),
        ]
    )


# `refs` may be cast in any way and has a field that nobody wants to hear of; values of `marks` are widened, and have one that is reported.
DRIFTED = schema(
    pa.struct([("text", pa.string()), ("start", pa.int64())]),
    [("junk", pa.int64())],
    pa.int16(),
    [("more", pa.string())],
)
EXACT = schema(DECLARED["at"], [], DECLARED["level"], [])


def ref(start, text, kind, junk):
    return {"at": {"start": start, "text": text}, "kind": kind, "junk": junk}


DRIFTED_ROWS = [
    {"id": 1, "refs": [ref(1, "a", "x", 7), ref(None, None, None, None), None], "marks": [], "size": 5},
    {"id": 2, "refs": [], "marks": [("lint", {"level": 3, "note": "n", "more": "m"}), ("none", None)], "size": None},
    {"id": 3, "refs": None, "marks": None, "size": 0},
    {"id": 4, "refs": [{"at": None, "kind": "y", "junk": 1}], "marks": [("a", {"level": None, "note": None, "more": None})], "size": 1},
]
EXACT_ROWS = [
    {"id": 5, "refs": [{"at": {"start": 9, "text": "z"}, "kind": None}], "marks": [("b", {"level": 70000, "note": "o"})], "size": 2},
]


def without_nulls(value):
    """A value as the JSON of the engine has it: an entry that is NULL is left out."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def rows(files, partition):
    """The rows that pyarrow reads, with the fields that the contract has."""
    found = []
    for file in files:
        for row in pq.ParquetFile(file).read().to_pylist():
            refs, marks = row["refs"], row["marks"]
            if refs is not None:
                refs = [item and {name: item[name] for name in ("at", "kind")} for item in refs]
            if marks is not None:
                marks = {key: mark and {name: mark[name] for name in ("level", "note")} for key, mark in marks}
            p = partition(file, row)
            found.append(without_nulls({"p": p, "id": row["id"], "refs": refs, "marks": marks, "size": row["size"]}))
    return sorted(found, key=lambda row: row["id"])


def with_partition(table, value):
    return table.add_column(0, "p", pa.array([value] * len(table), pa.string()))


def main(out):
    drifted = pa.Table.from_pylist(DRIFTED_ROWS, DRIFTED)
    exact = pa.Table.from_pylist(EXACT_ROWS, EXACT)
    stored = lambda _, row: row["p"]
    folder_name = lambda file, _: file.parent.name.removeprefix("p=")
    expected = {}

    (out / "file").mkdir()
    pq.write_table(with_partition(drifted, "x"), out / "file/drifted.parquet")
    expected["file"] = rows([out / "file/drifted.parquet"], stored)

    (out / "folder").mkdir()
    pq.write_table(with_partition(drifted, "x"), out / "folder/drifted.parquet")
    pq.write_table(with_partition(exact, "y"), out / "folder/exact.parquet")
    expected["folder"] = rows(sorted((out / "folder").iterdir()), stored)

    for value, table in [("x", drifted), ("y", exact)]:
        (out / f"hive/p={value}").mkdir(parents=True)
        pq.write_table(table, out / f"hive/p={value}/part.parquet")
    expected["hive"] = rows(sorted((out / "hive").glob("*/*.parquet")), folder_name)

    write_deltalake(str(out / "delta"), with_partition(drifted, "x"), partition_by=["p"])
    expected["delta"] = rows(sorted((out / "delta").glob("p=*/*.parquet")), folder_name)

    # Files that a policy refuses, each for one path.
    refused = {
        "top-cast": schema_of(size=pa.int32()),
        "top-extra": EXACT.append(pa.field("junk", pa.int64())),
        "refs-lacks-text": schema(pa.struct([("start", pa.int32())]), [], pa.int32(), []),
        "marks-narrowed": schema(DECLARED["at"], [], pa.int64(), []),
    }
    for name, refusing in refused.items():
        (out / name).mkdir()
        pq.write_table(with_partition(refusing.empty_table(), "x"), out / name / "refused.parquet")
    json.dump(expected, sys.stdout)


def schema_of(size):
    return pa.schema([field if field.name != "size" else pa.field("size", size) for field in EXACT])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
