//! From the long table to the cells of a heat map: a median over seeds at each pair of knobs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use judge::Run;
use plan::spec::{Panel, Transform};
use record::{Observation, StopReason, VariantInfo, knob_value, lies_at};

use crate::quantile::median;

/// What a cell of a heat map shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    /// The transformed median; −∞ where that is zero or less and has no logarithm.
    Value(f64),
    /// The median is infinite: what was waited for did not come.
    Never,
    /// No seed trained to its end.
    Missing,
}

/// The cells of a heat map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    /// Values of the horizontal knob, increasing.
    pub(crate) xs: Vec<f64>,
    /// Values of the vertical knob, increasing.
    pub(crate) ys: Vec<f64>,
    /// Row by row, from the lowest `ys`.
    cells: Vec<Cell>,
    /// The fewest and the most seeds of a cell that has any.
    pub(crate) seeds: [usize; 2],
    /// The transformed floor, where a value lies at or below it.
    pub(crate) floor: Option<f64>,
    /// Whether training was cut short in every cell that is missing.
    pub(crate) all_missing_were_cut: bool,
}

impl Plane {
    /// The cell in a column and a row.
    pub(crate) fn at(&self, column: usize, row: usize) -> Cell {
        self.cells[row * self.xs.len() + column]
    }

    /// All cells.
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Collects the cells of `panel`; the error says what cannot be shown.
    pub(crate) fn collect(run: &Run, panel: &Panel) -> Result<Self, String> {
        let [layer] = panel.layers.as_slice() else {
            return Err("a heat map shows exactly one layer".to_owned());
        };
        let Places { xs, ys, places } = Places::collect(run, panel)?;
        let cut = cut_short(run, &layer.model);
        let values = last_values(run, panel, &layer.model, &places, &cut);
        let cut: HashSet<&str> = cut.into_iter().map(|(variant, _)| variant).collect();
        let mut missing = places.keys().filter(|name| !values.contains_key(*name));
        let mut plane = Self {
            cells: vec![Cell::Missing; xs.len() * ys.len()],
            xs,
            ys,
            seeds: [usize::MAX, 0],
            floor: None,
            all_missing_were_cut: missing.all(|name| cut.contains(name)),
        };
        for (variant, values) in values {
            let (x, y) = places[variant];
            let column = plane.xs.partition_point(|other| *other < x);
            let row = plane.ys.partition_point(|other| *other < y);
            let Some(value) = median(&values) else {
                continue;
            };
            if value <= floor(panel) {
                plane.floor = Some(transformed(panel, value));
            }
            plane.seeds[0] = plane.seeds[0].min(values.len());
            plane.seeds[1] = plane.seeds[1].max(values.len());
            plane.cells[row * plane.xs.len() + column] = if value == f64::INFINITY {
                Cell::Never
            } else if value == f64::NEG_INFINITY {
                // It came before the first record, at a time that nobody saw.
                Cell::Missing
            } else {
                Cell::Value(transformed(panel, value))
            };
        }
        Ok(plane)
    }
}

/// Where the cells of a sweep stand on a plane of two knobs.
pub(crate) struct Places<'a> {
    /// Values of the horizontal knob, increasing.
    pub(crate) xs: Vec<f64>,
    /// Values of the vertical knob, increasing.
    pub(crate) ys: Vec<f64>,
    /// The two values of each variant.
    pub(crate) places: HashMap<&'a str, (f64, f64)>,
}

impl<'a> Places<'a> {
    /// The places of the cells that `panel` shows; the error says what cannot be shown.
    pub(crate) fn collect(run: &'a Run, panel: &Panel) -> Result<Self, String> {
        let named = |v: &&VariantInfo| {
            panel.variants.iter().any(|n| *n == v.group || *n == v.name)
                && lies_at(&v.knobs, &panel.at)
        };
        let mut places: HashMap<&str, (f64, f64)> = HashMap::new();
        for variant in run.manifest.variants.iter().filter(named) {
            let number = |knob: &Option<String>, key: &str| {
                let knob = knob.as_deref().ok_or(format!("needs `{key}`"))?;
                knob_value(&variant.knobs, knob)
                    .filter(|value| value.is_finite())
                    .ok_or_else(|| format!("variant {:?} has no number {knob:?}", variant.name))
            };
            let place = (
                number(&panel.knob, "knob")?,
                number(&panel.knob_y, "knob_y")?,
            );
            if places.values().any(|other| *other == place) {
                return Err(format!(
                    "variant {:?} has the knobs of another one; a plane shows one group, in which \
                     only its two knobs vary",
                    variant.name
                ));
            }
            places.insert(&variant.name, place);
        }
        let xs = increasing(places.values().map(|place| place.0));
        let ys = increasing(places.values().map(|place| place.1));
        for (values, knob) in [(&xs, &panel.knob), (&ys, &panel.knob_y)] {
            if let [value] = values.as_slice() {
                let knob = knob.as_deref().unwrap_or_default();
                return Err(format!(
                    "{knob:?} has the single value {value}, which makes no plane"
                ));
            }
        }
        Ok(Self { xs, ys, places })
    }
}

/// Cells (variant and seed) whose training did not come to its end, where `model` is trained, or whose
/// curves of it end early. A prediction does not depend on how training went.
pub(crate) fn cut_short<'a>(run: &'a Run, model: &str) -> HashSet<(&'a str, u64)> {
    let trained = run.spec.models.contains_key(model);
    let cells = run.manifest.cells.iter();
    cells
        .filter(|cell| trained && !ended(&cell.stopped, model))
        .map(|cell| (cell.variant.as_str(), cell.seed))
        .collect()
}

/// The last value of every seed that trained to its end, by variant.
fn last_values<'a>(
    run: &'a Run,
    panel: &Panel,
    model: &str,
    places: &HashMap<&str, (f64, f64)>,
    cut: &HashSet<(&str, u64)>,
) -> BTreeMap<&'a str, Vec<f64>> {
    let metric = panel.metric.as_deref().unwrap_or_default();
    let shown: Vec<&Observation> = places
        .keys()
        .flat_map(|variant| run.observations.of_variant((model, metric), variant))
        .filter(|o| !cut.contains(&(&*o.variant, o.seed)))
        .collect();
    let asked = panel.indices.first().map(|&index| u64::from(index));
    let index = asked.or_else(|| shown.iter().map(|o| o.index).min());
    let mut last: BTreeMap<(&str, u64), &Observation> = BTreeMap::new();
    for o in shown.into_iter().filter(|o| Some(o.index) == index) {
        let newest = last.entry((&o.variant, o.seed)).or_insert(o);
        if o.step >= newest.step {
            *newest = o;
        }
    }
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for ((variant, _), o) in last {
        values.entry(variant).or_default().push(o.value);
    }
    values
}

/// Whether a cell trained as long as the spec asks for, or was read to there.
fn ended(stopped: &StopReason, model: &str) -> bool {
    match stopped {
        StopReason::EndsEarly { curves } => curves.iter().all(|end| end.model != model),
        stopped => stopped.is_end(),
    }
}

/// The value at or below which the panel tells no values apart.
fn floor(panel: &Panel) -> f64 {
    panel.floor.unwrap_or(match panel.transform {
        Transform::None => f64::NEG_INFINITY,
        Transform::Log10 => 0.0,
    })
}

/// The value that becomes a colour.
fn transformed(panel: &Panel, value: f64) -> f64 {
    let value = value.max(floor(panel));
    match panel.transform {
        Transform::None => value,
        Transform::Log10 => value.log10(),
    }
}

/// Each value once, in increasing order.
fn increasing(values: impl Iterator<Item = f64>) -> Vec<f64> {
    // Zero has two signs.
    let bits: BTreeSet<u64> = values.map(|value| (value + 0.0).to_bits()).collect();
    let mut values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Where a cell ends: halfway between neighbours, and as far beyond the outermost.
pub(crate) fn edges(centres: &[f64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (centres.first(), centres.last()) else {
        return Vec::new();
    };
    let between = centres.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let mut edges: Vec<f64> = between.collect();
    let (low, high) = match (edges.first(), edges.last()) {
        (Some(low), Some(high)) => (2.0 * first - low, 2.0 * last - high),
        _ => (first - 0.5, last + 0.5),
    };
    edges.insert(0, low);
    edges.push(high);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_lie_halfway() {
        assert_eq!(edges(&[0.0, 2.0, 3.0]), [-1.0, 1.0, 2.5, 3.5]);
        assert_eq!(edges(&[4.0]), [3.5, 4.5]);
    }

    #[test]
    fn values_are_sorted_and_counted_once() {
        let values = [3.0, -1.0, 0.0, 3.0, -0.0];
        assert_eq!(increasing(values.into_iter()), [-1.0, 0.0, 3.0]);
    }
}
