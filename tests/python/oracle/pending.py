"""What is left out of random tables while the reader is known to read it otherwise than pyarrow. Empty when nothing is."""

PENDING: set[str] = {}


def pending(what: str) -> bool:
    return what in PENDING
