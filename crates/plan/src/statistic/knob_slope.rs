use metrics::log_log_slope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use super::rank_correlation::lines;
use crate::statistic::{Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<KnobSlope>("knob = \"models.net.output_scale\"");

/// The power with which a metric grows along a knob: the least-squares slope of ln(last value) against ln(knob).
///
/// Where other knobs vary, the mean over them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KnobSlope {
    /// Dotted key of \[sweep.grid\].
    knob: String,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<KnobSlope>(table)?))
}

impl Statistic for KnobSlope {
    fn resolved(&self) -> toml::Table {
        table_of("knob-slope", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let sample = |seed: u64, index: u64| {
            let lines = lines(table.of_seed(seed), &self.knob, index)?;
            let slopes = lines.iter().map(|(knobs, values)| {
                let line = log_log_slope(knobs, values).ok()?;
                Some(line.slope)
            });
            let slopes = slopes.collect::<Option<Vec<f64>>>()?;
            Some(slopes.iter().sum::<f64>() / slopes.len() as f64).filter(|mean| mean.is_finite())
        };
        let of_index = |index| Component {
            label: table.label(index),
            samples: (table.seeds.iter())
                .map(|&seed| sample(seed, index).map_or(Sample::Missing, Sample::Exact))
                .collect(),
        };
        Measured {
            components: table.indices().into_iter().map(of_index).collect(),
            notes: vec![],
        }
    }
}
