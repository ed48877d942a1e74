//! The reference of specs says of every kind and key what the code does: examples are accepted, defaults are
//! those that a plan writes out, metrics are those that are recorded, and the schema fits the shipped specs.

use std::{collections::BTreeSet, fs, path::Path};

use plan::{
    Kinds,
    reference::{Entry, spec_schema, topics},
    spec::{
        Claim, Leaderboard, LearningRateSchedule, Number, Panel, Picture, Schedule, Sweep, Training,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tasks::{Registry, parse_table, reference::kind_of};
use toml::Table;

use crate::schema::misfits;

fn entries(topic: &str) -> Vec<Entry> {
    let topics = topics(&Kinds::default());
    let found = topics.into_iter().find(|known| known.name == topic);
    found.unwrap_or_else(|| panic!("no topic {topic}")).entries
}

/// The example of a registered kind, without `kind`, and what its schema says of every key.
fn examples<T: ?Sized>(registry: &Registry<T>) -> Vec<(&'static str, Table, Value)> {
    let of = |name: &'static str| {
        let reference = registry.reference(name);
        let reference = reference.unwrap_or_else(|| panic!("{name} has no reference"));
        let example = reference.example(name).parse();
        let example = example.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, example, reference.schema())
    };
    registry.names().into_iter().map(of).collect()
}

/// Whether two values are the same, whole numbers and others alike.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// Checks what the schema of a kind says against the table that it writes out for its example.
fn check(name: &str, example: &Table, schema: &Value, resolved: Table) {
    let resolved: Value = resolved.try_into::<Value>().unwrap();
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let (written, default) = (&resolved[key], &property["default"]);
        if example.contains_key(key) || written.is_null() {
            continue;
        }
        let empty = match written {
            Value::Array(items) => items.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Object(keys) => keys.is_empty() || default.is_null(),
            _ => false,
        };
        // What is found in a file is no default.
        let found = ["sha256", "separator", "decimal", "header", "index"].contains(&key.as_str());
        // A table may have more defaults than its own.
        let partly = default.is_object();
        assert!(
            empty || found || partly || same(written, default),
            "{name}.{key}: the schema says {default}, the kind writes {written}"
        );
    }
    let keys = example.keys().filter(|key| *key != "kind");
    for key in keys {
        assert!(
            !schema["properties"][key].is_null(),
            "{name}: {key} is not in the schema"
        );
    }
}

#[test]
fn every_example_is_accepted_and_every_default_is_the_one_that_holds() {
    let kinds = Kinds::default();
    for (name, example, schema) in examples(&kinds.tasks) {
        // The example of one's own rows names a file; the tests of tasks have one.
        if name != "tensors" {
            let task = kinds.tasks.build(example.clone());
            let task = task.unwrap_or_else(|error| panic!("{name}: {error}"));
            check(name, &example, &schema, task.resolved());
        }
    }
    for (name, example, schema) in examples(&kinds.models) {
        let model = kinds.models.build(example.clone());
        let model = model.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(name, &example, &schema, model.resolved());
    }
    for (name, example, schema) in examples(&kinds.metrics) {
        let metric = kinds.metrics.build(example.clone());
        let metric = metric.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(name, &example, &schema, metric.resolved());
    }
    for (name, example, schema) in examples(&kinds.predictions) {
        let form = kinds.predictions.build(example.clone());
        let form = form.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(name, &example, &schema, form.resolved());
    }
    for (name, example, schema) in examples(&kinds.statistics) {
        let statistic = kinds.statistics.build(example.clone());
        let statistic = statistic.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(name, &example, &schema, statistic.resolved());
    }
}

#[test]
fn every_recorded_metric_is_explained() {
    let kinds = Kinds::default();
    for entry in entries("metric") {
        let reference = kinds.metrics.reference(&entry.name).unwrap();
        let example = reference.example(&entry.name).parse().unwrap();
        let metric = kinds.metrics.build(example).unwrap();
        let recorded = metric.metrics().iter().chain(metric.derived_metrics());
        let recorded: BTreeSet<&str> = recorded.copied().collect();
        let told: BTreeSet<&str> = entry
            .gives
            .iter()
            .map(|given| given.quantity.name)
            .collect();
        assert_eq!(recorded, told, "{}", entry.name);
    }
    for entry in entries("prediction") {
        let reference = kinds.predictions.reference(&entry.name).unwrap();
        let example = reference.example(&entry.name).parse().unwrap();
        let recorded = kinds.predictions.build(example).unwrap();
        let recorded: Vec<&str> = recorded.metrics().to_vec();
        let told: Vec<&str> = entry
            .gives
            .iter()
            .map(|given| given.quantity.name)
            .collect();
        assert_eq!(recorded, told, "{}", entry.name);
    }
}

/// What stands at a dotted key of an example.
fn at(example: &str, key: &str) -> toml::Value {
    let table: Table = example
        .parse()
        .unwrap_or_else(|error| panic!("{example}\n{error}"));
    let mut value = toml::Value::Table(table);
    for part in key.split('.') {
        value = match value {
            toml::Value::Table(mut table) => table.remove(part).unwrap(),
            toml::Value::Array(mut items) => items.remove(part.parse().unwrap()),
            other => panic!("{example}: {other} at {part}"),
        };
    }
    value
}

/// Reads the examples of a topic as spec files are read.
fn read<T: DeserializeOwned>(topic: &str, key: &str) {
    for entry in entries(topic) {
        let value = at(&entry.example, key);
        let table = Table::from_iter([("value".to_owned(), value)]);
        #[derive(serde::Deserialize)]
        struct Holder<T> {
            #[allow(dead_code, reason = "that it is read is all")]
            value: T,
        }
        if let Err(error) = parse_table::<Holder<T>>(table) {
            panic!("{topic} {}: {error}", entry.name);
        }
    }
}

#[test]
fn examples_of_what_is_not_registered_are_read() {
    read::<models::WeightInit>("init", "models.net.init");
    read::<models::Activation>("activation", "models.net.activation");
    read::<models::Optimizer>("optimizer", "training.optimizer");
    read::<models::Loss>("loss", "training.loss");
    read::<Panel>("panel", "pictures.panels.0");
    for entry in entries("schedule") {
        let own = |key| Table::from_iter([("schedule".to_owned(), at(&entry.example, key))]);
        #[derive(serde::Deserialize)]
        struct Measuring {
            #[allow(dead_code, reason = "that it is read is all")]
            schedule: Schedule,
        }
        #[derive(serde::Deserialize)]
        struct Rate {
            #[allow(dead_code, reason = "that it is read is all")]
            schedule: LearningRateSchedule,
        }
        let read = match entry.example.starts_with("[[measure]]") {
            true => parse_table::<Measuring>(own("measure.0.schedule")).map(drop),
            false => parse_table::<Rate>(own("training.schedule")).map(drop),
        };
        read.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    }
    for entry in entries("spec") {
        let table = |key| match at(&entry.example, key) {
            toml::Value::Table(table) => table,
            other => panic!("{other}"),
        };
        let read = match entry.name.as_str() {
            "training" => parse_table::<Training>(table("training")).map(drop),
            "sweep" => parse_table::<Sweep>(table("sweep")).map(drop),
            "claims" => parse_table::<Claim>(table("claims.0")).map(drop),
            "leaderboards" => parse_table::<Leaderboard>(table("leaderboards.0")).map(drop),
            "numbers" => parse_table::<Number>(table("numbers.0")).map(drop),
            "panels" => parse_table::<Panel>(table("pictures.panels.0")).map(drop),
            "pictures" => parse_table::<Picture>(table("pictures.0")).map(drop),
            _ => Ok(()),
        };
        read.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    }
    let top = entries("spec")
        .into_iter()
        .find(|entry| entry.name == "top")
        .unwrap();
    assert_eq!(crate::support::load(&top.example).spec.training.steps, 2000);
}

#[test]
fn every_key_of_every_kind_has_a_meaning() {
    for topic in topics(&Kinds::default()) {
        assert!(!topic.entries.is_empty(), "{}", topic.name);
        for entry in &topic.entries {
            let name = format!("{} {}", topic.name, entry.name);
            assert!(
                entry.about.ends_with(['.', ')', '…']),
                "{name}: {:?}",
                entry.about
            );
            assert!(!entry.example.is_empty(), "{name} has no example");
            for key in &entry.keys {
                assert!(
                    key.meaning.ends_with(['.', ')', '}']),
                    "{name}.{}: {:?}",
                    key.name,
                    key.meaning
                );
                assert_ne!(key.value, "any value", "{name}.{}", key.name);
            }
        }
    }
}

/// All spec files that ship.
fn shipped() -> Vec<(String, Table)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = [
        "experiments",
        "crates/plan/tests/specs",
        "crates/cli/benches/specs",
    ];
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), text.parse().unwrap()));
            }
        }
    }
    assert!(found.len() > 30, "{}", found.len());
    found
}

#[test]
fn the_schema_accepts_every_shipped_spec() {
    let schema = spec_schema(&train::Kinds::default());
    for (name, spec) in shipped() {
        let spec: Value = spec.try_into().unwrap();
        let misfits = misfits(&schema, &spec);
        assert!(misfits.is_empty(), "{name}: {}", misfits.join("\n"));
    }
}

#[test]
fn the_schema_accepts_specs_with_every_default_written_out() {
    use crate::support::{ADDITION, FREE, IRIS, SMALL, WHOLE, load};
    let schema = spec_schema(&Kinds::default());
    let modular = include_str!("../../../../experiments/grokking-modular.toml");
    for text in [ADDITION, FREE, IRIS, SMALL, WHOLE, modular] {
        let spec: Table = load(text).spec.to_toml().parse().unwrap();
        let spec: Value = spec.try_into().unwrap();
        assert_eq!(misfits(&schema, &spec), [""; 0]);
    }
}

#[test]
fn the_schema_refuses_what_a_spec_may_not_hold() {
    let schema = spec_schema(&Kinds::default());
    let spec: Table = crate::support::SMALL.parse().unwrap();
    let spec: Value = spec.try_into().unwrap();
    assert_eq!(misfits(&schema, &spec), [""; 0]);
    for (pointer, key, value) in [
        ("", "taks", Value::from(1)),
        ("/task", "kind", "modse".into()),
        ("/task", "noise", 1.into()),
        ("/training", "steps", "many".into()),
        (
            "/training",
            "optimizer",
            serde_json::json!({ "kind": "adam", "beta3": 0.5 }),
        ),
        ("/training", "loss", "mean".into()),
        (
            "/measure/0",
            "schedule",
            serde_json::json!({ "kind": "linear" }),
        ),
    ] {
        let mut wrong = spec.clone();
        wrong.pointer_mut(pointer).unwrap()[key] = value;
        assert!(
            !misfits(&schema, &wrong).is_empty(),
            "{pointer}/{key} was accepted"
        );
    }
    // What needs no other key may be a word.
    let mut short = spec.clone();
    short["training"]["loss"] = "mse".into();
    assert_eq!(misfits(&schema, &short), [""; 0]);
}

#[test]
fn every_registered_kind_is_an_alternative_of_the_schema() {
    let kinds = Kinds::default();
    let schema = spec_schema(&kinds);
    for (definition, names) in [
        ("task", kinds.tasks.names()),
        ("model", kinds.models.names()),
        ("prediction", kinds.predictions.names()),
        ("metric", kinds.metrics.names()),
        ("statistic", kinds.statistics.names()),
    ] {
        let alternatives = schema["definitions"][definition]["oneOf"]
            .as_array()
            .unwrap();
        let told: Vec<&str> = alternatives.iter().filter_map(kind_of).collect();
        assert_eq!(told, names);
    }
}
