//! `layerwise show`: everything that a spec is written with is explained, in words that know no Rust; the
//! schema and the tables of documents are what it prints.

use std::{fs, path::PathBuf};

use layerwise::Kinds;
use plan::reference::topics;

use crate::support::Workplace;

/// Documents with tables that `show` prints.
const DOCUMENTS: [&str; 2] = ["experiments/README.md", "crates/cli/README.md"];

/// The JSON schema of specs, for editors.
const SCHEMA: &str = "experiments/spec.schema.json";

/// Set to 1, this variable makes the tests write the schema and the tables.
const WRITE: &str = "LAYERWISE_WRITE";

/// How the schema and the tables are made again.
const AGAIN: &str = "LAYERWISE_WRITE=1 cargo test --release --test all -- show::";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shown(arguments: &[&str]) -> String {
    let arguments: Vec<&str> = std::iter::once("show")
        .chain(arguments.iter().copied())
        .collect();
    let output = Workplace::empty().succeeds(&arguments);
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and message of a `show` that must fail.
fn refused(arguments: &[&str]) -> String {
    let arguments: Vec<&str> = std::iter::once("show")
        .chain(arguments.iter().copied())
        .collect();
    let output = Workplace::empty().layerwise(&arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// Checks that a document is as it is made, or writes it where that is asked for.
fn assert_made(document: &str, made: &str) {
    let path = root().join(document);
    let written = fs::read_to_string(&path).unwrap_or_default();
    if written == made {
        return;
    }
    if std::env::var(WRITE).is_ok_and(|value| value == "1") {
        fs::write(path, made).unwrap();
        return;
    }
    let line = written
        .lines()
        .zip(made.lines())
        .position(|(written, made)| written != made);
    let line = line.unwrap_or(written.lines().count().min(made.lines().count())) + 1;
    panic!("{document}:{line} is not what `layerwise show` says. Make it again: {AGAIN}");
}

#[test]
fn every_registered_kind_is_listed_and_explained() {
    let kinds = Kinds::default();
    let all = shown(&[]);
    for (topic, names) in [
        ("task", kinds.tasks.names()),
        ("model", kinds.models.names()),
        ("metric", kinds.metrics.names()),
        ("prediction", kinds.predictions.names()),
        ("statistic", kinds.statistics.names()),
    ] {
        let listed = shown(&[topic]);
        let document = Workplace::empty().json(&["show", topic, "--json"]);
        let told = document["entries"].as_array().unwrap().iter();
        let told: Vec<&str> = told.map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(told, names, "{topic}");
        for name in names {
            assert!(
                all.contains(&format!("  {name} ")),
                "{topic} {name} is not in `show`"
            );
            assert!(
                listed.contains(&format!("  {name} ")),
                "{topic} {name} is not listed"
            );
        }
    }
}

#[test]
fn every_entry_is_explained_in_words_that_know_no_rust() {
    for topic in topics(&Kinds::default()) {
        for entry in &topic.entries {
            let text = shown(&[topic.name, &entry.name]);
            assert!(text.contains("Example:"), "{text}");
            for key in &entry.keys {
                assert!(
                    text.contains(&format!("  {} (", key.name)),
                    "{}: {text}",
                    key.name
                );
                assert!(!key.meaning.is_empty(), "{}.{}", entry.name, key.name);
            }
            // A name, not a type.
            let text = text.replace("Rawal", "");
            let types = [
                "Option<", "Vec<", "u32", "u64", "usize", "i64", "struct ", "::", "toml::", "null",
                "Raw", "\\[",
            ];
            for word in types {
                assert!(
                    !text.contains(word),
                    "{} {} says {word:?}: {text}",
                    topic.name,
                    entry.name
                );
            }
            assert!(
                text.lines()
                    .all(|line| line.starts_with("    ") || line.chars().count() <= 110),
                "{text}"
            );
        }
    }
}

#[test]
fn a_recorded_metric_is_explained_with_its_source_and_the_kind_that_measures_it() {
    let text = shown(&["metric", "nc1"]);
    for part in [
        "Tr(S_w S_b⁺)/C",
        "[Papyan2020] Papyan et al. (2020):",
        "kind = \"collapse\"",
        "no unit",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let half = shown(&["metric", "half_time"]);
    for part in [
        "unit: steps",
        "index: mode or skill",
        "kind = \"skills\"",
        "kind = \"modes\"",
    ] {
        assert!(half.contains(part), "{part}: {half}");
    }
    // A name is enough.
    assert_eq!(shown(&["nc1"]), text);
    let strength = shown(&["metric", "skill_strength"]);
    assert!(
        strength.contains("Predictions that give it: ") && strength.contains("linear-skills"),
        "{strength}"
    );
    let json = Workplace::empty().json(&["show", "metric", "slowdown", "--json"]);
    let meanings = json["meanings"].as_array().unwrap();
    let mut kinds = meanings.iter().map(|meaning| &meaning["given_by"]["kind"]);
    assert!(kinds.any(|kind| kind == "multilinear-skills"), "{json}");
}

#[test]
fn a_misspelt_name_gets_the_nearest_one() {
    for (arguments, near) in [
        (["metric", "nc_1"], "Did you mean nc1?"),
        (["task", "sparse-party"], "Did you mean sparse-parity?"),
        (["metrics", "nc1"], "Did you mean metric?"),
        (["panel", "heatmap"], "Did you mean heat-map?"),
    ] {
        let message = refused(&arguments);
        assert!(message.contains(near), "{message}");
    }
    assert!(refused(&["half_tiem"]).contains("Did you mean half_time?"));
    assert!(refused(&["xyzzy"]).contains("Topics: task, model, metric"));
}

#[test]
fn the_schema_that_ships_is_that_of_the_code() {
    assert_made(SCHEMA, &shown(&["spec", "--json"]));
}

#[test]
fn the_tables_of_documents_are_what_show_prints() {
    let mut tables = 0;
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let mut made = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("<!-- show: ") {
            let (name, after) = after.split_once(" begin -->").unwrap();
            let end = format!("<!-- show: {name} end -->");
            let (_, after) = after.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
            let mut arguments: Vec<&str> = name.split(' ').collect();
            arguments.push("--markdown");
            let table = shown(&arguments);
            made.push_str(&format!(
                "{before}<!-- show: {name} begin -->\n\n{table}\n{end}"
            ));
            rest = after;
            tables += 1;
        }
        made.push_str(rest);
        assert_made(document, &made);
    }
    assert!(tables > 10, "only {tables} tables");
}
