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
    /// Maximum number of cells stepped together; `None` leaves it to the device.
    pub together: Option<usize>,
    /// Whether the spec's `[quick]` table was applied.
    pub quick: bool,
    /// What is done with cells that the disk holds already.
    pub storing: Storing,
}

/// How a run deals with what the disk holds, and with other processes.
#[derive(Debug, Clone, PartialEq)]
pub struct Storing {
    /// Time between two checkpoints of a cell.
    pub checkpoint_every: Duration,
    /// Whether all cells are trained from the start, whatever is there.
    pub fresh: bool,
    /// Whether cells that another build of this program trained are trained again.
    pub same_build: bool,
    /// Whether cells that failed before are tried again.
    pub retry: bool,
    /// Whether to wait for cells that other processes train.
    pub wait: bool,
    /// Which cells this process trains: those whose place in the plan leaves this remainder (from 0)
    /// when divided by that number. `None` for all.
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
            // A loss of ten seconds is bearable, and a checkpoint of a small net takes milliseconds.
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
    /// The part that a cell is marked with.
    pub fn build(&self) -> Build {
        Build {
            version: self.version.clone(),
            commit: self.commit.clone(),
        }
    }
}
