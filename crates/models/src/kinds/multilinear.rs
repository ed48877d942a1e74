use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{
    KeyError, Reference, TaskInstance, TaskShape, parse_table, positive, stream, table_of,
};

use super::count::few_enough;
use crate::{Backward, Clamp, Freeze, HostArray, Interventions, Model, Needs};

/// The layerwise-linear twin f = Σ_k a_k b_k g_k on the skills or modes of the task \[Nam2024\].
///
/// It is linear in each layer and has the skills of the task built in. On the modes of a linear task it
/// is the diagonal linear net; `depth` gives it more than two layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Multilinear {
    /// R_0: the initial strength of every skill, which is the product over the layers. Above 0.
    pub initial: f64,
    /// Initial strength of each skill relative to `initial`; 1 for all if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub initial_factors: Vec<f64>,
    /// Standard deviation of ln R_0 over skills and seeds; with 0 all skills start alike.
    #[serde(default)]
    pub spread: f64,
    /// L: the number of layers, 2 or more.
    #[serde(default = "two")]
    pub depth: usize,
    /// Ratio of the two layers at the start, b_k(0)/a_k(0); 1 is balanced. Above 0.
    #[serde(default = "one")]
    pub imbalance: f64,
    /// λ = b_k² − a_k², which gradient flow conserves; in place of `imbalance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// Factor on the learning rate of this model. Above 0. The twin learns about 22 times faster than a `ReLU`
    /// net on sparse parities; 1/B² is the one constant that \[Nam2024\] calibrates.
    #[serde(default = "one")]
    pub lr_scale: f64,
    /// Layers that do not learn, or only until a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// The weights that carry the error back through the last layer; its own weights if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Backward>,
    /// Layers whose weights keep their norm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<Clamp>,
}

fn one() -> f64 {
    1.0
}

fn two() -> usize {
    2
}

/// What readers are told of this kind.
pub(super) const REFERENCE: Reference =
    Reference::of::<Multilinear>("initial = 0.01\nlr_scale = 0.04");

/// Checks the table of a `multilinear` twin.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn multilinear(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: Multilinear = parse_table(table)?;
    positive("initial", model.initial)?;
    for (position, &factor) in model.initial_factors.iter().enumerate() {
        positive(&format!("initial_factors[{position}]"), factor)?;
    }
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
    if model.depth < 2 {
        let hint = "Write 2 or more; one layer is kind = \"linear-skills\".";
        return Err(KeyError::new(
            "depth",
            model.depth,
            "must be 2 or more",
            hint,
        ));
    }
    if let Some(lambda) = model.lambda {
        if !lambda.is_finite() {
            return Err(KeyError::new(
                "lambda",
                lambda,
                "must be finite",
                "Write 0.",
            ));
        }
        if model.imbalance != 1.0 {
            let problem = "has no effect beside lambda";
            return Err(KeyError::new(
                "imbalance",
                model.imbalance,
                problem,
                "Keep one.",
            ));
        }
    }
    let imbalanced = model.imbalance != 1.0 || model.lambda.unwrap_or(0.0) != 0.0;
    if model.depth > 2 && imbalanced {
        let hint = "Write depth = 2, or leave imbalance and lambda out.";
        let problem = "has balanced layers only";
        return Err(KeyError::new("depth", model.depth, problem, hint));
    }
    model.interventions().check(model.depth)?;
    Ok(Box::new(model))
}

impl Multilinear {
    /// The layers whose product is `strength`.
    fn layers(&self, strength: f64) -> Vec<f64> {
        match self.lambda {
            Some(lambda) if self.depth == 2 => {
                // The heavier layer first: the lighter one would lose its digits in a difference.
                let heavy = ((lambda.abs() + lambda.hypot(2.0 * strength)) / 2.0).sqrt();
                let light = strength / heavy;
                if lambda > 0.0 {
                    vec![light, heavy]
                } else {
                    vec![heavy, light]
                }
            }
            None if self.depth == 2 => {
                let ratio = self.imbalance;
                vec![(strength / ratio).sqrt(), (strength * ratio).sqrt()]
            }
            _ => vec![strength.powf(1.0 / self.depth as f64); self.depth],
        }
    }
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
        needs_basis("multilinear", shape)?;
        few_enough("depth", self.depth, self.depth as f64 * shape.basis as f64)?;
        let factors = self.initial_factors.len();
        if factors == 0 || factors == shape.basis {
            return Ok(());
        }
        let problem = format!("has {factors} entries for {} skills", shape.basis);
        let hint = "Give one factor per skill.";
        let value = format!("{:?}", self.initial_factors);
        Err(KeyError::new("initial_factors", value, problem, hint))
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let mut deviates = vec![0.0; shape.basis];
        if self.spread > 0.0 {
            stream::standard_normals(&mut stream::keyed(seed, "twin strengths", 0), &mut deviates);
        }
        let skills: Vec<Vec<f64>> = (deviates.iter().enumerate())
            .map(|(skill, deviate)| {
                let factor = self.initial_factors.get(skill).copied().unwrap_or(1.0);
                self.layers(self.initial * factor * (self.spread * deviate).exp())
            })
            .collect();
        let mut arrays: Vec<HostArray> = (0..self.depth)
            .map(|layer| HostArray {
                name: match (self.depth, layer) {
                    (2, 0) => "first".to_owned(),
                    (2, _) => "second".to_owned(),
                    _ => format!("layers.{layer}"),
                },
                rows: shape.basis,
                columns: 1,
                values: skills.iter().map(|layers| layers[layer]).collect(),
            })
            .collect();
        self.interventions().rescale(&mut arrays, |layer| layer);
        arrays
    }

    fn interventions(&self) -> Interventions {
        Interventions {
            freeze: self.freeze.clone(),
            feedback: self.feedback,
            clamp: self.clamp.clone(),
            balance: None,
            dropout: None,
        }
    }

    fn backward(&self, shape: TaskShape, seed: u64) -> Option<HostArray> {
        Some(self.feedback?.weights(shape.basis, 1, seed))
    }

    fn is_product(&self) -> bool {
        true
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
