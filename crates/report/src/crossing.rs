//! Marks on the axis of time: where a curve first crosses one half, and where a metric first
//! reaches a level.

use std::collections::BTreeMap;

use models::Role;
use plan::spec::{CrossingMark, Layer, Panel, PanelKind};
use record::{Observation, VariantInfo};

use crate::{
    collect::{Series, time},
    keys::Key,
    quantile::median,
    style::Appearance,
    table::Table,
};

/// A mark on the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    /// Position of its colour; `None` where it belongs to no colour of the panel.
    pub(crate) colour: Option<usize>,
    /// Median over seeds; infinite when it did not happen, minus infinite when it had before the first
    /// record.
    pub(crate) x: f64,
    /// Whether it was measured (on something trained) or predicted (by theory).
    pub(crate) measured: bool,
    /// Position among the panel's `marks`; `None` of a half-time.
    pub(crate) level: Option<usize>,
}

/// The half-times of a panel: per key, the first theory and the first net.
pub(crate) fn half_times(
    panel: &Panel,
    appearances: &[Appearance],
    keys: &[Key<'_>],
    series: &[Series],
) -> Vec<Mark> {
    if !panel.mark_half_times || panel.kind != PanelKind::Curves {
        return Vec::new();
    }
    let first = |role: Role| {
        appearances
            .iter()
            .position(|appearance| appearance.role == role)
    };
    [(first(Role::Theory), false), (first(Role::Net), true)]
        .into_iter()
        .filter_map(|(layer, measured)| Some((layer?, measured)))
        .flat_map(|(layer, measured)| {
            let own = series.iter().filter(move |s| s.layer == layer);
            own.filter_map(move |s| {
                Some(Mark {
                    colour: Some(keys[s.key].colour),
                    x: median(&s.half_times)?,
                    measured,
                    level: None,
                })
            })
        })
        .collect()
}

/// Where metrics first reach the levels of a panel: in the first theory and the first other layer
/// that have the metric, for every colour that it belongs to.
pub(crate) fn levels(
    panel: &Panel,
    appearances: &[Appearance],
    keys: &[Key<'_>],
    table: Table<'_>,
) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (level, wanted) in panel.marks.iter().enumerate() {
        for measured in [false, true] {
            let layer = panel
                .layers
                .iter()
                .zip(appearances)
                .find(|(layer, appearance)| {
                    (appearance.role != Role::Theory) == measured
                        && table.has(&wanted.metric, &layer.model)
                });
            let Some((layer, _)) = layer else { continue };
            let lowest = table.indices(&wanted.metric, &layer.model).pop_first();
            for (key, index, colour) in carriers(panel, keys, layer, wanted) {
                let of_seeds = key.variants.iter().flat_map(|variant| {
                    let index = index.or(lowest);
                    let rows = table.rows(&wanted.metric, &layer.model, &variant.name, index);
                    first_times(rows, variant, panel, wanted.level)
                });
                if let Some(x) = median(&of_seeds.collect::<Vec<_>>()) {
                    marks.push(Mark {
                        colour,
                        x,
                        measured,
                        level: Some(level),
                    });
                }
            }
        }
    }
    marks
}

/// The keys that carry a mark, with index and colour: those that show its metric, or else one per
/// family, whose colour it has where that is the only one.
fn carriers<'k, 'a>(
    panel: &Panel,
    keys: &'k [Key<'a>],
    layer: &Layer,
    wanted: &CrossingMark,
) -> Vec<(&'k Key<'a>, Option<u64>, Option<usize>)> {
    let families = keys.chunk_by(|a, b| a.family == b.family);
    let carriers = families.flat_map(|family| {
        let shows = |key: &&Key<'_>| {
            let metric = key.metric.or(panel.metric_of(layer));
            metric == Some(wanted.metric.as_str())
        };
        let own: Vec<_> = family
            .iter()
            .filter(shows)
            .map(|key| (key, key.index, Some(key.colour)))
            .collect();
        match (own.is_empty(), family) {
            (false, _) => own,
            (true, [only]) => vec![(only, None, Some(only.colour))],
            (true, [first, ..]) => vec![(first, None, None)],
            (true, []) => Vec::new(),
        }
    });
    carriers.collect()
}

/// Where each seed first has a record at or above `level`; infinite for one that never has, minus
/// infinite for one that has at its first record, which is later than the start.
fn first_times<'a>(
    rows: impl Iterator<Item = &'a Observation>,
    variant: &VariantInfo,
    panel: &Panel,
    level: f64,
) -> Vec<f64> {
    // seed → step and time of the first record that is high enough
    let mut seeds: BTreeMap<u64, Option<(u64, f64)>> = BTreeMap::new();
    let mut starts: BTreeMap<u64, u64> = BTreeMap::new();
    for o in rows {
        let start = starts.entry(o.seed).or_insert(o.step);
        *start = o.step.min(*start);
        let first = seeds.entry(o.seed).or_default();
        let earlier = first.is_none_or(|(step, _)| o.step < step);
        if o.value >= level && earlier {
            *first = time(o, variant, panel.x).map(|x| (o.step, x));
        }
    }
    let times = seeds.into_iter();
    times
        .map(|(seed, first)| match first {
            Some((step, _)) if step > 0 && step == starts[&seed] => f64::NEG_INFINITY,
            Some((_, x)) => x,
            None => f64::INFINITY,
        })
        .collect()
}
