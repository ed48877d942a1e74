//! Marks on the axis of curves.

use crate::{
    axis::Axis,
    canvas::{Canvas, Place},
    crossing::Mark,
    keys::called,
    legend::{Entry, Shape},
    number::short,
    style::{INK, colour},
    subscript::subscripts,
};

use super::{super::axes::Frame, Curves};

/// Height of a row of marks.
const ROW: f64 = 11.5;
/// Room between the axis and the middle of the first row.
const FIRST: f64 = 8.0;
/// Smallest distance between marks of one row.
const APART: f64 = 11.0;
/// Distance between marks beyond the right edge.
const BEYOND: f64 = 14.0;

/// A mark with its row, counted from the axis, and its horizontal place.
struct Standing<'m> {
    mark: &'m Mark,
    row: usize,
    x: f64,
    beyond: bool,
}

impl Mark {
    pub(super) fn shape(&self) -> Shape {
        match (self.level, self.measured) {
            (None | Some(0), true) => Shape::Down,
            (None | Some(0), false) => Shape::Up,
            (Some(1), _) => Shape::Diamond,
            (Some(_), _) => Shape::Square,
        }
    }

    /// Whether it came before the first record, at a time that nobody saw.
    fn is_before(&self) -> bool {
        self.x == f64::NEG_INFINITY
    }

    /// Marks of one sort have rows of their own, predicted below measured: tip to tip, these cannot
    /// cover each other.
    fn sort(&self) -> (Option<usize>, bool) {
        (self.level, self.measured)
    }
}

impl Curves<'_> {
    /// Room right of the axes for marks beyond.
    pub(super) fn room_beyond(&self) -> f64 {
        let beyond = |m: &&Mark| m.x > self.x[1];
        let most = self.sorts().into_iter().map(|sort| {
            let own = self.marks.iter().filter(|mark| mark.sort() == sort);
            own.filter(beyond).count()
        });
        BEYOND * most.max().unwrap_or(0) as f64
    }

    /// Height that marks beyond the right edge keep free of labels.
    pub(super) fn beside_marks(&self, inner: Frame, x: &Axis) -> f64 {
        let standing = self.standing(inner, x);
        let beyond = standing.iter().filter(|mark| mark.beyond);
        let rows = beyond.map(|mark| mark.row + 1).max();
        rows.map_or(0.0, |rows| Self::height_of(rows) + 4.0)
    }

    /// The fewest rows that the marks can take.
    pub(super) fn fewest_rows(&self) -> usize {
        self.sorts().len()
    }

    /// Rows that the marks take on this axis.
    pub(super) fn rows(&self, inner: Frame, x: &Axis) -> usize {
        let standing = self.standing(inner, x);
        standing.iter().map(|mark| mark.row + 1).max().unwrap_or(0)
    }

    /// Height of so many rows, with what keeps curves away from them.
    pub(super) fn height_of(rows: usize) -> f64 {
        FIRST - 1.0 + ROW * rows as f64
    }

    fn sorts(&self) -> Vec<(Option<usize>, bool)> {
        let mut sorts: Vec<_> = self.marks.iter().map(Mark::sort).collect();
        sorts.sort_unstable();
        sorts.dedup();
        sorts
    }

    /// Where every mark stands; one that would cover another of its sort moves up.
    fn standing(&self, inner: Frame, x: &Axis) -> Vec<Standing<'_>> {
        let mut standing = Vec::new();
        let mut first = 0;
        for sort in self.sorts() {
            let own = self.marks.iter().filter(|mark| mark.sort() == sort);
            let (beyond, mut inside): (Vec<&Mark>, Vec<&Mark>) = own.partition(|m| m.x > x.high);
            inside.sort_by(|a, b| a.x.total_cmp(&b.x));
            let mut ends: Vec<f64> = vec![f64::NEG_INFINITY];
            for mark in inside {
                let at = x.at(mark.x.max(x.low));
                let free = ends.iter().position(|end| at - end >= APART);
                let row = free.unwrap_or(ends.len());
                ends.resize(ends.len().max(row + 1), at);
                ends[row] = at;
                standing.push(Standing {
                    mark,
                    row: first + row,
                    x: at,
                    beyond: false,
                });
            }
            standing.extend(
                beyond
                    .into_iter()
                    .enumerate()
                    .map(|(place, mark)| Standing {
                        mark,
                        row: first,
                        x: inner.right - 6.0 + BEYOND * (place + 1) as f64,
                        beyond: true,
                    }),
            );
            first += ends.len();
        }
        standing
    }

    pub(super) fn draw_marks(&self, canvas: &mut Canvas, inner: Frame, x: &Axis) {
        if self.marks.is_empty() {
            return;
        }
        let class = if self.panel.marks.is_empty() {
            "half-times"
        } else {
            "marks"
        };
        canvas.group(class, |canvas| {
            for Standing {
                mark,
                row,
                x,
                beyond,
            } in self.standing(inner, x)
            {
                let place: Place = (x, inner.bottom - FIRST - ROW * row as f64);
                let shape = match beyond {
                    true => Shape::Beyond,
                    false if mark.is_before() => Shape::Before,
                    false => mark.shape(),
                };
                let colour = mark.colour.map_or(INK, colour);
                canvas.mark(&shape.corners(place), colour, !mark.measured);
            }
        });
    }

    /// What the legend must explain of the marks.
    pub(super) fn mark_entries(&self) -> Vec<Entry> {
        let sorts = self.sorts().into_iter().filter_map(|sort| {
            let mark = self.marks.iter().find(|mark| mark.sort() == sort)?;
            let text = match mark.level.and_then(|at| self.panel.marks.get(at)) {
                None if mark.measured => "measured half-time".to_owned(),
                None => "predicted half-time".to_owned(),
                Some(level) => {
                    let mut metrics = self.panel.metrics.iter();
                    let position = metrics.position(|metric| *metric == level.metric);
                    let label = position.and_then(|at| self.panel.metric_labels.get(at));
                    format!(
                        "{}{}: {} ≥ {}",
                        subscripts(&level.label),
                        if mark.measured { "" } else { ", predicted" },
                        called(&level.metric, label),
                        short(level.level)
                    )
                }
            };
            Some(Entry::Mark(mark.shape(), !mark.measured, text))
        });
        let mut entries: Vec<Entry> = sorts.collect();
        let never = self.marks.iter().any(|mark| mark.x == f64::INFINITY);
        let later = |mark: &Mark| mark.x.is_finite() && mark.x > self.x[1];
        let mut beyond = Vec::new();
        if self.marks.iter().any(later) {
            beyond.push("later than shown".to_owned());
        }
        if never {
            beyond.push(format!("not within {} steps", self.last_step));
        }
        if !beyond.is_empty() {
            entries.push(Entry::Mark(Shape::Beyond, false, beyond.join(", or ")));
        }
        if self.marks.iter().any(Mark::is_before) {
            let before = "before the first record".to_owned();
            entries.push(Entry::Mark(Shape::Before, false, before));
        }
        entries
    }
}
