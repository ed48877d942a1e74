//! Losses of 1000 steps against those of PyTorch in float64, see `fixtures/pytorch`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, path::Path};

use layerwise_nets::{Decay, HostArray, Loss, Optimizer, Reduction, WeightFile};
use serde_json::Value;
use support::losses;
use tasks::{Basis, Batch, TaskShape, tensors::Tensors};

/// Largest relative difference of a loss. Rounding, amplified over 1000 steps, gives 4e-15 between
/// PyTorch and NumPy; anything but rounding gives more than [`CAUGHT`].
const SAME: f64 = 1e-9;
/// Least difference that another formula makes.
const CAUGHT: f64 = 1e-6;

/// A file beside the fixtures.
fn path(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch");
    folder.join(name)
}

struct Fixture(Value);

/// One curve.
struct Curve {
    activation: String,
    loss: Loss,
    optimizer: Optimizer,
    lr: f64,
    losses: Vec<f64>,
}

impl Fixture {
    fn read() -> Self {
        Self(serde_json::from_str(&fs::read_to_string(path("losses.json")).unwrap()).unwrap())
    }

    fn steps(&self) -> Vec<u64> {
        serde_json::from_value(self.0["steps"].clone()).unwrap()
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let rows: Vec<Vec<f64>> = serde_json::from_value(self.0[name].clone()).unwrap();
        rows.concat()
    }

    /// The initial weights as the JSON has them, `[out, in]`, put into our layout by hand.
    fn start(&self) -> Vec<HostArray> {
        let start = &self.0["start"];
        let mut arrays = Vec::new();
        for (layer, number) in ["0", "2"].into_iter().enumerate() {
            let weight = &start[format!("{number}.weight")];
            let weight: Vec<Vec<f64>> = serde_json::from_value(weight.clone()).unwrap();
            let bias = &start[format!("{number}.bias")];
            let bias: Vec<f64> = serde_json::from_value(bias.clone()).unwrap();
            let (outputs, inputs) = (weight.len(), weight[0].len());
            let values = (0..inputs).flat_map(|i| weight.iter().map(move |row| row[i]));
            arrays.push(HostArray {
                name: format!("layers.{layer}.weight"),
                rows: inputs,
                columns: outputs,
                values: values.collect(),
            });
            arrays.push(HostArray {
                name: format!("layers.{layer}.bias"),
                rows: 1,
                columns: outputs,
                values: bias,
            });
        }
        arrays
    }

    fn rows(&self, loss: Loss) -> Batch {
        let shape = TaskShape {
            inputs: 5,
            basis: 0,
            outputs: 3,
        };
        let mut rows = Batch::zeros(shape, 12);
        rows.inputs = self.numbers("inputs");
        rows.basis = Basis::Dense(Vec::new());
        match loss {
            Loss::Mse { .. } => rows.targets = self.numbers("targets"),
            Loss::CrossEntropy => {
                let labels: Vec<usize> = serde_json::from_value(self.0["labels"].clone()).unwrap();
                for (row, label) in rows.targets.chunks_exact_mut(3).zip(labels) {
                    row[label] = 1.0;
                }
            }
        }
        rows
    }

    fn curves(&self) -> Vec<Curve> {
        let curves = self.0["curves"].as_array().unwrap();
        let curve = |curve: &Value| Curve {
            activation: curve["activation"].as_str().unwrap().to_owned(),
            loss: match curve["loss"].as_str().unwrap() {
                "mse" => Loss::Mse {
                    half: false,
                    outputs: Reduction::Mean,
                },
                "cross-entropy" => Loss::CrossEntropy,
                other => panic!("{other}"),
            },
            optimizer: optimizer(&self.0["optimizers"][curve["optimizer"].as_str().unwrap()]),
            lr: curve["lr"].as_f64().unwrap(),
            losses: serde_json::from_value(curve["losses"].clone()).unwrap(),
        };
        curves.iter().map(curve).collect()
    }

    /// The largest relative gap of a curve to what is trained here with another optimizer.
    fn gap(&self, curve: &Curve, optimizer: Optimizer) -> f64 {
        let table = format!(
            "kind = 'mlp'\nwidths = [6]\nactivation = '{}'",
            curve.activation
        );
        let how = (curve.loss, optimizer, curve.lr);
        let rows = self.rows(curve.loss);
        let found = losses(&table, self.start(), &rows, how, &self.steps());
        let pairs = found.iter().zip(&curve.losses);
        pairs
            .map(|(found, expected)| ((found - expected) / expected).abs())
            .fold(0.0, f64::max)
    }
}

fn optimizer(settings: &Value) -> Optimizer {
    let number = |key: &str| settings[key].as_f64().unwrap_or(0.0);
    match settings["kind"].as_str().unwrap() {
        "sgd" => Optimizer::Sgd {
            momentum: number("momentum"),
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        },
        "adam" => Optimizer::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: number("epsilon"),
            weight_decay: number("weight_decay"),
            decay: match settings["decoupled"].as_bool().unwrap() {
                false => Decay::Coupled,
                true => Decay::Decoupled,
            },
        },
        other => panic!("{other}"),
    }
}

#[test]
fn losses_follow_pytorch_over_a_thousand_steps() {
    let fixture = Fixture::read();
    assert_eq!(fixture.steps(), [0, 1, 2, 10, 100, 500, 1000]);
    let curves = fixture.curves();
    assert_eq!(curves.len(), 4 * 2 * 4);
    for curve in &curves {
        let gap = fixture.gap(curve, curve.optimizer);
        let Curve {
            activation,
            loss,
            optimizer,
            losses,
            ..
        } = curve;
        assert!(losses[6] < 0.9 * losses[0], "{activation} does not train");
        assert!(gap < SAME, "{activation}, {loss:?}, {optimizer:?}: {gap:e}");
    }
}

#[test]
fn another_epsilon_of_adam_is_caught() {
    let fixture = Fixture::read();
    let mut tried = 0;
    for curve in fixture.curves() {
        if let Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decay,
        } = curve.optimizer
        {
            assert_eq!(epsilon, 1e-8);
            let other = Optimizer::Adam {
                beta1,
                beta2,
                // The default of the framework below.
                epsilon: 1e-5,
                weight_decay,
                decay,
            };
            let gap = fixture.gap(&curve, other);
            assert!(
                gap > CAUGHT,
                "{}, {:?}: {gap:e}",
                curve.activation,
                curve.loss
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 16);
}

#[test]
fn the_other_form_of_weight_decay_is_caught() {
    let fixture = Fixture::read();
    let mut tried = 0;
    for curve in fixture.curves() {
        if let Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decay,
        } = curve.optimizer
        {
            let other = Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decay: match decay {
                    Decay::Coupled => Decay::Decoupled,
                    Decay::Decoupled => Decay::Coupled,
                },
            };
            let gap = fixture.gap(&curve, other);
            assert!(
                gap > CAUGHT,
                "{}, {:?}: {gap:e}",
                curve.activation,
                curve.loss
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 16);
}

#[test]
fn momentum_left_out_is_caught() {
    let fixture = Fixture::read();
    for curve in fixture.curves() {
        if matches!(curve.optimizer, Optimizer::Sgd { momentum, .. } if momentum > 0.0) {
            let gap = fixture.gap(&curve, Optimizer::default());
            assert!(gap > CAUGHT, "{}: {gap:e}", curve.activation);
        }
    }
}

#[test]
fn the_state_dict_that_pytorch_saved_is_the_start() {
    let bytes = fs::read(path("start.safetensors")).unwrap();
    let file = WeightFile::read(&Tensors::open(&bytes).unwrap()).unwrap();
    assert_eq!(file.parameters(), Fixture::read().start());
}
