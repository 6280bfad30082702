"""Spec files of a contract, and of views over its lists."""

from dataclasses import dataclass

import pyarrow as pa

from . import kinds
from .contract import ROW, Contract, join

TABLE = "table_v1"
PLACE = "place_in_list"

CATALOG = 'catalog: random\nversion: 1\nengine: "55.2.0"\nsession: plain\ninclude: [.]\n'
SESSION = (
    "session: plain\nsettings:\n  datafusion.execution.parquet.schema_force_view_types: false\n"
    "  datafusion.sql_parser.map_string_types_to_utf8view: false\n  datafusion.execution.time_zone: UTC\n"
)
FUNCTIONS = (
    'functions:\n  get_field: { signatures: ["get_field(struct | map, utf8) -> ?"] }\n'
    '  unnest: { kind: unnest, signatures: ["unnest(list<T>) -> T"] }\n'
)


@dataclass
class View:
    """One row per element of the list at `path`, with the number of its row first where rows have one."""

    name: str
    path: str
    element: pa.DataType
    # Whether the rows have a number.
    numbered: bool
    # Whether the view has the place of each element in its list.
    placed: bool
    # What its rows meet, in SQL.
    condition: str = ""

    def columns(self) -> list[pa.Field]:
        """Those of an element are nullable, since the element is."""
        inside = [pa.field("element", self.element)]
        if pa.types.is_struct(self.element):
            inside = [field.with_nullable(True) for field in kinds.fields(self.element)]
        if self.placed:
            inside = [pa.field(PLACE, pa.int64(), False), *inside]
        return [pa.field(ROW, pa.int64()), *inside] if self.numbered else inside

    def rows(self, rows: list[dict]) -> list[dict]:
        return [self.row(row, place, element) for row in rows for place, element in elements(row, self.path.split("."))]

    def row(self, row: dict, place: int, element: object) -> dict:
        number = {ROW: row[ROW]} if self.numbered else {}
        if self.placed:
            number[PLACE] = place
        if not pa.types.is_struct(self.element):
            return number | {"element": element}
        inside = element or {field.name: None for field in kinds.fields(self.element)}
        return number | inside


def elements(value: object, path: list[str]) -> list[tuple[int, object]]:
    """The elements of the list at a path that may lead through lists, each with its place in that list. A NULL list has none."""
    if value is None:
        return []
    if isinstance(value, list):
        return [found for item in value for found in elements(item, path)] if path else list(enumerate(value))
    return elements(value[path[0]], path[1:])


def lists(fields: list[pa.Field], path: str = "") -> list[tuple[str, pa.DataType]]:
    """The lists below these fields that a path without map entries leads to, and what their elements are."""
    found = []
    for field in fields:
        at, type_ = join(path, field.name), field.type
        if kinds.is_list(type_):
            found.append((at, type_.value_type))
            type_ = type_.value_type
        if pa.types.is_struct(type_):
            found += lists(kinds.fields(type_), at)
    return found


def files(contract: Contract, views: list[View]) -> dict[str, str]:
    """The specs, by path."""
    named: dict[str, str] = {}
    lines = [f"dataset: {TABLE}", "version: 2", "columns:"]
    for field in contract.columns:
        lines.append(f"  {field.name}: {{ {entry(contract, named, field, field.name)} }}")
    if contract.partitions:
        lines.append(f"partitions: [{', '.join(contract.partitions)}]")
    renames = ", ".join(f"{old}: {new}" for old, new in contract.renames.items())
    lines.append(f"evolution: {{ extra: ignore, renames: {{ {renames} }} }}")
    specs = {"catalog.yaml": CATALOG, "session.yaml": SESSION, "functions.yaml": FUNCTIONS, "table.yaml": "\n".join(lines) + "\n"}
    for view in views:
        alone = "" if pa.types.is_struct(view.element) else ", as: element"
        place = f", position: {PLACE}" if view.placed else ""
        specs[f"{view.name}.yaml"] = f"view: {view.name}\nrows: {{ of: {TABLE}, unnest: {view.path}{alone}{place} }}\n" + (
            f"where: |\n  {view.condition}\n" if view.condition else ""
        ) + (
            f"columns:\n  {ROW}: row\n" if view.numbered else ""
        )
    for name, text in named.items():
        specs[f"types/{name}.yaml"] = text
    return specs


def entry(contract: Contract, named: dict[str, str], field: pa.Field, path: str) -> str:
    """The keys of a column or of a field of a named type."""
    keys = [f'type: "{spelled(contract, named, field.type, path)}"']
    if not field.nullable:
        keys.append("nullable: false")
    if path in contract.defaults:
        keys.append(f"default: {constant(contract.defaults[path])}")
    return ", ".join(keys)


def constant(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value + '"' if isinstance(value, str) else str(value)


def spelled(contract: Contract, named: dict[str, str], type_: pa.DataType, path: str) -> str:
    """A type, with a named type for each struct in which a field has a default."""

    def child(field: pa.Field, at: str) -> str:
        return spelled(contract, named, field.type, at) + ("" if field.nullable else " not null")

    if pa.types.is_struct(type_):
        inside = kinds.fields(type_)
        if not any(join(path, field.name) in contract.defaults for field in inside):
            return f"struct<{', '.join(f'{field.name}: {child(field, join(path, field.name))}' for field in inside)}>"
        name = "of_" + path.replace(".", "_")
        # Structs of lists in lists are at one path.
        while name in named:
            name += "_"
        named[name] = ""
        lines = [f"  {field.name}: {{ {entry(contract, named, field, join(path, field.name))} }}" for field in inside]
        named[name] = f"type: {name}\nfields:\n" + "\n".join(lines) + "\n"
        return name
    if pa.types.is_fixed_size_list(type_):
        return f"fixed_size_list<{child(type_.value_field, path)}, {type_.list_size}>"
    if kinds.is_list(type_):
        return f"{str(type_).split('<')[0]}<{child(type_.value_field, path)}>"
    if pa.types.is_map(type_):
        return f"map<{kinds.spell(type_.key_type)}, {child(type_.item_field, join(path, 'value'))}>"
    return kinds.spell(type_)
