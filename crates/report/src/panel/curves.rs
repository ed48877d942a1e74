//! Curves against time, a knob or an index: what they show. `draw` says how.

mod draw;

use lab::{
    record::Run,
    spec::{Panel, Picture, Role, Scale, XAxis},
};

use crate::{
    ReportError,
    axis::{range, rounded},
    collect::{Series, collect, scales},
    crossing::{Mark, marks},
    keys::{Key, keys, x_axis},
    label::{self, Label, Side},
    legend::{Entry, Shape},
    number::{plain, significant, trim},
    subscript::subscripts,
};

use super::{join, name_of};

/// Curves that are collected and whose labels are chosen, before they have a place.
pub(crate) struct Curves<'a> {
    panel: &'a Panel,
    keys: Vec<Key<'a>>,
    series: Vec<Series>,
    marks: Vec<Mark>,
    x: [f64; 2],
    y: [f64; 2],
    /// The highest value that is drawn.
    highest: f64,
    side: Side,
    ends: Vec<Label>,
    x_label: Vec<String>,
    last_step: String,
}

impl<'a> Curves<'a> {
    /// Collects the data of the panel at `position` of `picture`, for a panel about `width` wide.
    pub(crate) fn new(
        run: &'a Run,
        picture: &'a Picture,
        position: usize,
        width: f64,
    ) -> Result<Self, ReportError> {
        let panel = &picture.panels[position];
        if x_axis(panel) == XAxis::Knob && panel.knob.is_none() {
            return Err(ReportError::NoKnob {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
            });
        }
        let empty = || ReportError::NoData {
            picture: picture.name.clone(),
            panel: name_of(panel, position),
            metric: panel.metric.clone(),
            models: join(panel.layers.iter().map(|layer| layer.model.as_str())),
            variants: join(panel.variants.iter().map(String::as_str)),
        };
        let keys = keys(run, panel);
        let mut series = collect(run, panel, &keys);
        let (x_scale, y_scale) = scales(panel);
        let places = series.iter().flat_map(|s| {
            let missed = s.missed.iter().copied();
            s.points.iter().map(|p| p.x).chain(missed)
        });
        let x = panel.x_range.or_else(|| range(x_scale, places));
        let x = x.filter(|&r| usable(x_scale, r)).ok_or_else(empty)?;
        for s in &mut series {
            clip(s, x);
        }
        series.retain(|s| !s.points.is_empty() || !s.missed.is_empty());
        let values = series.iter().flat_map(|s| {
            let banded = draws_band(panel, s);
            s.points.iter().flat_map(move |p| {
                let band = if banded {
                    [p.low, p.high]
                } else {
                    [p.median; 2]
                };
                [p.median, band[0], band[1]]
            })
        });
        let own = range(y_scale, values);
        let y = panel.y_range.or_else(|| Some(rounded(y_scale, own?)));
        let y = y.or_else(|| (!series.is_empty()).then_some([0.1, 1.0]));
        let y = y.filter(|&r| usable(y_scale, r)).ok_or_else(empty)?;
        if series.is_empty() {
            return Err(empty());
        }
        let marks = marks(panel, &series);
        let side = label::side(panel, &keys, &series, y, width - 130.0);
        let within = |value: f64, [low, high]: [f64; 2]| value >= low && value <= high;
        let ends = match side {
            Side::End => {
                let drawn = |a, b| within(a, x) && within(b, y);
                label::end(panel, &keys, &series, drawn, 0.3 * width)
            }
            _ => Vec::new(),
        };
        let last = run.manifest.cells.iter().map(|cell| cell.steps).max();
        Ok(Self {
            x_label: x_label(run, panel, &keys),
            panel,
            keys,
            series,
            marks,
            x,
            y,
            highest: own.map_or(y[1], |[_, high]| high.min(y[1])),
            side,
            ends,
            last_step: plain(last.unwrap_or(run.spec.training.steps) as f64, 0),
        })
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (position, layer) in self.panel.layers.iter().enumerate() {
            let own = self.series.iter().filter(|s| s.layer == position);
            let Some(seeds) = own.map(|s| s.seeds).max() else {
                continue;
            };
            let label = subscripts(&layer.label);
            let text = match (layer.role, seeds) {
                (Role::Net, 1) => format!("{label}, one seed"),
                (Role::Net, _) => format!("{label}, median of {seeds} seeds (band: 10–90 %)"),
                _ => label,
            };
            entries.push(Entry::Line(layer.role, text));
        }
        let mut mark = |is_there: bool, shape, text: &str| {
            if is_there {
                entries.push(Entry::Mark(shape, text.to_owned()));
            }
        };
        let any = |test: &dyn Fn(&Mark) -> bool| self.marks.iter().any(test);
        mark(any(&|m| !m.measured), Shape::Up, "predicted half-time");
        mark(any(&|m| m.measured), Shape::Down, "measured half-time");
        let beyond = format!("not within {} steps", self.last_step);
        mark(any(&|m| m.x.is_infinite()), Shape::Beyond, &beyond);
        let missed = self.series.iter().any(|s| !s.missed.is_empty());
        let above = format!("no value within {} steps", self.last_step);
        mark(missed, Shape::Above, &above);
        entries
    }
}

fn usable(scale: Scale, [low, high]: [f64; 2]) -> bool {
    low < high && (scale == Scale::Linear || low > 0.0)
}

/// Only a net shows its seeds as a band.
fn draws_band(panel: &Panel, series: &Series) -> bool {
    panel.layers[series.layer].role == Role::Net && series.has_band()
}

/// Leaves out what lies outside the horizontal range, but for one point on either side, so that
/// the curve reaches the edge.
fn clip(series: &mut Series, [low, high]: [f64; 2]) {
    let points = &series.points;
    let inside = |x: f64| x >= low && x <= high;
    let first = points.iter().position(|p| inside(p.x));
    let last = points.iter().rposition(|p| inside(p.x));
    series.points = match (first, last) {
        (Some(first), Some(last)) => {
            points[first.saturating_sub(1)..(last + 2).min(points.len())].to_vec()
        }
        _ => Vec::new(),
    };
    series.missed.retain(|&x| inside(x));
}

/// The label below the axis in parts: what it shows, and how flow time follows from steps.
fn x_label(run: &Run, panel: &Panel, keys: &[Key<'_>]) -> Vec<String> {
    let mut label = subscripts(&panel.x_label);
    if scales(panel).0 == Scale::Log && !label.contains("log") {
        label.push_str(" (log scale)");
    }
    let mut parts = vec![label];
    let mut flows = keys
        .iter()
        .flat_map(|key| &key.variants)
        .map(|v| v.flow_per_step);
    if matches!(x_axis(panel), XAxis::Step | XAxis::FlowTime)
        && let Some(Some(flow)) = flows.next()
        && flows.all(|other| other == Some(flow))
        && !parts[0].contains("flow time =")
    {
        let constant = run.spec.training.schedule == lab::spec::LearningRateSchedule::Constant;
        let rate = if constant { "" } else { " at the full rate" };
        let flow = factor(flow);
        parts.push(match x_axis(panel) {
            XAxis::FlowTime => format!("one step = {flow}{rate}"),
            _ => format!("flow time = {flow} × step{rate}"),
        });
    }
    parts
}

/// A factor as short as it is exact, to six digits.
fn factor(value: f64) -> String {
    if (1e-4..1e6).contains(&value.abs()) {
        trim(&plain(value, 6))
    } else {
        significant(value, 6)
    }
}
