//! The numbers of curves, for the script of the page.

use judge::Run;
use models::Role;
use plan::spec::XAxis;

use crate::{
    collect::{Point, Series},
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
    places::{Kept, Places, thinned},
};

impl Curves<'_> {
    /// The numbers of the curves, whose axes stand as `axes` do in `outer`: about `room` of them at
    /// most. Where there are more, only some of the records are kept.
    pub(crate) fn numbers(
        &self,
        run: &Run,
        axes: &Axes,
        outer: Frame,
        room: usize,
    ) -> CurveNumbers {
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
        let (all, of_series) = Places::of(&self.series);
        let kept = thinned(&self.series, all, &of_series, &axes.x, room);
        let series = self.series.iter().zip(of_series);
        let series = series.map(|(s, at)| self.series_numbers(run, s, at, &kept[at].1));
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
            places: kept
                .iter()
                .map(|(places, kept)| places.numbers(kept))
                .collect(),
            series: series.collect(),
            marks: marks.collect(),
        }
    }

    fn series_numbers(&self, run: &Run, series: &Series, at: usize, kept: &Kept) -> SeriesNumbers {
        let key = &self.keys[series.key];
        let model = &self.panel.layers[series.layer].model;
        let points = || kept.points.iter().map(|&at| &series.points[at]);
        let band = |side: fn(&Point) -> f64| -> Packed {
            points().filter(|_| draws_band(series)).map(side).collect()
        };
        let (seeds, values) = of_seeds(series);
        let values = values.into_iter();
        SeriesNumbers {
            layer: series.layer,
            key: series.key,
            places: at,
            metric: series.metric.clone(),
            colour: line_colour(series.appearance, colour(key.colour)).into_owned(),
            median: points().map(|p| p.median).collect(),
            low: band(|p| p.low),
            high: band(|p| p.high),
            seeds,
            values: values
                .map(|own| kept.of_seeds.iter().map(|&at| own[at]).collect())
                .collect(),
            missed: series.missed.iter().copied().collect(),
            before: series.before.iter().copied().collect(),
            claims: claims_of(run, &series.metric, model, &key.variants),
        }
    }
}

/// The seeds of a curve, and the value of each at every point: not a number where it has none. No
/// values where they are those of the median.
fn of_seeds(series: &Series) -> (Vec<u64>, Vec<Vec<f64>>) {
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
    (seeds, values)
}
