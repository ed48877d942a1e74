//! A metric at the end of training as the colour of a plane of two knobs.

use judge::Run;
use plan::spec::{Panel, Picture, Scale, Transform};

use crate::{
    ReportError,
    axis::Axis,
    canvas::{Canvas, Place},
    colour_scale::{ColourScale, HATCH, MISSING, NEVER, draw_contour, hatch, written},
    contour::contour,
    figure::{AxisNumbers, KnobNumbers, MapNumbers},
    font,
    legend::{Entry, Patch},
    number::significant,
    plane::{Cell, Plane, edges},
    style::{HAIRLINE, LABEL},
    subscript::subscripts,
    ticks::{Ticks, ticks},
};

use super::{
    axes::{self, Axes, Frame, TICK_GAP},
    join, name_of,
};

/// A heat map whose cells are collected, before it has a place.
pub(crate) struct HeatMap<'a> {
    panel: &'a Panel,
    plane: Plane,
    x: Knob,
    y: Knob,
}

/// One axis: where cells lie and end.
pub(super) struct Knob {
    scale: Scale,
    values: Vec<f64>,
    edges: Vec<f64>,
}

/// Room for half of the last tick label.
const RIGHT: f64 = 22.0;
/// Most knob values that are labelled each.
const LABELLED: usize = 8;

impl<'a> HeatMap<'a> {
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
        let plane = Plane::collect(run, panel).map_err(problem)?;
        let (x, y) = Knob::both(panel, &plane.xs, &plane.ys).map_err(problem)?;
        if plane.cells().iter().all(|cell| *cell == Cell::Missing) {
            return Err(ReportError::NoData {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
                metric: panel.metric.clone().unwrap_or_default(),
                models: join(panel.layers.iter().map(|layer| layer.model.as_str())),
                variants: join(panel.variants.iter().map(String::as_str)),
            });
        }
        Ok(Self { panel, plane, x, y })
    }

    /// What the colour scale of the picture must cover.
    pub(crate) fn coloured(&self) -> (&Panel, &Plane) {
        (self.panel, &self.plane)
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self, scale: &ColourScale) -> Vec<Entry> {
        let contours = scale.contours();
        let contours = contours.filter(|(value, _)| self.panel.contour.contains(value));
        let mut entries: Vec<Entry> = contours
            .map(|(value, dashes)| Entry::Contour(dashes, format!("contour at {}", written(value))))
            .collect();
        let [low, high] = scale.range();
        let [below, above] = scale.beyond();
        let any = |kind: Cell| self.plane.cells().contains(&kind);
        let lowest = self.plane.floor.map_or(low, |floor| floor.max(low));
        let patches = [
            (
                below || self.plane.floor.is_some(),
                Patch::Plain(scale.colour(lowest)),
                format!("{} or less", written(lowest)),
            ),
            (
                above,
                Patch::Plain(scale.colour(high)),
                format!("{} or more", written(high)),
            ),
            (
                any(Cell::Never),
                Patch::Plain(NEVER.to_owned()),
                "did not happen in time".to_owned(),
            ),
            (
                any(Cell::Missing),
                Patch::Hatched,
                self.why_missing().to_owned(),
            ),
        ];
        let patches = patches.into_iter().filter(|(is_there, ..)| *is_there);
        entries.extend(patches.map(|(_, patch, text)| Entry::Patch(patch, text)));
        entries
    }

    fn why_missing(&self) -> &'static str {
        if self.plane.all_missing_were_cut {
            "no value: training did not finish"
        } else {
            "no value"
        }
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
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        outer: Frame,
        foot: f64,
        scale: &ColourScale,
    ) -> Axes {
        let axes = plane_axes(self.panel, self.title(), (&self.x, &self.y), outer, foot);
        axes::draw_head(canvas, axes.inner.left, outer.top, self.title());
        self.draw_cells(canvas, &axes, scale);
        self.draw_contours(canvas, &axes, scale);
        let x_lines = axes::label_lines(&self.x_label(), outer.right - outer.left);
        axes.draw(canvas, outer, &x_lines);
        axes
    }

    /// The numbers of the cells, for an axis each way that stands as `axes` do.
    pub(crate) fn numbers(&self, axes: &Axes, outer: Frame) -> MapNumbers {
        let cells = self.plane.cells().iter().map(|cell| match cell {
            Cell::Value(value) => *value,
            Cell::Never => f64::INFINITY,
            Cell::Missing => f64::NAN,
        });
        let side = |axis: &Axis, knob: &Knob, key: &Option<String>, label: &str| -> KnobNumbers {
            let name = key.as_deref().unwrap_or_default();
            knob.numbers(AxisNumbers::new(axis, name, &subscripts(label)))
        };
        MapNumbers {
            title: subscripts(self.title()),
            outer: outer.into(),
            frame: axes.inner.into(),
            x: side(&axes.x, &self.x, &self.panel.knob, &self.panel.x_label),
            y: side(&axes.y, &self.y, &self.panel.knob_y, &self.panel.y_label),
            model: self.panel.layers[0].model.clone(),
            metric: self.panel.metric.clone().unwrap_or_default(),
            log10: self.panel.transform == Transform::Log10,
            cells: cells.collect(),
        }
    }

    /// Draws the cells: neighbours in a row that look the same are one rectangle.
    fn draw_cells(&self, canvas: &mut Canvas, axes: &Axes, scale: &ColourScale) {
        let (xs, ys) = (self.x.edge_pixels(&axes.x), self.y.edge_pixels(&axes.y));
        let colour = |cell: Cell| match cell {
            Cell::Value(value) => scale.colour(value),
            Cell::Never => NEVER.to_owned(),
            Cell::Missing => MISSING.to_owned(),
        };
        let mut hatched = Vec::new();
        canvas.crisp("cells", |canvas| {
            for row in 0..self.plane.ys.len() {
                let mut first = 0;
                for column in 0..self.plane.xs.len() {
                    let own = colour(self.plane.at(column, row));
                    let is_last = column + 1 == self.plane.xs.len();
                    if !is_last && colour(self.plane.at(column + 1, row)) == own {
                        continue;
                    }
                    let (low, high) = ((xs[first], ys[row + 1]), (xs[column + 1], ys[row]));
                    canvas.rect(low, high, &own);
                    if own == MISSING {
                        hatched.push((low, high));
                    }
                    first = column + 1;
                }
            }
        });
        let lines: Vec<(Place, Place)> = hatched
            .into_iter()
            .flat_map(|(low, high)| hatch(low, high))
            .collect();
        if !lines.is_empty() {
            canvas.segments(&lines, HATCH, HAIRLINE);
        }
    }

    fn draw_contours(&self, canvas: &mut Canvas, axes: &Axes, scale: &ColourScale) {
        let Axes { inner, x, y, .. } = axes;
        let (xs, ys) = (self.x.middles(x), self.y.middles(y));
        let [low, high] = scale.range();
        // What has no logarithm lies just below the scale.
        let below = low - 0.01 * (high - low);
        let value = |column: usize, row: usize| match self.plane.at(column, row) {
            Cell::Value(value) if value.is_finite() => Some(value),
            Cell::Value(_) => Some(below),
            Cell::Never | Cell::Missing => None,
        };
        let lines: Vec<(Vec<Place>, &'static str)> = scale
            .contours()
            .filter(|(level, _)| self.panel.contour.contains(level))
            .flat_map(|(level, dashes)| {
                let lines = contour(&xs, &ys, value, level);
                lines.into_iter().map(move |line| (line, dashes))
            })
            .collect();
        if lines.is_empty() {
            return;
        }
        canvas.group("contours", |canvas| {
            let (low, high) = ((inner.left, inner.top), (inner.right, inner.bottom));
            canvas.clipped(low, high, |canvas| {
                for (line, dashes) in lines {
                    draw_contour(canvas, &line, dashes);
                }
            });
        });
    }
}

impl Knob {
    /// The horizontal and the vertical knob of `panel`; the error says what its scales cannot show.
    pub(super) fn both(panel: &Panel, xs: &[f64], ys: &[f64]) -> Result<(Self, Self), String> {
        let knob = |scale, values: &[f64], key: &Option<String>| {
            Self::new(scale, values).ok_or_else(|| {
                let key = key.as_deref().unwrap_or_default();
                format!("{key:?} has values that a log scale cannot show")
            })
        };
        let x = knob(panel.x_scale, xs, &panel.knob)?;
        Ok((x, knob(panel.y_scale, ys, &panel.knob_y)?))
    }

    /// Where cells end, in whole pixels, so that no seams show between them.
    pub(super) fn edge_pixels(&self, axis: &Axis) -> Vec<f64> {
        let edges = self.edges.iter();
        edges.map(|edge| axis.at(*edge).round()).collect()
    }

    /// Its values and where cells end, with its axis.
    pub(super) fn numbers(&self, axis: AxisNumbers) -> KnobNumbers {
        KnobNumbers {
            axis,
            values: self.values.iter().copied().collect(),
            edges: self.edges.iter().copied().collect(),
        }
    }

    /// `None` where the scale cannot show the values.
    fn new(scale: Scale, values: &[f64]) -> Option<Self> {
        let edges = match scale {
            Scale::Linear => edges(values),
            Scale::Log if values.iter().any(|value| *value <= 0.0) => return None,
            Scale::Log => {
                let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
                edges(&logs).into_iter().map(f64::exp).collect()
            }
        };
        (edges.len() > 2).then(|| Self {
            scale,
            values: values.to_vec(),
            edges,
        })
    }

    fn axis(&self, pixels: [f64; 2]) -> Axis {
        let ends = [self.edges[0], self.edges[self.edges.len() - 1]];
        Axis::new(self.scale, ends, pixels)
    }

    /// Ticks at the values where those are few and have room, else at round numbers.
    fn ticks(&self, axis: &Axis, length: impl Fn(&str) -> f64, gap: f64) -> Ticks {
        let fits = |labels: &[(f64, String)]| {
            let labels = labels.iter();
            axes::apart(
                labels.map(|(value, text)| (axis.at(*value), length(text))),
                gap,
            )
        };
        if self.values.len() <= LABELLED {
            let values = self.values.iter();
            let labelled: Vec<(f64, String)> = values
                .map(|value| (*value, significant(*value, 4)))
                .collect();
            if fits(&labelled) {
                return Ticks {
                    labelled,
                    minor: Vec::new(),
                };
            }
        }
        ticks(self.scale, axis.low, axis.high, fits)
    }

    /// Pixels of the knob's values, which are the middles of cells.
    fn middles(&self, axis: &Axis) -> Vec<f64> {
        self.values.iter().map(|value| axis.at(*value)).collect()
    }
}

/// The axes of a plane of two knobs in `outer`, which leave `foot` free below them.
pub(super) fn plane_axes(
    panel: &Panel,
    title: &str,
    (x_knob, y_knob): (&Knob, &Knob),
    outer: Frame,
    foot: f64,
) -> Axes {
    let mut inner = Frame {
        left: outer.left,
        top: (outer.top + axes::head(title)).round(),
        right: (outer.right - RIGHT).round(),
        bottom: (outer.bottom - foot).round(),
    };
    let y = y_knob.axis([inner.bottom, inner.top]);
    let y_ticks = y_knob.ticks(&y, |_| LABEL, 4.0);
    let label = with_scale(&panel.y_label, panel.y_scale);
    let (y_lines, room) = axes::side_label(&label, inner.bottom - inner.top);
    inner.left = (inner.left + room + axes::side_ticks(&y_ticks)).round();
    let x = x_knob.axis([inner.left, inner.right]);
    let x_ticks = x_knob.ticks(&x, |text| font::width(text, LABEL), TICK_GAP);
    Axes {
        inner,
        x,
        y,
        x_ticks,
        y_ticks,
        y_lines,
    }
}

pub(super) fn with_scale(label: &str, scale: Scale) -> String {
    let mut label = subscripts(label);
    if scale == Scale::Log && !label.contains("log") {
        label.push_str(" (log scale)");
    }
    label
}
