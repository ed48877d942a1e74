//! Checks of a spec: every kind checks its own table, and everything that is named exists.

mod claim;
pub(crate) mod defaults;
mod leaderboard;
mod named;
pub(crate) mod picture;
mod references;
mod stop;
mod training;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use models::{Model, Role};
use serde::de::DeserializeOwned;
use tasks::{Batch, KeyError, Registry, Task, choose_one_of};

use self::training::{check_matrices, check_training};
use crate::{
    Kinds,
    metric::Metric,
    names::plain_name,
    plan::{PlannedMetric, PlannedModel, PlannedPrediction, Variant},
    spec::{
        Errors, Loss, Schedule, Spec, SpecError,
        shared::{MeasureKeys, RoleKey},
    },
};

pub(crate) use self::{references::check_references, training::check_run_wide};

/// Builds the kinds of specs. What the variants of a spec share is built once.
pub(crate) struct Checker<'a> {
    kinds: &'a Kinds,
    tasks: HashMap<String, Arc<dyn Task>>,
    models: HashMap<String, (Arc<dyn Model>, Option<Role>)>,
}

/// A variant without what is measured.
struct Base {
    task: Arc<dyn Task>,
    models: Vec<PlannedModel>,
    predictions: Vec<PlannedPrediction>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(kinds: &'a Kinds) -> Self {
        Self {
            kinds,
            tasks: HashMap::new(),
            models: HashMap::new(),
        }
    }

    /// Builds a variant from its spec, and writes the defaults back into the spec.
    pub(crate) fn variant(
        &mut self,
        spec: &mut Spec,
        name: String,
        group: String,
        knobs: toml::Table,
    ) -> Result<Variant, SpecError> {
        plain_name("name", &spec.name)?;
        if !(spec.minutes.is_finite() && spec.minutes >= 0.0) {
            return Err(SpecError::key(
                "minutes",
                spec.minutes,
                "must be a finite number, 0 or more",
                "Write the minutes that it takes on 2 cores.",
            ));
        }
        let Base {
            task,
            models,
            predictions,
        } = self.base(spec)?;
        let metrics = self.metrics(spec, &*task, &models, &group)?;
        Ok(Variant {
            name,
            group,
            knobs,
            task,
            models,
            metrics,
            predictions,
            training: spec.training.clone(),
            external: BTreeMap::new(),
        })
    }

    /// What is trained, and what lies over it.
    fn base(&mut self, spec: &mut Spec) -> Result<Base, SpecError> {
        let mut errors = Errors::default();
        errors.take(check_training(spec));
        let task = errors.take(self.task(spec));
        let models = errors.take(self.models(spec, task.as_deref()));
        let (Some(task), Some(models)) = (task, models) else {
            return Err(errors.none().expect_err("something is missing"));
        };
        errors.take(check_matrices(spec, &models));
        let predictions = errors.take(self.predictions(spec, &*task, &models));
        errors.none()?;
        let predictions = predictions.unwrap_or_default();
        Ok(Base {
            task,
            models,
            predictions,
        })
    }

    fn task(&mut self, spec: &mut Spec) -> Result<Arc<dyn Task>, SpecError> {
        let text = spec.task.to_string();
        let task = match self.tasks.get(&text) {
            Some(task) => Arc::clone(task),
            None => {
                let task = self.kinds.tasks.task(spec.task.clone());
                let task: Arc<dyn Task> = task.map_err(|e| e.within("task"))?.into();
                for seed in (spec.training.first_seed..).take(spec.training.seeds as usize) {
                    task.check_seed(seed).map_err(|e| e.within("task"))?;
                }
                self.tasks.insert(text, Arc::clone(&task));
                task
            }
        };
        spec.task = task.resolved();
        check_targets(&*task, spec)?;
        Ok(task)
    }

    /// The models; what does not fit is told of all of them, also where the task is not known.
    fn models(
        &mut self,
        spec: &mut Spec,
        task: Option<&dyn Task>,
    ) -> Result<Vec<PlannedModel>, SpecError> {
        if spec.models.is_empty() {
            return Err(SpecError::key(
                "models",
                "(empty)",
                "names no model",
                "Add a table such as [models.net].",
            ));
        }
        let seeds = (spec.training.first_seed..).take(spec.training.seeds as usize);
        let mut errors = Errors::default();
        let mut models = Vec::new();
        for (name, value) in &mut spec.models {
            models.extend(errors.take(self.model(name, value, task, seeds.clone())));
        }
        errors.none()?;
        Ok(models)
    }

    fn model(
        &mut self,
        name: &str,
        value: &mut toml::Value,
        task: Option<&dyn Task>,
        mut seeds: impl Iterator<Item = u64>,
    ) -> Result<PlannedModel, SpecError> {
        plain_name("models", name)?;
        let place = format!("models.{name}");
        let within = |e: KeyError| SpecError::from(e.within(&place));
        let mut written = table(&place, value)?;
        let text = written.to_string();
        let (model, role) = match self.models.get(&text) {
            Some((model, role)) => (Arc::clone(model), *role),
            None => {
                let role = take_role(&mut written).map_err(within)?;
                let model = self.kinds.models.build(written).map_err(within)?;
                seeds
                    .try_for_each(|seed| model.check_seed(seed))
                    .map_err(within)?;
                let model: Arc<dyn Model> = model.into();
                self.models.insert(text, (Arc::clone(&model), role));
                (model, role)
            }
        };
        if let Some(task) = task {
            model.check(task.shape()).map_err(within)?;
        }
        *value = toml::Value::Table(with_role(model.resolved(), role));
        Ok(PlannedModel {
            name: name.to_owned(),
            role: role.unwrap_or_else(|| model.role()),
            model,
        })
    }

    fn predictions(
        &self,
        spec: &mut Spec,
        task: &dyn Task,
        models: &[PlannedModel],
    ) -> Result<Vec<PlannedPrediction>, SpecError> {
        let mut errors = Errors::default();
        let mut predictions = Vec::new();
        for (name, value) in &mut spec.predictions {
            predictions.extend(errors.take(self.prediction(name, value, task, models)));
        }
        errors.none()?;
        Ok(predictions)
    }

    fn prediction(
        &self,
        name: &str,
        value: &mut toml::Value,
        task: &dyn Task,
        models: &[PlannedModel],
    ) -> Result<PlannedPrediction, SpecError> {
        plain_name("predictions", name)?;
        let place = format!("predictions.{name}");
        let within = |e: KeyError| SpecError::from(e.within(&place));
        let mut written = table(&place, value)?;
        let role = take_role(&mut written).map_err(within)?;
        let form = self.kinds.predictions.build(written).map_err(within)?;
        let mut read = Vec::new();
        for wanted in form.reads() {
            let Some(model) = models.iter().find(|model| model.name == wanted) else {
                let choices: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
                return Err(SpecError::key(
                    place,
                    format!("{wanted:?}"),
                    "reads a model that the spec does not have",
                    choose_one_of(wanted, &choices),
                ));
            };
            read.push(&*model.model);
        }
        if models.iter().any(|model| model.name == *name) {
            return Err(SpecError::key(
                place,
                name,
                "has the name of a model",
                "Give predictions names of their own.",
            ));
        }
        form.check(task, &read).map_err(within)?;
        *value = toml::Value::Table(with_role(form.resolved(), role));
        Ok(PlannedPrediction {
            name: name.to_owned(),
            form: form.into(),
            role: role.unwrap_or(Role::Theory),
        })
    }

    fn metrics(
        &self,
        spec: &mut Spec,
        task: &dyn Task,
        models: &[PlannedModel],
        group: &str,
    ) -> Result<Vec<PlannedMetric>, SpecError> {
        let mut errors = Errors::default();
        let mut metrics = Vec::new();
        let steps = spec.training.steps;
        for (position, written) in spec.measure.iter_mut().enumerate() {
            let place = format!("measure[{position}]");
            let found = self.metric(&place, written, steps, (task, models, group));
            metrics.extend(errors.take(found));
        }
        errors.none()?;
        let measured = |model: &str| -> Vec<&'static str> {
            let entries = metrics.iter().filter(|entry| entry.covers(model, group));
            entries
                .flat_map(|entry| entry.metric.metrics())
                .copied()
                .collect()
        };
        stop::check_measured(spec, measured)?;
        stop::check_freezes(models, measured)?;
        Ok(metrics)
    }
    /// Checks one entry of `measure` against the task and the models of a variant group.
    fn metric(
        &self,
        place: &str,
        written: &mut toml::Table,
        steps: u64,
        (task, models, group): (&dyn Task, &[PlannedModel], &str),
    ) -> Result<PlannedMetric, SpecError> {
        let known = |name: &str| models.iter().any(|model| model.name == name);
        let within = |e: KeyError| SpecError::from(e.within(place));
        let found = entry(written.clone(), &self.kinds.metrics).map_err(within)?;
        (found.schedule).check(steps).map_err(within)?;
        if found.variants.is_empty() || found.variants.iter().any(|name| name == group) {
            if let Some(model) = found.models.iter().find(|name| !known(name)) {
                return Err(SpecError::key(
                    format!("{place}.models"),
                    format!("{model:?}"),
                    "is not a model of this spec",
                    "Name a table of [models].",
                ));
            }
            if let Some(model) = found.metric.reads().into_iter().find(|name| !known(name)) {
                return Err(SpecError::key(
                    place,
                    format!("{model:?}"),
                    "is read by this metric and is not a model of this spec",
                    "Name a table of [models].",
                ));
            }
            let covered = models
                .iter()
                .filter(|model| found.models.is_empty() || found.models.contains(&model.name));
            let covered: Vec<&dyn Model> = covered.map(|model| &*model.model).collect();
            found.metric.check(task, &covered).map_err(within)?;
        }
        *written = found.resolved();
        Ok(found)
    }
}

/// Takes the key `role` out of the table of a model or prediction.
fn take_role(table: &mut toml::Table) -> Result<Option<Role>, KeyError> {
    let RoleKey { role } = take(table, &["role"])?;
    Ok(role)
}

/// Takes the keys that all kinds have out of a table.
fn take<T: DeserializeOwned>(table: &mut toml::Table, keys: &[&str]) -> Result<T, KeyError> {
    let taken = keys.iter().filter_map(|key| table.remove_entry(*key));
    tasks::parse_table(taken.collect())
}

fn with_role(mut table: toml::Table, role: Option<Role>) -> toml::Table {
    if let Some(role) = role {
        let role = toml::Value::try_from(role).expect("a role is a TOML string");
        table.insert("role".to_owned(), role);
    }
    table
}

fn table(place: &str, value: &toml::Value) -> Result<toml::Table, SpecError> {
    value
        .as_table()
        .cloned()
        .ok_or_else(|| SpecError::key(place, value, "must be a table", format!("Write [{place}].")))
}

/// Checks that the rows of a task have the targets that the loss is for.
fn check_targets(task: &dyn Task, spec: &Spec) -> Result<(), SpecError> {
    let loss = spec.training.loss;
    let (name, hint) = match loss {
        // Any number can be squared.
        Loss::Mse { .. } => return Ok(()),
        Loss::CrossEntropy => (
            "cross-entropy",
            "Choose a task of classes with target 1 and two outputs or more, or write \
             training.loss = { kind = \"mse\" } (for targets 1 and -1 also \"hinge\").",
        ),
        Loss::Hinge { .. } => (
            "hinge",
            "Choose a task whose targets are 1 and -1, such as sparse-parity with target = 1, or another \
             loss.",
        ),
    };
    let shape = task.shape();
    let instance = task.instance(spec.training.first_seed);
    let training = instance.training_set().unwrap_or_else(|| {
        let mut batch = Batch::zeros(shape, task.batch_rows());
        instance.training().fill(0, &mut batch);
        batch
    });
    for (rows, batch) in [("training", training), ("test", instance.test())] {
        loss.check_targets(&batch.targets, shape.outputs)
            .map_err(|error| {
                let kind = spec.task.get("kind").and_then(toml::Value::as_str);
                let kind = kind.unwrap_or_default();
                let problem = format!("does not suit the {rows} rows of task {kind}: {error}");
                SpecError::key("training.loss", name, problem, hint)
            })?;
    }
    Ok(())
}

/// Checks an entry of `[[measure]]`.
///
/// # Errors
/// Keys that do not fit.
fn entry(mut table: toml::Table, kinds: &Registry<dyn Metric>) -> Result<PlannedMetric, KeyError> {
    let MeasureKeys {
        schedule,
        models,
        variants,
    } = take(&mut table, &["schedule", "models", "variants"])?;
    let zero = match schedule {
        Schedule::Linear { every: 0 } => Some("schedule.every"),
        Schedule::Log { points: 0, .. } => Some("schedule.points"),
        _ => None,
    };
    if let Some(key) = zero {
        return Err(KeyError::new(key, 0, "must be 1 or more", "Write 50."));
    }
    Ok(PlannedMetric {
        metric: kinds.build(table)?.into(),
        schedule,
        models,
        variants,
    })
}
