use crate::{Batch, KeyError, ResidueCharacters, TaskShape};

/// One skill, mode or class of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Probability of a sample from this group, or the input power `E[x²]` of a mode. It is the
    /// weight of the group in the population loss.
    pub probability: f64,
    /// Number of equal members that this group represents in reported losses: 1 for a single skill,
    /// more if a long tail of skills is binned.
    pub multiplicity: f64,
    /// Target strength `S` of the group's basis function.
    pub target: f64,
    /// Input bits whose parity is the target, ascending, and counted from the first bit column
    /// (after the key columns, if there are any); empty if the task has no bits.
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

    /// Name of a group: skill, mode or class.
    fn group_name(&self) -> &'static str {
        "skill"
    }

    /// Assumptions about the user's rows at these seeds, one sentence each. A run prints them
    /// before training and keeps them in its manifest.
    fn notes(&self, _seeds: &[u64]) -> Vec<String> {
        Vec::new()
    }

    /// Checks problems that depend on the seed, such as a split that misses a class.
    ///
    /// # Errors
    /// A key is not valid for this seed.
    fn check_seed(&self, _seed: u64) -> Result<(), KeyError> {
        Ok(())
    }

    /// Draws everything that depends on the seed. The rows are those that [`Self::check_seed`] has
    /// checked.
    fn instance(&self, seed: u64) -> Box<dyn TaskInstance>;
}

/// A task whose seed is fixed: same seed, same rows, on every machine.
pub trait TaskInstance: Send + Sync {
    /// The skills, modes or classes, in the order of the basis functions.
    fn groups(&self) -> &[Group];

    /// A training stream that starts at step 0.
    fn training(&self) -> Box<dyn TrainingStream>;

    /// The test rows, with an exact count per group, in the order of groups. A population task
    /// returns the population itself.
    fn test(&self) -> Batch;

    /// All `2^n` inputs of one group in counting order (bit `j` of the row number is bit `j` of
    /// the input), for Walsh spectra. `None` if the rows have no bits or more than 16 bits, if they
    /// would take more than 512 MiB, or if the group does not exist.
    fn cube(&self, group: usize) -> Option<Batch>;

    /// The rows of [`TaskInstance::cube`] in compact form, without writing them out; `None` if
    /// there is no cube.
    fn cube_axes(&self, _group: usize) -> Option<CubeAxes> {
        None
    }

    /// The whole fixed training set, in its own order; for population tasks it is the population.
    /// `None` if rows are drawn fresh at every step, or would take more than 512 MiB.
    fn training_set(&self) -> Option<Batch> {
        None
    }

    /// ξ: the factor on the inputs.
    fn input_scale(&self) -> f64 {
        1.0
    }

    /// Whether the training inputs have (1/N) Σ x xᵀ = I and every step trains on all of them. Then
    /// the singular modes of E[y xᵀ] are the modes of a linear net.
    fn whitened(&self) -> bool {
        false
    }

    /// Pairs of residues, for Fourier spectra; `None` if the inputs are not pairs of residues.
    fn pairs(&self) -> Option<&Pairs> {
        None
    }
}

/// All `2^n` inputs of a group: row i is `origin` with `change` added to `column` for every axis j
/// (`(column, change)`) whose bit j of i is set.
#[derive(Debug, Clone, PartialEq)]
pub struct CubeAxes {
    /// The row of index 0, `[D]`.
    pub origin: Vec<f64>,
    /// `(column, change)` of every bit, the lowest first.
    pub axes: Vec<(usize, f64)>,
}

/// Inputs of a task on pairs (a, b) of residues modulo p.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// p.
    pub modulus: u32,
    /// The characters in which the result is sparse, or the reason why there are none.
    pub characters: Result<ResidueCharacters, String>,
    /// The n² pairs of the n residues on which the characters are defined, with their true targets.
    /// Row i n + j is the pair of residues number i and j of [`ResidueCharacters::residues`]. Empty
    /// without characters.
    pub rows: Batch,
}

/// Training batches of one run. The rows are a function of (seed, step), so steps can be requested
/// in any order.
pub trait TrainingStream: Send {
    /// Whether every step has the same rows, so that they need to be sent to the device only once.
    fn is_constant(&self) -> bool;

    /// Writes the rows of `step` into `batch`, reusing its buffers.
    fn fill(&mut self, step: u64, batch: &mut Batch);
}
