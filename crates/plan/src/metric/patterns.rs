use std::ops::RangeInclusive;

use metrics::pattern_distance;
use mlp::Activation;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, at_least, lacks, layers};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Patterns>("rows = 500").giving(&[&[
Quantity::new("pattern_distance", "share", "Share of the pairs of a training row and a neuron of a hidden layer whose pre-activation changed sign since the start: 0 in a lazy net").from("[Kunin2024]"),
]]);

/// How many activations have changed sides since the start.
///
/// Can be read on multilayer perceptrons with a hidden layer, not linearised, whose activation keeps the sign (not
/// quadratic), on tasks with inputs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Patterns {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let patterns: Patterns = parse_table(table)?;
    at_least("rows", patterns.rows, 1)?;
    Ok(Box::new(patterns))
}

impl Metric for Patterns {
    fn resolved(&self) -> toml::Table {
        table_of("patterns", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["pattern_distance"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "layer"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        Some(1..=layers(task, model)?.saturating_sub(1))
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let has_sides = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            model.host(&initial).is_some_and(|host| {
                // A square has forgotten the side.
                host.net.layers.len() > 1 && host.net.activation != Activation::Quadratic
            })
        };
        if models.iter().all(has_sides) {
            return Ok(());
        }
        let needs = "multilayer perceptrons with a hidden layer whose activation keeps the sign \
                     (not quadratic); name them in models";
        Err(lacks("patterns", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let some = at.some_training_rows(self.rows);
        let model = at.model;
        let (Some(start), Some(now)) = (model.host(at.initial), model.host(at.parameters()?))
        else {
            return Ok(());
        };
        let start = start.net.features(&some.inputs, some.rows)?;
        let now = now.net.features(&some.inputs, some.rows)?;
        for (index, (start, now)) in (1..).zip(start.iter().zip(&now)) {
            out.push(Reading {
                metric: "pattern_distance",
                index,
                value: pattern_distance(start, now)?,
            });
        }
        Ok(())
    }
}
