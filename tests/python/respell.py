"""Writes the rows of one Parquet file again, as other programs would spell the same schema.

    python respell.py SAMPLE OUT

OUT gets one file per spelling, with the same rows in the same order:

- `roundtrip.parquet`: read and written by pyarrow, which names a map's entries after its column and list children `element`
- `item.parquet`: list children named `item`, in the file too
- `nullable.parquet`: every nested field nullable, and no field metadata at any depth
- `plain_schema.parquet`: no Arrow schema stored, so that a reader sees what Parquet itself says: map entries are `key_value`
- `reordered.parquet`: the columns, and the fields of every struct, in reverse order
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def respell(type_: pa.DataType, item: str | None, nullable: bool, reverse: bool) -> pa.DataType:
    """`type_` with other names of children, all children nullable or none changed, and struct fields reversed or not."""

    def child(field: pa.Field, name: str | None = None) -> pa.Field:
        inner = respell(field.type, item, nullable, reverse)
        return pa.field(name or field.name, inner, field.nullable or nullable, None if nullable else field.metadata)

    if pa.types.is_struct(type_):
        fields = [child(type_.field(index)) for index in range(type_.num_fields)]
        return pa.struct(fields[::-1] if reverse else fields)
    if pa.types.is_list(type_):
        return pa.list_(child(type_.value_field, item))
    if pa.types.is_map(type_):
        return pa.map_(
            pa.field("key", type_.key_type, nullable=False),
            pa.field("value", type_.item_type, nullable=True),
        )
    return type_


def rebuild(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """`array` as `type_`, children taken by name."""
    if pa.types.is_struct(type_):
        fields = [type_.field(index) for index in range(type_.num_fields)]
        children = [rebuild(array.field(field.name), field.type) for field in fields]
        return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null())
    if pa.types.is_list(type_):
        values = rebuild(array.values, type_.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=type_, mask=array.is_null())
    return array if array.type == type_ else array.cast(type_)


def rewritten(table: pa.Table, **how) -> pa.Table:
    """`table` with every column respelled."""
    fields, columns = [], []
    for field in table.schema:
        type_ = respell(field.type, **how)
        metadata = None if how["nullable"] else field.metadata
        fields.append(pa.field(field.name, type_, field.nullable, metadata))
        columns.append(rebuild(table[field.name].combine_chunks(), type_))
    if how["reverse"]:
        fields, columns = fields[::-1], columns[::-1]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=table.schema.metadata))


def main() -> None:
    sample, out = Path(sys.argv[1]), Path(sys.argv[2])
    table = pq.read_table(sample)
    plain = dict(item=None, nullable=False, reverse=False)
    pq.write_table(table, out / "roundtrip.parquet")
    pq.write_table(rewritten(table, **{**plain, "item": "item"}), out / "item.parquet", use_compliant_nested_type=False)
    pq.write_table(rewritten(table, **{**plain, "nullable": True}), out / "nullable.parquet")
    pq.write_table(table, out / "plain_schema.parquet", store_schema=False)
    pq.write_table(rewritten(table, **{**plain, "reverse": True}), out / "reordered.parquet")


if __name__ == "__main__":
    main()
