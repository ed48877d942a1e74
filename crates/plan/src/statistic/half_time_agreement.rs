use metrics::spearman;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Along, Arranged, CORRELATION, CellRows, Measured, Sample, Selection, Statistic,
    arranged::measured,
    times::{crossing_of, half_times},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<HalfTimeAgreement>("to = \"theory\"");

/// Spearman's rank correlation, over the indices, of the half-times of a model with those of another model or prediction.
///
/// A half-time that did not come is later than all others, one before the first record earlier; where a bound leaves the order
/// open, the seed has no value. Half-times that are all the same count as 0. Of a grid, the first cell.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HalfTimeAgreement {
    /// Name of the other model or prediction, which has the same metric; without it half-times are compared with the indices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<HalfTimeAgreement>(table)?))
}

/// Times to be ranked; `None` where one was not recorded, or its rank is open.
fn ranked(times: &[Sample]) -> Option<Vec<f64>> {
    let beyond = |bound: &Sample| {
        times.iter().all(|other| match (*bound, *other) {
            (Sample::AtLeast(least), Sample::Exact(time) | Sample::AtMost(time)) => time <= least,
            (Sample::AtMost(most), Sample::Exact(time) | Sample::AtLeast(time)) => time >= most,
            _ => true,
        })
    };
    let time = |sample: &Sample| match *sample {
        Sample::Exact(time) => Some(time),
        Sample::AtLeast(_) => Some(f64::INFINITY).filter(|_| beyond(sample)),
        Sample::AtMost(_) => Some(f64::NEG_INFINITY).filter(|_| beyond(sample)),
        Sample::Missing => None,
    };
    times.iter().map(time).collect()
}

impl Statistic for HalfTimeAgreement {
    fn resolved(&self) -> toml::Table {
        table_of("half-time-agreement", self)
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn sources(&self) -> Vec<&str> {
        self.to.iter().map(String::as_str).collect()
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let indices = table.indices();
        let times = |cell: &CellRows<'_>| {
            let own = ranked(&half_times(cell, &indices))?;
            let others = match &self.to {
                None => indices.iter().map(|&index| index as f64).collect(),
                Some(to) => {
                    let curve = |&index| table.rows_of(cell, to, table.metric(), index);
                    let times = indices.iter().map(|index| crossing_of(cell, &curve(index)));
                    ranked(&times.collect::<Vec<Sample>>())?
                }
            };
            (own.len() > 1).then_some((own, others))
        };
        let cells = table.per_seed();
        let times: Vec<Option<(Vec<f64>, Vec<f64>)>> = cells.into_iter().map(times).collect();
        // Positions among the indices.
        let places = (0..indices.len()).map(|place| place as f64).collect();
        let parts = (vec![String::new()], times.len());
        let samples = move |seed: usize, places: &[f64]| {
            let agreement = times[seed].as_ref().and_then(|(own, others)| {
                let all_same = |times: &[f64]| times.iter().all(|time| *time == times[0]);
                if all_same(own) || all_same(others) {
                    return Some(0.0);
                }
                let others: Vec<f64> = places.iter().map(|&at| others[at as usize]).collect();
                spearman(own, &others).ok()
            });
            vec![agreement.map_or(Sample::Missing, Sample::Exact)]
        };
        Some(Arranged::order(Along::Index, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
