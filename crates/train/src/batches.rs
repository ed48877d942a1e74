use std::collections::HashMap;

use plan::{PlannedCell, Variant};
use tasks::TaskInstance;

/// Groups cells that can be trained together into batches of at most `most` cells. Returns
/// positions in the plan: each batch in the order of the plan, and batches in the order of their
/// first cells.
pub(crate) fn batches(cells: &[PlannedCell<'_>], most: usize) -> Vec<Vec<usize>> {
    if most <= 1 {
        return (0..cells.len()).map(|place| vec![place]).collect();
    }
    let mut structures: HashMap<&str, String> = HashMap::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for (place, PlannedCell { variant, seed, .. }) in cells.iter().enumerate() {
        // A member that stops early is still stepped with its batch, so its final weights would be
        // lost.
        if !variant.external.is_empty() || variant.training.keep_weights {
            batches.push(vec![place]);
            continue;
        }
        let structure = structures
            .entry(&variant.name)
            .or_insert_with(|| structure(variant));
        // The number of rows may depend on the seed.
        let key = format!("{structure}{}", sizes(&*variant.task.instance(*seed)));
        match open.get(&key) {
            Some(&batch) if batches[batch].len() < most => batches[batch].push(place),
            _ => {
                open.insert(key, batches.len());
                batches.push(vec![place]);
            }
        }
    }
    batches
}

/// Everything that must be equal in cells that are trained together.
fn structure(variant: &Variant) -> String {
    let task = &variant.task;
    let kind = task.resolved().get("kind").cloned();
    let mut parts = vec![
        format!("{kind:?} {:?} {}", task.shape(), task.batch_rows()),
        variant.group.clone(),
    ];
    let models = variant.models.iter();
    parts.extend(models.map(|model| format!("{} {}", model.name, model.model.structure())));
    let mut training = toml::Table::try_from(&variant.training).expect("training is a TOML table");
    // Each member may have its own learning rate.
    training.remove("lr");
    training.remove("schedule");
    parts.push(training.to_string());
    parts.extend(
        variant
            .metrics
            .iter()
            .map(|entry| entry.resolved().to_string()),
    );
    parts.join("\n")
}

fn sizes(instance: &dyn TaskInstance) -> String {
    let set = instance.training_set().map(|rows| rows.rows);
    let constant = instance.training().is_constant();
    format!("{} {set:?} {constant}", instance.test().rows)
}
