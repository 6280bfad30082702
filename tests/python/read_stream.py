"""Reads an Arrow C stream that a library of C exports, and holds it against the same rows in an Arrow file.

    python read_stream.py LIBRARY SQL BOUNDARY EXPECTED

LIBRARY exports `cstspec_export`. Prints one JSON object: how many rows and batches came, whether the schema with all its metadata
and the rows are those of the file EXPECTED, and the error that ended the stream or kept it from starting. Without EXPECTED only the
first batch is read, and the rest is let go of.
"""

import ctypes
import json
import sys
from collections.abc import Iterator

import pyarrow as pa

# Five pointers: get_schema, get_next, get_last_error, release, private_data.
STREAM_BYTES = 5 * ctypes.sizeof(ctypes.c_void_p)


class Exported:
    """A query through a boundary, as any Python library may consume it."""

    def __init__(self, library: str, sql: str, boundary: str) -> None:
        self.export = ctypes.CDLL(library).cstspec_export
        self.export.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.query = (sql.encode(), boundary.encode())
        self.streams: list[ctypes.Array] = []

    def open(self) -> int:
        """The address of a new stream, whose memory lives as long as this object."""
        stream, message = ctypes.create_string_buffer(STREAM_BYTES), ctypes.create_string_buffer(4096)
        self.streams.append(stream)
        if self.export(*self.query, ctypes.addressof(stream), message, len(message)) != 0:
            raise RuntimeError(message.value.decode())
        return ctypes.addressof(stream)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The capsule protocol. The requested schema is a wish that is not granted: the boundary's is what comes."""
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(self.open(), b"arrow_array_stream", None)


def batches(reader: pa.RecordBatchReader, found: dict) -> Iterator[pa.RecordBatch]:
    try:
        for batch in reader:
            found["batches"] += 1
            found["rows"] += batch.num_rows
            yield batch
    except pa.ArrowException as error:
        found["error"] = str(error)


def read(exported: Exported, expected: str | None) -> dict:
    found = {"rows": 0, "batches": 0, "same_schema": None, "same_rows": None, "wish_granted": None, "error": None}
    try:
        reader = pa.RecordBatchReader._import_from_c(exported.open())
    except RuntimeError as error:
        return {**found, "error": str(error)}
    if expected is None:
        next(batches(reader, found), None)
        del reader
        return found
    with pa.ipc.open_file(expected) as file:
        table = file.read_all()
    found["same_schema"] = reader.schema.equals(table.schema, check_metadata=True)
    came = pa.Table.from_batches(batches(reader, found), reader.schema)
    came.validate(full=True)
    found["same_rows"] = came.to_pylist() == table.to_pylist()

    wish = pa.schema([("wished", pa.int8())])
    through_capsule = pa.RecordBatchReader.from_stream(exported, wish)
    found["wish_granted"] = through_capsule.schema.equals(wish)
    if found["error"] is None:
        found["same_rows"] &= through_capsule.read_all().to_pylist() == table.to_pylist()
    return found


if __name__ == "__main__":
    library, sql, boundary, *expected = sys.argv[1:]
    print(json.dumps(read(Exported(library, sql, boundary), *(expected or [None]))))
