use metrics::log_log_slope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Along, Arranged, CellRows, Measured, Sample, Selection, Statistic, arranged::by_place,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<MetricSlope>("with = \"mode_size\"");

/// The power with which the last values of a metric go with those of another one, index by index: the least-squares slope on
/// log axes over the indices.
///
/// A seed has no value where one of the metrics has none at an index or is not finite and above 0 there, as the time of a mode
/// that was not learned.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetricSlope {
    /// Name of the other metric of the same model, with the same indices.
    with: String,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<MetricSlope>(table)?))
}

/// A value whose logarithm exists.
fn positive(sample: Sample) -> Option<f64> {
    match sample {
        Sample::Exact(value) if value > 0.0 && value.is_finite() => Some(value),
        _ => None,
    }
}

impl MetricSlope {
    /// The values of both metrics at every index.
    fn points(
        &self,
        table: &Selection<'_>,
        cell: &CellRows<'_>,
        indices: &[u64],
    ) -> Option<(Vec<f64>, Vec<f64>)> {
        let point = |&index: &u64| {
            let (_, others) = table.own_rows(cell, &self.with, index);
            let other = others.last().copied().map(Sample::Exact);
            let known = table.own_has_end(cell, &self.with, index);
            let other = positive(other.filter(|_| known)?)?;
            Some((other, positive(cell.final_sample(index))?))
        };
        indices.iter().map(point).collect()
    }
}

impl Statistic for MetricSlope {
    fn resolved(&self) -> toml::Table {
        table_of("metric-slope", self)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.with]
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let indices = table.indices();
        let cells = table.per_seed();
        let points: Vec<_> = (cells.iter())
            .map(|cell| self.points(table, cell, &indices))
            .collect();
        let places = indices.iter().map(|&index| index as f64).collect();
        let parts = (vec![String::new()], points.len());
        let samples = move |seed: usize, places: &[f64]| {
            let slope = points[seed].as_ref().and_then(|(others, values)| {
                let values = by_place(places.iter().copied().zip(values.iter().copied()));
                log_log_slope(others, &values).ok()
            });
            vec![slope.map_or(Sample::Missing, |line| Sample::Exact(line.slope))]
        };
        Some(Arranged::order(Along::Index, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        super::arranged::measured(self.arranged(table))
    }
}
