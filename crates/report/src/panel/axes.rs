//! What panels of every kind share: where the axes stand, ticks, labels and the heading.

use crate::{
    axis::Axis,
    canvas::{Anchor, Canvas},
    font,
    style::{AXIS, HAIRLINE, HEADING, INK, LABEL},
    subscript::subscripts,
    ticks::Ticks,
};

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// Length of ticks, and of minor ones.
pub(super) const TICK: f64 = 5.0;
const MINOR: f64 = 3.0;
/// Smallest share of the axis that tick labels must leave free between them.
pub(super) const TICK_GAP: f64 = 14.0;

/// The axes of a panel in their place.
pub(crate) struct Axes {
    pub(crate) inner: Frame,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(super) x_ticks: Ticks,
    pub(super) y_ticks: Ticks,
    pub(super) y_lines: Vec<String>,
}

impl Axes {
    /// Draws lines, ticks and labels of both axes; `x_lines` are the label below.
    pub(super) fn draw(&self, canvas: &mut Canvas, outer: Frame, x_lines: &[String]) {
        let inner = self.inner;
        canvas.group("axes", |canvas| {
            draw_ticks(
                canvas,
                inner,
                (&self.x, &self.x_ticks),
                (&self.y, &self.y_ticks),
            );
            let left = outer.left + AXIS;
            let middle = (inner.top + inner.bottom) / 2.0;
            for (line, text) in self.y_lines.iter().enumerate() {
                let place = (left + AXIS * 1.25 * line as f64, middle);
                canvas.text_upwards(place, AXIS, INK, text);
            }
            let middle = (inner.left + inner.right) / 2.0;
            let below = inner.bottom + TICK + 4.0 + LABEL + 8.0;
            for (line, text) in x_lines.iter().enumerate() {
                let half = font::width(text, AXIS) / 2.0;
                let centre = middle.min(outer.right - half).max(outer.left + half);
                let place = (centre, below + AXIS * (1.0 + 1.25 * line as f64));
                canvas.text(place, Anchor::Middle, AXIS, INK, text);
            }
        });
    }
}

/// Lines that the label below an axis takes when it has `room`.
pub(super) fn label_lines(parts: &[String], room: f64) -> Vec<String> {
    let joined = parts.join(&"\u{a0}".repeat(8));
    if font::width(&joined, AXIS) <= room - 90.0 {
        return vec![joined];
    }
    let parts = parts.iter();
    parts
        .flat_map(|part| font::wrap(part, AXIS, room))
        .collect()
}

/// Height of everything below the axes of a panel whose label there has `lines`.
pub(super) fn foot(lines: usize) -> f64 {
    TICK + 4.0 + LABEL + 10.0 + lines as f64 * AXIS * 1.25
}

/// Height of everything above the axes of a panel with this heading.
pub(super) fn head(title: &str) -> f64 {
    if title.is_empty() { 4.0 } else { HEADING * 1.6 }
}

/// Draws the heading of a panel.
pub(super) fn draw_head(canvas: &mut Canvas, left: f64, top: f64, title: &str) {
    if !title.is_empty() {
        let place = (left, top + HEADING);
        canvas.text(place, Anchor::Start, HEADING, INK, &subscripts(title));
    }
}

/// Lines of the label beside an axis of this height, and the room that they take.
pub(super) fn side_label(label: &str, height: f64) -> (Vec<String>, f64) {
    let lines = font::wrap(&subscripts(label), AXIS, height + 30.0);
    let room = AXIS * 1.25 * lines.len() as f64;
    (lines, room)
}

/// Room that the ticks of a vertical axis take beside it.
pub(super) fn side_ticks(ticks: &Ticks) -> f64 {
    let labels = ticks.labelled.iter();
    let widths = labels.map(|(_, text)| font::width(text, LABEL));
    8.0 + widths.fold(0.0, f64::max) + TICK + 5.0
}

/// Whether labels (place and length) leave a gap between them.
pub(super) fn apart(labels: impl Iterator<Item = (f64, f64)>, gap: f64) -> bool {
    let labels: Vec<(f64, f64)> = labels.collect();
    labels.windows(2).all(|pair| {
        let distance = (pair[1].0 - pair[0].0).abs();
        distance >= (pair[0].1 + pair[1].1) / 2.0 + gap
    })
}

fn draw_ticks(canvas: &mut Canvas, inner: Frame, x: (&Axis, &Ticks), y: (&Axis, &Ticks)) {
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
