"""A writer of Parquet files as older programs made them, byte by byte.

It stores what current writers no longer do: two-level lists, repeated fields without an annotation, element and entry groups of other
names, MAP_KEY_VALUE, int96, converted types without logical ones, and `min`/`max` statistics in the order of signed bytes. Pages are of
version 1, plain or with a dictionary, one row group after the other.
"""

import struct
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from . import kinds, values
from .dice import Dice
from .thrift import Struct, binary, i32, i64, listed, text

REQUIRED, OPTIONAL, REPEATED = range(3)
BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTES, FIXED = range(8)
UTF8, MAP, MAP_KEY_VALUE, LIST, _, DECIMAL, DATE = range(7)
TIMESTAMP_MILLIS, TIMESTAMP_MICROS = 9, 10
UINT_8 = 11
PLAIN, PLAIN_DICTIONARY, RLE = 0, 2, 3
JULIAN_EPOCH = 2_440_588


@dataclass
class Node:
    """A node of the Parquet schema. A leaf has a physical type; levels are those at which it is present. The length of an int96 is that
    of a unit of its values in nanoseconds."""

    name: str
    repetition: int
    physical: int | None = None
    length: int | None = None
    converted: int | None = None
    decimal: tuple[int, int] | None = None
    children: list["Node"] = field(default_factory=list)
    definition: int = 0
    level: int = 0
    # Of a leaf: what was shredded.
    slots: list[tuple[int, int, object]] = field(default_factory=list)

    def leaves(self, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], "Node"]]:
        here = (*path, self.name)
        return [(here, self)] if self.physical is not None else [leaf for child in self.children for leaf in child.leaves(here)]

    def settle(self, definition: int, level: int) -> None:
        self.definition = definition + (self.repetition != REQUIRED)
        self.level = level + (self.repetition == REPEATED)
        for child in self.children:
            child.settle(self.definition, self.level)


# Converted types of integers, by width and sign.
INTEGERS = {
    "int8": (INT32, 15), "int16": (INT32, 16), "int32": (INT32, None), "int64": (INT64, None),
    "uint8": (INT32, 11), "uint16": (INT32, 12), "uint32": (INT32, 13), "uint64": (INT64, 14),
}  # fmt: skip


@dataclass
class Writer:
    """Writes one table. Every choice of a form is drawn where it is made."""

    dice: Dice
    int96: bool
    forms: list[str] = field(default_factory=list)

    def form(self, *options: str) -> str:
        chosen = self.dice.choice(options)
        self.forms.append(chosen)
        return chosen

    def node(self, name: str, type_: pa.DataType, nullable: bool, member: bool = False) -> Node:
        """The node of a field. Only a column, or a member of a struct, may be a repeated node: in a list it would be taken for another."""
        repetition, types = OPTIONAL if nullable else REQUIRED, pa.types
        if types.is_struct(type_):
            inside = [self.node(child.name, child.type, child.nullable, member=True) for child in kinds.fields(type_)]
            return Node(name, repetition, children=inside)
        if types.is_list(type_):
            return self.list(name, type_.value_field, repetition, member)
        if types.is_map(type_):
            entries = self.form("map", "key_value", "entries")
            key = self.node("key", type_.key_type, False)
            value = self.node("value", type_.item_type, type_.item_field.nullable)
            middle = Node(entries, REPEATED, children=[key, value], converted=self.dice.either(None, MAP_KEY_VALUE))
            return Node(name, repetition, converted=self.dice.either(MAP, MAP_KEY_VALUE), children=[middle])
        return self.leaf(name, type_, repetition)

    def list(self, name: str, item: pa.Field, repetition: int, member: bool) -> Node:
        forms = ["list.element", "bag.array_element", "list.item", "array.array"]
        if not item.nullable:
            forms += ["two levels: array", "two levels: _tuple", "two levels: array"]
        if not item.nullable and repetition == REQUIRED and member:
            forms += ["repeated", "repeated"]
        form = self.form(*forms)
        if form == "repeated":
            node = self.node(name, item.type, False)
            # A list in a list, or a map in it, has a group of its own that cannot be repeated itself.
            if node.converted in (None, *SCALARS):
                node.repetition = REPEATED
                return node
            form = "list.element"
        if form.startswith("two levels"):
            called = "array" if form.endswith("array") else f"{name}_tuple"
            node = self.node(called, item.type, False)
            if node.converted in (None, *SCALARS):
                node.repetition = REPEATED
                return Node(name, repetition, converted=LIST, children=[node])
            form = "list.element"
        middle, last = form.split(".")
        element = self.node(last, item.type, item.nullable)
        # One field in a group called `array` would be the element itself.
        middle = "bag" if middle == "array" else middle
        return Node(name, repetition, converted=LIST, children=[Node(middle, REPEATED, children=[element])])

    def leaf(self, name: str, type_: pa.DataType, repetition: int) -> Node:
        types, known = pa.types, str(type_)
        if types.is_timestamp(type_):
            if self.int96 or type_.unit == "ns":
                return Node(name, repetition, INT96, length=values.PER_SECOND["ns"] // values.PER_SECOND[type_.unit])
            return Node(name, repetition, INT64, converted={"ms": TIMESTAMP_MILLIS, "us": TIMESTAMP_MICROS}[type_.unit])
        if known in INTEGERS:
            physical, converted = INTEGERS[known]
            return Node(name, repetition, physical, converted=converted)
        if types.is_decimal(type_):
            physical, length = self.decimal(type_.precision)
            return Node(name, repetition, physical, length, DECIMAL, (type_.precision, type_.scale))
        if types.is_fixed_size_binary(type_):
            return Node(name, repetition, FIXED, type_.byte_width)
        physical, converted = {
            "bool": (BOOLEAN, None), "float": (FLOAT, None), "double": (DOUBLE, None), "string": (BYTES, UTF8),
            "binary": (BYTES, None), "date32[day]": (INT32, DATE),
        }[known]  # fmt: skip
        return Node(name, repetition, physical, converted=converted)

    def decimal(self, precision: int) -> tuple[int, int | None]:
        options = [(FIXED, 16), (BYTES, None)]
        if precision <= 9:
            options.append((INT32, None))
        if precision <= 18:
            options.append((INT64, None))
        return self.dice.choice(options)

    def write(self, table: pa.Table, path: Path) -> str:
        root = Node("schema", REQUIRED, children=[self.node(f.name, f.type, f.nullable, member=True) for f in table.schema])
        root.settle(0, 0)
        columns = [values.plain(column) for column in table.columns]
        size = self.dice.either(1, 3, 100)
        created = ["parquet-mr version 1.8.1", "parquet-mr version 1.8.1 (build 4aba4da)", "impala version 2.3.0", None]
        options = {
            "codec": self.dice.either("none", "snappy"),
            "dictionary": self.dice.either(True, False),
            "statistics": self.dice.either("deprecated", "none"),
            "rows": size,
            "int96": self.int96,
            "created_by": self.dice.choice(created),
        }
        out = bytearray(b"PAR1")
        groups = []
        for start in range(0, table.num_rows, size):
            chunks, total = [], 0
            for node, column, field_ in zip(root.children, columns, table.schema, strict=True):
                for _, leaf in node.leaves():
                    leaf.slots = []
                for value in column[start : start + size]:
                    shred(node, field_.type, value, 0, 0)
                for place, leaf in node.leaves():
                    chunks.append(self.chunk(out, place, leaf, options))
            rows = min(size, table.num_rows - start)
            total = len(out)
            groups.append(Struct({1: listed(chunks), 2: i64(total), 3: i64(rows)}))
        elements: list[Struct] = []
        element(root, elements, top=True)
        footer = {1: i32(1), 2: listed(elements), 3: i64(table.num_rows), 4: listed(groups)}
        if options["created_by"]:
            footer[6] = text(options["created_by"])
        encoded = Struct(footer).encoded()
        out += encoded + struct.pack("<I", len(encoded)) + b"PAR1"
        path.write_bytes(out)
        return f"legacy {options} {sorted(set(self.forms))}"

    def chunk(self, out: bytearray, place: tuple[str, ...], leaf: Node, options: dict) -> Struct:
        """Appends the pages of a leaf, and returns what the footer says of them."""
        held = [value for definition, _, value in leaf.slots if definition == leaf.definition]
        start, dictionary = len(out), None
        if options["dictionary"] and held and leaf.physical != BOOLEAN:
            distinct = list(dict.fromkeys(held))
            self.page(
                out,
                b"".join(plain(leaf, value) for value in distinct),
                Struct({1: i32(len(distinct)), 2: i32(PLAIN_DICTIONARY)}),
                2,
                options,
            )
            dictionary, start_of_data = start, len(out)
            places = {value: index for index, value in enumerate(distinct)}
            width = max(1, (len(distinct) - 1).bit_length())
            data = bytes([width]) + runs([places[value] for value in held], width)
        else:
            start_of_data = len(out)
            data = packed(held) if leaf.physical == BOOLEAN else b"".join(plain(leaf, value) for value in held)
        encoding = PLAIN if dictionary is None else PLAIN_DICTIONARY
        levels = b""
        if leaf.level:
            levels += leveled([level for _, level, _ in leaf.slots], leaf.level)
        if leaf.definition:
            levels += leveled([definition for definition, _, _ in leaf.slots], leaf.definition)
        header = Struct({1: i32(len(leaf.slots)), 2: i32(encoding), 3: i32(RLE), 4: i32(RLE)})
        self.page(out, levels + data, header, 0, options)
        fields = {
            1: i32(leaf.physical), 2: listed([i32(encoding), i32(RLE)]), 3: listed([text(part) for part in place]),
            4: i32({"none": 0, "snappy": 1}[options["codec"]]), 5: i64(len(leaf.slots)), 6: i64(len(out) - start), 7: i64(len(out) - start),
            9: i64(start_of_data),
        }  # fmt: skip
        if dictionary is not None:
            fields[11] = i64(dictionary)
        if options["statistics"] == "deprecated":
            fields[12] = statistics(leaf, held)
        return Struct({2: i64(start), 3: Struct(fields)})

    def page(self, out: bytearray, data: bytes, header: Struct, kind: int, options: dict) -> None:
        stored = pa.compress(data, "snappy", asbytes=True) if options["codec"] == "snappy" else data
        out += Struct({1: i32(kind), 2: i32(len(data)), 3: i32(len(stored)), 5 if kind == 0 else 7: header}).encoded()
        out += stored


SCALARS = (UTF8, DECIMAL, DATE, TIMESTAMP_MILLIS, TIMESTAMP_MICROS, *range(11, 17))


def element(node: Node, found: list[Struct], top: bool = False) -> None:
    """The schema elements of a node and of what is below it, in their order."""
    fields = {4: text(node.name)}
    if not top:
        fields[3] = i32(node.repetition)
    if node.physical is None:
        fields[5] = i32(len(node.children))
    else:
        fields[1] = i32(node.physical)
    if node.physical == FIXED:
        fields[2] = i32(node.length)
    if node.converted is not None:
        fields[6] = i32(node.converted)
    if node.decimal is not None:
        fields[7], fields[8] = i32(node.decimal[1]), i32(node.decimal[0])
    found.append(Struct(dict(sorted(fields.items()))))
    for child in node.children:
        element(child, found)


def absent(node: Node, definition: int, level: int) -> None:
    """Notes that nothing is there below a definition level."""
    for _, leaf in node.leaves():
        leaf.slots.append((definition, level, None))


def shred(node: Node, type_: pa.DataType, value: object, definition: int, level: int) -> None:
    """Notes a value at the leaves, with its levels, as the format's Dremel encoding has them."""
    if node.repetition == REPEATED:
        return repeat(node, type_.value_type, value, definition, level)
    if node.repetition == OPTIONAL:
        if value is None:
            return absent(node, definition, level)
        definition += 1
    if pa.types.is_list(type_):
        middle = node.children[0]
        # Of two levels, or of three.
        if middle.physical is not None or not is_wrapper(middle):
            return repeat(middle, type_.value_type, value, definition, level)
        return repeated(
            middle, value, definition, level, lambda item, d, r: shred(middle.children[0], type_.value_type, item, d, r)
        )
    if pa.types.is_map(type_):
        key, item = node.children[0].children

        def pair(entry: tuple, d: int, r: int) -> None:
            shred(key, type_.key_type, entry[0], d, r)
            shred(item, type_.item_type, entry[1], d, r)

        return repeated(node.children[0], value, definition, level, pair)
    inside(node, type_, value, definition, level)


def is_wrapper(node: Node) -> bool:
    return node.name in ("list", "bag") and len(node.children) == 1


def repeat(node: Node, type_: pa.DataType, value: list, definition: int, level: int) -> None:
    """Elements that are the repeated node itself."""
    repeated(node, value, definition, level, lambda item, d, r: inside(node, type_, item, d, r))


def repeated(node: Node, value: list, definition: int, level: int, each: object) -> None:
    if not value:
        absent(node, definition, level)
    for index, item in enumerate(value):
        each(item, definition + 1, level if index == 0 else node.level)


def inside(node: Node, type_: pa.DataType, value: object, definition: int, level: int) -> None:
    if node.physical is not None:
        node.slots.append((definition, level, value))
        return
    for child in node.children:
        child_type = type_.field(type_.get_field_index(child.name)).type
        shred(child, child_type, value[child.name], definition, level)


def plain(leaf: Node, value: object) -> bytes:
    """A value as PLAIN stores it."""
    if isinstance(value, Decimal):
        unscaled = int(value.scaleb(leaf.decimal[1], values.CONTEXT))
        if leaf.physical == FIXED:
            return unscaled.to_bytes(16, "big", signed=True)
        if leaf.physical == BYTES:
            data = unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True)
            return struct.pack("<I", len(data)) + data
        value = unscaled
    if leaf.physical == INT96:
        day, nanoseconds = divmod(value * leaf.length, 86_400_000_000_000)
        return struct.pack("<QI", nanoseconds, day + JULIAN_EPOCH)
    if leaf.physical == FIXED:
        return value
    if leaf.physical == BYTES:
        data = value.encode() if isinstance(value, str) else value
        return struct.pack("<I", len(data)) + data
    if leaf.physical in (INT32, INT64):
        bits = 32 if leaf.physical == INT32 else 64
        return (value & ((1 << bits) - 1)).to_bytes(bits // 8, "little")
    return struct.pack("<f" if leaf.physical == FLOAT else "<d", value)


def packed(flags: list[bool]) -> bytes:
    data = bytearray((len(flags) + 7) // 8)
    for index, flag in enumerate(flags):
        data[index // 8] |= flag << (index % 8)
    return bytes(data)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def runs(numbers: list[int], width: int) -> bytes:
    """Numbers in the RLE encoding, as repeated runs alone."""
    out, start = bytearray(), 0
    for index in range(1, len(numbers) + 1):
        if index == len(numbers) or numbers[index] != numbers[start]:
            out += varint((index - start) << 1) + numbers[start].to_bytes((width + 7) // 8, "little")
            start = index
    return bytes(out)


def leveled(levels: list[int], most: int) -> bytes:
    data = runs(levels, most.bit_length())
    return struct.pack("<I", len(data)) + data


def statistics(leaf: Node, held: list) -> Struct:
    """The deprecated ones: signed, bytes too; none where a writer had none."""
    fields = {3: i64(len(leaf.slots) - len(held))}
    stored = [plain(leaf, value) for value in held]
    if leaf.physical == BYTES:
        stored = [data[4:] for data in stored]
    if held and leaf.physical in (INT32, INT64, BYTES) and leaf.decimal is None:
        order = (lambda data: int.from_bytes(data, "little", signed=True)) if leaf.physical != BYTES else signed
        fields[1], fields[2] = binary(max(stored, key=order)), binary(min(stored, key=order))
    return Struct(dict(sorted(fields.items())))


def signed(data: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in data]


def write(dice: Dice, table: pa.Table, path: Path) -> str:
    """A file of a table. Nanoseconds are int96, which holds no unit: so may be the others where all are of one."""
    int96 = kinds.int96_unit(table.schema) is not None and dice.one_in(2)
    return Writer(dice, int96).write(table, path)
