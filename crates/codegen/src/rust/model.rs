//! The catalog's own types as literals. Each is taken apart by name, so that a field added to one does not compile until it is
//! spelled here too. Those that name columns are in `relation`.

use arrow_schema::DataType;
use cstspec_contract::{
    AllowedValues, CastPolicy, ColumnSource, DefaultValue, Evolution, ExtraPolicy, Family, Function, FunctionKind,
    MissingPolicy, NullRule, NullabilityPolicy, OrderScope, Parameter, Path, PathPolicy, Pattern, Provider, Session,
    Signature, Statement, Value,
};

use super::data_type::Types;
use super::literal::Literal;

/// `Name { field: literal, ... }` with the fields named.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Literal for $name {
            fn literal(&self) -> String {
                let $name { $($field),* } = self;
                let fields = [$(format!("{}: {}", stringify!($field), $field.literal())),*];
                format!("{} {{ {} }}", stringify!($name), fields.join(", "))
            }
        }
    )*};
}

/// `Name::Variant` of enums without data.
macro_rules! words {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Literal for $name {
            fn literal(&self) -> String {
                match self { $(Self::$variant => concat!(stringify!($name), "::", stringify!($variant)).to_owned()),* }
            }
        }
    )*};
}

/// `Name::Variant`, `Name::Variant(literal)` and `Name::Variant { field: literal, ... }`.
macro_rules! variants {
    ($($name:ident { $($variant:ident $(($($item:ident),*))? $({ $($field:ident),* })?;)* })*) => {$(
        impl Literal for $name {
            fn literal(&self) -> String {
                match self {$(
                    Self::$variant $(($($item),*))? $({ $($field),* })? => variant(
                        concat!(stringify!($name), "::", stringify!($variant)),
                        &[$($($item.literal()),*)?],
                        &[$($(format!("{}: {}", stringify!($field), $field.literal())),*)?],
                    ),
                )*}
            }
        }
    )*};
}

fn variant(name: &str, items: &[String], fields: &[String]) -> String {
    match (items, fields) {
        ([], []) => name.to_owned(),
        (items, []) => format!("{name}({})", items.join(", ")),
        (_, fields) => format!("{name} {{ {} }}", fields.join(", ")),
    }
}

structs! {
    AllowedValues { path, elements, values, origin }
    DefaultValue { path, value, origin }
    Evolution { missing, extra, casts, nullability, renames, paths, origin }
    Function { name, doc, origin, kind, provider, signatures }
    Parameter { pattern, optional }
    PathPolicy { missing, extra, casts, nullability, origin }
    Session { name, doc, origin, extends, settings }
    Signature { parameters, rest, returns, nulls }
    Statement { name, doc, origin, parameters, sql }
}

words! {
    CastPolicy { None, Widening, Any }
    ExtraPolicy { Ignore, Warn, Error }
    Family { Integer, Numeric, String, Struct, Map, List }
    FunctionKind { Scalar, Aggregate, Window, Unnest }
    MissingPolicy { Default, FillNull, Error }
    NullabilityPolicy { Relax, Error }
    OrderScope { File, Table }
    Provider { Engine, Runtime, Host }
}

variants! {
    ColumnSource { Row(path); Context(path); Element(path); Position(level); Expr(sql); }
    NullRule { Always; Propagate; Never; Arguments(numbers); }
    Pattern {
        Any; Dependent;
        Type(data_type); Family(family); Variable(name); List(item); Map(key, value); Struct(fields); OneOf(patterns);
    }
    Value { Null; Bool(value); Int(value); Decimal(text); Text(text); List(items); Entries(entries); }
}

impl Literal for DataType {
    fn literal(&self) -> String {
        Types::inline().data_type(self, &Path::default())
    }
}
