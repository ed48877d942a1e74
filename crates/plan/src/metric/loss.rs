use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// `train_loss`: the training loss on the batch of this step. `test_loss`: ½ Σ_k P_k mean_k
/// |f − y|² on the test rows, whatever the training convention.
#[derive(Serialize, Deserialize)]
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
        &["train_loss", "test_loss"]
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let outputs = at.batch_outputs()?;
        let weights = at.batch.weights.as_deref();
        let train = at
            .loss
            .value(outputs, &at.batch.targets, weights, at.batch.shape.outputs);
        out.push(Reading {
            metric: "train_loss",
            index: 0,
            value: train,
        });
        out.push(Reading {
            metric: "test_loss",
            index: 0,
            value: at.test_loss()?,
        });
        Ok(())
    }
}
