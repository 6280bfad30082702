//! Defaults of fields, and whether constants fit the types of the fields that they are for.

use cstspec_contract::{Finding, Origin, Path, Value};

use super::report::Report;
use super::width::constant_bytes;
use crate::constant::misfit;
use crate::rules;
use crate::types::{MAX_FIXED_BYTES, ResolvedField};

/// Gives `field` a default of its own, if it fits.
pub fn add(field: &mut ResolvedField, default: &Value, origin: &Origin, report: &mut Report<'_>) {
    if !check_fit(field, default, "default", origin, report) {
        return;
    }
    let bytes = constant_bytes(default);
    if bytes > MAX_FIXED_BYTES {
        let finding = Finding::new(&rules::TOO_LARGE, format!("the default takes {bytes} bytes in every row"))
            .differing(format!("at most {MAX_FIXED_BYTES} bytes"), format!("{bytes} bytes"))
            .remedy("write a shorter default");
        report.value(origin, finding);
    } else {
        field.defaults.insert(Path::default(), (default.clone(), origin.clone()));
    }
}

/// Whether `value` is one of the type of `field`; if not, that is reported.
pub fn check_fit(field: &ResolvedField, value: &Value, what: &str, origin: &Origin, report: &mut Report<'_>) -> bool {
    let Some(misfit) = misfit(value, &field.field) else { return true };
    let place = misfit.keys.iter().fold(origin.clone(), |origin, key| origin.join(key));
    let finding = Finding::new(&rules::DEFAULT_MISMATCH, format!("the {what} {value} does not fit its type"))
        .differing(misfit.expected, misfit.observed)
        .remedy("write a value of the declared type, or change the type");
    report.value(&place, finding);
    false
}
