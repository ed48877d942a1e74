use std::time::Duration;

use record::Build;

/// How a plan is trained.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Device by name.
    pub device: String,
    /// Engine by name.
    pub engine: String,
    /// Worker threads.
    pub threads: usize,
    /// Maximum number of cells trained together; `None` uses the default of the device.
    pub together: Option<usize>,
    /// Whether the spec's `[quick]` table was applied.
    pub quick: bool,
    /// How cells on disk are treated.
    pub storing: Storing,
}

/// How a run treats cells on disk and other processes.
#[derive(Debug, Clone, PartialEq)]
pub struct Storing {
    /// Time between two checkpoints of a cell.
    pub checkpoint_every: Duration,
    /// Whether all cells are trained from the start, including finished ones.
    pub fresh: bool,
    /// Whether cells that another build of this program trained are trained again.
    pub same_build: bool,
    /// Whether cells that failed before are tried again.
    pub retry: bool,
    /// Whether to wait for cells that other processes train.
    pub wait: bool,
    /// The cells that this process trains, as (remainder, number): those whose position in the plan
    /// has this remainder (from 0) modulo the number. `None` for all cells.
    pub shard: Option<(usize, usize)>,
}

impl Default for Settings {
    /// One thread on the recommended device.
    fn default() -> Self {
        Self {
            device: "flex".to_owned(),
            engine: "auto".to_owned(),
            threads: 1,
            together: None,
            quick: false,
            storing: Storing::default(),
        }
    }
}

impl Default for Storing {
    fn default() -> Self {
        Self {
            // Losing ten seconds is acceptable, and a checkpoint of a small net takes milliseconds.
            checkpoint_every: Duration::from_secs(10),
            fresh: false,
            same_build: false,
            retry: true,
            wait: true,
            shard: None,
        }
    }
}

/// What the binary knows about its own build, and where it runs.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// Version of layerwise.
    pub version: String,
    /// Compiler.
    pub rustc: String,
    /// Git commit.
    pub commit: String,
    /// The machine that it runs on: processor and cores.
    pub machine: String,
}

impl Provenance {
    /// The part that is recorded in each cell.
    pub fn build(&self) -> Build {
        Build {
            version: self.version.clone(),
            commit: self.commit.clone(),
        }
    }
}
