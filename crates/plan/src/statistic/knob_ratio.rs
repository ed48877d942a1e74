use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use super::rank_correlation::lines;
use crate::statistic::{Component, Measured, Sample, Selection, Statistic};

/// The last recorded value at the largest value of a knob over that at the smallest, among cells
/// that share all other knobs; per index and seed, the geometric mean over the values of those
/// others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnobRatio {
    /// Dotted key of the knob.
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

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let sample = |seed, index| {
            let lines = lines(table.of_seed(seed), &self.knob, index);
            let logs = lines.and_then(|lines| {
                let logs = (lines.iter()).map(|(knobs, values)| log_ratio(knobs, values));
                logs.collect::<Option<Vec<f64>>>()
            });
            match logs {
                Some(logs) if !logs.is_empty() => {
                    Sample::Exact((logs.iter().sum::<f64>() / logs.len() as f64).exp())
                }
                // A cell without a value, one cell, or values without a ratio.
                _ => Sample::Missing,
            }
        };
        let of_index = |index| Component {
            label: table.label(index),
            samples: table
                .seeds
                .iter()
                .map(|&seed| sample(seed, index))
                .collect(),
        };
        Measured {
            components: (table.indices().into_iter())
                .filter(|index| self.index.is_none_or(|only| only == *index))
                .map(of_index)
                .collect(),
            notes: vec![],
        }
    }
}
