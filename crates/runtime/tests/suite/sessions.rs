//! Pinned settings and prepared statements.

use cstspec_runtime::{Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::world::{catalog, error, one_file, open, rows, run, text};

/// Settings of the preset take and are read back.
#[test]
fn preset_read_back() {
    run(async {
        let ctx = session(&catalog(), &Options::default()).unwrap();
        let settings = text(&ctx, "SELECT name, value FROM information_schema.df_settings").await;
        let has = |name: &str, value: &str| {
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            settings.lines().any(|line| words(line) == ["|", name, "|", value, "|"])
        };
        assert!(has("datafusion.execution.parquet.schema_force_view_types", "false"), "{settings}");
        assert!(has("datafusion.runtime.memory_limit", "512M"), "{settings}");
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        assert!(
            !report.findings.iter().any(|finding| ["R010", "R015", "R016"].contains(&finding.code.as_ref())),
            "{:#?}",
            report.findings
        );
    });
}

/// A setting that did not take is one finding at its origin.
#[test]
fn setting_without_effect() {
    run(async {
        let mut catalog = catalog();
        let settings = &mut catalog.sessions[0].settings;
        let mut wrong = settings["datafusion.execution.time_zone"].clone();
        wrong.value = "many".to_owned();
        settings.insert("datafusion.execution.batch_size".to_owned(), wrong.clone());
        settings.insert("datafusion.no.such".to_owned(), wrong.clone());
        settings.insert("datafusion.runtime.no_such".to_owned(), wrong);
        let ctx = session(&catalog, &Options::default()).unwrap();
        register(&ctx, &catalog, &cstspec_runtime::Locations::new()).await.unwrap();
        ctx.sql("SET datafusion.execution.collect_statistics = false").await.unwrap();
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        let messages: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages.len(), 4, "{messages:#?}");
        for (name, code) in [
            ("execution.batch_size", "R015"),
            ("no.such", "R016"),
            ("runtime.no_such", "R016"),
            ("execution.collect_statistics", "R010"),
        ] {
            let mentions =
                |finding: &&cstspec_contract::Finding| finding.message.contains(&format!("`datafusion.{name}`"));
            let finding = report.findings.iter().find(mentions).unwrap();
            assert_eq!(finding.code, code);
            assert_eq!(finding.spec.as_ref().unwrap().file, "sessions/pinned.yaml");
            assert!(finding.observed.is_some() && finding.remedy.is_some());
        }
    });
}

/// What the host chooses is no drift.
#[test]
fn host_options_no_drift() {
    run(async {
        let mut catalog = catalog();
        let setting = catalog.sessions[0].settings["datafusion.execution.time_zone"].clone();
        catalog.sessions[0].settings.insert("datafusion.execution.target_partitions".to_owned(), setting);
        let options = Options { target_partitions: Some(3), batch_size: Some(2), ..Options::default() };
        let ctx = session(&catalog, &options).unwrap();
        register(&ctx, &catalog, &cstspec_runtime::Locations::new()).await.unwrap();
        assert_eq!(ctx.state().config().target_partitions(), 3);
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
    });
}

/// Prepared statements execute and survive a second registration.
#[test]
fn statements_survive_registration() {
    run(async {
        let folder = TempDir::new().unwrap();
        let catalog = catalog();
        let locations = one_file(folder.path());
        let ctx = open(&catalog, &locations).await;
        assert_eq!(rows(&ctx, "EXECUTE refs_by_file('f1')").await.num_rows(), 2);
        assert_eq!(rows(&ctx, "EXECUTE refs_by_file('f2')").await.num_rows(), 0);
        assert!(error(&ctx, "EXECUTE refs_by_file('a', 'b')").await.contains("expects 1 parameters"));
        let registered = register(&ctx, &catalog, &locations).await.unwrap();
        assert!(registered.refused.is_empty());
        assert_eq!(rows(&ctx, "EXECUTE refs_by_file('f4')").await.num_rows(), 1);
    });
}
