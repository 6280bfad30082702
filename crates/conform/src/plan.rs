//! Which steps lead from a file's type to the contract's, with every difference on the way.

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use cstspec_contract::report::{Conversion, ConversionKind};
use cstspec_contract::{
    CastPolicy, DefaultValue, Evolution, ExtraPolicy, MissingPolicy, NullabilityPolicy, Path, list_child, map_fields,
    spelling,
};

use crate::constant::{self, Constant};
use crate::encoding::Encoding;
use crate::place::{At, hides};
use crate::{Child, ConformError, Rules, Step, is_spelling, loses_nothing};

/// The prefix of the name of a field that the table of a file has dropped: no name of a contract starts with it.
pub const DROPPED: char = '\0';

/// Plans steps and collects every difference, allowed or refused, each once.
///
/// Where something is refused the step that it gives is not to be applied.
pub(super) struct Planner<'a> {
    rules: Rules<'a>,
    pub conversions: Vec<Conversion>,
    pub refused: Vec<ConformError>,
}

/// The places in `from` of the fields that may be read as `declared`, one of `to`: those of its name, or else those that the contract
/// renames to it; `stored` is their parent as the file spells its path. A name that the contract still has is never taken for another.
/// Of more than one nobody knows which is meant.
pub(super) fn sources(
    evolution: &Evolution,
    from: &Fields,
    to: &Fields,
    declared: &Field,
    stored: &Path,
) -> Vec<usize> {
    let places = |is: &dyn Fn(&Field) -> bool| -> Vec<usize> {
        from.iter().enumerate().filter(|(_, field)| is(field)).map(|(index, _)| index).collect()
    };
    let named = places(&|field| field.name() == declared.name());
    if !named.is_empty() {
        return named;
    }
    places(&|field| {
        let renamed = || evolution.renames.get(&stored.join(field.name()));
        to.find(field.name()).is_none() && renamed() == Some(declared.name())
    })
}

impl<'a> Planner<'a> {
    pub fn new(rules: Rules<'a>) -> Self {
        Self { rules, conversions: Vec::new(), refused: Vec::new() }
    }

    /// The source of each of the fields `to`, given a file with the fields `from`.
    pub fn fields(&mut self, from: &Fields, to: &Fields, at: &At) -> Vec<Child> {
        let found: Vec<Vec<usize>> = to.iter().map(|declared| self.find(from, to, declared, at)).collect();
        for (index, extra) in from.iter().enumerate() {
            if !found.iter().flatten().any(|found| *found == index) {
                self.extra(extra, at);
            }
        }
        self.order(from, to, &found, at);
        to.iter()
            .zip(found)
            .map(|(declared, found)| match found.as_slice() {
                [index] => {
                    let index = *index;
                    let stored = &from[index];
                    let at = at.field(declared.name(), stored);
                    if stored.name() != declared.name() {
                        self.differs(
                            &at,
                            ConversionKind::Renamed,
                            Some(stored.name().clone()),
                            Some(declared.name().clone()),
                            "the contract declares it as an older name",
                        );
                    }
                    self.stored(index, stored, declared, &at)
                }
                [] => self.missing(declared, &At::alone(at.path.join(declared.name()))),
                several => {
                    let names = several.iter().map(|index| from[*index].name().clone()).collect();
                    self.refused.push(ConformError::Ambiguous { path: at.path.join(declared.name()), names });
                    Child::Filled(Constant::null(&DataType::Null))
                }
            })
            .collect()
    }

    fn find(&self, from: &Fields, to: &Fields, declared: &FieldRef, at: &At) -> Vec<usize> {
        sources(self.rules.evolution, from, to, declared, &at.stored)
    }

    fn extra(&mut self, extra: &Field, at: &At) {
        if extra.name().starts_with(DROPPED) {
            return;
        }
        let path = at.stored.join(extra.name());
        if self.rules.evolution.extra_inside(&at.path) == ExtraPolicy::Error {
            self.refused.push(ConformError::Extra { path });
        } else {
            let from = Some(spelling::short(extra.data_type()));
            self.differs(
                &At::alone(path),
                ConversionKind::Extra,
                from,
                None,
                "only the file has it, so it is not read",
            );
        }
    }

    /// Once for a struct, whatever the number of its fields that moved.
    fn order(&mut self, from: &Fields, to: &Fields, found: &[Vec<usize>], at: &At) {
        if found.iter().flatten().is_sorted() {
            return;
        }
        let mut stored: Vec<usize> = found.iter().flatten().copied().collect();
        stored.sort_unstable();
        let stored: Vec<&str> = stored.into_iter().map(|index| from[index].name().as_str()).collect();
        let declared = to.iter().zip(found).filter(|(_, found)| !found.is_empty());
        let declared: Vec<&str> = declared.map(|(field, _)| field.name().as_str()).collect();
        let (from, to) = (Some(stored.join(", ")), Some(declared.join(", ")));
        self.differs(at, ConversionKind::Reordered, from, to, "fields are matched by name");
    }

    fn missing(&mut self, declared: &FieldRef, at: &At) -> Child {
        let policy = self.rules.evolution.missing_at(&at.path);
        let default = match policy {
            MissingPolicy::Default => self.default(&at.path),
            MissingPolicy::FillNull | MissingPolicy::Error => None,
        };
        let data_type = declared.data_type();
        let null = || Ok(Constant::null(data_type));
        let refused = Child::Filled(Constant::null(&DataType::Null));
        let (filled, to, reason) = match default {
            Some(default) => {
                let value = constant::constant(&default.value, data_type);
                (value, default.value.to_string(), "the file lacks it, so its default is filled in")
            }
            None if declared.is_nullable() && policy != MissingPolicy::Error => {
                (null(), "null".to_owned(), "the file lacks it, so it is NULL")
            }
            None => {
                self.refused.push(ConformError::Missing { path: at.path.clone() });
                return refused;
            }
        };
        match filled {
            Ok(value) => {
                self.differs(at, ConversionKind::Missing, None, Some(to), reason);
                Child::Filled(value)
            }
            Err(error) => {
                let (path, declared, reason) = (at.path.clone(), data_type.clone(), error.to_string());
                self.refused.push(ConformError::Default { path, declared, reason });
                refused
            }
        }
    }

    fn default(&self, path: &Path) -> Option<&'a DefaultValue> {
        self.rules.defaults.iter().find(|default| default.path == *path)
    }

    /// How the field `found` of a file, the one at `index`, is read as `declared`.
    fn stored(&mut self, index: usize, found: &Field, declared: &Field, at: &At) -> Child {
        let required = self.nullability(found, declared, at, ["nullable", "not null"]);
        let step = self.step(found.data_type(), declared.data_type(), at);
        Child::Stored { index, step, required, hidden: at.hidden }
    }

    /// Whether the file may have NULLs where the contract says there are none.
    fn nullability(&mut self, found: &Field, declared: &Field, at: &At, [from, to]: [&str; 2]) -> bool {
        let required = found.is_nullable() && !declared.is_nullable();
        if required && self.rules.evolution.nullability_at(&at.path) == NullabilityPolicy::Error {
            self.refused.push(ConformError::Nullable { path: at.path.clone() });
        } else if required {
            let (from, to) = (Some(from.to_owned()), Some(to.to_owned()));
            self.differs(
                at,
                ConversionKind::Nullable,
                from,
                to,
                "it is read, and a NULL in it is an error of the data",
            );
        }
        required
    }

    /// The step that reads the type `found` of a file as `declared`.
    pub fn step(&mut self, found: &DataType, declared: &DataType, at: &At) -> Step {
        if let Some(encoding) = at.encoding {
            return self.encoded(encoding, declared, at);
        }
        if found == declared && !hides(found, at.absent) {
            return Step::Keep;
        }
        if *found == DataType::Null {
            return self.nothing(declared, at);
        }
        let path = at.path.clone();
        match (found, declared) {
            (DataType::Struct(from), DataType::Struct(to)) => {
                Step::Struct { path, fields: to.clone(), children: self.fields(from, to, at) }
            }
            (DataType::Map(from, from_sorted), DataType::Map(to, to_sorted)) if *from_sorted || !to_sorted => {
                let (Some(from), Some((key, value))) = (map_fields(from), map_fields(to)) else {
                    return self.refuse(found, declared, at);
                };
                let key = self.stored(0, from.0, key, &at.entry("key", from.0));
                let value = self.stored(1, from.1, value, &at.entry("value", from.1));
                Step::Map { path, entries: to.clone(), sorted: *to_sorted, children: Box::new([key, value]) }
            }
            _ => match (list_child(found), list_child(declared)) {
                (Some(from), Some(to)) => {
                    if !self.list_kind(found, declared, at) {
                        return self.refuse(found, declared, at);
                    }
                    let required = self.nullability(from, to, at, ["nullable elements", "elements not null"]);
                    let elements = at.elements(found, from);
                    let item = Box::new(self.step(from.data_type(), to.data_type(), &elements));
                    let hidden = elements.hidden;
                    Step::List { path, field: to.clone(), to: declared.clone(), item, required, hidden }
                }
                _ => self.leaf(found, declared, at),
            },
        }
    }

    /// The step of values of an encoding that has no type of its own: the declared one is theirs, if it is of their kind.
    fn encoded(&mut self, encoding: Encoding, declared: &DataType, at: &At) -> Step {
        let casts = self.rules.evolution.casts_at(&at.path);
        let whole = encoding.whole();
        let kind = |data_type: &DataType| std::mem::discriminant(data_type);
        if kind(declared) != kind(&whole) {
            let step = encoding.step_to(declared);
            let lossless = kind(&step) == kind(&whole) && loses_nothing(&step, declared);
            if !(lossless && casts == CastPolicy::Widening
                || casts == CastPolicy::Any && can_cast_types(&step, declared))
            {
                return self.refuse(&whole, declared, at);
            }
            let (from, to) = (Some(spelling::short(&whole)), Some(spelling::short(declared)));
            let reason = if lossless { LOSES_NOTHING } else { MAY_FAIL };
            self.differs(at, ConversionKind::Cast, from, to, reason);
        }
        Step::Decode { path: at.path.clone(), encoding, to: declared.clone(), cut: casts == CastPolicy::Any }
    }

    /// The step of a place where the file holds nothing but NULLs, and so has no type: writers infer that from empty lists, and from
    /// columns without a value.
    fn nothing(&mut self, declared: &DataType, at: &At) -> Step {
        if self.rules.evolution.casts_at(&at.path) == CastPolicy::None {
            return self.refuse(&DataType::Null, declared, at);
        }
        let (from, to) = (Some(spelling::short(&DataType::Null)), Some(spelling::short(declared)));
        self.differs(at, ConversionKind::Cast, from, to, "the file has no value there, and so no type");
        Step::Nulls { to: declared.clone() }
    }

    /// Whether a list of one kind may be read as one of another.
    fn list_kind(&mut self, found: &DataType, declared: &DataType, at: &At) -> bool {
        let (from, to) = (spelling::list_kind(found), spelling::list_kind(declared));
        if from == to {
            return true;
        }
        // Only some lists have the length that a fixed size asks for.
        let fixed = matches!(declared, DataType::FixedSizeList(..));
        let (allowed, reason) = match self.rules.evolution.casts_at(&at.path) {
            CastPolicy::None => (false, ""),
            CastPolicy::Widening => (!fixed, LOSES_NOTHING),
            CastPolicy::Any => (true, if fixed { MAY_FAIL } else { LOSES_NOTHING }),
        };
        if allowed {
            self.differs(at, ConversionKind::Cast, Some(from), Some(to), reason);
        }
        allowed
    }

    fn leaf(&mut self, found: &DataType, declared: &DataType, at: &At) -> Step {
        // A cast between nested types would go by position.
        let nested = |data_type: &DataType| data_type.is_nested() && !matches!(data_type, DataType::RunEndEncoded(..));
        let lossless = loses_nothing(found, declared);
        let allowed = match self.rules.evolution.casts_at(&at.path) {
            CastPolicy::None => is_spelling(found, declared),
            CastPolicy::Widening => lossless,
            CastPolicy::Any => can_cast_types(found, declared),
        };
        if !allowed || nested(found) || nested(declared) {
            return self.refuse(found, declared, at);
        }
        if !is_spelling(found, declared) {
            let (from, to) = (Some(spelling::short(found)), Some(spelling::short(declared)));
            let reason = if lossless { LOSES_NOTHING } else { MAY_FAIL };
            self.differs(at, ConversionKind::Cast, from, to, reason);
        }
        Step::Cast { path: at.path.clone(), to: declared.clone() }
    }

    fn refuse(&mut self, found: &DataType, declared: &DataType, at: &At) -> Step {
        let (path, found, declared) = (at.path.clone(), found.clone(), declared.clone());
        self.refused.push(ConformError::Type { path, elements: at.of_elements, found, declared });
        Step::Keep
    }

    fn differs(&mut self, at: &At, kind: ConversionKind, from: Option<String>, to: Option<String>, reason: &str) {
        let path = at.path.clone();
        self.conversions.push(Conversion { path, kind, from, to, reason: reason.to_owned() });
    }
}

const LOSES_NOTHING: &str = "no value is lost";
const MAY_FAIL: &str = "the contract allows every cast; a value that does not fit is an error";
