//! What became of training as the colours of a plane of two knobs. A cell is divided among the outcomes
//! of its seeds.

use judge::Run;
use plan::spec::{Panel, Picture};

use crate::{
    ReportError,
    axis::Axis,
    canvas::Canvas,
    colour_scale::{HATCH, MISSING, hatch},
    figure::{AxisNumbers, KnobNumbers, PhaseNumbers},
    legend::{Entry, Patch},
    number::{plain, short},
    phases::{Fate, Phases},
    style::HAIRLINE,
    subscript::subscripts,
};

use super::{
    axes::{self, Axes, Frame},
    heat_map::{Knob, plane_axes, with_scale},
    join, name_of,
};

/// Least size of a cell, in CSS pixels, that has a border.
const BORDERED: f64 = 8.0;

/// A phase diagram whose cells are collected, before it has a place.
pub(crate) struct PhaseDiagram<'a> {
    panel: &'a Panel,
    phases: Phases,
    x: Knob,
    y: Knob,
    seeds: usize,
    last_step: String,
}

impl<'a> PhaseDiagram<'a> {
    /// Collects the cells of the panel at `position` of `picture`.
    pub(crate) fn new(
        run: &'a Run,
        picture: &'a Picture,
        position: usize,
    ) -> Result<Self, ReportError> {
        let panel = &picture.panels[position];
        let problem = |problem| ReportError::HeatMap {
            picture: picture.name.clone(),
            panel: name_of(panel, position),
            problem,
        };
        let phases = Phases::collect(run, panel).map_err(problem)?;
        let (x, y) = Knob::both(panel, &phases.xs, &phases.ys).map_err(problem)?;
        let seeds = phases.cells.iter().map(|cell| cell.iter().sum::<usize>());
        let seeds = seeds.max().unwrap_or(0);
        if seeds == 0 {
            return Err(ReportError::NoData {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
                metric: panel.metrics.join(", "),
                models: join(panel.layers.iter().map(|layer| layer.model.as_str())),
                variants: join(panel.variants.iter().map(String::as_str)),
            });
        }
        let last = run.manifest.cells.iter().map(|cell| cell.steps).max();
        Ok(Self {
            panel,
            phases,
            x,
            y,
            seeds,
            last_step: plain(last.unwrap_or(run.spec.training.steps) as f64, 0),
        })
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let delay = short(self.panel.least_delay());
        let never = format!("within {} steps", self.last_step);
        let entries = Fate::ALL.into_iter().filter(|fate| {
            let mut cells = self.phases.cells.iter();
            cells.any(|cell| cell[*fate as usize] > 0)
        });
        let mut entries: Vec<Entry> = entries
            .map(|fate| {
                let what = match fate {
                    Fate::Comprehension => {
                        format!("generalised within {delay} times the steps to fit")
                    }
                    Fate::Grokking => "generalised later".to_owned(),
                    Fate::Memorisation => format!("fitted, but did not generalise {never}"),
                    Fate::Confusion => format!("did not fit {never}"),
                };
                let patch = Patch::Plain(fate.colour().to_owned());
                Entry::Patch(patch, format!("{}: {what}", fate.name()))
            })
            .collect();
        if self.phases.cells.contains(&[0; 4]) {
            let text = "no value: training did not finish".to_owned();
            entries.push(Entry::Patch(Patch::Hatched, text));
        }
        if self.seeds > 1 {
            let text = format!("a cell is divided among its {} seeds", self.seeds);
            entries.push(Entry::Note(subscripts(self.title()), text));
        }
        entries
    }

    fn x_label(&self) -> Vec<String> {
        vec![with_scale(&self.panel.x_label, self.panel.x_scale)]
    }

    /// Height of everything below the axes of a panel that is `width` wide.
    pub(crate) fn foot(&self, width: f64) -> f64 {
        axes::foot(axes::label_lines(&self.x_label(), width).len())
    }

    /// The heading; what is shown where the spec has none.
    fn title(&self) -> &str {
        if self.panel.title.is_empty() {
            &self.panel.layers[0].label
        } else {
            &self.panel.title
        }
    }

    /// Draws the panel into `outer`; the axes of panels in a row share `foot`. Answers where they
    /// stand.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame, foot: f64) -> Axes {
        let axes = plane_axes(self.panel, self.title(), (&self.x, &self.y), outer, foot);
        axes::draw_head(canvas, axes.inner.left, outer.top, self.title());
        self.draw_cells(canvas, &axes);
        let x_lines = axes::label_lines(&self.x_label(), outer.right - outer.left);
        axes.draw(canvas, outer, &x_lines);
        axes
    }

    fn draw_cells(&self, canvas: &mut Canvas, axes: &Axes) {
        let (xs, ys) = (self.x.edge_pixels(&axes.x), self.y.edge_pixels(&axes.y));
        let mut hatched = Vec::new();
        canvas.crisp("cells", |canvas| {
            for row in 0..self.phases.ys.len() {
                for column in 0..self.phases.xs.len() {
                    let (left, right) = (xs[column], xs[column + 1]);
                    let (top, bottom) = (ys[row + 1], ys[row]);
                    let cell = self.phases.at(column, row);
                    let all: usize = cell.iter().sum();
                    if all == 0 {
                        canvas.rect((left, top), (right, bottom), MISSING);
                        hatched.push(((left, top), (right, bottom)));
                    }
                    let mut from = 0;
                    for fate in Fate::ALL
                        .into_iter()
                        .filter(|fate| cell[*fate as usize] > 0)
                    {
                        let to = from + cell[fate as usize];
                        let at = |seeds: usize| {
                            left + ((right - left) * seeds as f64 / all as f64).round()
                        };
                        canvas.rect((at(from), top), (at(to), bottom), fate.colour());
                        from = to;
                    }
                }
            }
        });
        self.draw_borders(canvas, axes, (&xs, &ys));
        let lines = hatched.into_iter().flat_map(|(low, high)| hatch(low, high));
        let lines: Vec<_> = lines.collect();
        if !lines.is_empty() {
            canvas.segments(&lines, HATCH, HAIRLINE);
        }
    }

    /// Draws lines between cells, where those are large enough.
    fn draw_borders(&self, canvas: &mut Canvas, axes: &Axes, (xs, ys): (&[f64], &[f64])) {
        let narrow = |edges: &[f64]| {
            let mut pairs = edges.windows(2);
            pairs.any(|pair| (pair[1] - pair[0]).abs() < BORDERED)
        };
        if narrow(xs) || narrow(ys) {
            return;
        }
        let inner = axes.inner;
        let inside = |edges: &[f64]| edges[1..edges.len() - 1].to_vec();
        let upright = inside(xs).into_iter();
        let mut lines: Vec<_> = upright
            .map(|x| ((x, inner.top), (x, inner.bottom)))
            .collect();
        let across = inside(ys).into_iter();
        lines.extend(across.map(|y| ((inner.left, y), (inner.right, y))));
        canvas.segments(&lines, "#ffffff", HAIRLINE);
    }

    /// The numbers of the cells, for an axis each way that stands as `axes` do.
    pub(crate) fn numbers(&self, axes: &Axes, outer: Frame) -> PhaseNumbers {
        let side = |axis: &Axis, knob: &Knob, key: &Option<String>, label: &str| -> KnobNumbers {
            let name = key.as_deref().unwrap_or_default();
            knob.numbers(AxisNumbers::new(axis, name, &subscripts(label)))
        };
        let counts = self.phases.cells.iter().flatten();
        PhaseNumbers {
            title: subscripts(self.title()),
            outer: outer.into(),
            frame: axes.inner.into(),
            x: side(&axes.x, &self.x, &self.panel.knob, &self.panel.x_label),
            y: side(&axes.y, &self.y, &self.panel.knob_y, &self.panel.y_label),
            model: self.panel.layers[0].model.clone(),
            metrics: self.panel.metrics.clone(),
            outcomes: Fate::ALL.map(Fate::name),
            counts: counts.map(|count| *count as f64).collect(),
        }
    }
}
