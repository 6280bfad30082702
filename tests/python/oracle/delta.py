"""Delta tables: those that deltalake writes, and logs by hand for what it cannot write."""

import json
import struct
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from . import hive, kinds, values
from .contract import ROW, Contract
from .dice import Dice
from .files import random_table, read, storing, written

# Types that the log has partition values of.
KEYS = [pa.string(), pa.string(), pa.int64(), pa.int32(), pa.date32(), pa.bool_()]


def by_deltalake(dice: Dice, contract: Contract, folder: Path, recipe: list[str]) -> list[dict]:
    """Appended tables with merged schemas, of which rows are deleted again."""
    first, keys = 0, contract.partitions
    types = {field.name: field.type for field in contract.columns}
    nullable = {field.name: field.nullable for field in contract.columns}
    for number in range(dice.randint(1, 3)):
        table = random_table(dice, contract, "deltalake", number > 0, first, set(keys))
        first += table.num_rows
        for name in keys:
            data = [hive.random_key(dice, types[name], nullable[name]) for _ in range(table.num_rows)]
            table = table.append_column(pa.field(name, types[name]), values.array(data, types[name]))
        with storing("deltalake"):
            write_deltalake(folder, table, mode="append", schema_mode="merge" if number else None, partition_by=keys or None)
        recipe.append(f"appended:\n{table.schema.to_string(show_field_metadata=False)}")
    table = DeltaTable(folder)
    if first and dice.one_in(3):
        predicate = f"{ROW} {dice.either('=', '<')} {dice.randrange(first)}"
        with storing("deltalake"):
            table.delete(predicate)
        recipe.append(f"deleted: {predicate}")
    if dice.one_in(4):
        table.create_checkpoint()
        recipe.append("a checkpoint")
    rows = []
    actions = pa.table(table.get_add_actions(flatten=True))
    for action in actions.to_pylist():
        carried = {name: key_of(action[f"partition.{name}"], types[name]) for name in keys}
        rows += contract.rows(read(folder / unquote(action["path"]), contract.schema()), carried)
    # Files have random names, and a seed asks the same again.
    return hive.by_row(rows)


def key_of(value: object, type_: pa.DataType) -> object:
    """A key as a plain value."""
    return None if value is None else values.plain(pa.array([value], type_))[0]


def by_hand(dice: Dice, contract: Contract, folder: Path, recipe: list[str], mapped: bool) -> Iterator[dict]:
    """A log of one version over files that pyarrow wrote, with deletion vectors, or with names that are mapped."""
    types = {field.name: field.type for field in contract.columns}
    nullable = {field.name: field.nullable for field in contract.columns}
    mapping = Mapping(dice) if mapped else None
    table_schema = {"type": "struct", "fields": [log_field(field, mapping, "") for field in contract.columns]}
    adds, first = [], 0
    for number in range(dice.randint(1, 3)):
        keys = {name: hive.random_key(dice, types[name], nullable[name]) for name in contract.partitions}
        far = number > 0 and dice.one_in(2)
        table = random_table(dice, contract, "mapped" if mapped else "hand", far, first, set(keys))
        first += table.num_rows
        stored = mapping.table(table) if mapping else table
        path = folder / f"{number} é.parquet"
        recipe.append(written(dice, "pyarrow", stored, path))
        texts = {name: None if key is None else hive.text_of(key, types[name]) for name, key in keys.items()}
        add = {
            "path": quote(path.name),
            "partitionValues": {mapping.physical(name) if mapping else name: text for name, text in texts.items()},
            "size": path.stat().st_size,
            "modificationTime": 0,
            "dataChange": True,
            "stats": json.dumps({"numRecords": table.num_rows}),
        }
        back = read(path, stored.schema)
        rows = contract.rows(mapping.back(back) if mapping else back, keys)
        if not mapped and table.num_rows and dice.randrange(4) > 0:
            gone = sorted(dice.sample(range(table.num_rows), dice.randint(1, table.num_rows)))
            add["deletionVector"] = deletion_vector(dice, folder, gone)
            recipe.append(f"without its rows {gone}")
            rows = [row for index, row in enumerate(rows) if index not in gone]
        adds.append({"add": add})
        yield from rows
    features = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors"],
        "writerFeatures": ["deletionVectors"],
    }
    protocol = {"minReaderVersion": 2, "minWriterVersion": 5} if mapped else features
    config = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": str(mapping.last)} if mapped else {}
    meta = {
        "id": str(uuid.UUID(int=dice.getrandbits(128))), "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(table_schema), "partitionColumns": contract.partitions, "configuration": config,
    }  # fmt: skip
    log = folder / "_delta_log"
    log.mkdir(parents=True)
    lines = [{"protocol": protocol}, {"metaData": meta}, *adds]
    (log / f"{0:020}.json").write_text("".join(json.dumps(line) + "\n" for line in lines))


class Mapping:
    """Physical names of columns and of fields at any depth, as Delta's column mapping has them."""

    def __init__(self, dice: Dice) -> None:
        self.last = 0
        self.dice = dice
        self.names: dict[str, str] = {}

    def physical(self, name: str) -> str:
        return self.names.setdefault(name, f"col-{uuid.UUID(int=self.dice.getrandbits(128))}")

    def metadata(self, name: str) -> dict:
        self.last += 1
        return {"delta.columnMapping.id": self.last, "delta.columnMapping.physicalName": self.physical(name)}

    def table(self, table: pa.Table) -> pa.Table:
        return self.renamed(table, self.physical)

    def back(self, table: pa.Table) -> pa.Table:
        logical = {physical: name for name, physical in self.names.items()}
        return self.renamed(table, lambda name: logical[name])

    def renamed(self, table: pa.Table, rename: object) -> pa.Table:
        """The same rows under other names at every depth."""
        fields = [pa.field(rename(field.name), renamed_type(field.type, rename), field.nullable) for field in table.schema]
        columns = []
        for column, field in zip(table.columns, fields, strict=True):
            one = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
            columns.append(values.array(renamed_values(values.plain(one), one.type, rename), field.type))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def renamed_type(type_: pa.DataType, rename: object) -> pa.DataType:
    if pa.types.is_struct(type_):
        return pa.struct(
            [pa.field(rename(field.name), renamed_type(field.type, rename), field.nullable) for field in kinds.fields(type_)]
        )
    if kinds.is_list(type_):
        return kinds.list_of(type_, type_.value_field.with_type(renamed_type(type_.value_type, rename)))
    if pa.types.is_map(type_):
        return pa.map_(type_.key_field, type_.item_field.with_type(renamed_type(type_.item_type, rename)))
    return type_


def renamed_values(found: list, type_: pa.DataType, rename: object) -> list:
    return [renamed_value(value, type_, rename) for value in found]


def renamed_value(value: object, type_: pa.DataType, rename: object) -> object:
    if value is None:
        return None
    if pa.types.is_struct(type_):
        return {rename(field.name): renamed_value(value[field.name], field.type, rename) for field in kinds.fields(type_)}
    if kinds.is_list(type_):
        return renamed_values(value, type_.value_type, rename)
    if pa.types.is_map(type_):
        return [(key, renamed_value(item, type_.item_type, rename)) for key, item in value]
    return value


WORDS = {
    "bool": "boolean", "int8": "byte", "int16": "short", "int32": "integer", "int64": "long", "float": "float",
    "double": "double", "string": "string", "large_string": "string", "binary": "binary", "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp",
}  # fmt: skip


def log_field(field: pa.Field, mapping: Mapping | None, path: str) -> dict:
    metadata = mapping.metadata(field.name) if mapping else {}
    return {"name": field.name, "type": log_type(field.type, mapping, path), "nullable": True, "metadata": metadata}


def log_type(type_: pa.DataType, mapping: Mapping | None, path: str) -> object:
    if pa.types.is_struct(type_):
        return {"type": "struct", "fields": [log_field(field, mapping, path) for field in kinds.fields(type_)]}
    if kinds.is_list(type_):
        return {"type": "array", "elementType": log_type(type_.value_type, mapping, path), "containsNull": True}
    if pa.types.is_map(type_):
        key, value = log_type(type_.key_type, mapping, path), log_type(type_.item_type, mapping, path)
        return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    return WORDS[str(type_)]


def deletion_vector(dice: Dice, folder: Path, rows: list[int]) -> dict:
    """Deleted rows, in the log itself or in a file beside it."""
    container = struct.pack("<HH", 0, len(rows) - 1)
    bitmap = struct.pack("<IQIII", 1_681_511_377, 1, 0, 12_346, 1) + container + struct.pack("<I", 16)
    bitmap += b"".join(struct.pack("<H", row) for row in rows)
    described = {"sizeInBytes": len(bitmap), "cardinality": len(rows)}
    if dice.one_in(2):
        return {"storageType": "i", "pathOrInlineDv": z85(bitmap), **described}
    identity = uuid.UUID(int=dice.getrandbits(128))
    (folder / f"deletion_vector_{identity}.bin").write_bytes(
        b"\x01" + struct.pack(">I", len(bitmap)) + bitmap + struct.pack(">I", zlib.crc32(bitmap))
    )
    return {"storageType": "u", "pathOrInlineDv": z85(identity.bytes), "offset": 1, **described}


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85(data: bytes) -> str:
    """Bytes as text: four of them are five digits of base 85."""
    text = ""
    for start in range(0, len(data), 4):
        (number,) = struct.unpack(">I", data[start : start + 4].ljust(4, b"\0"))
        text += "".join(DIGITS[number // 85**power % 85] for power in range(4, -1, -1))
    return text
