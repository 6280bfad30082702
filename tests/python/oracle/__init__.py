"""Random tables in Parquet and Delta, the contracts to read them through, and the rows that pyarrow reads.

The tables are small: threads would take longer to start than to do anything.
"""

import os

import pyarrow as pa

os.environ.setdefault("POLARS_MAX_THREADS", "1")
pa.set_cpu_count(1)
