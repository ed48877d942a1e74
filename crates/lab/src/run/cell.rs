use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use nets::{DeviceBatch, DeviceError, HostArray, Learner, Needs, ReplayLearner, Target, learner};
use tasks::{Batch, Group, KeyError, TaskInstance};
use thiserror::Error;

use crate::{
    Kinds,
    measure::{MeasureEntry, MeasureError, Reading, Snapshot, entry, upload_in_blocks},
    own::OwnModel,
    predict::Clock,
    record::{CellSummary, Observation, StopReason},
    spec::Variant,
};

use super::runner::Observer;

/// Why a run could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A key of the spec does not fit (a registry that changed since it was resolved).
    #[error("{0}")]
    Spec(#[from] KeyError),
    /// The device cannot be used.
    #[error("{0}")]
    Device(#[from] DeviceError),
    /// The engine, the device or a metric failed.
    #[error("{variant}, seed {seed}: {error}")]
    Cell {
        /// Variant.
        variant: String,
        /// Seed.
        seed: u64,
        /// What happened.
        error: MeasureError,
    },
    /// A cell panicked: a bug of ours or of a backend.
    #[error("{variant}, seed {seed}: internal error: {message}. Please report it")]
    Panic {
        /// Variant.
        variant: String,
        /// Seed.
        seed: u64,
        /// The panic's message.
        message: String,
    },
    /// The run folder cannot be written.
    #[error("{0}")]
    Folder(#[from] crate::record::RunFolderError),
}

/// One cell: a variant with a seed, on a device.
pub struct Cell<'a> {
    /// The variant.
    pub variant: &'a Variant,
    /// The seed.
    pub seed: u64,
    /// Engine.
    pub engine: &'a str,
    /// Device and precision.
    pub target: &'a Target,
    /// What names mean.
    pub kinds: &'a Kinds,
}

/// What a cell left behind.
pub struct CellOutcome {
    /// Observations, model by model in step order.
    pub observations: Vec<Observation>,
    /// How it went.
    pub summary: CellSummary,
    /// The run's flow time at the recorded steps.
    pub clock: Clock,
    /// Skills, modes or classes.
    pub groups: Vec<Group>,
    /// Where each model started.
    pub initial: Vec<(String, Vec<HostArray>)>,
    /// The engine of each model.
    pub engines: Vec<(String, &'static str)>,
    /// The training rows, where every step has the same.
    pub constant: Option<Batch>,
}

/// A step, and the parameters at it.
type Remembered = (u64, Rc<Vec<HostArray>>);

/// A model in training.
struct Trained {
    name: String,
    needs: Needs,
    lr_scale: f64,
    initial: Vec<HostArray>,
    learner: Box<dyn Learner>,
    /// Loss at step 0, the yardstick of divergence.
    first_loss: Option<f64>,
    observations: Vec<Observation>,
    /// Steps of its checkpoints, where it is not trained here.
    replayed: Option<Vec<u64>>,
    /// Step and parameters at which each entry that remembers them was read last.
    previous: RefCell<BTreeMap<usize, Remembered>>,
}

/// Steps between two looks at whether everything is still finite, where nothing is measured.
const HEALTH_EVERY: u64 = 1000;

/// Steps between two reports of progress: for the smallest nets a report costs as much as a step.
pub(super) const REPORT_EVERY: u64 = 16;

impl Cell<'_> {
    /// Checks that the engine covers every model, without training.
    ///
    /// # Errors
    /// The first model that it does not cover.
    pub fn check(&self) -> Result<(), RunError> {
        let task = self.variant.spec.task.clone();
        let task = self.kinds.tasks.build(task).map_err(|e| e.within("task"))?;
        let instance = task.instance(self.seed);
        let mut stream = instance.training();
        let mut batch = Batch::zeros(task.shape(), task.batch_rows());
        stream.fill(0, &mut batch);
        let constant = stream.is_constant().then_some(&batch);
        self.models(&*instance, task.shape(), constant).map(drop)
    }

    /// Trains the models of the cell and measures them. `limit` ends it early (for estimates).
    ///
    /// # Errors
    /// The device failed; what was recorded until then went to the observer.
    pub fn run(
        &self,
        limit: Option<u64>,
        observer: &dyn Observer,
    ) -> Result<CellOutcome, RunError> {
        let start = Instant::now();
        let spec = &self.variant.spec;
        let training = &spec.training;
        let task = self
            .kinds
            .tasks
            .build(spec.task.clone())
            .map_err(|e| e.within("task"))?;
        let shape = task.shape();
        let instance = task.instance(self.seed);
        let mut stream = instance.training();
        let mut batch = Batch::zeros(shape, task.batch_rows());
        let constant = stream.is_constant().then(|| {
            stream.fill(0, &mut batch);
            batch.clone()
        });
        let mut trained = self.models(&*instance, shape, constant.as_ref())?;
        let entries = spec
            .measure
            .iter()
            .map(|table| entry(table.clone(), &self.kinds.measures))
            .collect::<Result<Vec<_>, _>>()?;
        let last = limit.unwrap_or(training.steps).min(training.steps);
        let due: Vec<Vec<u64>> = entries
            .iter()
            .map(|e| e.schedule.steps(training.steps))
            .collect();
        let mut recorded: Vec<u64> = due.iter().flatten().copied().collect();
        recorded.extend(trained.iter().filter_map(|m| m.replayed.as_ref()).flatten());
        recorded.sort_unstable();
        recorded.dedup();
        let clock = Clock::new(training, shape.outputs, &recorded);

        let needs = trained
            .iter()
            .fold(Needs::default(), |needs, m| needs.or(m.needs));
        let test = instance.test();
        let test_on_device = upload_in_blocks(&test, needs, self.target);
        // Where every step trains on the whole set, its rows are those of the step.
        let training_set = if stream.is_constant() {
            None
        } else {
            instance.training_set()
        };
        let training_set = training_set.map(|rows| {
            let on_device = upload_in_blocks(&rows, needs, self.target);
            (rows, on_device)
        });
        let mut on_device = None;
        let mut measuring = Duration::ZERO;
        let mut stopped = StopReason::Finished;
        let mut step = 0;
        loop {
            if on_device.is_none() || !stream.is_constant() {
                stream.fill(step, &mut batch);
                on_device = Some(DeviceBatch::upload(&batch, needs, self.target));
            }
            let rows = on_device.as_ref().expect("the batch was just uploaded");
            let position = recorded.binary_search(&step).ok();
            if position.is_some() || step % HEALTH_EVERY == 0 {
                let begin = Instant::now();
                let look = Look {
                    cell: self,
                    entries: &entries,
                    due: &due,
                    step,
                    flow_time: position.and_then(|at| clock.time(at)),
                    instance: &*instance,
                    test: (&test, &test_on_device),
                    batch: (&batch, rows),
                    training_set: (training_set.as_ref()).map(|(rows, blocks)| (rows, &blocks[..])),
                };
                let verdict = look.at_all(&mut trained, position.is_some(), observer)?;
                if let Some(reason) = verdict {
                    // What is read at the last step is read where the cell ends by its condition.
                    if matches!(reason, StopReason::Condition { .. }) {
                        look.at_the_end(&mut trained, observer)?;
                    }
                    measuring += begin.elapsed();
                    stopped = reason;
                    break;
                }
                measuring += begin.elapsed();
            }
            if step == last {
                break;
            }
            if step % REPORT_EVERY == 0 && observer.interrupted() {
                stopped = StopReason::Interrupted { step };
                break;
            }
            let lr = training.lr * training.schedule.factor(step, training.steps);
            for model in &mut trained {
                model.learner.step(rows, lr);
            }
            step += 1;
            if step % REPORT_EVERY == 0 {
                observer.stepped(self.variant, self.seed, step);
            }
        }
        let mut observations = Vec::new();
        let mut initial = Vec::new();
        let mut engines = Vec::new();
        for (name, own) in &self.variant.own {
            let OwnModel::Curves(rows) = &own.what else {
                continue;
            };
            let rows = rows.iter().filter(|row| row.seed == self.seed);
            let mut rows: Vec<Observation> = rows.cloned().collect();
            observer.recorded(&rows);
            let mut seen: Vec<&[&str]> = Vec::new();
            let mut derived = Vec::new();
            for entry in &entries {
                let metrics = entry.measure.derived_metrics();
                if entry.covers(name, &self.variant.group) && !seen.contains(&metrics) {
                    seen.push(metrics);
                    derived.extend(entry.measure.derive(&rows));
                }
            }
            observations.append(&mut rows);
            observations.append(&mut derived);
            engines.push((name.clone(), "curves"));
        }
        for mut model in trained {
            engines.push((model.name.clone(), model.learner.engine()));
            let mut derived: Vec<Observation> = Vec::new();
            let mut seen: Vec<&[&str]> = Vec::new();
            for entry in &entries {
                let metrics = entry.measure.derived_metrics();
                // Two entries of one kind sum up the same curve.
                if entry.covers(&model.name, &self.variant.group) && !seen.contains(&metrics) {
                    seen.push(metrics);
                    derived.extend(entry.measure.derive(&model.observations));
                }
            }
            observations.append(&mut model.observations);
            observations.append(&mut derived);
            initial.push((model.name, model.initial));
        }
        let summary = CellSummary {
            variant: self.variant.name.clone(),
            seed: self.seed,
            steps: step,
            seconds: start.elapsed().as_secs_f64(),
            measuring_seconds: measuring.as_secs_f64(),
            stopped,
        };
        Ok(CellOutcome {
            observations,
            summary,
            clock,
            groups: instance.groups().to_vec(),
            initial,
            engines,
            constant,
        })
    }

    fn models(
        &self,
        instance: &dyn TaskInstance,
        shape: tasks::TaskShape,
        constant: Option<&Batch>,
    ) -> Result<Vec<Trained>, RunError> {
        let training = &self.variant.spec.training;
        let mut trained = Vec::new();
        for (name, table) in &self.variant.spec.models {
            let place = format!("models.{name}");
            let table = table.as_table().cloned().unwrap_or_default();
            let model = self
                .kinds
                .models
                .build(table)
                .map_err(|e| e.within(&place))?;
            let own = self.variant.own.get(name).map(|own| &own.what);
            let checkpoints = match own {
                Some(OwnModel::Curves(_)) => continue,
                Some(OwnModel::Checkpoints(seeds)) => seeds.get(&self.seed).cloned(),
                None => None,
            };
            if let Some(checkpoints) = checkpoints {
                let steps = checkpoints.keys().copied().collect();
                let (needs, lr_scale) = (model.needs(), model.lr_scale());
                let initial = checkpoints.values().next().cloned().unwrap_or_default();
                let replay = ReplayLearner::new(model, checkpoints, training.loss, self.target);
                if let Some(replay) = replay {
                    trained.push(Trained {
                        name: name.clone(),
                        needs,
                        lr_scale,
                        learner: Box::new(replay),
                        initial,
                        first_loss: None,
                        observations: Vec::new(),
                        replayed: Some(steps),
                        previous: RefCell::default(),
                    });
                }
                continue;
            }
            let initial = model.initial(instance, shape, self.seed);
            trained.push(Trained {
                name: name.clone(),
                needs: model.needs(),
                lr_scale: model.lr_scale(),
                learner: learner(
                    self.engine,
                    model,
                    initial.clone(),
                    training.loss,
                    training.optimizer,
                    self.target,
                    constant,
                )
                .map_err(|error| self.failed(error.into()))?,
                initial,
                first_loss: None,
                observations: Vec::new(),
                replayed: None,
                previous: RefCell::default(),
            });
        }
        Ok(trained)
    }

    fn failed(&self, error: MeasureError) -> RunError {
        RunError::Cell {
            variant: self.variant.name.clone(),
            seed: self.seed,
            error,
        }
    }
}

/// One look at all models of a cell.
struct Look<'a> {
    cell: &'a Cell<'a>,
    entries: &'a [MeasureEntry],
    due: &'a [Vec<u64>],
    step: u64,
    flow_time: Option<f64>,
    instance: &'a dyn TaskInstance,
    test: (&'a Batch, &'a [DeviceBatch]),
    batch: (&'a Batch, &'a DeviceBatch),
    training_set: Option<(&'a Batch, &'a [DeviceBatch])>,
}

impl Look<'_> {
    /// Measures every model; the reason to stop, if there is one now.
    fn at_all(
        &self,
        trained: &mut [Trained],
        record: bool,
        observer: &dyn Observer,
    ) -> Result<Option<StopReason>, RunError> {
        let training = &self.cell.variant.spec.training;
        let mut stop = None;
        let mut recorded: Vec<Observation> = Vec::new();
        for position in 0..trained.len() {
            let replayed = trained[position].replayed.as_deref();
            let due = |due: &[u64]| match replayed {
                Some(checkpoints) => checkpoints.contains(&self.step),
                None => record && due.binary_search(&self.step).is_ok(),
            };
            let (readings, loss) = self.at(trained, position, due)?;
            let model = &mut trained[position];
            let finite = loss.is_finite() && readings.iter().all(|r| r.value.is_finite());
            let first = *model.first_loss.get_or_insert(loss);
            let (step, name) = (self.step, model.name.clone());
            if !finite {
                stop = Some(StopReason::NotFinite { step, model: name });
                break;
            }
            let rows = self.rows(model, readings);
            recorded.extend_from_slice(&rows);
            model.observations.extend(rows);
            if loss > training.divergence * first.max(f64::MIN_POSITIVE) {
                stop = Some(StopReason::Diverged {
                    step,
                    model: name,
                    loss,
                });
                break;
            }
        }
        let conditions = &training.stop_when;
        let held = || conditions.iter().all(|c| holds(c, &recorded));
        if stop.is_none() && !conditions.is_empty() && held() {
            stop = Some(StopReason::Condition { step: self.step });
        }
        // One write for all models: a system call costs as much as looking at the net.
        observer.recorded(&recorded);
        Ok(stop)
    }

    /// Reads what is due at the last planned step, for a cell that ends before it.
    fn at_the_end(&self, trained: &mut [Trained], observer: &dyn Observer) -> Result<(), RunError> {
        let last = self.cell.variant.spec.training.steps;
        for position in 0..trained.len() {
            let replayed = trained[position].replayed.is_some();
            let due = |due: &[u64]| {
                !replayed && due.last() == Some(&last) && due.binary_search(&self.step).is_err()
            };
            let (mut readings, _) = self.at(trained, position, due)?;
            let model = &mut trained[position];
            // Another entry may have read the same metric at this step.
            let mut read: Vec<&str> = Vec::new();
            for row in model.observations.iter().rev() {
                if row.step != self.step {
                    break;
                }
                if !read.contains(&row.metric.as_str()) {
                    read.push(&row.metric);
                }
            }
            readings.retain(|reading| !read.contains(&reading.metric));
            let rows = self.rows(model, readings);
            observer.recorded(&rows);
            model.observations.extend(rows);
        }
        Ok(())
    }

    fn rows(&self, model: &Trained, readings: Vec<Reading>) -> Vec<Observation> {
        readings
            .into_iter()
            .map(|reading| Observation {
                variant: self.cell.variant.name.clone(),
                seed: self.cell.seed,
                model: model.name.clone(),
                metric: reading.metric.to_owned(),
                index: reading.index,
                step: self.step,
                flow_time: self.flow_time.map(|time| time * model.lr_scale),
                value: reading.value,
            })
            .collect()
    }

    /// The readings of the entries whose steps are `due`, and the test loss.
    fn at(
        &self,
        trained: &[Trained],
        position: usize,
        due: impl Fn(&[u64]) -> bool,
    ) -> Result<(Vec<Reading>, f64), RunError> {
        let training = &self.cell.variant.spec.training;
        let model = &trained[position];
        let mut snapshot = Snapshot::new(
            self.step,
            self.instance,
            self.test,
            self.batch,
            self.training_set,
            model.needs,
            &*model.learner,
            &model.initial,
            training.loss,
            self.cell.target,
        );
        let beside = trained.iter();
        snapshot.beside = beside
            .map(|model| (model.name.as_str(), &*model.learner))
            .collect();
        let mut readings = Vec::new();
        let mut look = || -> Result<f64, MeasureError> {
            let loss = snapshot.test_loss()?;
            if loss.is_finite() {
                let mut seen: Vec<&[&str]> = Vec::new();
                for (place, (entry, steps)) in self.entries.iter().zip(self.due).enumerate() {
                    let metrics = entry.measure.metrics();
                    // Schedules of two entries may meet; a curve has one value per step.
                    if entry.covers(&model.name, &self.cell.variant.group)
                        && due(steps)
                        && !seen.contains(&metrics)
                    {
                        seen.push(metrics);
                        if entry.measure.remembers() {
                            let now = Rc::new(snapshot.parameters()?.to_vec());
                            let mut previous = model.previous.borrow_mut();
                            snapshot.previous = previous.insert(place, (self.step, now));
                        }
                        entry.measure.measure(&snapshot, &mut readings)?;
                    }
                }
            }
            Ok(loss)
        };
        let loss = look().map_err(|error| self.cell.failed(error))?;
        Ok((readings, loss))
    }
}

fn holds(condition: &crate::spec::StopWhen, rows: &[Observation]) -> bool {
    let mut values = rows
        .iter()
        .filter(|o| o.model == condition.model && o.metric == condition.metric)
        .map(|o| o.value);
    let beyond = |value: f64| {
        condition.above.is_none_or(|bound| value > bound)
            && condition.below.is_none_or(|bound| value < bound)
    };
    // No reading of this metric at this step says nothing.
    let Some(first) = values.next() else {
        return false;
    };
    beyond(first) && values.all(beyond)
}
