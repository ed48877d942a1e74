use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One model or prediction in a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name of the model or prediction in the spec.
    pub model: String,
    /// What the legend calls it.
    pub label: String,
    /// Metric that the layer shows in place of that of the panel, so that a prediction and a measured quantity of another name
    /// are laid over each other. Not in heat maps and scatter panels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Line style in place of that of its role, to tell several models of one role apart. Theory is solid, a net dashed with a band
    /// over seeds, a twin dash-dotted, a linear model dotted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<LineStyle>,
}

/// Line styles. Unless a layer says otherwise its role decides: theory solid, net dashed, twin
/// dash-dotted, linear dotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineStyle {
    /// A line without gaps.
    Solid,
    /// Dashes.
    Dashed,
    /// Dashes and dots.
    DashDotted,
    /// Dots.
    Dotted,
}
