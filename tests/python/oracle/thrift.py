"""Thrift's compact protocol: what a Parquet footer and a page header are made of. Writing alone."""

from dataclasses import dataclass

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def zigzag(number: int) -> bytes:
    return varint((number << 1) ^ (number >> 63))


@dataclass
class Value:
    """A value of a type, encoded."""

    kind: int
    data: bytes

    def encoded(self) -> bytes:
        return self.data


def i32(number: int) -> Value:
    return Value(I32, zigzag(number))


def i64(number: int) -> Value:
    return Value(I64, zigzag(number))


def binary(data: bytes) -> Value:
    return Value(BINARY, varint(len(data)) + data)


def text(data: str) -> Value:
    return binary(data.encode())


@dataclass
class Struct:
    """Fields by their number, in ascending order."""

    fields: dict[int, "Value | Struct"]
    kind: int = STRUCT

    def encoded(self) -> bytes:
        out, last = bytearray(), 0
        for number, value in self.fields.items():
            step = number - last
            out += bytes([step << 4 | value.kind]) if 0 < step < 16 else bytes([value.kind]) + zigzag(number)
            out += value.encoded()
            last = number
        return bytes(out + b"\0")


def listed(items: list["Value | Struct"]) -> Value:
    """A list of values of one type; an empty one is of structs."""
    kind = items[0].kind if items else STRUCT
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + varint(len(items))
    return Value(LIST, head + b"".join(item.encoded() for item in items))
