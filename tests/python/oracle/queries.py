"""Random queries over a relation, with the answers that its plain rows give."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from . import kinds, values
from .contract import ROW, is_text
from .dice import Dice

Get = Callable[[dict], object]


@dataclass
class Relation:
    """A table or a view: its name, its columns, and its plain rows."""

    name: str
    columns: list[pa.Field]
    rows: list[dict]


@dataclass
class Query:
    """What is asked, and what pyarrow's rows answer. `holds` says what of the schema is compared: all of it with nullability, the
    types, or the values as they cast to these types."""

    sql: str
    answer: pa.Table
    holds: str
    kind: str


@dataclass
class Value:
    """An expression over a row."""

    sql: str
    type: pa.DataType
    of: Get


def whole(relation: Relation, holds: str) -> Query:
    schema = pa.schema(relation.columns)
    return Query(f"SELECT * FROM {relation.name}", table(schema, relation.rows), holds, "whole")


def table(schema: pa.Schema, rows: list[dict]) -> pa.Table:
    columns = [values.array([row[field.name] for row in rows], field.type) for field in schema]
    for field, column in zip(schema, columns, strict=True):
        assert field.nullable or not column.null_count, f"NULL in {field}"
    return pa.Table.from_arrays(columns, schema=schema)


def expressions(fields: list[pa.Field], sql: str = "", get: Get = lambda row: row) -> list[Value]:
    """The columns, the fields of structs in them at any depth, first elements of lists, and values of maps under a key."""
    found = []
    for field in fields:
        name = quoted(field.name, "'" if sql else '"')
        here = Value(f"{sql}[{name}]" if sql else name, field.type, inside(get, field.name))
        found.append(here)
        type_ = field.type
        if pa.types.is_struct(type_):
            found += expressions(kinds.fields(type_), here.sql, here.of)
        elif pa.types.is_list(type_) or pa.types.is_large_list(type_):
            first = Value(f"{here.sql}[1]", type_.value_type, first_of(here.of))
            found.append(first)
            if pa.types.is_struct(first.type):
                found += expressions(kinds.fields(first.type), first.sql, first.of)
        elif pa.types.is_map(type_) and pa.types.is_string(type_.key_type):
            found.append(Value(f"{here.sql}['name']", type_.item_type, entry_of(here.of)))
    return found


def quoted(name: str, by: str) -> str:
    """A name between marks, which it may hold itself."""
    return by + name.replace(by, by * 2) + by


def inside(get: Get, name: str) -> Get:
    return lambda row: None if (found := get(row)) is None else found[name]


def first_of(get: Get) -> Get:
    return lambda row: found[0] if (found := get(row)) else None


def entry_of(get: Get) -> Get:
    return lambda row: next((value for key, value in get(row) or [] if key == "name"), None)


def compares(type_: pa.DataType) -> bool:
    """Whether the engine's order of a type is that of its plain values."""
    types = pa.types
    if types.is_dictionary(type_):
        return compares(type_.value_type)
    ordered = types.is_integer(type_) or types.is_boolean(type_) or is_text(type_) or types.is_decimal(type_)
    return ordered or types.is_date(type_) or types.is_timestamp(type_) or types.is_time64(type_)


def rank(value: object) -> object:
    return value.encode() if isinstance(value, str) else value


UNITS = {"s": "Second", "ms": "Millisecond", "us": "Microsecond", "ns": "Nanosecond"}


def literal(value: object, type_: pa.DataType) -> str:
    """A value in SQL, of exactly that type where numbers alone would not say it."""
    types = pa.types
    if types.is_dictionary(type_):
        return literal(value, type_.value_type)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if types.is_decimal(type_):
        return f"arrow_cast('{value:f}', 'Decimal{type_.bit_width}({type_.precision}, {type_.scale})')"
    if types.is_integer(type_):
        small = -(2**31) < value < 2**31
        return str(value) if small else f"arrow_cast('{value}', '{'U' if value > 2**63 - 1 else ''}Int64')"
    if types.is_date32(type_):
        return f"arrow_cast(arrow_cast({value}, 'Int32'), 'Date32')"
    if types.is_date64(type_):
        return f"arrow_cast({value}, 'Date64')"
    if types.is_time64(type_):
        return f"arrow_cast({value}, 'Time64({UNITS[type_.unit]})')"
    if types.is_timestamp(type_):
        zone = f'Some("{type_.tz}")' if type_.tz else "None"
        return f"arrow_cast({value}, 'Timestamp({UNITS[type_.unit]}, {zone})')"
    raise TypeError(f"no literal of {type_}")


@dataclass
class Test:
    """A predicate: true, false, or None."""

    sql: str
    of: Callable[[dict], bool | None]


OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def predicate(dice: Dice, relation: Relation, depth: int = 1) -> Test:
    if depth and dice.one_in(3):
        one, other = predicate(dice, relation, 0), predicate(dice, relation, 0)
        if dice.one_in(2):
            return Test(f"({one.sql} AND {other.sql})", lambda row: both(one.of(row), other.of(row)))
        return Test(f"({one.sql} OR {other.sql})", lambda row: negated(both(negated(one.of(row)), negated(other.of(row)))))
    found = expressions(relation.columns)
    ordered = [value for value in found if compares(value.type)]
    if not ordered or dice.one_in(4):
        value = dice.choice(found)
        if dice.one_in(2):
            return Test(f"{value.sql} IS NULL", lambda row: value.of(row) is None)
        return Test(f"{value.sql} IS NOT NULL", lambda row: value.of(row) is not None)
    value = dice.choice(ordered)
    seen = [found for row in relation.rows if (found := value.of(row)) is not None]
    pick = lambda: dice.choice(seen) if seen and dice.randrange(5) > 0 else values.leaf(dice, value.type)  # noqa: E731
    if dice.one_in(5):
        wanted = [pick() for _ in range(dice.randint(1, 4))]
        listed = ", ".join(literal(item, value.type) for item in wanted)
        return Test(f"{value.sql} IN ({listed})", lambda row: None if (held := value.of(row)) is None else held in wanted)
    operator, other = dice.choice(list(OPERATORS)), pick()
    holds = OPERATORS[operator]
    return Test(
        f"{value.sql} {operator} {literal(other, value.type)}",
        lambda row: None if (held := value.of(row)) is None else holds(rank(held), rank(other)),
    )


def both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def negated(one: bool | None) -> bool | None:
    return None if one is None else not one


def selected(dice: Dice, relation: Relation) -> Query:
    """Some expressions, of the rows that a predicate keeps or of all."""
    found = expressions(relation.columns)
    named = [value for value in found if value.sql == quoted(ROW, '"')]
    chosen = [*named, *dice.some(found, 3)]
    kept, where = filtered(dice, relation)
    names = [f"c{index}" for index in range(len(chosen))]
    sql = ", ".join(f"{value.sql} AS {name}" for value, name in zip(chosen, names, strict=True))
    schema = pa.schema([pa.field(name, value.type) for value, name in zip(chosen, names, strict=True)])
    rows = [{name: value.of(row) for value, name in zip(chosen, names, strict=True)} for row in kept]
    return Query(f"SELECT {sql} FROM {relation.name}{where}", table(schema, rows), "types", "select")


def filtered(dice: Dice, relation: Relation) -> tuple[list[dict], str]:
    if dice.one_in(3):
        return relation.rows, ""
    test = predicate(dice, relation)
    return [row for row in relation.rows if test.of(row) is True], f" WHERE {test.sql}"


def counted(dice: Dice, relation: Relation) -> Query:
    """How many rows and values there are, and the least and the greatest."""
    kept, where = filtered(dice, relation)
    columns = [("count(*)", pa.int64(), len(kept))]
    found = expressions(relation.columns)
    for value in dice.some(found, 2):
        columns.append((f"count({value.sql})", pa.int64(), sum(value.of(row) is not None for row in kept)))
    ordered = [value for value in found if compares(value.type)]
    for value in dice.some(ordered, 2) if ordered else []:
        held = sorted((found for row in kept if (found := value.of(row)) is not None), key=rank)
        columns.append((f"min({value.sql})", value.type, held[0] if held else None))
        columns.append((f"max({value.sql})", value.type, held[-1] if held else None))
    sql = ", ".join(f"{sql} AS c{index}" for index, (sql, _, _) in enumerate(columns))
    schema = pa.schema([pa.field(f"c{index}", type_) for index, (_, type_, _) in enumerate(columns)])
    row = {f"c{index}": value for index, (_, _, value) in enumerate(columns)}
    return Query(f"SELECT {sql} FROM {relation.name}{where}", table(schema, [row]), "values", "count")
