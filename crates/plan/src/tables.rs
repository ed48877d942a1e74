//! Dotted keys of TOML tables.

use crate::spec::SpecError;

/// Sets a dotted key, and creates missing tables on the way.
pub(crate) fn set_key(
    table: &mut toml::Table,
    key: &str,
    value: toml::Value,
) -> Result<(), SpecError> {
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().unwrap_or(key);
    let mut inner = table;
    for part in parts {
        let entry = inner
            .entry(part)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        match entry {
            toml::Value::Table(next) => inner = next,
            other => {
                return Err(SpecError::key(
                    key,
                    value,
                    format!("cannot be set, because {part} is {other}, not a table"),
                    "Correct the key.",
                ));
            }
        }
    }
    inner.insert(last.to_owned(), value);
    Ok(())
}

/// The value of a dotted key.
pub(crate) fn get_key<'a>(table: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => get_key(table.get(first)?.as_table()?, rest),
    }
}

/// Removes a dotted key. Returns whether it was present.
pub(crate) fn remove_key(table: &mut toml::Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.remove(key).is_some(),
        Some((first, rest)) => table
            .get_mut(first)
            .and_then(toml::Value::as_table_mut)
            .is_some_and(|inner| remove_key(inner, rest)),
    }
}
