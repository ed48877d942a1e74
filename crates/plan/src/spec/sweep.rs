use serde::{Deserialize, Serialize};

/// Knobs that are varied: named variants times a grid.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Named variant groups beside `base`.
    #[serde(default)]
    pub variants: Vec<VariantChange>,
    /// Dotted keys with the values each takes, a list or `{ from, to, points, log }`; every
    /// combination is run, in every group without a grid of its own.
    #[serde(default)]
    pub grid: toml::Table,
    /// Dotted keys that follow another one: `"b" = { key = "a", times = 2, power = 3 }` is 2 a³.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub links: toml::Table,
}

/// A named change of the spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantChange {
    /// Name of the group.
    pub name: String,
    /// Dotted keys and their values.
    #[serde(default)]
    pub set: toml::Table,
    /// Dotted keys to take away.
    #[serde(default)]
    pub unset: Vec<String>,
    /// A grid of its own in place of the sweep's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<toml::Table>,
    /// Links of its own in place of the sweep's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<toml::Table>,
}
