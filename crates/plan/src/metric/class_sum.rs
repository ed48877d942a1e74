use metrics::norm;
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<ClassSum>("").giving(&[&[Quantity::new(
    "class_sum",
    "–",
    "|Σ_c w_c| over that at the start, with w_c the row of the last layer's weights that belongs to class c; none if the rows start \
     with the sum 0. Under softmax cross-entropy only weight decay moves it",
)]]);

/// The sum of the classifier's rows over the classes.
///
/// Can be read on multilayer perceptrons and deep linear nets.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClassSum {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<ClassSum>(table)?))
}

/// Σ_c w_c of the last layer's weights, an entry for each of its inputs.
fn sum_of_rows(arrays: &[HostArray]) -> Vec<f64> {
    let last = arrays.iter().rfind(|array| !array.is_bias());
    let rows = last.map(|weight| weight.values.chunks_exact(weight.columns));
    rows.into_iter()
        .flatten()
        .map(|row| row.iter().sum())
        .collect()
}

impl Metric for ClassSum {
    fn resolved(&self) -> toml::Table {
        table_of("class-sum", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["class_sum"]
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        let is_net = |model: &&dyn Model| {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            model.host(&initial).is_some()
        };
        if models.iter().all(is_net) {
            return Ok(());
        }
        let needs = "multilayer perceptrons or deep linear nets; name them in models";
        Err(lacks("class-sum", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let start = norm(&sum_of_rows(at.initial));
        if start > 0.0 {
            out.push(Reading {
                metric: "class_sum",
                index: 0,
                value: norm(&sum_of_rows(at.parameters()?)) / start,
            });
        }
        Ok(())
    }
}
