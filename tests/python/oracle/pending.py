"""What is left out of random tables while the reader is known to read it otherwise than pyarrow. Empty when nothing is."""

PENDING: set[str] = {
    "NULL in folders",
    "NOT NULL partitions under column mapping",
    "int96 where Delta's own reader reads",
    "int96 in lists of two levels",
    "required elements of fixed-size lists read as other lists",
    "deprecated statistics",
    "defaults where Delta's own reader reads",
    "drift where Delta's own reader reads",
}


def pending(what: str) -> bool:
    return what in PENDING
