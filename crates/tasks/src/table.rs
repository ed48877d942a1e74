use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use crate::KeyError;

/// Reads a table into a kind's own raw struct, naming the key that does not fit.
///
/// # Errors
/// Unknown keys, missing keys and wrong types.
pub fn parse_table<T: DeserializeOwned>(table: toml::Table) -> Result<T, KeyError> {
    let written = table.clone();
    serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
        let mut path: Vec<Segment> = error.path().iter().cloned().collect();
        // The variant of a plain enum is its value, not a key.
        path.retain(|segment| matches!(segment, Segment::Map { .. } | Segment::Seq { .. }));
        let message = error.into_inner().message().trim().to_owned();
        let (problem, hint) = if let Some(field) = quoted(&message, "missing field") {
            // The path of a missing key ends at the table that lacks it.
            path.push(Segment::Map {
                key: field.to_owned(),
            });
            ("is required".to_owned(), "Add it.".to_owned())
        } else if let Some(field) = quoted(&message, "unknown field") {
            if !matches!(path.last(), Some(Segment::Map { key }) if key == field) {
                path.push(Segment::Map {
                    key: field.to_owned(),
                });
            }
            let hint = match message.split_once("expected ") {
                Some((_, known)) => format!("Remove it, or use {known}."),
                None => "Remove it.".to_owned(),
            };
            ("is not a key of this table".to_owned(), hint)
        } else if let Some((found, wanted)) = message.split_once(", expected ") {
            let number = ["u8", "u16", "u32", "u64", "usize"].contains(&wanted);
            let wanted = match wanted {
                _ if number => "a whole number, 0 or more",
                "f32" | "f64" => "a number",
                other => other,
            };
            (found.to_owned(), format!("Write {wanted}."))
        } else {
            (message, "Write a value of the right type.".to_owned())
        };
        let value = lookup(&written, &path).map_or("(missing)".to_owned(), ToString::to_string);
        KeyError::new(dotted(&path), value, problem, hint)
    })
}

/// The table that `value` serializes to, for a resolved spec.
///
/// # Panics
/// If `value` is not a struct, or holds what TOML cannot (integers above `i64::MAX`).
pub fn table_of<T: Serialize>(kind: &str, value: &T) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("kind".to_owned(), toml::Value::String(kind.to_owned()));
    let rest = toml::Table::try_from(value).expect("a resolved spec was read from TOML");
    table.extend(rest);
    table
}

/// The name in backquotes behind `prefix`.
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

fn lookup<'a>(table: &'a toml::Table, path: &[Segment]) -> Option<&'a toml::Value> {
    let (Segment::Map { key }, rest) = path.split_first()? else {
        return None;
    };
    rest.iter()
        .try_fold(table.get(key)?, |value, segment| match segment {
            Segment::Map { key } => value.get(key),
            Segment::Seq { index } => value.get(index),
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
                "size = -3: invalid value: integer `-3`. Write a whole number, 0 or more.",
            ),
            (
                "size = 1.5",
                "size = 1.5: invalid type: floating point `1.5`. Write a whole number, 0 or more.",
            ),
            (
                "size = 1\nsiez = 2",
                "siez = 2: is not a key of this table. \
                 Remove it, or use one of `size`, `list`, `inner`.",
            ),
            (
                "size = 1\nlist = [1, 'a']",
                "list[1] = \"a\": invalid type: string \"a\". Write a number.",
            ),
            (
                "size = 1\nlist = 3",
                "list = 3: invalid type: integer `3`. Write a sequence.",
            ),
            (
                "size = 1\ninner = { mode = 'fresh', batch = -1 }",
                "inner.batch = -1: invalid value: integer `-1`. Write a whole number, 0 or more.",
            ),
            (
                "size = 1\ninner = { mode = 'fresh', batsch = 1 }",
                "inner.batsch = 1: is not a key of this table. \
                 Remove it, or use `mode` or `batch`.",
            ),
            (
                "size = 1\ninner = { batch = 1 }",
                "inner.mode = (missing): is required. Add it.",
            ),
            (
                "size = 1\ninner = { mode = 'stale' }",
                "inner.mode = \"stale\": unknown variant `stale`. Write `fresh` or `full-batch`.",
            ),
            (
                "size = 1\ninner = 7",
                "inner = 7: invalid type: integer `7`. Write struct Inner.",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
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
