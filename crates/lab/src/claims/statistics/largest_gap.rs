use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, table_of};

use crate::claims::{Component, Measured, Sample, Statistic, Table, curves::label};

/// The largest distance of a curve to the same curve of another model or prediction, per index
/// and seed, over all recorded steps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LargestGap {
    /// The other model or prediction.
    to: String,
    /// Metric of the other model.
    metric: String,
}

pub(in crate::claims) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<LargestGap>(table)?))
}

impl Statistic for LargestGap {
    fn resolved(&self) -> toml::Table {
        table_of("largest-gap", self)
    }

    fn measure(&self, table: &Table<'_>) -> Measured {
        let components = table
            .indices()
            .into_iter()
            .map(|index| Component {
                label: if index == 0 {
                    String::new()
                } else {
                    label(index)
                },
                samples: table
                    .per_seed()
                    .into_iter()
                    .map(|cell| {
                        let own = cell.curve(index);
                        let other = table.rows_of(cell, &self.to, &self.metric, index);
                        gap(&own, &other)
                    })
                    .collect(),
            })
            .collect();
        Measured {
            components,
            notes: vec![],
        }
    }
}

/// Curves of one cell are recorded on the same steps; a step that one of them lacks is skipped.
fn gap(own: &(Vec<f64>, Vec<f64>), other: &(Vec<f64>, Vec<f64>)) -> Sample {
    let mut largest: Option<f64> = None;
    let mut at = 0;
    for (step, value) in own.0.iter().zip(&own.1) {
        while at < other.0.len() && other.0[at] < *step {
            at += 1;
        }
        if other.0.get(at) == Some(step) {
            let distance = (value - other.1[at]).abs();
            largest = Some(largest.map_or(distance, |l| l.max(distance)));
        }
    }
    largest.map_or(Sample::Missing, Sample::Exact)
}
