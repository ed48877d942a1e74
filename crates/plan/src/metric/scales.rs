use metrics::norm;
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Scales>("").giving(&[&[
Quantity::new("weight_to_target", "–", "α κ^D ξ^d/τ of the scales of output, weights, inputs and targets; D and d are the degrees of the net in its weights and inputs (3 and 2 for two quadratic layers)").from("[Nam2025]"),
Quantity::new("weight_growth", "–", "|θ|/|θ0|"),
]]);

/// The weight-to-target ratio of a net, and the growth of its weights.
///
/// Can be read on multilayer perceptrons and deep linear nets, not linearised, on tasks with one target scale.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scales {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Scales>(table)?))
}

impl Metric for Scales {
    fn resolved(&self) -> toml::Table {
        table_of("scales", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["weight_to_target", "weight_growth"]
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let groups = task.instance(0);
        let [first, rest @ ..] = groups.groups() else {
            return Err(lacks("scales", "a task with a target scale"));
        };
        if rest.iter().any(|group| group.target != first.target) {
            return Err(lacks("scales", "a task with one target scale"));
        }
        if models.iter().any(|model| model.scales().is_none()) {
            let needs = "multilayer perceptrons or linear nets; name them in models";
            return Err(lacks("scales", needs));
        }
        Ok(())
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let scales = at.model.scales();
        let (Some(scales), [first, ..]) = (scales, at.task.groups()) else {
            return Ok(());
        };
        let ratio = scales.weight_to_target(at.task.input_scale(), first.target);
        let growth = size(at.parameters()?) / size(at.initial);
        for (metric, value) in [("weight_to_target", ratio), ("weight_growth", growth)] {
            out.push(Reading {
                metric,
                index: 0,
                value,
            });
        }
        Ok(())
    }
}

fn size(arrays: &[HostArray]) -> f64 {
    let sizes = arrays.iter().map(|array| norm(&array.values));
    norm(&sizes.collect::<Vec<f64>>())
}
