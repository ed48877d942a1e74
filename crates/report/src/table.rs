//! The observations that a panel reads, found by metric, model and variant.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lab::{
    record::{Observation, Run},
    spec::Panel,
};

/// Observations of every metric that a panel shows or looks up, of the seeds that it draws.
pub(crate) struct Table<'a> {
    rows: HashMap<[&'a str; 3], Vec<&'a Observation>>,
    indices: HashMap<[&'a str; 2], BTreeSet<u64>>,
}

impl<'a> Table<'a> {
    /// What `panel` reads of `run`.
    pub(crate) fn new(run: &'a Run, panel: &Panel) -> Self {
        let own = panel.layers.iter().filter_map(|l| l.metric.as_deref());
        let read: BTreeSet<&str> = [
            &panel.metric,
            &panel.x_metric,
            &panel.colour_metric,
            &panel.moment,
        ]
        .into_iter()
        .filter_map(Option::as_deref)
        .chain(panel.metrics.iter().map(String::as_str))
        .chain(own)
        .chain(panel.marks.iter().map(|mark| mark.metric.as_str()))
        .chain(panel.moments.iter().map(String::as_str))
        .collect();
        let mut table = Self {
            rows: HashMap::new(),
            indices: HashMap::new(),
        };
        let drawn = |o: &&Observation| {
            read.contains(o.metric.as_str())
                && (panel.seeds.is_empty() || panel.seeds.contains(&o.seed))
        };
        for o in run.observations.iter().filter(drawn) {
            let place = [o.metric.as_str(), &o.model, &o.variant];
            table.rows.entry(place).or_default().push(o);
            let place = [o.metric.as_str(), &o.model];
            table.indices.entry(place).or_default().insert(o.index);
        }
        table
    }

    /// The rows of one metric of one model in one variant, in the order of the record; with
    /// `index`, only those.
    pub(crate) fn rows<'s>(
        &'s self,
        metric: &'s str,
        model: &'s str,
        variant: &'s str,
        index: Option<u64>,
    ) -> impl Iterator<Item = &'a Observation> + use<'s, 'a> {
        let rows = self.rows.get(&[metric, model, variant]);
        let rows = rows.into_iter().flatten().copied();
        rows.filter(move |o| index.is_none_or(|index| o.index == index))
    }

    /// The indices at which a metric of a model is recorded, in increasing order.
    pub(crate) fn indices<'s>(
        &'s self,
        metric: &'s str,
        model: &'s str,
    ) -> impl Iterator<Item = u64> + use<'s, 'a> {
        let indices = self.indices.get(&[metric, model]);
        indices.into_iter().flatten().copied()
    }

    /// The last value of each seed, at the lowest index where the metric has several.
    pub(crate) fn last(&self, metric: &str, model: &str, variant: &str) -> BTreeMap<u64, f64> {
        let index = self.indices(metric, model).next();
        let rows: Vec<&Observation> = self.rows(metric, model, variant, index).collect();
        let newest = newest(rows.into_iter(), |o| o.seed);
        newest
            .into_iter()
            .map(|(seed, o)| (seed, o.value))
            .collect()
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
