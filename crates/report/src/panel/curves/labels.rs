//! Labels on curves.

use crate::{
    axis::Axis,
    canvas::{Anchor, Canvas, Place},
    font,
    label::{self, LINE, Label, SWATCH},
    style::{HAIRLINE, LABEL, colour, line_colour, stroke, text_colour},
};

use super::{
    super::axes::{Axes, Frame},
    Curves,
    draw::BLOCK_GAP,
};

impl Curves<'_> {
    pub(super) fn draw_top_labels(&self, canvas: &mut Canvas, inner: Frame, x: &Axis) {
        let labels = label::top(&self.keys, &self.series, x, self.y);
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

    pub(super) fn draw_end_labels(&self, canvas: &mut Canvas, axes: &Axes) {
        let Axes { inner, x, y, .. } = axes;
        let ends: Vec<f64> = self.ends.iter().map(|label| y.at(label.at)).collect();
        let mut ends: Vec<f64> = ends
            .into_iter()
            .map(|end| end.clamp(inner.top, inner.bottom))
            .collect();
        label::together(&mut ends, 6.0);
        // Marks beyond the right edge stand where the lowest labels would.
        let (low, high) = (
            inner.top - 6.0,
            inner.bottom + 6.0 - self.beside_marks(*inner, x),
        );
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
    pub(super) fn draw_block(&self, canvas: &mut Canvas, (left, top): Place) {
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
        if let Some(appearance) = text.swatch {
            let middle = baseline - 0.36 * size;
            let to = (x + SWATCH - 6.0, middle);
            canvas.line(
                (x, middle),
                to,
                &line_colour(appearance, colour(key)),
                stroke(appearance),
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
