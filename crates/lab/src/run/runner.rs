use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use nets::Target;

use super::{
    batches::{Planned, batches},
    cell::{CellOutcome, RunError},
    cells::Cells,
    predictions::predict,
};
use crate::{
    Kinds,
    claims::{VerdictFile, judge},
    predict::Clock,
    record::{
        CellSummary, FORMAT, Manifest, Observation, RunFolder, RunFolderError, StopReason,
        VariantInfo, WeightsOf, keep_weights,
    },
    spec::{Loaded, Variant},
};

/// Watches a run. Called from worker threads.
pub trait Observer: Sync {
    /// A cell has begun.
    fn started(&self, _variant: &Variant, _seed: u64) {}
    /// A cell has finished `step` steps: every so many, not each.
    fn stepped(&self, _variant: &Variant, _seed: u64, _step: u64) {}
    /// A cell has recorded rows.
    fn recorded(&self, _rows: &[Observation]) {}
    /// A cell has ended.
    fn ended(&self, _summary: &CellSummary) {}
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

/// Runs all cells of a spec, writes the run folder, and judges the claims. Rows stream into the
/// folder as they come; at the end the tables are written in canonical order, so that they do not
/// depend on the number of threads.
///
/// # Errors
/// See [`RunError`]. What was recorded until then is in the folder.
pub fn run(
    loaded: &Loaded,
    settings: &Settings,
    provenance: &Provenance,
    kinds: &Kinds,
    folder: RunFolder,
    observer: &dyn Observer,
) -> Result<Recorded, RunError> {
    let start = Instant::now();
    let target = Target::open(&settings.device, loaded.spec.training.precision)?;
    let training = &loaded.spec.training;
    let seeds: Vec<u64> = (training.first_seed..)
        .take(training.seeds as usize)
        .collect();
    // Seed by seed within a variant: the longest variant (base) begins first.
    let plan: Vec<(&Variant, u64)> = loaded
        .variants
        .iter()
        .flat_map(|variant| seeds.iter().map(move |&seed| (variant, seed)))
        .collect();
    // On the host each cell has a thread of its own; a GPU is filled by many at once.
    let together = settings.together.unwrap_or_else(|| target.cells_together());
    let batches = batches(&plan, together, kinds)?;
    let folder = Mutex::new(folder);
    let results = run_cells(&plan, &batches, settings, &target, kinds, &folder, observer);

    let mut observations = Vec::new();
    let mut cells = Vec::new();
    let mut failure = None;
    let mut engines = BTreeMap::new();
    for result in results {
        match result {
            Some(Ok(mut outcome)) => {
                observations.append(&mut outcome.observations);
                cells.push(outcome.summary);
                for (model, engine) in outcome.engines {
                    engines.entry(model).or_insert(engine);
                }
            }
            // What a broken cell had recorded is kept.
            Some(Err((error, mut recorded))) => {
                observations.append(&mut recorded);
                failure = failure.or(Some(error));
            }
            None => {}
        }
    }
    let complete = failure.is_none()
        && cells.len() == plan.len()
        && !cells
            .iter()
            .any(|c| matches!(c.stopped, StopReason::Interrupted { .. }));
    let cell_seconds: f64 = cells.iter().map(|c| c.seconds).sum();
    let measuring: f64 = cells.iter().map(|c| c.measuring_seconds).sum();
    let manifest = Manifest {
        format: FORMAT,
        name: loaded.spec.name.clone(),
        quick: settings.quick,
        spec_hash: super::spec_hash(loaded, &settings.device, &settings.engine),
        seeds,
        layerwise_version: provenance.version.clone(),
        rustc_version: provenance.rustc.clone(),
        git_commit: provenance.commit.clone(),
        device: settings.device.clone(),
        adapter: target.adapter(),
        engine: settings.engine.clone(),
        engines: (engines.into_iter())
            .map(|(model, engine)| (model, engine.to_owned()))
            .collect(),
        own: {
            let own = loaded.variants.iter().flat_map(|v| v.own.values());
            let mut sources: Vec<_> = own.map(|own| own.source.clone()).collect();
            sources.dedup();
            sources
        },
        precision: format!("{:?}", training.precision).to_lowercase(),
        threads: settings.threads,
        together,
        wall_seconds: start.elapsed().as_secs_f64(),
        cell_seconds,
        measuring_share: if cell_seconds > 0.0 {
            measuring / cell_seconds
        } else {
            0.0
        },
        variants: variant_infos(loaded, kinds)?,
        cells,
    };
    let verdict = judge(&loaded.spec, None, &manifest, &observations, kinds)?;
    let folder = folder.into_inner().unwrap_or_else(PoisonError::into_inner);
    folder.finish(&observations, &manifest, &verdict, complete)?;
    match failure {
        Some(error) => Err(error),
        None => Ok(Recorded {
            manifest,
            verdict,
            complete,
        }),
    }
}

fn variant_infos(loaded: &Loaded, kinds: &Kinds) -> Result<Vec<VariantInfo>, RunError> {
    let first_seed = loaded.spec.training.first_seed;
    loaded
        .variants
        .iter()
        .map(|variant| {
            let spec = &variant.spec;
            let task = kinds
                .tasks
                .build(spec.task.clone())
                .map_err(|e| e.within("task"))?;
            let groups = task.instance(first_seed);
            let per_lr = Clock::per_lr(&spec.training, task.shape().outputs);
            Ok(VariantInfo {
                name: variant.name.clone(),
                group: variant.group.clone(),
                knobs: variant.knobs.clone(),
                probabilities: groups.groups().iter().map(|g| g.probability).collect(),
                flow_per_step: per_lr.map(|factor| factor * spec.training.lr),
            })
        })
        .collect()
}

/// What is kept of a cell: its rows, measured and predicted.
struct Kept {
    observations: Vec<Observation>,
    summary: CellSummary,
    engines: Vec<(String, &'static str)>,
}

/// A broken cell gives its error and the rows that it had recorded.
type CellResult = Option<Result<Kept, (RunError, Vec<Observation>)>>;

fn run_cells(
    plan: &[Planned<'_>],
    batches: &[Vec<usize>],
    settings: &Settings,
    target: &Target,
    kinds: &Kinds,
    folder: &Mutex<RunFolder>,
    observer: &dyn Observer,
) -> Vec<CellResult> {
    let next = AtomicUsize::new(0);
    let broken = AtomicBool::new(false);
    let results: Vec<Mutex<CellResult>> = plan.iter().map(|_| Mutex::new(None)).collect();
    let worker = || {
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            if broken.load(Ordering::Relaxed) || observer.interrupted() {
                break;
            }
            let members: Vec<Planned<'_>> = batch.iter().map(|&cell| plan[cell]).collect();
            for (variant, seed) in &members {
                observer.started(variant, *seed);
            }
            let cells = Cells {
                members: &members,
                engine: &settings.engine,
                target,
                kinds,
            };
            for (&cell, result) in batch.iter().zip(run_batch(&cells, folder, observer)) {
                match &result {
                    Ok(kept) => observer.ended(&kept.summary),
                    Err(_) => broken.store(true, Ordering::Relaxed),
                }
                *results[cell].lock().expect("each result is written once") = Some(result);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..settings.threads.clamp(1, batches.len().max(1)) {
            scope.spawn(worker);
        }
    });
    results
        .into_iter()
        .map(|r| r.into_inner().expect("all workers have ended"))
        .collect()
}

/// Trains the cells of a batch, and predicts; one result each.
fn run_batch(
    cells: &Cells<'_>,
    folder: &Mutex<RunFolder>,
    observer: &dyn Observer,
) -> Vec<Result<Kept, (RunError, Vec<Observation>)>> {
    let writer = Writer::new(folder, observer);
    let train_and_predict = || -> Result<Vec<Kept>, RunError> {
        let outcomes = cells.run(None, &writer)?.into_iter().zip(cells.members);
        outcomes
            .map(|(mut outcome, (variant, _))| {
                let predicted = predict(variant, &outcome, cells.kinds)?;
                outcome.observations.extend(predicted);
                keep_last(&folder_path(folder), variant, &outcome)?;
                Ok(Kept {
                    observations: outcome.observations,
                    summary: outcome.summary,
                    engines: outcome.engines,
                })
            })
            .collect()
    };
    let (variant, seed) = cells.members[0];
    let result = catch_unwind(AssertUnwindSafe(train_and_predict)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "no message".to_owned());
        let variant = variant.name.clone();
        Err(RunError::Panic {
            variant,
            seed,
            message,
        })
    });
    let (rows, error) = writer.close();
    let error = match (error, result) {
        (None, Ok(kept)) => return kept.into_iter().map(Ok).collect(),
        (Some(error), _) => error.into(),
        (None, Err(error)) => error,
    };
    // The rows of all members are kept by the first; which failed, the error says.
    vec![Err((error, rows))]
}

fn folder_path(folder: &Mutex<RunFolder>) -> PathBuf {
    let folder = folder.lock().unwrap_or_else(PoisonError::into_inner);
    folder.path().to_owned()
}

/// Writes the weights of a cell that is asked to keep them.
fn keep_last(
    folder: &Path,
    variant: &Variant,
    outcome: &CellOutcome,
) -> Result<(), RunFolderError> {
    for (model, last) in &outcome.last {
        let of = WeightsOf {
            variant: &variant.name,
            seed: outcome.summary.seed,
            model,
        };
        let initial = outcome.initial.iter().find(|(name, _)| name == model);
        let initial = initial.map_or(&[][..], |(_, arrays)| arrays);
        keep_weights(folder, of, initial, last)?;
    }
    Ok(())
}

/// Streams rows into the folder and passes everything else on.
struct Writer<'a> {
    folder: &'a Mutex<RunFolder>,
    observer: &'a dyn Observer,
    state: Mutex<(Vec<Observation>, Option<RunFolderError>)>,
}

impl<'a> Writer<'a> {
    fn new(folder: &'a Mutex<RunFolder>, observer: &'a dyn Observer) -> Self {
        Self {
            folder,
            observer,
            state: Mutex::new((Vec::new(), None)),
        }
    }

    fn close(self) -> (Vec<Observation>, Option<RunFolderError>) {
        // A cell that panicked while it wrote has still recorded what is here.
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Writer<'_> {
    fn stepped(&self, variant: &Variant, seed: u64, step: u64) {
        self.observer.stepped(variant, seed, step);
    }

    fn recorded(&self, rows: &[Observation]) {
        let written = self
            .folder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(rows);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.extend_from_slice(rows);
        if let Err(error) = written {
            state.1.get_or_insert(error);
        }
        drop(state);
        self.observer.recorded(rows);
    }

    fn interrupted(&self) -> bool {
        // A stream that cannot be written ends the cell.
        let broken = self.state.lock().map_or(true, |state| state.1.is_some());
        broken || self.observer.interrupted()
    }
}
