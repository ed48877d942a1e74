use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use nets::{Engines, Target};
use plan::{PlannedCell, Variant};
use record::{
    Build, CellStore, CellSummary, OpenCell, Reservation, Retrain, RunFolderError, StopReason,
    WeightsOf, has_weights, keep_weights,
};

use crate::{
    batching::Batching,
    error::TrainError,
    observer::Observer,
    settings::Settings,
    state::{Member, Recording, TrainedCell},
};

/// How this process left a cell.
pub(crate) enum CellEnd {
    /// The result is on disk.
    Done,
    /// The user interrupted it.
    Interrupted(CellSummary),
    /// It could not be trained.
    Failed(TrainError),
}

/// The cells of a run that one process works on.
pub(crate) struct Work<'a> {
    cells: &'a [PlannedCell<'a>],
    settings: &'a Settings,
    target: &'a Target,
    engines: &'a Engines,
    run: &'a Path,
    store: CellStore,
    build: Build,
    observer: &'a dyn Observer,
    /// Whether the folder cannot be written, which stops all work.
    broken: AtomicBool,
    ends: Vec<Mutex<Option<CellEnd>>>,
}

/// A cell that this process has reserved: its position in the plan, and its recording.
type Reserved = (usize, Recording);

impl<'a> Work<'a> {
    pub(crate) fn new(
        cells: &'a [PlannedCell<'a>],
        settings: &'a Settings,
        target: &'a Target,
        engines: &'a Engines,
        run: &'a Path,
        build: Build,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            cells,
            settings,
            target,
            engines,
            run,
            store: CellStore::of(run),
            build,
            observer,
            broken: AtomicBool::new(false),
            ends: cells.iter().map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Whether another cell may start.
    pub(crate) fn continues(&self) -> bool {
        !self.broken.load(Ordering::Relaxed) && !self.observer.interrupted()
    }

    /// How each cell ended.
    pub(crate) fn ends(self) -> Vec<Option<CellEnd>> {
        let ends = self.ends.into_iter();
        ends.map(|end| end.into_inner().expect("all workers have ended"))
            .collect()
    }

    /// Trains batches of cells in parallel. Returns the cells that other processes train.
    pub(crate) fn pass(&self, batches: &[Vec<usize>]) -> Vec<usize> {
        let next = AtomicUsize::new(0);
        let busy = Mutex::new(Vec::new());
        let worker = || {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !self.continues() {
                    break;
                }
                let mut others = self.reserve_and_train(batch);
                busy.lock().expect("no worker panics").append(&mut others);
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.settings.threads.clamp(1, batches.len().max(1)) {
                scope.spawn(worker);
            }
        });
        let mut busy = busy.into_inner().expect("all workers have ended");
        busy.sort_unstable();
        busy
    }

    fn end(&self, place: usize, end: CellEnd) {
        if let CellEnd::Failed(TrainError::Folder(_)) = &end {
            self.broken.store(true, Ordering::Relaxed);
        }
        *self.ends[place].lock().expect("no worker panics") = Some(end);
    }

    /// Trains the open cells of a batch. Returns the cells that other processes train.
    fn reserve_and_train(&self, batch: &[usize]) -> Vec<usize> {
        let mut busy = Vec::new();
        // Cells can be trained together only if they start at the same step.
        let mut by_step: BTreeMap<u64, Vec<Reserved>> = BTreeMap::new();
        for &place in batch {
            match self.reserve(place) {
                Ok(Some(Reservation::Open(open))) => {
                    let OpenCell {
                        folder,
                        checkpoint,
                        rows,
                        warning,
                    } = *open;
                    if let Some(warning) = warning {
                        self.observer.warned(&warning);
                    }
                    let recording = Recording {
                        folder,
                        checkpoint,
                        rows,
                    };
                    let same_step = by_step.entry(recording.step()).or_default();
                    same_step.push((place, recording));
                }
                Ok(Some(Reservation::Busy(_))) => busy.push(place),
                Ok(_) => {
                    let cell = &self.cells[place];
                    self.observer.skipped(cell.variant, cell.seed);
                }
                Err(error) => self.end(place, CellEnd::Failed(error)),
            }
        }
        for together in by_step.into_values() {
            busy.append(&mut self.train(together));
        }
        busy
    }

    /// Reserves a cell; `None` if it needs no training.
    fn reserve(&self, place: usize) -> Result<Option<Reservation>, TrainError> {
        let PlannedCell { variant, seed, id } = &self.cells[place];
        let storing = &self.settings.storing;
        let retrain = Retrain {
            failed: storing.retry,
            done: &|result| {
                let other_build = storing.same_build && result.build != self.build;
                // A cell without the required weights is trained again as well.
                other_build || !self.has_weights(variant, *seed)
            },
        };
        match self.store.reserve(id, &self.build, retrain)? {
            Reservation::Failed(failure) => Err(TrainError::FailedBefore {
                variant: variant.name.clone(),
                seed: *seed,
                error: failure.error,
            }),
            Reservation::Done(_) => Ok(None),
            reservation => Ok(Some(reservation)),
        }
    }

    fn has_weights(&self, variant: &Variant, seed: u64) -> bool {
        let models = variant.models.iter().map(|model| &model.name);
        let mut trained = models.filter(|model| !variant.external.contains_key(*model));
        !variant.training.keep_weights
            || trained.all(|model| {
                let variant = &variant.name;
                has_weights(
                    self.run,
                    WeightsOf {
                        variant,
                        seed,
                        model,
                    },
                )
            })
    }

    /// Trains cells together and records the results. Returns the cells that other processes have
    /// taken in the meantime.
    fn train(&self, reserved: Vec<Reserved>) -> Vec<usize> {
        let (places, recordings): (Vec<usize>, Vec<Recording>) = reserved.into_iter().unzip();
        let members: Vec<Member<'_>> = (places.iter())
            .map(|&place| (self.cells[place].variant, self.cells[place].seed))
            .collect();
        for ((variant, seed), recording) in members.iter().zip(&recordings) {
            self.observer.started(variant, *seed, recording.step());
        }
        let batch = Batching {
            members: &members,
            engine: &self.settings.engine,
            engines: self.engines,
            target: self.target,
            recordings: Some(&recordings),
            checkpoint_every: self.settings.storing.checkpoint_every,
        };
        let outcomes = without_panic(members[0], || batch.run(None, self.observer));
        match outcomes {
            Ok(outcomes) => {
                let ended = places
                    .into_iter()
                    .zip(recordings)
                    .zip(outcomes)
                    .zip(members);
                for (((place, recording), outcome), (variant, _)) in ended {
                    let summary = outcome.summary.clone();
                    let end = self.keep(variant, recording, outcome);
                    self.observer.ended(&summary);
                    self.end(
                        place,
                        end.unwrap_or_else(|error| CellEnd::Failed(error.into())),
                    );
                }
            }
            // The folder cannot be written, so the failure cannot be recorded there.
            Err(error @ TrainError::Folder(_)) => self.end(places[0], CellEnd::Failed(error)),
            // One of the cells failed. The cells are tried one by one, so that the others still
            // train.
            Err(error) if places.len() > 1 => {
                self.observer.warned(&format!(
                    "{error}; the {} cells that were trained together are tried one by one",
                    places.len()
                ));
                drop(recordings);
                let alone = places.iter().filter(|_| self.continues());
                return alone
                    .flat_map(|&place| self.reserve_and_train(&[place]))
                    .collect();
            }
            Err(error) => {
                let text = error.to_string();
                self.observer
                    .warned(&format!("{text}; the other cells continue"));
                let mut recordings = recordings.into_iter();
                let noted = recordings.try_for_each(|one| one.folder.fail(text.clone()));
                let error = noted.map_or_else(TrainError::from, |()| error);
                self.end(places[0], CellEnd::Failed(error));
            }
        }
        Vec::new()
    }

    fn keep(
        &self,
        variant: &Variant,
        recording: Recording,
        outcome: TrainedCell,
    ) -> Result<CellEnd, RunFolderError> {
        let rows = &outcome.observations;
        if let StopReason::Interrupted { .. } = outcome.summary.stopped {
            recording.folder.interrupt(rows)?;
            return Ok(CellEnd::Interrupted(outcome.summary));
        }
        keep_last(self.run, variant, &outcome)?;
        let engines = outcome.engines.iter();
        let engines = engines.map(|(model, engine)| (model.clone(), (*engine).to_owned()));
        let engines = engines.collect();
        recording.folder.finish(rows, outcome.summary, engines)?;
        Ok(CellEnd::Done)
    }
}

/// Turns a panic into the error of the first cell.
fn without_panic<T>(
    (variant, seed): Member<'_>,
    work: impl FnOnce() -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "no message".to_owned());
        let variant = variant.name.clone();
        Err(TrainError::Panic {
            variant,
            seed,
            message,
        })
    })
}

/// Writes the final weights of a cell, if the spec asks to keep them.
fn keep_last(
    folder: &Path,
    variant: &Variant,
    outcome: &TrainedCell,
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
