//! What the tests of this crate share: specs as text, and the manifest of a run.

#![allow(dead_code, reason = "every test binary uses its own part")]

use layerwise_lab::{
    Kinds,
    record::{FORMAT, Manifest, VariantInfo},
    spec::{Loaded, Options, SpecError, load_source},
};

/// The smallest complete spec: two models on a population, a few steps.
pub(crate) const SMALL: &str = r#"name = "small"
title = "A title"
summary = "A summary"
source = "A source"
minutes = 0.1

[task]
kind = "multitask-parity"
skills = 3
bits = 6
bits_per_skill = 2
alpha = 0.6
data = { mode = "fresh", batch = 20 }
test = { per_skill = 100 }

[models.net]
kind = "mlp"
widths = [16]

[models.twin]
kind = "multilinear"
initial = 0.01

[training]
seeds = 3
steps = 60
lr = 0.05

[[measure]]
kind = "skills"
schedule = { kind = "linear", every = 10 }
"#;

/// `text` without overrides.
pub(crate) fn load(text: &str) -> Loaded {
    load_with(text, &[]).unwrap()
}

/// `text` with `-s` overrides.
pub(crate) fn load_with(text: &str, overrides: &[&str]) -> Result<Loaded, SpecError> {
    let options = Options {
        overrides: overrides.iter().map(|&text| text.to_owned()).collect(),
        ..Options::default()
    };
    load_source(text, "small.toml", &options, &Kinds::default())
}

/// [`SMALL`] with one piece of text replaced by another.
pub(crate) fn small_with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old}");
    SMALL.replace(old, new)
}

/// The manifest of a run of these variants, without cells.
pub(crate) fn manifest(seeds: u64, variants: Vec<VariantInfo>) -> Manifest {
    Manifest {
        failed: Vec::new(),
        builds: Vec::new(),
        first_thresholds: Default::default(),
        format: FORMAT,
        name: "small".to_owned(),
        quick: false,
        spec_hash: String::new(),
        seeds: (0..seeds).collect(),
        layerwise_version: String::new(),
        rustc_version: String::new(),
        git_commit: String::new(),
        device: "flex".to_owned(),
        adapter: None,
        engine: "autodiff".to_owned(),
        engines: Default::default(),
        own: vec![],
        precision: "f32".to_owned(),
        threads: 1,
        together: 1,
        wall_seconds: 0.0,
        cell_seconds: 0.0,
        measuring_share: 0.0,
        variants,
        cells: Vec::new(),
    }
}
