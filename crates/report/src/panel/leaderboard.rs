//! Explanations of a net's curves, best first: the share that each explains, with its interval.

use judge::{Estimate, LeaderboardEntry, LeaderboardVerdict, Part, Run};
use plan::spec::{Panel, Picture, Scale};

use crate::{
    ReportError,
    axis::Axis,
    canvas::{Anchor, Canvas},
    font,
    legend::Entry,
    number::plain,
    style::{FAINT, HAIRLINE, INK, LABEL, QUIET, SMALL, Stroke, colour},
    subscript::subscripts,
    ticks::{Ticks, ticks},
};

use super::{
    axes::{self, Axes, Frame, TICK_GAP},
    name_of,
};

/// Shares that the axis shows; worse ones stand at its left end with their number.
const SHOWN: [f64; 2] = [-0.25, 1.1];
/// Radius of the dot of an explanation, and the line of its interval.
const DOT: f64 = 5.0;
const INTERVAL: Stroke = Stroke {
    width: 2.4,
    dashes: "",
};
/// Room between the names and the axis, and right of the axis for the margins in bits.
const GAP: f64 = 12.0;
const BITS: f64 = 88.0;

/// A leaderboard, before it has a place.
pub(crate) struct Leaderboard<'a> {
    panel: &'a Panel,
    verdict: &'a LeaderboardVerdict,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    entry: &'a LeaderboardEntry,
    share: &'a Estimate,
    name: String,
}

impl<'a> Leaderboard<'a> {
    /// The leaderboard of the panel at `position` of `picture`.
    pub(crate) fn new(
        run: &'a Run,
        picture: &'a Picture,
        position: usize,
    ) -> Result<Self, ReportError> {
        let panel = &picture.panels[position];
        let id = panel.leaderboard.as_deref().unwrap_or_default();
        let mut boards = run.verdict.leaderboards.iter();
        let verdict = boards.find(|board| board.id == id);
        let rows = verdict.map_or(Vec::new(), |verdict| {
            let entries = verdict.entries.iter();
            let rows = entries.filter_map(|entry| {
                Some(Row {
                    entry,
                    share: entry.share.as_ref()?,
                    name: subscripts(&format!("{} ({})", entry.label, entry.constants)),
                })
            });
            rows.collect()
        });
        match verdict {
            Some(verdict) if !rows.is_empty() => Ok(Self {
                panel,
                verdict,
                rows,
            }),
            _ => Err(ReportError::NoData {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
                metric: format!("explained share of leaderboard {id}"),
                models: "any explanation".to_owned(),
                variants: "its variant".to_owned(),
            }),
        }
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let title = if self.panel.title.is_empty() {
            &self.verdict.statement
        } else {
            &self.panel.title
        };
        let text = "mean over seeds with its 95 % interval; (number of constants fitted); right: by how \
                    many bits the blue explanation is better";
        vec![Entry::Note(subscripts(title), text.to_owned())]
    }

    /// Height of everything below the axes.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        axes::foot(axes::label_lines(&self.x_label(), width).len())
    }

    fn x_label(&self) -> Vec<String> {
        vec![subscripts(&self.panel.x_label)]
    }

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame, foot: f64) {
        let names = self.rows.iter().map(|row| font::width(&row.name, SMALL));
        let room = names.fold(0.0, f64::max) + GAP;
        let inner = Frame {
            left: (outer.left + room).round(),
            top: (outer.top + axes::head(&self.panel.title)).round(),
            right: (outer.right - BITS).round(),
            bottom: (outer.bottom - foot).round(),
        };
        axes::draw_head(canvas, outer.left, outer.top, &self.panel.title);
        let [low, high] = self.panel.x_range.unwrap_or(SHOWN);
        let x = Axis::new(Scale::Linear, [low, high], [inner.left, inner.right]);
        let y = Axis::new(Scale::Linear, [0.0, 1.0], [inner.bottom, inner.top]);
        let x_ticks = ticks(Scale::Linear, low, high, |labels| {
            let places = labels.iter();
            let places = places.map(|(value, text)| (x.at(*value), font::width(text, LABEL)));
            axes::apart(places, TICK_GAP)
        });
        for share in [0.0, 1.0] {
            let ends = [(x.at(share), inner.top), (x.at(share), inner.bottom)];
            canvas.line(ends[0], ends[1], FAINT, HAIRLINE);
        }
        let height = (inner.bottom - inner.top) / self.rows.len() as f64;
        for (position, row) in self.rows.iter().enumerate() {
            let middle = inner.top + height * (position as f64 + 0.5);
            row.draw(canvas, &x, (inner.left, middle), outer.right);
        }
        let x_lines = axes::label_lines(&self.x_label(), outer.right - outer.left);
        let axes = Axes {
            inner,
            x,
            y,
            x_ticks,
            y_ticks: Ticks::default(),
            y_lines: Vec::new(),
        };
        axes.draw(canvas, outer, &x_lines);
    }
}

impl Row<'_> {
    /// Its colour: that on trial, those that no data could prefer, and the rivals.
    fn colour(&self) -> &'static str {
        match self.entry.part {
            Part::OnTrial => colour(0),
            Part::Rival => colour(1),
            Part::Null | Part::Control | Part::Ceiling => FAINT,
        }
    }

    fn draw(&self, canvas: &mut Canvas, x: &Axis, (left, middle): (f64, f64), right: f64) {
        let baseline = middle + 0.36 * SMALL;
        let ink = if self.entry.part == Part::OnTrial {
            INK
        } else {
            QUIET
        };
        canvas.text((left - GAP, baseline), Anchor::End, SMALL, ink, &self.name);
        let inside = |share: f64| share.clamp(x.low, x.high);
        let place = (x.at(inside(self.share.mean)), middle);
        if let (Some(low), Some(high)) = (self.share.low, self.share.high) {
            let ends = [low, high].map(|end| (x.at(inside(end)), middle));
            canvas.line(ends[0], ends[1], self.colour(), INTERVAL);
        }
        if self.share.mean < x.low {
            let text = format!("◂ {}", plain(self.share.mean, 1));
            let (left, half) = (place.0 + 4.0, 0.7 * SMALL);
            let corner = (left + font::width(&text, SMALL) + 3.0, middle + half);
            // The lines at 0 and 1 stay behind it.
            canvas.rect((left, middle - half), corner, "#ffffff");
            canvas.text((left, baseline), Anchor::Start, SMALL, QUIET, &text);
        } else {
            canvas.dot(place, DOT, self.colour(), true);
        }
        if let Some(margin) = &self.entry.margin {
            let sign = if margin.mean > 0.0 { "+" } else { "" };
            let text = format!("{sign}{} bits", plain(margin.mean, 2));
            canvas.text((right, baseline), Anchor::End, SMALL, ink, &text);
        }
    }
}
