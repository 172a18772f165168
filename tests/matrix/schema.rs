//! The JSON Schema in the repository is that of the types, and every matrix is valid by it.

use std::fs;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use v6check::matrix::Document;

use crate::{folder, json, root, sample};

fn generated() -> Value {
    serde_json::to_value(schemars::schema_for!(Document)).unwrap()
}

fn compiled() -> (Schemas, SchemaIndex) {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("matrix", generated()).unwrap();
    let index = compiler.compile("matrix", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_types() {
    let path = root().join("src/matrix/v6check.matrix.1.schema.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&generated()).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).unwrap();
    } else {
        assert!(fs::read_to_string(&path).unwrap() == text, "{} differs; UPDATE=1 rewrites it", path.display());
    }
}

#[test]
fn every_matrix_is_valid() {
    let (schemas, index) = compiled();
    let (golden, _) = json(root(), &["tests/reports"]);
    let folder = folder(&[("a.json", sample("waived"))]);
    fs::write(folder.path().join("b.json"), "{}").unwrap();
    let (unread, _) = json(folder.path(), &["."]);
    let (none, _) = json(folder.path(), &["missing"]);
    assert!(golden["images"].as_array().unwrap().len() > 5 && unread["unread"].as_array().unwrap().len() == 1);
    for matrix in [golden, unread, none] {
        schemas.validate(&matrix, index).unwrap_or_else(|error| panic!("{error}\n{matrix:#}"));
    }
}

#[test]
fn the_schema_refuses_what_is_no_matrix() {
    let (schemas, index) = compiled();
    let (good, _) = json(root(), &["tests/reports"]);
    schemas.validate(&good, index).unwrap();
    let spoil: [fn(&mut Value); 4] = [
        |matrix| matrix["images"][0]["cells"]["ra-accepted"]["verdict"] = "perhaps".into(),
        |matrix| matrix["images"][0]["state"] = "fine".into(),
        |matrix| matrix["images"][0]["counts"]["waived"] = (-1).into(),
        |matrix| {
            matrix.as_object_mut().unwrap().remove("unread");
        },
    ];
    for spoil in spoil {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(schemas.validate(&bad, index).is_err());
    }
}
