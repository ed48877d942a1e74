use std::{
    thread,
    time::{Duration, Instant},
};

use nets::Target;

use super::{
    batches::batches,
    cell::RunError,
    gather::{End, Gather},
    identity::cell_id,
    work::Work,
};
use crate::{
    Kinds,
    claims::VerdictFile,
    record::{Build, CellSummary, Manifest, Observation, RunFolder, WeightsOf},
    spec::{Loaded, Variant},
};

/// Watches a run. Called from worker threads.
pub trait Observer: Sync {
    /// A cell has begun, or goes on after `step` steps.
    fn started(&self, _variant: &Variant, _seed: u64, _step: u64) {}
    /// A cell has finished `step` steps: every so many, not each.
    fn stepped(&self, _variant: &Variant, _seed: u64, _step: u64) {}
    /// A cell has recorded rows.
    fn recorded(&self, _rows: &[Observation]) {}
    /// A cell has ended.
    fn ended(&self, _summary: &CellSummary) {}
    /// A cell is not trained now: it is done already.
    fn skipped(&self, _variant: &Variant, _seed: u64) {}
    /// Something that the user should know while the run goes on.
    fn warned(&self, _warning: &str) {}
    /// Whether the user wants to stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// How to run a spec.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Device by name.
    pub device: String,
    /// Engine by name.
    pub engine: String,
    /// Worker threads.
    pub threads: usize,
    /// Cells that are trained together at most; `None` leaves it to the device.
    pub together: Option<usize>,
    /// Whether the spec's `[quick]` table was applied.
    pub quick: bool,
    /// What is done about cells that are on the disk already.
    pub storing: Storing,
}

/// How a run deals with what is on the disk and with other processes.
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
    /// Which cells are ours: those whose place in the plan leaves this remainder (from 0) when
    /// divided by that number. `None` for all.
    pub shard: Option<(usize, usize)>,
}

impl Default for Storing {
    fn default() -> Self {
        Self {
            // Losing so much hurts nobody, and a checkpoint of a small net takes milliseconds.
            checkpoint_every: Duration::from_secs(10),
            fresh: false,
            same_build: false,
            retry: true,
            wait: true,
            shard: None,
        }
    }
}

/// What the binary knows about where it came from.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// Version of layerwise.
    pub version: String,
    /// Compiler.
    pub rustc: String,
    /// Git commit.
    pub commit: String,
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

/// What a finished or interrupted run leaves in memory.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The manifest.
    pub manifest: Manifest,
    /// The verdicts.
    pub verdict: VerdictFile,
    /// Whether every cell ran to its planned end.
    pub complete: bool,
}

/// The cells of a run in the order of its tables: a variant, a seed and the cell's identity. Seed by
/// seed within a variant: the longest variant (base) begins first.
pub fn plan<'a>(loaded: &'a Loaded, device: &str, engine: &str) -> Vec<(&'a Variant, u64, String)> {
    let training = &loaded.spec.training;
    let seeds = (training.first_seed..).take(training.seeds as usize);
    let cells = loaded.variants.iter().flat_map(|variant| {
        let seeds = seeds.clone();
        seeds.map(move |seed| (variant, seed, cell_id(variant, seed, device, engine)))
    });
    cells.collect()
}

/// Time between two looks at whether other processes have ended their cells.
const WAIT: Duration = Duration::from_millis(300);

/// Runs all cells of a spec that are not done yet, gathers the tables of all, and judges the claims.
/// Rows stream into the folders of their cells as they come; at the end the tables are written in
/// canonical order, so that they do not depend on the number of threads or on interruptions.
///
/// # Errors
/// See [`RunError`]. One cell that fails does not stop the others; a folder that cannot be written
/// does. What was recorded until then is there.
pub fn run(
    loaded: &Loaded,
    settings: &Settings,
    provenance: &Provenance,
    kinds: &Kinds,
    folder: RunFolder,
    observer: &dyn Observer,
) -> Result<Recorded, RunError> {
    let start = Instant::now();
    let trained = train(loaded, settings, provenance, kinds, &folder, observer)?;
    let gather = Gather {
        loaded,
        settings,
        provenance,
        kinds,
    };
    gather.all(folder, trained, start.elapsed(), observer)
}

/// What came of the cells that this process has worked on.
pub struct Trained {
    /// By place in the plan; `None` for cells that were done before or are not ours.
    pub(super) ends: Vec<Option<End>>,
    /// Cells that other processes train.
    pub held: usize,
    /// Name of the device's adapter, where its backend tells.
    pub(super) adapter: Option<String>,
    /// Cells that are trained together at most.
    pub(super) together: usize,
}

impl Trained {
    /// Cells that this process has trained to their end.
    pub fn done(&self) -> usize {
        let ends = self.ends.iter().flatten();
        ends.filter(|end| matches!(end, End::Done)).count()
    }

    /// What went wrong first.
    pub fn failure(&mut self) -> Option<RunError> {
        let failed = |end: &Option<End>| matches!(end, Some(End::Failed(_)));
        let first = self.ends.iter().position(failed)?;
        match self.ends[first].take() {
            Some(End::Failed(error)) => Some(error),
            _ => None,
        }
    }
}

/// Trains the cells of a spec that are not done yet, and are ours.
///
/// # Errors
/// The device, the spec or the folder; cells that failed are in what it gives.
pub fn train(
    loaded: &Loaded,
    settings: &Settings,
    provenance: &Provenance,
    kinds: &Kinds,
    folder: &RunFolder,
    observer: &dyn Observer,
) -> Result<Trained, RunError> {
    let target = Target::open(&settings.device, loaded.spec.training.precision)?;
    let cells = plan(loaded, &settings.device, &settings.engine);
    let store = folder.cells();
    if settings.storing.fresh {
        // Cells that are not of this plan stay, and so do their weights.
        for (variant, seed, cell) in &cells {
            store.forget(cell)?;
            for model in variant.spec.models.keys() {
                folder.forget_weights(WeightsOf {
                    variant: &variant.name,
                    seed: *seed,
                    model,
                })?;
            }
        }
    }
    // On the host each cell has a thread of its own; a GPU is filled by many at once.
    let together = settings.together.unwrap_or_else(|| target.cells_together());
    let planned: Vec<_> = cells
        .iter()
        .map(|(variant, seed, _)| (*variant, *seed))
        .collect();
    let mut todo = batches(&planned, together, kinds)?;
    if let Some((remainder, shards)) = settings.storing.shard {
        for batch in &mut todo {
            batch.retain(|place| place % shards == remainder);
        }
        todo.retain(|batch| !batch.is_empty());
    }
    let work = Work::new(
        &cells,
        settings,
        &target,
        kinds,
        folder.path(),
        provenance.build(),
        observer,
    );
    let mut held = work.pass(&todo);
    while !held.is_empty() && settings.storing.wait && work.goes_on() {
        thread::sleep(WAIT);
        let alone: Vec<_> = held.into_iter().map(|place| vec![place]).collect();
        held = work.pass(&alone);
    }
    Ok(Trained {
        ends: work.ends(),
        held: held.len(),
        adapter: target.adapter(),
        together,
    })
}
