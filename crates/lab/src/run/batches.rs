use std::collections::HashMap;

use tasks::{KeyError, TaskInstance};

use crate::{Kinds, spec::Variant};

/// A cell to be run: a variant and a seed.
pub(super) type Planned<'a> = (&'a Variant, u64);

/// Groups cells that can be trained together, at most `most` in a batch, each batch in the order of
/// the plan and batches in the order of their first cells. Gives positions in the plan.
///
/// # Errors
/// A key of the spec does not fit.
pub(super) fn batches(
    plan: &[Planned<'_>],
    most: usize,
    kinds: &Kinds,
) -> Result<Vec<Vec<usize>>, KeyError> {
    if most <= 1 {
        return Ok((0..plan.len()).map(|position| vec![position]).collect());
    }
    let mut structures: HashMap<&str, String> = HashMap::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for (position, (variant, seed)) in plan.iter().enumerate() {
        // In a batch a member that stops early is carried along, and so its last weights are lost.
        if !variant.own.is_empty() || variant.spec.training.keep_weights {
            batches.push(vec![position]);
            continue;
        }
        let structure = match structures.get(variant.name.as_str()) {
            Some(known) => known.clone(),
            None => {
                let made = structure(variant, kinds)?;
                structures.insert(&variant.name, made.clone());
                made
            }
        };
        // Numbers of rows may depend on the seed.
        let task = kinds.tasks.build(variant.spec.task.clone());
        let instance = task.map_err(|e| e.within("task"))?.instance(*seed);
        let key = format!("{structure}{}", sizes(&*instance));
        match open.get(&key) {
            Some(&batch) if batches[batch].len() < most => batches[batch].push(position),
            _ => {
                open.insert(key, batches.len());
                batches.push(vec![position]);
            }
        }
    }
    Ok(batches)
}

/// Everything in which cells that are trained together must be alike.
fn structure(variant: &Variant, kinds: &Kinds) -> Result<String, KeyError> {
    let spec = &variant.spec;
    let task = kinds.tasks.build(spec.task.clone());
    let task = task.map_err(|e| e.within("task"))?;
    let kind = spec.task.get("kind");
    let mut parts = vec![
        format!("{kind:?} {:?} {}", task.shape(), task.batch_rows()),
        variant.group.clone(),
    ];
    for (name, table) in &spec.models {
        let table = table.as_table().cloned().unwrap_or_default();
        let model = kinds.models.build(table);
        let model = model.map_err(|e| e.within(&format!("models.{name}")))?;
        parts.push(format!("{name} {}", model.structure()));
    }
    let mut training = toml::Table::try_from(&spec.training).expect("training is a TOML table");
    // Each member has its own rate.
    training.remove("lr");
    training.remove("schedule");
    parts.push(training.to_string());
    parts.extend(spec.measure.iter().map(toml::Table::to_string));
    Ok(parts.join("\n"))
}

fn sizes(instance: &dyn TaskInstance) -> String {
    let set = instance.training_set().map(|rows| rows.rows);
    let constant = instance.training().is_constant();
    format!("{} {set:?} {constant}", instance.test().rows)
}
