use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Basis, KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Compute>("largest = 1000").giving(&[&[
Quantity::new("loss_at_compute", "target²", "Test loss of a model that has only the parameters of its first N skills, at compute C = N × step (the index). What a budget C reaches is the lower envelope over N").from("[Nam2024]"),
]]);

/// Test loss against compute, for models with the parameters of the first N skills only.
///
/// Can be read on populations with one row per skill (`skill-spectrum`, parities with over = "skills").
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Compute {
    /// Number of values of N, evenly spaced in the logarithm. 2 or more.
    #[serde(default = "forty")]
    points: usize,
    /// Largest N. 2 or more.
    #[serde(default = "thousand")]
    largest: u64,
}

fn forty() -> usize {
    40
}

fn thousand() -> u64 {
    1000
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let compute: Compute = parse_table(table)?;
    if compute.points < 2 || compute.largest < 2 {
        return Err(KeyError::new(
            if compute.points < 2 {
                "points"
            } else {
                "largest"
            },
            compute.largest.min(compute.points as u64),
            "must be 2 or more",
            "Write for example 40.",
        ));
    }
    Ok(Box::new(compute))
}

impl Metric for Compute {
    fn resolved(&self) -> toml::Table {
        table_of("compute", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["loss_at_compute"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "budget"
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        if task.instance(0).test().basis == Basis::Identity {
            return Ok(());
        }
        Err(lacks("compute", "a population with one row per skill"))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        if at.test.basis != Basis::Identity || at.step == 0 {
            return Ok(());
        }
        // Sums over the first skills with, and over the others without, what was learned.
        let outputs = at.outputs()?;
        let groups = at.task.groups();
        let mut untouched: f64 = groups
            .iter()
            .map(|g| 0.5 * g.multiplicity * g.probability * g.target * g.target)
            .sum();
        let mut learned = 0.0;
        let mut skills = 0.0;
        let spacing = (self.largest as f64).ln() / (self.points - 1) as f64;
        let mut next = 0.0;
        for (group, f) in groups.iter().zip(outputs) {
            let weight = 0.5 * group.multiplicity * group.probability;
            untouched -= weight * group.target * group.target;
            learned += weight * (group.target - f) * (group.target - f);
            skills += group.multiplicity;
            if skills > self.largest as f64 {
                break;
            }
            if skills.ln() >= next {
                next = skills.ln() + spacing;
                let index = (skills * at.step as f64) as u64;
                let value = learned + untouched;
                out.push(Reading {
                    metric: "loss_at_compute",
                    index,
                    value,
                });
            }
        }
        Ok(())
    }
}
