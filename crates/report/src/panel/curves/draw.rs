//! Curves on the canvas.

use models::Role;
use plan::spec::{PanelKind, XAxis};

use crate::{
    axis::Axis,
    canvas::{Canvas, Place},
    collect::Series,
    font,
    label::{self, LINE, Side},
    legend::Shape,
    style::{LABEL, colour, line_colour, stroke},
    ticks::ticks,
};

use super::{
    super::axes::{self, Axes, Frame, TICK_GAP},
    Curves, draws_band,
};

/// Room between the lowest curve and the axis, and above the highest.
const PAD: f64 = 10.0;
/// Smallest mean distance between neighbouring dots; denser ones would hide the line style.
const DOT_GAP: f64 = 16.0;
/// Most places of a curve whose places are always dots, and their radius where they are close.
const FEW: usize = 12;
const SMALL_DOT: f64 = 2.8;
/// Room between the labels of curves that stand inside the axes.
pub(super) const BLOCK_GAP: f64 = 6.0;

impl Curves<'_> {
    /// Height of everything below the axes of a panel that is `width` wide.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        axes::foot(axes::label_lines(&self.x_label, width).len())
    }

    fn right_margin(&self) -> f64 {
        let lines = self.ends.iter().flat_map(|label| &label.lines);
        let labels = lines.map(label::Line::width).fold(0.0, f64::max);
        let ends = if labels > 0.0 { labels + 20.0 } else { 0.0 };
        ends.max(self.room_beyond() + 6.0).max(14.0)
    }

    /// Where the axes stand in `outer` when `margin` is left free right of them, and `headroom`
    /// above the curves.
    fn axes(&self, outer: Frame, foot: f64, margin: f64, headroom: f64) -> Axes {
        let rows = self.fewest_rows();
        let axes = self.axes_above(rows, outer, foot, margin, headroom);
        match self.rows(axes.inner, &axes.x) {
            more if more > rows => self.axes_above(more, outer, foot, margin, headroom),
            _ => axes,
        }
    }

    /// The axes, where marks take so many rows.
    fn axes_above(&self, rows: usize, outer: Frame, foot: f64, margin: f64, headroom: f64) -> Axes {
        let (x_scale, y_scale) = self.panel.scales();
        let mut inner = Frame {
            left: outer.left,
            top: outer.top + axes::head(&self.panel.title),
            right: outer.right - margin,
            bottom: outer.bottom - foot,
        };
        let below = if rows == 0 {
            PAD
        } else {
            Self::height_of(rows)
        };
        let above = match self.side {
            Side::Top => {
                // A range that is wider than the data has some of the room already.
                let need = PAD + LABEL + 10.0;
                let y = Axis::new(
                    y_scale,
                    self.y,
                    [0.0, inner.bottom - below - inner.top - need],
                );
                (need - (y.at(self.y[1]) - y.at(self.highest))).max(2.0)
            }
            _ => PAD + headroom,
        };
        let y = Axis::new(y_scale, self.y, [inner.bottom - below, inner.top + above]);
        let y_ticks = ticks(y_scale, self.y[0], self.y[1], |labels| {
            axes::apart(labels.iter().map(|(value, _)| (y.at(*value), LABEL)), 14.0)
        });
        let (y_lines, label_room) = axes::side_label(&self.panel.y_label, inner.bottom - inner.top);
        inner.left += label_room + axes::side_ticks(&y_ticks);
        // Dots on the first and last place need room beside them.
        let side = if self.is_sparse() { PAD } else { 0.0 };
        let x = Axis::new(x_scale, self.x, [inner.left + side, inner.right - side]);
        let mut x_ticks = ticks(x_scale, self.x[0], self.x[1], |labels| {
            let widths = labels
                .iter()
                .map(|(value, text)| (x.at(*value), font::width(text, LABEL)));
            axes::apart(widths, TICK_GAP)
        });
        if self.panel.x_axis() == XAxis::Index {
            x_ticks.keep_whole();
        }
        Axes {
            inner,
            x,
            y,
            x_ticks,
            y_ticks,
            y_lines,
        }
    }

    /// The axes, and the place of the labels where those stand inside: a column beside power laws
    /// would take much of a narrow panel, and lines leave two corners free.
    fn arranged(&self, outer: Frame, foot: f64) -> (Axes, Option<Place>) {
        let margin = self.right_margin();
        if self.panel.kind == PanelKind::PowerLaw && margin > 0.3 * (outer.right - outer.left) {
            for headroom in [0.0, 30.0, 60.0] {
                let axes = self.axes(outer, foot, 14.0, headroom);
                let corner = self.free_corner(&axes);
                if corner.is_some() {
                    return (axes, corner);
                }
            }
        }
        (self.axes(outer, foot, margin, 0.0), None)
    }

    /// Upper left of a free corner of the axes that has room for all labels.
    fn free_corner(&self, axes: &Axes) -> Option<Place> {
        const APART: f64 = 6.0;
        let Axes { inner, x, y, .. } = axes;
        let lines = self.ends.iter().flat_map(|label| &label.lines);
        let width = lines.clone().map(label::Line::width).fold(0.0, f64::max);
        let gaps = BLOCK_GAP * self.ends.len().saturating_sub(1) as f64;
        let height = LINE * lines.count() as f64 + gaps;
        let corners = [
            (inner.right - width, inner.top),
            (inner.left + 10.0, inner.bottom - height - 4.0),
        ];
        corners.into_iter().find(|&(left, top)| {
            let covers = |(x, y): Place| {
                let across = x > left - APART && x < left + width + APART;
                across && y > top - APART && y < top + height + APART
            };
            let curves = self.series.iter().map(|s| {
                let places = s.points.iter();
                places.map(|p| (x.at(p.x), y.at(p.median))).collect()
            });
            let mut curves = curves.collect::<Vec<Vec<Place>>>().into_iter();
            !curves.any(|places| {
                let mut pieces = places.windows(2).flat_map(|pair| {
                    let part = |share: f64| {
                        let along = |from: f64, to: f64| from + share * (to - from);
                        (along(pair[0].0, pair[1].0), along(pair[0].1, pair[1].1))
                    };
                    (0..=16).map(move |n| part(f64::from(n) / 16.0))
                });
                pieces.any(covers)
            })
        })
    }

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`. Answers where they
    /// stand.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame, foot: f64) -> Axes {
        let (axes, corner) = self.arranged(outer, foot);
        let Axes {
            inner,
            ref x,
            ref y,
            ..
        } = axes;
        axes::draw_head(canvas, inner.left, outer.top, &self.panel.title);
        canvas.group("curves", |canvas| {
            let low = (inner.left, inner.top);
            canvas.clipped(low, (inner.right, inner.bottom), |canvas| {
                self.draw_curves(canvas, x, y);
            });
        });
        let x_lines = axes::label_lines(&self.x_label, outer.right - outer.left);
        axes.draw(canvas, outer, &x_lines);
        self.draw_marks(canvas, inner, x);
        match self.side {
            Side::Nowhere => {}
            Side::Top => self.draw_top_labels(canvas, inner, x),
            Side::End => match corner {
                Some(corner) => self.draw_block(canvas, corner),
                None => self.draw_end_labels(canvas, &axes),
            },
        }
        axes
    }

    /// Whether every place of a curve is a value of its own, shown as a dot.
    fn is_sparse(&self) -> bool {
        matches!(self.panel.x_axis(), XAxis::Knob | XAxis::Index)
    }

    fn draw_curves(&self, canvas: &mut Canvas, x: &Axis, y: &Axis) {
        let all = || self.series.iter().enumerate();
        for (position, series) in all().filter(|(_, s)| draws_band(s)) {
            // Where more than 10 % of the seeds did not come to a value, the band leaves the panel.
            let top = y.at(y.high) - PAD;
            let high = |value: f64| {
                if value.is_finite() { y.at(value) } else { top }
            };
            let upper = series.points.iter().map(|p| (x.at(p.x), high(p.high)));
            let lower = series.points.iter().rev();
            let lower = lower.map(|p| (x.at(p.x), y.at(p.low)));
            let outline: Vec<Place> = upper.chain(lower).collect();
            let colour = colour(self.keys[series.key].colour);
            canvas.of_series(position, |canvas| canvas.area(&outline, colour, 0.18));
        }
        let places = |series: &Series| -> Vec<Place> {
            let points = series.points.iter();
            points.map(|p| (x.at(p.x), y.at(p.median))).collect()
        };
        let loose = |s: &Series| spacing(&places(s)) > DOT_GAP;
        let moments = self.panel.kind == PanelKind::Moments;
        let dotted = self.is_sparse() && !moments && self.series.iter().all(loose);
        let few = moments || self.panel.x_axis() == XAxis::Knob;
        let (theory, trained): (Vec<_>, Vec<_>) =
            all().partition(|(_, s)| s.appearance.role == Role::Theory);
        for (position, series) in theory.into_iter().chain(trained) {
            let filled = series.appearance.role == Role::Theory;
            let colour = colour(self.keys[series.key].colour);
            let crowded = !loose(series);
            let places = places(series);
            if places.len() > 1 {
                let stroke = stroke(series.appearance);
                // Spectra at two moments may coincide: their dashes then take turns.
                let offset = match self.panel.kind {
                    PanelKind::Moments => {
                        stroke.period() * series.key as f64 / self.keys.len() as f64
                    }
                    _ => 0.0,
                };
                let tint = line_colour(series.appearance, colour);
                canvas.of_series(position, |canvas| {
                    canvas.path_from(&places, &tint, stroke, offset);
                });
            }
            let has_dots = dotted || places.len() == 1 || (few && places.len() <= FEW);
            let radius = if crowded { SMALL_DOT } else { 3.5 };
            canvas.of_series(position, |canvas| {
                for &place in places.iter().filter(|_| has_dots) {
                    canvas.dot(place, radius, colour, filled);
                }
                for &missed in &series.missed {
                    let top = (x.at(missed), y.at(y.high));
                    canvas.mark(&Shape::Above.corners(top), colour, filled);
                }
                for &before in &series.before {
                    let bottom = (x.at(before), y.at(y.low));
                    canvas.mark(&Shape::Down.corners(bottom), colour, filled);
                }
            });
        }
    }
}

/// Mean distance between neighbours; infinite for a single place.
fn spacing(places: &[Place]) -> f64 {
    let gaps = places.windows(2).map(|pair| {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        (x1 - x0).hypot(y1 - y0)
    });
    match places.len() {
        0 | 1 => f64::INFINITY,
        count => gaps.sum::<f64>() / (count - 1) as f64,
    }
}
