//! The numbers of curves, for the script of the page.

use judge::Run;
use models::Role;
use plan::spec::XAxis;

use crate::{
    collect::Series,
    feeds::claims_of,
    figure::{AxisNumbers, CurveNumbers, KeyNumbers, LayerNumbers, MarkNumbers, SeriesNumbers},
    legend::Shape,
    packed::Packed,
    style::{INK, colour, line_colour, stroke, text_colour},
    subscript::subscripts,
};

use super::{
    super::axes::{Axes, Frame},
    Curves, draws_band,
};

/// Relative difference below which two rates of time are the same.
const SAME: f64 = 1e-9;

impl Curves<'_> {
    /// The numbers of the curves, whose axes stand as `axes` do in `outer`.
    pub(crate) fn numbers(&self, run: &Run, axes: &Axes, outer: Frame) -> CurveNumbers {
        let panel = self.panel;
        let name = match panel.x_axis() {
            XAxis::Step => "step",
            XAxis::FlowTime => "flow_time",
            XAxis::Index => "index",
            XAxis::Knob => (panel.x_metric.as_deref().or(panel.knob.as_deref())).unwrap_or("knob"),
        };
        let timed = self.series.iter().all(|s| !s.other_time.is_empty());
        let other = match panel.x_axis() {
            XAxis::Step if timed => Some(["flow_time", "flow time"]),
            XAxis::FlowTime if timed => Some(["step", "training step"]),
            _ => None,
        };
        let layers = panel.layers.iter().enumerate().map(|(position, layer)| {
            let own = self.series.iter().find(|s| s.layer == position);
            let appearance = own.map(|s| s.appearance).unwrap_or_default();
            let stroke = stroke(appearance);
            LayerNumbers {
                label: subscripts(&layer.label),
                model: layer.model.clone(),
                width: stroke.width,
                dashes: stroke.dashes,
                theory: appearance.role == Role::Theory,
            }
        });
        let keys = self.keys.iter().map(|key| KeyNumbers {
            label: key.label.clone(),
            short: key.short.clone(),
            colour: colour(key.colour),
            ink: text_colour(key.colour),
            knobs: key.told_by.clone(),
        });
        let marks = self.marks.iter().filter(|mark| mark.x.is_finite());
        let marks = marks.map(|mark| MarkNumbers {
            x: mark.x,
            shape: match mark.shape() {
                Shape::Diamond => "diamond",
                Shape::Square => "square",
                Shape::Up => "up",
                _ => "down",
            },
            colour: mark.colour.map_or(INK, colour),
            filled: !mark.measured,
        });
        CurveNumbers {
            title: subscripts(&panel.title),
            outer: outer.into(),
            frame: axes.inner.into(),
            x: AxisNumbers::new(&axes.x, name, &subscripts(&panel.x_label)),
            y: AxisNumbers::new(&axes.y, "value", &subscripts(&panel.y_label)),
            other,
            dots: matches!(panel.x_axis(), XAxis::Knob | XAxis::Index),
            layers: layers.collect(),
            keys: keys.collect(),
            series: self
                .series
                .iter()
                .map(|s| self.series_numbers(run, s))
                .collect(),
            marks: marks.collect(),
        }
    }

    fn series_numbers(&self, run: &Run, series: &Series) -> SeriesNumbers {
        let key = &self.keys[series.key];
        let model = &self.panel.layers[series.layer].model;
        let points = || series.points.iter();
        let band = |side: fn(&crate::collect::Point) -> f64| -> Packed {
            points().filter(|_| draws_band(series)).map(side).collect()
        };
        let (seeds, values) = of_seeds(series);
        let (rate, times) = other_times(series);
        SeriesNumbers {
            layer: series.layer,
            key: series.key,
            metric: series.metric.clone(),
            colour: line_colour(series.appearance, colour(key.colour)).into_owned(),
            x: points().map(|p| p.x).collect(),
            median: points().map(|p| p.median).collect(),
            low: band(|p| p.low),
            high: band(|p| p.high),
            seeds,
            values,
            rate,
            times,
            missed: series.missed.iter().copied().collect(),
            before: series.before.iter().copied().collect(),
            claims: claims_of(run, &series.metric, model, &key.variants),
        }
    }
}

/// The seeds of a curve, and the value of each at every point: not a number where it has none. No
/// values where they are those of the median.
fn of_seeds(series: &Series) -> (Vec<u64>, Vec<Packed>) {
    let mut seeds: Vec<u64> = series.of_seeds.iter().map(|of| of.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    // Points are in the order of x.
    let place = |x: f64| {
        let at = series.points.partition_point(|p| p.x < x);
        series.points.get(at).filter(|p| p.x == x).map(|_| at)
    };
    let mut values = vec![vec![f64::NAN; series.points.len()]; seeds.len()];
    for of in &series.of_seeds {
        if let (Ok(seed), Some(at)) = (seeds.binary_search(&of.seed), place(of.x)) {
            values[seed][at] = of.value;
        }
    }
    let medians: Vec<f64> = series.points.iter().map(|p| p.median).collect();
    if values.iter().all(|own| *own == medians) {
        values.clear();
    }
    (seeds, values.into_iter().map(Packed).collect())
}

/// The other time as a multiple of x, or else at every point.
fn other_times(series: &Series) -> (Option<f64>, Packed) {
    let places = series.points.iter().map(|p| p.x);
    let times: Vec<(f64, f64)> = places
        .filter_map(|x| {
            let mut known = series.other_time.iter();
            known.find(|(place, _)| *place == x).copied()
        })
        .collect();
    if times.len() < series.points.len() {
        return (None, Packed::default());
    }
    let rate = times
        .iter()
        .rfind(|(x, _)| *x > 0.0)
        .map(|(x, time)| time / x);
    let holds = |rate: f64| {
        let mut times = times.iter();
        times.all(|(x, time)| (time - rate * x).abs() <= SAME * time.abs())
    };
    match rate {
        Some(rate) if holds(rate) => (Some(rate), Packed::default()),
        _ => (None, times.into_iter().map(|(_, time)| time).collect()),
    }
}
