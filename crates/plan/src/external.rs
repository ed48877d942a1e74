//! A user's own curves or checkpoints in place of a model that would be trained here.

mod curves;

use std::collections::{BTreeMap, HashMap, HashSet};

use models::HostArray;
use record::{ExternalSource, Observation};

use crate::{
    metric::Metric,
    plan::{ExternalContent, ExternalModel, Plan, Variant},
    spec::SpecError,
};

pub use curves::{CurveRow, Curves};

/// Checks that the spec has such a model.
///
/// # Errors
/// It has not.
pub fn check_model(plan: &Plan, flag: &str, model: &str) -> Result<(), SpecError> {
    let models = &plan.spec.models;
    if models.contains_key(model) {
        return Ok(());
    }
    let known: Vec<&str> = models.keys().map(String::as_str).collect();
    Err(SpecError::key(
        flag,
        format!("{model:?}"),
        format!("is not a model of {}", plan.spec.name),
        format!("Choose one of: {}.", known.join(", ")),
    ))
}

/// Puts curves in the place of their model in every variant that they have rows of.
///
/// # Errors
/// A row that no variant, seed, step or metric of the spec goes with, and a prediction that needs
/// the initial weights of the model.
pub fn attach_curves(
    plan: &mut Plan,
    curves: &Curves,
    source: &ExternalSource,
) -> Result<(), SpecError> {
    let training = &plan.spec.training;
    let seeds: Vec<u64> = (training.first_seed..)
        .take(training.seeds as usize)
        .collect();
    let model = &source.model;
    let refuse = |row: &CurveRow, column: &str, problem: String, hint: String| {
        let place = format!("{}:{}: {column}", curves.path, row.line);
        Err(SpecError::key(place, row.text(column), problem, hint))
    };
    let places: HashMap<&str, usize> = (plan.variants.iter().enumerate())
        .map(|(place, variant)| (&*variant.name, place))
        .collect();
    // Rows are sorted: what is asked of a variant is asked once.
    for rows in curves.rows.chunk_by(|a, b| a.variant == b.variant) {
        let variant = places.get(&*rows[0].variant);
        let variant = variant.map(|&place| &plan.variants[place]);
        let Some(variant) = variant.filter(|v| v.model(model).is_some()) else {
            let known: Vec<&str> = (plan.variants.iter())
                .filter(|v| v.model(model).is_some())
                .map(|v| v.name.as_str())
                .take(5)
                .collect();
            let hint = format!("Write for example {}.", known.join(" or "));
            return refuse(
                &rows[0],
                "variant",
                format!("is not a variant with {model}"),
                hint,
            );
        };
        let last = variant.training.steps;
        let derived = derived_of(variant, model);
        let known = metrics_of(variant, model);
        for row in rows {
            if !seeds.contains(&row.seed) {
                let problem = format!("is not a seed of this run, which has {seeds:?}");
                let hint = "Leave --seeds out, or add training.first_seed with -s.".to_owned();
                return refuse(row, "seed", problem, hint);
            }
            if row.step > last {
                let hint = format!(
                    "Leave the row out, or write -s training.steps={}.",
                    row.step
                );
                return refuse(
                    row,
                    "step",
                    format!("is beyond the {last} steps of this run"),
                    hint,
                );
            }
            if derived.contains(&row.metric.as_str()) {
                // Computed anew from the curves.
                continue;
            }
            if !row.value.is_finite() {
                let hint = "Leave rows without a value out.".to_owned();
                return refuse(row, "value", "must be finite".to_owned(), hint);
            }
            if !known.contains(&row.metric.as_str()) {
                let problem = format!("is not a metric that this spec measures of {model}");
                let hint = format!("Choose one of: {}.", known.join(", "));
                return refuse(row, "metric", problem, hint);
            }
        }
    }
    let of_variant: HashMap<&str, &[CurveRow]> = (curves.rows)
        .chunk_by(|a, b| a.variant == b.variant)
        .map(|rows| (&*rows[0].variant, rows))
        .collect();
    for variant in &mut plan.variants {
        let derived = derived_of(variant, model);
        let rows = of_variant.get(&*variant.name).copied().unwrap_or_default();
        let rows: Vec<Observation> = (rows.iter())
            .filter(|row| !derived.contains(&row.metric.as_str()))
            .map(|row| row.observation(model))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let found: HashSet<u64> = rows.iter().map(|row| row.seed).collect();
        if let Some(seed) = seeds.iter().find(|seed| !found.contains(seed)) {
            return Err(SpecError::key(
                &curves.path,
                format!("variant {:?}", variant.name),
                format!("has no row of seed {seed}"),
                format!(
                    "Add its rows, or give --seeds and -s training.first_seed to leave it out; this run has {seeds:?}."
                ),
            ));
        }
        for prediction in &variant.predictions {
            if prediction.form.needs_weights_of() == Some(model.as_str()) {
                return Err(SpecError::key(
                    format!("predictions.{}", prediction.name),
                    format!("{model:?}"),
                    "needs the initial weights of a model that curves stand in for",
                    "Give --checkpoints in place of --curves.",
                ));
            }
        }
        let external = ExternalModel {
            content: ExternalContent::Curves(rows),
            source: source.clone(),
            notes: Vec::new(),
        };
        variant.external.insert(model.clone(), external);
    }
    Ok(())
}

/// Puts checkpoints in the place of their model in the base variant.
///
/// # Errors
/// A seed without checkpoints.
pub fn attach_checkpoints(
    plan: &mut Plan,
    steps: BTreeMap<u64, BTreeMap<u64, Vec<HostArray>>>,
    source: ExternalSource,
    notes: Vec<String>,
) -> Result<(), SpecError> {
    let base = &mut plan.variants[0];
    let last = base.training.steps;
    let model = source.model.clone();
    for (seed, steps) in &steps {
        if let Some(step) = steps.keys().find(|step| **step > last) {
            return Err(SpecError::key(
                format!("--checkpoints {model}"),
                format!("step {step}"),
                format!("of seed {seed} is beyond the {last} steps of this run"),
                format!("Take the file away, or write -s training.steps={step}."),
            ));
        }
    }
    let external = ExternalModel {
        content: ExternalContent::Checkpoints(steps),
        source,
        notes,
    };
    base.external.insert(model, external);
    Ok(())
}

/// Metrics that the entries of a variant read off a model.
fn metrics_of(variant: &Variant, model: &str) -> Vec<&'static str> {
    names(variant, model, |metric| metric.metrics())
}

/// Metrics that follow from its whole curves.
fn derived_of(variant: &Variant, model: &str) -> Vec<&'static str> {
    names(variant, model, |metric| metric.derived_metrics())
}

fn names(
    variant: &Variant,
    model: &str,
    of: impl Fn(&dyn Metric) -> &'static [&'static str],
) -> Vec<&'static str> {
    let entries = variant.metrics.iter();
    let covering = entries.filter(|entry| entry.covers(model, &variant.group));
    let mut metrics: Vec<&str> = covering
        .flat_map(|entry| of(&*entry.metric))
        .copied()
        .collect();
    metrics.sort_unstable();
    metrics.dedup();
    metrics
}
