"""Answers queries with DuckDB, for the benchmark `compare`.

    python duckdb_side.py

Reads one JSON object a line: first `{"setup": [statement, ...]}`, then `{"sql": query, "profiled": bool}` any number of times. Each is
answered in one line. Results leave as a stream of Arrow record batches, each let go of as it comes, as DataFusion's are.
"""

import gc
import json
import sys
import time

import duckdb


def memory(what: str) -> int | None:
    """Bytes of memory of this process, where the system tells."""
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith(what)), None)
    except OSError:
        return None


def restart_peak() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def scanned(operator: dict) -> int:
    """The bytes that the scans of a profiled plan asked their files for."""
    return operator.get("bytes_scanned", 0) + sum(map(scanned, operator.get("operator", operator.get("children", []))))


def answer(connection: duckdb.DuckDBPyConnection, sql: str, profiled: bool) -> dict:
    if profiled:
        connection.execute("PRAGMA enable_profiling = 'no_output'")
    gc.collect()
    restart_peak()
    held, start, rows, batches = memory("VmRSS:"), time.perf_counter(), 0, 0
    for batch in connection.sql(sql).to_arrow_reader(ROWS_PER_BATCH):
        rows += batch.num_rows
        batches += 1
    seconds, peak = time.perf_counter() - start, memory("VmHWM:")
    read = None
    if profiled:
        read = scanned(json.loads(connection.get_profiling_information(format="json")))
        connection.execute("PRAGMA disable_profiling")
    return {"rows": rows, "batches": batches, "seconds": seconds, "bytes": read, "held": held, "peak": peak}


# Some vectors of DuckDB: more makes it neither faster nor slower, and takes more memory.
ROWS_PER_BATCH = 8192


def main() -> None:
    connection = duckdb.connect()
    for statement in json.loads(sys.stdin.readline())["setup"]:
        connection.execute(statement)
    print(json.dumps({"ready": f"DuckDB {duckdb.__version__}"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            told = answer(connection, request["sql"], request["profiled"])
        except duckdb.Error as error:
            told = {"error": str(error)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
