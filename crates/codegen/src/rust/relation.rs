//! What a relation says of its columns, as literals that name them by their constants, and boundaries. Each is taken apart by name, as in
//! `model`.

use cstspec_contract::{Boundary, Constraints, Ordering, Reference, Scan, SortKey, ViewBody};

use super::columns::{Context, Names};
use super::data_type::column_parts;
use super::literal::{Literal, call, text};

/// A promised order.
pub(super) fn ordering(ordering: &Ordering, names: &Names<'_>) -> String {
    let Ordering { keys, scope, origin } = ordering;
    let keys: Vec<String> = keys
        .iter()
        .map(|SortKey { column, descending }| {
            format!("SortKey {{ column: {}.to_owned(), descending: {descending} }}", names.name(column))
        })
        .collect();
    let (scope, origin) = (scope.literal(), origin.literal());
    format!("Ordering {{ keys: vec![{}], scope: {scope}, origin: {origin} }}", keys.join(", "))
}

/// Promises about the rows of the relation `own`.
pub(super) fn constraints(constraints: &Constraints, own: &str, names: &Names<'_>, context: &Context<'_>) -> String {
    let Constraints { primary_key, unique, not_null, references: all, origin } = constraints;
    let unique: Vec<String> = unique.iter().map(|key| names.texts(key)).collect();
    format!(
        "Constraints {{ primary_key: {}, unique: vec![{}], not_null: {}, references: {}, origin: {} }}",
        names.texts(primary_key),
        unique.join(", "),
        names.paths(not_null),
        references(all, own, names, context),
        origin.literal()
    )
}

/// References of the relation `own` to keys of others.
pub(super) fn references(references: &[Reference], own: &str, names: &Names<'_>, context: &Context<'_>) -> String {
    let references: Vec<String> = references
        .iter()
        .map(|Reference { columns, relation, to, origin }| {
            let to = if relation == own { names.texts(to) } else { context.names_of(relation).texts(to) };
            format!(
                "Reference {{ columns: {}, relation: {}, to: {to}, origin: {} }}",
                names.texts(columns),
                relation.literal(),
                origin.literal()
            )
        })
        .collect();
    format!("vec![{}]", references.join(", "))
}

/// How files are listed, and what they should carry.
pub(super) fn scan(scan: &Scan, names: &Names<'_>) -> String {
    let Scan { statistics, bloom_filters, files, listing_cache_ttl_ms, listing_mutable } = scan;
    format!(
        "Scan {{ statistics: {}, bloom_filters: {}, files: {}, listing_cache_ttl_ms: {}, listing_mutable: {} }}",
        names.paths(statistics),
        names.paths(bloom_filters),
        files.literal(),
        listing_cache_ttl_ms.literal(),
        listing_mutable.literal()
    )
}

/// What a view was made from. `has_rows` says that its module has a function of its columns with where each comes from.
pub(super) fn body(body: &ViewBody, names: &Names<'_>, context: &Context<'_>, has_rows: bool) -> String {
    // The fields of a struct that an accessor makes, and the columns of `of` that they are made from.
    let made_from = |fields: &[(String, String)], of: &str| {
        let theirs = context.names_of(of);
        let fields: Vec<String> =
            fields.iter().map(|(field, column)| format!("({}, {})", text(field), theirs.name(column))).collect();
        call("text_pairs", &fields)
    };
    match body {
        ViewBody::Rows { of, unnest, condition, sources } => {
            let sources = if has_rows {
                "sources_of(rows())".to_owned()
            } else {
                let sources: Vec<String> = sources.iter().map(|source| names.source(source)).collect();
                format!("vec![{}]", sources.join(", "))
            };
            let unnest = context.names_of(of).path_text(unnest);
            let (of, condition) = (of.literal(), condition.literal());
            format!("ViewBody::Rows {{ of: {of}, unnest: path({unnest}), condition: {condition}, sources: {sources} }}")
        }
        ViewBody::Entries { of, map, keys } => format!(
            "ViewBody::Entries {{ of: {}, map: path({}), keys: {} }}",
            of.literal(),
            context.names_of(of).path_text(map),
            names.texts(keys)
        ),
        ViewBody::Entry { of, map, key, keys } => format!(
            "ViewBody::Entry {{ of: {}, map: path({}), key: {}, keys: {} }}",
            of.literal(),
            context.names_of(of).path_text(map),
            key.literal(),
            names.texts(keys)
        ),
        ViewBody::Pack { of, keys, name, fields } => format!(
            "ViewBody::Pack {{ of: {}, keys: {}, name: {}.to_owned(), fields: {} }}",
            of.literal(),
            names.texts(keys),
            names.name(name),
            made_from(fields, of)
        ),
        ViewBody::Unpack { of, keys, name, fields } => format!(
            "ViewBody::Unpack {{ of: {}, keys: {}, name: {}.to_owned(), fields: {} }}",
            of.literal(),
            names.texts(keys),
            names.name(name),
            made_from(fields, of)
        ),
        ViewBody::Diagnose { of, columns } => {
            format!("ViewBody::Diagnose {{ of: {}, columns: {} }}", of.literal(), context.names_of(of).texts(columns))
        }
        ViewBody::Sql => "ViewBody::Sql".to_owned(),
    }
}

/// A requested schema. Its columns have no constants, so their structs without a name stand beside them.
pub(super) fn boundary(boundary: &Boundary, context: &Context<'_>) -> String {
    let Boundary { name, doc, origin, columns, nested, metadata, defaults, missing, extra, casts } = boundary;
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            let (lets, value) = column_parts(column, context.known(nested), &text(column.name()));
            if lets.is_empty() { value } else { format!("{{ {} {value} }}", lets.concat()) }
        })
        .collect();
    let fields = [
        ("name", name.literal()),
        ("doc", doc.literal()),
        ("origin", origin.literal()),
        ("columns", format!("vec![{}]", columns.join(", "))),
        ("nested", nested.literal()),
        ("metadata", metadata.literal()),
        ("defaults", defaults.literal()),
        ("missing", missing.literal()),
        ("extra", extra.literal()),
        ("casts", casts.literal()),
    ];
    let fields = fields.map(|(name, value)| format!("{name}: {value}"));
    format!("Boundary {{ {} }}", fields.join(", "))
}
