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

use nets::Target;

use super::{
    batches::Planned,
    cell::{CellOutcome, RunError},
    cells::{Cells, Kept},
    gather::End,
    predictions::predict,
    runner::{Observer, Settings},
};
use crate::{
    Kinds,
    record::{
        Again, Build, CellStore, Claim, Claimed, RunFolderError, StopReason, WeightsOf,
        has_weights, keep_weights,
    },
    spec::Variant,
};

/// The cells of a run in the hands of one process.
pub(super) struct Work<'a> {
    cells: &'a [(&'a Variant, u64, String)],
    settings: &'a Settings,
    target: &'a Target,
    kinds: &'a Kinds,
    run: &'a Path,
    store: CellStore,
    build: Build,
    observer: &'a dyn Observer,
    /// Whether the folder cannot be written, so that nothing else can be done.
    broken: AtomicBool,
    ends: Vec<Mutex<Option<End>>>,
}

/// A cell that is ours to train: its place in the plan, and where it records.
type Ours = (usize, Kept);

impl<'a> Work<'a> {
    pub(super) fn new(
        cells: &'a [(&'a Variant, u64, String)],
        settings: &'a Settings,
        target: &'a Target,
        kinds: &'a Kinds,
        run: &'a Path,
        build: Build,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            cells,
            settings,
            target,
            kinds,
            run,
            store: CellStore::of(run),
            build,
            observer,
            broken: AtomicBool::new(false),
            ends: cells.iter().map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Whether there is a point in beginning another cell.
    pub(super) fn goes_on(&self) -> bool {
        !self.broken.load(Ordering::Relaxed) && !self.observer.interrupted()
    }

    /// How each cell was left.
    pub(super) fn ends(self) -> Vec<Option<End>> {
        let ends = self.ends.into_iter();
        ends.map(|end| end.into_inner().expect("all workers have ended"))
            .collect()
    }

    /// Trains batches of cells side by side. Gives the cells that other processes train.
    pub(super) fn pass(&self, batches: &[Vec<usize>]) -> Vec<usize> {
        let next = AtomicUsize::new(0);
        let held = Mutex::new(Vec::new());
        let worker = || {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !self.goes_on() {
                    break;
                }
                let mut others = self.claim_and_train(batch);
                held.lock().expect("no worker panics").append(&mut others);
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.settings.threads.clamp(1, batches.len().max(1)) {
                scope.spawn(worker);
            }
        });
        let mut held = held.into_inner().expect("all workers have ended");
        held.sort_unstable();
        held
    }

    fn end(&self, place: usize, end: End) {
        if let End::Failed(RunError::Folder(_)) = &end {
            self.broken.store(true, Ordering::Relaxed);
        }
        *self.ends[place].lock().expect("no worker panics") = Some(end);
    }

    /// Trains the cells of a batch that are open. Gives those that other processes train.
    fn claim_and_train(&self, batch: &[usize]) -> Vec<usize> {
        let mut held = Vec::new();
        // Cells can be stepped together only from the same step on.
        let mut by_step: BTreeMap<u64, Vec<Ours>> = BTreeMap::new();
        for &place in batch {
            match self.claim(place) {
                Ok(Some(Claim::Ours(claimed))) => {
                    let Claimed {
                        folder,
                        checkpoint,
                        rows,
                        warning,
                    } = *claimed;
                    if let Some(warning) = warning {
                        self.observer.warned(&warning);
                    }
                    let kept = Kept {
                        folder,
                        checkpoint,
                        rows,
                    };
                    by_step.entry(kept.step()).or_default().push((place, kept));
                }
                Ok(Some(Claim::Held(_))) => held.push(place),
                Ok(_) => {
                    let (variant, seed, _) = &self.cells[place];
                    self.observer.skipped(variant, *seed);
                }
                Err(error) => self.end(place, End::Failed(error)),
            }
        }
        for together in by_step.into_values() {
            held.append(&mut self.train(together));
        }
        held
    }

    /// Asks for a cell; `None` if there is nothing to be done about it.
    fn claim(&self, place: usize) -> Result<Option<Claim>, RunError> {
        let (variant, seed, cell) = &self.cells[place];
        let storing = &self.settings.storing;
        let again = Again {
            failed: storing.retry,
            done: &|result| {
                let other_build = storing.same_build && result.build != self.build;
                // Or it was trained when nobody asked for its weights.
                other_build || !self.has_weights(variant, *seed)
            },
        };
        match self.store.claim(cell, &self.build, again)? {
            Claim::Failed(failure) => Err(RunError::FailedBefore {
                variant: variant.name.clone(),
                seed: *seed,
                error: failure.error,
            }),
            Claim::Done(_) => Ok(None),
            claim => Ok(Some(claim)),
        }
    }

    fn has_weights(&self, variant: &Variant, seed: u64) -> bool {
        let models = variant.spec.models.keys();
        let mut trained = models.filter(|model| !variant.own.contains_key(*model));
        !variant.spec.training.keep_weights
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

    /// Trains cells together, and keeps what they recorded. Gives those that other processes have
    /// taken meanwhile.
    fn train(&self, ours: Vec<Ours>) -> Vec<usize> {
        let (places, kept): (Vec<usize>, Vec<Kept>) = ours.into_iter().unzip();
        let members: Vec<Planned<'_>> = (places.iter())
            .map(|&place| (self.cells[place].0, self.cells[place].1))
            .collect();
        for ((variant, seed), kept) in members.iter().zip(&kept) {
            self.observer.started(variant, *seed, kept.step());
        }
        let cells = Cells {
            members: &members,
            engine: &self.settings.engine,
            target: self.target,
            kinds: self.kinds,
            kept: Some(&kept),
            checkpoint_every: self.settings.storing.checkpoint_every,
        };
        let outcomes = without_panic(members[0], || {
            let outcomes = cells.run(None, self.observer)?;
            self.predictions(&members, outcomes)
        });
        match outcomes {
            Ok(outcomes) => {
                let ended = places.into_iter().zip(kept).zip(outcomes).zip(members);
                for (((place, kept), outcome), (variant, _)) in ended {
                    let summary = outcome.summary.clone();
                    let end = self.keep(variant, kept, outcome);
                    self.observer.ended(&summary);
                    self.end(place, end.unwrap_or_else(|error| End::Failed(error.into())));
                }
            }
            // It cannot be written what happened where nothing can be written.
            Err(error @ RunError::Folder(_)) => self.end(places[0], End::Failed(error)),
            // One of them spoils the others: alone, each shows what it can.
            Err(error) if places.len() > 1 => {
                self.observer.warned(&format!(
                    "{error}; the {} cells that were trained together are tried one by one",
                    places.len()
                ));
                drop(kept);
                let alone = places.iter().filter(|_| self.goes_on());
                return alone
                    .flat_map(|&place| self.claim_and_train(&[place]))
                    .collect();
            }
            Err(error) => {
                let text = error.to_string();
                self.observer
                    .warned(&format!("{text}; the other cells go on"));
                let kept = kept.into_iter().map(|kept| kept.folder.fail(text.clone()));
                let noted: Result<(), _> = kept.collect();
                let error = noted.map_or_else(RunError::from, |()| error);
                self.end(places[0], End::Failed(error));
            }
        }
        Vec::new()
    }

    fn predictions(
        &self,
        members: &[Planned<'_>],
        mut outcomes: Vec<CellOutcome>,
    ) -> Result<Vec<CellOutcome>, RunError> {
        for (outcome, (variant, _)) in outcomes.iter_mut().zip(members) {
            let predicted = predict(variant, outcome, self.kinds)?;
            outcome.observations.extend(predicted);
        }
        Ok(outcomes)
    }

    fn keep(
        &self,
        variant: &Variant,
        kept: Kept,
        outcome: CellOutcome,
    ) -> Result<End, RunFolderError> {
        let rows = &outcome.observations;
        if let StopReason::Interrupted { .. } = outcome.summary.stopped {
            kept.folder.interrupt(rows)?;
            return Ok(End::Interrupted(outcome.summary));
        }
        keep_last(self.run, variant, &outcome)?;
        let engines = outcome.engines.iter();
        let engines = engines.map(|(model, engine)| (model.clone(), (*engine).to_owned()));
        let engines = engines.collect();
        kept.folder.finish(rows, outcome.summary, engines)?;
        Ok(End::Done)
    }
}

/// Turns a panic into the error of the first cell.
fn without_panic<T>(
    (variant, seed): Planned<'_>,
    work: impl FnOnce() -> Result<T, RunError>,
) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
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
    })
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
