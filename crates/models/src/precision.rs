use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Floating-point precision of training. Results are always computed in f64 on the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 64 bits.
    F64,
}
