use std::fmt;

use record::Threshold;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared;

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The interval lies on the claimed side of the threshold.
    Supported,
    /// The interval lies on the other side.
    Contradicted,
    /// The interval contains the threshold, or a control missed its verdict.
    Undecided,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Undecided => "undecided",
        })
    }
}

/// Where the threshold of a claim comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It follows from a formula or an exact construction.
    Theory,
    /// A paper states it.
    Literature,
    /// It was read off earlier runs. What supports such a claim replicates them.
    Pilot,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Theory => "theory",
            Self::Literature => "the literature",
            Self::Pilot => "a pilot",
        })
    }
}

/// A claim as data: what is said, what is measured, and what would refute it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Short name, such as "E1": letters, digits, -, _ and '.
    pub id: String,
    /// The statement, in words a reader can dispute.
    pub statement: String,
    /// Where the statement comes from, such as "[Nam2025, Sec. 4]".
    pub source: String,
    /// Name of the metric that the statistic reads.
    pub metric: String,
    /// Name of the model or prediction that is judged.
    pub model: String,
    /// Variant group that is judged.
    #[serde(default = "base")]
    pub variant: String,
    /// Knob values of the cells of the grid that are judged, dotted key = value; all cells if empty.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub at: toml::Table,
    /// The statistic, which gives one value per seed: its `kind`, and the keys of the kind.
    #[schemars(schema_with = "shared::statistic")]
    pub statistic: toml::Table,
    /// Where the statement claims that the value is: { above = 1 }, { below = 1 } or { within = [1, 2] }.
    pub threshold: Threshold,
    /// Where the threshold comes from; not stated when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// With `origin = "pilot"`: which runs the threshold was read off, with their seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<String>,
    /// How the 95 % interval over seeds is made.
    #[serde(default)]
    pub interval: IntervalKind,
    /// Other models and predictions that are judged by the same rule, which shows the part of the evidence that they share.
    #[serde(default)]
    pub compare: Vec<String>,
    /// Cases whose verdict is known, at least one. A control that misses its verdict makes the claim undecided.
    pub controls: Vec<Control>,
}

fn base() -> String {
    "base".to_owned()
}

/// A number that is reported with its interval but not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// Short name: letters, digits, -, _ and '.
    pub id: String,
    /// What the number is, with its unit.
    pub statement: String,
    /// Name of the metric that the statistic reads.
    pub metric: String,
    /// Name of the model or prediction.
    pub model: String,
    /// Variant group.
    #[serde(default = "base")]
    pub variant: String,
    /// Knob values of the cells of the grid that are read, dotted key = value; all cells if empty.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub at: toml::Table,
    /// The statistic, which gives one value per seed: its `kind`, and the keys of the kind.
    #[schemars(schema_with = "shared::statistic")]
    pub statistic: toml::Table,
    /// How the 95 % interval over seeds is made.
    #[serde(default)]
    pub interval: IntervalKind,
}

/// How a 95 % interval over seeds is made. There is no percentile bootstrap on purpose: at eight
/// seeds it covers 88 %, not 95 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// Student's t around the mean.
    T,
    /// Exact order statistics around the median, which hold for bounds, too.
    #[default]
    Order,
}

/// A case with a known verdict. Keys left out are those of the claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What the control is, in a few words.
    pub name: String,
    /// Name of another metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Name of another model or prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Another variant group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Other knob values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub at: Option<toml::Table>,
    /// Keys of the statistic that differ, or another statistic with its `kind`.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub statistic: toml::Table,
    /// The verdict that the control must get.
    pub must: Outcome,
}
