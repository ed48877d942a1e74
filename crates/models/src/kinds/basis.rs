use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, TaskInstance, TaskShape, parse_table, positive, table_of};

use crate::{HostArray, Model, Needs, Role};

/// The diagonal linear net on the task's basis functions, f_c = Σ_j (u⁺v⁺ − u⁻v⁻)_jc g_j, whose factors
/// all start at s0, so that f = 0 \[Woodworth2020\].
///
/// It is linear in its features and in each layer. Gradient descent from a small s0 prefers few
/// features; from a large s0 the net is the plain linear model at a learning rate of 4 s0². The task must
/// have basis functions, as modular arithmetic with features = "characters" and parities have.
///
/// With depth = 3 and outputs = "characters" each strength u v w stands for a triple of characters, of a,
/// of b and of the result: what a quadratic net has per neuron, as a sum that is linear in each factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagonalLinear {
    /// s0: the value of every factor at the start. Above 0.
    pub initial: f64,
    /// Factors of a strength: 2 or 3.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub depth: usize,
    /// What a strength belongs to on the side of the outputs.
    #[serde(default, skip_serializing_if = "Outputs::are_classes")]
    pub outputs: Outputs,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "one")]
    pub lr_scale: f64,
}

/// The plain linear model on the task's basis functions, f_c = Σ_j w_jc g_j from w = 0, with as many
/// outputs as the task has: the control that a layered model must differ from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearBasis {
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "one")]
    pub lr_scale: f64,
}

/// What a strength of a diagonal linear net belongs to on the side of the outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outputs {
    /// One output.
    #[default]
    Classes,
    /// A character of Z_K over the K outputs, which stand in the order of their residues.
    Characters,
}

impl Outputs {
    // serde passes a reference.
    #[expect(clippy::trivially_copy_pass_by_ref)]
    fn are_classes(&self) -> bool {
        *self == Self::Classes
    }

    /// What output c takes of strength m, `[K, K]`: 1 of its own with [`Outputs::Classes`], which is
    /// `None`; the orthonormal real characters of Z_K, at c, with [`Outputs::Characters`].
    #[must_use]
    pub fn mixture(self, outputs: usize) -> Option<Vec<f64>> {
        match self {
            Self::Classes => None,
            Self::Characters => Some(real_characters(outputs)),
        }
    }
}

/// Row m, column c: √(1/K) for the constant; for each frequency a row √(2/K) cos 2πmc/K and one with the
/// sine; for even K a row of ±√(1/K).
fn real_characters(outputs: usize) -> Vec<f64> {
    let k = outputs as f64;
    (0..outputs)
        .flat_map(|m| {
            let opposite = (outputs - m) % outputs;
            (0..outputs).map(move |c| {
                let turn = |m: usize| std::f64::consts::TAU * ((m * c) % outputs) as f64 / k;
                match m.cmp(&opposite) {
                    std::cmp::Ordering::Less => (2.0 / k).sqrt() * turn(m).cos(),
                    std::cmp::Ordering::Equal => turn(m).cos().round() / k.sqrt(),
                    std::cmp::Ordering::Greater => (2.0 / k).sqrt() * turn(opposite).sin(),
                }
            })
        })
        .collect()
}

fn two() -> usize {
    2
}

// serde passes a reference.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_two(depth: &usize) -> bool {
    *depth == 2
}

fn one() -> f64 {
    1.0
}

/// Checks the table of a `diagonal-linear` net.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn diagonal_linear(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: DiagonalLinear = parse_table(table)?;
    positive("initial", model.initial)?;
    positive("lr_scale", model.lr_scale)?;
    if !(2..=3).contains(&model.depth) {
        let hint = "Write 2 or 3; a net of one factor is kind = \"linear-basis\".";
        return Err(KeyError::new("depth", model.depth, "must be 2 or 3", hint));
    }
    Ok(Box::new(model))
}

/// Checks the table of a `linear-basis` model.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn linear_basis(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: LinearBasis = parse_table(table)?;
    positive("lr_scale", model.lr_scale)?;
    Ok(Box::new(model))
}

/// What readers are told of `diagonal-linear`.
pub(super) const DIAGONAL_LINEAR: Reference = Reference::of::<DiagonalLinear>("initial = 0.1");

/// What readers are told of `linear-basis`.
pub(super) const LINEAR_BASIS: Reference = Reference::of::<LinearBasis>("lr_scale = 0.1");

const NEEDS: Needs = Needs {
    inputs: false,
    basis: true,
};

fn needs_basis(kind: &str, shape: TaskShape) -> Result<(), KeyError> {
    if shape.basis > 0 {
        return Ok(());
    }
    Err(KeyError::new(
        "kind",
        format!("{kind:?}"),
        "needs a task with basis functions",
        "Write features = \"characters\" for modular arithmetic.",
    ))
}

fn array(name: &str, shape: TaskShape, value: f64) -> HostArray {
    HostArray {
        name: name.to_owned(),
        rows: shape.basis,
        columns: shape.outputs,
        values: vec![value; shape.basis * shape.outputs],
    }
}

impl Model for DiagonalLinear {
    fn resolved(&self) -> toml::Table {
        table_of("diagonal-linear", self)
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        needs_basis("diagonal-linear", shape)
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, _: u64) -> Vec<HostArray> {
        let factors = &["u", "v", "w"][..self.depth];
        (["plus", "minus"].iter())
            .flat_map(|sign| factors.iter().map(move |factor| format!("{factor}_{sign}")))
            .map(|name| array(&name, shape, self.initial))
            .collect()
    }
}

impl Model for LinearBasis {
    fn resolved(&self) -> toml::Table {
        table_of("linear-basis", self)
    }

    fn role(&self) -> Role {
        Role::Linear
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        needs_basis("linear-basis", shape)
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, _: u64) -> Vec<HostArray> {
        vec![array("weight", shape, 0.0)]
    }

    fn has_matrices(&self) -> bool {
        true
    }

    fn is_product(&self) -> bool {
        true
    }
}
