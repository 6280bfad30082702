"""Makes tables for the test that compares the reader with pyarrow.

    python -m oracle random FOLDER FIRST_SEED COUNT
    python -m oracle shipped FOLDER [PATH ...]

`random` makes a table of each seed; `shipped` takes the Parquet files of pyarrow's own tests, and each file PATH. A case is a folder below
FOLDER with its answers, and its data where it has none yet, and one line of JSON on standard output, written when the folder is complete.
The reader of the lines removes the folders. A case of which nothing can be said gives a line with `skipped`.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import cases, shipped
from .files import Skipped


def asked(what: str, rest: list[str]) -> Iterator[tuple[int, Callable[[Path], dict]]]:
    if what == "random":
        first, count = map(int, rest)
        yield from ((seed, partial(cases.case, seed)) for seed in range(first, first + count))
    else:
        sources = [*shipped.own(), *map(Path, rest)]
        yield from ((number, partial(shipped.case, number, source=source)) for number, source in enumerate(sources))


def main(what: str, folder: str, *rest: str) -> None:
    for seed, make in asked(what, list(rest)):
        place = Path(folder) / str(seed)
        try:
            line = make(place)
        except Skipped as skipped:
            shutil.rmtree(place)
            line = {"seed": seed, "skipped": str(skipped)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
