use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared;

/// Knobs that are varied: named variants times a grid.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Named variant groups; the spec itself is the group "base".
    #[serde(default)]
    pub variants: Vec<VariantChange>,
    /// Values that keys take, dotted key = a list or { from, to, points, log }. Every combination is run, in every group without a
    /// grid of its own.
    #[serde(default)]
    #[schemars(schema_with = "shared::grid")]
    pub grid: toml::Table,
    /// Keys that follow another one in every cell, dotted key = { key, times, power, symmetric }: `"b" = { key = "a", times = 2,
    /// power = 3 }` is 2 a³; with symmetric = true the larger of a and 1/a takes the place of a. { product = \[links\], at_most }
    /// multiplies several. A list of one number (`widths`) counts as that number.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub links: toml::Table,
}

/// A named change of the spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantChange {
    /// Name of the group.
    pub name: String,
    /// What the group changes: dotted key = value.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub set: toml::Table,
    /// Dotted keys that the group takes away.
    #[serde(default)]
    pub unset: Vec<String>,
    /// A grid of its own in place of the sweep's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shared::grid")]
    pub grid: Option<toml::Table>,
    /// Links of its own in place of the sweep's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub links: Option<toml::Table>,
}

/// Evenly spaced values of a knob.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// First value.
    pub(crate) from: f64,
    /// Last value.
    pub(crate) to: f64,
    /// Number of values, 2 or more.
    pub(crate) points: u32,
    /// Whether they are evenly spaced in the logarithm.
    #[serde(default)]
    pub(crate) log: bool,
}
