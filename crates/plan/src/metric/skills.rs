use metrics::skill_stats;
use models::Model;
use serde::{Deserialize, Serialize};
use tasks::{Basis, KeyError, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};
use crate::{
    derived::{Derived, ModelCurves},
    times,
};

/// `skill_strength`: R_k / S with R_k = E_k[(f − E_k f) g_k]; `off_skill_energy`:
/// (E_k f² − R_k²) / S², what the net does on skill k beside the skill \[Nam2024\].
#[derive(Serialize, Deserialize)]
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
