//! What a reader is told of a kind: what it is for, its keys, an example, the numbers that it gives.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// What a reader is told of a kind, from the struct that parses its table.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    schema: fn() -> Value,
    about: Option<&'static str>,
    example: &'static str,
    quantities: &'static [&'static [Quantity]],
}

/// A number that a metric or prediction gives, by the name under which it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// Name in the table of observations.
    pub name: &'static str,
    /// Unit; `–` where it has none.
    pub unit: &'static str,
    /// Its definition, normalisation and range.
    pub meaning: &'static str,
    /// Where the definition comes from: a citation, or nothing where it is ours.
    pub source: &'static str,
}

impl Quantity {
    /// A quantity without a source.
    pub const fn new(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            unit,
            meaning,
            source: "",
        }
    }

    /// The same with its source, as in `[Papyan2020]`.
    #[must_use]
    pub const fn from(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }
}

impl Reference {
    /// The reference of a kind whose table `S` parses. The doc comments of `S` and of its fields are what
    /// readers see; `example` holds the keys of a table that works, in TOML and without `kind`.
    pub const fn of<S: JsonSchema>(example: &'static str) -> Self {
        Self::new(schema_of::<S>, example)
    }

    /// The same with a schema of its own, for kinds that one struct parses with different defaults.
    pub const fn new(schema: fn() -> Value, example: &'static str) -> Self {
        Self {
            schema,
            about: None,
            example,
            quantities: &[],
        }
    }

    /// What the kind is for, where one struct parses several kinds.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = Some(about);
        self
    }

    /// The numbers that the kind gives under names of their own.
    #[must_use]
    pub const fn giving(mut self, quantities: &'static [&'static [Quantity]]) -> Self {
        self.quantities = quantities;
        self
    }

    /// The JSON schema of the table, without `kind`.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        if let Some(about) = self.about {
            schema["description"] = about.into();
        }
        schema
    }

    /// A table of the kind called `name`, in TOML.
    pub fn example(&self, name: &str) -> String {
        format!("kind = {name:?}\n{}", self.example)
    }

    /// The numbers that the kind gives.
    pub fn quantities(&self) -> impl Iterator<Item = &'static Quantity> {
        self.quantities.iter().copied().flatten()
    }
}

/// The JSON schema of what `S` parses, with descriptions for readers: no name of a type, no `null` (TOML
/// has none), and the name of a kind in the place of a table that needs no other key, as
/// [`crate::parse_table`] accepts it.
pub fn schema_of<S: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<S>()
        .to_value();
    tidy(&mut schema);
    schema
}

/// Makes a generated schema fit for readers.
fn tidy(schema: &mut Value) {
    let Value::Object(object) = schema else {
        return;
    };
    for key in ["title", "format", "$schema"] {
        object.remove(key);
    }
    // An empty list or text says nothing that the description does not.
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(keys) => keys.is_empty(),
        _ => false,
    };
    if let Some(Value::Object(keys)) = object.get_mut("default") {
        keys.retain(|_, value| !value.is_null());
    }
    if object.get("default").is_some_and(empty) {
        object.remove("default");
    }
    without_null(object);
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = plain(text);
    }
    for key in ["properties", "definitions"] {
        let inner = object.get_mut(key).and_then(Value::as_object_mut);
        inner.into_iter().flat_map(Map::values_mut).for_each(tidy);
    }
    for key in ["items", "additionalProperties"] {
        object.get_mut(key).into_iter().for_each(tidy);
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let inner = object.get_mut(key).and_then(Value::as_array_mut);
        inner.into_iter().flatten().for_each(tidy);
    }
    with_short_kinds(object);
}

/// Takes `null` out of what may be left out.
fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = &types[..] {
            object["type"] = single.clone();
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice["type"] != "null");
    if let [Value::Object(single)] = &mut choices[..] {
        let single = std::mem::take(single);
        object.remove("anyOf");
        // What is said of this key goes before what is said of its type.
        for (key, value) in single {
            object.entry(key).or_insert(value);
        }
    }
}

/// Adds the names of the kinds that need no other key to a choice of kinds.
fn with_short_kinds(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("oneOf") else {
        return;
    };
    let kinds = choices.iter().filter(|choice| kind_of(choice).is_some());
    let short = kinds.filter(|choice| choice["required"].as_array().is_none_or(|r| r.len() < 2));
    let short: Vec<&str> = short.filter_map(kind_of).collect();
    if !short.is_empty() {
        let short = json!({ "type": "string", "enum": short });
        choices.push(short);
    }
}

/// The kind that an alternative of a schema stands for.
pub fn kind_of(schema: &Value) -> Option<&str> {
    schema["properties"]["kind"]["const"].as_str()
}

/// The text of a doc comment as readers see it: one line for each paragraph, without the marks that only
/// the documentation of Rust needs.
fn plain(text: &str) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            _ if line.is_empty() => open = false,
            Some(last) if open && !line.starts_with("* ") => {
                last.push(' ');
                last.push_str(line);
            }
            _ => {
                paragraphs.push(line.to_owned());
                open = true;
            }
        }
    }
    let text = paragraphs.join("\n\n");
    text.replace("\\[", "[")
        .replace("\\]", "]")
        .replace("[`", "`")
        .replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    /// A thing \[Nam2024\], which is
    /// told in two lines.
    ///
    /// And in two paragraphs.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Thing {
        /// Rows; all of them if left out.
        rows: Option<u32>,
        /// What it starts from.
        start: Option<Start>,
        /// How it goes on.
        #[serde(default)]
        pace: Pace,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    enum Start {
        /// Nothing.
        Zero,
        /// A number.
        Fixed {
            /// Which.
            value: f64,
        },
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Pace {
        /// In small steps.
        #[default]
        Slow,
        /// In large ones.
        Fast,
    }

    #[test]
    fn schemas_know_neither_null_nor_names_of_types() {
        let schema = schema_of::<Thing>();
        assert_eq!(
            schema["description"],
            "A thing [Nam2024], which is told in two lines.\n\nAnd in two paragraphs."
        );
        let rows = &schema["properties"]["rows"];
        assert_eq!(rows["type"], "integer");
        assert_eq!(rows["description"], "Rows; all of them if left out.");
        assert_eq!(schema["properties"]["pace"]["default"], "slow");
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema["required"].is_null(), "{schema:#}");
        let text = schema.to_string();
        for word in ["null", "uint", "Thing", "Pace", "Option"] {
            assert!(!text.contains(word), "{word}: {schema:#}");
        }
    }

    #[test]
    fn a_kind_without_keys_may_stand_for_its_table() {
        let schema = schema_of::<Thing>();
        let start = &schema["properties"]["start"];
        assert_eq!(start["description"], "What it starts from.");
        let choices = start["oneOf"].as_array().unwrap();
        let kinds: Vec<_> = choices.iter().map(kind_of).collect();
        assert_eq!(kinds, [Some("zero"), Some("fixed"), None], "{schema:#}");
        assert_eq!(choices[2]["enum"], json!(["zero"]));
    }
}
