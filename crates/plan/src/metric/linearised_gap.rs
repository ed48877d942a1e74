use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// `linearised_gap`: the largest distance |f − f_lin| on the test rows to a model that is trained
/// beside it, its linearisation (`linearised = true`). It falls like 1/α with the output scale
/// \[Chizat2019\].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gap {
    /// The linearised model.
    to: String,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Gap>(table)?))
}

impl Metric for Gap {
    fn resolved(&self) -> toml::Table {
        table_of("linearised-gap", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["linearised_gap"]
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.to]
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(linearised) = at.outputs_of(&self.to)? else {
            return Ok(());
        };
        out.push(Reading {
            metric: "linearised_gap",
            index: 0,
            value: metrics::linearised_gap(at.outputs()?, linearised)?,
        });
        Ok(())
    }
}
