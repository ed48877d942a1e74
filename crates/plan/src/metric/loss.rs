use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Losses>("").giving(&[&[
Quantity::new("train_loss", "loss", "The training loss on the batch of the step, in the convention of the run"),
Quantity::new("test_loss", "target²", "½ Σ_k P_k mean_k |f − y|² on the test rows of the groups k (skills, modes or classes) with probabilities P_k, whatever the training loss is"),
Quantity::new("test_criterion", "loss", "The training loss on the test rows, which count equally unless the task weighs them"),
]]);

/// Training and test losses.
///
/// Can be read on every task and model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Losses {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Losses>(table)?))
}

impl Metric for Losses {
    fn resolved(&self) -> toml::Table {
        table_of("loss", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["train_loss", "test_loss", "test_criterion"]
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let criterion = |outputs: &[f64], rows: &Batch| {
            let weights = rows.weights.as_deref();
            let columns = rows.shape.outputs;
            at.loss.value(outputs, &rows.targets, weights, columns)
        };
        let mut put = |metric, value| {
            out.push(Reading {
                metric,
                index: 0,
                value,
            });
        };
        put("train_loss", criterion(at.batch_outputs()?, at.batch));
        put("test_loss", at.test_loss()?);
        put("test_criterion", criterion(at.outputs()?, at.test));
        Ok(())
    }
}
