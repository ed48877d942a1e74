//! A metric against its index, at a moment of training.

use std::collections::{BTreeMap, BTreeSet};

use plan::spec::Panel;
use record::Observation;

use crate::{keys::Key, table::Table};

use super::{OfSeed, Series, Source, point};

/// How many seeds a curve holds for, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Position of the layer.
    pub(crate) layer: usize,
    /// Position of the key, which is a moment.
    pub(crate) key: usize,
    /// Seeds that came to the moment.
    pub(crate) seeds: usize,
    /// All seeds.
    pub(crate) of: usize,
}

impl Source<'_, '_> {
    /// The curve at a moment, over the seeds that came to it.
    pub(super) fn at_moment(&self, moment: &str) -> Series {
        let mut values: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        let mut of_seeds = Vec::new();
        let records = self.records(moment);
        for o in records.iter().flatten().filter(|o| self.draws(o.index)) {
            values.entry(o.index).or_default().push(o.value);
            of_seeds.push(OfSeed {
                seed: o.seed,
                x: o.index as f64,
                value: o.value,
            });
        }
        let points = values.into_iter();
        Series {
            points: points
                .filter_map(|(index, values)| point(index as f64, &values))
                .filter(|point| point.median.is_finite())
                .collect(),
            of_seeds,
            seeds: records.iter().filter(|record| !record.is_empty()).count(),
            ..Series::default()
        }
    }

    /// The rows of every cell at the moment; empty for a cell that did not come to it.
    fn records(&self, moment: &str) -> Vec<Vec<&Observation>> {
        let mut cells = Vec::new();
        for variant in &self.key.variants {
            let mut seeds: BTreeMap<u64, Vec<&Observation>> = BTreeMap::new();
            for o in self.rows(variant) {
                seeds.entry(o.seed).or_default().push(o);
            }
            let steps = match moment {
                "start" | "end" => BTreeMap::new(),
                metric => self.table.last(metric, self.model, &variant.name),
            };
            for (seed, mut rows) in seeds {
                let recorded: BTreeSet<u64> = rows.iter().map(|o| o.step).collect();
                let step = step_of(moment, &recorded, steps.get(&seed).copied());
                rows.retain(|o| Some(o.step) == step);
                cells.push(rows);
            }
        }
        cells
    }
}

/// The step of a moment among those that are recorded; `reached` is where a metric puts it.
pub(super) fn step_of(moment: &str, recorded: &BTreeSet<u64>, reached: Option<f64>) -> Option<u64> {
    match moment {
        "start" => recorded.first().copied(),
        "end" => recorded.last().copied(),
        _ => nearest(recorded, reached),
    }
}

/// The recorded step that is nearest to `step`, the earlier of two; none when that did not come.
fn nearest(recorded: &BTreeSet<u64>, step: Option<f64>) -> Option<u64> {
    let step = step.filter(|step| step.is_finite())?;
    let distance = |at: u64| (at as f64 - step).abs();
    let recorded = recorded.iter().copied();
    recorded.min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
}

/// How many seeds came to each moment, in the layers that can tell.
pub(crate) fn reached(panel: &Panel, keys: &[Key<'_>], table: Table<'_>) -> Vec<Reached> {
    let mut all = Vec::new();
    for layer in 0..panel.layers.len() {
        for (key, at) in keys.iter().enumerate() {
            let source = Source::new(table, panel, at, layer);
            let (Some(source), Some(moment)) = (source, at.moment) else {
                continue;
            };
            let always = matches!(moment, "start" | "end");
            if !always && !table.has(moment, source.model) {
                continue;
            }
            let records = source.records(moment);
            if !records.is_empty() {
                all.push(Reached {
                    layer,
                    key,
                    seeds: records.iter().filter(|record| !record.is_empty()).count(),
                    of: records.len(),
                });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_record_is_taken_and_the_earlier_of_two() {
        let recorded = BTreeSet::from([0, 10, 20]);
        assert_eq!(nearest(&recorded, Some(14.0)), Some(10));
        assert_eq!(nearest(&recorded, Some(15.0)), Some(10));
        assert_eq!(nearest(&recorded, Some(16.0)), Some(20));
        assert_eq!(nearest(&recorded, Some(1e9)), Some(20));
        assert_eq!(nearest(&recorded, Some(f64::INFINITY)), None);
        assert_eq!(nearest(&recorded, None), None);
    }
}
