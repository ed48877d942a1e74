//! A run whose cells are stepped together against the same run cell by cell.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use layerwise_lab::{
    record::{Observation, Run, RunFolder},
    run::{Observer, Provenance, Settings, Storing, run, run_identity},
    spec::load_source,
};

/// The same operations on the same numbers, only in other loops.
const SAME_NUMBERS: f64 = 1e-10;

struct Silent;

impl Observer for Silent {}

/// Seeds, learning rates and scales of weights go together; another width or function does not.
const SPEC: &str = r#"
name = "together"
title = "t"
summary = "s"
source = "none"
minutes = 0.1

[task]
kind = "sparse-parity"
bits = 5
parity = 2
test = { per_skill = 16 }
data = { mode = "fresh", batch = 12 }

[models.net]
kind = "mlp"
widths = [6]
activation = "tanh"

[models.twin]
kind = "multilinear"
initial = 0.1

[training]
seeds = 3
steps = 60
lr = 0.05
precision = "f64"
loss = { kind = "mse", half = true, outputs = "sum" }
stop_when = { model = "net", metric = "test_loss", below = 0.48 }

[[measure]]
kind = "loss"
schedule = { kind = "linear", every = 7 }

[[measure]]
kind = "skills"
schedule = { kind = "linear", every = 20 }

[[measure]]
kind = "kernel"
models = ["net"]
schedule = { kind = "linear", every = 30 }

[sweep.grid]
"training.lr" = [0.05, 0.5]
"models.net.weight_scale" = [0.5, 1.0]
"models.net.widths" = [[6], [7]]
"models.net.output_scale" = [1.0, 2.0]
"#;

fn rows(folder: &Path, together: usize) -> (Vec<Observation>, Vec<u64>) {
    let kinds = layerwise_lab::Kinds::default();
    let loaded = load_source(SPEC, "together.toml", &Default::default(), &kinds).unwrap();
    let settings = Settings {
        device: "flex".to_owned(),
        engine: "autodiff".to_owned(),
        threads: 1,
        together: Some(together),
        quick: false,
        storing: Storing::default(),
    };
    let hash = run_identity(&loaded, &settings.device, &settings.engine);
    let folder = folder.join(together.to_string());
    let open = RunFolder::open(&folder, &loaded.spec, &hash).unwrap();
    run(
        &loaded,
        &settings,
        &Provenance::default(),
        &kinds,
        open,
        &Silent,
    )
    .unwrap();
    let run = Run::read(&folder).unwrap();
    let steps = run.manifest.cells.iter().map(|cell| cell.steps).collect();
    (run.observations, steps)
}

#[test]
fn a_run_with_cells_stepped_together_records_what_it_records_cell_by_cell() {
    let folder = tempfile::tempdir().unwrap();
    let (alone, steps) = rows(folder.path(), 1);
    // Members end at different steps, and the others go on.
    assert!(
        steps.iter().any(|s| *s < 60) && steps.contains(&60),
        "{steps:?}"
    );
    for together in [2, 64] {
        let (found, same_steps) = rows(folder.path(), together);
        assert_eq!(same_steps, steps);
        assert_eq!(found.len(), alone.len());
        for (found, expected) in found.iter().zip(&alone) {
            let gap = (found.value - expected.value).abs();
            assert!(
                gap <= SAME_NUMBERS * expected.value.abs().max(1.0)
                    || (found.value.is_infinite() && expected.value.is_infinite()),
                "{found:?} instead of {expected:?}"
            );
            let place = |o: &Observation| {
                let time = o.flow_time.map(f64::to_bits);
                let (variant, model) = (o.variant.clone(), o.model.clone());
                (
                    variant,
                    o.seed,
                    model,
                    o.metric.clone(),
                    o.index,
                    o.step,
                    time,
                )
            };
            assert_eq!(place(found), place(expected));
        }
    }
}
