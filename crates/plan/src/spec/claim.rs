use std::fmt;

use record::Threshold;
use serde::{Deserialize, Serialize};

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Short name (`E1`).
    pub id: String,
    /// The statement, in words a reader can dispute.
    pub statement: String,
    /// Where the statement comes from.
    pub source: String,
    /// Metric in the observations.
    pub metric: String,
    /// Model or prediction.
    pub model: String,
    /// Variant group.
    #[serde(default = "base")]
    pub variant: String,
    /// Knob values of the cells of the grid that are judged; all cells when empty.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub at: toml::Table,
    /// The statistic: `kind` and its own keys.
    pub statistic: toml::Table,
    /// Side of the threshold that the statement claims.
    pub threshold: Threshold,
    /// Where the threshold comes from; not stated when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// With `origin = "pilot"`: which runs the threshold was read off, with their seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<String>,
    /// How the interval over seeds is made.
    #[serde(default)]
    pub interval: IntervalKind,
    /// Other models judged by the same rule, to say which part of the evidence they share.
    #[serde(default)]
    pub compare: Vec<String>,
    /// Cases with a known verdict. A control that misses it makes the claim undecided.
    pub controls: Vec<Control>,
}

fn base() -> String {
    "base".to_owned()
}

/// A number that is reported with its interval but not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// Short name.
    pub id: String,
    /// What it is, with its unit.
    pub statement: String,
    /// Metric in the observations.
    pub metric: String,
    /// Model or prediction.
    pub model: String,
    /// Variant group.
    #[serde(default = "base")]
    pub variant: String,
    /// Knob values of the cells of the grid that are judged; all cells when empty.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub at: toml::Table,
    /// The statistic: `kind` and its own keys.
    pub statistic: toml::Table,
    /// How the interval over seeds is made.
    #[serde(default)]
    pub interval: IntervalKind,
}

/// How a 95 % interval over seeds is made. There is no percentile bootstrap on purpose: at eight
/// seeds it covers 88 %, not 95 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// Student's t around the mean.
    T,
    /// Exact order statistics around the median; holds for censored values, too.
    #[default]
    Order,
}

/// A case with a known verdict. Keys left out are those of the claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What the control is.
    pub name: String,
    /// Another metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Another model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Another variant group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Other knob values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<toml::Table>,
    /// Keys of the statistic that differ.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub statistic: toml::Table,
    /// The verdict it must get.
    pub must: Outcome,
}
