use std::ops::RangeInclusive;

use metrics::{norm, relative_change};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Weights>("").giving(&[&[
    Quantity::new(
        "weight_norm",
        "weight",
        "|θ|: the root of the sum of squares of the parameters",
    ),
    Quantity::new(
        "weight_change",
        "–",
        "|θ − θ0|/|θ0|; none for an array that starts at zero",
    ),
]]);

/// Size of the weights, and their distance from the start.
///
/// Can be read on every task and model. Index 0 is all parameters together; the others are the arrays in order (weight, bias,
/// weight, …).
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Weights {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Weights>(table)?))
}

impl Metric for Weights {
    fn resolved(&self) -> toml::Table {
        table_of("weights", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["weight_norm", "weight_change"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "array"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        let arrays = model.initial(&*task.instance(0), task.shape(), 0).len() as u64;
        // 0 is all arrays together.
        Some(0..=arrays)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let now = at.parameters()?;
        let mut push = |index, now: &[f64], initial: &[f64]| {
            out.push(Reading {
                metric: "weight_norm",
                index,
                value: norm(now),
            });
            // An array that starts at zero (a bias, a linear model) has no relative change.
            if norm(initial) > 0.0 {
                let value = relative_change(now, initial)?;
                out.push(Reading {
                    metric: "weight_change",
                    index,
                    value,
                });
            }
            Ok::<(), MeasureError>(())
        };
        push(0, &flat(now), &flat(at.initial))?;
        for (index, (now, initial)) in (1..).zip(now.iter().zip(at.initial)) {
            push(index, &now.values, &initial.values)?;
        }
        Ok(())
    }
}

fn flat(arrays: &[HostArray]) -> Vec<f64> {
    arrays
        .iter()
        .flat_map(|array| array.values.iter().copied())
        .collect()
}
