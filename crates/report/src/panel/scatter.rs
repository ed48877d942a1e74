//! A metric against another, one point per index, at one moment of training: features of a few
//! classes, which contract to a simplex.

use judge::Run;
use plan::spec::{Panel, Picture, Scale};

use crate::{
    ReportError,
    axis::Axis,
    canvas::{Canvas, Place},
    collect::{Cloud, Dot},
    figure::{AxisNumbers, PointNumbers},
    font,
    legend::Entry,
    number::plain,
    style::{DISTINCT, FAINT, INK, LABEL, MEAN, RAY, TO_MEAN, colour},
    subscript::subscripts,
    ticks::{Ticks, ticks},
};

use super::{
    axes::{self, Axes, Frame, TICK_GAP},
    join, name_of,
};

/// Room for half of the last tick label.
const RIGHT: f64 = 22.0;
/// Radius and opacity of a point: where points lie over each other, it is darker.
const POINT: f64 = 2.2;
const OPACITY: f64 = 0.5;
/// Radius of the dot at the origin.
const ORIGIN: f64 = 2.5;
/// Free room around the points, as a share of the longer range.
const PAD: f64 = 0.06;
/// Most labels on one axis: shapes matter here, not numbers.
const TICKS: usize = 5;

/// A scatter panel whose points are collected, before it has a place.
pub(crate) struct Scatter<'a> {
    panel: &'a Panel,
    cloud: Cloud,
    means: Vec<Dot>,
    x: [f64; 2],
    y: [f64; 2],
}

impl<'a> Scatter<'a> {
    /// Collects the points of the panel at `position` of `picture`.
    pub(crate) fn new(
        run: &Run,
        picture: &'a Picture,
        position: usize,
    ) -> Result<Self, ReportError> {
        let panel = &picture.panels[position];
        let cloud = Cloud::collect(run, panel);
        check_classes(panel, &cloud).map_err(|problem| ReportError::Scatter {
            picture: picture.name.clone(),
            panel: name_of(panel, position),
            problem,
        })?;
        if cloud.dots.is_empty() {
            let read = [&panel.metric, &panel.x_metric, &panel.colour_metric];
            return Err(ReportError::NoData {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
                metric: join(read.into_iter().filter_map(Option::as_deref)),
                models: join(panel.layers.iter().map(|layer| layer.model.as_str())),
                variants: join(panel.variants.iter().map(String::as_str)),
            });
        }
        let (x, y) = ranges(&cloud.dots);
        Ok(Self {
            panel,
            means: cloud.means(),
            cloud,
            x: panel.x_range.unwrap_or(x),
            y: panel.y_range.unwrap_or(y),
        })
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let classes = self.cloud.classes.iter().enumerate();
        entries.extend(classes.map(|(position, number)| {
            let number = plain(*number, 0);
            let name = self.panel.class_names.get(position).unwrap_or(&number);
            // A bare number says nothing.
            let text = if name.parse::<f64>().is_ok() {
                format!("class {name}")
            } else {
                subscripts(name)
            };
            Entry::Class(position, text)
        }));
        let of = if self.cloud.classes.is_empty() {
            "mean of all points"
        } else {
            "class mean"
        };
        entries.push(Entry::Mean(format!("{of}, from the origin")));
        if self.panel.rays.is_some() {
            entries.push(Entry::Ray("simplex".to_owned()));
        }
        let label = self.panel.layers.first().map_or("", |layer| &layer.label);
        let mut text = format!("{}, seed {}", subscripts(label), self.cloud.seed);
        if self.cloud.left_out > 0 {
            let all = self.cloud.left_out + self.cloud.dots.len();
            let left_out = self.cloud.left_out;
            text.push_str(&format!(", without {left_out} of {all} points (no value)"));
        }
        entries.push(Entry::Note(subscripts(self.title()), text));
        entries
    }

    fn x_label(&self) -> Vec<String> {
        vec![subscripts(&self.panel.x_label)]
    }

    /// Height of everything below the axes of a panel that is `width` wide.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        axes::foot(axes::label_lines(&self.x_label(), width).len())
    }

    /// The heading; what is shown where the spec has none.
    fn title(&self) -> &str {
        match self.panel.layers.first() {
            Some(layer) if self.panel.title.is_empty() => &layer.label,
            _ => &self.panel.title,
        }
    }

    fn axes(&self, outer: Frame, foot: f64) -> Axes {
        let mut inner = Frame {
            left: outer.left,
            top: (outer.top + axes::head(self.title())).round(),
            right: (outer.right - RIGHT).round(),
            bottom: (outer.bottom - foot).round(),
        };
        let height = inner.bottom - inner.top;
        let (y_lines, label) = axes::side_label(&self.panel.y_label, height);
        // The labels of ticks take room from the horizontal axis, whose length decides the range
        // of the vertical one and so its ticks.
        let mut room: f64 = 0.0;
        for _ in 0..3 {
            let left = outer.left + label + room;
            let (_, y) = equal(self.x, self.y, [inner.right - left, height]);
            let y = Axis::new(Scale::Linear, y, [inner.bottom, inner.top]);
            room = room.max(axes::side_ticks(&few(&y, |_| LABEL)));
        }
        inner.left = (outer.left + label + room).round();
        let (x, y) = equal(self.x, self.y, [inner.right - inner.left, height]);
        let x = Axis::new(Scale::Linear, x, [inner.left, inner.right]);
        let y = Axis::new(Scale::Linear, y, [inner.bottom, inner.top]);
        Axes {
            inner,
            x_ticks: few(&x, |text| font::width(text, LABEL)),
            y_ticks: few(&y, |_| LABEL),
            x,
            y,
            y_lines,
        }
    }

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`. Answers where they
    /// stand.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame, foot: f64) -> Axes {
        let axes = self.axes(outer, foot);
        axes::draw_head(canvas, axes.inner.left, outer.top, self.title());
        let Axes { inner, x, y, .. } = &axes;
        let place = |dot: &Dot| (x.at(dot.x), y.at(dot.y));
        let origin = (x.at(0.0), y.at(0.0));
        let (low, high) = ((inner.left, inner.top), (inner.right, inner.bottom));
        canvas.clipped(low, high, |canvas| {
            if let Some(rays) = self.panel.rays {
                let length = (high.0 - low.0).hypot(high.1 - low.1);
                canvas.group("rays", |canvas| {
                    for ray in 0..rays {
                        canvas.line(origin, ray_end(origin, ray, rays, length), FAINT, RAY);
                    }
                });
            }
            canvas.group("points", |canvas| {
                for dot in &self.cloud.dots {
                    canvas.disc(place(dot), POINT, colour(dot.class), OPACITY);
                }
            });
            canvas.group("means", |canvas| {
                for mean in &self.means {
                    canvas.line(origin, place(mean), colour(mean.class), TO_MEAN);
                }
                canvas.disc(origin, ORIGIN, INK, 1.0);
                for mean in &self.means {
                    canvas.outlined_dot(place(mean), MEAN, colour(mean.class));
                }
            });
        });
        let x_lines = axes::label_lines(&self.x_label(), outer.right - outer.left);
        axes.draw(canvas, outer, &x_lines);
        axes
    }

    /// The numbers of the points, for axes that stand as `axes` do.
    pub(crate) fn numbers(&self, axes: &Axes, outer: Frame) -> PointNumbers {
        let dots = self.cloud.dots.iter();
        let name = |metric: &Option<String>| metric.clone().unwrap_or_default();
        let label = subscripts(&self.panel.y_label);
        let names = self.entries().into_iter().filter_map(|entry| match entry {
            Entry::Class(_, text) => Some(text),
            _ => None,
        });
        PointNumbers {
            title: subscripts(self.title()),
            outer: outer.into(),
            frame: axes.inner.into(),
            x: AxisNumbers::new(&axes.x, &name(&self.panel.x_metric), &self.x_label()[0]),
            y: AxisNumbers::new(&axes.y, &name(&self.panel.metric), &label),
            model: self.panel.layers[0].model.clone(),
            seed: self.cloud.seed,
            classes: names.collect(),
            xs: dots.clone().map(|dot| dot.x).collect(),
            ys: dots.clone().map(|dot| dot.y).collect(),
            class: dots.map(|dot| dot.class as f64).collect(),
        }
    }
}

/// Classes are few whole numbers.
fn check_classes(panel: &Panel, cloud: &Cloud) -> Result<(), String> {
    let metric = panel.colour_metric.as_deref().unwrap_or_default();
    let is_class = |number: f64| number >= 0.0 && number.fract() == 0.0;
    if let Some(number) = cloud.classes.iter().find(|number| !is_class(**number)) {
        return Err(format!(
            "`colour_metric` {metric:?} has the value {number}, and classes are whole numbers from 0"
        ));
    }
    let (classes, names) = (cloud.classes.len(), panel.class_names.len());
    if classes > DISTINCT {
        return Err(format!(
            "`colour_metric` {metric:?} has {classes} classes, and only {DISTINCT} colours can be \
             told apart"
        ));
    }
    if classes > 0 && names > 0 && names != classes {
        return Err(format!(
            "`class_names` has {names} names for the {classes} classes of {metric:?}"
        ));
    }
    Ok(())
}

/// Ranges that hold the points and the origin, with some room.
fn ranges(dots: &[Dot]) -> ([f64; 2], [f64; 2]) {
    let range = |value: fn(&Dot) -> f64| {
        let values = dots.iter().map(value);
        values.fold([0.0f64; 2], |[low, high], v| [low.min(v), high.max(v)])
    };
    let (x, y) = (range(|dot| dot.x), range(|dot| dot.y));
    let longer = (x[1] - x[0]).max(y[1] - y[0]);
    // Features that all vanish leave the origin alone.
    let pad = if longer > 0.0 { PAD * longer } else { 1.0 };
    let padded = |[low, high]: [f64; 2]| [low - pad, high + pad];
    (padded(x), padded(y))
}

/// The ranges, of which one is made longer on both sides so that a unit takes as many pixels on
/// both axes, whose lengths are `pixels`.
fn equal(x: [f64; 2], y: [f64; 2], pixels: [f64; 2]) -> ([f64; 2], [f64; 2]) {
    let length = |[low, high]: [f64; 2]| high - low;
    let unit = (length(x) / pixels[0]).max(length(y) / pixels[1]);
    let grown = |range: [f64; 2], pixels: f64| {
        let more = (unit * pixels - length(range)) / 2.0;
        [range[0] - more, range[1] + more]
    };
    (grown(x, pixels[0]), grown(y, pixels[1]))
}

/// The end of a ray that is `length` long; the first of them points up.
fn ray_end(origin: Place, ray: u32, rays: u32, length: f64) -> Place {
    let turn = std::f64::consts::TAU * (0.25 + f64::from(ray) / f64::from(rays));
    (
        origin.0 + length * turn.cos(),
        origin.1 - length * turn.sin(),
    )
}

/// A few ticks, as many as have room.
fn few(axis: &Axis, length: impl Fn(&str) -> f64) -> Ticks {
    ticks(Scale::Linear, axis.low, axis.high, |labels| {
        let places = labels.iter();
        let places = places.map(|(value, text)| (axis.at(*value), length(text)));
        labels.len() <= TICKS && axes::apart(places, TICK_GAP)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_range_grows_on_both_sides() {
        let (x, y) = equal([-1.0, 3.0], [-1.0, 1.0], [400.0, 400.0]);
        assert_eq!((x, y), ([-1.0, 3.0], [-2.0, 2.0]));
        let (x, y) = equal([-1.0, 3.0], [-1.0, 1.0], [800.0, 200.0]);
        assert_eq!((x, y), ([-3.0, 5.0], [-1.0, 1.0]));
    }

    #[test]
    fn ranges_hold_the_origin_and_do_not_vanish() {
        let dot = |x, y| Dot {
            x,
            y,
            class: 0,
            index: 0,
        };
        assert_eq!(
            ranges(&[dot(10.0, 1.0), dot(5.0, 2.0)]),
            ([-0.6, 10.6], [-0.6, 2.6])
        );
        assert_eq!(ranges(&[dot(0.0, 0.0)]), ([-1.0, 1.0], [-1.0, 1.0]));
    }

    #[test]
    fn three_rays_point_to_the_corners_of_a_triangle() {
        let ends: Vec<Place> = (0..3).map(|ray| ray_end((5.0, 5.0), ray, 3, 2.0)).collect();
        let near = |a: Place, b: Place| (a.0 - b.0).hypot(a.1 - b.1) < 1e-9;
        assert!(near(ends[0], (5.0, 3.0)), "{ends:?}");
        assert!(near(ends[1], (5.0 - 3f64.sqrt(), 6.0)), "{ends:?}");
        assert!(near(ends[2], (5.0 + 3f64.sqrt(), 6.0)), "{ends:?}");
    }
}
