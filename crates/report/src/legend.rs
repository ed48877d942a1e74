//! The legend of line styles below the axes. Colours are explained on the curves.

use crate::{
    canvas::{Anchor, Canvas, Place},
    colour_scale::{HATCH, MISSING, draw_contour, hatch},
    font,
    style::{
        Appearance, FAINT, HAIRLINE, INK, MEAN, RAY, SMALL, TO_MEAN, colour, line_colour, stroke,
    },
};

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// A line style and what it stands for.
    Line(Appearance, String),
    /// A mark, whether it is filled, and what it stands for.
    Mark(Shape, bool, String),
    /// The position of a colour and what is to be said about it.
    Colour(usize, String),
    /// The dashes of a contour line and its value.
    Contour(&'static str, String),
    /// A colour of a heat map that the colour scale does not explain.
    Patch(Patch, String),
    /// The points of a class: the position of its colour and what it is called.
    Class(usize, String),
    /// The mean of a class.
    Mean(String),
    /// Directions from the origin.
    Ray(String),
    /// What a panel shows: its heading and what must be known about it. The headings are written
    /// where panels differ.
    Note(String, String),
}

/// How a cell of a heat map is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Patch {
    /// With one colour.
    Plain(String),
    /// Like a cell without a value.
    Hatched,
}

/// The marks on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// ▲ with its tip at the place.
    Up,
    /// ▽ with its tip at the place.
    Down,
    /// ▷ with its tip at the place: beyond the right edge.
    Beyond,
    /// ◁ with its tip at the place: before the first record.
    Before,
    /// A small arrow up: beyond the upper edge.
    Above,
    /// ◇ around the place.
    Diamond,
    /// □ around the place.
    Square,
}

impl Shape {
    /// Its corners, around a centre.
    pub(crate) fn corners(self, (x, y): Place) -> Vec<Place> {
        const HALF: f64 = 5.0;
        // As wide as it looks beside a triangle.
        const SIDE: f64 = 4.2;
        let (left, right, top, bottom) = (x - HALF, x + HALF, y - HALF, y + HALF);
        match self {
            Self::Up | Self::Above => vec![(x, top), (right, bottom), (left, bottom)],
            Self::Down => vec![(x, bottom), (right, top), (left, top)],
            Self::Beyond => vec![(right, y), (left, top), (left, bottom)],
            Self::Before => vec![(left, y), (right, top), (right, bottom)],
            Self::Diamond => vec![(x, top), (right, y), (x, bottom), (left, y)],
            Self::Square => vec![
                (x - SIDE, y - SIDE),
                (x + SIDE, y - SIDE),
                (x + SIDE, y + SIDE),
                (x - SIDE, y + SIDE),
            ],
        }
    }
}

const SWATCH: f64 = 38.0;
const GAP: f64 = 10.0;
const BETWEEN: f64 = 44.0;
const ROW: f64 = SMALL * 1.5;

impl Entry {
    fn text(&self) -> &str {
        match self {
            Self::Line(_, text)
            | Self::Mark(_, _, text)
            | Self::Colour(_, text)
            | Self::Contour(_, text)
            | Self::Patch(_, text)
            | Self::Class(_, text)
            | Self::Mean(text)
            | Self::Ray(text)
            | Self::Note(_, text) => text,
        }
    }

    fn width(&self) -> f64 {
        self.indent() + font::width(self.text(), SMALL)
    }

    /// Room that is taken before the text.
    fn indent(&self) -> f64 {
        match self {
            Self::Note(..) => 0.0,
            _ => SWATCH + GAP,
        }
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): Place) {
        let middle = y - 0.35 * SMALL;
        match self {
            Self::Line(appearance, _) => {
                let to = (x + SWATCH, middle);
                canvas.line(
                    (x, middle),
                    to,
                    &line_colour(*appearance, INK),
                    stroke(*appearance),
                );
            }
            Self::Mark(shape, filled, _) => {
                let corners = shape.corners((x + SWATCH / 2.0, middle));
                canvas.mark(&corners, INK, *filled);
            }
            Self::Colour(position, _) => {
                let (low, high) = ((x + 9.0, middle - 4.0), (x + SWATCH - 9.0, middle + 4.0));
                canvas.rect(low, high, colour(*position));
            }
            Self::Contour(dashes, _) => {
                draw_contour(canvas, &[(x, middle), (x + SWATCH, middle)], dashes);
            }
            Self::Patch(patch, _) => {
                let (low, high) = ((x + 7.0, middle - 6.0), (x + SWATCH - 7.0, middle + 6.0));
                match patch {
                    Patch::Plain(colour) => canvas.rect(low, high, colour),
                    Patch::Hatched => {
                        canvas.rect(low, high, MISSING);
                        canvas.segments(&hatch(low, high), HATCH, HAIRLINE);
                    }
                }
            }
            Self::Class(position, _) => {
                canvas.disc((x + SWATCH / 2.0, middle), 4.5, colour(*position), 1.0);
            }
            Self::Mean(_) => {
                let mean = (x + SWATCH - 8.0, middle);
                canvas.line((x, middle), mean, FAINT, TO_MEAN);
                canvas.outlined_dot(mean, MEAN, FAINT);
            }
            Self::Ray(_) => canvas.line((x, middle), (x + SWATCH, middle), FAINT, RAY),
            Self::Note(..) => {}
        }
        let place = (x + self.indent(), y);
        canvas.text(place, Anchor::Start, SMALL, INK, self.text());
    }
}

/// Notes that say the same become one; where panels differ, each says which it is about.
pub(crate) fn merge_notes(entries: Vec<Entry>) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::new();
    let mut notes: Vec<(String, Vec<String>)> = Vec::new();
    for entry in entries {
        match entry {
            Entry::Note(heading, text) => match notes.iter_mut().find(|note| note.0 == text) {
                Some((_, headings)) => headings.push(heading),
                None => notes.push((text, vec![heading])),
            },
            entry => merged.push(entry),
        }
    }
    let differ = notes.len() > 1;
    merged.extend(notes.into_iter().map(|(text, headings)| {
        let headings = headings.join(", ");
        let text = if differ {
            format!("{headings}: {text}")
        } else {
            text
        };
        Entry::Note(headings, text)
    }));
    merged
}

/// The entries in columns: lines left, marks right, where that fits into `room`.
pub(crate) fn columns(entries: &[Entry], room: f64) -> Vec<Vec<Entry>> {
    let (lines, marks): (Vec<Entry>, Vec<Entry>) = entries.iter().cloned().partition(|entry| {
        matches!(
            entry,
            Entry::Line(..) | Entry::Contour(..) | Entry::Class(..)
        )
    });
    let half = lines.len().div_ceil(2);
    let candidates = [
        if lines.len() > 2 {
            vec![
                lines[..half].to_vec(),
                lines[half..].to_vec(),
                marks.clone(),
            ]
        } else {
            Vec::new()
        },
        vec![lines.clone(), marks.clone()],
        vec![lines.into_iter().chain(marks).collect()],
    ];
    let mut filled = candidates.map(|columns| {
        let columns = columns.into_iter().filter(|column| !column.is_empty());
        columns.collect::<Vec<_>>()
    });
    let fits = |columns: &Vec<Vec<Entry>>| !columns.is_empty() && width(columns) <= room;
    let best = filled.iter().position(fits).unwrap_or(filled.len() - 1);
    std::mem::take(&mut filled[best])
}

fn width(columns: &[Vec<Entry>]) -> f64 {
    let widths: f64 = columns.iter().map(|column| widest(column)).sum();
    widths + BETWEEN * columns.len().saturating_sub(1) as f64
}

fn widest(column: &[Entry]) -> f64 {
    column.iter().map(Entry::width).fold(0.0, f64::max)
}

/// Draws the legend centred between `left` and `right`, below `top`; answers its height.
pub(crate) fn draw(canvas: &mut Canvas, entries: &[Entry], left: f64, right: f64, top: f64) -> f64 {
    let columns = columns(entries, right - left);
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut x = left + ((right - left - width(&columns)) / 2.0).max(0.0);
    canvas.group("legend", |canvas| {
        for column in &columns {
            for (row, entry) in column.iter().enumerate() {
                canvas.group("entry", |canvas| {
                    entry.draw(canvas, (x, top + SMALL + ROW * row as f64));
                });
            }
            x += widest(column) + BETWEEN;
        }
    });
    ROW * rows as f64
}
