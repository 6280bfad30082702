# /// script
# requires-python = "==3.11.*"
# dependencies = [
#     "libcst==1.9.0",
#     "pip==23.2.1",
#     "pyarrow==26.0.1",
# ]
# ///
"""Extracts the sample table of dataset `libcst_files_v1` from real Python sources.

The inputs are the pinned sdists in `SOURCES`, fetched through pip and held against their
SHA-256. The output is the same bytes on every run: the interpreter is pinned because
LibCST takes its list of builtins from it, and no set reaches the table unsorted.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import libcst as cst
import pyarrow as pa
import pyarrow.parquet as pq
from libcst import metadata as meta
from libcst.helpers import calculate_module_and_package, get_full_name_for_node


@dataclass(frozen=True)
class Source:
    """One sdist and the files taken from it; `root` is the folder its modules are imported from."""

    repo: str
    version: str
    sha256: str
    root: str
    paths: tuple[str, ...]


BLACK_SHA256 = "5f9f83beae62437e060dafd53d7f1fc327e3d3494f74d72ee5c2b73eb90fc4e7"
SOURCES = (
    Source(
        "tomli", "2.5.0", "264507556cd8b8c8e7c6ee037cdf443a463f03f4c958e57195e3d369711b8ff6", "src",
        ("src/tomli/__init__.py", "src/tomli/_parser.py", "src/tomli/_re.py", "src/tomli/_types.py"),
    ),
    Source("black", "26.10.1", BLACK_SHA256, "src", ("src/black/numerics.py", "src/black/rusty.py")),
    Source(
        "black", "26.10.1", BLACK_SHA256, "",
        (
            "tests/data/cases/async_stmts.py",
            "tests/data/cases/comments_non_breaking_space.py",
            "tests/data/cases/import_spacing.py",
            "tests/data/cases/module_docstring_1.py",
            "tests/data/cases/nested_stub.py",
            "tests/data/cases/pyi_decorated_class_blank_line.py",
            "tests/data/cases/tricky_unicode_symbols.py",
            "tests/data/miscellaneous/missing_final_newline.py",
            # LibCST cannot parse the files from here on.
            "tests/data/cases/backslash_before_indent.py",
            "tests/data/cases/preview_long_strings__raw_backslash_continuation.py",
            "tests/data/miscellaneous/async_as_identifier.py",
            "tests/data/miscellaneous/invalid_header.py",
            "tests/data/miscellaneous/pattern_matching_invalid.py",
            "tests/data/miscellaneous/python2_detection.py",
        ),
    ),
)

LISTS = (
    "nodes", "edges", "parse_manifest", "parse_errors", "refs", "imports", "callsites", "defs",
    "type_exprs", "docstrings", "decorators", "call_args",
)

# More than half of all nodes are of these kinds, and what they cover is what `span_ws` has beyond `span`: they get no rows.
TRIVIA = (cst.BaseParenthesizableWhitespace, cst.Comment, cst.EmptyLine, cst.Newline, cst.TrailingWhitespace)


# ---------------------------------------------------------------- the contract's types

S, I32, I64, BOOL = pa.string(), pa.int32(), pa.int64(), pa.bool_()


def extension(name: str, type_: pa.DataType, extension_name: str, extension_metadata: str) -> pa.Field:
    # Plain field metadata, so that a reader without these extension types still sees the structs.
    return pa.field(name, type_, metadata={
        "ARROW:extension:name": extension_name,
        "ARROW:extension:metadata": extension_metadata,
    })


def span_field(name: str) -> pa.Field:
    point = pa.struct([("line0", I32), ("col", I32)])
    byte_span = pa.struct([("byte_start", I32), ("byte_len", I32)])
    return extension(name, pa.struct([
        pa.field("start", point), pa.field("end", point), pa.field("end_exclusive", BOOL), pa.field("col_unit", S),
        extension("byte_span", byte_span, "codeintel.byte_span", "ByteSpan"),
    ]), "codeintel.span", "Span")


def map_field(name: str) -> pa.Field:
    return pa.field(name, pa.map_(S, S), metadata={"default_value": "{}"})


def element(name: str, *columns: tuple[str, pa.DataType] | pa.Field, of_file: bool = True) -> pa.Field:
    """A list column; elements `of_file` start with copies of the row's file_id, path and file_sha256."""
    own = [pa.field("file_id", S, False), pa.field("path", S, False), pa.field("file_sha256", S)] if of_file else []
    rest = [c if isinstance(c, pa.Field) else pa.field(*c) for c in columns]
    return pa.field(name, pa.list_(pa.struct(own + rest)))


def contract() -> pa.Schema:
    attrs, strings = map_field("attrs"), pa.list_(S)
    qnames = pa.list_(pa.struct([("name", S), ("source", S)]))
    columns = [
        pa.field("repo", S), pa.field("path", S, False), pa.field("file_id", S, False), pa.field("file_sha256", S),
        element("nodes", pa.field("cst_id", I64, False), ("kind", S), span_field("span"), span_field("span_ws"), attrs,
                of_file=False),
        element("edges", pa.field("src", I64, False), pa.field("dst", I64, False), ("kind", S), ("slot", S), ("idx", I32),
                attrs, of_file=False),
        element("parse_manifest", ("encoding", S), ("default_indent", S), ("default_newline", S),
                ("has_trailing_newline", BOOL), ("future_imports", strings), ("module_name", S), ("package_name", S),
                ("libcst_version", S), ("parser_backend", S), ("parsed_python_version", S), ("schema_fingerprint", S)),
        element("parse_errors", ("error_type", S), ("message", S), ("raw_line", I64), ("raw_column", I64),
                ("editor_line", I64), ("editor_column", I64), ("context", S), ("line_base", I32), ("col_unit", S),
                ("end_exclusive", BOOL), map_field("meta")),
        element("refs", ("ref_id", S), ("ref_kind", S), ("ref_text", S), ("expr_ctx", S), ("scope_type", S),
                ("scope_name", S), ("scope_role", S), ("parent_kind", S), ("inferred_type", S), ("bstart", I64),
                ("bend", I64), attrs),
        element("imports", ("kind", S), ("module", S), ("relative_level", I32), ("name", S), ("asname", S),
                ("is_star", BOOL), ("stmt_bstart", I64), ("stmt_bend", I64), ("alias_bstart", I64), ("alias_bend", I64),
                attrs),
        element("callsites", ("call_id", S), ("call_bstart", I64), ("call_bend", I64), ("callee_bstart", I64),
                ("callee_bend", I64), ("callee_shape", S), ("callee_text", S), ("arg_count", I32), ("callee_dotted", S),
                ("callee_qnames", qnames), ("callee_fqns", strings), ("inferred_type", S), attrs),
        element("defs", ("def_id", S), ("container_def_kind", S), ("container_def_bstart", I64),
                ("container_def_bend", I64), ("kind", S), ("name", S), ("def_bstart", I64), ("def_bend", I64),
                ("name_bstart", I64), ("name_bend", I64), ("qnames", qnames), ("def_fqns", strings), ("docstring", S),
                ("decorator_count", I32), attrs),
        element("type_exprs", ("owner_def_kind", S), ("owner_def_bstart", I64), ("owner_def_bend", I64),
                ("param_name", S), ("expr_kind", S), ("expr_role", S), ("bstart", I64), ("bend", I64), ("expr_text", S)),
        element("docstrings", ("owner_def_id", S), ("owner_kind", S), ("owner_def_bstart", I64), ("owner_def_bend", I64),
                ("docstring", S), ("bstart", I64), ("bend", I64)),
        element("decorators", ("owner_def_id", S), ("owner_kind", S), ("owner_def_bstart", I64), ("owner_def_bend", I64),
                ("decorator_text", S), ("decorator_index", I32), ("bstart", I64), ("bend", I64)),
        element("call_args", ("call_id", S), ("call_bstart", I64), ("call_bend", I64), ("arg_index", I32),
                ("keyword", S), ("star", S), ("arg_text", S), ("bstart", I64), ("bend", I64)),
        attrs,
    ]
    return pa.schema(columns, metadata={
        "schema_name": "libcst_files_v1",
        "schema_version": "1",
        "ordering_level": "explicit",
        "ordering_keys": "path asc, file_id asc",
        "required_non_null": "file_id,path",
        "key_fields": "file_id,path",
    })


# ---------------------------------------------------------------- ids and attributes


def stable_id(prefix: str, text: str) -> str:
    return f"{prefix}:{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def unit_joined(*parts: object) -> str:
    return "\x1f".join(str(part) for part in parts)


def def_id(file_id: str, kind: str | None, start: int | None, end: int | None) -> str | None:
    return None if start is None or end is None else stable_id("cst_def", unit_joined("cst_def", file_id, kind, start, end))


def noted(origin: str = "libcst") -> dict[str, str | None]:
    return {"origin": origin, "note": None}


# ---------------------------------------------------------------- inputs


def sdist_bytes(folder: Path) -> dict[tuple[str, str], bytes]:
    """The bytes of every file of `SOURCES` (and of each licence), by (repo, path inside the sdist)."""
    pins = {s.repo: f"{s.repo}=={s.version} --hash=sha256:{s.sha256}" for s in SOURCES}
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join(pins.values()) + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
         "--no-binary", ",".join(pins), "--dest", str(folder), "--requirement", str(requirements)],
        check=True,
    )
    wanted: dict[tuple[str, str], bytes] = {}
    for source in SOURCES:
        stem = f"{source.repo}-{source.version}"
        with tarfile.open(folder / f"{stem}.tar.gz") as sdist:
            for path in (*source.paths, "LICENSE"):
                member = sdist.extractfile(f"{stem}/{path}")
                assert member is not None, f"{stem} holds no {path}"
                wanted[source.repo, path] = member.read()
    return wanted


# ---------------------------------------------------------------- one file


class Positions:
    """Turns LibCST's (one-based line, code point column) into the table's span and byte offsets."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode()
        self.starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", self.text))]
        self.bytes_before = [0]
        for char in self.text:
            self.bytes_before.append(self.bytes_before[-1] + len(char.encode()))

    def point(self, at: meta.CodePosition) -> tuple[dict, int]:
        """The point and its byte offset. LibCST counts a final newline that the file may not have: that is its end."""
        line0, col = at.line - 1, at.column
        if line0 >= len(self.starts):
            line0, col = len(self.starts) - 1, len(self.text) - self.starts[-1]
        return {"line0": line0, "col": col}, self.bytes_before[self.starts[line0] + col]

    def span(self, at: meta.CodeRange | None) -> dict | None:
        if at is None:
            return None
        (start, first), (end, last) = self.point(at.start), self.point(at.end)
        return {
            "start": start, "end": end, "end_exclusive": True, "col_unit": "utf32",
            "byte_span": {"byte_start": first, "byte_len": last - first},
        }


def slots(node: cst.CSTNode) -> dict[int, tuple[str, int]]:
    """For each direct child, by identity: the field that holds it and its index there (0 for a single child)."""
    found = {}
    for f in fields(node):
        value = getattr(node, f.name)
        for idx, child in enumerate(value if isinstance(value, (list, tuple)) else [value]):
            if isinstance(child, cst.CSTNode):
                found[id(child)] = (f.name, idx)
    return found


class Extraction:
    """The rows of one file that LibCST could parse: one preorder walk fills every list and numbers the nodes."""

    def __init__(self, row: dict, data: bytes, root: str, fingerprint: str) -> None:
        self.own = {key: row[key] for key in ("file_id", "path", "file_sha256")}
        self.data, self.positions = data, Positions(data)
        named = calculate_module_and_package(root or ".", row["path"])
        wrapper = meta.MetadataWrapper(cst.parse_module(data), cache={meta.FullyQualifiedNameProvider: named})
        assert wrapper.module.encoding == "utf-8" and not data.startswith(b"\xef\xbb\xbf"), f"{row['path']} is not plain utf-8"
        self.at = wrapper.resolve(meta.PositionProvider)
        self.at_ws = wrapper.resolve(meta.WhitespaceInclusivePositionProvider)
        self.bytes_at = wrapper.resolve(meta.ByteSpanPositionProvider)
        self.scopes = wrapper.resolve(meta.ScopeProvider)
        self.contexts = wrapper.resolve(meta.ExpressionContextProvider)
        self.qnames = wrapper.resolve(meta.QualifiedNameProvider)
        self.fqnames = wrapper.resolve(meta.FullyQualifiedNameProvider)
        self.lists: dict[str, list] = {name: [] for name in LISTS}
        self.defs: list[dict] = []  # the definitions around the node being walked, outermost first
        self.future: list[str] = []
        self.next_id = 0
        self.walk(wrapper.module, [])
        module = wrapper.module
        self.add("parse_manifest", encoding=module.encoding, default_indent=module.default_indent,
                 default_newline=module.default_newline, has_trailing_newline=module.has_trailing_newline,
                 future_imports=self.future, module_name=named.name, package_name=named.package,
                 libcst_version=cst.LIBCST_VERSION,
                 parser_backend="native", parsed_python_version=None, schema_fingerprint=fingerprint)

    def add(self, to: str, /, **values: object) -> None:
        self.lists[to].append({**self.own, **values})

    def range(self, node: cst.CSTNode) -> tuple[int, int]:
        span = self.bytes_at[node]
        assert span.start + span.length <= len(self.data), f"{type(node).__name__} ends past its file"
        return span.start, span.start + span.length

    def text(self, node: cst.CSTNode) -> str:
        start, end = self.range(node)
        return self.data[start:end].decode()

    def names(self, node: cst.CSTNode) -> tuple[list[dict], list[str]]:
        lazy = self.qnames.get(node, ())  # LibCST defers this one provider's values
        resolved = sorted((q.name, q.source.name) for q in (lazy() if callable(lazy) else lazy))
        return [{"name": n, "source": s} for n, s in resolved], sorted({q.name for q in self.fqnames.get(node, ())})

    def walk(self, node: cst.CSTNode, parents: list[cst.CSTNode]) -> int:
        cst_id = self.next_id
        self.next_id += 1
        kind = type(node).__name__
        self.lists["nodes"].append({
            "cst_id": cst_id, "kind": kind, "span": self.positions.span(self.at.get(node)),
            "span_ws": self.positions.span(self.at_ws.get(node)), "attrs": self.tree_attrs(node),
        })
        is_def = isinstance(node, (cst.FunctionDef, cst.ClassDef))
        if is_def:
            self.defs.append(self.definition(node))
        elif isinstance(node, cst.Module):
            self.docstring(node, "module", None, None)
        elif isinstance(node, (cst.Name, cst.Attribute)):
            self.reference(node, parents)
        elif isinstance(node, (cst.Import, cst.ImportFrom)):
            self.imported(node)
        elif isinstance(node, cst.Call):
            self.call(node)
        elif isinstance(node, cst.Annotation):
            self.annotation(node, parents[-1])
        at = slots(node)
        for child in node.children:
            if isinstance(child, TRIVIA):
                continue
            slot, idx = at[id(child)]
            dst = self.walk(child, [*parents, node])
            self.lists["edges"].append({
                "src": cst_id, "dst": dst, "kind": "child", "slot": slot, "idx": idx, "attrs": self.tree_attrs(child),
            })
        if is_def:
            self.defs.pop()
        return cst_id

    @staticmethod
    def tree_attrs(node: cst.CSTNode) -> dict | None:
        if isinstance(node, (cst.Module, cst.FunctionDef, cst.ClassDef, cst.Import, cst.ImportFrom)):
            return noted()
        return None if isinstance(node, (cst.AssignEqual, cst.Comma, cst.Dot)) else {}

    def definition(self, node: cst.FunctionDef | cst.ClassDef) -> dict:
        start, end = self.range(node)
        name_start, name_end = self.range(node.name)
        kind = "class" if isinstance(node, cst.ClassDef) else "async_function" if node.asynchronous else "function"
        around = self.defs[-1] if self.defs else {"kind": None, "def_bstart": None, "def_bend": None}
        qnames, fqns = self.names(node)
        nested = around["kind"] in ("function", "async_function")
        own_id = def_id(self.own["file_id"], kind, start, end)
        row = {
            "def_id": own_id, "container_def_kind": around["kind"], "container_def_bstart": around["def_bstart"],
            "container_def_bend": around["def_bend"], "kind": kind, "name": node.name.value, "def_bstart": start,
            "def_bend": end, "name_bstart": name_start, "name_bend": name_end, "qnames": qnames, "def_fqns": fqns,
            "docstring": node.get_docstring(), "decorator_count": len(node.decorators),
            "attrs": None if nested else noted("libcst.metadata") if node.decorators else {},
        }
        self.add("defs", **row)
        self.docstring(node, kind, start, end)
        for index, decorator in enumerate(node.decorators):
            bstart, bend = self.range(decorator.decorator)
            self.add("decorators", owner_def_id=own_id, owner_kind=kind, owner_def_bstart=start, owner_def_bend=end,
                     decorator_text=self.text(decorator.decorator), decorator_index=index, bstart=bstart, bend=bend)
        return row

    def docstring(self, node: cst.Module | cst.FunctionDef | cst.ClassDef, kind: str, start: int | None, end: int | None) -> None:
        docstring = node.get_docstring()
        if docstring is None:
            return
        # `get_docstring` found it, so the first statement is an expression: on its own line, or behind the colon.
        first = node.body[0] if isinstance(node, cst.Module) else node.body.body[0]
        while not isinstance(first, cst.Expr):
            first = first.body[0]
        bstart, bend = self.range(first.value)
        self.add("docstrings", owner_def_id=def_id(self.own["file_id"], kind, start, end), owner_kind=kind,
                 owner_def_bstart=start, owner_def_bend=end, docstring=docstring, bstart=bstart, bend=bend)

    def reference(self, node: cst.Name | cst.Attribute, parents: list[cst.CSTNode]) -> None:
        context = self.contexts.get(node)
        keyword = isinstance(parents[-1], cst.Arg) and parents[-1].keyword is node
        if context is None or keyword or any(isinstance(p, (cst.Import, cst.ImportFrom)) for p in parents):
            return
        bstart, bend = self.range(node)
        scope = self.scopes.get(node)
        role = self.scope_role(scope, node)
        self.add("refs", ref_id=stable_id("cst_ref", unit_joined("cst_ref", self.own["file_id"], bstart, bend)),
                 ref_kind=type(node).__name__.lower(), ref_text=self.text(node), expr_ctx=context.name,
                 scope_type=type(scope).__name__ if scope else None, scope_name=getattr(scope, "name", None) or None,
                 scope_role=role, parent_kind=type(parents[-1]).__name__, inferred_type=None, bstart=bstart, bend=bend,
                 attrs=None if role == "unresolved" else noted("libcst.metadata") if context.name == "STORE" else {})

    @staticmethod
    def scope_role(scope: meta.Scope | None, node: cst.Name | cst.Attribute) -> str | None:
        """Where a name's binding lives, seen from its scope; NULL for attributes, which no scope binds."""
        if scope is None or isinstance(node, cst.Attribute):
            return None
        bindings = scope[node.value]
        if not bindings:
            return "unresolved"
        if any(isinstance(b, meta.ImportAssignment) for b in bindings):
            return "import"
        if any(b.scope is scope for b in bindings):
            return "local"
        if all(isinstance(b, meta.BuiltinAssignment) for b in bindings):
            return "builtin"
        return "global" if any(isinstance(b.scope, meta.GlobalScope) for b in bindings) else "enclosing"

    def imported(self, node: cst.Import | cst.ImportFrom) -> None:
        start, end = self.range(node)
        from_ = isinstance(node, cst.ImportFrom)
        module = get_full_name_for_node(node.module) if from_ and node.module else None
        star = isinstance(node.names, cst.ImportStar)
        for alias in [node.names] if star else node.names:
            # An alias owns its comma; the row stops before it.
            bstart, bend = self.range(alias) if star else self.range(alias.name)
            if not star and alias.asname:
                bend = self.range(alias.asname.name)[1]
            name = "*" if star else get_full_name_for_node(alias.name)
            if module == "__future__":
                self.future.append(name)
            self.add("imports", kind="importfrom" if from_ else "import", module=module if from_ else name,
                     relative_level=len(node.relative) if from_ else 0, name=name if from_ else None,
                     asname=None if star else alias.evaluated_alias, is_star=star, stmt_bstart=start, stmt_bend=end,
                     alias_bstart=bstart, alias_bend=bend, attrs=None if star else noted() if from_ else {})

    def call(self, node: cst.Call) -> None:
        start, end = self.range(node)
        callee_start, callee_end = self.range(node.func)
        dotted = get_full_name_for_node(node.func)
        qnames, fqns = self.names(node.func) if dotted else (None, None)
        call_id = stable_id("cst_call", unit_joined("cst_call", self.own["file_id"], start, end))
        sources = {q["source"] for q in qnames or ()}
        self.add("callsites", call_id=call_id, call_bstart=start, call_bend=end, callee_bstart=callee_start,
                 callee_bend=callee_end, callee_shape=type(node.func).__name__.lower(), callee_text=self.text(node.func),
                 arg_count=len(node.args), callee_dotted=dotted, callee_qnames=qnames, callee_fqns=fqns,
                 inferred_type=None, attrs=None if not sources else {} if sources == {"BUILTIN"} else noted("libcst.metadata"))
        for index, arg in enumerate(node.args):
            bstart, bend = self.range(arg.value)
            self.add("call_args", call_id=call_id, call_bstart=start, call_bend=end, arg_index=index,
                     keyword=arg.keyword.value if arg.keyword else None, star=arg.star or None,
                     arg_text=self.text(arg.value), bstart=bstart, bend=bend)

    def annotation(self, node: cst.Annotation, parent: cst.CSTNode) -> None:
        role = {cst.FunctionDef: "return", cst.Param: "param", cst.AnnAssign: "variable"}[type(parent)]
        bstart, bend = self.range(node.annotation)
        owner = self.defs[-1] if self.defs else {"kind": None, "def_bstart": None, "def_bend": None}
        self.add("type_exprs", owner_def_kind=owner["kind"], owner_def_bstart=owner["def_bstart"],
                 owner_def_bend=owner["def_bend"], param_name=parent.name.value if role == "param" else None,
                 expr_kind=type(node.annotation).__name__, expr_role=role, bstart=bstart, bend=bend,
                 expr_text=self.text(node.annotation))


def file_row(source: Source, path: str, data: bytes, fingerprint: str) -> dict:
    row: dict = {
        "repo": source.repo,
        "path": path,
        "file_id": stable_id("file", unit_joined("file", source.repo, path)),
        "file_sha256": hashlib.sha256(data).hexdigest(),
    }
    try:
        return {**row, **Extraction(row, data, source.root, fingerprint).lists, "attrs": noted()}
    except cst.ParserSyntaxError as error:
        # Both shapes of "nothing here" occur in the wild: text that has no tokens leaves NULL, tokens that have no tree
        # leave empty lists.
        untokenized = error.message.startswith("tokenizer error")
        found = {
            "file_id": row["file_id"], "path": path, "file_sha256": row["file_sha256"],
            "error_type": type(error).__name__, "message": error.message, "raw_line": error.raw_line,
            "raw_column": error.raw_column, "editor_line": error.editor_line, "editor_column": error.editor_column,
            "context": error.context, "line_base": 1, "col_unit": "utf32", "end_exclusive": True,
            "meta": {**noted(), "phase": "tokenizer"} if untokenized else {},
        }
        nothing = {name: None if untokenized else [] for name in LISTS}
        return {**row, **nothing, "parse_errors": [found], "attrs": None if untokenized else {}}


# ---------------------------------------------------------------- output


def map_with_entries(name: str) -> pa.DataType:
    """A string map whose entries field has this name. PyArrow takes no such name, but on reading gives a map's entries
    the name of its column."""
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({name: pa.array([], pa.map_(S, S))}), buffer)
    return pq.read_schema(pa.BufferReader(buffer.getvalue())).field(name).type


def with_maps(field: pa.Field, map_type: pa.DataType) -> pa.Field:
    type_ = field.type
    if pa.types.is_map(type_):
        type_ = map_type
    elif pa.types.is_struct(type_):
        type_ = pa.struct([with_maps(f, map_type) for f in type_])
    elif pa.types.is_list(type_):
        type_ = pa.list_(with_maps(type_.value_field, map_type))
    return field.with_type(type_)


def all_nullable(field: pa.Field) -> pa.Field:
    type_ = field.type
    if pa.types.is_struct(type_):
        type_ = pa.struct([all_nullable(f) for f in type_])
    elif pa.types.is_list(type_):
        type_ = pa.list_(all_nullable(type_.value_field))
    return pa.field(field.name, type_)


def write(rows: list[dict], schema: pa.Schema, out: Path, variant: str) -> None:
    if variant == "key_value":
        schema = pa.schema([with_maps(f, map_with_entries("key_value")) for f in schema], metadata=schema.metadata)
    elif variant == "nullable":
        loose = [all_nullable(f).with_nullable(f.nullable) for f in schema]
        schema = pa.schema(loose, metadata=schema.metadata)
    options = {
        "compression": "zstd",
        "compression_level": 19,
        "row_group_size": 10,
        "write_page_index": True,
        "use_compliant_nested_type": variant != "key_value",
        "sorting_columns": pq.SortingColumn.from_ordering(schema, [("path", "ascending"), ("file_id", "ascending")]),
    }
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out, **options)
    if variant == "reread":
        pq.write_table(pq.read_table(out), out, **options)


def described(field: pa.Field, path: str = "") -> list[tuple]:
    """A field and all below it, without the names that no contract gives: list children and map entries."""
    at, type_ = f"{path}.{field.name}" if path else field.name, field.type
    own = (at, type_.id, field.nullable, tuple(sorted((field.metadata or {}).items())))
    below: list[tuple] = []
    if pa.types.is_map(type_):
        below = [*described(type_.key_field, at), *described(type_.item_field, at)]
    elif pa.types.is_list(type_):
        below = described(type_.value_field.with_name("[]"), at)
    elif pa.types.is_struct(type_):
        below = [d for f in type_ for d in described(f, at)]
    return [own, *below]


def unique(what: str, keys: list) -> None:
    twice = [key for key, count in collections.Counter(keys).items() if count > 1]
    assert not twice, f"{what} is not unique: {twice[:3]}"


def check(out: Path, schema: pa.Schema, variant: str) -> dict[str, int]:
    """Reads the file back and holds it against the contract; returns the number of elements of each list."""
    file = pq.ParquetFile(out)
    table = file.read()
    assert file.metadata.num_columns == 176, f"{file.metadata.num_columns} leaf columns"
    assert table.schema.names == schema.names
    assert {k: v for k, v in table.schema.metadata.items() if k != b"ARROW:schema"} == schema.metadata
    if variant != "nullable":
        for read, wanted in zip(table.schema, schema):
            assert described(read) == described(wanted), f"{read.name} reads back as another type"
    rows = table.to_pylist()
    assert rows == sorted(rows, key=lambda r: (r["path"], r["file_id"])), "rows are not in (path, file_id) order"
    unique("file_id, path", [(r["file_id"], r["path"]) for r in rows])
    every = [(r, name, e) for r in rows for name in LISTS for e in r[name] or ()]
    for name in LISTS:
        assert sum(1 for r in rows if r[name]) >= 3, f"{name} is empty almost everywhere"
        shapes = {None if r[name] is None else len(r[name]) for r in rows}
        assert 0 in shapes and (None in shapes or name == "parse_errors"), f"{name} takes only the shapes {shapes}"
    for row, name, e in every:
        if name not in ("nodes", "edges"):
            assert all(e[key] == row[key] for key in ("file_id", "path", "file_sha256")), f"{name} copies differ"
        if name in ("docstrings", "decorators"):
            assert e["owner_def_id"] == def_id(row["file_id"], e["owner_kind"], e["owner_def_bstart"], e["owner_def_bend"])
    for row in rows:
        lists, file_id = {name: row[name] or [] for name in LISTS}, row["file_id"]
        unique("cst_id", [n["cst_id"] for n in lists["nodes"]])
        unique("edge", [(e["src"], e["dst"], e["kind"], e["slot"], e["idx"]) for e in lists["edges"]])
        for name, prefix, own, parts in (
            ("refs", "cst_ref", "ref_id", ("bstart", "bend")),
            ("callsites", "cst_call", "call_id", ("call_bstart", "call_bend")),
            ("defs", "cst_def", "def_id", ("kind", "def_bstart", "def_bend")),
        ):
            unique(own, [e[own] for e in lists[name]])
            for e in lists[name]:
                assert e[own] == stable_id(prefix, unit_joined(prefix, file_id, *(e[p] for p in parts)))
        unique("import", [(e["kind"], e["alias_bstart"], e["alias_bend"]) for e in lists["imports"]])
        ids = {n["cst_id"] for n in lists["nodes"]}
        assert all(e["src"] in ids and e["dst"] in ids for e in lists["edges"])
        defs = {(e["kind"], e["def_bstart"], e["def_bend"]) for e in lists["defs"]}
        owners = [(e["container_def_kind"], e["container_def_bstart"], e["container_def_bend"]) for e in lists["defs"]]
        owners += [(e["owner_def_kind"], e["owner_def_bstart"], e["owner_def_bend"]) for e in lists["type_exprs"]]
        for name in ("docstrings", "decorators"):
            owners += [(e["owner_kind"], e["owner_def_bstart"], e["owner_def_bend"]) for e in lists[name]]
        for owner in owners:
            assert owner in defs or owner in ((None, None, None), ("module", None, None)), f"{owner} owns, but is no def"
        calls = {(e["call_id"], e["call_bstart"], e["call_bend"]) for e in lists["callsites"]}
        assert all((e["call_id"], e["call_bstart"], e["call_bend"]) in calls for e in lists["call_args"])
    unique("type_exprs", [(r["path"], e["bstart"], e["bend"]) for r, name, e in every if name == "type_exprs"])
    for name in ("nodes", "edges", "refs", "imports", "callsites", "defs"):
        shapes = {None if e["attrs"] is None else len(e["attrs"]) for _, n, e in every if n == name}
        assert {None, 0, 2} <= shapes, f"{name}.attrs takes only the shapes {shapes}"
        assert any(("note", None) in (e["attrs"] or ()) for _, n, e in every if n == name)
    assert {None, 0, 2} <= {None if r["attrs"] is None else len(r["attrs"]) for r in rows}
    return {name: sum(1 for _, n, _ in every if n == name) for name in LISTS}


def main() -> None:
    parser = argparse.ArgumentParser(description="writes the libcst_files_v1 sample table")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("libcst_files_v1.parquet"))
    parser.add_argument("--variant", choices=("contract", "key_value", "nullable", "reread"), default="contract",
                        help="the same rows as other programs spell them; see README.md")
    args = parser.parse_args()

    schema = contract()
    fingerprint = hashlib.sha256("\n".join(str(d) for f in schema for d in described(f)).encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        contents = sdist_bytes(Path(folder))
    rows = [file_row(s, path, contents[s.repo, path], fingerprint) for s in SOURCES for path in s.paths]
    rows.sort(key=lambda r: (r["path"], r["file_id"]))
    write(rows, schema, args.out, args.variant)
    counts = check(args.out, schema, args.variant)
    for repo in sorted({s.repo for s in SOURCES}):
        if args.variant == "contract":
            args.out.with_name(f"LICENSE-{repo}").write_bytes(contents[repo, "LICENSE"])
    print(f"{args.out.name}: {len(rows)} rows, {args.out.stat().st_size} bytes")
    for name, count in counts.items():
        print(f"  {name}: {count} elements in {sum(1 for r in rows if r[name])} rows")


if __name__ == "__main__":
    main()
