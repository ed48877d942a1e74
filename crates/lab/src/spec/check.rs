mod claim;
mod picture;
mod stop;

use std::collections::HashSet;

use tasks::KeyError;

use super::{LearningRateSchedule, Spec, SpecError, Training, Variant, variant::MOST_CELLS};
use crate::{
    Kinds,
    claims::Statistic,
    measure::{curve_times, entry},
    record::lies_at,
};

/// Lets every kind check its own table and writes the defaults back, in the variant `group`.
pub(super) fn check(spec: &mut Spec, group: &str, kinds: &Kinds) -> Result<(), SpecError> {
    plain_name("name", &spec.name)?;
    if !(spec.minutes.is_finite() && spec.minutes >= 0.0) {
        return Err(SpecError::key(
            "minutes",
            spec.minutes,
            "must be a finite number, 0 or more",
            "Write the minutes that it takes on 2 cores.",
        ));
    }
    let task = kinds
        .tasks
        .build(spec.task.clone())
        .map_err(|e| e.within("task"))?;
    spec.task = task.resolved();
    let target = spec.task.get("target").and_then(toml::Value::as_float);
    if let (super::Loss::CrossEntropy, Some(target)) = (spec.training.loss, target)
        && target != 1.0
    {
        return Err(SpecError::key(
            "task.target",
            target,
            "has no meaning with cross-entropy, whose targets are probabilities",
            "Leave it out, or write training.loss = { kind = \"mse\" }.",
        ));
    }
    for seed in (spec.training.first_seed..).take(spec.training.seeds as usize) {
        task.check_seed(seed).map_err(|e| e.within("task"))?;
    }
    if spec.models.is_empty() {
        return Err(SpecError::key(
            "models",
            "(empty)",
            "names no model",
            "Add a table such as [models.net].",
        ));
    }
    let mut models = Vec::new();
    for (name, value) in &mut spec.models {
        plain_name("models", name)?;
        let place = format!("models.{name}");
        let model = kinds
            .models
            .build(table(&place, value)?)
            .map_err(|e| e.within(&place))?;
        model.check(task.shape()).map_err(|e| e.within(&place))?;
        let resolved = model.resolved();
        for seed in (spec.training.first_seed..).take(spec.training.seeds as usize) {
            nets::check_start(&resolved, seed).map_err(|e| e.within(&place))?;
        }
        *value = toml::Value::Table(resolved);
        models.push((name.clone(), model));
    }
    for (name, value) in &mut spec.predictions {
        plain_name("predictions", name)?;
        let place = format!("predictions.{name}");
        let form = kinds
            .predictions
            .build(table(&place, value)?)
            .map_err(|e| e.within(&place))?;
        if let Some(model) = form
            .reads()
            .into_iter()
            .find(|m| !spec.models.contains_key(*m))
        {
            let choices = spec.models.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(SpecError::key(
                place,
                format!("{model:?}"),
                "calibrates on a model that the spec does not have",
                format!("Choose one of: {choices}."),
            ));
        }
        if spec.models.contains_key(name) {
            return Err(SpecError::key(
                place,
                name,
                "has the name of a model",
                "Give predictions names of their own.",
            ));
        }
        let read: Vec<&dyn nets::Model> = (models.iter())
            .filter(|(model, _)| form.reads().contains(&model.as_str()))
            .map(|(_, model)| &**model)
            .collect();
        form.check(&*task, &read).map_err(|e| e.within(&place))?;
        *value = toml::Value::Table(form.resolved());
    }
    check_training(spec)?;
    let mut measured: Vec<(Vec<String>, &'static [&'static str])> = Vec::new();
    for (position, entry_table) in spec.measure.iter_mut().enumerate() {
        let place = format!("measure[{position}]");
        let found = entry(entry_table.clone(), &kinds.measures).map_err(|e| e.within(&place))?;
        (found.schedule)
            .check(spec.training.steps)
            .map_err(|e| e.within(&place))?;
        let looked_at: Vec<&dyn nets::Model> = (models.iter())
            .filter(|(name, _)| found.models.is_empty() || found.models.contains(name))
            .map(|(_, model)| &**model)
            .collect();
        if found.variants.is_empty() || found.variants.iter().any(|name| name == group) {
            if let Some(model) = found.models.iter().find(|m| !spec.models.contains_key(*m)) {
                return Err(SpecError::key(
                    format!("{place}.models"),
                    format!("{model:?}"),
                    "is not a model of this spec",
                    "Name a table of [models].",
                ));
            }
            let known = |name: &&str| spec.models.contains_key(*name);
            if let Some(model) = found.measure.reads().into_iter().find(|name| !known(name)) {
                return Err(SpecError::key(
                    place,
                    format!("{model:?}"),
                    "is read by this metric and is not a model of this spec",
                    "Name a table of [models].",
                ));
            }
            let fits = found.measure.check(&*task, &looked_at);
            fits.map_err(|e| e.within(&place))?;
        }
        measured.push((found.models.clone(), found.measure.metrics()));
        *entry_table = found.resolved();
    }
    stop::check_measured(spec, |model| {
        let of_model = |(models, _): &&(Vec<String>, _)| {
            models.is_empty() || models.iter().any(|name| name == model)
        };
        let entries = measured.iter().filter(of_model);
        entries.flat_map(|(_, metrics)| *metrics).copied().collect()
    })?;
    Ok(())
}

/// Checks a name that becomes part of a path or of a table's column.
pub(super) fn plain_name(key: &str, name: &str) -> Result<(), SpecError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    Err(SpecError::key(
        key,
        format!("{name:?}"),
        "becomes part of file names and may hold only letters, digits, - and _",
        "Write for example \"my-run\".",
    ))
}

/// Checks that the ids at `key` tell claims or numbers apart. They may hold what papers write, as
/// `N½` and `W'`.
fn check_ids<'a>(key: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), SpecError> {
    let fits = |c: char| c.is_alphanumeric() || "-_'".contains(c);
    let mut seen = HashSet::new();
    for (position, id) in ids.enumerate() {
        if id.is_empty() || !id.chars().all(fits) {
            return Err(SpecError::key(
                format!("{key}[{position}].id"),
                format!("{id:?}"),
                "may hold only letters, digits, -, _ and '",
                "Write for example \"E1\".",
            ));
        }
        if !seen.insert(id) {
            return Err(SpecError::key(
                key,
                format!("id = {id:?}"),
                "is used twice",
                "Give each its own id.",
            ));
        }
    }
    Ok(())
}

/// Checks the number of seeds of a run with so many variants.
pub(super) fn check_seeds(training: &Training, variants: usize) -> Result<(), SpecError> {
    let cells = training.seeds.saturating_mul(variants as u64);
    if cells <= MOST_CELLS {
        return Ok(());
    }
    Err(SpecError::key(
        "training.seeds",
        training.seeds,
        format!("makes {cells} cells (seeds times variants), more than {MOST_CELLS}"),
        "Write fewer seeds, or vary less in [sweep].",
    ))
}

fn table(place: &str, value: &toml::Value) -> Result<toml::Table, SpecError> {
    value
        .as_table()
        .cloned()
        .ok_or_else(|| SpecError::key(place, value, "must be a table", format!("Write [{place}].")))
}

fn check_training(spec: &Spec) -> Result<(), SpecError> {
    let t = &spec.training;
    let at_least_one = |key: &str, value: u64| {
        if value > 0 {
            return Ok(());
        }
        Err(KeyError::new(
            format!("training.{key}"),
            value,
            "must be 1 or more",
            "Write a whole number above 0.",
        ))
    };
    at_least_one("seeds", t.seeds)?;
    at_least_one("steps", t.steps)?;
    let number = |key: &str, value: f64, holds: bool, domain: &str| {
        if value.is_finite() && holds {
            return Ok(());
        }
        let problem = format!("must be {domain}");
        Err(KeyError::new(
            format!("training.{key}"),
            value,
            problem,
            "Write a number in its domain.",
        ))
    };
    number("lr", t.lr, t.lr > 0.0, "a finite number above 0")?;
    number(
        "divergence",
        t.divergence,
        t.divergence > 1.0,
        "a finite number above 1",
    )?;
    match t.optimizer {
        super::Optimizer::Sgd {
            momentum,
            dampening,
            weight_decay,
            nesterov,
        } => {
            let unit = |v: f64| (0.0..1.0).contains(&v);
            number(
                "optimizer.momentum",
                momentum,
                unit(momentum),
                "0 or more and below 1",
            )?;
            number(
                "optimizer.dampening",
                dampening,
                unit(dampening),
                "0 or more and below 1",
            )?;
            number(
                "optimizer.weight_decay",
                weight_decay,
                weight_decay >= 0.0,
                "0 or more",
            )?;
            if nesterov && (momentum == 0.0 || dampening > 0.0) {
                return Err(SpecError::key(
                    "training.optimizer.nesterov",
                    true,
                    "needs momentum and no dampening",
                    "Set momentum above 0 and dampening to 0.",
                ));
            }
        }
        super::Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            ..
        } => {
            let unit = |v: f64| (0.0..1.0).contains(&v);
            number(
                "optimizer.beta1",
                beta1,
                unit(beta1),
                "0 or more and below 1",
            )?;
            number(
                "optimizer.beta2",
                beta2,
                unit(beta2),
                "0 or more and below 1",
            )?;
            number("optimizer.epsilon", epsilon, epsilon > 0.0, "above 0")?;
            number(
                "optimizer.weight_decay",
                weight_decay,
                weight_decay >= 0.0,
                "0 or more",
            )?;
        }
    }
    match t.schedule {
        LearningRateSchedule::Steps { every, factor } => {
            at_least_one("schedule.every", every)?;
            number("schedule.factor", factor, factor > 0.0, "above 0")?;
        }
        LearningRateSchedule::Cosine { final_factor } => {
            number(
                "schedule.final_factor",
                final_factor,
                final_factor >= 0.0,
                "0 or more",
            )?;
        }
        LearningRateSchedule::Constant => {}
    }
    stop::check(spec)?;
    Ok(())
}

/// Checks that a variant leaves alone what there is once per run.
pub(super) fn check_run_wide(run: &Training, variant: &Training) -> Result<(), SpecError> {
    let precision = |t: &Training| format!("\"{:?}\"", t.precision).to_lowercase();
    let keys = [
        ("seeds", run.seeds.to_string(), variant.seeds.to_string()),
        (
            "first_seed",
            run.first_seed.to_string(),
            variant.first_seed.to_string(),
        ),
        ("precision", precision(run), precision(variant)),
    ];
    for (key, run, variant) in keys {
        if run != variant {
            return Err(SpecError::key(
                format!("training.{key}"),
                variant,
                "belongs to the whole run and cannot differ between variants",
                "Set it in [training].",
            ));
        }
    }
    Ok(())
}

/// Names that the whole spec can refer to.
struct Names<'a> {
    sources: Vec<&'a str>,
    metrics: Vec<&'static str>,
    groups: Vec<&'a str>,
    variants: &'a [Variant],
}

/// Checks that claims, numbers and pictures name things that exist.
pub(super) fn check_references(
    spec: &mut Spec,
    variants: &[Variant],
    kinds: &Kinds,
) -> Result<(), SpecError> {
    // Predicted skill curves have their times, too.
    let mut metrics: Vec<&'static str> = curve_times::METRICS.to_vec();
    // A variant may have models and predictions of its own.
    let mut sources: Vec<&str> = Vec::new();
    for Spec {
        models,
        predictions,
        measure,
        ..
    } in variants.iter().map(|variant| &variant.spec)
    {
        for table in measure {
            let found = entry(table.clone(), &kinds.measures)?;
            metrics.extend(found.measure.metrics());
            metrics.extend(found.measure.derived_metrics());
        }
        for table in predictions.values().filter_map(toml::Value::as_table) {
            metrics.extend(kinds.predictions.build(table.clone())?.metrics());
        }
        let names = models.keys().chain(predictions.keys());
        for name in names.map(String::as_str) {
            if !sources.contains(&name) {
                sources.push(name);
            }
        }
    }
    metrics.sort_unstable();
    metrics.dedup();
    let names = Names {
        sources,
        metrics,
        groups: {
            let mut groups: Vec<&str> = variants.iter().map(|v| v.group.as_str()).collect();
            groups.dedup();
            groups
        },
        variants,
    };
    for (position, claim) in spec.claims.iter_mut().enumerate() {
        claim::check(&format!("claims[{position}]"), claim, &names, kinds)?;
    }
    for (position, number) in spec.numbers.iter_mut().enumerate() {
        let place = format!("numbers[{position}]");
        names.metric(&format!("{place}.metric"), &number.metric)?;
        names.group(&format!("{place}.variant"), &number.variant)?;
        names.source_in(&format!("{place}.model"), &number.variant, &number.model)?;
        names.cells(&format!("{place}.at"), &number.variant, &number.at)?;
        let statistic = kinds.statistics.build(number.statistic.clone());
        let statistic = statistic.map_err(|e| e.within(&format!("{place}.statistic")))?;
        names.statistic(&place, &number.variant, &*statistic)?;
        number.statistic = statistic.resolved();
    }
    let claim_ids: Vec<&str> = spec.claims.iter().map(|c| c.id.as_str()).collect();
    check_ids("claims", claim_ids.iter().copied())?;
    check_ids("numbers", spec.numbers.iter().map(|n| n.id.as_str()))?;
    let mut files = HashSet::new();
    for (position, picture) in spec.pictures.iter().enumerate() {
        let place = format!("pictures[{position}]");
        if !files.insert(&picture.name) {
            return Err(SpecError::key(
                format!("{place}.name"),
                format!("{:?}", picture.name),
                "is the name of another picture, too",
                "Give each picture its own name.",
            ));
        }
        picture::check(&place, picture, &claim_ids, &names, variants)?;
    }
    Ok(())
}

impl Names<'_> {
    fn metric(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(
            key,
            name,
            "a metric that this spec measures or predicts",
            &self.metrics,
        )
    }

    fn source(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(
            key,
            name,
            "a model or prediction of this spec",
            &self.sources,
        )
    }

    /// Checks that a variant of the group has this model or prediction.
    fn source_in(&self, key: &str, group: &str, name: &str) -> Result<(), SpecError> {
        self.source(key, name)?;
        let mut of_group = self.variants.iter().filter(|v| v.group == group);
        let has =
            |v: &Variant| v.spec.models.contains_key(name) || v.spec.predictions.contains_key(name);
        if of_group.any(has) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            format!("{name:?}"),
            format!("is not a model or prediction of the variant {group:?}"),
            "Name one that is, or another variant.",
        ))
    }

    fn group(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(key, name, "a variant of this spec", &self.groups)
    }

    /// Checks that `at` leaves cells of the group to look at.
    fn cells(&self, key: &str, group: &str, at: &toml::Table) -> Result<(), SpecError> {
        let mut of_group = self.variants.iter().filter(|v| v.group == group);
        if of_group.any(|v| lies_at(&v.knobs, at)) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            toml::Value::Table(at.clone()),
            format!("is no cell of the grid of {group}"),
            "Give values that knobs of the grid take.",
        ))
    }

    /// Checks that what a statistic reads is measured, and that its knobs vary in their groups.
    fn statistic(
        &self,
        place: &str,
        group: &str,
        statistic: &dyn Statistic,
    ) -> Result<(), SpecError> {
        for metric in statistic.reads() {
            self.metric(&format!("{place}.statistic"), metric)?;
        }
        let several = statistic.knobs().len() > 1;
        for (position, (own, knob)) in statistic.knobs().into_iter().enumerate() {
            let place = if several {
                format!("{place}.statistic.knobs[{position}]")
            } else {
                format!("{place}.statistic")
            };
            let group = own.unwrap_or(group);
            self.group(&format!("{place}.variant"), group)?;
            let mut of_group = self.variants.iter().filter(|v| v.group == group);
            if !of_group.any(|v| v.knobs.contains_key(knob)) {
                return Err(SpecError::key(
                    format!("{place}.knob"),
                    format!("{knob:?}"),
                    format!("is not a knob of the grid of {group}"),
                    "Name a key of [sweep.grid].",
                ));
            }
        }
        Ok(())
    }

    #[allow(clippy::unused_self, reason = "reads like its siblings")]
    fn one_of(&self, key: &str, name: &str, what: &str, choices: &[&str]) -> Result<(), SpecError> {
        if choices.contains(&name) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            format!("{name:?}"),
            format!("is not {what}"),
            format!("Choose one of: {}.", choices.join(", ")),
        ))
    }
}
