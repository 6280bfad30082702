"""Writes Parquet files in many forms, and reads changed ones.

    python flips.py write OUT      the files, each named after its form
    python flips.py read FILE...   what pyarrow makes of each changed file: one JSON object per line

A changed file lies beside its sound one and is called `<sound>-<anything>.parquet`. `refused` is why pyarrow does not read it, checksums
verified; `same` is whether it reads the rows of the sound file.
"""

import itertools
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 48

SCHEMA = pa.schema([
    pa.field("id", pa.int64(), nullable=False),
    pa.field("small", pa.int32()),
    pa.field("real", pa.float64()),
    pa.field("word", pa.string()),
    pa.field("flag", pa.bool_()),
    pa.field("tags", pa.list_(pa.string())),
    pa.field("place", pa.struct([("line", pa.int32()), ("end", pa.struct([("col", pa.int64()), ("note", pa.string())]))])),
    pa.field("refs", pa.list_(pa.struct([("x", pa.int64()), ("y", pa.string()), ("zs", pa.list_(pa.int32()))]))),
    pa.field("attrs", pa.map_(pa.string(), pa.int64())),
])

# The encoding of integers, floating-point numbers and text.
ENCODINGS = {
    "plain": ("PLAIN", "PLAIN", "PLAIN"),
    "dictionary": None,
    "delta": ("DELTA_BINARY_PACKED", "PLAIN", "DELTA_BYTE_ARRAY"),
    "split": ("BYTE_STREAM_SPLIT", "BYTE_STREAM_SPLIT", "DELTA_LENGTH_BYTE_ARRAY"),
}


def row(number: int) -> dict:
    refs = [
        {"x": number * 3 + nth, "y": f"y{nth % 3}" if nth % 4 else None, "zs": list(range(nth)) if nth % 3 else None}
        for nth in range(number % 5)
    ]
    end = {"col": number, "note": f"note {number % 4}"} if number % 3 else None
    return {
        "id": number, "small": number % 9 if number % 4 else None, "real": number / 8 if number % 5 else None,
        "word": f"word {number % 7}" if number % 6 else None, "flag": number % 3 == 0 if number % 7 else None,
        "tags": [f"tag {tag}" if tag % 3 else None for tag in range(number % 4)] if number % 8 else None,
        "place": {"line": number % 11, "end": end} if number % 4 else None,
        "refs": refs if number % 9 else None,
        "attrs": [(f"k{key}", key if key % 2 else None) for key in range(number % 3)] if number % 10 else None,
    }  # fmt: skip


def encodings(schema: pa.Schema, name: str) -> dict:
    if ENCODINGS[name] is None:
        return {"use_dictionary": True}
    integers, reals, texts = ENCODINGS[name]
    of = {"INT32": integers, "INT64": integers, "DOUBLE": reals, "BYTE_ARRAY": texts}
    empty = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), empty)
    leaves = pq.ParquetFile(pa.BufferReader(empty.getvalue())).schema
    known = [leaves.column(leaf) for leaf in range(len(leaves))]
    return {"use_dictionary": False, "column_encoding": {leaf.path: of[leaf.physical_type] for leaf in known if leaf.physical_type in of}}


def write(out: Path) -> None:
    table = pa.Table.from_pylist([row(number) for number in range(ROWS)], schema=SCHEMA)
    options = itertools.product(ENCODINGS, ["NONE", "SNAPPY", "ZSTD"], ["1.0", "2.0"], [True, False])
    for number, (encoding, compression, version, checksum) in enumerate(options):
        index, stored = number % 3 == 0, number % 4 != 0
        form = [encoding, compression.lower(), f"v{version[0]}", "crc" if checksum else "nocrc", "index" if index else "bare"]
        pq.write_table(
            table, out / f"{'.'.join(form)}.parquet", compression=compression, data_page_version=version, row_group_size=ROWS // 2,
            data_page_size=150, write_batch_size=8, write_page_checksum=checksum, write_page_index=index, store_schema=stored,
            **encodings(SCHEMA, encoding),
        )  # fmt: skip


def read(path: Path) -> dict:
    sound = pq.read_table(path.parent / f"{path.stem.split('-')[0]}.parquet")
    try:
        found = pq.read_table(path, page_checksum_verification=True)
        found.validate(full=True)
    except Exception as error:
        return {"file": path.name, "refused": str(error), "same": False}
    return {"file": path.name, "refused": None, "same": found.equals(sound)}


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]))
    else:
        for path in sys.argv[2:]:
            print(json.dumps(read(Path(path))))
