use std::ops::RangeInclusive;

use metrics::{energy_by_degree, largest_other, walsh_coefficients};
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Walsh>("").giving(&[&[
Quantity::new("walsh_target", "target", "Walsh coefficient of the parity of the skill, over S: 1 when learned"),
Quantity::new("walsh_largest_other", "target", "Size of the largest other coefficient, over S; the constant does not count"),
Quantity::new("walsh_degree_energy", "target²", "Sum of the squared coefficients of one degree (index), over S², averaged over the skills with their probabilities"),
]]);

/// The Walsh spectrum of the output on the cube of all inputs of each skill.
///
/// Can be read on parities of up to 16 bits, with models that have inputs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Walsh {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Walsh>(table)?))
}

impl Metric for Walsh {
    fn resolved(&self) -> toml::Table {
        table_of("walsh", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["walsh_target", "walsh_largest_other", "walsh_degree_energy"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "walsh_degree_energy" => "degree",
            _ => "skill",
        }
    }

    fn indices(&self, metric: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        let instance = task.instance(0);
        let groups = instance.groups().len();
        match metric {
            "walsh_degree_energy" => {
                let bits = |group| Some(instance.cube_axes(group)?.axes.len() as u64);
                Some(1..=(0..groups).filter_map(bits).max()?)
            }
            _ => Some(1..=groups as u64),
        }
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let mut by_degree: Vec<f64> = Vec::new();
        for (position, group) in at.task.groups().iter().enumerate() {
            let Some(outputs) = at.outputs_on_cube(position)? else {
                continue;
            };
            let index = position as u64 + 1;
            let scaled: Vec<f64> = outputs.iter().map(|f| f / group.target).collect();
            let coefficients = walsh_coefficients(&scaled)?;
            let mask = group
                .subset
                .iter()
                .fold(0, |mask, bit| mask | (1_usize << bit));
            out.push(Reading {
                metric: "walsh_target",
                index,
                value: coefficients[mask],
            });
            // The constant is the output's mean, not a feature.
            let mut features = coefficients.clone();
            features[0] = 0.0;
            let (_, other) = largest_other(&features, mask)?;
            out.push(Reading {
                metric: "walsh_largest_other",
                index,
                value: other.abs(),
            });
            let energies = energy_by_degree(&coefficients)?;
            by_degree.resize(energies.len().max(by_degree.len()), 0.0);
            for (sum, energy) in by_degree.iter_mut().zip(energies) {
                *sum += group.probability * energy;
            }
        }
        for (degree, value) in by_degree.into_iter().enumerate().skip(1) {
            out.push(Reading {
                metric: "walsh_degree_energy",
                index: degree as u64,
                value,
            });
        }
        Ok(())
    }
}
