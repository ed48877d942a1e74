//! Checks a value against a JSON schema, as far as the schema of specs goes.

use serde_json::Value;

/// What does not fit, with its place; keywords that the schema of specs does not use are an error.
pub(crate) fn misfits(schema: &Value, value: &Value) -> Vec<String> {
    let check = Check { root: schema };
    check.value(schema, value, "")
}

struct Check<'a> {
    root: &'a Value,
}

impl Check<'_> {
    fn value(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (keyword, rule) in schema.as_object().into_iter().flatten() {
            let wrong = match keyword.as_str() {
                "title" | "description" | "default" | "$schema" | "definitions" => continue,
                "properties" | "additionalProperties" => continue,
                "type" => !is_a(rule.as_str().unwrap(), value),
                "const" => rule != value,
                "enum" => !rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_some_and(|v| v < rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_some_and(|v| v > rule.as_f64().unwrap()),
                "minItems" => length(value).is_some_and(|len| len < rule.as_u64().unwrap()),
                "maxItems" => length(value).is_some_and(|len| len > rule.as_u64().unwrap()),
                "required" => {
                    let keys = rule
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|key| key.as_str().unwrap());
                    let missing = keys.filter(|key| value.is_object() && value[key].is_null());
                    found.extend(missing.map(|key| format!("{place}/{key} is missing")));
                    false
                }
                "items" => {
                    let items = value.as_array().into_iter().flatten().enumerate();
                    found.extend(
                        items.flat_map(|(at, item)| {
                            self.value(rule, item, &format!("{place}/{at}"))
                        }),
                    );
                    false
                }
                "$ref" => {
                    let pointer = rule.as_str().unwrap().trim_start_matches('#');
                    let target = self.root.pointer(pointer);
                    let target = target.unwrap_or_else(|| panic!("{rule} leads nowhere"));
                    found.extend(self.value(target, value, place));
                    false
                }
                "allOf" => {
                    let all = rule.as_array().unwrap().iter();
                    found.extend(all.flat_map(|rule| self.value(rule, value, place)));
                    false
                }
                "oneOf" | "anyOf" => {
                    let all = rule.as_array().unwrap();
                    let tried: Vec<_> = all
                        .iter()
                        .map(|rule| self.value(rule, value, place))
                        .collect();
                    let fits = tried.iter().filter(|tried| tried.is_empty()).count();
                    let nearest = tried.iter().min_by_key(|tried| tried.len()).unwrap();
                    match (keyword.as_str(), fits) {
                        (_, 0) => found.extend(nearest.iter().cloned()),
                        ("oneOf", 2..) => found.push(format!("{place} fits {fits} alternatives")),
                        _ => {}
                    }
                    false
                }
                other => panic!("the schema uses {other:?}, which this check does not know"),
            };
            if wrong {
                found.push(format!("{place} = {value} is against {keyword} = {rule}"));
            }
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            let place = format!("{place}/{key}");
            match (&schema["properties"][key], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => found.push(format!("{place} is not a key")),
                (Value::Null, rule @ Value::Object(_)) => {
                    found.extend(self.value(rule, inner, &place));
                }
                (Value::Null, _) => {}
                (rule, _) => found.extend(self.value(rule, inner, &place)),
            }
        }
        found
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_i64().is_some(),
        other => panic!("no type is called {other:?}"),
    }
}
