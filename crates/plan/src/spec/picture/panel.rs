use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layer::Layer;

/// One pair of axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// What the panel shows.
    pub kind: PanelKind,
    /// Heading of the panel.
    #[serde(default)]
    pub title: String,
    /// Metric on the vertical axis; in a heat map, the colour. Left out with `metrics`, and where every layer has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Several metrics of one cell of the sweep in place of `metric`, one colour each. In a phase diagram two: the step at which training
    /// rows are fitted, and the step at which the net generalises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// What `metrics` are called in the legend, in their order; their names if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_labels: Vec<String>,
    /// Variant groups that are drawn. Of one group the colour is the index (skill, mode); of several it is the group, and only
    /// `indices` are drawn, the first if left out. A heat map shows one group.
    #[serde(default = "base_only")]
    pub variants: Vec<String>,
    /// What the variant groups are called in the legend, in the order of `variants`; their names if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant_labels: Vec<String>,
    /// Knob values, dotted key = value: only the cells of the grid with all of them are drawn.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub at: toml::Table,
    /// Indices that are drawn; all if empty (in a heat map, which shows one: the first).
    #[serde(default)]
    pub indices: Vec<u32>,
    /// Seeds that are drawn; all if empty, as median and band. A scatter panel shows the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// The models and predictions that are laid over each other.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Leaderboard panels: the id of the leaderboard that is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaderboard: Option<String>,
    /// What the horizontal axis shows.
    #[serde(default)]
    pub x: XAxis,
    /// Dotted key of \[sweep.grid\] on the horizontal axis: in knob panels, heat maps, and with x = "knob".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
    /// In knob panels a metric in place of `knob`: each cell is drawn at the last value of that metric of the same model (median over
    /// seeds), so that sweeps of different knobs share one axis. In scatter panels the horizontal coordinate of each point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_metric: Option<String>,
    /// Dotted key of \[sweep.grid\] with one colour per value, up to 8; every other knob must be fixed with `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_knob: Option<String>,
    /// What `colour_knob` is called in the legend; the last part of its key if left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub knob_label: String,
    /// Moments of training, one colour each: "start" and "end" are the first and the last record of the metric; any other name is a metric
    /// of the same model whose value is a step (t_fit), and the record nearest to it is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moments: Vec<String>,
    /// What `moments` are called in the legend, in their order; their names if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moment_labels: Vec<String>,
    /// The moment of training that is shown, named as in `moments`; the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<String>,
    /// Metric whose value is the class of a point, a whole number from 0, at the same indices and steps as `metric`; up to 8 classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_metric: Option<String>,
    /// What the classes are called in the legend, in the order of their numbers; their numbers if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// Number of faint rays from the origin, 2 to 12, the first straight up and all equally far apart: with three, the corners of a regular
    /// simplex in the plane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rays: Option<u32>,
    /// Dotted key of \[sweep.grid\] on the vertical axis; no other knob may vary unless `at` fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob_y: Option<String>,
    /// With x = "knob": whether the knob is multiplied by the probability of the skill.
    #[serde(default)]
    pub times_probability: bool,
    /// Scale of the horizontal axis. A power law has log axes, a scatter panel linear ones.
    #[serde(default)]
    pub x_scale: Scale,
    /// Scale of the vertical axis. A power law has log axes, a scatter panel linear ones.
    #[serde(default)]
    pub y_scale: Scale,
    /// Smallest and largest value on the horizontal axis; those of the data if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_range: Option<[f64; 2]>,
    /// Smallest and largest value on the vertical axis; those of the data if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_range: Option<[f64; 2]>,
    /// Label of the horizontal axis.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// What an index is called in labels; what the metric calls it if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_name: Option<String>,
    /// Whether to mark where theory (filled) and net (open) cross half their height.
    #[serde(default)]
    pub mark_half_times: bool,
    /// Marks on the axis of time, up to three: the first record at which a metric is at or above a level, as the median over seeds. Filled
    /// is predicted, open is measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<CrossingMark>,
    /// Phase diagrams: how many times as long as the fit generalisation must take to be called delayed, that is grokking; 10 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<f64>,
    /// What is done to the metric before it becomes a colour.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("default" = "none"))]
    pub transform: Transform,
    /// Value of the metric below which the colour no longer changes, as for the logarithm of 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// Transformed values at the two ends of the colour scale; those of all heat maps of the picture if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_range: Option<[f64; 2]>,
    /// Transformed values at which a line is drawn, such as the one between two regimes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contour: Vec<f64>,
    /// What the colour is; the name of the metric if left out.
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

    /// How many times as long as the fit generalisation must take to be called delayed.
    pub fn least_delay(&self) -> f64 {
        self.delay.unwrap_or(10.0)
    }

    /// The moment of training that a scatter panel shows.
    pub fn shown_moment(&self) -> &str {
        self.moment.as_deref().unwrap_or("end")
    }
}

/// A mark where a metric first reaches a level. Nothing is interpolated between records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossingMark {
    /// Name of the metric.
    pub metric: String,
    /// Value that it must reach.
    pub level: f64,
    /// What the legend calls the mark, such as "fit".
    pub label: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn base_only() -> Vec<String> {
    vec!["base".to_owned()]
}

/// Kinds of panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PanelKind {
    /// A metric against training time, or against its index (`x`).
    Curves,
    /// A metric at the end of training against a sweep knob, or against another metric (`x_metric`).
    Knob,
    /// A metric on log axes, with a fitted slope beside each layer.
    PowerLaw,
    /// A metric at the end of training as the colour of a plane of two sweep knobs.
    HeatMap,
    /// What became of training on a plane of two sweep knobs: comprehension, grokking, memorisation or confusion, by the steps at which a
    /// net fitted and generalised, as shares of the seeds.
    Phases,
    /// A metric against its index, at chosen moments of training.
    Moments,
    /// A metric against another, one point per index, at one moment of training and of one seed.
    Scatter,
    /// The explanations of a leaderboard, best first, with the share that each explains.
    Leaderboard,
}

/// What is done to a metric before it becomes a colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The metric itself.
    #[default]
    None,
    /// The logarithm to base 10.
    Log10,
}

/// What a horizontal axis shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic, base 10.
    Log,
}
