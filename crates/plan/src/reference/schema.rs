//! The JSON schema of a spec, with which editors complete and check it.

use serde_json::{Map, Value, json};
use tasks::{Registry, reference::schema_of};

use super::tables;
use crate::{
    Kinds,
    spec::{
        Spec,
        shared::{MeasureKeys, RoleKey},
    },
};

/// The JSON schema (draft 7) of a spec of these kinds. Every kind is one alternative of its table, told
/// apart by `kind`.
pub fn spec_schema(kinds: &Kinds) -> Value {
    let mut schema = schema_of::<Spec>();
    // The file gives its name to a spec without one.
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|key| key != "name");
    }
    let role = schema_of::<RoleKey>();
    let panels = tables::panels().into_iter().map(|panel| panel.schema);
    schema["properties"]["pictures"]["items"]["properties"]["panels"]["items"] =
        json!({ "allOf": [{ "$ref": "#/definitions/panel" }] });
    schema["definitions"] = json!({
        "task": union(&kinds.tasks, None),
        "model": union(&kinds.models, Some(&role)),
        "prediction": union(&kinds.predictions, Some(&role)),
        "metric": union(&kinds.metrics, Some(&schema_of::<MeasureKeys>())),
        "statistic": union(&kinds.statistics, None),
        "panel": { "oneOf": panels.collect::<Vec<_>>() },
    });
    let mut named = Map::new();
    named.insert(
        "$schema".to_owned(),
        "http://json-schema.org/draft-07/schema#".into(),
    );
    named.insert("title".to_owned(), "A spec of layerwise".into());
    if let Value::Object(keys) = schema {
        named.extend(keys);
    }
    Value::Object(named)
}

/// One alternative for each registered kind, with the keys that all of them have.
fn union<T: ?Sized>(registry: &Registry<T>, shared: Option<&Value>) -> Value {
    let alternative = |name: &'static str| {
        let own = registry.reference(name).map(|reference| reference.schema());
        let mut schema = own.clone().unwrap_or_else(|| json!({ "type": "object" }));
        let mut properties = Map::new();
        properties.insert("kind".to_owned(), json!({ "const": name }));
        let mut required = vec![json!("kind")];
        for part in [own.as_ref(), shared].into_iter().flatten() {
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        schema["properties"] = Value::Object(properties);
        schema["required"] = Value::Array(required);
        schema
    };
    let alternatives = registry.names().into_iter().map(alternative);
    json!({ "oneOf": alternatives.collect::<Vec<_>>() })
}
