use std::{collections::BTreeMap, fmt};

use models::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Observation;

/// Format version of a run folder. It is part of every cell's identity.
pub const FORMAT: u32 = 3;

/// Description of a metric for readers of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// What the index counts (`skill`, `mode`, `class`, `layer`); empty if the metric has no index.
    pub index: String,
    /// Whether the metric is derived from a whole curve, so that its row does not belong to one
    /// moment of training.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_curve: bool,
}

/// The claimed side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Threshold {
    /// The value is above this number.
    Above(f64),
    /// The value is below this number.
    Below(f64),
    /// The value is between these two numbers.
    Within([f64; 2]),
}

impl Threshold {
    /// Whether an interval lies on the other side; ends that are `None` are infinite.
    pub fn excludes(&self, low: Option<f64>, high: Option<f64>) -> bool {
        let above = |limit: f64| low.is_some_and(|low| low > limit);
        let below = |limit: f64| high.is_some_and(|high| high < limit);
        match *self {
            Self::Above(limit) => below(limit),
            Self::Below(limit) => above(limit),
            Self::Within([least, most]) => below(least) || above(most),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Above(value) => write!(f, "> {value}"),
            Self::Below(value) => write!(f, "< {value}"),
            Self::Within([low, high]) => write!(f, "in [{low}, {high}]"),
        }
    }
}

/// Source of a model that was not trained by this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalSource {
    /// The model of the spec that it replaces.
    pub model: String,
    /// `curves` or `checkpoints`.
    pub kind: String,
    /// Name of the file or folder.
    pub name: String,
    /// SHA-256 of the file, or of all files in the folder in order.
    pub sha256: String,
}

/// Origin of a run and how it ended, as written to `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format version of the run folder.
    pub format: u32,
    /// Experiment name.
    pub name: String,
    /// Whether `--quick` was given.
    pub quick: bool,
    /// BLAKE3 of the cell-relevant part of the resolved spec (training, not claims or pictures).
    pub spec_hash: String,
    /// Seeds that were run.
    pub seeds: Vec<u64>,
    /// Version of layerwise.
    pub layerwise_version: String,
    /// Compiler.
    pub rustc_version: String,
    /// Git commit of the source, `unknown` outside a checkout.
    pub git_commit: String,
    /// Machines that trained its cells, as far as they are known: processor and cores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<String>,
    /// Device.
    pub device: String,
    /// Name of the device's adapter, if the backend reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Engine.
    pub engine: String,
    /// The engine that trained each model.
    #[serde(default)]
    pub engines: BTreeMap<String, String>,
    /// Models that were read from files instead of being trained.
    #[serde(default)]
    pub external: Vec<ExternalSource>,
    /// Assumptions about the user's files, and what is missing in them, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Role of each model and prediction.
    pub roles: BTreeMap<String, Role>,
    /// The metrics of the run, by name.
    pub metrics: BTreeMap<String, MetricInfo>,
    /// Precision of training.
    pub precision: String,
    /// Worker threads.
    pub threads: usize,
    /// Maximum number of cells trained together.
    #[serde(default = "alone")]
    pub together: usize,
    /// Wall time of the whole run in seconds.
    pub wall_seconds: f64,
    /// Sum over cells of their own wall time in seconds.
    pub cell_seconds: f64,
    /// Share of the cells' wall time spent measuring, 0 to 1.
    pub measuring_share: f64,
    /// The variants, in the order of the sweep.
    pub variants: Vec<VariantInfo>,
    /// How each cell ended.
    pub cells: Vec<CellSummary>,
    /// Cells that could not be trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedCell>,
    /// Builds that trained cells, if not only this build did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
    /// The threshold of each claim, by id, at the first judgement in this folder. It does not
    /// change when the spec runs again with other thresholds, because those were chosen after the
    /// results were known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_thresholds: BTreeMap<String, Threshold>,
}

impl Manifest {
    /// Whether the curve of a row ends before the run does; see [`CellSummary::ends_early`].
    pub fn ends_early(&self, row: &Observation) -> bool {
        if self.external.is_empty() {
            return false;
        }
        let info = self.metrics.get(&*row.metric);
        let whole_curve = info.is_some_and(|info| info.whole_curve);
        let mut cells = self.cells.iter();
        cells.any(|cell| {
            *row.variant == cell.variant
                && row.seed == cell.seed
                && cell.ends_early(row, whole_curve)
        })
    }

    /// Role of a model or prediction. A name that is not in the spec counts as a net.
    pub fn role(&self, model: &str) -> Role {
        self.roles.get(model).copied().unwrap_or(Role::Net)
    }
}

/// A cell that could not be trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCell {
    /// Variant name.
    pub variant: String,
    /// Seed.
    pub seed: u64,
    /// What went wrong.
    pub error: String,
}

/// A build of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Version of layerwise.
    pub version: String,
    /// Git commit of its source.
    pub commit: String,
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}, commit {}", self.version, self.commit)
    }
}

fn alone() -> usize {
    1
}

/// Description of a variant for readers of a run folder, so that they need not resolve the spec
/// again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantInfo {
    /// Unique name (`base`, or `base,task.data.size=500`).
    pub name: String,
    /// Group (`base` or the name of a variant change).
    pub group: String,
    /// Grid knobs by dotted key.
    pub knobs: toml::Table,
    /// Probability (or input power) of each skill or mode, in the order of the indices.
    pub probabilities: Vec<f64>,
    /// Gradient-flow time of one step at the full learning rate; `None` if the optimizer has no
    /// flow time.
    pub flow_per_step: Option<f64>,
}

/// How one cell ended: a variant with a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Variant name.
    pub variant: String,
    /// Seed.
    pub seed: u64,
    /// Last step that was trained.
    pub steps: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Wall time spent measuring, in seconds.
    pub measuring_seconds: f64,
    /// Why it stopped.
    pub stopped: StopReason,
}

/// Why a cell stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum StopReason {
    /// All steps were trained.
    Finished,
    /// The condition of `stop_when` held.
    Condition {
        /// Step at which it held.
        step: u64,
    },
    /// A loss or parameter was no longer finite.
    NotFinite {
        /// Step at which it was seen.
        step: u64,
        /// Which model.
        model: String,
    },
    /// The loss grew beyond the limit of the spec.
    Diverged {
        /// Step at which it was seen.
        step: u64,
        /// Which model.
        model: String,
        /// The loss then.
        loss: f64,
    },
    /// The cell was trained to its end, but curves or checkpoints of the user end earlier.
    EndsEarly {
        /// The curves that end early, and where.
        curves: Vec<EarlyEnd>,
    },
    /// Ctrl-C.
    Interrupted {
        /// Last finished step.
        step: u64,
    },
}

impl StopReason {
    /// Whether the cell failed, as opposed to having ended as planned or on request.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::NotFinite { .. } | Self::Diverged { .. })
    }

    /// Whether the cell reached its end, so that its last records describe the end of training.
    /// Curves in [`Self::EndsEarly`] are the exception, see [`CellSummary::ends_early`].
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Finished | Self::Condition { .. } | Self::EndsEarly { .. }
        )
    }
}

/// Curves of the user that end before the last step of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyEnd {
    /// The model that they replace.
    pub model: String,
    /// The metric; `None` for all metrics, as with checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The indices; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indices: Vec<u64>,
    /// Step of the last record.
    pub step: u64,
}

impl CellSummary {
    /// Whether the curve that ends with this row ends before the cell does, so that its value at
    /// the end is unknown. A number that is derived from a `whole_curve` is known nevertheless,
    /// unless it is a time that was not reached.
    pub fn ends_early(&self, row: &Observation, whole_curve: bool) -> bool {
        let StopReason::EndsEarly { curves } = &self.stopped else {
            return false;
        };
        let own = |end: &&EarlyEnd| *row.model == end.model;
        if whole_curve {
            // Such a time was recorded at the last step of its curve.
            let open = row.value == f64::INFINITY && row.step < self.steps;
            return open && curves.iter().any(|end| own(&end));
        }
        curves.iter().filter(own).any(|end| {
            let all_metrics = (end.metric.as_ref()).is_none_or(|metric| *row.metric == *metric);
            all_metrics && (end.indices.is_empty() || end.indices.contains(&row.index))
        })
    }
}
