//! Where in two types a comparison is, and what the file's marks say of NULLs there.

use arrow::datatypes::{DataType, Field};
use cstspec_contract::{Path, list_child, map_fields};

use crate::encoding::Encoding;

/// Where a type is.
#[derive(Clone)]
pub(super) struct At {
    /// As the contract spells it.
    pub path: Path,
    /// As the file does: the same but below a renamed field.
    pub stored: Path,
    /// Whether it may be NULL in the file, or be below a NULL: what the file stores as required inside holds some value there.
    pub absent: bool,
    /// Whether it is such a value itself.
    pub hidden: bool,
    /// How its values are stored, where the reader does not decode them.
    pub encoding: Option<Encoding>,
    /// Whether it is the elements of the list at that path.
    pub of_elements: bool,
}

impl At {
    /// The root of all columns, which is never NULL.
    pub fn root() -> Self {
        let path = Path::default();
        Self { stored: path.clone(), path, absent: false, hidden: false, encoding: None, of_elements: false }
    }

    /// An array on its own.
    pub fn array(path: &Path) -> Self {
        Self {
            path: path.clone(),
            stored: path.clone(),
            absent: true,
            hidden: false,
            encoding: None,
            of_elements: false,
        }
    }

    /// The fields that only one side has.
    pub fn alone(path: Path) -> Self {
        Self { stored: path.clone(), path, absent: false, hidden: false, encoding: None, of_elements: false }
    }

    /// The field `found` of the file, read as the one called `name`.
    pub fn field(&self, name: &str, found: &Field) -> Self {
        Self { path: self.path.join(name), stored: self.stored.join(found.name()), ..self.inside(found) }
    }

    /// The key or the value of a map, which has none where it is NULL.
    pub fn entry(&self, name: &str, found: &Field) -> Self {
        let (path, stored) = (self.path.join(name), self.stored.join(name));
        let encoding = Encoding::of(found);
        Self { path, stored, absent: found.is_nullable(), hidden: false, encoding, of_elements: false }
    }

    /// The elements of a list of the type `list`. One of variable length has none where it is NULL.
    pub fn elements(&self, list: &DataType, found: &Field) -> Self {
        if let DataType::FixedSizeList(..) = list {
            return Self { of_elements: true, ..self.inside(found) };
        }
        let encoding = Encoding::of(found);
        Self { absent: found.is_nullable(), hidden: false, encoding, of_elements: true, ..self.clone() }
    }

    fn inside(&self, found: &Field) -> Self {
        let (absent, hidden) = (self.absent || found.is_nullable(), self.absent && !found.is_nullable());
        Self { absent, hidden, encoding: Encoding::of(found), of_elements: false, ..self.clone() }
    }
}

/// Whether the reader leaves values behind NULLs in arrays of the type `found`, which themselves may be `absent`.
pub(super) fn hides(found: &DataType, absent: bool) -> bool {
    let of_rows =
        |field: &Field| (absent && !field.is_nullable()) || hides(field.data_type(), absent || field.is_nullable());
    match found {
        DataType::Struct(fields) => fields.iter().any(|field| of_rows(field)),
        DataType::FixedSizeList(item, _) => of_rows(item),
        DataType::Map(entries, _) => map_fields(entries)
            .is_some_and(|(key, value)| [key, value].iter().any(|of| hides(of.data_type(), of.is_nullable()))),
        _ => list_child(found).is_some_and(|item| hides(item.data_type(), item.is_nullable())),
    }
}
