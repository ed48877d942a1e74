use metrics::spearman;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use super::rank_correlation::{merged, within_one};
use crate::statistic::{CORRELATION, CellRows, Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<MetricCorrelation>("with = \"ipr\"");

/// Spearman's rank correlation of the last values of two metrics over the cells of a grid.
///
/// It is computed per index of the first: whether the cells with more of one have more of the other. A metric that is the same
/// in all cells has no order, and counts as 0.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetricCorrelation {
    /// Name of the other metric of the same model; its index 0 is read.
    with: String,
    /// Values this close to each other, relatively, count as equal. From 0 to below 1.
    #[serde(default)]
    resolution: f64,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let correlation: MetricCorrelation = parse_table(table)?;
    within_one(correlation.resolution)?;
    Ok(Box::new(correlation))
}

impl MetricCorrelation {
    fn sample<'t>(
        &self,
        table: &Selection<'_>,
        cells: impl Iterator<Item = &'t CellRows<'t>>,
        index: u64,
    ) -> Option<f64> {
        let pairs = cells.map(|cell| {
            let other = table.final_value_of(cell, &self.with)?;
            Some((cell.final_value(index)?, other))
        });
        // A net that diverged must not go unnoticed.
        let pairs = pairs.collect::<Option<Vec<(f64, f64)>>>()?;
        if pairs.len() < 2 {
            return None;
        }
        let (own, others): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let [own, others] = [own, others].map(|values| merged(&values, self.resolution));
        let all_same = |values: &[f64]| values.iter().all(|value| *value == values[0]);
        if all_same(&own) || all_same(&others) {
            return Some(0.0);
        }
        spearman(&own, &others).ok()
    }
}

impl Statistic for MetricCorrelation {
    fn resolved(&self) -> toml::Table {
        table_of("metric-correlation", self)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.with]
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let sample = |seed, index| {
            let found = self.sample(table, table.of_seed(seed), index);
            found.map_or(Sample::Missing, Sample::Exact)
        };
        let seeds = || table.seeds.iter();
        let of_index = |index| Component {
            label: table.label(index),
            samples: seeds().map(|&seed| sample(seed, index)).collect(),
        };
        Measured {
            components: table.indices().into_iter().map(of_index).collect(),
            notes: vec![],
        }
    }
}
