//! The structures of `parquet.thrift` that the engine's reader decodes, with the fields that it knows.
//!
//! That reader takes the type of a field that it knows from its own declaration and not from the file, so a field of another type would make
//! it read on at another place than whoever believes the file. A value of another type than the one declared here is therefore refused.

use Layout::{Binary, Bool, Byte, Double, Int, List, Struct};

/// The type of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// A boolean.
    Bool,
    /// A signed byte.
    Byte,
    /// An integer of 16, 32 or 64 bits, or an enumeration.
    Int,
    /// A floating-point number.
    Double,
    /// Bytes or text.
    Binary,
    /// Values of one type.
    List(&'static Layout),
    /// Fields by their number; a union is one too.
    Struct(Fields),
}

/// The fields of a structure that are known.
pub(crate) type Fields = &'static [(i16, Layout)];

/// That of the field `id`, if it is known.
pub(crate) fn of(fields: Fields, id: i16) -> Option<&'static Layout> {
    fields.iter().find(|(known, _)| *known == id).map(|(_, layout)| layout)
}

const EMPTY: Layout = Struct(&[]);
const TIME_UNIT: Layout = Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]);
const TIME: Layout = Struct(&[(1, Bool), (2, TIME_UNIT)]);
const LOGICAL_TYPE: Layout = Struct(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Struct(&[(1, Int), (2, Int)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Struct(&[(1, Byte), (2, Bool)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Struct(&[(1, Byte)])),
    (17, Struct(&[(1, Binary)])),
    (18, Struct(&[(1, Binary), (2, Int)])),
]);

/// A node of the schema.
pub(crate) const SCHEMA_ELEMENT: Fields =
    &[(1, Int), (2, Int), (3, Int), (4, Binary), (5, Int), (6, Int), (7, Int), (8, Int), (9, Int), (10, LOGICAL_TYPE)];

const STATISTICS: Layout =
    Struct(&[(1, Binary), (2, Binary), (3, Int), (4, Int), (5, Binary), (6, Binary), (7, Bool), (8, Bool)]);
const KEY_VALUE: Layout = Struct(&[(1, Binary), (2, Binary)]);
const PAGE_ENCODING: Layout = Struct(&[(1, Int), (2, Int), (3, Int)]);
const SIZES: Layout = Struct(&[(1, Int), (2, List(&Int)), (3, List(&Int))]);
const BOX: Layout =
    Struct(&[(1, Double), (2, Double), (3, Double), (4, Double), (5, Double), (6, Double), (7, Double), (8, Double)]);
const GEOSPATIAL: Layout = Struct(&[(1, BOX), (2, List(&Int))]);

/// The footer's metadata of a column chunk.
pub(crate) const COLUMN_METADATA: Fields = &[
    (1, Int),
    (2, List(&Int)),
    (3, List(&Binary)),
    (4, Int),
    (5, Int),
    (6, Int),
    (7, Int),
    (8, List(&KEY_VALUE)),
    (9, Int),
    (10, Int),
    (11, Int),
    (12, STATISTICS),
    (13, List(&PAGE_ENCODING)),
    (14, Int),
    (15, Int),
    (16, SIZES),
    (17, GEOSPATIAL),
];

/// A column chunk.
pub(crate) const COLUMN_CHUNK: Fields =
    &[(1, Binary), (2, Int), (3, Struct(COLUMN_METADATA)), (4, Int), (5, Int), (6, Int), (7, Int)];

const SORTING_COLUMN: Layout = Struct(&[(1, Int), (2, Bool), (3, Bool)]);

/// A row group.
pub(crate) const ROW_GROUP: Fields =
    &[(1, List(&Struct(COLUMN_CHUNK))), (2, Int), (3, Int), (4, List(&SORTING_COLUMN)), (5, Int), (6, Int), (7, Int)];

const COLUMN_ORDER: Layout = Struct(&[(1, EMPTY)]);

/// A footer.
pub(crate) const FILE_METADATA: Fields = &[
    (1, Int),
    (2, List(&Struct(SCHEMA_ELEMENT))),
    (3, Int),
    (4, List(&Struct(ROW_GROUP))),
    (5, List(&KEY_VALUE)),
    (6, Binary),
    (7, List(&COLUMN_ORDER)),
];

/// The header of a data page of version 1.
pub(crate) const DATA_PAGE: Fields = &[(1, Int), (2, Int), (3, Int), (4, Int), (5, STATISTICS)];
/// The header of a dictionary page.
pub(crate) const DICTIONARY_PAGE: Fields = &[(1, Int), (2, Int), (3, Bool)];
/// The header of a data page of version 2.
pub(crate) const DATA_PAGE_2: Fields =
    &[(1, Int), (2, Int), (3, Int), (4, Int), (5, Int), (6, Int), (7, Bool), (8, STATISTICS)];

/// The header of a page of any kind.
pub(crate) const PAGE: Fields = &[
    (1, Int),
    (2, Int),
    (3, Int),
    (4, Int),
    (5, Struct(DATA_PAGE)),
    (6, EMPTY),
    (7, Struct(DICTIONARY_PAGE)),
    (8, Struct(DATA_PAGE_2)),
];

/// The statistics of the pages of a column chunk.
pub(crate) const COLUMN_INDEX: Fields = &[
    (1, List(&Bool)),
    (2, List(&Binary)),
    (3, List(&Binary)),
    (4, Int),
    (5, List(&Int)),
    (6, List(&Int)),
    (7, List(&Int)),
];

/// Where a page is.
pub(crate) const PAGE_LOCATION: Fields = &[(1, Int), (2, Int), (3, Int)];

/// Where the pages of a column chunk are.
pub(crate) const OFFSET_INDEX: Fields = &[(1, List(&Struct(PAGE_LOCATION))), (2, List(&Int))];

/// The header of a bloom filter.
pub(crate) const BLOOM_FILTER: Fields =
    &[(1, Int), (2, Struct(&[(1, EMPTY)])), (3, Struct(&[(1, EMPTY)])), (4, Struct(&[(1, EMPTY)]))];
