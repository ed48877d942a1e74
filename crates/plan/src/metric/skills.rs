use metrics::skill_stats;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Basis, KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};
use crate::{
    derived::{Derived, ModelCurves},
    times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Skills>("").giving(&[&[
Quantity::new("skill_strength", "target", "R_k/S with R_k = E_k[(f − E_k f) g_k] on the test rows of skill k, where g_k is its basis function and S the target: 0 at a start without output, 1 when learned").from("[Nam2024]"),
Quantity::new("off_skill_energy", "target²", "(E_k f² − R_k²)/S²: the energy of the output on skill k that is not the skill; 0 or more").from("[Nam2024]"),
], &times::QUANTITIES]);

/// How far each skill of the task is learned, and the steps at which it is.
///
/// Can be read on tasks of skills with one output (parities, modes, skill spectra), with any model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Skills {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Skills>(table)?))
}

impl Metric for Skills {
    fn resolved(&self) -> toml::Table {
        table_of("skills", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength", "off_skill_energy"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "skill"
    }

    fn derived_metrics(&self) -> &'static [&'static str] {
        &times::METRICS
    }

    fn derived_from(&self, _: &str) -> &'static [&'static str] {
        &[times::STRENGTH]
    }

    fn derive(&self, curves: ModelCurves<'_>) -> Vec<Derived> {
        times::derive_times(curves)
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        let shape = task.shape();
        if shape.basis > 0 && shape.outputs == 1 {
            return Ok(());
        }
        Err(lacks("skills", "a task of skills with one output"))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let outputs = at.outputs()?;
        let targets: Vec<f64> = at.task.groups().iter().map(|group| group.target).collect();
        if at.test.basis == Basis::Identity {
            // One row per skill is the skill itself: nothing to average, nothing beside it.
            for (index, (f, target)) in (1..).zip(outputs.iter().zip(&targets)) {
                out.push(Reading {
                    metric: "skill_strength",
                    index,
                    value: f / target,
                });
                out.push(Reading {
                    metric: "off_skill_energy",
                    index,
                    value: 0.0,
                });
            }
            return Ok(());
        }
        let signs: Vec<f64> = at.test.targets.iter().map(|y| y.signum()).collect();
        let stats = skill_stats(outputs, &signs, &at.test.group, targets.len(), &targets)?;
        for (index, skill) in (1..).zip(stats) {
            let (strength, energy) = (skill.strength, skill.off_skill_energy);
            out.push(Reading {
                metric: "skill_strength",
                index,
                value: strength,
            });
            out.push(Reading {
                metric: "off_skill_energy",
                index,
                value: energy,
            });
        }
        Ok(())
    }
}
