use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Gap>("to = \"linearised\"").giving(&[&[
Quantity::new("linearised_gap", "target", "Largest |f − f_lin| over the outputs on the test rows; in a smooth net it falls as 1/α with the output scale α, in a ReLU net not at all").from("[Chizat2019]"),
    Quantity::new("linearised_gap_rms", "target", "Root mean square of f − f_lin; in a ReLU net it falls as 1/√α"),
    Quantity::new("linearised_gap_mean", "target", "Mean of |f − f_lin|; it falls as 1/α"),
]]);

/// Distance of a net to its linearisation, which is trained beside it.
///
/// Can be read on models whose linearisation (the same table with linearised = true) is a model of the spec.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Gap {
    /// Name of the linearised model.
    to: String,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Gap>(table)?))
}

impl Metric for Gap {
    fn resolved(&self) -> toml::Table {
        table_of("linearised-gap", self)
    }

    fn identity(&self) -> toml::Table {
        // Cells that were recorded before the kind gave all of its metrics lack some of them.
        let mut table = self.resolved();
        table.insert("version".to_owned(), 2.into());
        table
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
