"""Cases: a contract, its data in some layout, and queries with the rows that pyarrow reads of these very files."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from . import delta, hive, queries, specs, values
from .contract import ROW, Contract, random_contract
from .dice import Dice
from .files import random_table, read, written
from .queries import Query, Relation


@dataclass
class Case:
    """What one seed makes."""

    dice: Dice
    folder: Path
    layout: str
    writer: str
    contract: Contract
    recipe: list[str] = field(default_factory=list)
    # Documented refusals that the files give cause for.
    excuses: list[str] = field(default_factory=list)
    notes: Counter = field(default_factory=Counter)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def agreed(self, found: list[dict], wrote: list[dict]) -> list[dict]:
        """pyarrow's rows. Whether they are those that were written is noted."""
        same = values.same(hive.by_row(found), hive.by_row(wrote))
        self.notes["files read as written" if same else f"files of {self.writer} read otherwise than written"] += 1
        return found


def one_file(case: Case) -> list[dict]:
    return plain_files(case, 1)


def folder(case: Case) -> list[dict]:
    return plain_files(case, case.dice.randint(2, 4))


def plain_files(case: Case, count: int) -> list[dict]:
    """Files that store every column, each drifted in ways of its own."""
    dice, rows, first = case.dice, [], 0
    for number in range(count):
        writer = case.writer if case.writer == "legacy" or dice.randrange(3) > 0 else "pyarrow"
        far = number > 0 or dice.one_in(2)
        table = random_table(dice, case.contract, writer, far, first)
        first += table.num_rows
        path = case.data / f"{number}.parquet"
        case.recipe.append(written(dice, writer, table, path))
        rows += case.agreed(case.contract.rows(read(path, table.schema)), case.contract.rows(table))
    return rows


def hive_folders(case: Case) -> list[dict]:
    hive.add_keys(case.dice, case.contract, hive.TYPES)
    write = hive.by_hand if case.dice.one_in(2) else hive.at_once
    stored = {}
    wrote = list(write(case.dice, case.contract, case.writer, case.data, case.recipe, stored))
    if not list(case.data.rglob("*.parquet")):
        case.excuses.append("a folder without a file")
    return case.agreed(list(hive.read_back(case.contract, case.data, stored)), wrote)


def delta_table(case: Case) -> list[dict]:
    if case.dice.one_in(2):
        hive.add_keys(case.dice, case.contract, delta.KEYS)
    return delta.by_deltalake(case.dice, case.contract, case.data, case.recipe)


def delta_with_deleted(case: Case) -> list[dict]:
    if case.dice.one_in(2):
        hive.add_keys(case.dice, case.contract, delta.KEYS)
    return list(delta.by_hand(case.dice, case.contract, case.data, case.recipe, mapped=False))


def delta_with_mapping(case: Case) -> list[dict]:
    if case.dice.one_in(2):
        hive.add_keys(case.dice, case.contract, delta.KEYS)
    return list(delta.by_hand(case.dice, case.contract, case.data, case.recipe, mapped=True))


@dataclass
class Layout:
    """How the files of a table lie: who may write them, and how often it is taken."""

    make: Callable[[Case], list[dict]]
    writers: list[str]
    weight: int


LAYOUTS = {
    "file": Layout(one_file, ["pyarrow", "pyarrow", "duckdb", "polars", "legacy"], 3),
    "folder": Layout(folder, ["pyarrow", "pyarrow", "pyarrow", "duckdb", "polars", "legacy"], 4),
    "hive": Layout(hive_folders, ["pyarrow", "duckdb", "polars"], 3),
    "delta": Layout(delta_table, ["deltalake"], 2),
    "delta with deletion vectors": Layout(delta_with_deleted, ["hand"], 1),
    "delta with column mapping": Layout(delta_with_mapping, ["hand"], 1),
}


def case(seed: int, place: Path) -> dict:
    """Writes the files of a seed and the answers to its queries below the folder `place`, and describes them."""
    dice = Dice(seed)
    place.mkdir(parents=True)
    (layout,) = dice.choices(list(LAYOUTS), [layout.weight for layout in LAYOUTS.values()])
    writer = dice.choice(LAYOUTS[layout].writers)
    case = Case(dice, place, layout, writer, random_contract(dice, writer))
    case.data.mkdir()
    rows = LAYOUTS[layout].make(case)
    return finished(case, seed, rows, case.data / "0.parquet" if layout == "file" else case.data)


def finished(case: Case, seed: int, rows: list[dict], location: Path) -> dict:
    """Asks a table of these rows something, stores the answers, and describes it all."""
    declared, relations = views(case, rows)
    asks = []
    for number, query in enumerate(asked(case, rows, relations)):
        with pa.ipc.new_stream(case.folder / f"{number}.arrows", query.answer.schema) as sink:
            sink.write_table(query.answer)
        asks.append({"sql": query.sql, "answer": f"{number}.arrows", "holds": query.holds, "kind": query.kind})
    return {
        "seed": seed,
        "folder": str(case.folder),
        "layout": case.layout,
        "writer": case.writer,
        "location": str(location),
        "dataset": specs.TABLE,
        "specs": specs.files(case.contract, declared),
        "rows": len(rows),
        "recipe": "\n".join(case.recipe),
        "excuses": case.excuses,
        "notes": dict(case.notes),
        "queries": asks,
    }


def views(case: Case, rows: list[dict]) -> tuple[list[specs.View], list[Relation]]:
    """Up to two views over lists of the contract."""
    found = specs.lists([column for column in case.contract.columns if column.name != ROW])
    declared = [
        specs.View(
            f"view_{number}", path, element, any(column.name == ROW for column in case.contract.columns), case.dice.one_in(2)
        )
        for number, (path, element) in enumerate(case.dice.some(found, 2) if found else [])
    ]
    relations = [Relation(view.name, view.columns(), view.rows(rows)) for view in declared]
    for view, relation in zip(declared, relations, strict=True):
        if case.dice.one_in(2):
            continue
        test = queries.predicate(case.dice, relation)
        # The casts of literals to types that SQL has no word for are the engine's alone.
        if "arrow_cast" not in test.sql:
            view.condition, relation.rows = test.sql, [row for row in relation.rows if test.of(row) is True]
    return declared, relations


def asked(case: Case, rows: list[dict], relations: list[Relation]) -> list[Query]:
    dice, table = case.dice, Relation(specs.TABLE, case.contract.columns, rows)
    found = [queries.whole(table, "schema"), queries.selected(dice, table), queries.counted(dice, table)]
    for relation in relations:
        of_view = [queries.whole(relation, "types") if dice.one_in(2) else queries.selected(dice, relation)]
        if dice.one_in(2):
            of_view.append(queries.counted(dice, relation))
        found += [replace(query, kind=f"{query.kind} of a view") for query in of_view]
    return found
