use crate::{Batch, TaskShape};

/// One skill, mode or class of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Probability of a sample from this group, or the input power `E[x²]` of a mode: the weight
    /// with which the population loss counts it.
    pub probability: f64,
    /// How many equal members this group stands for when losses are reported (1 for a real
    /// skill; more when a long tail of skills is binned).
    pub multiplicity: f64,
    /// Target strength `S` of the group's basis function.
    pub target: f64,
    /// Input bits whose parity is the target, ascending and counted from the first bit column
    /// (behind the key columns, if there are any); empty where the task has no bits.
    pub subset: Vec<usize>,
}

/// A checked task description: everything but the seed.
pub trait Task: Send + Sync {
    /// Widths of inputs, basis and targets.
    fn shape(&self) -> TaskShape;

    /// The spec table with every default written out.
    fn resolved(&self) -> toml::Table;

    /// Rows of one training batch, for time estimates.
    fn batch_rows(&self) -> usize;

    /// Draws what depends on the seed.
    fn instance(&self, seed: u64) -> Box<dyn TaskInstance>;
}

/// A task whose seed is fixed: same seed, same rows, on every machine.
pub trait TaskInstance: Send + Sync {
    /// The skills, modes or classes, in the order of the basis functions.
    fn groups(&self) -> &[Group];

    /// A training stream that starts at step 0.
    fn training(&self) -> Box<dyn TrainingStream>;

    /// The test rows: an exact count per group, grouped in order. For population tasks it is the
    /// population itself.
    fn test(&self) -> Batch;

    /// All `2^n` inputs of one group in counting order (bit `j` of the row number is bit `j` of
    /// the input), for Walsh spectra. `None` where the rows have no bits or more than 16 of them,
    /// where they would take more than 512 MiB, and for a group that does not exist.
    fn cube(&self, group: usize) -> Option<Batch>;
}

/// Training batches of one run. A function of (seed, step): any step can be asked for in any
/// order and gives the same rows.
pub trait TrainingStream: Send {
    /// Whether every step gives the same rows, so that they need to reach the device only once.
    fn is_constant(&self) -> bool;

    /// Writes the rows of `step` into `batch`, reusing its buffers.
    fn fill(&mut self, step: u64, batch: &mut Batch);
}
