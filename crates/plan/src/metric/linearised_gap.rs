use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// The distance |f − f_lin| on the test rows to a model that is trained beside it, its linearisation
/// (`linearised = true`): `linearised_gap`, the largest, `linearised_gap_rms` and `linearised_gap_mean`. In a
/// smooth net all three fall like 1/α with the output scale \[Chizat2019\]. In a ReLU net a row leaves the
/// linearisation where one of its units changes sides, by an amount that does not depend on α; the share
/// of such rows falls like 1/α, the mean with it, the rms like its root, and the largest not at all.
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
        &[
            "linearised_gap",
            "linearised_gap_rms",
            "linearised_gap_mean",
        ]
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.to]
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(linearised) = at.outputs_of(&self.to)? else {
            return Ok(());
        };
        let gap = metrics::linearised_gap(at.outputs()?, linearised)?;
        for (metric, value) in [
            ("linearised_gap", gap.largest),
            ("linearised_gap_rms", gap.rms),
            ("linearised_gap_mean", gap.mean),
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
