"""Writes a Delta table and a shallow clone of it, and prints the rows of the clone as pyarrow reads them from its files.

    python clone.py OUT

OUT gets `source` and `clone`. The clone's log has two files of the source, by URLs as Spark (`file:/`) and deltalake (`file:///`) spell them,
with letters in percent signs, and one file of its own; the source has a file that the clone lacks.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

FIELDS = [("id", "long"), ("name", "string"), ("tags", {"type": "array", "elementType": "string", "containsNull": True})]


def table(first: int) -> pa.Table:
    ids = list(range(first, first + 5))
    names = [None if row % 3 == 0 else f"n{row}" for row in ids]
    return pa.table({"id": ids, "name": names, "tags": [[f"t{row}"] * (row % 3) for row in ids]})


def commit(folder: Path, files: dict[str, Path]) -> None:
    schema = {"type": "struct", "fields": [{"name": n, "type": t, "nullable": True, "metadata": {}} for n, t in FIELDS]}
    form = {"provider": "parquet", "options": {}}
    actions = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {"id": "1", "format": form, "schemaString": json.dumps(schema), "partitionColumns": [], "configuration": {}}},
    ]
    for path, file in files.items():
        size = file.stat().st_size
        actions.append({"add": {"path": path, "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True}})
    log = folder / "_delta_log"
    log.mkdir()
    (log / f"{0:020}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))


def main() -> None:
    out = Path(sys.argv[1]).absolute()
    source, clone = out / "source", out / "clone"
    files = {}
    for number, (folder, name) in enumerate([(source, "a.parquet"), (source, "d é/b c.parquet"), (source, "left.parquet"), (clone, "own.parquet")]):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(number * 10), file)
        files[name] = file
    commit(source, {quote(name): files[name] for name in ["a.parquet", "d é/b c.parquet", "left.parquet"]})
    of_clone = [files["a.parquet"], files["d é/b c.parquet"], files["own.parquet"]]
    commit(clone, {
        "file:" + quote(str(of_clone[0])): of_clone[0],
        "file://" + quote(str(of_clone[1])): of_clone[1],
        "own.parquet": of_clone[2],
    })
    rows = ds.dataset([str(file) for file in of_clone]).to_table().sort_by("id").to_pylist()
    print(json.dumps([[row["id"], row["name"], row["tags"]] for row in rows]))


main()
