use serde::{Deserialize, Serialize};

use super::claim::Outcome;

/// One overlay: a title that states the finding, and panels side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// File stem of the SVG and PNG.
    pub name: String,
    /// The finding, in words a reader can dispute. Used unless `titles` decides.
    pub title: String,
    /// Titles that follow a claim's verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub titles: Option<VerdictTitles>,
    /// A sentence below the picture. `{seeds}` is replaced by the number of seeds.
    #[serde(default)]
    pub caption: String,
    /// The panels, left to right.
    pub panels: Vec<Panel>,
}

/// A title for each verdict of one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictTitles {
    /// Id of the claim that decides.
    pub claim: String,
    /// Title when it is supported.
    pub supported: String,
    /// Title when it is contradicted.
    pub contradicted: String,
    /// Title when it is undecided.
    pub undecided: String,
}

impl VerdictTitles {
    /// The title for `outcome`.
    pub fn title(&self, outcome: Outcome) -> &str {
        match outcome {
            Outcome::Supported => &self.supported,
            Outcome::Contradicted => &self.contradicted,
            Outcome::Undecided => &self.undecided,
        }
    }
}

/// One pair of axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// What is drawn.
    pub kind: PanelKind,
    /// Heading of the panel.
    #[serde(default)]
    pub title: String,
    /// Metric on the vertical axis.
    pub metric: String,
    /// Variant groups to draw. One group: colour is the index (skill, mode). Several groups:
    /// colour is the group, and only `indices` (default: the first) are drawn. A heat map shows
    /// one.
    #[serde(default = "base_only")]
    pub variants: Vec<String>,
    /// What the variant groups are called in labels, in the order of `variants`; their names when
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant_labels: Vec<String>,
    /// Indices to draw; empty means all (in a heat map, which shows one: the first).
    #[serde(default)]
    pub indices: Vec<u32>,
    /// Seeds to draw; empty means all, as median and band.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// The models and predictions to lay over each other.
    pub layers: Vec<Layer>,
    /// What the horizontal axis shows.
    #[serde(default)]
    pub x: XAxis,
    /// With `x = "knob"` and in heat maps: the dotted key of the sweep knob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
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
    /// What an index is called in labels (`skill`, `mode`).
    #[serde(default = "skill")]
    pub index_name: String,
    /// Mark where theory (filled) and net (open) cross half their height.
    #[serde(default)]
    pub mark_half_times: bool,
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

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn base_only() -> Vec<String> {
    vec!["base".to_owned()]
}

fn skill() -> String {
    "skill".to_owned()
}

/// Kinds of panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelKind {
    /// A metric against training time.
    Curves,
    /// A metric at the end of training against a sweep knob.
    Knob,
    /// A metric on log axes with a fitted slope beside each layer.
    PowerLaw,
    /// A metric at the end of training as the colour of a plane of two sweep knobs.
    HeatMap,
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

/// One model or prediction in a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name of the model or prediction in the spec.
    pub model: String,
    /// Its role, which alone decides the line style.
    pub role: Role,
    /// Text in the legend.
    pub label: String,
}

/// Line styles, the same everywhere: theory solid, net dashed, twin dash-dotted, linear dotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A closed form: solid.
    Theory,
    /// A nonlinear net: dashed, with a band over seeds.
    Net,
    /// A layerwise-linear twin: dash-dotted.
    Twin,
    /// A plain linear model: dotted.
    Linear,
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
