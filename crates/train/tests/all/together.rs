//! A run whose cells are stepped together against the same run cell by cell.

use layerwise_train::Settings;
use record::Observation;

use crate::{
    runs::{on, recorded_of},
    specs::load,
};

/// The same operations on the same numbers, only in other loops.
const SAME_NUMBERS: f64 = 1e-10;

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

fn rows(together: usize) -> (Vec<Observation>, Vec<u64>) {
    let settings = Settings {
        together: Some(together),
        ..on("autodiff")
    };
    let run = recorded_of(&load(SPEC), &settings);
    let steps = run.manifest.cells.iter().map(|cell| cell.steps).collect();
    (run.observations.into_rows(), steps)
}

#[test]
fn stepping_cells_together_records_the_same_as_one_by_one() {
    let (alone, steps) = rows(1);
    // Members end at different steps, and the others go on.
    assert!(
        steps.iter().any(|s| *s < 60) && steps.contains(&60),
        "{steps:?}"
    );
    for together in [2, 64] {
        let (found, same_steps) = rows(together);
        assert_eq!(same_steps, steps);
        assert_eq!(found.len(), alone.len());
        for (found, expected) in found.iter().zip(&alone) {
            let gap = (found.value - expected.value).abs();
            assert!(
                gap <= SAME_NUMBERS * expected.value.abs().max(1.0)
                    || (found.value.is_infinite() && expected.value.is_infinite()),
                "{found:?} instead of {expected:?}"
            );
            let place = |o: &Observation| Observation {
                value: 0.0,
                ..o.clone()
            };
            assert_eq!(place(found), place(expected));
        }
    }
}
