//! Training curves by PyTorch in float64, which every device and engine must follow.

use models::{Adam, Decay, HostArray, Loss, Optimizer, Reduction, Sgd, kinds};
use serde::Deserialize;
use tasks::{Basis, Batch, TaskShape};

use crate::{Engines, LearnerError, Member, Rows, Target, TrainingSetup};

/// Made by `references/pytorch/generate.py`; a NumPy program gives the same to 1e-12.
const PYTORCH: &str = include_str!("../references/pytorch/losses.json");

/// Small nets that PyTorch trained: one start, one set of rows, 32 curves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct References {
    /// Steps before which the loss is known.
    pub steps: Vec<u64>,
    start: Start,
    inputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    labels: Vec<usize>,
    optimizers: std::collections::BTreeMap<String, Settings>,
    curves: Vec<Curve>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Start {
    #[serde(rename = "0.weight")]
    first: Vec<Vec<f64>>,
    #[serde(rename = "0.bias")]
    first_bias: Vec<f64>,
    #[serde(rename = "2.weight")]
    second: Vec<Vec<f64>>,
    #[serde(rename = "2.bias")]
    second_bias: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Settings {
    kind: String,
    #[serde(default)]
    momentum: f64,
    #[serde(default)]
    weight_decay: f64,
    #[serde(default)]
    epsilon: f64,
    #[serde(default)]
    decoupled: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Curve {
    activation: String,
    loss: String,
    optimizer: String,
    lr: f64,
    losses: Vec<f64>,
}

/// One curve: a net, and the losses that it must have.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceCurve {
    /// Activation, as in specs.
    pub activation: String,
    /// Loss.
    pub loss: Loss,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Learning rate.
    pub lr: f64,
    /// Losses before the steps of [`References::steps`].
    pub losses: Vec<f64>,
}

impl References {
    /// The curves that ship with this crate.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn pytorch() -> Self {
        serde_json::from_str(PYTORCH).expect("the shipped curves are read by a test")
    }

    /// All curves: every activation with both losses and all optimizers.
    ///
    /// # Panics
    /// Never for shipped curves.
    pub fn curves(&self) -> Vec<ReferenceCurve> {
        let curve = |curve: &Curve| ReferenceCurve {
            activation: curve.activation.clone(),
            loss: match curve.loss.as_str() {
                "mse" => Loss::Mse {
                    half: false,
                    outputs: Reduction::Mean,
                },
                _ => Loss::CrossEntropy,
            },
            optimizer: self.optimizers[&curve.optimizer].optimizer(),
            lr: curve.lr,
            losses: curve.losses.clone(),
        };
        self.curves.iter().map(curve).collect()
    }

    /// Initial weights, the same for all curves.
    pub fn start(&self) -> Vec<HostArray> {
        let start = &self.start;
        let layers = [
            (&start.first, &start.first_bias),
            (&start.second, &start.second_bias),
        ];
        let layers = layers.into_iter().enumerate();
        layers
            .flat_map(|(layer, (weight, bias))| {
                // PyTorch has [out, in].
                let (outputs, inputs) = (weight.len(), weight[0].len());
                let values = (0..inputs).flat_map(|i| weight.iter().map(move |row| row[i]));
                [
                    HostArray {
                        name: format!("layers.{layer}.weight"),
                        rows: inputs,
                        columns: outputs,
                        values: values.collect(),
                    },
                    HostArray {
                        name: format!("layers.{layer}.bias"),
                        rows: 1,
                        columns: outputs,
                        values: bias.clone(),
                    },
                ]
            })
            .collect()
    }

    /// The rows that a net is trained on at every step.
    pub fn rows(&self, loss: Loss) -> Batch {
        let shape = TaskShape {
            inputs: self.inputs[0].len(),
            basis: 0,
            outputs: self.targets[0].len(),
        };
        let mut rows = Batch::zeros(shape, self.inputs.len());
        rows.inputs = self.inputs.concat();
        rows.basis = Basis::Dense(Vec::new());
        if loss == Loss::CrossEntropy {
            let targets = rows.targets.chunks_exact_mut(shape.outputs);
            for (row, &label) in targets.zip(&self.labels) {
                row[label] = 1.0;
            }
        } else {
            rows.targets = self.targets.concat();
        }
        rows
    }

    /// Largest relative difference of a loss up to step `last` from the curve's, trained by an
    /// engine on a device. `optimizer` stands in for the curve's own, so that a test can be wrong on
    /// purpose.
    ///
    /// # Errors
    /// The engine does not cover the net, or the device failed.
    ///
    /// # Panics
    /// Never: the nets of the curves are valid.
    pub fn gap(
        &self,
        curve: &ReferenceCurve,
        optimizer: Optimizer,
        engine: &str,
        target: &Target,
        last: u64,
    ) -> Result<f64, LearnerError> {
        let mut table = toml::Table::new();
        table.insert("kind".to_owned(), "mlp".into());
        let width = i64::try_from(self.start.first.len()).unwrap_or(i64::MAX);
        table.insert("widths".to_owned(), vec![width].into());
        table.insert("activation".to_owned(), curve.activation.clone().into());
        let model = kinds().build(table).expect("the curves' nets are valid");
        let batch = self.rows(curve.loss);
        let rows = Rows::new(&batch, model.needs(), target);
        let engines = Engines::default();
        let mut net = engines.start(
            engine,
            TrainingSetup {
                members: vec![Member::untouched(model.into(), self.start())],
                loss: curve.loss,
                optimizer,
                target,
                constant: Some(std::slice::from_ref(&batch)),
                forwards: engines.forwards(),
            },
        )?;
        let mut gap: f64 = 0.0;
        let mut step = 0;
        for (&known, expected) in self.steps.iter().zip(&curve.losses) {
            if known > last {
                break;
            }
            while step < known {
                net.step(&rows, &[curve.lr]);
                step += 1;
            }
            let outputs = net.outputs(&rows)?.swap_remove(0);
            let loss = (curve.loss).value(&outputs, &batch.targets, None, batch.shape.outputs);
            let difference = ((loss - expected) / expected).abs();
            // f64::max would let a NaN pass.
            gap = if difference.is_nan() {
                f64::INFINITY
            } else {
                gap.max(difference)
            };
        }
        Ok(gap)
    }
}

impl Settings {
    fn optimizer(&self) -> Optimizer {
        match self.kind.as_str() {
            "adam" => Optimizer::Adam(Adam {
                epsilon: self.epsilon,
                weight_decay: self.weight_decay,
                decay: if self.decoupled {
                    Decay::Decoupled
                } else {
                    Decay::Coupled
                },
                ..Adam::PYTORCH
            }),
            _ => Optimizer::Sgd(Sgd {
                momentum: self.momentum,
                weight_decay: self.weight_decay,
                ..Sgd::PLAIN
            }),
        }
    }
}
