//! Attaches a user's own curves or checkpoints to a plan, in place of training a model.

mod curves;
mod ends;
mod exports;
mod matching;

use std::collections::{BTreeMap, HashMap, HashSet};

use models::HostArray;
use record::{ExternalSource, Name, Observation};

use crate::{
    plan::{ExternalContent, ExternalModel, Plan, Variant},
    spec::SpecError,
};

pub use curves::{CurveRow, Curves};
pub use exports::Said;

use exports::first_of;
use matching::{Measured, matched};

/// Checks that the spec has such a model.
///
/// # Errors
/// The spec has no such model.
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

/// Attaches curves in place of their model, in every variant for which they have rows.
///
/// # Errors
/// A row does not match a variant, seed, step, metric or index of the spec, or a prediction needs
/// the initial weights of the model.
pub fn attach_curves(
    plan: &mut Plan,
    curves: &Curves,
    source: &ExternalSource,
) -> Result<(), SpecError> {
    let model = &source.model;
    let (mut rows, mut notes) = matched(plan, curves, model)?;
    rows.sort_by(|a, b| a.variant.cmp(&b.variant));
    for rows in rows.chunk_by_mut(|a, b| a.variant == b.variant) {
        check_rows(plan, rows, model, &mut notes)?;
    }
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    if let Some(pair) = rows.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
        let (first, second) = (&pair[0], &pair[1]);
        let place = match first.file == second.file {
            true => format!("line {}", first.line),
            false => format!("{}:{}", first.file, first.line),
        };
        return Err(SpecError::key(
            format!("{}:{}: {}", second.file, second.line, second.metric),
            second.value,
            format!("has a value in {place} already, at the same step"),
            "Keep one value for each variant, seed, metric, index and step.",
        ));
    }
    let of_variant: HashMap<&str, &[CurveRow]> = (rows.chunk_by(|a, b| a.variant == b.variant))
        .map(|rows| (&*rows[0].variant, rows))
        .collect();
    let seeds: Vec<u64> = plan.seeds().collect();
    for variant in &mut plan.variants {
        let Some(rows) = of_variant.get(&*variant.name) else {
            continue;
        };
        let measured = Measured::of(variant, model);
        let rows: Vec<Observation> = (rows.iter())
            .filter(|row| !measured.derives(&row.metric))
            .map(|row| Observation {
                variant: Name::from(&row.variant),
                seed: row.seed,
                model: Name::from(model),
                metric: Name::from(&row.metric),
                index: row.index.unwrap_or(0),
                step: row.step,
                flow_time: row.flow_time,
                value: row.value,
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        let found: HashSet<u64> = rows.iter().map(|row| row.seed).collect();
        if let Some(seed) = seeds.iter().find(|seed| !found.contains(seed)) {
            return Err(SpecError::key(
                &source.name,
                format!("variant {:?}", variant.name),
                format!("has no row of seed {seed}"),
                format!(
                    "Add its rows, or leave the seed out with --seeds and -s training.first_seed; \
                     this run has {seeds:?}."
                ),
            ));
        }
        for prediction in &variant.predictions {
            if prediction.form.needs_weights_of() == Some(model.as_str()) {
                return Err(SpecError::key(
                    format!("predictions.{}", prediction.name),
                    format!("{model:?}"),
                    "needs the initial weights of a model that is read from curves",
                    "Give --checkpoints instead of --curves.",
                ));
            }
        }
        let mut notes = notes.clone();
        notes.extend(ends::late_starts(model, &rows));
        let external = ExternalModel {
            content: ExternalContent::Curves(rows),
            source: source.clone(),
            notes,
        };
        variant.external.insert(model.clone(), external);
        note_ends(variant, model, &seeds);
    }
    check_all_read(plan, model, &source.name)
}

/// Checks that curves cover all cells of a grid, because a claim would otherwise mix curves and
/// trained models. In other groups of variants, such as a control, the model is trained and a note
/// says so.
fn check_all_read(plan: &mut Plan, model: &str, file: &str) -> Result<(), SpecError> {
    let mut trained = Vec::new();
    for variant in plan.variants.iter().filter(|v| v.model(model).is_some()) {
        if variant.external.contains_key(model) {
            continue;
        }
        let is_read =
            |other: &&Variant| other.group == variant.group && other.external.contains_key(model);
        if let Some(read) = plan.variants.iter().find(is_read) {
            return Err(SpecError::key(
                file,
                format!("variant {:?}", variant.name),
                format!(
                    "has no rows, so {model} would be trained there, but {:?} has rows",
                    read.name
                ),
                format!(
                    "Add rows for it, with a column variant, or run a spec without this sweep: \
                     otherwise claims on {model} would mix your curves with trained ones."
                ),
            ));
        }
        trained.push(format!("{:?}", variant.name));
    }
    let first = plan.variants.iter_mut();
    let external = first
        .filter_map(|variant| variant.external.get_mut(model))
        .next();
    match external {
        Some(external) if !trained.is_empty() => external.notes.push(format!(
            "{model}: {file} has no rows for the variants {}, so {model} is trained there",
            first_of(&trained)
        )),
        Some(_) => {}
        None => {
            return Err(SpecError::key(
                "--curves",
                file,
                format!("has no curve that could replace {model}"),
                "Give a curve of a metric that the spec measures.",
            ));
        }
    }
    Ok(())
}

/// The key of a row: there is one value for each key.
fn key(row: &CurveRow) -> (&str, u64, &str, u64, u64) {
    let index = row.index.unwrap_or(0);
    (&row.variant, row.seed, &row.metric, index, row.step)
}

/// Checks the rows of one variant, and adds missing indices.
fn check_rows(
    plan: &Plan,
    rows: &mut [CurveRow],
    model: &str,
    notes: &mut Vec<String>,
) -> Result<(), SpecError> {
    let with_model = || plan.variants.iter().filter(|v| v.model(model).is_some());
    let Some(variant) = with_model().find(|variant| variant.name == rows[0].variant) else {
        let known: Vec<&str> = with_model().map(|v| v.name.as_str()).take(5).collect();
        let hint = format!("Write for example {}.", known.join(" or "));
        return Err(rows[0].refuse("variant", format!("is not a variant with {model}"), hint));
    };
    let last = variant.training.steps;
    // One message covers all rows after the end, and names the steps that would include them.
    if let Some(row) = (rows.iter())
        .max_by_key(|row| row.step)
        .filter(|row| row.step > last)
    {
        let beyond = rows.iter().filter(|row| row.step > last).count();
        return Err(row.refuse(
            "step",
            format!(
                "is the largest step, and {beyond} rows are after the last step {last} of this run"
            ),
            format!(
                "Add -s training.steps={} to cover all rows, or leave those rows out.",
                row.step
            ),
        ));
    }
    let seeds: Vec<u64> = plan.seeds().collect();
    let measured = Measured::of(variant, model);
    measured.check_derived(rows)?;
    for row in rows {
        if !seeds.contains(&row.seed) {
            let problem = format!("is not one of the seeds of this run, {seeds:?}");
            let hint = "Leave --seeds out, or add training.first_seed with -s.";
            return Err(row.refuse("seed", problem, hint));
        }
        if measured.derives(&row.metric) {
            // Such numbers are computed again from the curves.
            continue;
        }
        if !row.value.is_finite() {
            let hint = "Leave rows without a value out.";
            return Err(row.refuse("value", "must be finite", hint));
        }
        if let Some(note) = measured.check(row)?
            && !notes.contains(&note)
        {
            notes.push(note);
        }
        row.index = Some(measured.index(row));
    }
    Ok(())
}

/// Attaches checkpoints in place of their model in the base variant.
///
/// # Errors
/// A seed has no checkpoints.
pub fn attach_checkpoints(
    plan: &mut Plan,
    steps: BTreeMap<u64, BTreeMap<u64, Vec<HostArray>>>,
    source: ExternalSource,
    notes: Vec<String>,
) -> Result<(), SpecError> {
    let seeds: Vec<u64> = plan.seeds().collect();
    let base = &mut plan.variants[0];
    let last = base.training.steps;
    let model = source.model.clone();
    let largest = steps
        .iter()
        .filter_map(|(seed, steps)| Some((*steps.keys().next_back()?, seed)));
    if let Some((step, seed)) = largest.max().filter(|(step, _)| *step > last) {
        return Err(SpecError::key(
            format!("--checkpoints {model}"),
            format!("step {step}"),
            format!(
                "is the largest step of seed {seed}, and is after the last step {last} of \
                 this run"
            ),
            format!("Add -s training.steps={step} to cover all files, or remove the later files."),
        ));
    }
    let external = ExternalModel {
        content: ExternalContent::Checkpoints(steps),
        source,
        notes,
    };
    base.external.insert(model.clone(), external);
    note_ends(base, &model, &seeds);
    Ok(())
}

/// Adds notes about curves or checkpoints that end before the run does.
fn note_ends(variant: &mut Variant, model: &str, seeds: &[u64]) {
    let notes = ends::notes(variant, model, seeds.iter().copied());
    if let Some(external) = variant.external.get_mut(model) {
        external.notes.extend(notes);
    }
}
