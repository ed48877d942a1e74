use std::{collections::HashSet, rc::Rc};

use nets::{Rows, Target};
use plan::{MeasureError, ModelReader, PlannedMetric, Reading, Snapshot, spec::StopWhen};
use record::{Name, Observation, StopReason};
use tasks::Batch;

use crate::{
    error::TrainError,
    observer::Observer,
    reader::{MemberReader, ModelReadings},
    state::{MemberState, ModelInTraining, Recording},
};

/// The measurement of all models in all members at one step.
pub(crate) struct Measurement<'a> {
    pub(crate) target: &'a Target,
    pub(crate) entries: &'a [PlannedMetric],
    pub(crate) due: &'a [Vec<u64>],
    pub(crate) step: u64,
    /// Position among the recorded steps; `None` if only finite values are checked.
    pub(crate) position: Option<usize>,
    pub(crate) tests: (&'a [Batch], &'a [Rows<'a>]),
    pub(crate) batches: (&'a [Batch], &'a Rows<'a>),
    pub(crate) training_sets: Option<(&'a [Batch], &'a [Rows<'a>])>,
    /// The recording of each member.
    pub(crate) recordings: Option<&'a [Recording]>,
}

impl Measurement<'_> {
    /// Measures every model of every member that still trains, and marks the members that stop
    /// here.
    pub(crate) fn at_all(
        &self,
        trained: &mut [ModelInTraining],
        states: &mut [MemberState<'_>],
        observer: &dyn Observer,
    ) -> Result<(), TrainError> {
        // All metrics are read, member by member, before any model changes.
        let mut found = Vec::new();
        {
            let readings = self.readings(trained);
            for (member, state) in states.iter().enumerate() {
                let of_member = MemberMeasurement {
                    measurement: self,
                    state,
                    member,
                };
                found.push(match state.stopped {
                    None => Some(of_member.all(trained, &readings)?),
                    Some(_) => None,
                });
            }
        }
        for ((member, state), models) in states.iter_mut().enumerate().zip(found) {
            let Some(models) = models else { continue };
            let mut stop = None;
            for (model, Found { readings, loss }) in trained.iter_mut().zip(models) {
                let name = &model.name;
                let own = &mut model.members[member];
                let finite = loss.is_finite() && readings.iter().all(|r| r.value.is_finite());
                let first = *own.first_loss.get_or_insert(loss);
                let step = self.step;
                if !finite {
                    let model = name.clone();
                    stop = Some(StopReason::NotFinite { step, model });
                    break;
                }
                let from = own.observations.len();
                let rows = self.rows(state, name, own.lr_scale, readings);
                own.observations.extend(rows);
                self.record(member, &own.observations[from..], observer)?;
                let divergence = state.variant.training.divergence;
                if loss > divergence * first.max(f64::MIN_POSITIVE) {
                    let model = name.clone();
                    stop = Some(StopReason::Diverged { step, model, loss });
                    break;
                }
                model.freeze_where_conditions_hold(member, step);
            }
            let conditions = &state.variant.training.stop_when;
            let held = || {
                conditions
                    .iter()
                    .all(|c| holds(c, trained, member, self.step))
            };
            if stop.is_none() && !conditions.is_empty() && held() {
                stop = Some(StopReason::Condition { step: self.step });
                let last = self.at_the_end(trained, state, member)?;
                self.record(member, &last, observer)?;
            }
            state.stopped = stop.map(|reason| (reason, self.step));
        }
        Ok(())
    }

    fn record(
        &self,
        member: usize,
        rows: &[Observation],
        observer: &dyn Observer,
    ) -> Result<(), TrainError> {
        if let Some(recordings) = self.recordings {
            recordings[member].folder.append(rows)?;
        }
        observer.recorded(rows);
        Ok(())
    }

    fn readings<'a>(&'a self, trained: &'a [ModelInTraining]) -> Vec<ModelReadings<'a>> {
        let of_model = |model: &'a ModelInTraining| {
            let sets = self.training_sets.map(|(_, rows)| rows);
            let (learners, needs) = (&*model.learners, model.needs);
            let (tests, batch) = (self.tests.1, self.batches.1);
            ModelReadings::new(learners, tests, batch, sets, needs, self.target)
        };
        trained.iter().map(of_model).collect()
    }

    /// Reads the metrics that are due at the last planned step, for a member that ends earlier.
    fn at_the_end(
        &self,
        trained: &mut [ModelInTraining],
        state: &MemberState<'_>,
        member: usize,
    ) -> Result<Vec<Observation>, TrainError> {
        let last = state.variant.training.steps;
        let mut recorded = Vec::new();
        for position in 0..trained.len() {
            let replayed = trained[position].replayed.is_some();
            let due = |due: &[u64]| {
                !replayed && due.last() == Some(&last) && due.binary_search(&self.step).is_err()
            };
            let Found { mut readings, .. } = {
                let of_member = MemberMeasurement {
                    measurement: self,
                    state,
                    member,
                };
                of_member.at(trained, &self.readings(trained), position, due)?
            };
            let model = &mut trained[position];
            let own = &mut model.members[member];
            // Another entry may have read the same metric at this step.
            let mut read: Vec<&str> = Vec::new();
            for row in own.observations.iter().rev() {
                if row.step != self.step {
                    break;
                }
                if !read.contains(&&*row.metric) {
                    read.push(&row.metric);
                }
            }
            readings.retain(|reading| !read.contains(&reading.metric));
            let rows: Vec<_> = (self.rows(state, &model.name, own.lr_scale, readings)).collect();
            recorded.extend_from_slice(&rows);
            own.observations.extend(rows);
        }
        Ok(recorded)
    }

    fn rows(
        &self,
        state: &MemberState<'_>,
        model: &str,
        lr_scale: f64,
        readings: Vec<Reading>,
    ) -> impl Iterator<Item = Observation> {
        let flow_time = self.position.and_then(|at| state.clock.time(at));
        let (variant, model) = (Name::from(&state.variant.name), Name::from(model));
        readings.into_iter().map(move |reading| Observation {
            variant: variant.clone(),
            seed: state.seed,
            model: model.clone(),
            metric: reading.metric.into(),
            index: reading.index,
            step: self.step,
            flow_time: flow_time.map(|time| time * lr_scale),
            value: reading.value,
        })
    }
}

/// Readings of one model.
struct Found {
    readings: Vec<Reading>,
    /// Test loss.
    loss: f64,
}

/// The measurement of one member.
struct MemberMeasurement<'a> {
    measurement: &'a Measurement<'a>,
    state: &'a MemberState<'a>,
    member: usize,
}

impl MemberMeasurement<'_> {
    fn all(
        &self,
        trained: &[ModelInTraining],
        readings: &[ModelReadings<'_>],
    ) -> Result<Vec<Found>, TrainError> {
        let (step, recorded) = (self.measurement.step, self.measurement.position.is_some());
        let mut all = Vec::new();
        for position in 0..trained.len() {
            let replayed = trained[position].replayed.as_deref();
            let due = |due: &[u64]| match replayed {
                Some(checkpoints) => checkpoints.contains(&step),
                None => recorded && due.binary_search(&step).is_ok(),
            };
            let found = self.at(trained, readings, position, due)?;
            let broken = !found.loss.is_finite();
            all.push(found);
            if broken {
                break;
            }
        }
        Ok(all)
    }

    /// Reads the entries that are `due`, and the test loss.
    fn at(
        &self,
        trained: &[ModelInTraining],
        readings: &[ModelReadings<'_>],
        position: usize,
        due: impl Fn(&[u64]) -> bool,
    ) -> Result<Found, TrainError> {
        let (measurement, state, member) = (self.measurement, self.state, self.member);
        let model = &trained[position];
        let own = &model.members[member];
        let readers: Vec<MemberReader<'_>> = readings
            .iter()
            .map(|readings| MemberReader { readings, member })
            .collect();
        let beside: Vec<(&str, &dyn ModelReader)> = (trained.iter().zip(&readers))
            .map(|(model, reader)| (&*model.name, reader as &dyn ModelReader))
            .collect();
        let mut snapshot = Snapshot {
            step: measurement.step,
            task: &*state.instance,
            test: &measurement.tests.0[member],
            batch: &measurement.batches.0[member],
            training_set: measurement.training_sets.map(|(sets, _)| &sets[member]),
            model: model.learners.model(member),
            initial: &own.initial,
            loss: state.variant.training.loss,
            precision: measurement.target.precision(),
            previous: None,
            reader: &readers[position],
            beside: &beside,
        };
        let mut readings = Vec::new();
        let mut read = || -> Result<f64, MeasureError> {
            let loss = snapshot.test_loss()?;
            if loss.is_finite() {
                let mut seen: HashSet<&str> = HashSet::new();
                for (place, (entry, steps)) in
                    measurement.entries.iter().zip(measurement.due).enumerate()
                {
                    let metrics = entry.metric.metrics();
                    // The schedules of two entries may share a step, but a curve has one value per
                    // step.
                    if entry.covers(&model.name, &state.variant.group)
                        && due(steps)
                        && !metrics.iter().all(|metric| seen.contains(metric))
                    {
                        if entry.metric.remembers() {
                            let now = Rc::new(snapshot.parameters()?.to_vec());
                            let mut previous = own.previous.borrow_mut();
                            snapshot.previous = previous.insert(place, (measurement.step, now));
                        }
                        let mut found = Vec::new();
                        entry.metric.measure(&snapshot, &mut found)?;
                        // Two entries may share only some of their metrics.
                        found.retain(|reading| !seen.contains(reading.metric));
                        readings.append(&mut found);
                        seen.extend(metrics);
                    }
                }
            }
            Ok(loss)
        };
        let loss = read().map_err(|error| TrainError::cell(state.variant, state.seed, error))?;
        Ok(Found { readings, loss })
    }
}

/// Whether a condition holds for the rows that a member recorded at `step`.
fn holds(condition: &StopWhen, trained: &[ModelInTraining], member: usize, step: u64) -> bool {
    let model = trained.iter().find(|model| model.name == condition.model);
    model.is_some_and(|model| {
        let beyond = |value| condition.holds(value);
        model.members[member].all_hold(&condition.metric, step, beyond)
    })
}
