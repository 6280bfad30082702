//! Constraints that no longer hold, taken out of the specs.

use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{Dataset, Path};
use cstspec_spec::Sources;
use cstspec_spec::layout::Written;

use super::edit::{Edit, Inside, remove_entry, remove_item};
use super::plan::{Change, Refresh};
use super::site::{member, site};

/// The key of the constraints of a dataset.
const CONSTRAINTS: &str = "constraints";

/// The edits that take the constraint of `kind` on `columns` out, with the file that they belong to. `None` if the specs of the dataset do not
/// have it.
pub fn relaxed(
    refresh: &Refresh<'_>,
    kind: RowConstraintKind,
    columns: &[String],
) -> Option<(Change, String, Vec<Edit>)> {
    let Refresh { dataset, sources, .. } = *refresh;
    let file = dataset.origin.file.clone();
    let document = sources.layout(&file)?;
    let path = || columns.first().and_then(|text| Path::parse(text).ok()).unwrap_or_default();
    let names = columns.join(", ");
    let change = |path: String, what: &str, key: &str| Change {
        path,
        what: what.to_owned(),
        place: Some(dataset.key(key)),
        is_asked: true,
        stuck: None,
    };
    match kind {
        RowConstraintKind::Order => {
            let edits = remove_entry(document.spot("ordering")?);
            Some((
                change(String::new(), "the order is removed, since the rows do not have it", "ordering"),
                file,
                edits,
            ))
        }
        RowConstraintKind::Key if dataset.constraints.primary_key == columns => {
            let edits = remove_constraint(document, "primary_key")?;
            let what = format!("the primary key ({names}) is removed, since rows have the same");
            Some((change(String::new(), &what, "constraints.primary_key"), file, edits))
        }
        RowConstraintKind::Key => {
            let number = dataset.constraints.unique.iter().position(|key| key == columns)?;
            let edits = remove_listed(document, "unique", number)?;
            let what = format!("the key ({names}) is removed, since rows have the same");
            Some((change(String::new(), &what, "constraints.unique"), file, edits))
        }
        RowConstraintKind::Reference => {
            let number = dataset.constraints.references.iter().position(|one| one.columns == columns)?;
            let edits = remove_listed(document, "references", number)?;
            let what = format!("the reference of ({names}) is removed, since rows refer to none");
            Some((change(String::new(), &what, "constraints.references"), file, edits))
        }
        RowConstraintKind::Allowed => {
            let path = path();
            let allowed = dataset.allowed.iter().find(|allowed| allowed.path == path)?;
            let origin = allowed.origin.clone();
            let edits = remove_entry(sources.layout(&origin.file)?.spot(&origin.key)?);
            let mut change = change(path.to_string(), "the allowed values are removed, since rows have others", "");
            change.place = Some(origin.clone());
            Some((change, origin.file, edits))
        }
        RowConstraintKind::NotNull => not_null(dataset, sources, &path()),
        RowConstraintKind::Identity => None,
    }
}

fn not_null(dataset: &Dataset, sources: &Sources, path: &Path) -> Option<(Change, String, Vec<Edit>)> {
    let file = dataset.origin.file.clone();
    let document = sources.layout(&file)?;
    let change = |origin| Change {
        path: path.to_string(),
        what: "no longer NOT NULL, since rows have NULL".to_owned(),
        place: Some(origin),
        is_asked: true,
        stuck: None,
    };
    if let Some(number) = dataset.constraints.not_null.iter().position(|one| one == path) {
        let edits = remove_listed(document, "not_null", number)?;
        return Some((change(dataset.key("constraints.not_null")), file, edits));
    }
    let fields: Vec<_> = dataset.columns.iter().map(|column| column.field.clone()).collect();
    if path.find(&fields).is_some_and(|field| field.is_nullable()) {
        let is_key = dataset.constraints.primary_key.iter().any(|column| path.only() == Some(column));
        let edits = is_key.then(|| remove_constraint(document, "primary_key")).flatten()?;
        let mut change = change(dataset.key("constraints.primary_key"));
        "the primary key is removed, since rows have NULL".clone_into(&mut change.what);
        return Some((change, file, edits));
    }
    let site = site(dataset, path)?;
    let edits = if site.inside.is_empty() {
        let of_field = sources.layout(&site.origin.file)?;
        remove_entry(of_field.spot(&format!("{}.nullable", site.origin.key))?)
    } else {
        let text = site.type_text(sources)?;
        let (parent, number) = member(&text.expr, &site.inside)?;
        let own = &parent.children.get(number)?.ty;
        let spelled = text.written.text()?.get(own.start..own.end)?.to_owned();
        Inside { written: text.written, parent, number }.retype(&spelled, false)
    };
    Some((change(site.origin.clone()), site.origin.file, edits))
}

/// Takes one of the constraints out, and the key of all of them with the last one.
fn remove_constraint(document: Written<'_>, key: &str) -> Option<Vec<Edit>> {
    let all = document.get(CONSTRAINTS)?;
    let whole = if all.entries().len() == 1 { CONSTRAINTS.to_owned() } else { format!("{CONSTRAINTS}.{key}") };
    document.spot(&whole).map(remove_entry)
}

/// Takes one item out of a list of constraints, and the list with the last one.
fn remove_listed(document: Written<'_>, key: &str, number: usize) -> Option<Vec<Edit>> {
    let list = document.find(&format!("{CONSTRAINTS}.{key}"))?;
    if list.items().len() <= 1 { remove_constraint(document, key) } else { Some(remove_item(list, number)) }
}
