//! The colour scale that the heat maps of a picture share, and its bar.

use plan::spec::{Panel, Scale, Transform};

use crate::{
    axis::{Axis, range},
    canvas::{Anchor, Canvas, Place},
    font,
    number::significant,
    plane::{Cell, Plane},
    style::{AXIS, HAIRLINE, INK, LABEL, Stroke},
    subscript::subscripts,
    ticks::ticks,
};

/// From transformed values to colours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColourScale {
    low: f64,
    high: f64,
    /// Values at which a line is drawn, increasing.
    contours: Vec<f64>,
    label: String,
    /// Whether a value lies below or above the scale.
    beyond: [bool; 2],
}

/// The colour at `share` of the scale, from 0 (dark) to 1 (light). Equal steps in value look like
/// equal steps in colour, also in grey and to colour-blind people.
fn viridis(share: f64) -> String {
    format!("#{:X}", colorous::VIRIDIS.eval_continuous(share))
}

/// A cell without a value.
pub(crate) const MISSING: &str = "#d0d0d0";
/// The lines across a cell without a value.
pub(crate) const HATCH: &str = "#7d7d7d";
/// A cell whose value is infinite.
pub(crate) const NEVER: &str = "#e6e6e6";
/// Distance between the lines across a cell without a value.
const HATCH_GAP: f64 = 7.0;

/// Dashes of contour lines, in the order of their values.
const DASHES: [&str; 3] = ["", "7 4", "2 3"];

/// Size of the bar, and of its pointed ends.
const LENGTH: f64 = 384.0;
const HEIGHT: f64 = 16.0;
const POINT: f64 = 12.0;
/// Pieces of one colour along the bar.
const PIECES: usize = 128;
const TICK: f64 = 5.0;
/// Room between label and bar.
const GAP: f64 = 20.0;

impl ColourScale {
    /// The scale of all heat maps of a picture; `None` where there is none.
    pub(crate) fn shared(maps: &[(&Panel, &Plane)]) -> Option<Self> {
        let (panel, _) = maps.first()?;
        let mut contours: Vec<f64> = maps
            .iter()
            .flat_map(|(panel, _)| panel.contour.iter().copied())
            .collect();
        contours.sort_by(f64::total_cmp);
        contours.dedup();
        let values = || {
            let cells = maps.iter().flat_map(|(_, plane)| plane.cells());
            cells.filter_map(|cell| match cell {
                Cell::Value(value) => Some(*value),
                Cell::Never | Cell::Missing => None,
            })
        };
        let own = || range(Scale::Linear, values().chain(contours.iter().copied()));
        // Without any finite value every scale is as good.
        let [low, high] = panel.colour_range.or_else(own).unwrap_or([0.0, 1.0]);
        Some(Self {
            low,
            high,
            beyond: [values().any(|v| v < low), values().any(|v| v > high)],
            contours,
            label: label(panel, maps),
        })
    }

    /// Lowest and highest value that have a colour of their own.
    pub(crate) fn range(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// Whether a value lies below or above the range, and has the colour of its end.
    pub(crate) fn beyond(&self) -> [bool; 2] {
        self.beyond
    }

    /// The colour of a value.
    pub(crate) fn colour(&self, value: f64) -> String {
        viridis((value - self.low) / (self.high - self.low))
    }

    /// The contour lines: value and dashes.
    pub(crate) fn contours(&self) -> impl Iterator<Item = (f64, &'static str)> {
        let contours = self.contours.iter().enumerate();
        contours.map(|(position, value)| (*value, DASHES[position % DASHES.len()]))
    }

    /// Whether the label stands beside the bar in `room`, and not above it.
    fn is_beside(&self, room: f64) -> bool {
        font::width(&self.label, AXIS) + GAP + LENGTH + 2.0 * POINT <= room
    }

    /// Draws the bar centred between `left` and `right`, below `top`; answers its height.
    pub(crate) fn draw(&self, canvas: &mut Canvas, left: f64, right: f64, top: f64) -> f64 {
        let width = font::width(&self.label, AXIS);
        let is_beside = self.is_beside(right - left);
        let head = if is_beside { 0.0 } else { AXIS * 1.5 };
        let beside = if is_beside { width + GAP } else { 0.0 };
        let whole = beside + LENGTH + 2.0 * POINT;
        // Whole pixels, so that no seams show between the pieces.
        let from = (left + (right - left - whole) / 2.0 + beside + POINT).round();
        let (top_of_bar, to) = ((top + head).round(), from + LENGTH);
        let bottom = top_of_bar + HEIGHT;
        canvas.group("colour-scale", |canvas| {
            if is_beside {
                let place = (from - POINT - GAP, top_of_bar + HEIGHT / 2.0 + 0.36 * AXIS);
                canvas.text(place, Anchor::End, AXIS, INK, &self.label);
            } else {
                let place = ((from + to) / 2.0, top + AXIS);
                canvas.text(place, Anchor::Middle, AXIS, INK, &self.label);
            }
            canvas.crisp("bar", |canvas| {
                let piece = LENGTH / PIECES as f64;
                for position in 0..PIECES {
                    let x = from + piece * position as f64;
                    let share = (position as f64 + 0.5) / PIECES as f64;
                    let high = (x + piece, bottom);
                    canvas.rect((x, top_of_bar), high, &viridis(share));
                }
            });
            let ends = [(from, -POINT, 0.0), (to, POINT, 1.0)];
            for ((x, out, share), _) in ends.into_iter().zip(self.beyond).filter(|end| end.1) {
                let tip = (x + out, (top_of_bar + bottom) / 2.0);
                let corners = [(x, top_of_bar), tip, (x, bottom)];
                canvas.area(&corners, &viridis(share), 1.0);
            }
            let axis = Axis::new(Scale::Linear, self.range(), [from, to]);
            let fits = |labels: &[(f64, String)]| {
                let width = |text: &String| font::width(text, LABEL);
                labels.windows(2).all(|pair| {
                    let distance = axis.at(pair[1].0) - axis.at(pair[0].0);
                    distance >= (width(&pair[0].1) + width(&pair[1].1)) / 2.0 + 14.0
                })
            };
            for (value, text) in ticks(Scale::Linear, self.low, self.high, fits).labelled {
                let x = axis.at(value);
                canvas.line((x, bottom), (x, bottom + TICK), INK, HAIRLINE);
                let place = (x, bottom + TICK + 3.0 + LABEL);
                canvas.text(place, Anchor::Middle, LABEL, INK, &text);
            }
            for (value, dashes) in self.contours() {
                let x = axis.at(value);
                draw_contour(canvas, &[(x, top_of_bar - 4.0), (x, bottom + 4.0)], dashes);
            }
        });
        head + HEIGHT + TICK + 3.0 + LABEL + 6.0
    }
}

/// Draws a contour line: light with a dark rim, to be seen on every colour.
pub(crate) fn draw_contour(canvas: &mut Canvas, places: &[Place], dashes: &'static str) {
    let rim = Stroke {
        width: 4.4,
        dashes: "",
    };
    let core = Stroke { width: 2.0, dashes };
    canvas.path(places, INK, rim);
    canvas.path(places, "#ffffff", core);
}

/// Lines across a cell without a value, rising to the right, that go on in its neighbours.
pub(crate) fn hatch(low: Place, high: Place) -> Vec<(Place, Place)> {
    // x + y is the same all along such a line.
    let first = ((low.0 + low.1) / HATCH_GAP).ceil() as i64;
    let last = ((high.0 + high.1) / HATCH_GAP).floor() as i64;
    (first..=last)
        .map(|line| {
            let sum = line as f64 * HATCH_GAP;
            let left = (sum - high.1).max(low.0);
            let right = (sum - low.1).min(high.0);
            ((left, sum - left), (right, sum - right))
        })
        .collect()
}

/// How a value of the scale is written in the legend.
pub(crate) fn written(value: f64) -> String {
    significant(value, 3)
}

/// What the colour is, and over how many seeds.
fn label(panel: &Panel, maps: &[(&Panel, &Plane)]) -> String {
    let mut label = if panel.colour_label.is_empty() {
        let metric = panel.metric.as_deref().unwrap_or_default();
        metric.replace('_', " ")
    } else {
        subscripts(&panel.colour_label)
    };
    if panel.transform == Transform::Log10 && !label.contains("log") {
        label = format!("log₁₀ {label}");
    }
    let several = maps.iter().map(|(_, plane)| plane.seeds);
    let several = several.filter(|seeds| seeds[1] > 1);
    let seeds = several.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
    match seeds {
        Some([fewest, most]) if fewest < most => {
            format!("{label} (median of {fewest} to {most} seeds)")
        }
        Some([_, most]) => format!("{label} (median of {most} seeds)"),
        None => label,
    }
}
