use metrics::norm;
use models::{HostArray, Model};
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// `weight_to_target`: the ratio α κ^D ξ^d/τ of the net's and the task's four scales \[Nam2025\];
/// `weight_growth`: |θ| over |θ0|.
#[derive(Serialize, Deserialize)]
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
