//! From the long table to curves: median and band over seeds.

mod cloud;
mod end;
mod moment;
mod time;

use plan::spec::{Panel, Scale, XAxis};
use record::{Observation, VariantInfo};

use crate::{
    keys::Key,
    quantile::{quantile, sorted},
    style::Appearance,
    table::Table,
};

pub(crate) use cloud::{Cloud, Dot};
pub(crate) use moment::{Reached, reached};
pub(crate) use time::time;

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

/// The value of one seed at one place of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OfSeed {
    /// The seed.
    pub(crate) seed: u64,
    /// The place, which is that of the point over all seeds.
    pub(crate) x: f64,
    /// Its value.
    pub(crate) value: f64,
}

/// One curve: a layer in one colour.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    /// Position of its layer in the panel.
    pub(crate) layer: usize,
    /// The metric that it shows.
    pub(crate) metric: String,
    /// How its layer is drawn.
    pub(crate) appearance: Appearance,
    /// Position of its key.
    pub(crate) key: usize,
    /// Points with a finite median, in the order of x.
    pub(crate) points: Vec<Point>,
    /// The values that the points summarise.
    pub(crate) of_seeds: Vec<OfSeed>,
    /// Over training time: places, and where those lie on the other axis of time (flow time for
    /// steps, steps for flow time). Empty where that is not known for all places.
    pub(crate) other_time: Vec<(f64, f64)>,
    /// Values of x where the median did not happen (is infinite).
    pub(crate) missed: Vec<f64>,
    /// Values of x where the median came before the first record (is minus infinite).
    pub(crate) before: Vec<f64>,
    /// Where each seed first crosses one half; infinite for a seed that does not, minus infinite for
    /// one that did before its first record. Seeds of which nobody knows are left out.
    pub(crate) half_times: Vec<f64>,
    /// Number of seeds in it.
    pub(crate) seeds: usize,
}

impl Series {
    /// Whether there is anything to draw.
    pub(crate) fn shows_something(&self) -> bool {
        !(self.points.is_empty() && self.missed.is_empty() && self.before.is_empty())
    }

    /// Whether its seeds differ anywhere.
    pub(crate) fn has_band(&self) -> bool {
        self.seeds > 1 && self.points.iter().any(|p| p.low < p.high)
    }
}

/// What one curve is made of: a metric of a model, for one key of a panel.
#[derive(Clone, Copy)]
struct Source<'s, 'a> {
    table: Table<'a>,
    panel: &'s Panel,
    key: &'s Key<'a>,
    model: &'s str,
    metric: &'s str,
}

impl<'s, 'a> Source<'s, 'a> {
    /// The source of the curve of a layer for a key; a panel may leave open what is shown.
    fn new(table: Table<'a>, panel: &'s Panel, key: &'s Key<'a>, layer: usize) -> Option<Self> {
        let layer = &panel.layers[layer];
        Some(Self {
            table,
            panel,
            key,
            model: &layer.model,
            metric: key.metric.or(panel.metric_of(layer))?,
        })
    }

    /// Its rows in one variant.
    fn rows(&self, variant: &'s VariantInfo) -> impl Iterator<Item = &'a Observation> + use<'a> {
        let (metric, model) = (self.metric, self.model);
        self.table
            .rows(metric, model, &variant.name, self.key.index)
    }

    /// Whether the panel draws an index, where that is the horizontal axis.
    fn draws(&self, index: u64) -> bool {
        let asked = &self.panel.indices;
        asked.is_empty() || asked.iter().any(|&i| u64::from(i) == index)
    }
}

/// The curves of a panel that have data, in the order of layers, then keys.
pub(crate) fn collect(
    panel: &Panel,
    appearances: &[Appearance],
    keys: &[Key<'_>],
    table: Table<'_>,
) -> Vec<Series> {
    let mut all = Vec::new();
    for (layer, &appearance) in appearances.iter().enumerate() {
        for (position, key) in keys.iter().enumerate() {
            let Some(source) = Source::new(table, panel, key, layer) else {
                continue;
            };
            let mut series = match (key.moment, panel.x_axis()) {
                (Some(moment), _) => source.at_moment(moment),
                (None, XAxis::Step | XAxis::FlowTime) => source.over_time(),
                (None, XAxis::Knob | XAxis::Index) => source.at_the_end(),
            };
            series.layer = layer;
            series.metric = source.metric.to_owned();
            series.appearance = appearance;
            series.key = position;
            let (x_scale, y_scale) = panel.scales();
            let drawable = |scale, value: f64| scale == Scale::Linear || value > 0.0;
            series
                .points
                .retain(|p| drawable(x_scale, p.x) && drawable(y_scale, p.median));
            for unseen in [&mut series.missed, &mut series.before] {
                unseen.retain(|&x| drawable(x_scale, x));
            }
            if series.shows_something() {
                all.push(series);
            }
        }
    }
    all
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
