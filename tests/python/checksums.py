"""Writes Parquet files with page checksums, and each again with one bit of a page turned over.

    python checksums.py OUT

OUT gets `sound-*.parquet` and, of each, `bad-*.parquet` files that pyarrow refuses because of a checksum: one for each column chunk and each
half of it, so that dictionary pages and data pages of both versions are among them. It prints, one JSON object per line, the name of each bad
file with the column and the row group of the page.
"""

import itertools
import json
import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 300


def table() -> pa.Table:
    elements = [[{"x": row + place, "y": f"e{(row + place) % 9}"} for place in range(row % 4)] for row in range(ROWS)]
    words = [f"word {row % 7}" if row % 5 else None for row in range(ROWS)]
    return pa.table({"id": list(range(ROWS)), "word": words, "elements": elements})


def is_refused(path: Path) -> bool:
    try:
        pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        return "CRC" in str(error)
    return False


def main() -> None:
    out, chance = Path(sys.argv[1]), random.Random(7)
    options = itertools.product(["1.0", "2.0"], [True, False], ["NONE", "ZSTD"])
    for number, (version, dictionary, compression) in enumerate(options):
        sound = out / f"sound-{number}.parquet"
        pq.write_table(
            table(), sound, data_page_version=version, use_dictionary=dictionary, compression=compression,
            write_page_checksum=True, row_group_size=ROWS // 2, data_page_size=300, write_page_index=number % 3 == 0,
        )
        content, footer = sound.read_bytes(), pq.read_metadata(sound)
        for group, leaf in itertools.product(range(footer.num_row_groups), range(footer.num_columns)):
            chunk = footer.row_group(group).column(leaf)
            start = min(offset for offset in (chunk.dictionary_page_offset, chunk.data_page_offset) if offset)
            half = chunk.total_compressed_size // 2
            for part in range(2):
                for _ in range(50):
                    bad, changed = out / f"bad-{number}-{group}-{leaf}-{part}.parquet", bytearray(content)
                    changed[start + part * half + chance.randrange(half)] ^= 1 << chance.randrange(8)
                    bad.write_bytes(changed)
                    if is_refused(bad):
                        print(json.dumps({"file": bad.name, "column": chunk.path_in_schema, "group": group}))
                        break
                    bad.unlink()


main()
