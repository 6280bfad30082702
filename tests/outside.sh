#!/usr/bin/env bash
# A crate outside of the workspace, made of packages: from a Parquet file of pyarrow to a reviewed change of its contract.
#
#   tests/outside.sh
#
# Packages the crates, unpacks them in a temporary folder, and builds the command and a new crate from them alone. The target folder is the
# workspace's (or CARGO_TARGET_DIR), with its lock file and profile, so that the engine is not built again and no network is needed. It runs
# every command of docs/first-hour.md too. It needs a Python with pyarrow: the one that CSTSPEC_PYTHON names, or python3. Without one it is
# skipped, unless CI is set.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$CARGO_TARGET_DIR"
CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)
# Incremental builds keep a gigabyte that nobody uses again.
export CARGO_INCREMENTAL=0
export CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never NO_COLOR=1 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=outside GIT_AUTHOR_EMAIL=outside@localhost GIT_COMMITTER_NAME=outside GIT_COMMITTER_EMAIL=outside@localhost
# Only the steps that check for stale files run as in CI.
in_ci=${CI:-}
unset CI INSTA_UPDATE

step() { printf '\n-- %s\n' "$*"; }
fail() { printf '\noutside: %s\n' "$*" >&2; exit 1; }

python=${CSTSPEC_PYTHON:-python3}
if ! "$python" -c 'import pyarrow.parquet' 2>/dev/null; then
  [ -z "$in_ci" ] && [ -z "${CSTSPEC_PYTHON:-}" ] || fail "no Python with pyarrow: tests/python/requirements.txt lists it"
  echo "skipped: no Python with pyarrow; set CSTSPEC_PYTHON to one"
  exit 0
fi

# One path for every run: what cargo builds of the packages is named after it, and stays in the target folder.
work=${TMPDIR:-/tmp}/cstspec-outside-$(id -u)-$(printf %s "$root" | cksum | cut -d ' ' -f 1)
rm -rf "$work"
mkdir -m 700 "$work"
trap 'rm -rf "$work"' EXIT

step "the packages, and nothing else of the workspace"
cd "$root"
cargo package --quiet --workspace --exclude cstspec-tests --exclude cstspec-cstream --no-verify --allow-dirty 2>&1 |
  grep -v 'is not included in the published package' || true
mkdir "$work/packages" "$work/.cargo"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1)
for package in "$CARGO_TARGET_DIR"/package/*-"$version".crate; do
  case $package in */cstspec-tests-*|*/cstspec-cstream-*) continue ;; esac
  # With the time of now: cargo packages an old one, and takes a file of an old time for one that it has built.
  tar -xzmf "$package" -C "$work/packages"
done
{
  # As in the workspace, so that the engine is the same.
  printf '[profile.dev]\ndebug = "line-tables-only"\n\n[profile.dev.build-override]\ndebug = "line-tables-only"\n\n[patch.crates-io]\n'
  for package in "$work"/packages/*; do
    name=$(basename "$package" "-$version")
    printf '%s = { path = "%s" }\n' "$name" "$package"
  done
} > "$work/.cargo/config.toml"
[ "$(ls "$work/packages" | wc -l)" = 11 ] || fail "$(ls "$work/packages") are not the packages of the workspace"

step "the command, from its package"
cd "$work/packages/cstspec-$version"
cp "$root/Cargo.lock" .
cargo build --quiet
mkdir "$work/bin"
cp "$CARGO_TARGET_DIR/debug/cstspec" "$work/bin"
export PATH=$work/bin:$PATH
cstspec check --built-in --fail-on warning

cd "$work"
mkdir spelled
"$python" "$root/tests/python/respell.py" "$root/crates/libcst/sample/libcst_files_v1.parquet" spelled

# A crate around the table $2, in the folder $1, as a repository of its own with all in one commit.
new_crate() {
  cstspec init "$1" --from "$2" --dataset libcst_files_v1 --crates crates.io --quiet
  cp "$root/Cargo.lock" "$1"
  git -C "$1" init --quiet --initial-branch=main
  # The lock file without what this crate does not use. Cargo warns of patches that are among it.
  (cd "$1" && cargo metadata --quiet --format-version 1 >/dev/null 2>&1)
  git -C "$1" add .
  git -C "$1" commit --quiet --message 'The contract.'
}

clean() {
  left=$(git status --porcelain)
  [ -z "$left" ] || fail "the work tree is not as it was committed: $left"
}

for spelling in roundtrip item nullable plain_schema; do
  step "$spelling: import, init, and a build that checks"
  table=$work/spelled/$spelling.parquet
  cstspec import "$table" --specs "$spelling-specs" --name libcst_files_v1 --quiet
  cstspec verify --deep --quiet --fail-on warning --specs "$spelling-specs" --data "libcst_files_v1=$table"
  # One of them as a folder, which is not copied into the crate.
  if [ "$spelling" = nullable ]; then
    mkdir "$work/trees"
    cp "$table" "$work/trees"
    table=trees/
  fi
  new_crate "$spelling" "$table"
  cd "$spelling"
  CI=1 cargo build --quiet --locked
  clean
  cd ..
done

step "the tests pass as they are, and change nothing"
for spelling in nullable roundtrip; do
  cd "$work/$spelling"
  CI=1 cargo test --quiet --locked
  clean
done

step "one more field of a type: exactly the files that show it"
type=$(grep -l '^  ref_kind:' specs/types/*.yaml)
sed -i.before '/^  ref_kind:/a\  confidence: float64' "$type"
rm "$type.before"
if CI=1 cargo build --quiet --locked 2> "$work/stale.txt"; then fail 'a build in CI takes stale artifacts'; fi
grep -q 'error\[G002\]' "$work/stale.txt" || fail "the build says: $(cat "$work/stale.txt")"
cargo build --quiet --locked
expected="generated/definitions/libcst_files_v1.sql
generated/describe/libcst_files_v1.txt
generated/describe/refs.txt
generated/sql/refs.sql
generated/src/generated/types.rs
$type"
changed=$(git diff --stat --name-only)
[ "$changed" = "$expected" ] || fail "changed are: $changed"
[ -z "$(git ls-files --others --exclude-standard)" ] || fail "new are: $(git ls-files --others --exclude-standard)"

step "the snapshots fail, all in one run, and the data still holds"
if cargo test --locked > "$work/test.txt" 2>&1; then fail 'a changed DESCRIBE passes'; fi
grep -q 'test data_holds ... ok' "$work/test.txt" || fail "the tests say: $(cat "$work/test.txt")"
grep -q 'test describe_as_reviewed ... FAILED' "$work/test.txt" || fail "the tests say: $(cat "$work/test.txt")"
pending=$(find tests -name '*.snap.new' | LC_ALL=C sort)
[ "$pending" = "tests/snapshots/contract__libcst_files_v1.snap.new
tests/snapshots/contract__refs.snap.new" ] || fail "pending are: $pending"

step "accepted, they pass"
INSTA_UPDATE=always cargo test --quiet --locked
find tests -name '*.snap.new' -delete
CI=1 cargo test --quiet --locked
expected="$expected
tests/snapshots/contract__libcst_files_v1.snap
tests/snapshots/contract__refs.snap"
changed=$(git diff --stat --name-only)
[ "$changed" = "$(printf '%s\n' "$expected" | LC_ALL=C sort)" ] || fail "changed are: $changed"
git add . && git commit --quiet --message 'A field more.' && clean

step "data that breaks the contract fails with the report of the command"
"$python" - data/libcst_files_v1.parquet <<'P'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

table = pq.read_table(sys.argv[1])
pq.write_table(pa.concat_tables([table.slice(0, 1), table]), sys.argv[1])
P
if cargo test --locked > "$work/test.txt" 2>&1; then fail 'data with a duplicate key passes'; fi
cstspec verify --deep --quiet --data libcst_files_v1=data/libcst_files_v1.parquet > "$work/verify.txt" && fail 'verify takes a duplicate key'
grep -q '^error\[R2' "$work/verify.txt" || fail "verify says: $(cat "$work/verify.txt")"
"$python" - "$work/test.txt" "$work/verify.txt" <<'P' || fail "the test says: $(cat "$work/test.txt")"
import sys

said, report = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
sys.exit(0 if report.strip() in said else 1)
P
git checkout --quiet .

step "docs/first-hour.md"
mkdir "$work/hour"
cd "$work/hour"
cp "$root/crates/libcst/sample/libcst_files_v1.parquet" trees.parquet
FIRST_HOUR_LOCK=$root/Cargo.lock "$python" "$root/tests/python/transcript.py" "$root/docs/first-hour.md"

printf '\noutside: all steps passed\n'
