use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Role of a model or prediction among the others. It decides the line style and the position in
/// tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A closed form: solid lines.
    Theory,
    /// A nonlinear net: dashed lines, with a band over seeds.
    Net,
    /// A layerwise-linear twin: dash-dotted lines.
    Twin,
    /// A plain linear model: dotted lines.
    Linear,
}
