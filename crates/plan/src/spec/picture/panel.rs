use serde::{Deserialize, Serialize};

use super::layer::Layer;

/// One pair of axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// What is drawn.
    pub kind: PanelKind,
    /// Heading of the panel.
    #[serde(default)]
    pub title: String,
    /// Metric on the vertical axis; in a scatter panel its index is the point. Absent with `metrics`, and where every layer has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Curves: several metrics in place of `metric`, one colour each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// What `metrics` are called in labels, in their order; their names when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_labels: Vec<String>,
    /// Variant groups to draw. One group: colour is the index (skill, mode). Several groups:
    /// colour is the group, and only `indices` (default: the first) are drawn. A heat map shows
    /// one.
    #[serde(default = "base_only")]
    pub variants: Vec<String>,
    /// What the variant groups are called in labels, in the order of `variants`; their names when
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant_labels: Vec<String>,
    /// Knob values: only the cells of the grid that have them all.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub at: toml::Table,
    /// Indices to draw; empty means all (in a heat map, which shows one: the first).
    #[serde(default)]
    pub indices: Vec<u32>,
    /// Seeds to draw; empty means all, as median and band. A scatter panel shows the first of
    /// them, or the first seed of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// The models and predictions to lay over each other.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Leaderboard panels: the id of the leaderboard that is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaderboard: Option<String>,
    /// What the horizontal axis shows.
    #[serde(default)]
    pub x: XAxis,
    /// With `x = "knob"` and in heat maps: the dotted key of the sweep knob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
    /// Knob panels: a metric in place of `knob`. A cell stands at its last value (median over
    /// seeds), so that sweeps of different knobs lie on one axis. Scatter panels: the horizontal
    /// coordinate of each point, at the same indices and steps as `metric`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_metric: Option<String>,
    /// Curves: the dotted key of a sweep knob, one colour per value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_knob: Option<String>,
    /// What `colour_knob` is called in labels; the last part of its key when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub knob_label: String,
    /// Moments: times of training, one colour each. `start` and `end` are the first and the last
    /// record of the metric; any other name is a metric whose value is a step, and the record
    /// nearest to that is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moments: Vec<String>,
    /// What `moments` are called in labels, in their order; their names when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moment_labels: Vec<String>,
    /// Scatter panels: the moment of training that is shown, named as in `moments`; the end when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<String>,
    /// Scatter panels: a metric whose value is the class of a point (a whole number), at the same
    /// indices and steps as `metric`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_metric: Option<String>,
    /// Scatter panels: what classes are called in the legend, in the order of their numbers;
    /// their numbers when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// Scatter panels: so many faint rays from the origin, the first straight up and all equally
    /// far apart, as the corners of a regular simplex in the plane are with three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rays: Option<u32>,
    /// Heat maps: the dotted key of the sweep knob on the vertical axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob_y: Option<String>,
    /// With `x = "knob"`: draw against knob × (probability of the skill), to show a collapse.
    #[serde(default)]
    pub times_probability: bool,
    /// Scale of the horizontal axis.
    #[serde(default)]
    pub x_scale: Scale,
    /// Scale of the vertical axis.
    #[serde(default)]
    pub y_scale: Scale,
    /// Range of the horizontal axis; the data's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_range: Option<[f64; 2]>,
    /// Range of the vertical axis; the data's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_range: Option<[f64; 2]>,
    /// Label of the horizontal axis.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// What an index is called in labels; what the metric calls it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_name: Option<String>,
    /// Mark where theory (filled) and net (open) cross half their height.
    #[serde(default)]
    pub mark_half_times: bool,
    /// Curves: mark on the axis where metrics first reach levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<CrossingMark>,
    /// Heat maps: what is done to the metric before it becomes a colour.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transform: Transform,
    /// Heat maps: values of the metric at or below it are shown as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// Heat maps: transformed values at the two ends of the colour scale. When absent, those of
    /// all heat maps of the picture. Either way these share one scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_range: Option<[f64; 2]>,
    /// Heat maps: transformed values at which a line is drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contour: Vec<f64>,
    /// Heat maps: label of the colour scale; the metric when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub colour_label: String,
}

impl Panel {
    /// The metric that a layer of this panel shows: its own or else the panel's. `None` where the
    /// panel shows several `metrics`.
    pub fn metric_of<'a>(&'a self, layer: &'a Layer) -> Option<&'a str> {
        layer.metric.as_deref().or(self.metric.as_deref())
    }

    /// What the horizontal axis shows; the kind of the panel may decide.
    pub fn x_axis(&self) -> XAxis {
        match self.kind {
            PanelKind::Knob => XAxis::Knob,
            PanelKind::Moments => XAxis::Index,
            _ => self.x,
        }
    }

    /// Scales of the horizontal and the vertical axis; a power law is on log axes whatever the spec
    /// says.
    pub fn scales(&self) -> (Scale, Scale) {
        if self.kind == PanelKind::PowerLaw {
            (Scale::Log, Scale::Log)
        } else {
            (self.x_scale, self.y_scale)
        }
    }

    /// The moment of training that a scatter panel shows.
    pub fn shown_moment(&self) -> &str {
        self.moment.as_deref().unwrap_or("end")
    }
}

/// A mark where a metric first reaches a level, as recorded: nothing is interpolated between
/// records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossingMark {
    /// The metric.
    pub metric: String,
    /// The value that it must reach.
    pub level: f64,
    /// What has happened then, in the legend.
    pub label: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn base_only() -> Vec<String> {
    vec!["base".to_owned()]
}

/// Kinds of panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelKind {
    /// A metric against training time.
    Curves,
    /// A metric at the end of training against a sweep knob or another metric.
    Knob,
    /// A metric on log axes with a fitted slope beside each layer.
    PowerLaw,
    /// A metric at the end of training as the colour of a plane of two sweep knobs.
    HeatMap,
    /// A metric against its index, at chosen moments of training.
    Moments,
    /// A metric against another, one point per index, at one moment of training and of one seed.
    Scatter,
    /// The explanations of a leaderboard, best first, with the share that each explains.
    Leaderboard,
}

/// What is done to a metric before it becomes a colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Nothing.
    #[default]
    None,
    /// The logarithm to base 10.
    Log10,
}

/// What a horizontal axis shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum XAxis {
    /// Training steps.
    #[default]
    Step,
    /// Gradient-flow time.
    FlowTime,
    /// The value of a sweep knob.
    Knob,
    /// The index of the metric (data size, number of parameters, compute).
    Index,
}

/// Axis scales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic, base 10.
    Log,
}
