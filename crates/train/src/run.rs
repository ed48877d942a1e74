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

/// Time between two checks whether other processes have finished their cells.
const WAIT: Duration = Duration::from_millis(300);

/// Result of training the cells of one call.
pub struct Trained {
    /// By position in the plan; `None` for cells that were done before or that other processes
    /// train.
    ends: Vec<Option<CellEnd>>,
    /// Cells that other processes train.
    pub busy: usize,
    /// Name of the device's adapter, if the backend reports it.
    adapter: Option<String>,
    /// Maximum number of cells trained together.
    together: usize,
    started: Instant,
}

impl Trained {
    /// Cells that this call has trained to their end.
    pub fn done(&self) -> usize {
        let ends = self.ends.iter().flatten();
        ends.filter(|end| matches!(end, CellEnd::Done)).count()
    }

    /// The first error.
    pub fn failure(&mut self) -> Option<TrainError> {
        let failed = |end: &Option<CellEnd>| matches!(end, Some(CellEnd::Failed(_)));
        let first = self.ends.iter().position(failed)?;
        match self.ends[first].take() {
            Some(CellEnd::Failed(error)) => Some(error),
            _ => None,
        }
    }

    /// How the run was trained.
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
            machine: provenance.machine.clone(),
            interrupted,
            worked: self.ends.iter().any(Option::is_some),
            elapsed: self.started.elapsed(),
        }
    }
}

/// Checks, without training, that the selected engine can train every model of the base variant. If
/// it does not cover another variant, only the cells of that variant fail.
///
/// # Errors
/// The device cannot be used, or the engine does not cover a model.
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

/// Trains the cells of a plan that are not done yet and that belong to the shard of this process.
/// Rows stream into the folders of their cells.
///
/// # Errors
/// The device or the folder cannot be used. Failed cells are part of the result, not an error.
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
        // Cells of other plans keep their files and weights.
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
    // On the CPU each cell has its own thread; a GPU needs many cells at once.
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

/// Gathers the trained cells: derives numbers and predictions, judges the claims and writes the
/// tables.
///
/// # Errors
/// The error of the first failed cell, after everything is written; or the folder cannot be
/// written.
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

/// Trains all cells of a plan that are not done yet, then gathers, derives and judges all cells.
///
/// # Errors
/// See [`TrainError`]. A failed cell does not stop the others; a folder that cannot be written
/// does. Rows recorded up to then are kept.
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
