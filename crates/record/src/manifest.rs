use std::{collections::BTreeMap, fmt};

use models::Role;
use serde::{Deserialize, Serialize};

use crate::Observation;

/// Format version of a run folder. It is part of every cell's identity.
pub const FORMAT: u32 = 3;

/// What a reader needs to know of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// What an index counts (`skill`, `mode`, `class`, `layer`); empty where the metric has none.
    pub index: String,
    /// Whether it follows from a whole curve, so that its one row is no moment of training.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_curve: bool,
}

/// The side of a threshold that a claim takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Threshold {
    /// The value lies above this number.
    Above(f64),
    /// The value lies below this number.
    Below(f64),
    /// The value lies between these two numbers.
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

/// Where a model that was not trained here came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalSource {
    /// The model of the spec that it stands for.
    pub model: String,
    /// `curves` or `checkpoints`.
    pub kind: String,
    /// Name of the file or folder.
    pub name: String,
    /// SHA-256 of the file, or of all files of the folder in their order.
    pub sha256: String,
}

/// Where a run came from and how it ended, as written to `manifest.json`.
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
    /// Device.
    pub device: String,
    /// Name of the device's adapter, where its backend tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Engine.
    pub engine: String,
    /// The engine that trained each model.
    #[serde(default)]
    pub engines: BTreeMap<String, String>,
    /// Models that were read in place of training them.
    #[serde(default)]
    pub external: Vec<ExternalSource>,
    /// What was assumed about files of the user, and what they lack: one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What each model and prediction is.
    pub roles: BTreeMap<String, Role>,
    /// The metrics of the run, by name.
    pub metrics: BTreeMap<String, MetricInfo>,
    /// Precision of training.
    pub precision: String,
    /// Worker threads.
    pub threads: usize,
    /// Maximum number of cells stepped together.
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
    /// Builds that trained cells, where it was not this one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
    /// The threshold of each claim, by id, when it was first judged in this folder. Running the spec
    /// again with others does not change it: their results were known.
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

    /// What a model or prediction is. One that the spec does not name is a net to its reader.
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

/// What a reader of a run folder needs to know of a variant without resolving the spec again.
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
    /// Gradient-flow time of one step at the full learning rate; `None` where there is none.
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
    /// Seconds of it spent measuring.
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
    /// A loss or parameter was no longer a finite number.
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
    /// Trained to its end, beside curves or checkpoints of the user that end before.
    EndsEarly {
        /// What ends where.
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

    /// Whether the cell came to its end, so that its last records are those of the end: all but those
    /// of [`Self::EndsEarly`], see [`CellSummary::ends_early`].
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
    /// The model that they stand for.
    pub model: String,
    /// Their metric; `None` for all metrics, as of checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Their indices; none for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indices: Vec<u64>,
    /// Step of their last record.
    pub step: u64,
}

impl CellSummary {
    /// Whether the curve that a row is the last of ends before the cell does, so that what it is at the
    /// end is not known. A number that follows from a `whole_curve` is known all the same, but for a
    /// time that did not come.
    pub fn ends_early(&self, row: &Observation, whole_curve: bool) -> bool {
        let StopReason::EndsEarly { curves } = &self.stopped else {
            return false;
        };
        let own = |end: &&EarlyEnd| *row.model == end.model;
        if whole_curve {
            // It was recorded at the last step of its curve.
            let open = row.value == f64::INFINITY && row.step < self.steps;
            return open && curves.iter().any(|end| own(&end));
        }
        curves.iter().filter(own).any(|end| {
            let all_metrics = (end.metric.as_ref()).is_none_or(|metric| *row.metric == *metric);
            all_metrics && (end.indices.is_empty() || end.indices.contains(&row.index))
        })
    }
}
