//! Sweeps of the tiny spec, and what they leave.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::Workplace;

/// Cells that take long enough to be killed in.
pub(crate) const LONGER: [&str; 6] = [
    "-s",
    "training.steps=1500",
    "--seeds",
    "2",
    "--vary",
    "training.lr=0.02,0.05",
];

pub(crate) fn plan(place: &Workplace, folder: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["--json", "sweep", "plan", "tiny.toml", "--out", folder];
    arguments.extend(more);
    place.json(&arguments)
}

pub(crate) fn status(place: &Workplace, folder: &str) -> Value {
    place.json(&["--json", "sweep", "status", folder])
}

/// What a sweep leaves, without times.
pub(crate) fn tables(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec!["observations.jsonl".into(), "observations.csv".into()];
    for cell in fs::read_dir(run.join("cells")).unwrap() {
        let cell = cell.unwrap().file_name().into_string().unwrap();
        names.push(format!("cells/{cell}/observations.jsonl"));
    }
    let read = |name: String| {
        let bytes = fs::read(run.join(&name)).unwrap();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}
