//! Tables whose kinds are registered: the keys that all kinds have, and their schemas, which refer to the
//! definitions that [`crate::reference::spec_schema`] adds.

use models::Role;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{Schedule, sweep::Range};

/// Keys of every entry of `[[measure]]`, beside those of its metric kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureKeys {
    /// When the metric is read.
    pub(crate) schedule: Schedule,
    /// Names of the models on which it is read; all of them if left out.
    #[serde(default)]
    pub(crate) models: Vec<String>,
    /// Names of the variant groups in which it is read; all of them if left out.
    #[serde(default)]
    pub(crate) variants: Vec<String>,
}

/// Key of every model and prediction, beside those of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleKey {
    /// What it is beside the others, which decides how it is drawn; that of its kind if left out.
    pub(crate) role: Option<Role>,
}

/// A reference to a definition of the schema of specs.
fn to(definition: &str) -> Schema {
    json_schema!({ "allOf": [{ "$ref": format!("#/definitions/{definition}") }] })
}

pub(crate) fn task(_: &mut SchemaGenerator) -> Schema {
    to("task")
}

pub(crate) fn statistic(_: &mut SchemaGenerator) -> Schema {
    to("statistic")
}

pub(crate) fn models(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": to("model") })
}

pub(crate) fn predictions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": to("prediction") })
}

pub(crate) fn measure(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": to("metric") })
}

/// A grid: lists of values, or ranges.
pub(crate) fn grid(generator: &mut SchemaGenerator) -> Schema {
    let range = generator.subschema_for::<Range>();
    json_schema!({
        "type": "object",
        "additionalProperties": { "anyOf": [{ "type": "array" }, range] },
    })
}
