use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Arranged, Measured, Selection, Statistic,
    arranged::measured,
    knob_lines::{self, Rule},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<KnobRatio>("knob = \"models.net.output_scale\"");

/// The last value at the largest value of a knob, over that at the smallest.
///
/// It is computed per index among cells that share all other knobs; over these others it is the geometric mean.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KnobRatio {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Only this index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<KnobRatio>(table)?))
}

/// ln(value at the largest knob/value at the smallest).
fn log_ratio(knobs: &[f64], values: &[f64]) -> Option<f64> {
    let pairs = || knobs.iter().zip(values);
    let (smallest, low) = pairs().min_by(|a, b| a.0.total_cmp(b.0))?;
    let (largest, high) = pairs().max_by(|a, b| a.0.total_cmp(b.0))?;
    let ratio = high / low;
    (smallest < largest && ratio > 0.0 && ratio.is_finite()).then(|| ratio.ln())
}

impl Statistic for KnobRatio {
    fn resolved(&self) -> toml::Table {
        table_of("knob-ratio", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let rule = Rule {
            knobs: Box::new(|knobs: &[f64]| Some(knobs.to_vec())),
            values: Box::new(Some),
            number: |knobs, values: &Vec<f64>| log_ratio(knobs?, values),
            finish: f64::exp,
        };
        let arranged = knob_lines::arranged(table, &self.knob, rule);
        match self.index {
            None => Some(arranged),
            Some(index) => {
                let part = table.indices().iter().position(|&known| known == index);
                Some(arranged.only(part?))
            }
        }
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
