use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use nets::{
    HostArray, LearnerState, Learners, Member, Needs, ReplayLearner, Rows, Separate, Target,
    learners,
};
use tasks::{Batch, Task, TaskInstance, TaskShape, TrainingStream};

use super::{
    cell::{CellOutcome, RunError},
    look::Look,
    runner::Observer,
};
use crate::{
    Kinds,
    measure::{MeasureEntry, MeasureError, entry, in_blocks},
    own::OwnModel,
    predict::Clock,
    record::{CellFolder, CellSummary, Checkpoint, ModelCheckpoint, Observation, StopReason},
    spec::{Training, Variant},
};

/// Cells that are trained together, step by step: on a GPU as one launch for all of them. They
/// have the same task, models and training but for seeds, initial weights and learning rates.
pub(super) struct Cells<'a> {
    /// Variant and seed of each, the first of which speaks for all.
    pub(super) members: &'a [(&'a Variant, u64)],
    /// Engine.
    pub(super) engine: &'a str,
    /// Device and precision.
    pub(super) target: &'a Target,
    /// What names mean.
    pub(super) kinds: &'a Kinds,
    /// Where each member records, and goes on from; `None` for trials that leave nothing behind.
    pub(super) kept: Option<&'a [Kept]>,
    /// Time between two checkpoints.
    pub(super) checkpoint_every: Duration,
}

/// Where a member records.
pub(super) struct Kept {
    pub(super) folder: CellFolder,
    /// Where it goes on. Members of a batch do so from the same step.
    pub(super) checkpoint: Option<Checkpoint>,
    /// What it had recorded before.
    pub(super) rows: Vec<Observation>,
}

impl Kept {
    /// The step at which it goes on.
    pub(super) fn step(&self) -> u64 {
        self.checkpoint
            .as_ref()
            .map_or(0, |checkpoint| checkpoint.step)
    }
}

/// A model in training, in all members.
pub(super) struct Trained {
    pub(super) name: String,
    pub(super) needs: Needs,
    pub(super) learners: Box<dyn Learners>,
    /// Steps of its checkpoints, where it is not trained here.
    pub(super) replayed: Option<Vec<u64>>,
    pub(super) members: Vec<TrainedMember>,
}

/// A model in training, in one member.
pub(super) struct TrainedMember {
    pub(super) lr_scale: f64,
    pub(super) initial: Vec<HostArray>,
    /// Loss at step 0, the yardstick of divergence.
    pub(super) first_loss: Option<f64>,
    pub(super) observations: Vec<Observation>,
    /// Step and parameters at which each entry that remembers them was read last.
    pub(super) previous: RefCell<BTreeMap<usize, Remembered>>,
}

/// A step, and the parameters at it.
type Remembered = (u64, Rc<Vec<HostArray>>);

/// A cell in training: what belongs to it whatever the model.
pub(super) struct CellState<'a> {
    pub(super) variant: &'a Variant,
    pub(super) seed: u64,
    pub(super) instance: Box<dyn TaskInstance>,
    pub(super) clock: Clock,
    /// Why it stopped, and after which step, once it has.
    pub(super) stopped: Option<(StopReason, u64)>,
}

impl CellState<'_> {
    fn training(&self) -> &Training {
        &self.variant.spec.training
    }

    fn lr(&self, step: u64) -> f64 {
        let training = self.training();
        training.lr * training.schedule.factor(step, training.steps)
    }
}

/// Steps between two looks at whether everything is still finite, where nothing is measured.
const HEALTH_EVERY: u64 = 1000;

/// Steps between two reports of progress: for the smallest nets a report costs as much as a step.
pub(super) const REPORT_EVERY: u64 = 16;

impl<'a> Cells<'a> {
    /// Trains the models of the cells and measures them. `limit` ends it early (for estimates).
    ///
    /// # Errors
    /// The device failed; what was recorded until then went to the observer.
    pub(super) fn run(
        &self,
        limit: Option<u64>,
        observer: &dyn Observer,
    ) -> Result<Vec<CellOutcome>, RunError> {
        let start = Instant::now();
        let spec = &self.members[0].0.spec;
        let tasks = self.tasks()?;
        let instances: Vec<_> = (tasks.iter().zip(self.members))
            .map(|(task, (_, seed))| task.instance(*seed))
            .collect();
        let mut streams: Vec<_> = instances.iter().map(|one| one.training()).collect();
        let is_constant = streams[0].is_constant();
        let shape = tasks[0].shape();
        let mut buffers: Vec<Batch> = (tasks.iter())
            .map(|task| Batch::zeros(shape, task.batch_rows()))
            .collect();
        let constant = is_constant.then(|| {
            fill(&mut streams, 0, &mut buffers, |_| true);
            std::mem::take(&mut buffers)
        });
        let mut trained = self.models(&instances, shape, constant.as_deref())?;
        let entries = (spec.measure.iter())
            .map(|table| entry(table.clone(), &self.kinds.measures))
            .collect::<Result<Vec<_>, _>>()?;
        let steps = spec.training.steps;
        let last = limit.unwrap_or(steps).min(steps);
        let due: Vec<Vec<u64>> = entries.iter().map(|e| e.schedule.steps(steps)).collect();
        let mut recorded: Vec<u64> = due.iter().flatten().copied().collect();
        recorded.extend(trained.iter().filter_map(|m| m.replayed.as_ref()).flatten());
        recorded.sort_unstable();
        recorded.dedup();
        let tests: Vec<Batch> = instances.iter().map(|one| one.test()).collect();
        // Where every step trains on the whole set, its rows are those of the step.
        let sets: Option<Vec<Batch>> = (instances.iter())
            .map(|one| (!is_constant).then(|| one.training_set()).flatten())
            .collect();
        let mut states: Vec<CellState<'a>> = (instances.into_iter().zip(self.members))
            .map(|(instance, &(variant, seed))| CellState {
                variant,
                seed,
                instance,
                clock: Clock::new(&variant.spec.training, shape.outputs, &recorded),
                stopped: None,
            })
            .collect();
        let needs = (trained.iter()).fold(Needs::default(), |needs, m| needs.or(m.needs));
        let test_rows = in_blocks(&tests.iter().collect::<Vec<_>>(), needs, self.target);
        let set_rows = (sets.as_ref())
            .map(|sets| in_blocks(&sets.iter().collect::<Vec<_>>(), needs, self.target));
        let constant_rows = constant.as_deref().map(|batches| self.rows(batches, needs));
        let mut measuring = Duration::ZERO;
        let mut step = self.go_on(&mut trained, &mut states)?;
        let mut kept_at = Instant::now();
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
                let look = Look {
                    target: self.target,
                    entries: &entries,
                    due: &due,
                    step,
                    position,
                    tests: (&tests, &test_rows),
                    batches: (batches, rows),
                    training_sets: sets.as_deref().zip(set_rows.as_deref()),
                    kept: self.kept,
                };
                look.at_all(&mut trained, &mut states, observer)?;
                measuring += begin.elapsed();
            }
            if step == last || states.iter().all(|state| state.stopped.is_some()) {
                break;
            }
            let rates: Vec<f64> = states.iter().map(|state| state.lr(step)).collect();
            for model in &mut trained {
                model.learners.step(rows, &rates);
            }
            step += 1;
            if step % REPORT_EVERY == 0 {
                for state in states.iter().filter(|state| state.stopped.is_none()) {
                    observer.stepped(state.variant, state.seed, step);
                }
                // At the last step there is only the look left, and nothing to come back to.
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
        let mut constants = constant.map(Vec::into_iter);
        let mut outcomes = Vec::new();
        for (place, state) in states.into_iter().enumerate() {
            let (stopped, steps) = state.stopped.unwrap_or((StopReason::Finished, step));
            let mut outcome = CellOutcome {
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
                clock: state.clock,
                groups: state.instance.groups().to_vec(),
                initial: Vec::new(),
                last: Vec::new(),
                engines: Vec::new(),
                constant: constants.as_mut().and_then(Iterator::next),
            };
            outcome.add_curves(state.variant, &entries, observer);
            for model in &mut trained {
                outcome.add_trained(model, place, &state.variant.group, &entries);
            }
            outcomes.push(outcome);
        }
        if spec.training.keep_weights {
            for model in trained.iter().filter(|model| model.replayed.is_none()) {
                let (variant, seed) = self.members[0];
                let parameters = (model.learners.parameters())
                    .map_err(|error| failed(variant, seed, error.into()))?;
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

    /// Where a member went on.
    fn before(&self, member: usize) -> Option<&Checkpoint> {
        self.kept?[member].checkpoint.as_ref()
    }

    /// Puts the members where their checkpoints are, with the rows that they have recorded. Gives
    /// the step.
    fn go_on(
        &self,
        trained: &mut [Trained],
        states: &mut [CellState<'_>],
    ) -> Result<u64, RunError> {
        let Some(kept) = self.kept else { return Ok(0) };
        let (variant, seed) = self.members[0];
        for (member, one) in kept.iter().enumerate() {
            for row in &one.rows {
                let model = trained.iter_mut().find(|model| model.name == row.model);
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
            let states: Option<Vec<LearnerState>> = (kept.iter())
                .map(|one| Some(one.checkpoint.as_ref()?.models[place].state.clone()))
                .collect();
            if let Some(states) = states {
                (model.learners.set_states(&states))
                    .map_err(|error| failed(variant, seed, error.into()))?;
            }
        }
        Ok(kept.first().map_or(0, Kept::step))
    }

    /// Keeps a checkpoint of every member.
    fn keep(
        &self,
        step: u64,
        trained: &[Trained],
        states: &[CellState<'_>],
        (elapsed, measuring): (Duration, Duration),
    ) -> Result<(), RunError> {
        let Some(kept) = self.kept else { return Ok(()) };
        let (variant, seed) = self.members[0];
        let mut learned = Vec::new();
        for model in trained {
            let states = model.learners.states();
            learned.push(states.map_err(|error| failed(variant, seed, error.into()))?);
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

    fn tasks(&self) -> Result<Vec<Box<dyn Task>>, RunError> {
        let tasks = self.members.iter().map(|(variant, _)| {
            let task = self.kinds.tasks.build(variant.spec.task.clone());
            task.map_err(|e| e.within("task").into())
        });
        tasks.collect()
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
    ) -> Result<Vec<Trained>, RunError> {
        let (variant, seed) = self.members[0];
        let training = &variant.spec.training;
        let mut trained = Vec::new();
        for name in variant.spec.models.keys() {
            let models = (self.members.iter())
                .map(|(variant, _)| {
                    let table = variant.spec.models[name].as_table().cloned();
                    let model = self.kinds.models.build(table.unwrap_or_default());
                    model.map_err(|e| e.within(&format!("models.{name}")))
                })
                .collect::<Result<Vec<_>, _>>()?;
            let needs = models[0].needs();
            let scales: Vec<f64> = models.iter().map(|model| model.lr_scale()).collect();
            // Models of the user are never stepped together with others.
            let own = variant.own.get(name).map(|own| &own.what);
            let (learners, initial, replayed) = match own {
                Some(OwnModel::Curves(_)) => continue,
                Some(OwnModel::Checkpoints(seeds)) => {
                    let Some(checkpoints) = seeds.get(&seed).cloned() else {
                        continue;
                    };
                    let steps = checkpoints.keys().copied().collect();
                    let initial = checkpoints.values().next().cloned().unwrap_or_default();
                    let model = models.into_iter().next().expect("there is a member");
                    let replay = ReplayLearner::new(model, checkpoints, training.loss, self.target);
                    let Some(replay) = replay else { continue };
                    let alone: Box<dyn Learners> = Box::new(Separate::new(vec![Box::new(replay)]));
                    (alone, vec![initial], Some(steps))
                }
                None => {
                    let members = models.into_iter().zip(instances).zip(self.members);
                    let members: Vec<Member> = members
                        .map(|((model, instance), (_, seed))| Member {
                            initial: model.initial(&**instance, shape, *seed),
                            model,
                        })
                        .collect();
                    let initial = members.iter().map(|m| m.initial.clone()).collect();
                    let (loss, optimizer) = (training.loss, training.optimizer);
                    let learners =
                        learners(self.engine, members, loss, optimizer, self.target, constant)
                            .map_err(|error| failed(variant, seed, error.into()))?;
                    (learners, initial, None)
                }
            };
            let members = initial.into_iter().zip(scales);
            trained.push(Trained {
                name: name.clone(),
                needs,
                learners,
                replayed,
                members: members
                    .map(|(initial, lr_scale)| TrainedMember {
                        lr_scale,
                        initial,
                        first_loss: None,
                        observations: Vec::new(),
                        previous: RefCell::default(),
                    })
                    .collect(),
            });
        }
        Ok(trained)
    }
}

/// Writes the rows of `step` for the members that still train.
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

pub(super) fn failed(variant: &Variant, seed: u64, error: MeasureError) -> RunError {
    RunError::Cell {
        variant: variant.name.clone(),
        seed,
        error,
    }
}

impl CellOutcome {
    /// Adds the user's own curves that stand in for models.
    fn add_curves(&mut self, variant: &Variant, entries: &[MeasureEntry], observer: &dyn Observer) {
        for (name, own) in &variant.own {
            let OwnModel::Curves(rows) = &own.what else {
                continue;
            };
            let rows = rows.iter().filter(|row| row.seed == self.summary.seed);
            let mut rows: Vec<Observation> = rows.cloned().collect();
            observer.recorded(&rows);
            let mut derived = derive(entries, name, &variant.group, &rows);
            self.observations.append(&mut rows);
            self.observations.append(&mut derived);
            self.engines.push((name.clone(), "curves"));
        }
    }

    /// Adds what a model recorded in this member.
    fn add_trained(
        &mut self,
        model: &mut Trained,
        place: usize,
        group: &str,
        entries: &[MeasureEntry],
    ) {
        self.engines
            .push((model.name.clone(), model.learners.engine()));
        let member = &mut model.members[place];
        let mut derived = derive(entries, &model.name, group, &member.observations);
        self.observations.append(&mut member.observations);
        self.observations.append(&mut derived);
        let initial = std::mem::take(&mut member.initial);
        self.initial.push((model.name.clone(), initial));
    }
}

/// What follows from the whole curves of one model.
fn derive(
    entries: &[MeasureEntry],
    model: &str,
    group: &str,
    curves: &[Observation],
) -> Vec<Observation> {
    let mut derived = Vec::new();
    let mut seen: Vec<&[&str]> = Vec::new();
    for entry in entries {
        let metrics = entry.measure.derived_metrics();
        // Two entries of one kind sum up the same curve.
        if entry.covers(model, group) && !seen.contains(&metrics) {
            seen.push(metrics);
            derived.extend(entry.measure.derive(curves));
        }
    }
    derived
}
