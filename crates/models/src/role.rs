use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a model or prediction is beside the others, which decides how it is drawn and where it stands
/// in tables.
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
