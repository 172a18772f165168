//! The JSON Schema in the repository is that of the types, and every golden report is valid by it.

use std::fs;
use std::path::PathBuf;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use v6check::report::Report;

use crate::golden::{compare, folder};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/report/v6check.report.1.schema.json")
}

fn generated() -> Value {
    serde_json::to_value(schemars::schema_for!(Report)).unwrap()
}

fn compiled() -> (Schemas, SchemaIndex) {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("report", generated()).unwrap();
    let index = compiler.compile("report", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_types() {
    compare(&path(), &format!("{}\n", serde_json::to_string_pretty(&generated()).unwrap()));
}

#[test]
fn every_golden_report_is_valid() {
    let (schemas, index) = compiled();
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            schemas.validate(&report, index).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            count += 1;
        }
    }
    assert_eq!(count, crate::samples::all().len());
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let (schemas, index) = compiled();
    let good = serde_json::to_value(crate::samples::guest_fault()).unwrap();
    schemas.validate(&good, index).unwrap();
    let spoil: [fn(&mut Value); 4] = [
        |report| report["results"][0]["verdict"] = "perhaps".into(),
        |report| report["summary"]["exit_code"] = (-1).into(),
        |report| report["summary"]["diagnosis"] = Value::Null,
        |report| {
            report.as_object_mut().unwrap().remove("host");
        },
    ];
    for spoil in spoil {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(schemas.validate(&bad, index).is_err());
    }
}
