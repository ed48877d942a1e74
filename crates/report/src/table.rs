//! The rows of a run that a panel draws, found by metric, model and variant.

use std::collections::{BTreeMap, BTreeSet};

use judge::Run;
use plan::spec::Panel;
use record::{Manifest, Observation, Observations};

/// The observations of the seeds that a panel draws.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    observations: &'a Observations,
    manifest: &'a Manifest,
    seeds: &'a [u64],
}

impl<'a> Table<'a> {
    /// What `panel` draws of `run`.
    pub(crate) fn new(run: &'a Run, panel: &'a Panel) -> Self {
        Self {
            observations: &run.observations,
            manifest: &run.manifest,
            seeds: &panel.seeds,
        }
    }

    /// The rows of one metric of one model in one variant, seed by seed, in the order of the
    /// record; with `index`, only those.
    pub(crate) fn rows(
        self,
        metric: &str,
        model: &str,
        variant: &str,
        index: Option<u64>,
    ) -> impl Iterator<Item = &'a Observation> + use<'a> {
        let rows = self.observations.of_variant((model, metric), variant);
        let drawn = |seed| self.seeds.is_empty() || self.seeds.contains(seed);
        rows.filter(move |o| drawn(&o.seed) && index.is_none_or(|index| o.index == index))
    }

    /// The indices at which a metric of a model is recorded.
    pub(crate) fn indices(self, metric: &str, model: &str) -> BTreeSet<u64> {
        self.observations.indices((model, metric))
    }

    /// Whether a metric of a model is recorded.
    pub(crate) fn has(self, metric: &str, model: &str) -> bool {
        self.observations.has((model, metric))
    }

    /// Whether a row is of a curve of the user that ends before the run does.
    pub(crate) fn ends_early(self, row: &Observation) -> bool {
        self.manifest.ends_early(row)
    }

    /// The last value of each seed, at the lowest index where the metric has several.
    pub(crate) fn last(self, metric: &str, model: &str, variant: &str) -> BTreeMap<u64, f64> {
        let lowest = self
            .rows(metric, model, variant, None)
            .map(|o| o.index)
            .min();
        let rows = self.rows(metric, model, variant, lowest);
        let newest = newest(rows, |o| o.seed).into_iter();
        let known = newest.filter(|(_, o)| !self.ends_early(o));
        known.map(|(seed, o)| (seed, o.value)).collect()
    }
}

/// The last row of each group.
pub(crate) fn newest<'a, K: Ord>(
    rows: impl Iterator<Item = &'a Observation>,
    group: impl Fn(&Observation) -> K,
) -> BTreeMap<K, &'a Observation> {
    let mut newest: BTreeMap<K, &Observation> = BTreeMap::new();
    for o in rows {
        let last = newest.entry(group(o)).or_insert(o);
        if o.step >= last.step {
            *last = o;
        }
    }
    newest
}
