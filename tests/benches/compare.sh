#!/usr/bin/env bash
# Compares the catalog with plain DataFusion, with DuckDB and with flat files, and prints tables in Markdown.
#
#   tests/benches/compare.sh [--short]
#
# It makes a Python environment with DuckDB below target/ (or CARGO_TARGET_DIR), builds the benchmark and runs it; the environment
# variables that choose size, runs and queries are in tests/benches/compare/main.rs. PROFILE=dev builds without optimization.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}

# Without Python or without a registry the other sides are compared alone, and the heading says so.
if [ -z "${CSTSPEC_DUCKDB_PYTHON:-}" ] && command -v python3 >/dev/null; then
  if python3 -m venv "$target/duckdb" && "$target/duckdb/bin/pip" install --quiet --requirement tests/python/requirements.txt; then
    CSTSPEC_DUCKDB_PYTHON=$(cd "$target/duckdb/bin" && pwd)/python
    export CSTSPEC_DUCKDB_PYTHON
  fi >&2
fi
exec cargo bench --profile "${PROFILE:-bench}" --package cstspec-tests --bench compare -- "$@"
