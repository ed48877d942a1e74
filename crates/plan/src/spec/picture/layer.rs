use serde::{Deserialize, Serialize};

/// One model or prediction in a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name of the model or prediction in the spec.
    pub model: String,
    /// Text in the legend.
    pub label: String,
    /// The metric that it shows in place of the panel's, so that a prediction and a measured
    /// quantity of another name lie over each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Line style in place of that of its role, to tell several models of one role apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<LineStyle>,
}

/// Line styles. Unless a layer says otherwise its role decides: theory solid, net dashed, twin
/// dash-dotted, linear dotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineStyle {
    /// ———
    Solid,
    /// – – –
    Dashed,
    /// – · –
    DashDotted,
    /// · · ·
    Dotted,
}
