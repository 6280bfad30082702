//! Contracts of the Open Data Contract Standard as specs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cstspec_contract::Finding;
use cstspec_import::Names;
use cstspec_import::odcs::{Beside, Contract, read};

const METERS: &str = "\
apiVersion: v3.1.0
kind: DataContract
id: 6a6f1c1e-5f5b-4d55-9d3c-9f8b6f2f3a11
name: Meter Readings
version: 2.4.0
status: active
tenant: grid
tags: [energy]
description:
  purpose: Readings of the meters of a grid.
  usage: Billing.
servers:
  - { server: lake, type: s3, location: 's3://grid/readings' }
schema:
  - name: meters
    logicalType: object
    physicalType: table
    description: One row per meter.
    properties:
      - { name: meter_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: The number on the meter. }
      - { name: serial, logicalType: string, physicalType: varchar(20), required: true, unique: true }
      - name: kind
        logicalType: string
        quality:
          - { metric: invalidValues, arguments: { validValues: [gas, power] }, mustBe: 0 }
  - name: readings
    physicalName: readings_v2
    quality:
      - { metric: rowCount, mustBeGreaterThan: 0 }
      - { metric: duplicateValues, mustBe: 0, arguments: { properties: [meter_id, taken_at] } }
    properties:
      - name: day
        logicalType: date
        partitioned: true
        partitionKeyPosition: 1
      - name: meter_id
        logicalType: string
        required: true
        relationships:
          - { to: meters.meter_id }
      - name: taken_at
        logicalType: timestamp
        logicalTypeOptions: { timezone: true, format: 'yyyy' }
        required: true
      - name: value
        logicalType: number
        physicalType: decimal(12, 3)
        classification: internal
        quality:
          - { metric: nullValues, mustBe: 0, severity: high }
      - name: registers
        logicalType: array
        items:
          logicalType: object
          properties:
            - { name: code, logicalType: integer, logicalTypeOptions: { format: i16, minimum: 0 }, required: true }
            - name: place
              logicalType: object
              properties:
                - { name: lat, logicalType: number }
      - name: labels
        logicalType: map
        map:
          key: { logicalType: string }
          value: { logicalType: boolean, required: true }
";

fn contract(text: &str, name: Option<&str>) -> Result<(Contract, BTreeMap<String, String>), Vec<Finding>> {
    let (types, files) = (BTreeSet::new(), BTreeSet::new());
    let beside = Beside { engine: "55.2.0", types: &types, files: &files, has_catalog: false };
    let contract = read("contract.odcs.yaml", text, name, beside, &mut Names::default())?;
    let files = contract.files(beside);
    let texts: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let compiled = cstspec_spec::compile_embedded(&texts);
    assert!(compiled.catalog.is_some(), "{:#?}\n{files:#?}", compiled.findings);
    Ok((contract, files))
}

/// A contract becomes specs that compile, and what they do not have is listed.
#[test]
fn contract_imported() {
    let (contract, files) = contract(METERS, None).unwrap();
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "catalog.yaml",
            "datasets/meters.yaml",
            "datasets/readings.yaml",
            "types/place.yaml",
            "types/register.yaml",
            "views/registers.yaml"
        ]
    );
    assert_eq!(
        files["datasets/meters.yaml"],
        "\
dataset: meters
doc: One row per meter.
version: 2
columns:
  meter_id: { type: utf8, nullable: false, doc: The number on the meter. }
  serial: { type: utf8, nullable: false }
  kind: { type: utf8, allowed: [gas, power] }
constraints:
  primary_key: [meter_id]
  unique:
    - [serial]
"
    );
    assert_eq!(
        files["datasets/readings.yaml"],
        "\
dataset: readings
version: 2
columns:
  day: date32
  meter_id: { type: utf8, nullable: false }
  taken_at: { type: \"timestamp(us, UTC)\", nullable: false }
  value: \"decimal128(12, 3)\"
  registers: list<register>
  labels: map<utf8, bool not null>
partitions: [day]
constraints:
  unique:
    - [meter_id, taken_at]
  not_null:
    - value
  references:
    - { columns: [meter_id], relation: meters }
"
        .replace("  value: \"decimal128(12, 3)\"", "  value: decimal128(12, 3)")
    );
    assert!(files["types/register.yaml"].contains("  code: { type: int16, nullable: false }\n  place: place\n"));
    let unsaid: Vec<String> = contract.unsaid.iter().map(|one| format!("{}: {}", one.path, one.reason)).collect();
    for part in [
        "servers: a key of contracts",
        "tenant: a key of contracts",
        "description.usage: a key",
        "version: `2.4.0`",
        "readings: the physical name `readings_v2`",
        "readings: the quality rule: `rowCount`",
        "readings.value: `classification`",
        "readings.value: `quality.severity`",
        "readings.taken_at: `logicalTypeOptions.format`: `yyyy`",
        "readings.registers.code: `logicalTypeOptions.minimum`",
        "meters.serial: the length",
    ] {
        assert!(unsaid.iter().any(|line| line.starts_with(part)), "{part}: {unsaid:#?}");
    }
}

/// One object alone, and the only one under another name.
#[test]
fn object_selected() {
    let (one, files) = contract(METERS, Some("meters")).unwrap();
    assert_eq!((one.drafts.len(), files.contains_key("datasets/readings.yaml")), (1, false));
    let single = "apiVersion: v3.0.2\nkind: DataContract\nschema:\n  - name: t\n    properties: [{ name: a, physicalType: bigint }]\n";
    let (_, files) = contract(single, Some("other")).unwrap();
    assert_eq!(files["datasets/other.yaml"], "dataset: other\nversion: 1\ncolumns:\n  a: int64\n");
}

/// Mistakes are reported together, each at its line.
#[test]
fn mistakes_at_lines() {
    let lines = |text: &str| -> Vec<String> {
        let findings = contract(text, None).err().unwrap_or_default();
        let line = |finding: &Finding| finding.spec.as_ref().and_then(|place| place.line).unwrap_or_default();
        findings.iter().map(|finding| format!("{} {}", line(finding), finding.message)).collect()
    };
    let broken = "\
kind: Contract
apiVersion: 2.2.2
schema:
  - name: t
    properties:
      - name: a
        logicalType: strnig
      - { name: b, logicalType: string }
      - { name: b, logicalType: string }
      - { name: c }
      - { logicalType: string }
      - { name: d, logicalType: array }
      - { name: e, logicalType: object, properties: [] }
  - name: t
    properties: [{ name: a, logicalType: date }]
";
    let found = lines(broken);
    for part in [
        "1 the file is not a data contract",
        "2 the contract has a version",
        "7 unknown logicalType `strnig`",
        "9 two properties of `t` have the name `b`",
        "10 the property `t.c` has no logicalType",
        "11 a property without a name",
        "12 `t.d` has no `items`",
        "13 `t.e` has no `properties`",
        "14 two objects have the name `t`",
    ] {
        assert!(found.iter().any(|line| line.starts_with(part)), "{part}: {found:#?}");
    }
    assert!(lines("a: [\n")[0].contains("cannot be read as YAML"));
    assert!(lines("- a\n")[0].contains("a list where a mapping belongs"));
    assert!(lines("kind: DataContract\napiVersion: v3.0.0\n")[0].contains("has no schema"));
    // Each list is ten of the one before.
    let mut bomb = "kind: DataContract\napiVersion: v3.1.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for number in 1..12 {
        let items = vec![format!("*a{}", number - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{number}: &a{number} [{items}]");
    }
    assert!(!lines(&bomb).is_empty());
}
