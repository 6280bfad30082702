"""Plain values: what Arrow arrays hold, without their types.

Temporal values are the integers that are stored, maps are lists of pairs, structs are dictionaries; NULL is None. So two arrays hold the
same where their plain values are equal, whichever types store them.
"""

import decimal
import math
from decimal import Decimal

import pyarrow as pa

from . import kinds
from .dice import Dice

TEXTS = [
    "",
    "x",
    "name",
    "attribute",
    "None",
    "NULL",
    "a:b",
    "\x1f",
    "größe",
    "🦀",
    "été",
    "ete",
    "critical",
    "it's",
    '"',
    "\n",
    "z" * 70,
]
NUMBERS = [0, 1, -1, 2, 3, 7, 100]
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# Decimals of up to 76 digits.
CONTEXT = decimal.Context(prec=100)
FLOATS = [0.0, 1.5, -2.25, 1e30, math.inf, -math.inf, math.nan, 3.0]


def integers(type_: pa.DataType) -> tuple[int, int] | None:
    """The least and the greatest value of an integer type."""
    if not pa.types.is_integer(type_):
        return None
    bits = type_.bit_width
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if pa.types.is_signed_integer(type_) else (0, (1 << bits) - 1)


def some(dice: Dice, type_: pa.DataType, nullable: bool) -> object:
    """A value of a type; one in five is NULL where it may be."""
    types = pa.types
    if types.is_null(type_) or (nullable and dice.randrange(5) == 0):
        return None
    if types.is_struct(type_):
        return {field.name: some(dice, field.type, field.nullable) for field in kinds.fields(type_)}
    if kinds.is_list(type_):
        length = type_.list_size if types.is_fixed_size_list(type_) else dice.either(0, 0, 1, 1, 2, 3)
        return [some(dice, type_.value_type, type_.value_field.nullable) for _ in range(length)]
    if types.is_map(type_):
        keys = {some(dice, type_.key_type, False): None for _ in range(dice.either(0, 1, 1, 2, 3))}
        return [(key, some(dice, type_.item_type, type_.item_field.nullable)) for key in keys]
    return leaf(dice, type_)


def leaf(dice: Dice, type_: pa.DataType) -> object:
    types = pa.types
    if types.is_dictionary(type_):
        return leaf(dice, type_.value_type)
    if types.is_boolean(type_):
        return dice.either(True, False)
    if (bounds := integers(type_)) is not None:
        small = [number for number in NUMBERS if bounds[0] <= number <= bounds[1]]
        return dice.choice(bounds) if dice.one_in(8) else dice.choice(small)
    if types.is_floating(type_):
        value = dice.choice(FLOATS)
        return value if types.is_float64(type_) or not math.isfinite(value) else float(int(value) % 1000) + 0.5
    if types.is_decimal(type_):
        digits = dice.choice([1, 2, type_.precision])
        unscaled = dice.randrange(-(10**digits) + 1, 10**digits)
        return Decimal(unscaled).scaleb(-type_.scale, CONTEXT)
    if types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_):
        return dice.choice(TEXTS)
    if types.is_fixed_size_binary(type_):
        return bytes(dice.either(0, 1, 127, 128, 255) for _ in range(type_.byte_width))
    if types.is_binary(type_) or types.is_large_binary(type_) or types.is_binary_view(type_):
        return bytes(dice.either(0, 1, 127, 128, 195, 255) for _ in range(dice.either(0, 1, 3, 20)))
    if types.is_date64(type_):
        return dice.randrange(-30000, 40000) * 86_400_000
    if types.is_date(type_):
        return dice.either(0, -719162, 2932896, 19000, 19001, dice.randrange(-30000, 40000))
    if types.is_time(type_):
        return dice.either(0, 1, dice.randrange(86_400 * PER_SECOND[type_.unit]))
    if types.is_timestamp(type_):
        # From 1900 to 2200, which every unit holds; 0001-01-01 and 9999-12-31 where the unit holds them too.
        far = [] if type_.unit == "ns" else [-62135596800, 253402214400]
        seconds = dice.choice([0, 1_700_000_000, dice.randrange(-2_208_988_800, 7_258_118_400), *far])
        return seconds * PER_SECOND[type_.unit] + dice.either(0, 0, 1, 123) % PER_SECOND[type_.unit]
    if types.is_duration(type_):
        return dice.either(0, 1, -1, 86_400, 1_000_000_007)
    raise TypeError(f"no values of {type_}")


def array(values: list, type_: pa.DataType) -> pa.Array:
    """Plain values as an array."""
    if any(map(pa.types.is_dictionary, kinds.below(type_))):
        # Below a NULL, pyarrow puts the index 0, which is none of a dictionary without values: one more row gives it one.
        return pa.array([*values, full(type_)], type_)[:-1]
    return pa.array(values, type_)


def full(type_: pa.DataType) -> object:
    """A value with something in everything that is nested."""
    if pa.types.is_struct(type_):
        return {field.name: full(field.type) for field in kinds.fields(type_)}
    if kinds.is_list(type_):
        return [full(type_.value_type)] * (type_.list_size if pa.types.is_fixed_size_list(type_) else 1)
    if pa.types.is_map(type_):
        return [(leaf(Dice(0), type_.key_type), full(type_.item_type))]
    return None if pa.types.is_null(type_) else leaf(Dice(0), type_)


def plain(array_: pa.Array | pa.ChunkedArray) -> list:
    """The plain values of an array."""
    if isinstance(array_, pa.ChunkedArray):
        return [value for chunk in array_.chunks for value in plain(chunk)]
    type_, types = array_.type, pa.types
    if types.is_dictionary(type_):
        # pyarrow decodes no NULLs of a dictionary without values.
        return plain(array_.dictionary_decode()) if len(array_.dictionary) else [None] * len(array_)
    if types.is_struct(type_):
        names = [field.name for field in kinds.fields(type_)]
        columns = [plain(array_.field(index)) for index in range(type_.num_fields)]
        rows = zip(*columns, strict=True) if columns else [()] * len(array_)
        present = array_.is_valid().to_pylist()
        return [dict(zip(names, row, strict=True)) if there else None for row, there in zip(rows, present, strict=True)]
    if types.is_map(type_):
        pairs = list(zip(plain(array_.keys), plain(array_.items), strict=True))
        return sliced(array_, pairs, array_.offsets.to_pylist())
    if types.is_fixed_size_list(type_):
        items, size, first = plain(array_.values), type_.list_size, array_.offset
        present = array_.is_valid().to_pylist()
        return [items[(first + row) * size : (first + row + 1) * size] if there else None for row, there in enumerate(present)]
    if types.is_list_view(type_) or types.is_large_list_view(type_):
        items, present = plain(array_.values), array_.is_valid().to_pylist()
        places = zip(array_.offsets.to_pylist(), array_.sizes.to_pylist(), present, strict=True)
        return [items[offset : offset + size] if there else None for offset, size, there in places]
    if kinds.is_list(type_):
        return sliced(array_, plain(array_.values), array_.offsets.to_pylist())
    if types.is_float16(type_):
        return array_.cast(pa.float32()).to_pylist()
    if types.is_temporal(type_) and not types.is_interval(type_):
        return array_.view(pa.int32() if type_.bit_width == 32 else pa.int64()).to_pylist()
    return array_.to_pylist()


def sliced(array_: pa.Array, items: list, offsets: list[int]) -> list:
    present = array_.is_valid().to_pylist()
    return [items[offsets[row] : offsets[row + 1]] if there else None for row, there in enumerate(present)]


def same(one: object, other: object) -> bool:
    """Whether two plain values are one: NaN is NaN, and 0.0 is not -0.0."""
    if isinstance(one, float) and isinstance(other, float):
        return (one == other and math.copysign(1, one) == math.copysign(1, other)) or (one != one and other != other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other
