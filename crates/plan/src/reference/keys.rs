//! The keys of a table, from its JSON schema.

use serde::Serialize;
use serde_json::{Map, Value};
use tasks::reference::kind_of;

/// A key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its name, with dots where it is in a table within the table.
    pub name: String,
    /// What is written there, in words.
    pub value: String,
    /// Whether it must be written.
    pub required: bool,
    /// What it is if it is left out, as it is written in a spec; empty where its meaning says it.
    pub default: String,
    /// What it means.
    pub meaning: String,
    /// The words or kinds that it may be, with their meanings.
    pub choices: Vec<Choice>,
}

/// One of the words that a key may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The word.
    pub word: String,
    /// What it means; empty where nothing more is to be said.
    pub meaning: String,
}

/// Kinds that a topic of their own explains.
const TOPICS: [(&str, &[&str]); 4] = [
    (
        "init",
        &[
            "normal", "he", "fan-in", "balanced", "toy", "mirrored", "opposed", "file",
        ],
    ),
    ("optimizer", &["sgd", "adam", "sign", "muon"]),
    ("loss", &["mse", "cross-entropy", "hinge"]),
    (
        "schedule",
        &[
            "linear", "log", "ends", "last", "constant", "steps", "cosine",
        ],
    ),
];

/// The keys of the table that `schema` describes, those of tables within it behind their own.
pub(super) fn keys(schema: &Value) -> Vec<Key> {
    let mut keys = Vec::new();
    collect("", schema, &mut keys);
    keys
}

fn collect(inside: &str, schema: &Value, keys: &mut Vec<Key>) {
    let required = |name: &str| {
        let required = schema["required"].as_array();
        required.is_some_and(|all| all.iter().any(|key| key == name))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, property) in properties.filter(|(_, property)| property["const"].is_null()) {
        let dotted = format!("{inside}{name}");
        keys.push(Key {
            value: value(property),
            required: required(name),
            default: match &property["default"] {
                Value::Null => String::new(),
                default => toml_text(default),
            },
            meaning: text(property),
            choices: choices(property),
            name: dotted.clone(),
        });
        within(&dotted, property, keys);
    }
}

/// The keys of the tables that a key holds.
fn within(name: &str, property: &Value, keys: &mut Vec<Key>) {
    let inside = format!("{name}.");
    collect(&inside, property, keys);
    // A list of what may be written alone has the same keys.
    let alone = property["anyOf"].as_array().into_iter().flatten();
    alone.for_each(|table| collect(&inside, table, keys));
    if topic_of(property).is_none() {
        for (kind, table) in variants(property).filter_map(|table| Some((kind_of(table)?, table))) {
            let first = keys.len();
            collect(&inside, table, keys);
            for key in &mut keys[first..] {
                key.meaning = format!("{} With kind = {kind:?}.", key.meaning);
            }
        }
    }
    for part in ["items", "additionalProperties"] {
        if property[part].is_object() {
            within(name, &property[part], keys);
        }
    }
}

fn text(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The topic that explains the kinds of a key.
fn topic_of(property: &Value) -> Option<&'static str> {
    let kinds: Vec<&str> = variants(property).filter_map(kind_of).collect();
    let has_all = |known: &[&str]| kinds.iter().all(|kind| known.contains(kind));
    let found = TOPICS.iter().find(|(_, known)| has_all(known));
    found.filter(|_| !kinds.is_empty()).map(|(topic, _)| *topic)
}

fn variants(property: &Value) -> impl Iterator<Item = &Value> {
    property["oneOf"].as_array().into_iter().flatten()
}

/// The words of a plain choice, or the kinds of a table.
pub(super) fn choices(property: &Value) -> Vec<Choice> {
    if topic_of(property).is_some() {
        return Vec::new();
    }
    let mut choices = Vec::new();
    let schemas = std::iter::once(property).chain(variants(property));
    // Items of a list may be words, too.
    let schemas = schemas.chain(property["items"].as_object().map(|_| &property["items"]));
    let schemas: Vec<&Value> = schemas.collect();
    let tagged = schemas.iter().any(|schema| kind_of(schema).is_some());
    for schema in schemas {
        let word = kind_of(schema).or(schema["const"].as_str());
        choices.extend(word.map(|word| Choice {
            word: format!("{word:?}"),
            meaning: text(schema),
        }));
        if !tagged {
            let words = schema["enum"].as_array().into_iter().flatten();
            choices.extend(words.filter_map(Value::as_str).map(|word| Choice {
                word: format!("{word:?}"),
                meaning: String::new(),
            }));
            choices.extend(variants(&schema["items"]).filter_map(|item| {
                Some(Choice {
                    word: format!("{:?}", item["const"].as_str()?),
                    meaning: text(item),
                })
            }));
        }
    }
    choices
}

/// What is written for a key, in words.
fn value(property: &Value) -> String {
    if let Some(topic) = topic_of(property) {
        return format!("a table with a kind, see `layerwise show {topic}`");
    }
    if let Some(topic) = reference(property) {
        return format!("a table with a kind, see `layerwise show {topic}`");
    }
    if variants(property).any(|variant| kind_of(variant).is_some()) {
        return "a table with a kind".to_owned();
    }
    let alternatives = property["anyOf"]
        .as_array()
        .or(property["oneOf"].as_array());
    if let Some(alternatives) = alternatives {
        let words = alternatives
            .iter()
            .any(|alternative| !alternative["const"].is_null() || !alternative["enum"].is_null());
        if words {
            return "one of the words below".to_owned();
        }
        let mut kinds: Vec<String> = alternatives.iter().map(value).collect();
        kinds.dedup();
        return kinds.join(", or ");
    }
    if !property["enum"].is_null() {
        return "one of the words below".to_owned();
    }
    match property["type"].as_str() {
        Some("integer") if property["minimum"] == 0 => "a whole number, 0 or more".to_owned(),
        Some("integer") => "a whole number".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => list(property),
        Some("object") => object(property),
        _ => "any value".to_owned(),
    }
}

fn list(property: &Value) -> String {
    let items = &property["items"];
    if items.is_null() {
        return "a list".to_owned();
    }
    if let Some(topic) = reference(items) {
        return format!("a list of tables with a kind, see `layerwise show {topic}`");
    }
    let plural = match items["type"].as_str() {
        Some("integer") => "whole numbers",
        Some("number") => "numbers",
        Some("array") => "lists of numbers",
        Some("object") => "tables",
        _ if !items["oneOf"].is_null() => "the words below",
        _ if !items["anyOf"].is_null() => "texts or tables",
        _ => "texts",
    };
    match property["minItems"].as_u64() {
        Some(count) if property["maxItems"] == property["minItems"] => {
            format!("a list of {count} {plural}")
        }
        _ => format!("a list of {plural}"),
    }
}

fn object(property: &Value) -> String {
    let keys = property["properties"].as_object().map(Map::keys);
    let keys: Vec<&String> = keys.into_iter().flatten().collect();
    if let Some(topic) = reference(&property["additionalProperties"]) {
        return format!("a table for each name, see `layerwise show {topic}`");
    }
    match &keys[..] {
        [] if property["additionalProperties"].is_null() => "a table".to_owned(),
        [] => "a table of dotted keys".to_owned(),
        // One key says by itself what the table is: { above = 1 }.
        [key] if property["required"].is_array() => {
            format!(
                "{{ {key} = {} }}",
                value(&property["properties"][key.as_str()])
            )
        }
        _ => "a table".to_owned(),
    }
}

/// The definition that a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    schema["allOf"][0]["$ref"]
        .as_str()?
        .strip_prefix("#/definitions/")
}

/// A JSON value as it is written in a spec.
pub(super) fn toml_text(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}
