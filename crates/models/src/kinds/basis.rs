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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagonalLinear {
    /// s0: the value of every factor at the start. Above 0.
    pub initial: f64,
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
        ["u_plus", "v_plus", "u_minus", "v_minus"]
            .map(|name| array(name, shape, self.initial))
            .to_vec()
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

    fn is_product(&self) -> bool {
        true
    }
}
