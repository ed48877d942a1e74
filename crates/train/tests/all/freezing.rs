//! Layers that learn until a condition holds, against layers that freeze at the step it first held.

use std::collections::BTreeSet;

use layerwise_train::Settings;
use record::Observation;

use crate::{
    runs::{on, recorded_of},
    specs::{ADDITION, hash, load_with, refusal_with},
};

/// The same operations on the same numbers, only in other loops.
const SAME_NUMBERS: f64 = 1e-10;

/// Half of what the net ends with, so that it is crossed within the run.
const WHEN: &str =
    "models.net.freeze=[{ layer = 1, when = { metric = 'train_accuracy', above = 0.5 } }]";

/// What is recorded of the net.
fn rows(freeze: &str, engine: &str, together: usize) -> Vec<Observation> {
    let settings = Settings {
        together: Some(together),
        ..on(engine)
    };
    let plan = load_with(ADDITION, &["training.seeds=3", "training.lr=0.002", freeze]).unwrap();
    let rows = recorded_of(&plan, &settings).observations.into_rows();
    rows.into_iter()
        .filter(|row| &*row.model == "net")
        .collect()
}

/// The first recorded step at which the condition of [`WHEN`] holds for each seed.
fn fitted(rows: &[Observation]) -> Vec<u64> {
    let first = |seed: u64| {
        let mut own =
            (rows.iter()).filter(|row| row.seed == seed && row.metric == "train_accuracy");
        own.find(|row| row.value > 0.5).unwrap().step
    };
    (0..3).map(first).collect()
}

fn of_seed(rows: &[Observation], seed: u64) -> Vec<&Observation> {
    rows.iter().filter(|row| row.seed == seed).collect()
}

#[test]
fn a_layer_freezes_at_the_first_recorded_step_at_which_its_condition_holds() {
    for engine in ["auto", "autodiff"] {
        let when = rows(WHEN, engine, 1);
        let steps = fitted(&when);
        for (seed, step) in (0..3).zip(&steps) {
            let from = format!("models.net.freeze=[{{ layer = 1, from = {step} }}]");
            let exact = rows(&from, engine, 1);
            assert_eq!(
                of_seed(&when, seed),
                of_seed(&exact, seed),
                "{engine} {step}"
            );
            for other in [step - 20, step + 20] {
                let from = format!("models.net.freeze=[{{ layer = 1, from = {other} }}]");
                let other = rows(&from, engine, 1);
                assert_ne!(
                    of_seed(&when, seed),
                    of_seed(&other, seed),
                    "{engine} {step}"
                );
            }
        }
    }
}

#[test]
fn members_that_are_stepped_together_freeze_each_at_its_own_step() {
    let alone = rows(WHEN, "autodiff", 1);
    let steps: BTreeSet<u64> = fitted(&alone).into_iter().collect();
    assert!(steps.len() > 1, "{steps:?}");
    let together = rows(WHEN, "autodiff", 3);
    assert_eq!(fitted(&alone), fitted(&together));
    assert_eq!(alone.len(), together.len());
    for (alone, together) in alone.iter().zip(&together) {
        let gap = (alone.value - together.value).abs();
        assert!(
            gap <= SAME_NUMBERS * alone.value.abs().max(1.0)
                || (alone.value.is_infinite() && together.value.is_infinite()),
            "{alone:?} {together:?}"
        );
    }
}

#[test]
fn the_condition_is_part_of_what_is_trained() {
    let plan = |freeze: &str| load_with(ADDITION, &[freeze]).unwrap();
    let other = WHEN.replace("0.5", "0.6");
    assert_ne!(hash(&plan(WHEN)), hash(&plan(&other)));
    let layer = WHEN.replace("layer = 1", "layer = 2");
    assert_ne!(hash(&plan(WHEN)), hash(&plan(&layer)));
}

#[test]
fn a_condition_on_what_is_not_measured_on_the_model_is_refused() {
    let of = |metric: &str| WHEN.replace("train_accuracy", metric);
    // The last of them is measured on another model only.
    let text = ADDITION.replace(
        "kind = \"logits\"\n",
        "kind = \"logits\"\nmodels = [\"diagonal\"]\n",
    );
    for (text, metric) in [
        (ADDITION, "test_loss"),
        (ADDITION, "accuracy"),
        (&text, "logit_margin"),
    ] {
        let error = refusal_with(text, &[&of(metric)]);
        for piece in [
            "models.net.freeze[0].when.metric",
            "so the layer would never freeze",
            "train_accuracy",
        ] {
            assert!(error.contains(piece), "{metric}: {error}");
        }
    }
    // In a variant that does not measure it.
    let text = format!(
        "{}\n[[sweep.variants]]\nname = 'other'\nset = {{ 'models.net.weight_scale' = 2.0 }}\n",
        ADDITION.replace("fit = 0.9\n", "fit = 0.9\nvariants = [\"base\"]\n")
    );
    assert!(load_with(&text, &[]).is_ok());
    let error = refusal_with(&text, &[WHEN]);
    assert!(error.contains("would never freeze"), "{error}");
}
