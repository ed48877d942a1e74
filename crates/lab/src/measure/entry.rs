use tasks::{KeyError, Registry};

use super::Measure;
use crate::spec::Schedule;

/// An entry of `[[measure]]`: a metric kind, its schedule, and the models it looks at.
pub struct MeasureEntry {
    /// The metric kind.
    pub measure: Box<dyn Measure>,
    /// When it is read.
    pub schedule: Schedule,
    /// Models it looks at; empty means all.
    pub models: Vec<String>,
    /// Variant groups it is read in; empty means all.
    pub variants: Vec<String>,
}

impl MeasureEntry {
    /// The table with every default written out.
    pub fn resolved(&self) -> toml::Table {
        let mut table = self.measure.resolved();
        let schedule = toml::Value::try_from(&self.schedule).expect("a schedule is a TOML table");
        table.insert("schedule".to_owned(), schedule);
        for (key, names) in [("models", &self.models), ("variants", &self.variants)] {
            let names = names.iter().cloned().map(toml::Value::String).collect();
            table.insert(key.to_owned(), toml::Value::Array(names));
        }
        table
    }

    /// Whether it looks at `model` in the variant group `group`.
    pub fn covers(&self, model: &str, group: &str) -> bool {
        let among =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.models, model) && among(&self.variants, group)
    }
}

/// Checks an entry of `[[measure]]`.
///
/// # Errors
/// Keys that do not fit.
pub fn entry(
    mut table: toml::Table,
    kinds: &Registry<dyn Measure>,
) -> Result<MeasureEntry, KeyError> {
    let schedule: Schedule = match table.remove("schedule") {
        Some(value) => serde_path_to_error::deserialize(value.clone()).map_err(|error| {
            KeyError::new(
                "schedule",
                value,
                error.into_inner().message().trim().to_owned(),
                "Write for example { kind = \"linear\", every = 50 }.",
            )
        })?,
        None => {
            return Err(KeyError::new(
                "schedule",
                "(missing)",
                "is required",
                "Write for example { kind = \"linear\", every = 50 }.",
            ));
        }
    };
    let zero = match schedule {
        Schedule::Linear { every: 0 } => Some("schedule.every"),
        Schedule::Log { points: 0, .. } => Some("schedule.points"),
        _ => None,
    };
    if let Some(key) = zero {
        return Err(KeyError::new(key, 0, "must be 1 or more", "Write 50."));
    }
    let mut names = |key: &str| match table.remove(key) {
        None => Ok(Vec::new()),
        Some(value) => value.clone().try_into::<Vec<String>>().map_err(|_| {
            KeyError::new(
                key,
                value,
                "must be a list of names",
                "Write for example [\"net\"].",
            )
        }),
    };
    let (models, variants) = (names("models")?, names("variants")?);
    Ok(MeasureEntry {
        measure: kinds.build(table)?,
        schedule,
        models,
        variants,
    })
}
