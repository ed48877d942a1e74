//! A panel on the canvas: axes, curves, marks and labels.

use lab::spec::{PanelKind, Role, XAxis};

use crate::{
    axis::Axis,
    canvas::{Anchor, Canvas, Place},
    collect::{Series, scales},
    crossing::Mark,
    font,
    keys::x_axis,
    label::{self, LINE, Label, SWATCH, Side},
    legend::Shape,
    style::{AXIS, HAIRLINE, HEADING, INK, LABEL, colour, line_colour, stroke, text_colour},
    subscript::subscripts,
    ticks::{Ticks, ticks},
};

use super::{Prepared, draws_band};

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// Room between the lowest curve and the axis, and above the highest.
const PAD: f64 = 10.0;
/// Room of a row of half-time marks.
const MARKS: f64 = 30.0;
/// Length of ticks, and of minor ones.
const TICK: f64 = 5.0;
const MINOR: f64 = 3.0;
/// Smallest share of the axis that tick labels must leave free between them.
const TICK_GAP: f64 = 14.0;
/// Smallest mean distance between neighbouring dots; denser ones would hide the line style.
const DOT_GAP: f64 = 16.0;
/// Room between the labels of curves that stand inside the axes.
const BLOCK_GAP: f64 = 6.0;

/// The axes of a panel in their place.
struct Axes {
    inner: Frame,
    x: Axis,
    y: Axis,
    x_ticks: Ticks,
    y_ticks: Ticks,
    y_lines: Vec<String>,
}

impl Prepared<'_> {
    /// Lines that the label below the axis takes when it has `room`.
    fn x_label_lines(&self, room: f64) -> Vec<String> {
        let joined = self.x_label.join(&"\u{a0}".repeat(8));
        if font::width(&joined, AXIS) <= room - 90.0 {
            return vec![joined];
        }
        let parts = self.x_label.iter();
        parts
            .flat_map(|part| font::wrap(part, AXIS, room))
            .collect()
    }

    /// Height of everything below the axes of a panel that is `width` wide.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        let lines = self.x_label_lines(width).len() as f64;
        TICK + 4.0 + LABEL + 10.0 + lines * AXIS * 1.25
    }

    /// Height of everything above the axes.
    pub(crate) fn head(&self) -> f64 {
        if self.panel.title.is_empty() {
            4.0
        } else {
            HEADING * 1.6
        }
    }

    fn right_margin(&self) -> f64 {
        let lines = self.ends.iter().flat_map(|label| &label.lines);
        let labels = lines.map(label::Line::width).fold(0.0, f64::max);
        let ends = if labels > 0.0 { labels + 20.0 } else { 0.0 };
        let missing = |measured: bool| {
            let beyond = |m: &&Mark| m.measured == measured && m.x > self.x[1];
            self.marks.iter().filter(beyond).count()
        };
        let beyond = 14.0 * missing(true).max(missing(false)) as f64;
        ends.max(beyond + 6.0).max(14.0)
    }

    /// Where the axes stand in `outer` when `margin` is left free right of them, and `headroom`
    /// above the curves.
    fn axes(&self, outer: Frame, foot: f64, margin: f64, headroom: f64) -> Axes {
        let (x_scale, y_scale) = scales(self.panel);
        let mut inner = Frame {
            left: outer.left,
            top: outer.top + self.head(),
            right: outer.right - margin,
            bottom: outer.bottom - foot,
        };
        let below = if self.marks.is_empty() { PAD } else { MARKS };
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
            apart(labels.iter().map(|(value, _)| (y.at(*value), LABEL)), 14.0)
        });
        let widths = y_ticks
            .labelled
            .iter()
            .map(|(_, text)| font::width(text, LABEL));
        let y_label = subscripts(&self.panel.y_label);
        let y_lines = font::wrap(&y_label, AXIS, inner.bottom - inner.top + 30.0);
        let label_room = AXIS * 1.25 * y_lines.len() as f64;
        inner.left += label_room + 8.0 + widths.fold(0.0, f64::max) + TICK + 5.0;
        // Dots on the first and last place need room beside them.
        let side = if self.is_sparse() { PAD } else { 0.0 };
        let x = Axis::new(x_scale, self.x, [inner.left + side, inner.right - side]);
        let x_ticks = ticks(x_scale, self.x[0], self.x[1], |labels| {
            let widths = labels
                .iter()
                .map(|(value, text)| (x.at(*value), font::width(text, LABEL)));
            apart(widths, TICK_GAP)
        });
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

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame, foot: f64) {
        let (axes, corner) = self.arranged(outer, foot);
        let Axes {
            inner,
            x,
            y,
            x_ticks,
            y_ticks,
            y_lines,
        } = axes;
        if !self.panel.title.is_empty() {
            let place = (inner.left, outer.top + HEADING);
            let title = subscripts(&self.panel.title);
            canvas.text(place, Anchor::Start, HEADING, INK, &title);
        }
        canvas.group("curves", |canvas| {
            let low = (inner.left, inner.top);
            canvas.clipped(low, (inner.right, inner.bottom), |canvas| {
                self.draw_curves(canvas, &x, &y);
            });
        });
        canvas.group("axes", |canvas| {
            draw_axes(canvas, inner, (&x, &x_ticks), (&y, &y_ticks));
            let left = outer.left + AXIS;
            let middle = (inner.top + inner.bottom) / 2.0;
            for (line, text) in y_lines.iter().enumerate() {
                let place = (left + AXIS * 1.25 * line as f64, middle);
                canvas.text_upwards(place, AXIS, INK, text);
            }
            let middle = (inner.left + inner.right) / 2.0;
            let below = inner.bottom + TICK + 4.0 + LABEL + 8.0;
            let lines = self.x_label_lines(outer.right - outer.left);
            for (line, text) in lines.iter().enumerate() {
                let half = font::width(text, AXIS) / 2.0;
                let centre = middle.min(outer.right - half).max(outer.left + half);
                let place = (centre, below + AXIS * (1.0 + 1.25 * line as f64));
                canvas.text(place, Anchor::Middle, AXIS, INK, text);
            }
        });
        self.draw_marks(canvas, inner, &x);
        match self.side {
            Side::Nowhere => {}
            Side::Top => self.draw_top_labels(canvas, inner, &x),
            Side::End => match corner {
                Some(corner) => self.draw_block(canvas, corner),
                None => self.draw_end_labels(canvas, inner, &y),
            },
        }
    }

    /// Whether every place of a curve is a value of its own, shown as a dot.
    fn is_sparse(&self) -> bool {
        matches!(x_axis(self.panel), XAxis::Knob | XAxis::Index)
    }

    fn draw_curves(&self, canvas: &mut Canvas, x: &Axis, y: &Axis) {
        for series in self.series.iter().filter(|s| draws_band(self.panel, s)) {
            let upper = series.points.iter().map(|p| (x.at(p.x), y.at(p.high)));
            let lower = series.points.iter().rev();
            let lower = lower.map(|p| (x.at(p.x), y.at(p.low)));
            let outline: Vec<Place> = upper.chain(lower).collect();
            canvas.area(&outline, colour(self.keys[series.key].colour), 0.18);
        }
        let places = |series: &Series| -> Vec<Place> {
            let points = series.points.iter();
            points.map(|p| (x.at(p.x), y.at(p.median))).collect()
        };
        let role = |series: &Series| self.panel.layers[series.layer].role;
        let dotted = self.is_sparse() && self.series.iter().all(|s| spacing(&places(s)) > DOT_GAP);
        let (theory, trained): (Vec<&Series>, Vec<&Series>) =
            self.series.iter().partition(|s| role(s) == Role::Theory);
        for series in theory.into_iter().chain(trained) {
            let role = role(series);
            let colour = colour(self.keys[series.key].colour);
            let places = places(series);
            if places.len() > 1 {
                canvas.path(&places, &line_colour(role, colour), stroke(role));
            }
            if dotted || places.len() == 1 {
                for &place in &places {
                    canvas.dot(place, 3.5, colour, role == Role::Theory);
                }
            }
            for &missed in &series.missed {
                let top = (x.at(missed), y.at(y.high));
                canvas.mark(&Shape::Above.corners(top), colour, role == Role::Theory);
            }
        }
    }

    fn draw_marks(&self, canvas: &mut Canvas, inner: Frame, x: &Axis) {
        if self.marks.is_empty() {
            return;
        }
        canvas.group("half-times", |canvas| {
            let mut beyond = [0, 0];
            for mark in &self.marks {
                // Measured above predicted, tip to tip: they cannot cover each other.
                let y = inner.bottom - if mark.measured { 19.5 } else { 8.0 };
                let colour = colour(self.keys[mark.key].colour);
                let corners = if mark.x > x.high {
                    let row = &mut beyond[usize::from(mark.measured)];
                    *row += 1;
                    Shape::Beyond.corners((inner.right - 6.0 + 14.0 * f64::from(*row), y))
                } else {
                    let shape = if mark.measured {
                        Shape::Down
                    } else {
                        Shape::Up
                    };
                    shape.corners((x.at(mark.x.max(x.low)), y))
                };
                canvas.mark(&corners, colour, !mark.measured);
            }
        });
    }

    fn draw_top_labels(&self, canvas: &mut Canvas, inner: Frame, x: &Axis) {
        let labels = label::top(self.panel, &self.keys, &self.series, x, self.y);
        let mut centres: Vec<f64> = labels.iter().map(|label| x.at(label.at)).collect();
        label::together(&mut centres, label::GAP);
        let mut in_order: Vec<(f64, Label)> = centres.into_iter().zip(labels).collect();
        in_order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (centres, labels): (Vec<f64>, Vec<Label>) = in_order.into_iter().unzip();
        let room = (inner.left + 4.0, inner.right + 10.0);
        let full: Vec<&str> = labels
            .iter()
            .map(|label| self.keys[label.key].label.as_str())
            .collect();
        let mut short: Vec<&str> = labels
            .iter()
            .map(|label| self.keys[label.key].short.as_str())
            .collect();
        if let (Some(first), Some(name)) = (short.first_mut(), full.first()) {
            *first = name;
        }
        for (texts, size) in [(&full, LABEL), (&short, LABEL), (&short, 11.0)] {
            let widths: Vec<f64> = texts.iter().map(|text| font::width(text, size)).collect();
            let placed = label::spread(&centres, &widths, label::GAP, room.0, room.1);
            let Some(placed) = placed else { continue };
            for ((label, text), centre) in labels.iter().zip(texts).zip(placed) {
                let place = (centre, inner.top + LABEL);
                let colour = text_colour(self.keys[label.key].colour);
                canvas.text(place, Anchor::Middle, size, colour, text);
            }
            return;
        }
    }

    fn draw_end_labels(&self, canvas: &mut Canvas, inner: Frame, y: &Axis) {
        let ends: Vec<f64> = self.ends.iter().map(|label| y.at(label.at)).collect();
        let mut ends: Vec<f64> = ends
            .into_iter()
            .map(|end| end.clamp(inner.top, inner.bottom))
            .collect();
        label::together(&mut ends, 6.0);
        let (low, high) = (inner.top - 6.0, inner.bottom + 6.0);
        let fitting = (8..=20).rev().map(|tenths| LINE * f64::from(tenths) / 20.0);
        let placed = fitting.into_iter().find_map(|line| {
            let heights: Vec<f64> = self
                .ends
                .iter()
                .map(|label| line * label.lines.len() as f64)
                .collect();
            let placed = label::spread(&ends, &heights, line / 6.0, low, high)?;
            Some((placed, line))
        });
        let Some((placed, line)) = placed else { return };
        for ((label, end), centre) in self.ends.iter().zip(&ends).zip(placed) {
            let key = &self.keys[label.key];
            let left = inner.right + 16.0;
            if (centre - end).abs() > 4.0 {
                let (from, to) = ((inner.right + 3.0, *end), (left - 3.0, centre));
                canvas.line(from, to, colour(key.colour), HAIRLINE);
            }
            let top = centre - line * label.lines.len() as f64 / 2.0;
            draw_lines(canvas, (left, top), label, key.colour, line);
        }
    }

    /// Draws the labels one below the other, in the order of the ends of their curves.
    fn draw_block(&self, canvas: &mut Canvas, (left, top): Place) {
        let mut labels: Vec<&Label> = self.ends.iter().collect();
        labels.sort_by(|a, b| b.at.total_cmp(&a.at));
        let mut y = top;
        for label in labels {
            let colour = self.keys[label.key].colour;
            draw_lines(canvas, (left, y), label, colour, LINE);
            y += LINE * label.lines.len() as f64 + BLOCK_GAP;
        }
    }
}

/// Draws a label whose lines are `line` high below `top`.
fn draw_lines(canvas: &mut Canvas, (left, top): Place, label: &Label, key: usize, line: f64) {
    let size = LABEL * line / LINE;
    for (row, text) in label.lines.iter().enumerate() {
        let baseline = top + line * row as f64 + 0.5 * line + 0.36 * size;
        let mut x = left;
        if let Some(role) = text.swatch {
            let middle = baseline - 0.36 * size;
            let to = (x + SWATCH - 6.0, middle);
            canvas.line(
                (x, middle),
                to,
                &line_colour(role, colour(key)),
                stroke(role),
            );
            x += SWATCH;
        }
        canvas.text(
            (x, baseline),
            Anchor::Start,
            size,
            text_colour(key),
            &text.text,
        );
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

fn apart(labels: impl Iterator<Item = (f64, f64)>, gap: f64) -> bool {
    let labels: Vec<(f64, f64)> = labels.collect();
    labels.windows(2).all(|pair| {
        let distance = (pair[1].0 - pair[0].0).abs();
        distance >= (pair[0].1 + pair[1].1) / 2.0 + gap
    })
}

fn draw_axes(canvas: &mut Canvas, inner: Frame, x: (&Axis, &Ticks), y: (&Axis, &Ticks)) {
    let corner = (inner.left, inner.bottom);
    let corners = [(inner.left, inner.top), corner, (inner.right, inner.bottom)];
    canvas.path(&corners, INK, HAIRLINE);
    let tick = |canvas: &mut Canvas, at: f64, length: f64| {
        canvas.line(
            (at, inner.bottom),
            (at, inner.bottom + length),
            INK,
            HAIRLINE,
        );
    };
    for (value, text) in &x.1.labelled {
        let at = x.0.at(*value);
        tick(canvas, at, TICK);
        let place = (at, inner.bottom + TICK + 3.0 + LABEL);
        canvas.text(place, Anchor::Middle, LABEL, INK, text);
    }
    for &value in &x.1.minor {
        tick(canvas, x.0.at(value), MINOR);
    }
    let tick = |canvas: &mut Canvas, at: f64, length: f64| {
        canvas.line((inner.left, at), (inner.left - length, at), INK, HAIRLINE);
    };
    for (value, text) in &y.1.labelled {
        let at = y.0.at(*value);
        tick(canvas, at, TICK);
        let place = (inner.left - TICK - 4.0, at + 0.36 * LABEL);
        canvas.text(place, Anchor::End, LABEL, INK, text);
    }
    for &value in &y.1.minor {
        tick(canvas, y.0.at(value), MINOR);
    }
}
