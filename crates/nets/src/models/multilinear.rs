use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, TaskInstance, TaskShape, parse_table, positive, stream, table_of};

use crate::{DeviceBasis, DeviceBatch, HostArray, Model, Needs};

/// The layerwise-linear twin f = Σ_k a_k b_k g_k on the task's own basis functions [Nam2024]:
/// linear in each layer, with the skills of the task built in. On the modes of a linear task it
/// is the diagonal linear net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multilinear {
    /// Initial strength R_0 = a_k(0) b_k(0) of every skill.
    pub initial: f64,
    /// Standard deviation of ln R_0 over skills and seeds; 0 gives all skills the same start.
    #[serde(default)]
    pub spread: f64,
    /// Ratio of the layers at the start, b_k(0) / a_k(0); 1 is balanced.
    #[serde(default = "one")]
    pub imbalance: f64,
    /// Factor on the learning rate. The twin lives about 22 times faster than a `ReLU` net on
    /// sparse parity; 1/B² is the one constant that [Nam2024] calibrates.
    #[serde(default = "one")]
    pub lr_scale: f64,
}

fn one() -> f64 {
    1.0
}

/// Checks the table of a `multilinear` twin.
///
/// # Errors
/// Keys that do not fit.
pub(crate) fn multilinear(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: Multilinear = parse_table(table)?;
    positive("initial", model.initial)?;
    positive("imbalance", model.imbalance)?;
    positive("lr_scale", model.lr_scale)?;
    if !model.spread.is_finite() || model.spread < 0.0 {
        return Err(KeyError::new(
            "spread",
            model.spread,
            "must be a finite number, 0 or more",
            "Write 0 for equal starts.",
        ));
    }
    Ok(Box::new(model))
}

impl Model for Multilinear {
    fn resolved(&self) -> toml::Table {
        table_of("multilinear", self)
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: false,
            basis: true,
        }
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        needs_basis("multilinear", shape)
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let mut deviates = vec![0.0; shape.basis];
        if self.spread > 0.0 {
            stream::standard_normals(&mut stream::keyed(seed, "twin strengths", 0), &mut deviates);
        }
        let layer = |name: &str, ratio: f64| HostArray {
            name: name.to_owned(),
            rows: shape.basis,
            columns: 1,
            values: deviates
                .iter()
                .map(|deviate| (self.initial * (self.spread * deviate).exp() * ratio).sqrt())
                .collect(),
        };
        vec![
            layer("first", 1.0 / self.imbalance),
            layer("second", self.imbalance),
        ]
    }

    fn forward(&self, parameters: &[Tensor<2>], batch: &DeviceBatch) -> Tensor<2> {
        on_basis(parameters[0].clone() * parameters[1].clone(), batch)
    }
}

/// Checks that a task has basis functions and one output.
pub(super) fn needs_basis(kind: &str, shape: TaskShape) -> Result<(), KeyError> {
    if shape.basis > 0 && shape.outputs == 1 {
        return Ok(());
    }
    Err(KeyError::new(
        "kind",
        format!("{kind:?}"),
        "needs a task with basis functions and one output",
        "Use it with a parity task, modes or a skill spectrum.",
    ))
}

/// Σ_k θ_k g_k.
///
/// # Shapes
/// - `strengths`: `[B, 1]`; result: `[N, 1]`
pub(super) fn on_basis(strengths: Tensor<2>, batch: &DeviceBatch) -> Tensor<2> {
    match batch
        .basis
        .as_ref()
        .expect("the batch carries what the model needs")
    {
        DeviceBasis::Dense(basis) => basis.clone().matmul(strengths),
        DeviceBasis::Identity => strengths,
    }
}
