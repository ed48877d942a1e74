use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use judge::{Gathered, Making, gather};
use nets::{Engines, Target, TrainingSetup};
use plan::Plan;
use record::{RunFolder, WeightsOf};
use tasks::Batch;

use crate::{
    batches::batches,
    error::TrainError,
    observer::Observer,
    settings::{Provenance, Settings},
    work::{CellEnd, Work},
};

/// Time between two checks whether other processes have ended their cells.
const WAIT: Duration = Duration::from_millis(300);

/// What became of the cells that one call has worked on.
pub struct Trained {
    /// By place in the plan; `None` for cells that were done before or belong to others.
    ends: Vec<Option<CellEnd>>,
    /// Cells that other processes train.
    pub busy: usize,
    /// Name of the device's adapter, where its backend tells.
    adapter: Option<String>,
    /// Maximum number of cells stepped together.
    together: usize,
    started: Instant,
}

impl Trained {
    /// Cells that this call has trained to their end.
    pub fn done(&self) -> usize {
        let ends = self.ends.iter().flatten();
        ends.filter(|end| matches!(end, CellEnd::Done)).count()
    }

    /// What went wrong first.
    pub fn failure(&mut self) -> Option<TrainError> {
        let failed = |end: &Option<CellEnd>| matches!(end, Some(CellEnd::Failed(_)));
        let first = self.ends.iter().position(failed)?;
        match self.ends[first].take() {
            Some(CellEnd::Failed(error)) => Some(error),
            _ => None,
        }
    }

    /// How the run was made.
    fn making(&self, settings: &Settings, provenance: &Provenance) -> Making {
        let ends = self.ends.iter().enumerate();
        let interrupted: HashMap<_, _> = ends
            .filter_map(|(place, end)| match end {
                Some(CellEnd::Interrupted(summary)) => Some((place, summary.clone())),
                _ => None,
            })
            .collect();
        Making {
            device: settings.device.clone(),
            engine: settings.engine.clone(),
            adapter: self.adapter.clone(),
            threads: settings.threads,
            together: self.together,
            quick: settings.quick,
            fresh: settings.storing.fresh,
            build: provenance.build(),
            rustc: provenance.rustc.clone(),
            interrupted,
            worked: self.ends.iter().any(Option::is_some),
            elapsed: self.started.elapsed(),
        }
    }
}

/// Checks, without training, that the engine that the settings name trains every model of the base
/// variant. Cells of another variant that it does not cover fail alone.
///
/// # Errors
/// The device, or the first model that the engine does not cover.
pub fn check_engine(plan: &Plan, settings: &Settings, engines: &Engines) -> Result<(), TrainError> {
    let target = Target::open(&settings.device, plan.spec.training.precision)?;
    let (variant, seed) = (&plan.variants[0], plan.spec.training.first_seed);
    let instance = variant.task.instance(seed);
    let mut stream = instance.training();
    let shape = variant.task.shape();
    let mut batch = Batch::zeros(shape, variant.task.batch_rows());
    stream.fill(0, &mut batch);
    let constant = stream.is_constant().then_some(std::slice::from_ref(&batch));
    let trained = variant.models.iter();
    for planned in trained.filter(|model| !variant.external.contains_key(&model.name)) {
        let setup = TrainingSetup {
            members: vec![nets::Member::new(
                planned.model.clone(),
                &*instance,
                shape,
                seed,
            )],
            loss: variant.training.loss,
            optimizer: variant.training.optimizer,
            target: &target,
            constant,
            forwards: engines.forwards(),
        };
        (engines.choose(&settings.engine, &setup)).map_err(|error| TrainError::Model {
            model: planned.name.clone(),
            error: error.to_string(),
        })?;
    }
    Ok(())
}

/// Trains the cells of a plan that are not done yet and that this process works on. Rows stream into the
/// folders of their cells as they come.
///
/// # Errors
/// The device or the folder; cells that failed are in what it gives.
pub fn train(
    plan: &Plan,
    settings: &Settings,
    provenance: &Provenance,
    engines: &Engines,
    folder: &RunFolder,
    observer: &dyn Observer,
) -> Result<Trained, TrainError> {
    let started = Instant::now();
    let target = Target::open(&settings.device, plan.spec.training.precision)?;
    let cells = plan.cells(&settings.device, &settings.engine);
    let store = folder.cells();
    if settings.storing.fresh {
        // Cells that are not of this plan stay, and so do their weights.
        for cell in &cells {
            store.forget(&cell.id)?;
            for model in &cell.variant.models {
                folder.forget_weights(WeightsOf {
                    variant: &cell.variant.name,
                    seed: cell.seed,
                    model: &model.name,
                })?;
            }
        }
    }
    // On the host each cell has a thread of its own; a GPU is filled by many at once.
    let together = settings.together.unwrap_or_else(|| target.cells_together());
    let mut todo = batches(&cells, together);
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
        engines,
        folder.path(),
        provenance.build(),
        observer,
    );
    let mut busy = work.pass(&todo);
    while !busy.is_empty() && settings.storing.wait && work.continues() {
        thread::sleep(WAIT);
        let alone: Vec<_> = busy.into_iter().map(|place| vec![place]).collect();
        busy = work.pass(&alone);
    }
    Ok(Trained {
        ends: work.ends(),
        busy: busy.len(),
        adapter: target.adapter(),
        together,
        started,
    })
}

/// Gathers what was trained: derives what follows, judges the claims and writes the tables.
///
/// # Errors
/// What went wrong in the first cell that failed, once everything is written; or the folder.
pub fn conclude(
    plan: &Plan,
    settings: &Settings,
    provenance: &Provenance,
    folder: RunFolder,
    mut trained: Trained,
    observer: &dyn Observer,
) -> Result<Gathered, TrainError> {
    let making = trained.making(settings, provenance);
    let gathered = gather(plan, &making, folder, &|warning| observer.warned(warning))?;
    match trained.failure() {
        Some(error) => Err(error),
        None => Ok(gathered),
    }
}

/// Runs all cells of a plan that are not done yet, gathers the tables of all, derives and judges.
///
/// # Errors
/// See [`TrainError`]. One cell that fails does not stop the others; a folder that cannot be written
/// does. What was recorded until then is there.
pub fn run(
    plan: &Plan,
    settings: &Settings,
    provenance: &Provenance,
    engines: &Engines,
    folder: RunFolder,
    observer: &dyn Observer,
) -> Result<Gathered, TrainError> {
    let trained = train(plan, settings, provenance, engines, &folder, observer)?;
    conclude(plan, settings, provenance, folder, trained, observer)
}
