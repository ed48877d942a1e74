use metrics::{margins, softmax_collapse};
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, accuracy::needs_classes};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Logits>("").giving(&[&[
    Quantity::new(
        "logit_margin",
        "target",
        "Mean over the training rows of f_y − max_{j≠y} f_j, over the target",
    ),
    Quantity::new(
        "smallest_margin",
        "target",
        "Least margin f_y − max_{j≠y} f_j of the training rows, over the target: below 0 while a row is not fitted",
    ),
    Quantity::new(
        "softmax_collapse",
        "share",
        "Share of the training rows whose softmax is exactly one-hot in the precision of training",
    )
    .from("[Prieto2025]"),
]]);

/// Margins of the outputs on the training rows.
///
/// Can be read on tasks with classes, with any model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Logits {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Logits>(table)?))
}

impl Metric for Logits {
    fn resolved(&self) -> toml::Table {
        table_of("logits", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["logit_margin", "smallest_margin", "softmax_collapse"]
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        needs_classes("logits", task)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let rows = at.training_rows();
        let (outputs, classes) = (at.training_outputs()?, rows.shape.outputs);
        let labels = metrics::labels(&rows.targets, classes)?;
        let margins = margins(outputs, &labels, classes)?;
        let mean = margins.iter().sum::<f64>() / margins.len() as f64;
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        let target = rows.targets.iter().copied().fold(0.0, f64::max);
        let collapsed = softmax_collapse(outputs, &labels, classes, at.format())?;
        for (metric, value) in [
            ("logit_margin", mean / target),
            ("smallest_margin", least / target),
            ("softmax_collapse", collapsed),
        ] {
            out.push(Reading {
                metric,
                index: 0,
                value,
            });
        }
        Ok(())
    }
}
