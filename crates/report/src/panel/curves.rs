//! Curves against time, a knob, a metric or an index: what they show. `draw`, `labels` and `marks`
//! say how.

mod draw;
mod labels;
mod marks;
mod numbers;
mod places;

use judge::Run;
use models::Role;
use plan::spec::{Panel, Picture, Scale, XAxis};
use record::VariantInfo;

use crate::{
    ReportError,
    axis::{range, rounded},
    collect::{Reached, Series, collect, reached},
    crossing::{Mark, half_times, levels},
    keys::{Key, keys},
    label::{self, Label, Side},
    legend::{Entry, Shape},
    number::{plain, short},
    style::Appearance,
    subscript::subscripts,
    table::Table,
};

use super::{join, name_of};

/// Curves that are collected and whose labels are chosen, before they have a place.
pub(crate) struct Curves<'a> {
    panel: &'a Panel,
    keys: Vec<Key<'a>>,
    series: Vec<Series>,
    marks: Vec<Mark>,
    /// How many seeds came to each moment.
    reached: Vec<Reached>,
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
        let has_place = panel.knob.is_some() || panel.x_metric.is_some();
        if panel.x_axis() == XAxis::Knob && !has_place {
            return Err(ReportError::NoKnob {
                picture: picture.name.clone(),
                panel: name_of(panel, position),
            });
        }
        let empty = || ReportError::NoData {
            picture: picture.name.clone(),
            panel: name_of(panel, position),
            metric: shown(panel),
            models: join(panel.layers.iter().map(|layer| layer.model.as_str())),
            variants: join(panel.variants.iter().map(String::as_str)),
        };
        let table = Table::new(run, panel);
        let appearances: Vec<Appearance> = panel
            .layers
            .iter()
            .map(|layer| Appearance::of(run, layer))
            .collect();
        let keys = keys(run, panel, table);
        let mut series = collect(panel, &appearances, &keys, table);
        let mut marks = levels(panel, &appearances, &keys, table);
        let (x_scale, y_scale) = panel.scales();
        let places = series.iter().flat_map(|s| {
            let unseen = s.missed.iter().chain(&s.before).copied();
            s.points.iter().map(|p| p.x).chain(unseen)
        });
        let places = places.chain(marks.iter().map(|mark| mark.x));
        let x = panel.x_range.or_else(|| range(x_scale, places));
        let x = x.filter(|&r| usable(x_scale, r)).ok_or_else(empty)?;
        for s in &mut series {
            clip(s, x);
        }
        series.retain(Series::shows_something);
        let values = series.iter().flat_map(|s| {
            let banded = draws_band(s);
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
        marks.extend(half_times(panel, &appearances, &keys, &series));
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
            reached: reached(panel, &keys, table),
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

    /// What the model of a series is beside the others.
    pub(crate) fn role(&self, series: usize) -> Option<Role> {
        self.series.get(series).map(|s| s.appearance.role)
    }

    /// The variants of its first key.
    pub(crate) fn variants(&self) -> &[&'a VariantInfo] {
        self.keys.first().map_or(&[], |key| &key.variants)
    }

    /// What the legend must explain.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (position, layer) in self.panel.layers.iter().enumerate() {
            let own = self.series.iter().filter(|s| s.layer == position);
            let Some(series) = own.max_by_key(|s| s.seeds) else {
                continue;
            };
            let (appearance, seeds) = (series.appearance, series.seeds);
            let label = subscripts(&layer.label);
            let text = match (appearance.role, seeds) {
                (Role::Net, 1) => format!("{label}, one seed"),
                (Role::Net, _) => format!("{label}, median of {seeds} seeds (band: 10–90 %)"),
                _ => label,
            };
            entries.push(Entry::Line(appearance, text));
        }
        entries.extend(self.mark_entries());
        entries.extend(self.reached_entries());
        if self.series.iter().any(|s| !s.missed.is_empty()) {
            let above = format!("no value within {} steps", self.last_step);
            entries.push(Entry::Mark(Shape::Above, false, above));
        }
        if self.series.iter().any(|s| !s.before.is_empty()) {
            let below = "before the first record".to_owned();
            entries.push(Entry::Mark(Shape::Down, false, below));
        }
        entries
    }

    /// Moments to which not all seeds came.
    fn reached_entries(&self) -> Vec<Entry> {
        let several = self
            .reached
            .iter()
            .any(|r| r.layer != self.reached[0].layer);
        let partly = self.reached.iter().filter(|r| r.seeds < r.of);
        partly
            .map(|r| {
                let key = &self.keys[r.key];
                let mut text = format!(
                    "{}: {} of {} seeds ({} not within {} steps)",
                    key.label,
                    r.seeds,
                    r.of,
                    r.of - r.seeds,
                    self.last_step
                );
                if several {
                    let layer = subscripts(&self.panel.layers[r.layer].label);
                    text = format!("{layer}, {text}");
                }
                if !self.panel.title.is_empty() {
                    text = format!("{}, {text}", subscripts(&self.panel.title));
                }
                Entry::Colour(key.colour, text)
            })
            .collect()
    }
}

/// The metrics that a panel shows, as a list.
fn shown(panel: &Panel) -> String {
    let metrics = panel.metrics.iter().map(String::as_str);
    let layers = panel.layers.iter();
    let mut names: Vec<&str> = metrics
        .chain(layers.filter_map(|layer| panel.metric_of(layer)))
        .collect();
    names.dedup();
    names.join(", ")
}

fn usable(scale: Scale, [low, high]: [f64; 2]) -> bool {
    low < high && (scale == Scale::Linear || low > 0.0)
}

/// Only a net shows its seeds as a band.
fn draws_band(series: &Series) -> bool {
    series.appearance.role == Role::Net && series.has_band()
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
    for unseen in [&mut series.missed, &mut series.before] {
        unseen.retain(|&x| inside(x));
    }
}

/// The label below the axis in parts: what it shows, and how flow time follows from steps.
fn x_label(run: &Run, panel: &Panel, keys: &[Key<'_>]) -> Vec<String> {
    let mut label = subscripts(&panel.x_label);
    if panel.scales().0 == Scale::Log && !label.contains("log") {
        label.push_str(" (log scale)");
    }
    let mut parts = vec![label];
    let mut flows = keys
        .iter()
        .flat_map(|key| &key.variants)
        .map(|v| v.flow_per_step);
    if matches!(panel.x_axis(), XAxis::Step | XAxis::FlowTime)
        && let Some(Some(flow)) = flows.next()
        && flows.all(|other| other == Some(flow))
        && !parts[0].contains("flow time =")
    {
        let constant = run.spec.training.schedule == plan::spec::LearningRateSchedule::Constant;
        let rate = if constant { "" } else { " at the full rate" };
        let flow = short(flow);
        parts.push(match panel.x_axis() {
            XAxis::FlowTime => format!("one step = {flow}{rate}"),
            _ => format!("flow time = {flow} × step{rate}"),
        });
    }
    parts
}
