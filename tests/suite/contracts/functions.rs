//! Functions that are not as the catalog expects them, and the real ones, which are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::util::pretty::pretty_format_batches;
use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Severity};
use cstspec_runtime::{ENGINE, Options, register, session};
use cstspec_spec::compile;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::{Case, only, spec_line};
use crate::world;

/// A function of the host under a name that the catalog expects.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Imposter {
    name: &'static str,
    signature: Signature,
    returns: DataType,
}

impl ScalarUDFImpl for Imposter {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        assert!(!arguments.iter().any(DataType::is_nested), "it cannot cope with this");
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.first().map(ColumnarValue::data_type) {
            Some(DataType::Utf8 | DataType::Boolean) => {
                Ok(ColumnarValue::Scalar(ScalarValue::new_default(&self.returns)?))
            }
            other => exec_err!("it looks at {other:?} only now"),
        }
    }
}

/// A function whose output is nullable where an argument behind the first is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Further {
    signature: Signature,
}

impl ScalarUDFImpl for Further {
    fn name(&self) -> &'static str {
        "unit_digest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let is_nullable = args.arg_fields.iter().skip(1).any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, is_nullable)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("it is planned and not run")
    }
}

/// The report of `verify` for a catalog in a session with `function` in place of the catalog's own.
async fn with(case: &Case, function: Imposter) -> Report {
    in_session(case, ScalarUDF::from(function)).await
}

async fn in_session(case: &Case, function: ScalarUDF) -> Report {
    let catalog = case.catalog();
    let ctx = session(&catalog, &Options::default()).unwrap();
    ctx.register_udf(function);
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    case.verify_in(&ctx, Checks::Schema).await
}

/// A function that the host provides, declared beside the others.
fn expecting(declaration: &str) -> Case {
    let case = Case::sound();
    let anchor = "  unnest:\n";
    case.edit("functions/all.yaml", anchor, &format!("{declaration}{anchor}"));
    case
}

fn texts(count: usize) -> Signature {
    Signature::exact(vec![DataType::Utf8; count], Volatility::Immutable)
}

const DIGEST: &str = "  unit_digest:
    signatures: [\"unit_digest(utf8) -> utf8\"]
    provider: host
    doc: A digest.
";

/// A host function as declared has no finding.
#[tokio::test]
async fn host_function_sound() {
    let case = expecting(DIGEST);
    let report = with(&case, Imposter { name: "unit_digest", signature: texts(1), returns: DataType::Utf8 }).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    let digest = report.functions.iter().find(|function| function.name == "unit_digest").unwrap();
    assert_eq!(digest.kind.as_deref(), Some("scalar"));
    assert_eq!(digest.listed, ["(IN String) -> String"]);
    assert!(digest.accepted >= 2 && digest.refused >= 4, "{digest:?}");
}

/// Another output type is one finding and of the views over it none.
#[tokio::test]
async fn output_type_differs() {
    let case = Case::sound();
    let imposter = Imposter { name: "stable_id", signature: texts(2), returns: DataType::Int64 };
    let report = with(&case, imposter).await;
    // The view that calls it describes itself as an integer too, and that is not said again.
    assert!(report.relations.iter().any(|relation| relation.name == "locals" && !relation.describe_equal));
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R013", "signature-differs"));
    assert_eq!(finding.message, "the engine differs from the signature `stable_id(utf8, utf8) -> utf8`");
    assert_eq!(finding.expected.as_deref(), Some("stable_id(utf8 not null, utf8 not null) -> utf8 not null"));
    assert_eq!(finding.observed.as_deref(), Some(format!("int64 in DataFusion {ENGINE}").as_str()));
    assert_eq!(spec_line(finding), super::line("functions/all.yaml", "stable_id(utf8, utf8)"));
}

/// Another nullability is one finding.
#[tokio::test]
async fn nullability_differs() {
    let case = expecting(&DIGEST.replace("    provider", "    nulls: propagate\n    provider"));
    let report = with(&case, Imposter { name: "unit_digest", signature: texts(1), returns: DataType::Utf8 }).await;
    let finding = only(&report);
    assert_eq!(
        (finding.code.as_ref(), finding.expected.as_deref()),
        ("R013", Some("unit_digest(utf8 not null) -> utf8 not null"))
    );
    assert_eq!(finding.observed.as_deref(), Some(format!("utf8 in DataFusion {ENGINE}").as_str()));
}

/// Arguments that repeat decide together whether the output may be NULL.
#[tokio::test]
async fn repeated_arguments_nullability() {
    let declared = "  unit_digest:
    signatures: [\"unit_digest(utf8, utf8...) -> utf8\"]
    nulls: [2]
    provider: host
    doc: A digest.
";
    let signature = Signature::one_of(
        (1..=3).map(|count| TypeSignature::Exact(vec![DataType::Utf8; count])).collect(),
        Volatility::Immutable,
    );
    let case = expecting(declared);
    let report = in_session(&case, ScalarUDF::from(Further { signature: signature.clone() })).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    let case = expecting(&declared.replace("[2]", "[1]"));
    let report = in_session(&case, ScalarUDF::from(Further { signature })).await;
    assert_eq!(only(&report).code, "R013");
}

/// Arguments as declared that are refused are one finding.
#[tokio::test]
async fn declared_arguments_refused() {
    let case = expecting(DIGEST);
    let report = with(&case, Imposter { name: "unit_digest", signature: texts(2), returns: DataType::Utf8 }).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.expected.as_deref()), ("R013", Some("unit_digest(utf8 not null)")));
    let observed = finding.observed.as_ref().unwrap();
    assert!(observed.starts_with(&format!("refused by DataFusion {ENGINE}: ")), "{observed}");
}

/// Arguments that nobody declared are one finding if they are taken.
#[tokio::test]
async fn undeclared_arguments_taken() {
    let case = expecting(DIGEST);
    let signature = Signature::one_of(
        vec![TypeSignature::Exact(vec![DataType::Utf8]), TypeSignature::Exact(vec![DataType::Boolean])],
        Volatility::Immutable,
    );
    let report = with(&case, Imposter { name: "unit_digest", signature, returns: DataType::Utf8 }).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R014", "undeclared-arguments-taken"));
    assert_eq!(finding.message, "`unit_digest` accepts arguments that no signature declares");
    assert_eq!(finding.expected.as_deref(), Some("unit_digest(utf8) -> utf8"));
    let observed = format!("unit_digest(bool) is accepted by DataFusion {ENGINE}");
    assert_eq!(finding.observed.as_deref(), Some(observed.as_str()));
    assert_eq!(finding.spec.as_ref().unwrap().key, "functions.unit_digest.signatures.0");
}

/// Too many arguments are one finding if they are taken.
#[tokio::test]
async fn too_many_arguments_taken() {
    let case = expecting(DIGEST);
    let signature = Signature::one_of(
        vec![TypeSignature::Exact(vec![DataType::Utf8]), TypeSignature::Exact(vec![DataType::Utf8; 2])],
        Volatility::Immutable,
    );
    let report = with(&case, Imposter { name: "unit_digest", signature, returns: DataType::Utf8 }).await;
    let observed = format!("unit_digest(utf8, utf8) is accepted by DataFusion {ENGINE}");
    assert_eq!(only(&report).observed.as_deref(), Some(observed.as_str()));
}

/// A function that looks at its arguments when it runs or panics refuses them too.
#[tokio::test]
async fn late_failure_counts_as_refusal() {
    let case = expecting(DIGEST);
    let signature = Signature::any(1, Volatility::Immutable);
    let report = with(&case, Imposter { name: "unit_digest", signature, returns: DataType::Utf8 }).await;
    // It panics on nested types, and on others it fails over a row; a boolean is the only one that it takes.
    let observed = format!("unit_digest(bool) is accepted by DataFusion {ENGINE}");
    assert_eq!(only(&report).observed.as_deref(), Some(observed.as_str()));
}

/// Another kind is one finding.
#[tokio::test]
async fn kind_differs() {
    let case = expecting(&DIGEST.replace("  unit_digest:\n", "  unit_digest:\n    kind: aggregate\n"));
    let report = with(&case, Imposter { name: "unit_digest", signature: texts(1), returns: DataType::Utf8 }).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R012", "function-of-another-kind"));
    assert_eq!(finding.expected.as_deref(), Some("aggregate function `unit_digest`"));
    let observed = format!("scalar function `unit_digest` in DataFusion {ENGINE}");
    assert_eq!(finding.observed.as_deref(), Some(observed.as_str()));
}

/// A function that nobody registered is one finding.
#[tokio::test]
async fn function_missing() {
    let case = expecting(DIGEST);
    let finding = only(&case.verify(Checks::Schema).await).clone();
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R009", "function-missing"));
    assert_eq!(finding.remedy.as_deref(), Some("register it on the session before the catalog"));
}

/// What calls a function of the host is not checked in a program without it.
#[tokio::test]
async fn host_function_unchecked() {
    let case = expecting(DIGEST);
    let view = |name: &str, sql: &str| {
        let text = format!("view: {name}\nsql: {sql}\noutput: {{ d: utf8 }}\n");
        std::fs::write(case.specs().join(format!("views/{name}.yaml")), text).unwrap();
    };
    view("digests", "SELECT unit_digest(file_id) AS d FROM units_v1");
    view("digests_again", "SELECT d FROM digests");
    let statement = "statements:\n  digest_of:\n    parameters: [utf8]\n    sql: SELECT unit_digest(file_id) AS d FROM units_v1 WHERE path = $1\n    doc: A digest.\n";
    std::fs::write(case.specs().join("statements/more.yaml"), statement).unwrap();
    let catalog = case.catalog();
    let ctx = session(&catalog, &Options::default()).unwrap();
    cstspec_runtime::functions::without_host(&ctx);
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    let report = case.verify_in(&ctx, Checks::Rows).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R020", Severity::Warning));
    assert_eq!(finding.follows, ["digest_of", "digests", "digests_again"]);
    for relation in &report.relations {
        let is_unchecked = finding.follows.contains(&relation.name);
        assert_eq!((relation.unchecked, relation.executed), (is_unchecked, !is_unchecked), "{relation:?}");
    }

    // The host's own program has it, and everything is checked there.
    let report = with(&case, Imposter { name: "unit_digest", signature: texts(1), returns: DataType::Utf8 }).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.relations.iter().all(|relation| relation.executed && !relation.unchecked));
}

/// Every way that a signature can be written is tried against the engine.
#[tokio::test]
async fn signature_forms() {
    // Functions of the engine with families, variables, lists, optional and further parameters, and windows, as they are.
    let case = expecting(
        "  array_append: { signatures: [\"array_append(list<T>, T) -> list<T>\"], doc: One element more. }
  array_position: { signatures: [\"array_position(list<T>, T, int64?) -> uint64\"], doc: Place of an element. }
  avg: { kind: aggregate, signatures: [\"avg(numeric) -> ?\"], doc: Mean. }
  date_part:
    signatures: [\"date_part(utf8, date32 | timestamp(ns)) -> int32\"]
    nulls: propagate
    doc: A part of a date.
  first_value: { kind: window, signatures: [\"first_value(T, any?) -> T\"], doc: The first value of a window. }
  octet_length: { signatures: [\"octet_length(utf8) -> int32\"], doc: Bytes of a text. }
  row_number: { kind: window, nulls: never, signatures: [\"row_number() -> uint64\"], doc: Place in the window. }
",
    );
    let report = case.verify(Checks::Schema).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.functions.iter().all(|function| function.accepted > 0), "{:#?}", report.functions);
}

/// One snapshot for all functions of the catalogs: what became of each signature, and all that the engine says itself.
#[tokio::test]
async fn catalog_functions() {
    let mut text = String::new();
    let telemetry = compile(&world::workspace().join("tests/catalogs/telemetry")).catalog.unwrap();
    let catalogs: [(&str, Catalog); 2] = [("libcst", cstspec_libcst::catalog()), ("telemetry", telemetry)];
    for (name, catalog) in catalogs {
        let ctx = world::open(&catalog, &world::at([])).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let _ = writeln!(text, "{name}");
        for function in &report.functions {
            let kind = function.kind.as_deref().unwrap_or("none");
            let _ = writeln!(text, "  {kind} {}{}", function.name, function.signature);
            let _ = writeln!(text, "    planned {}, refused {}", function.accepted, function.refused);
            for listed in &function.listed {
                let _ = writeln!(text, "    listed {listed}");
            }
        }
        let names: BTreeSet<String> = catalog.functions.iter().map(|function| format!("'{}'", function.name)).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        for query in [
            format!(
                "SELECT routine_name, routine_type, function_type, data_type, is_deterministic
                FROM information_schema.routines WHERE routine_name IN ({names}) ORDER BY routine_name, data_type"
            ),
            format!(
                "SELECT specific_name, rid, ordinal_position AS place, parameter_mode AS mode, parameter_name AS name,
                    data_type, is_variadic
                FROM information_schema.parameters WHERE specific_name IN ({names})
                ORDER BY specific_name, rid, parameter_mode, ordinal_position"
            ),
        ] {
            let batches = ctx.sql(&query).await.unwrap().collect().await.unwrap();
            let _ = writeln!(text, "{}", pretty_format_batches(&batches).unwrap());
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/engine");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("functions", text));
}
