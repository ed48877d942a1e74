use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::{KeyError, Task};

/// How a task kind turns its own spec table (without `kind`) into a checked task.
pub type TaskKind = fn(toml::Table) -> Result<Box<dyn Task>, KeyError>;

/// The task kinds by name. A value, so that a crate outside this workspace can extend it.
#[derive(Clone)]
pub struct Registry {
    kinds: BTreeMap<&'static str, TaskKind>,
}

impl Default for Registry {
    /// The kinds of this crate.
    fn default() -> Self {
        Self {
            kinds: BTreeMap::from([]),
        }
    }
}

impl Registry {
    /// Adds or replaces a kind.
    pub fn register(&mut self, name: &'static str, kind: TaskKind) {
        self.kinds.insert(name, kind);
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.kinds.keys().copied().collect()
    }

    /// Checks a `[task]` table, `kind` included.
    ///
    /// # Errors
    /// A missing or unknown `kind`, or what the kind says about its own keys.
    pub fn build(&self, mut table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
        let choices = format!("Choose one of: {}.", self.names().join(", "));
        let kind = match table.remove("kind") {
            Some(toml::Value::String(kind)) => kind,
            Some(other) => return Err(KeyError::new("kind", other, "must be a string", choices)),
            None => return Err(KeyError::new("kind", "(missing)", "is required", choices)),
        };
        match self.kinds.get(kind.as_str()) {
            Some(build) => build(table),
            None => Err(KeyError::new(
                "kind",
                format!("{kind:?}"),
                "is not a task kind",
                choices,
            )),
        }
    }
}

/// Reads a table into a kind's own raw struct, naming the key that does not fit.
///
/// # Errors
/// Unknown keys, missing keys and wrong types.
pub fn parse_table<T: DeserializeOwned>(table: toml::Table) -> Result<T, KeyError> {
    let source = toml::Value::Table(table.clone());
    serde_path_to_error::deserialize(source).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let message = error.into_inner().message().trim().to_owned();
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|m| m.split('`').next());
        let missing = message
            .strip_prefix("missing field `")
            .and_then(|m| m.split('`').next());
        let key = match unknown.or(missing) {
            // The path may or may not end with the field itself.
            Some(field) if path == field || path.ends_with(&format!(".{field}")) => path,
            Some(field) if path.is_empty() => field.to_owned(),
            Some(field) => format!("{path}.{field}"),
            None => path,
        };
        let value = lookup(&table, &key).map_or("(missing)".to_owned(), ToString::to_string);
        let hint = match (unknown, missing) {
            (Some(_), _) => "Remove it or correct its name.",
            (_, Some(_)) => "Add it.",
            _ => "Write a value of the right type.",
        };
        KeyError::new(key, value, message, hint)
    })
}

/// The table that `value` serializes to, for a resolved spec.
pub fn table_of<T: Serialize>(kind: &str, value: &T) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("kind".to_owned(), toml::Value::String(kind.to_owned()));
    if let Ok(toml::Value::Table(rest)) = toml::Value::try_from(value) {
        table.extend(rest);
    }
    table
}

fn lookup<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    let mut parts = path.split('.');
    let mut value = table.get(parts.next()?)?;
    for part in parts {
        value = value.as_table()?.get(part)?;
    }
    Some(value)
}
