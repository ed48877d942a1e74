use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, TaskInstance, TaskShape, parse_table, positive, table_of};

use super::multilinear::needs_basis;
use crate::{HostArray, Model, Needs, Role};

/// The plain linear model f = Σ_k θ_k g_k on the skills or modes of the task: the control that every
/// claim about layers needs. It has the order and the power law of emergence times, but no delay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearSkills {
    /// Initial strength of every skill, in units of the output.
    #[serde(default)]
    pub initial: f64,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "one")]
    pub lr_scale: f64,
}

fn one() -> f64 {
    1.0
}

/// What readers are told of this kind.
pub(super) const REFERENCE: Reference = Reference::of::<LinearSkills>("lr_scale = 0.1");

/// Checks the table of a `linear-skills` model.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn linear_skills(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
    let model: LinearSkills = parse_table(table)?;
    positive("lr_scale", model.lr_scale)?;
    if !model.initial.is_finite() {
        return Err(KeyError::new(
            "initial",
            model.initial,
            "must be finite",
            "Write 0.",
        ));
    }
    Ok(Box::new(model))
}

impl Model for LinearSkills {
    fn resolved(&self) -> toml::Table {
        table_of("linear-skills", self)
    }

    fn role(&self) -> Role {
        Role::Linear
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
        needs_basis("linear-skills", shape)
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, _: u64) -> Vec<HostArray> {
        let values = vec![self.initial; shape.basis];
        vec![HostArray {
            name: "strength".to_owned(),
            rows: shape.basis,
            columns: 1,
            values,
        }]
    }

    fn is_product(&self) -> bool {
        true
    }
}
