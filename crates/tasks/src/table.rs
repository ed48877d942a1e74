use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use crate::{KeyError, choose_one_of, nearest};

/// Parses a table into the raw struct of a kind, and reports the keys that are not valid. In place
/// of a table with a `kind`, its name alone is enough: `loss = "mse"` means `loss = { kind = "mse"
/// }`.
///
/// # Errors
/// Unknown keys, missing keys and wrong types: the first error, with the other errors that can be
/// found.
pub fn parse_table<T: DeserializeOwned>(mut table: toml::Table) -> Result<T, KeyError> {
    let mut first: Option<KeyError> = None;
    loop {
        let fault: Box<Fault> = match attempt(&mut table) {
            Ok(value) => return first.map_or(Ok(value), Err),
            Err(fault) => fault,
        };
        let Fault { path, error, words } = *fault;
        match &mut first {
            None => first = Some(error),
            Some(first) => first.others.push(error),
        }
        if !mend::<T>(&mut table, &path, words) {
            return Err(first.expect("it was written a moment ago"));
        }
    }
}

/// The first invalid key of a table.
struct Fault {
    path: Vec<Segment>,
    error: KeyError,
    /// Valid words for this key.
    words: Vec<String>,
}

/// One attempt to parse a table.
fn attempt<T: DeserializeOwned>(table: &mut toml::Table) -> Result<T, Box<Fault>> {
    loop {
        let value = toml::Value::Table(table.clone());
        let error = match serde_path_to_error::deserialize(value) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let mut path: Vec<Segment> = error.path().iter().cloned().collect();
        // For a plain enum, the variant is the value, not a key.
        path.retain(|segment| matches!(segment, Segment::Map { .. } | Segment::Seq { .. }));
        let message = error.into_inner().message().trim().to_owned();
        if message.contains("expected internally tagged enum")
            && let Some(value @ toml::Value::String(_)) = lookup(table, &path)
        {
            let kind = toml::Table::from_iter([("kind".to_owned(), value.clone())]);
            *value = toml::Value::Table(kind);
            continue;
        }
        let (problem, hint) = explained(&message, &mut path);
        let value = lookup(table, &path);
        let value = value.map_or("(missing)".to_owned(), |value| value.to_string());
        let error = KeyError::new(dotted(&path), value, problem, hint);
        let words = match message.split_once("expected ") {
            Some((_, known)) if message.starts_with("unknown variant") => known,
            _ => "",
        };
        let words = words.split('`').skip(1).step_by(2).map(str::to_owned);
        return Err(Box::new(Fault {
            path,
            error,
            words: words.collect(),
        }));
    }
}

/// Replaces or removes the invalid key, so that the next fault can be found. Returns whether this
/// is possible.
fn mend<T: DeserializeOwned>(
    table: &mut toml::Table,
    path: &[Segment],
    words: Vec<String>,
) -> bool {
    let at_fault = |table: &toml::Table| match attempt::<T>(&mut table.clone()) {
        Ok(_) => false,
        Err(next) => dotted(&next.path).starts_with(&dotted(path)),
    };
    let Some((Segment::Map { key }, inside)) = path.split_last() else {
        return false;
    };
    let parent = |table: &mut toml::Table, write: Option<toml::Value>| {
        let parent = match inside {
            [] => Some(table),
            inside => lookup(table, inside).and_then(toml::Value::as_table_mut),
        };
        parent.map(|parent| match write {
            Some(value) => parent.insert(key.clone(), value),
            None => parent.remove(key),
        })
    };
    let words = words.into_iter().map(toml::Value::String);
    let fitting = [
        toml::Value::Integer(1),
        toml::Value::Float(0.5),
        toml::Value::String("x".to_owned()),
        toml::Value::Boolean(true),
        toml::Value::Array(Vec::new()),
        toml::Value::Table(toml::Table::new()),
    ];
    for value in words.chain(fitting).map(Some).chain([None]) {
        let mut changed = table.clone();
        if parent(&mut changed, value).is_some() && !at_fault(&changed) {
            *table = changed;
            return true;
        }
    }
    false
}

/// Translates an error of serde into words without Rust types, and points `path` at the invalid
/// key.
fn explained(message: &str, path: &mut Vec<Segment>) -> (String, String) {
    if let Some(field) = quoted(message, "missing field") {
        // serde's path for a missing key ends at the table, so the key is added.
        path.push(Segment::Map {
            key: field.to_owned(),
        });
        return ("is required".to_owned(), "Add it.".to_owned());
    }
    if let Some(field) = quoted(message, "unknown field") {
        if !matches!(path.last(), Some(Segment::Map { key }) if key == field) {
            path.push(Segment::Map {
                key: field.to_owned(),
            });
        }
        let known = message.split_once("expected ").map(|(_, known)| known);
        let names: Vec<&str> = known.map_or(Vec::new(), |known| {
            known.split('`').skip(1).step_by(2).collect()
        });
        let hint = match (nearest(field, &names), known) {
            (Some(near), Some(known)) => format!("Did you mean {near}? Keys: {known}."),
            (None, Some(known)) => format!("Remove it, or use {known}."),
            (_, None) => "Remove it.".to_owned(),
        };
        return ("is not a key of this table".to_owned(), hint);
    }
    if let Some(variant) = quoted(message, "unknown variant")
        && let Some((_, known)) = message.split_once("expected ")
    {
        let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return ("is unknown here".to_owned(), choose_one_of(variant, &names));
    }
    match message.split_once(", expected ") {
        Some((found, wanted)) => {
            let what = match found.split_once(": ") {
                Some(("invalid type", found)) => match found.split(' ').next() {
                    Some("string") => "is text",
                    Some("integer" | "floating") => "is a number",
                    Some("boolean") => "is true or false",
                    Some("map") => "is a table",
                    Some("sequence") => "is a list",
                    _ => "has the wrong type",
                },
                _ => "is outside its range",
            };
            (what.to_owned(), format!("Write {}.", wanted_value(wanted)))
        }
        None => (
            message.to_owned(),
            "Write a value of the right type.".to_owned(),
        ),
    }
}

/// A description of the value that serde expects.
fn wanted_value(expected: &str) -> &str {
    match expected.split(' ').next() {
        Some("u8" | "u16" | "u32" | "u64" | "usize" | "nonzero") => "a whole number, 0 or more",
        Some("i8" | "i16" | "i32" | "i64") => "a whole number",
        Some("f32" | "f64") => "a number",
        _ if expected == "a boolean" => "true or false",
        _ if expected == "a string" => "text in quotes",
        // An enum of words or tables.
        _ if expected == "string only" => "a table such as { key = 1 }, or one of its words",
        _ if expected == "a sequence" => "a list such as [1, 2]",
        _ if expected.contains("tagged enum") => "a table with a kind, such as { kind = \"…\" }",
        _ if expected.contains("struct") || expected == "a map" => "a table such as { key = 1 }",
        _ if expected.contains("tuple") || expected.contains("array of") => {
            "a list of the right length"
        }
        _ => expected,
    }
}

/// The table that `value` serializes to, for a resolved spec.
///
/// # Panics
/// If `value` is not a struct, or holds values that TOML cannot represent (integers above
/// `i64::MAX`).
pub fn table_of<T: Serialize>(kind: &str, value: &T) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("kind".to_owned(), toml::Value::String(kind.to_owned()));
    let rest = toml::Table::try_from(value).expect("a resolved spec was read from TOML");
    table.extend(rest);
    table
}

/// The name in backquotes after `prefix`.
fn quoted<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message
        .strip_prefix(prefix)?
        .strip_prefix(" `")?
        .split('`')
        .next()
}

fn dotted(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        if !text.is_empty() && matches!(segment, Segment::Map { .. }) {
            text.push('.');
        }
        text.push_str(&segment.to_string());
    }
    text
}

fn lookup<'a>(table: &'a mut toml::Table, path: &[Segment]) -> Option<&'a mut toml::Value> {
    let (Segment::Map { key }, rest) = path.split_first()? else {
        return None;
    };
    rest.iter()
        .try_fold(table.get_mut(key)?, |value, segment| match segment {
            Segment::Map { key } => value.get_mut(key),
            Segment::Seq { index } => value.get_mut(index),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        size: u64,
        list: Option<Vec<f64>>,
        inner: Option<Inner>,
        step: Option<Step>,
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    enum Step {
        Plain,
        Scaled { factor: f64 },
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        mode: Mode,
        batch: Option<u32>,
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        Fresh,
        FullBatch,
    }

    fn parse(text: &str) -> Result<Outer, KeyError> {
        parse_table(text.parse().unwrap())
    }

    #[test]
    fn a_key_that_does_not_fit_is_named_with_its_value_and_a_remedy() {
        let cases = [
            ("", "size = (missing): is required. Add it."),
            (
                "size = -3",
                "size = -3: is outside its range. Write a whole number, 0 or more.",
            ),
            (
                "size = 1.5",
                "size = 1.5: is a number. Write a whole number, 0 or more.",
            ),
            (
                "size = 1\nsiez = 2",
                "siez = 2: is not a key of this table. \
                 Did you mean size? Keys: one of `size`, `list`, `inner`, `step`.",
            ),
            (
                "size = 1\nlist = [1, 'a']",
                "list[1] = \"a\": is text. Write a number.",
            ),
            (
                "size = 1\nlist = 3",
                "list = 3: is a number. Write a list such as [1, 2].",
            ),
            (
                "size = 1\ninner = { mode = 'fresh', batch = -1 }",
                "inner.batch = -1: is outside its range. Write a whole number, 0 or more.",
            ),
            (
                "size = 1\ninner = { mode = 'fresh', batsch = 1 }",
                "inner.batsch = 1: is not a key of this table. \
                 Did you mean batch? Keys: `mode` or `batch`.",
            ),
            (
                "size = 1\ninner = { batch = 1 }",
                "inner.mode = (missing): is required. Add it.",
            ),
            (
                "size = 1\ninner = { mode = 'stale' }",
                "inner.mode = \"stale\": is unknown here. Choose one of: fresh, full-batch.",
            ),
            (
                "size = 1\ninner = 7",
                "inner = 7: is a number. Write a table such as { key = 1 }.",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn all_keys_that_do_not_fit_are_named_at_once() {
        let error = parse("siez = 1\nlist = 'a'\ninner = { mode = 'stale', batch = -1 }");
        let error = error.unwrap_err();
        let mut keys = vec![error.key.clone()];
        keys.extend(error.others.iter().map(|other| other.key.clone()));
        keys.sort();
        assert_eq!(keys, ["inner.batch", "inner.mode", "list", "siez", "size"]);
        let within = error.within("task");
        assert!(
            within
                .others
                .iter()
                .all(|other| other.key.starts_with("task."))
        );
    }

    #[test]
    fn the_name_of_a_kind_stands_for_its_table() {
        let step = |text: &str| parse(&format!("size = 1\nstep = {text}"));
        assert_eq!(
            step("'plain'").unwrap(),
            step("{ kind = 'plain' }").unwrap()
        );
        for (text, message) in [
            ("'scaled'", "step.factor = (missing): is required. Add it."),
            (
                "'plane'",
                "step.kind = \"plane\": is unknown here. \
                 Did you mean plain? Choose one of: plain, scaled.",
            ),
            (
                "3",
                "step = 3: is a number. Write a table with a kind, such as { kind = \"…\" }.",
            ),
        ] {
            assert_eq!(step(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn integers_are_numbers_and_values_come_back_from_their_table() {
        let text = "size = 1\nlist = [1, 2.5]\ninner = { mode = 'full-batch' }";
        let outer = parse(text).unwrap();
        assert_eq!(outer.list, Some(vec![1.0, 2.5]));
        let mut table = table_of("outer", &outer);
        assert_eq!(table.remove("kind"), Some("outer".into()));
        assert_eq!(parse_table::<Outer>(table).unwrap(), outer);
    }
}
