//! From the long table to curves: median and band over seeds.

use std::collections::{BTreeMap, HashMap};

use lab::{
    record::{Observation, Run, VariantInfo, knob_value},
    spec::{Panel, PanelKind, Scale, XAxis},
};

use crate::{
    crossing::half_time,
    keys::{Key, x_axis},
    quantile::{quantile, sorted},
};

/// One place of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// Value on the horizontal axis.
    pub(crate) x: f64,
    /// 10 % of the seeds lie below.
    pub(crate) low: f64,
    /// Median over seeds.
    pub(crate) median: f64,
    /// 10 % of the seeds lie above.
    pub(crate) high: f64,
}

/// One curve: a layer in one colour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Position of its layer in the panel.
    pub(crate) layer: usize,
    /// Position of its key.
    pub(crate) key: usize,
    /// Points with a finite median, in the order of x.
    pub(crate) points: Vec<Point>,
    /// Values of x where the median did not happen (is infinite).
    pub(crate) missed: Vec<f64>,
    /// Where each seed first crosses one half; infinite for a seed that does not.
    pub(crate) half_times: Vec<f64>,
    /// Number of seeds in it.
    pub(crate) seeds: usize,
}

impl Series {
    /// Whether its seeds differ anywhere.
    pub(crate) fn has_band(&self) -> bool {
        self.seeds > 1 && self.points.iter().any(|p| p.low < p.high)
    }
}

/// Scales of a panel; a power law is on log axes whatever its spec says.
pub(crate) fn scales(panel: &Panel) -> (Scale, Scale) {
    if panel.kind == PanelKind::PowerLaw {
        (Scale::Log, Scale::Log)
    } else {
        (panel.x_scale, panel.y_scale)
    }
}

/// Observations of the panel's metric by variant and model.
type Table<'a> = HashMap<(&'a str, &'a str), Vec<&'a Observation>>;

/// The curves of a panel that have data, in the order of layers, then keys.
pub(crate) fn collect(run: &Run, panel: &Panel, keys: &[Key<'_>]) -> Vec<Series> {
    let mut table = Table::new();
    let drawn = |o: &&Observation| {
        o.metric == panel.metric && (panel.seeds.is_empty() || panel.seeds.contains(&o.seed))
    };
    for o in run.observations.iter().filter(drawn) {
        table.entry((&o.variant, &o.model)).or_default().push(o);
    }
    let mut all = Vec::new();
    for (layer, model) in panel.layers.iter().map(|l| &l.model).enumerate() {
        for (position, key) in keys.iter().enumerate() {
            let mut series = match x_axis(panel) {
                XAxis::Step | XAxis::FlowTime => over_time(&table, panel, key, model),
                XAxis::Knob | XAxis::Index => at_the_end(&table, panel, key, model),
            };
            series.layer = layer;
            series.key = position;
            let (x_scale, y_scale) = scales(panel);
            let drawable = |scale, value: f64| scale == Scale::Linear || value > 0.0;
            series
                .points
                .retain(|p| drawable(x_scale, p.x) && drawable(y_scale, p.median));
            series.missed.retain(|&x| drawable(x_scale, x));
            if !series.points.is_empty() || !series.missed.is_empty() {
                all.push(series);
            }
        }
    }
    all
}

/// The curve of one index in training time.
fn over_time(table: &Table<'_>, panel: &Panel, key: &Key<'_>, model: &str) -> Series {
    // step → (seed, x, value)
    let mut steps: BTreeMap<u64, Vec<(u64, f64, f64)>> = BTreeMap::new();
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    let mut curves: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for variant in &key.variants {
        for o in rows(table, variant, model, key.index) {
            let Some(x) = time(o, variant, panel.x) else {
                continue;
            };
            steps.entry(o.step).or_default().push((o.seed, x, o.value));
            let end = last.entry(o.seed).or_default();
            *end = (*end).max(o.step);
            if o.value.is_finite() {
                curves.entry(o.seed).or_default().push((x, o.value));
            }
        }
    }
    let mut points = Vec::new();
    for (step, rows) in &steps {
        // A seed that stopped early is measured on its last step, where the others are not.
        let running = last.values().filter(|&&end| end >= *step).count();
        if rows.len() < running {
            continue;
        }
        let finite = rows.iter().map(|r| r.2).filter(|value| value.is_finite());
        let xs: Vec<f64> = rows.iter().map(|r| r.1).collect();
        let x = crate::quantile::median(&xs);
        if let Some(point) = x.and_then(|x| point(x, &finite.collect::<Vec<_>>())) {
            points.push(point);
        }
    }
    let half_times = curves
        .values_mut()
        .map(|curve| {
            curve.sort_by(|a, b| a.0.total_cmp(&b.0));
            half_time(curve)
        })
        .collect();
    Series {
        layer: 0,
        key: 0,
        points,
        missed: Vec::new(),
        half_times,
        seeds: last.len(),
    }
}

/// The curve of the last recorded values against a knob or the index.
fn at_the_end(table: &Table<'_>, panel: &Panel, key: &Key<'_>, model: &str) -> Series {
    let mut by_x: Vec<(f64, Vec<f64>)> = Vec::new();
    let mut seeds = std::collections::BTreeSet::new();
    for variant in &key.variants {
        // (seed, index) → last observation
        let mut last: BTreeMap<(u64, u64), &Observation> = BTreeMap::new();
        for o in rows(table, variant, model, key.index) {
            let newest = last.entry((o.seed, o.index)).or_insert(o);
            if o.step >= newest.step {
                *newest = o;
            }
        }
        for o in last.into_values() {
            let wanted =
                panel.indices.is_empty() || panel.indices.iter().any(|&i| u64::from(i) == o.index);
            let Some(x) = abscissa(o, variant, panel).filter(|_| wanted) else {
                continue;
            };
            seeds.insert(o.seed);
            match by_x.iter_mut().find(|(other, _)| *other == x) {
                Some((_, values)) => values.push(o.value),
                None => by_x.push((x, vec![o.value])),
            }
        }
    }
    by_x.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut points, mut missed) = (Vec::new(), Vec::new());
    for (x, values) in by_x {
        match point(x, &values) {
            Some(point) if point.median.is_finite() => points.push(point),
            Some(_) => missed.push(x),
            None => {}
        }
    }
    Series {
        layer: 0,
        key: 0,
        points,
        missed,
        half_times: Vec::new(),
        seeds: seeds.len(),
    }
}

fn rows<'a>(
    table: &'a Table<'a>,
    variant: &'a VariantInfo,
    model: &'a str,
    index: Option<u64>,
) -> impl Iterator<Item = &'a Observation> {
    table
        .get(&(variant.name.as_str(), model))
        .into_iter()
        .flatten()
        .copied()
        .filter(move |o| index.is_none_or(|index| o.index == index))
}

fn time(o: &Observation, variant: &VariantInfo, axis: XAxis) -> Option<f64> {
    if axis == XAxis::FlowTime {
        o.flow_time
            .or_else(|| variant.flow_per_step.map(|flow| flow * o.step as f64))
    } else {
        Some(o.step as f64)
    }
}

fn abscissa(o: &Observation, variant: &VariantInfo, panel: &Panel) -> Option<f64> {
    if x_axis(panel) == XAxis::Index {
        return Some(o.index as f64);
    }
    let value = knob_value(&variant.knobs, panel.knob.as_deref()?)?;
    if !panel.times_probability {
        return Some(value);
    }
    let skill = usize::try_from(o.index).ok()?.checked_sub(1)?;
    Some(value * variant.probabilities.get(skill)?)
}

fn point(x: f64, values: &[f64]) -> Option<Point> {
    let values = sorted(values);
    Some(Point {
        x,
        low: quantile(&values, 0.1)?,
        median: quantile(&values, 0.5)?,
        high: quantile(&values, 0.9)?,
    })
}
