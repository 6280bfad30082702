"""Programs of the telemetry catalog in Parquet files, and what pyarrow reads from them: each element with its place in its list.

positions.py FOLDER SEED writes files of `site_reports` below FOLDER and prints one JSON object: the rows of the views `steps`, `constants`,
`loads`, `loaded_constants`, `fault_codes` and `report_labels`, values as text. DuckDB, where it is there, has to give the same steps.
"""

import datetime
import json
import pathlib
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

STEP = pa.struct([pa.field("op", pa.string(), False), ("arg", pa.int32())])
ROUTINE = pa.struct([("name", pa.string()), ("constants", pa.list_(pa.string())), ("steps", pa.list_(STEP))])
FAULTS = pa.map_(pa.string(), pa.list_(pa.uint16()))
CONTROL = pa.struct([("version", pa.int64()), ("routines", pa.list_(ROUTINE)), ("faults", FAULTS)])
SCHEMA = pa.schema(
    [
        pa.field("region", pa.string(), False),
        pa.field("report_day", pa.date32(), False),
        pa.field("site_id", pa.binary(16), False),
        pa.field("report_number", pa.int64(), False),
        pa.field("received_at", pa.timestamp("us", "UTC"), False),
        ("control", CONTROL),
        ("labels", pa.map_(pa.string(), pa.string())),
    ]
)
DAY = datetime.date(2026, 5, 1)

out = pathlib.Path(sys.argv[1])
dice = random.Random(int(sys.argv[2]))


def absent(some, of=5):
    """What `some` makes, or NULL."""
    return None if dice.randrange(of) == 0 else some()


def several(some, most):
    """A list that may be NULL, empty, or have NULL elements."""
    return absent(lambda: [absent(some) for _ in range(dice.choice([0, 1, dice.randint(1, most), most]))])


def step():
    return {"op": dice.choice(["LOAD_CONST", "LOAD_CONST", "CALL"]), "arg": absent(lambda: dice.randint(-1, 3))}


def routine():
    constants = several(lambda: dice.choice(["x", "y", ""]), 4)
    return {"name": absent(lambda: dice.choice("abc")), "constants": constants, "steps": several(step, 6)}


def control():
    faults = absent(lambda: [(channel, several(lambda: dice.randrange(9), 3)) for channel in dice.sample("abcd", dice.randint(0, 3))])
    return {"version": absent(lambda: 1), "routines": several(routine, 4), "faults": faults}


def report(number):
    received = datetime.datetime(2026, 5, 2, tzinfo=datetime.timezone.utc) - datetime.timedelta(seconds=number)
    site = number.to_bytes(16, "big")
    return {
        "region": "north",
        "report_day": DAY,
        "site_id": site,
        "report_number": number,
        "received_at": received,
        "control": absent(control, 6),
        "labels": absent(lambda: [(label, absent(lambda: "x")) for label in dice.sample("lmn", dice.randint(0, 3))]),
    }


def write():
    number = 0
    for file in range(3):
        rows = [report(number + row) for row in range(dice.randint(5, 40))]
        number += len(rows)
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), out / f"{file}.parquet", row_group_size=dice.randint(1, 12))


def told(row):
    return [None if value is None else value.hex() if isinstance(value, bytes) else str(value) for value in row]


def elements(items):
    """The elements of a list with their places; a NULL list has none."""
    return enumerate(items or [])


def answers(rows):
    found = {"steps": [], "constants": [], "loads": [], "loaded_constants": [], "fault_codes": [], "report_labels": []}
    for row in rows:
        site, program = row["site_id"], row["control"] or {}
        found["report_labels"] += [(site, place, key, value) for place, (key, value) in elements(row["labels"])]
        for at, one in elements(program.get("routines")):
            one = one or {}
            constants = one.get("constants") or []
            found["constants"] += [(site, at, place, constant) for place, constant in elements(constants)]
            for place, step in elements(one.get("steps")):
                step = step or {"op": None, "arg": None}
                found["steps"].append((site, at, place, one.get("name"), step["op"], step["arg"]))
                if step["op"] == "LOAD_CONST" and step["arg"] is not None:
                    found["loads"].append((site, at, place, step["arg"]))
                    if 0 <= step["arg"] < len(constants):
                        found["loaded_constants"].append((site, at, place, constants[step["arg"]]))
        for channel, codes in program.get("faults") or []:
            found["fault_codes"] += [(site, channel, place, code) for place, code in elements(codes)]
    return {view: [told(row) for row in rows] for view, rows in found.items()}


def duckdb_steps():
    import duckdb

    return duckdb.sql(f"""
        WITH routines AS (
            SELECT site_id, unnest(control.routines) AS routine, unnest(range(len(control.routines))) AS outer_index
            FROM read_parquet('{out}/*.parquet')
        ), steps AS (
            SELECT site_id, outer_index, routine.name AS name, unnest(routine.steps) AS step,
                unnest(range(len(routine.steps))) AS inner_index
            FROM routines
        )
        SELECT site_id, outer_index, inner_index, name, step.op, step.arg FROM steps
    """).fetchall()


write()
read = pa.concat_tables(pq.read_table(file) for file in sorted(out.iterdir())).to_pylist()
expected = answers(read)
try:
    theirs = [told(row) for row in duckdb_steps()]
except ImportError:
    theirs = expected["steps"]
key = lambda row: [value or "" for value in row]  # noqa: E731
assert sorted(theirs, key=key) == sorted(expected["steps"], key=key), "DuckDB has other steps than pyarrow"
print(json.dumps(expected))
