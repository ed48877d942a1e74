use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};
use theory::LinearMode;

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<LinearSkills>("initial = 0.0");

/// The plain linear model in closed form: the strength of skill k saturates exponentially at rate P_k, without delay.
///
/// It is for tasks of skills or modes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinearSkills {
    /// Initial strength of every skill.
    #[serde(default)]
    initial: f64,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let kind: LinearSkills = parse_table(table)?;
    positive("clock", kind.clock)?;
    Ok(Box::new(kind))
}

impl Prediction for LinearSkills {
    fn resolved(&self) -> toml::Table {
        table_of("linear-skills", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "skill"
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        for (k, group) in cell.groups.iter().enumerate() {
            let mode = LinearMode::new(group.probability, group.target, self.initial);
            let Ok(mode) = mode else { continue };
            for (at, &step) in cell.clock.steps().iter().enumerate() {
                let Some(time) = cell.clock.time(at).map(|t| t * self.clock) else {
                    break;
                };
                out.push(Derived {
                    metric: "skill_strength",
                    index: k as u64 + 1,
                    step,
                    flow_time: Some(time),
                    value: mode.strength(time) / group.target,
                });
            }
        }
    }
}
