use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Gap>("to = \"linearised\"").giving(&[&[
Quantity::new("linearised_gap", "target", "Largest |f − f_lin| over the outputs on the test rows; it falls as 1/α with the output scale α").from("[Chizat2019]"),
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
