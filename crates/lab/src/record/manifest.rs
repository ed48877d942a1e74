use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{own::OwnSource, spec::Threshold};

/// Format version of a run folder. It is part of every cell's identity.
pub const FORMAT: u32 = 2;

/// Where a run came from and how it went, as written to `manifest.json`.
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
    pub own: Vec<OwnSource>,
    /// Precision of training.
    pub precision: String,
    /// Worker threads.
    pub threads: usize,
    /// Cells that were trained together at most.
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
    /// What came of each cell.
    pub cells: Vec<CellSummary>,
    /// Cells that could not be trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedCell>,
    /// Programs that trained cells, where it was not this one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
    /// The threshold of each claim, by id, when it was first judged in this folder. Running the spec
    /// again with others does not change it: their results were known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_thresholds: BTreeMap<String, Threshold>,
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

/// A program that trained cells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Version of layerwise.
    pub version: String,
    /// Git commit of its source.
    pub commit: String,
}

impl std::fmt::Display for Build {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// One cell: a variant with a seed.
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

    /// Whether the cell came to its end, so that its last records are those of the end.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Finished | Self::Condition { .. })
    }
}
