use serde::{Deserialize, Serialize};

use super::{Spec, SpecError, load::set_key};

/// Knobs that are varied: named variants times a grid.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Named variant groups beside `base`.
    #[serde(default)]
    pub variants: Vec<VariantChange>,
    /// Dotted keys with the values each takes; every combination is run, in every group.
    #[serde(default)]
    pub grid: toml::Table,
}

/// A named change of the spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantChange {
    /// Name of the group.
    pub name: String,
    /// Dotted keys and their values.
    #[serde(default)]
    pub set: toml::Table,
    /// Dotted keys to take away.
    #[serde(default)]
    pub unset: Vec<String>,
}

/// One variant: a complete spec without its sweep, and where it stands in the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Unique name (`base`, or `base,task.data.size=500`).
    pub name: String,
    /// Group (`base` or the name of a variant change).
    pub group: String,
    /// Grid knobs by dotted key.
    pub knobs: toml::Table,
    /// The spec with the changes made.
    pub spec: Spec,
}

/// Parts of a spec that variants cannot change: they speak about the whole table.
const SHARED: [&str; 8] = [
    "name", "title", "summary", "source", "claims", "numbers", "pictures", "quick",
];

/// A group, its knobs, and the changed table.
pub(super) type Expanded = (String, toml::Table, toml::Table);

/// Expands `base` (a raw spec table) into the tables of all variants.
pub(super) fn expand(base: &toml::Table, sweep: &Sweep) -> Result<Vec<Expanded>, SpecError> {
    let mut groups = vec![("base".to_owned(), without_sweep(base))];
    for (position, change) in sweep.variants.iter().enumerate() {
        let place = format!("sweep.variants[{position}]");
        if groups.iter().any(|(name, _)| *name == change.name) {
            return Err(SpecError::key(
                format!("{place}.name"),
                format!("{:?}", change.name),
                "is used twice (`base` is taken, too)",
                "Give each variant its own name.",
            ));
        }
        let mut table = without_sweep(base);
        for key in &change.unset {
            if !remove_key(&mut table, key) {
                return Err(SpecError::key(
                    format!("{place}.unset"),
                    format!("{key:?}"),
                    "is not a key of this spec",
                    "Name a key that the spec sets.",
                ));
            }
        }
        for (key, value) in &change.set {
            check_sweepable(&format!("{place}.set"), key)?;
            set_key(&mut table, key, value.clone())?;
        }
        groups.push((change.name.clone(), table));
    }
    let mut variants: Vec<Expanded> = Vec::new();
    for (group, table) in groups {
        let mut cells = vec![(toml::Table::new(), table)];
        for (key, values) in &sweep.grid {
            check_sweepable("sweep.grid", key)?;
            let Some(values) = values.as_array().filter(|values| !values.is_empty()) else {
                return Err(SpecError::key(
                    format!("sweep.grid.\"{key}\""),
                    values,
                    "must be a list of values",
                    "Write for example [500, 1000].",
                ));
            };
            let mut next = Vec::with_capacity(cells.len() * values.len());
            for (knobs, table) in &cells {
                for value in values {
                    let (mut knobs, mut table) = (knobs.clone(), table.clone());
                    set_key(&mut table, key, value.clone())?;
                    knobs.insert(key.clone(), value.clone());
                    next.push((knobs, table));
                }
            }
            cells = next;
        }
        variants.extend(
            cells
                .into_iter()
                .map(|(knobs, table)| (group.clone(), knobs, table)),
        );
    }
    Ok(variants)
}

/// Name of a variant from its group and knobs.
pub(super) fn name_of(group: &str, knobs: &toml::Table) -> String {
    knobs.iter().fold(group.to_owned(), |name, (key, value)| {
        format!("{name},{key}={value}")
    })
}

fn without_sweep(base: &toml::Table) -> toml::Table {
    let mut table = base.clone();
    table.remove("sweep");
    table
}

fn check_sweepable(place: &str, key: &str) -> Result<(), SpecError> {
    let root = key.split('.').next().unwrap_or(key);
    if SHARED.contains(&root) || root == "sweep" {
        return Err(SpecError::key(
            place,
            format!("{key:?}"),
            "cannot differ between variants",
            "Vary keys of task, models, predictions, training or measure.",
        ));
    }
    Ok(())
}

fn remove_key(table: &mut toml::Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.remove(key).is_some(),
        Some((first, rest)) => table
            .get_mut(first)
            .and_then(toml::Value::as_table_mut)
            .is_some_and(|inner| remove_key(inner, rest)),
    }
}
