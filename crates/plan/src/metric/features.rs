use std::ops::RangeInclusive;

use metrics::{MetricError, feature_cka};
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, at_least, lacks, layers};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Features>("rows = 500").giving(&[&[
Quantity::new("feature_cka", "–", "Centred kernel alignment of the features of a hidden layer with those at the start, on the training rows: 1 where features only rotate or scale, at least 0").from("[Kornblith2019]"),
]]);

/// How far the features of each hidden layer have turned since the start.
///
/// Can be read on multilayer perceptrons and deep linear nets with a hidden layer, not linearised, on tasks with inputs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Features {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let features: Features = parse_table(table)?;
    // One row has no variance.
    at_least("rows", features.rows, 2)?;
    Ok(Box::new(features))
}

impl Metric for Features {
    fn resolved(&self) -> toml::Table {
        table_of("features", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["feature_cka"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "layer"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        Some(1..=layers(task, model)?.saturating_sub(1))
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let hidden = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            (model.host(&initial)).is_some_and(|host| host.net.layers.len() > 1)
        };
        if models.iter().all(hidden) {
            return Ok(());
        }
        let needs = "multilayer perceptrons with a hidden layer; name them in models";
        Err(lacks("features", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let some = at.some_training_rows(self.rows);
        let (inputs, rows) = (&some.inputs, some.rows);
        let model = at.model;
        let (Some(start), Some(now)) = (model.host(at.initial), model.host(at.parameters()?))
        else {
            return Ok(());
        };
        let start = start.net.features(inputs, rows)?;
        let now = now.net.features(inputs, rows)?;
        for (index, (start, now)) in (1..).zip(start.iter().zip(&now)) {
            match feature_cka(start, now, rows) {
                Ok(value) => out.push(Reading {
                    metric: "feature_cka",
                    index,
                    value,
                }),
                // A layer that is the same on all rows (dead units) has no alignment.
                Err(MetricError::Domain { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
