//! Last recorded values along a knob, among cells that share all other knobs.

use std::collections::BTreeMap;

use super::{Along, Arranged, CellRows, Sample, Selection};

/// How a line of values along a knob becomes a number.
pub(crate) struct Rule<'t, K, V> {
    /// What is needed of the knob values; `None` where they allow no number.
    pub(crate) knobs: Box<OfKnobs<'t, K>>,
    /// What is needed of the values.
    pub(crate) values: Box<OfValues<'t, V>>,
    /// The number.
    pub(crate) number: fn(Option<&K>, &V) -> Option<f64>,
    /// What the mean over lines becomes.
    pub(crate) finish: fn(f64) -> f64,
}

type OfKnobs<'t, K> = dyn Fn(&[f64]) -> Option<K> + 't;
type OfValues<'t, V> = dyn Fn(Vec<f64>) -> Option<V> + 't;

/// A line: places of its knob values among all of them, and the values.
type Line<V> = (Vec<usize>, V);

/// The lines of one index and seed; `None` where one has no number.
type Lines<V> = Option<Vec<Line<V>>>;

/// The different values of a knob, increasing.
pub(crate) fn places(table: &Selection<'_>, knob: &str) -> Vec<f64> {
    let first = table.seeds.first();
    let cells = first.into_iter().flat_map(|&seed| table.of_seed(seed));
    let mut places: Vec<f64> = cells.filter_map(|cell| cell.knob(knob)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// [`arranged_where`] all cells count.
pub(crate) fn arranged<'t, K: 't, V: 't>(
    table: &Selection<'_>,
    knob: &str,
    rule: Rule<'t, K, V>,
) -> Arranged<'t> {
    arranged_where(table, knob, |_| true, rule)
}

/// The mean over lines of the cells whose knob value `counts`, per index and seed. Missing where a cell has no value (a net that diverged must
/// not go unnoticed), and where a line gives no number.
pub(crate) fn arranged_where<'t, K: 't, V: 't>(
    table: &Selection<'_>,
    knob: &str,
    counts: impl Fn(f64) -> bool,
    rule: Rule<'t, K, V>,
) -> Arranged<'t> {
    let mut places = places(table, knob);
    places.retain(|&place| counts(place));
    let indices = table.indices();
    let lines: Vec<Vec<Lines<V>>> = (table.seeds.iter())
        .map(|&seed| {
            let of_index = |&index: &u64| {
                let cells = table.of_seed(seed);
                let cells = cells.filter(|cell| cell.knob(knob).is_none_or(&counts));
                let lines = lines(cells, knob, &places, index)?;
                let lines = lines.into_iter();
                lines
                    .map(|(at, values)| Some((at, (rule.values)(values)?)))
                    .collect()
            };
            indices.iter().map(of_index).collect()
        })
        .collect();
    let labels = indices.iter().map(|&index| table.label(index)).collect();
    let unordered = (rule.finish)(0.0);
    let samples = move |seed: usize, places: &[f64]| {
        let of_index = |lines: &Lines<V>| {
            let mean = mean(lines.as_deref()?, places, &rule)?;
            Some((rule.finish)(mean)).filter(|mean| mean.is_finite())
        };
        let indices = lines[seed].iter();
        indices
            .map(|lines| of_index(lines).map_or(Sample::Missing, Sample::Exact))
            .collect()
    };
    Arranged {
        along: Along::Knob(knob.to_owned()),
        places,
        is_order: false,
        unordered,
        labels,
        seeds: table.seeds.len(),
        samples: Box::new(samples),
    }
}

/// Places and last values of cells that share all other knobs, line by line.
fn lines<'t>(
    cells: impl Iterator<Item = &'t CellRows<'t>>,
    knob: &str,
    places: &[f64],
    index: u64,
) -> Option<Vec<Line<Vec<f64>>>> {
    let mut lines: BTreeMap<String, Line<Vec<f64>>> = BTreeMap::new();
    for cell in cells {
        let (place, value) = (cell.knob(knob)?, cell.final_value(index)?);
        let mut others = cell.variant.knobs.clone();
        others.remove(knob);
        let (at, values) = lines.entry(others.to_string()).or_default();
        at.push(places.iter().position(|known| *known == place)?);
        values.push(value);
    }
    Some(lines.into_values().collect())
}

fn mean<K, V>(lines: &[Line<V>], places: &[f64], rule: &Rule<'_, K, V>) -> Option<f64> {
    // Lines of a full grid have the same knob values.
    let mut prepared: Option<(&[usize], Option<K>)> = None;
    let mut sum = 0.0;
    for (at, values) in lines {
        if prepared.as_ref().is_none_or(|(known, _)| known != at) {
            let knobs: Vec<f64> = at.iter().map(|&place| places[place]).collect();
            prepared = Some((at, (rule.knobs)(&knobs)));
        }
        let knobs = prepared.as_ref().and_then(|(_, knobs)| knobs.as_ref());
        sum += (rule.number)(knobs, values)?;
    }
    (!lines.is_empty()).then(|| sum / lines.len() as f64)
}
