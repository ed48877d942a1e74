use std::{
    borrow::Cow,
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use models::{LearnerState, Needs};
use nets::{Engines, Member as EngineMember, Rows, Target, TrainingSetup};
use plan::{Clock, ExternalContent, Variant};
use record::{CellSummary, Checkpoint, ModelCheckpoint, Observation, StopReason};
use tasks::{Batch, TaskInstance, TaskShape, TrainingStream};

use crate::{
    error::TrainError,
    measurement::Measurement,
    observer::Observer,
    reader::in_blocks,
    state::{Member, MemberState, ModelInTraining, ModelMember, Recording, TrainedCell},
};

/// Cells that are trained together; on a GPU, each kernel launch covers all of them. They share
/// task, models and training, and may differ in seeds, initial weights and learning rates.
pub(crate) struct Batching<'a> {
    /// Variant and seed of each member. The first member represents all where only the structure
    /// matters.
    pub(crate) members: &'a [Member<'a>],
    /// Engine, by name.
    pub(crate) engine: &'a str,
    /// The available engines.
    pub(crate) engines: &'a Engines,
    /// Device and precision.
    pub(crate) target: &'a Target,
    /// The recording of each member; `None` for trials that write no files.
    pub(crate) recordings: Option<&'a [Recording]>,
    /// Time between two checkpoints.
    pub(crate) checkpoint_every: Duration,
}

/// Steps between two checks for finite values while nothing is measured.
const HEALTH_EVERY: u64 = 1000;

/// Steps between two reports of progress. For the smallest nets, a report costs as much as a step.
const REPORT_EVERY: u64 = 16;

impl<'a> Batching<'a> {
    /// Trains the models of the cells and measures them. `limit` ends training early, for
    /// estimates.
    ///
    /// # Errors
    /// The device failed; the observer has received all rows up to then.
    pub(crate) fn run(
        &self,
        limit: Option<u64>,
        observer: &dyn Observer,
    ) -> Result<Vec<TrainedCell>, TrainError> {
        let start = Instant::now();
        let first = self.members[0].0;
        let instances: Vec<_> = (self.members.iter())
            .map(|(variant, seed)| variant.task.instance(*seed))
            .collect();
        let mut streams: Vec<_> = instances.iter().map(|one| one.training()).collect();
        let is_constant = streams[0].is_constant();
        let shape = first.task.shape();
        let mut buffers: Vec<Batch> = (self.members.iter())
            .map(|(variant, _)| Batch::zeros(shape, variant.task.batch_rows()))
            .collect();
        let constant = is_constant.then(|| {
            fill(&mut streams, 0, &mut buffers, |_| true);
            std::mem::take(&mut buffers)
        });
        let mut trained = self.models(&instances, shape, constant.as_deref())?;
        let entries = &first.metrics;
        let steps = first.training.steps;
        let last = limit.unwrap_or(steps).min(steps);
        let due: Vec<Vec<u64>> = entries.iter().map(|e| e.schedule.steps(steps)).collect();
        let recorded = first.recorded_steps(self.members[0].1);
        let tests: Vec<Batch> = instances.iter().map(|one| one.test()).collect();
        // If every step trains on the whole training set, these are the rows of every step.
        let sets: Option<Vec<Batch>> = (instances.iter())
            .map(|one| (!is_constant).then(|| one.training_set()).flatten())
            .collect();
        let mut states: Vec<MemberState<'a>> = (instances.into_iter().zip(self.members))
            .map(|(instance, &(variant, seed))| MemberState {
                variant,
                seed,
                instance,
                clock: Clock::new(&variant.training, shape.outputs, &recorded),
                stopped: None,
            })
            .collect();
        let needs = (trained.iter()).fold(Needs::default(), |needs, m| needs.or(m.needs));
        let test_rows = in_blocks(&tests.iter().collect::<Vec<_>>(), needs, self.target);
        let set_rows = (sets.as_ref())
            .map(|sets| in_blocks(&sets.iter().collect::<Vec<_>>(), needs, self.target));
        let constant_rows = constant.as_deref().map(|batches| self.rows(batches, needs));
        let mut measuring = Duration::ZERO;
        let mut step = self.resume(&mut trained, &mut states)?;
        let mut kept_at = Instant::now();
        let mut rates = Vec::with_capacity(self.members.len());
        loop {
            let fresh;
            let (batches, rows) = match (&constant, &constant_rows) {
                (Some(batches), Some(rows)) => (&batches[..], rows),
                _ => {
                    fill(&mut streams, step, &mut buffers, |member| {
                        states[member].stopped.is_none()
                    });
                    fresh = self.rows(&buffers, needs);
                    (&buffers[..], &fresh)
                }
            };
            let position = recorded.binary_search(&step).ok();
            if position.is_some() || step % HEALTH_EVERY == 0 {
                let begin = Instant::now();
                let measurement = Measurement {
                    target: self.target,
                    entries,
                    due: &due,
                    step,
                    position,
                    tests: (&tests, &test_rows),
                    batches: (batches, rows),
                    training_sets: sets.as_deref().zip(set_rows.as_deref()),
                    recordings: self.recordings,
                };
                measurement.at_all(&mut trained, &mut states, observer)?;
                measuring += begin.elapsed();
            }
            if step == last || states.iter().all(|state| state.stopped.is_some()) {
                break;
            }
            for model in &mut trained {
                rates.clear();
                let members = states.iter().zip(&model.members);
                rates.extend(members.map(|(state, member)| state.lr(step) * member.lr_scale));
                model.learners.step(rows, &rates);
            }
            step += 1;
            if step % REPORT_EVERY == 0 {
                for state in states.iter().filter(|state| state.stopped.is_none()) {
                    observer.stepped(state.variant, state.seed, step);
                }
                // At the last step only the measurement is left, so an interruption would save
                // nothing.
                let interrupted = step < last && observer.interrupted();
                if interrupted || kept_at.elapsed() >= self.checkpoint_every {
                    let spent = (start.elapsed(), measuring);
                    self.keep(step, &trained, &states, spent)?;
                    kept_at = Instant::now();
                }
                if interrupted {
                    for state in &mut states {
                        let reason = StopReason::Interrupted { step };
                        state.stopped.get_or_insert((reason, step));
                    }
                    break;
                }
            }
        }
        drop((test_rows, set_rows, constant_rows));
        let share = self.members.len() as f64;
        let mut outcomes = Vec::new();
        for (place, state) in states.into_iter().enumerate() {
            let (mut stopped, steps) = state.stopped.unwrap_or((StopReason::Finished, step));
            let curves = state.variant.early_ends(state.seed, steps);
            if stopped.is_end() && !curves.is_empty() {
                stopped = StopReason::EndsEarly { curves };
            }
            let mut outcome = TrainedCell {
                observations: Vec::new(),
                summary: CellSummary {
                    variant: state.variant.name.clone(),
                    seed: state.seed,
                    steps,
                    seconds: 0.0,
                    measuring_seconds: measuring.as_secs_f64() / share
                        + self.before(place).map_or(0.0, |c| c.measuring_seconds),
                    stopped,
                },
                initial: Vec::new(),
                last: Vec::new(),
                engines: Vec::new(),
            };
            outcome.add_curves(state.variant, observer);
            for model in &mut trained {
                outcome.add_trained(model, place);
            }
            outcomes.push(outcome);
        }
        if first.training.keep_weights {
            for model in trained.iter().filter(|model| model.replayed.is_none()) {
                let (variant, seed) = self.members[0];
                let parameters = (model.learners.parameters())
                    .map_err(|error| TrainError::learner(variant, seed, &error))?;
                for (outcome, arrays) in outcomes.iter_mut().zip(parameters) {
                    outcome.last.push((model.name.clone(), arrays));
                }
            }
        }
        for (place, outcome) in outcomes.iter_mut().enumerate() {
            let before = self.before(place).map_or(0.0, |c| c.seconds);
            outcome.summary.seconds = start.elapsed().as_secs_f64() / share + before;
        }
        Ok(outcomes)
    }

    /// The checkpoint from which a member resumed.
    fn before(&self, member: usize) -> Option<&Checkpoint> {
        self.recordings?[member].checkpoint.as_ref()
    }

    /// Restores the members from their checkpoints, with the rows that they have recorded. Returns
    /// the step.
    fn resume(
        &self,
        trained: &mut [ModelInTraining],
        states: &mut [MemberState<'_>],
    ) -> Result<u64, TrainError> {
        let Some(kept) = self.recordings else {
            return Ok(0);
        };
        let (variant, seed) = self.members[0];
        for (member, one) in kept.iter().enumerate() {
            for row in &one.rows {
                let model = trained.iter_mut().find(|model| row.model == model.name);
                if let Some(model) = model {
                    model.members[member].observations.push(row.clone());
                }
            }
            let Some(checkpoint) = &one.checkpoint else {
                continue;
            };
            states[member].stopped = checkpoint.stopped.clone();
            let pairs = trained.iter_mut().zip(&checkpoint.models);
            for (model, before) in pairs {
                let own = &mut model.members[member];
                own.first_loss = before.first_loss;
                let previous = before.previous.iter();
                let previous = previous
                    .map(|(&place, (step, arrays))| (place, (*step, Rc::new(arrays.clone()))));
                own.previous.replace(previous.collect());
            }
        }
        for (place, model) in trained.iter_mut().enumerate() {
            (0..kept.len()).for_each(|member| model.freeze_again(member));
            let states: Option<Vec<LearnerState>> = (kept.iter())
                .map(|one| Some(one.checkpoint.as_ref()?.models[place].state.clone()))
                .collect();
            if let Some(states) = states {
                (model.learners.set_states(&states))
                    .map_err(|error| TrainError::learner(variant, seed, &error))?;
            }
        }
        Ok(kept.first().map_or(0, Recording::step))
    }

    /// Writes a checkpoint of every member.
    fn keep(
        &self,
        step: u64,
        trained: &[ModelInTraining],
        states: &[MemberState<'_>],
        (elapsed, measuring): (Duration, Duration),
    ) -> Result<(), TrainError> {
        let Some(kept) = self.recordings else {
            return Ok(());
        };
        let (variant, seed) = self.members[0];
        let mut learned = Vec::new();
        for model in trained {
            let states = model.learners.states();
            learned.push(states.map_err(|error| TrainError::learner(variant, seed, &error))?);
        }
        let share = self.members.len() as f64;
        for (member, (one, state)) in kept.iter().zip(states).enumerate() {
            let models = trained.iter().zip(&learned).map(|(model, states)| {
                let own = &model.members[member];
                let previous = own.previous.borrow();
                let previous = previous
                    .iter()
                    .map(|(&place, (step, arrays))| (place, (*step, Vec::clone(arrays))));
                ModelCheckpoint {
                    name: model.name.clone(),
                    state: states[member].clone(),
                    first_loss: own.first_loss,
                    previous: previous.collect(),
                }
            });
            let before = self.before(member);
            one.folder.keep(&Checkpoint {
                step,
                rows: one.folder.mark(),
                seconds: elapsed.as_secs_f64() / share + before.map_or(0.0, |c| c.seconds),
                measuring_seconds: measuring.as_secs_f64() / share
                    + before.map_or(0.0, |c| c.measuring_seconds),
                stopped: state.stopped.clone(),
                models: models.collect(),
            })?;
        }
        Ok(())
    }

    fn rows<'b>(&'b self, batches: &'b [Batch], needs: Needs) -> Rows<'b> {
        let members = batches.iter().map(Cow::Borrowed).collect();
        Rows::of_members(members, needs, self.target)
    }

    fn models(
        &self,
        instances: &[Box<dyn TaskInstance>],
        shape: TaskShape,
        constant: Option<&[Batch]>,
    ) -> Result<Vec<ModelInTraining>, TrainError> {
        let (first, seed) = self.members[0];
        let training = &first.training;
        let mut trained = Vec::new();
        for (place, planned) in first.models.iter().enumerate() {
            // Members have the same models in the same order.
            let models: Vec<_> = (self.members.iter())
                .map(|(variant, _)| &variant.models[place].model)
                .collect();
            let failed = |error| TrainError::learner(first, seed, &error);
            // Cells with external models are never trained together.
            let external = first
                .external
                .get(&planned.name)
                .map(|model| &model.content);
            let (learners, initial, replayed) = match external {
                Some(ExternalContent::Curves(_)) => continue,
                Some(ExternalContent::Checkpoints(seeds)) => {
                    let Some(checkpoints) = seeds.get(&seed).filter(|steps| !steps.is_empty())
                    else {
                        continue;
                    };
                    let steps = checkpoints.keys().copied().collect();
                    let initial = checkpoints.values().next().cloned().unwrap_or_default();
                    let model = planned.model.clone();
                    let (checkpoints, loss) = (checkpoints.clone(), training.loss);
                    let replay = self.engines.replay(model, checkpoints, loss, self.target);
                    (replay.map_err(failed)?, vec![initial], Some(steps))
                }
                None => {
                    let members = models.iter().zip(instances).zip(self.members);
                    let members: Vec<EngineMember> = members
                        .map(|((model, instance), (_, seed))| {
                            EngineMember::new((*model).clone(), &**instance, shape, *seed)
                        })
                        .collect();
                    let initial = members.iter().map(|m| m.initial.clone()).collect();
                    let setup = TrainingSetup {
                        members,
                        loss: training.loss,
                        optimizer: training.optimizer,
                        target: self.target,
                        constant,
                        forwards: self.engines.forwards(),
                    };
                    let learners = self.engines.start(self.engine, setup).map_err(failed)?;
                    (learners, initial, None)
                }
            };
            let members = initial.into_iter().zip(&models);
            let members = members.map(|(initial, model)| ModelMember {
                lr_scale: model.lr_scale(),
                initial,
                first_loss: None,
                observations: Vec::new(),
                previous: RefCell::default(),
            });
            trained.push(ModelInTraining {
                name: planned.name.clone(),
                needs: planned.model.needs(),
                members: members.collect(),
                learners,
                replayed,
            });
        }
        Ok(trained)
    }
}

/// Fills the batch with the rows of `step`, for the members that still train.
fn fill(
    streams: &mut [Box<dyn TrainingStream>],
    step: u64,
    buffers: &mut [Batch],
    trains: impl Fn(usize) -> bool,
) {
    let members = streams.iter_mut().zip(buffers).enumerate();
    for (_, (stream, buffer)) in members.filter(|(member, _)| trains(*member)) {
        stream.fill(step, buffer);
    }
}

impl TrainedCell {
    /// Adds the rows of curves that replace models.
    fn add_curves(&mut self, variant: &Variant, observer: &dyn Observer) {
        for (name, external) in &variant.external {
            let ExternalContent::Curves(rows) = &external.content else {
                continue;
            };
            let rows = rows.iter().filter(|row| row.seed == self.summary.seed);
            let mut rows: Vec<Observation> = rows.cloned().collect();
            observer.recorded(&rows);
            self.observations.append(&mut rows);
            self.engines.push((name.clone(), "curves"));
        }
    }

    /// Adds the rows that a model recorded in this member.
    fn add_trained(&mut self, model: &mut ModelInTraining, place: usize) {
        self.engines
            .push((model.name.clone(), model.learners.engine()));
        let member = &mut model.members[place];
        self.observations.append(&mut member.observations);
        let initial = std::mem::take(&mut member.initial);
        self.initial.push((model.name.clone(), initial));
    }
}
