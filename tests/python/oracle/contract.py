"""Contracts: what is declared, what a file of it may look like, and what its rows then read as."""

from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa

from . import kinds, values
from .dice import Dice

ROW = "row_id"


@dataclass
class Contract:
    """A dataset of the spec language: `columns` with defaults and former names, by path."""

    columns: list[pa.Field]
    defaults: dict[str, object] = field(default_factory=dict)
    # As specs have them: the path in the file, and the new name.
    renames: dict[str, str] = field(default_factory=dict)
    partitions: list[str] = field(default_factory=list)

    def schema(self) -> pa.Schema:
        return pa.schema(self.columns)

    def type(self) -> pa.StructType:
        return pa.struct(self.columns)

    def rows(self, table: pa.Table, carried: dict[str, object] | None = None) -> list[dict]:
        """The rows of one file as the contract reads them. `carried` are the columns that folders or a log carry."""
        carried = carried or {}
        found = pa.struct([field for field in table.schema if field.name not in carried])
        declared = pa.struct([field for field in self.columns if field.name not in carried])
        columns = [values.plain(table.column(field.name)) for field in kinds.fields(found)]
        names = [field.name for field in kinds.fields(found)]
        rows = []
        for row in zip(*columns, strict=True) if columns else [()] * table.num_rows:
            read = self.conformed(dict(zip(names, row, strict=True)), found, declared, "", "") | carried
            rows.append({field.name: read[field.name] for field in self.columns})
        return rows

    def conformed(self, value: object, found: pa.DataType, declared: pa.DataType, path: str, stored: str) -> object:
        """A value of a file of the type `found` as the contract reads it, at its path in the contract and in the file."""
        if value is None:
            return None
        if pa.types.is_struct(declared):
            names = {field.name: field.type for field in kinds.fields(found)}
            read = {}
            for child in kinds.fields(declared):
                below = join(path, child.name)
                name = self.found(names, declared, child.name, stored)
                if name is None:
                    read[child.name] = self.defaults.get(below)
                else:
                    inside = join(stored, name)
                    read[child.name] = self.conformed(value[name], names[name], child.type, below, inside)
            return read
        if kinds.is_list(declared):
            return [self.conformed(item, found.value_type, declared.value_type, path, stored) for item in value]
        if pa.types.is_map(declared):
            return [
                (
                    self.conformed(key, found.key_type, declared.key_type, join(path, "key"), join(stored, "key")),
                    self.conformed(item, found.item_type, declared.item_type, join(path, "value"), join(stored, "value")),
                )
                for key, item in value
            ]
        return converted(value, found, declared)

    def found(self, names: dict[str, pa.DataType], declared: pa.StructType, name: str, stored: str) -> str | None:
        """What a file calls the field `name`; None where it lacks it."""
        if name in names:
            return name
        known = {field.name for field in kinds.fields(declared)}
        return next((old for old in names if old not in known and self.renames.get(join(stored, old)) == name), None)


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def converted(value: object, found: pa.DataType, declared: pa.DataType) -> object:
    """A value of one type as one of another that holds all of its values."""
    types = pa.types
    if types.is_dictionary(declared):
        return converted(value, found, declared.value_type)
    if types.is_date64(declared) and types.is_date32(found):
        return value * 86_400_000
    if types.is_temporal(declared) and not types.is_date(declared) and found.unit != declared.unit:
        return value * (values.PER_SECOND[declared.unit] // values.PER_SECOND[found.unit])
    if types.is_integer(found) and types.is_floating(declared):
        return float(value)
    if types.is_integer(found) and types.is_decimal(declared):
        return Decimal(value)
    return value


def random_contract(dice: Dice, writer: str) -> Contract:
    """One to five columns beside `row_id`, which tells rows apart."""
    depth = dice.either(1, 2, 2, 3)
    columns = kinds.random_fields(dice, writer, depth, dice.randint(1, 5))
    columns.insert(dice.either(0, 0, len(columns)), pa.field(ROW, pa.int64(), dice.one_in(4)))
    contract = Contract(columns)
    decorate(dice, contract, contract.type(), "", "")
    return contract


def decorate(dice: Dice, contract: Contract, type_: pa.DataType, path: str, stored: str) -> None:
    """Gives some fields a default or a former name."""
    if pa.types.is_struct(type_):
        for child in kinds.fields(type_):
            below, renamed = join(path, child.name), None
            if child.name != ROW and dice.one_in(8):
                renamed = join(stored, f"old_{child.name}")
                contract.renames[renamed] = child.name
            if dice.one_in(6) and (default := some_default(dice, child.type)) is not None:
                contract.defaults[below] = default
            decorate(dice, contract, child.type, below, join(stored, child.name))
    elif kinds.is_list(type_):
        decorate(dice, contract, type_.value_type, path, stored)
    elif pa.types.is_map(type_):
        decorate(dice, contract, type_.item_type, join(path, "value"), join(stored, "value"))


def some_default(dice: Dice, type_: pa.DataType) -> object:
    if pa.types.is_integer(type_):
        return dice.either(0, 5, 42)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return dice.either("", "none", "it's")
    return dice.either(True, False) if pa.types.is_boolean(type_) else None


@dataclass
class Drift:
    """Makes the type of a file from the contract's: what evolution allows."""

    dice: Dice
    contract: Contract
    writer: str
    # Whether columns and fields are left out, added, moved, renamed and narrowed, and not only marked otherwise.
    far: bool

    def columns(self, carried: set[str]) -> list[pa.Field]:
        """Nullable where the file's values may be NULL."""
        declared = [field for field in self.contract.columns if field.name not in carried]
        return self.fields(declared, "", "")

    def fields(self, declared: list[pa.Field], path: str, stored: str) -> list[pa.Field]:
        dice, found = self.dice, []
        for child in declared:
            below = join(path, child.name)
            # deltalake stores NULL for what an appended table lacks, and again for what a file lacks whose rows it writes once more.
            lacking = child.nullable or (below in self.contract.defaults and self.writer != "deltalake")
            if self.far and lacking and child.name != ROW and dice.one_in(7):
                continue
            name = child.name
            known = self.contract.renames.get(join(stored, f"old_{name}")) == name
            # Their logs have names of their own.
            if self.far and known and self.writer not in ("deltalake", "mapped") and dice.one_in(2):
                name = f"old_{name}"
            nullable = child.nullable and dice.randrange(5) > 0
            # A file whose rows have no number tells nothing apart.
            child_type = child.type if child.name == ROW else self.type(child.type, below, join(stored, name), child.nullable)
            found.append(kinds.field_of(name, child_type, nullable))
        if (self.far and dice.one_in(6)) or not found:
            found.append(pa.field("extra", dice.either(pa.string(), pa.int64()), True))
        if self.far and dice.one_in(3):
            dice.shuffle(found)
        return found

    def type(self, declared: pa.DataType, path: str, stored: str, nullable: bool) -> pa.DataType:
        types = pa.types
        if nullable and self.far and self.writer == "pyarrow" and self.dice.one_in(20):
            return pa.null()
        if types.is_struct(declared):
            return pa.struct(self.fields(kinds.fields(declared), path, stored))
        if kinds.is_list(declared):
            child = self.child(declared.value_field, path, stored)
            return (
                list_kind(self.dice, declared, child) if self.far and self.writer == "pyarrow" else kinds.list_of(declared, child)
            )
        if types.is_map(declared):
            return pa.map_(
                pa.field("key", declared.key_type, False),
                self.child(declared.item_field, join(path, "value"), join(stored, "value")),
            )
        return self.narrower(declared, nullable) if self.far and self.dice.one_in(4) else declared

    def child(self, declared: pa.Field, path: str, stored: str) -> pa.Field:
        nullable = declared.nullable and self.dice.randrange(5) > 0
        return kinds.field_of(declared.name, self.type(declared.type, path, stored, declared.nullable), nullable)

    def narrower(self, declared: pa.DataType, nullable: bool) -> pa.DataType:
        """A type whose values the declared one holds, and that the writer stores."""
        known = kinds.leaves(self.writer)
        options = [option for option in narrower_types(declared) if option in known]
        # See `kinds.field_of`.
        options = [option for option in options if nullable or not pa.types.is_dictionary(option)]
        return self.dice.choice(options) if options else declared


def list_kind(dice: Dice, declared: pa.DataType, child: pa.Field) -> pa.DataType:
    """A list of any kind that is read as the declared one. Only a list of that size is read as one of a fixed size."""
    if pa.types.is_fixed_size_list(declared) or dice.randrange(3) > 0:
        return kinds.list_of(declared, child)
    options = [pa.list_(child), pa.large_list(child), pa.list_view(child)]
    return dice.choice([*options, pa.list_(child, 2)])


def narrower_types(declared: pa.DataType) -> list[pa.DataType]:
    types = pa.types
    found = []
    if types.is_integer(declared):
        low, high = values.integers(declared)
        for other in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()):
            bounds = values.integers(other)
            if low <= bounds[0] and bounds[1] <= high:
                found.append(other)
    elif types.is_float64(declared):
        found += [pa.float32(), pa.float16(), pa.int32(), pa.int16(), pa.uint32()]
    elif types.is_float32(declared):
        found += [pa.float16(), pa.int16(), pa.uint8()]
    elif types.is_dictionary(declared) or is_text(declared):
        found += [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    elif types.is_large_binary(declared) or types.is_binary(declared) or types.is_binary_view(declared):
        found += [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(5)]
    elif types.is_decimal(declared) and declared.precision >= 18:
        found += [pa.decimal128(9, 2), pa.decimal32(7, 3)] if declared.scale >= 3 else []
    elif types.is_timestamp(declared):
        # One that holds the years of every unit but nanoseconds is read as microseconds or less.
        finer = {"us": ["ms"], "ms": [], "ns": []}[declared.unit]
        found += [pa.timestamp(unit, declared.tz) for unit in finer]
    elif types.is_time64(declared):
        found += [pa.time32("ms")] + ([pa.time64("us")] if declared.unit == "ns" else [])
    elif types.is_date64(declared):
        found.append(pa.date32())
    return found


def is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
