"""Arrow types: random ones, how the spec language spells them, and what files may hold where a contract has them.

A type's `nullable` marks say where NULLs may be. What a *file* marks as nullable may be more than that: see `relaxed`.
"""

import pyarrow as pa

from .dice import Dice

UTC = "UTC"

# Types of single values that every writer stores as they are.
COMMON = [
    pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    pa.float32(), pa.float64(), pa.string(), pa.string(), pa.string(), pa.binary(), pa.date32(),
    pa.decimal128(9, 2), pa.decimal128(18, 4), pa.decimal128(38, 10),
    pa.timestamp("us"), pa.timestamp("us", UTC),
]  # fmt: skip

# What each writer stores beside these.
MORE = {
    "pyarrow": [
        pa.float16(), pa.large_string(), pa.string_view(), pa.large_binary(), pa.binary_view(), pa.binary(5),
        pa.date64(), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("ms"), pa.timestamp("ns"),
        pa.timestamp("ns", UTC), pa.timestamp("ms", "Europe/Vienna"), pa.timestamp("us", "+05:30"),
        pa.duration("s"), pa.duration("ms"), pa.duration("us"), pa.duration("ns"),
        pa.decimal32(7, 3), pa.decimal64(15, 0), pa.decimal256(50, 8), pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.string()), pa.null(),
    ],
    "duckdb": [pa.timestamp("ms"), pa.timestamp("ns")],
    "polars": [pa.timestamp("ms"), pa.timestamp("ns"), pa.time64("ns"), pa.large_string()],
    "deltalake": [pa.timestamp("us", UTC), pa.timestamp("us", UTC)],
    "legacy": [pa.timestamp("ms", UTC), pa.timestamp("us", UTC), pa.timestamp("ns"), pa.binary(4)],
}  # fmt: skip

# Types that a writer does not store as they are.
NEVER = {
    "deltalake": [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.timestamp("us")],
    "legacy": [pa.timestamp("us")],
}

# Which nested types a writer can store. Required fields inside are stored as such by pyarrow and by the legacy writer.
NESTED = {
    "pyarrow": ["struct", "struct", "list", "list", "large_list", "list_view", "fixed_size_list", "map"],
    "duckdb": ["struct", "list", "map"],
    "polars": ["struct", "large_list", "fixed_size_list"],
    "deltalake": ["struct", "list", "map"],
    "legacy": ["struct", "struct", "list", "list", "map"],
}

for known in (MORE, NEVER, NESTED):
    known["hand"] = known["mapped"] = known["deltalake"]

# Few, so that one name stands at several depths.
NAMES = ["name", "kind", "span", "origin", "attrs", "items", "owner", "note", "place", "score"]

KEYS = [pa.string(), pa.string(), pa.int64(), pa.int32()]


def leaves(writer: str) -> list[pa.DataType]:
    never = NEVER.get(writer, [])
    return [type_ for type_ in COMMON if type_ not in never] + MORE.get(writer, [])


def random_type(dice: Dice, writer: str, depth: int) -> pa.DataType:
    """A type of at most `depth` levels of nesting."""
    if depth == 0 or dice.randrange(10) < 4:
        return dice.choice(leaves(writer))
    inside = depth - 1
    match dice.choice(NESTED[writer]):
        case "struct":
            return pa.struct(random_fields(dice, writer, inside, dice.randint(1, 4)))
        case "list":
            return pa.list_(item(dice, writer, inside))
        case "large_list":
            return pa.large_list(item(dice, writer, inside))
        case "list_view":
            return pa.list_view(item(dice, writer, inside))
        case "fixed_size_list":
            return pa.list_(item(dice, writer, inside), dice.randint(1, 3))
        case _:
            value = field_of("value", random_type(dice, writer, inside), dice.randrange(4) > 0)
            return pa.map_(pa.field("key", dice.choice(KEYS), False), value)


def field_of(name: str, type_: pa.DataType, nullable: bool) -> pa.Field:
    """A field, nullable in any case where its type has nothing but NULLs, or where pyarrow makes no required array of it: below a NULL
    struct, the indices of a required dictionary may point nowhere."""
    return pa.field(name, type_, nullable or pa.types.is_null(type_) or pa.types.is_dictionary(type_))


def item(dice: Dice, writer: str, depth: int) -> pa.Field:
    return field_of("item", random_type(dice, writer, depth), dice.randrange(4) > 0)


def random_fields(dice: Dice, writer: str, depth: int, count: int) -> list[pa.Field]:
    names = dice.sample(NAMES, count)
    return [field_of(name, random_type(dice, writer, depth), dice.randrange(4) > 0) for name in names]


def is_list(type_: pa.DataType) -> bool:
    """A list of any kind."""
    types = pa.types
    return (
        types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_)
        or types.is_list_view(type_) or types.is_large_list_view(type_)
    )  # fmt: skip


def is_nested(type_: pa.DataType) -> bool:
    return is_list(type_) or pa.types.is_struct(type_) or pa.types.is_map(type_)


def fields(type_: pa.StructType) -> list[pa.Field]:
    return [type_.field(index) for index in range(type_.num_fields)]


def list_of(like: pa.DataType, child: pa.Field) -> pa.DataType:
    """A list of the kind of `like`, of other elements."""
    types = pa.types
    if types.is_large_list(like):
        return pa.large_list(child)
    if types.is_fixed_size_list(like):
        return pa.list_(child, like.list_size)
    if types.is_list_view(like):
        return pa.list_view(child)
    if types.is_large_list_view(like):
        return pa.large_list_view(child)
    return pa.list_(child)


def relaxed(dice: Dice, type_: pa.DataType) -> pa.DataType:
    """`type_` with some of what is required marked as nullable, and list children named as writers do."""
    if pa.types.is_struct(type_):
        return pa.struct([relaxed_field(dice, field) for field in fields(type_)])
    if is_list(type_):
        child = relaxed_field(dice, type_.value_field).with_name(dice.either("item", "element", "array", "bag"))
        return list_of(type_, child)
    if pa.types.is_map(type_):
        key = pa.field("key", relaxed(dice, type_.key_type), False)
        return pa.map_(key, relaxed_field(dice, type_.item_field))
    return type_


def relaxed_field(dice: Dice, field: pa.Field) -> pa.Field:
    return pa.field(field.name, relaxed(dice, field.type), field.nullable or dice.randrange(2) == 0)


WORDS = {
    "halffloat": "float16", "float": "float32", "double": "float64", "string": "utf8", "large_string": "large_utf8",
    "string_view": "utf8_view", "date32[day]": "date32", "date64[ms]": "date64",
}  # fmt: skip


def spell(type_: pa.DataType) -> str:
    """A type without children as the spec language spells it."""
    types, text = pa.types, str(type_)
    if types.is_dictionary(type_):
        return f"dictionary<{spell(type_.index_type)}, {spell(type_.value_type)}>"
    if types.is_timestamp(type_):
        return f"timestamp({type_.unit}, {type_.tz})" if type_.tz else f"timestamp({type_.unit})"
    if types.is_fixed_size_binary(type_) and not types.is_decimal(type_):
        return f"fixed_size_binary({type_.byte_width})"
    if types.is_time(type_) or types.is_duration(type_):
        return text.replace("[", "(").replace("]", ")")
    return WORDS.get(text, text)


def below(type_: pa.DataType) -> list[pa.DataType]:
    return [type_, *(found for index in range(type_.num_fields) for found in below(type_.field(index).type))]


def int96_unit(schema: pa.Schema) -> str | None:
    """The unit that all timestamps have: then a file may store them as int96, which holds none, and is read as of that unit."""
    units = {type_.unit for field in schema for type_ in below(field.type) if pa.types.is_timestamp(type_)}
    return units.pop() if len(units) == 1 else None
