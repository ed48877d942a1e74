//! The reference of what is not registered: initial weights, activations, optimizers, losses, schedules,
//! panels, and the tables of a spec.

use models::{Activation, Adam, Loss, Muon, Optimizer, Sgd, Sign, WeightInit};
use schemars::JsonSchema;
use serde_json::{Value, json};
use tasks::reference::{kind_of, schema_of};

use super::{Entry, Topic, examples, keys};
use crate::{
    check::picture::keys::{belongs, is_of_others},
    spec::{
        Claim, Leaderboard, LearningRateSchedule, Number, Panel, PanelKind, Picture, Schedule,
        Spec, Sweep, Training, shared::MeasureKeys,
    },
};

/// Examples by name.
type Examples = &'static [(&'static str, &'static str)];

pub(super) fn topics() -> Vec<Topic> {
    let mut schedules = kinds::<Schedule>("[[measure]]", &examples::MEASURING);
    schedules.extend(kinds::<LearningRateSchedule>("[training]", &examples::RATE));
    vec![
        Topic {
            name: "init",
            about: "Initial weights: the `init` of the models `mlp` and `deep-linear`.",
            entries: kinds::<WeightInit>("[models.net]", &examples::INIT),
        },
        Topic {
            name: "activation",
            about: "Activations: the `activation` of the model `mlp`.",
            entries: activations(),
        },
        Topic {
            name: "optimizer",
            about: "How parameters follow their gradients: the `optimizer` of [training]; sgd and adam have the formulas and constants of PyTorch.",
            entries: optimizers(),
        },
        Topic {
            name: "loss",
            about: "Training losses: the `loss` of [training].",
            entries: kinds::<Loss>("[training]", &examples::LOSS),
        },
        Topic {
            name: "schedule",
            about: "When metrics are read (linear, log, ends, last: the `schedule` of [[measure]]), and how the learning rate changes \
                    (constant, steps, cosine: the `schedule` of [training]).",
            entries: schedules,
        },
        Topic {
            name: "panel",
            about: "Panels of pictures: each [[pictures.panels]] of a spec.",
            entries: panels(),
        },
        Topic {
            name: "spec",
            about: "The tables of a spec. Only [task], one [models.NAME] and [training] must be written.",
            entries: tables(),
        },
    ]
}

fn text(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn example(name: &str, header: &str, examples: Examples) -> String {
    let found = examples.iter().find(|(known, _)| *known == name);
    match (found, header) {
        (None, _) => String::new(),
        (Some((_, lines)), "") => (*lines).to_owned(),
        (Some((_, line)), header) => format!("{header}\n{line}"),
    }
}

/// The kinds of an enumeration that is tagged with `kind`.
fn kinds<T: JsonSchema>(header: &str, examples: Examples) -> Vec<Entry> {
    let schema = schema_of::<T>();
    let kinds = schema["oneOf"].as_array().into_iter().flatten();
    let entry = |kind: &Value| {
        let name = kind_of(kind)?;
        Some(Entry {
            name: name.to_owned(),
            about: text(kind),
            keys: keys::keys(kind),
            example: example(name, header, examples),
            gives: Vec::new(),
            schema: kind.clone(),
        })
    };
    kinds.filter_map(entry).collect()
}

/// The optimizers, each with the formulas of its own struct.
fn optimizers() -> Vec<Entry> {
    let mut entries = kinds::<Optimizer>("[training]", &examples::OPTIMIZER);
    let schemas = [
        ("sgd", schema_of::<Sgd>()),
        ("adam", schema_of::<Adam>()),
        ("sign", schema_of::<Sign>()),
        ("muon", schema_of::<Muon>()),
    ];
    for (name, schema) in schemas {
        let found = entries.iter_mut().filter(|entry| entry.name == name);
        found.for_each(|entry| entry.about = text(&schema));
    }
    entries
}

fn activations() -> Vec<Entry> {
    let words = keys::choices(&schema_of::<Activation>());
    let entry = |choice: keys::Choice| Entry {
        name: choice.word.trim_matches('"').to_owned(),
        about: choice.meaning,
        keys: Vec::new(),
        example: format!(
            "[models.net]\nkind = \"mlp\"\nwidths = [64]\nactivation = {}",
            choice.word
        ),
        gives: Vec::new(),
        schema: json!({ "const": choice.word.trim_matches('"') }),
    };
    words.into_iter().map(entry).collect()
}

/// The kinds of panel, each with the keys that do something in it.
pub(super) fn panels() -> Vec<Entry> {
    let all = schema_of::<Panel>();
    let words = keys::choices(&schema_of::<PanelKind>());
    let entry = |choice: keys::Choice| {
        let name = choice.word.trim_matches('"').to_owned();
        let mut schema = all.clone();
        let mut keys = Vec::new();
        if let (Ok(kind), Some(properties)) = (
            serde_json::from_value::<PanelKind>(name.clone().into()),
            schema["properties"].as_object_mut(),
        ) {
            properties.retain(|key, _| !is_of_others(key, kind));
            properties.insert("kind".to_owned(), json!({ "const": name }));
            // A resolved spec holds the defaults of keys that do nothing, too.
            keys = keys::keys(&schema);
            keys.retain(|key| belongs(key.name.split('.').next().unwrap_or_default(), kind));
        }
        schema["description"] = choice.meaning.clone().into();
        Entry {
            about: choice.meaning,
            keys,
            example: example(&name, "", &examples::PANEL),
            gives: Vec::new(),
            schema,
            name,
        }
    };
    words.into_iter().map(entry).collect()
}

/// The schema of all panels, whose keys say which kinds of panel have them.
fn all_panels() -> Value {
    let kinds: Vec<String> = keys::choices(&schema_of::<PanelKind>())
        .into_iter()
        .map(|choice| choice.word.trim_matches('"').to_owned())
        .collect();
    let has = |key: &str, name: &str| {
        let kind = serde_json::from_value::<PanelKind>(name.into());
        kind.is_ok_and(|kind| belongs(key, kind))
    };
    let mut schema = schema_of::<Panel>();
    for (key, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        let having: Vec<&str> = (kinds.iter().map(String::as_str))
            .filter(|kind| has(key, kind))
            .collect();
        if having.len() < kinds.len() {
            let meaning = format!("{} Only in: {}.", text(property), having.join(", "));
            property["description"] = meaning.into();
        }
    }
    schema
}

fn tables() -> Vec<Entry> {
    let table = |name: &str, about: &str, schema: Value| Entry {
        name: name.to_owned(),
        about: about.to_owned(),
        keys: keys::keys(&schema),
        example: example(name, "", &examples::TABLES),
        gives: Vec::new(),
        schema,
    };
    let mut pictures = schema_of::<Picture>();
    // Panels are a topic of their own.
    pictures["properties"]["panels"]["items"] =
        json!({ "allOf": [{ "$ref": "#/definitions/panel" }] });
    let mut top = schema_of::<Spec>();
    for key in [
        "training",
        "sweep",
        "claims",
        "numbers",
        "leaderboards",
        "pictures",
    ] {
        let property = &mut top["properties"][key];
        let about = property["description"].take();
        let kind = match property["type"].as_str() {
            Some("array") => json!("array"),
            _ => json!("object"),
        };
        *property = json!({ "description": about, "type": kind });
        if kind == "array" {
            property["items"] = json!({ "type": "object", "properties": {} });
        }
    }
    vec![
        table("top", "Keys and tables of the whole file.", top),
        table(
            "training",
            "How the models are trained.",
            schema_of::<Training>(),
        ),
        table(
            "measure",
            "Keys of every [[measure]], beside those of its metric kind, see `layerwise show metric`.",
            schema_of::<MeasureKeys>(),
        ),
        table(
            "sweep",
            "Variants of the spec that are run beside it: named groups times a grid of knobs.",
            schema_of::<Sweep>(),
        ),
        table(
            "claims",
            "A claim: a statement, the statistic that tests it, the threshold, and controls with a known verdict.",
            schema_of::<Claim>(),
        ),
        table(
            "numbers",
            "A number that is reported with its interval and not judged.",
            schema_of::<Number>(),
        ),
        table(
            "leaderboards",
            "Explanations that compete on the curves of one model that they were not fitted to.",
            schema_of::<Leaderboard>(),
        ),
        table("pictures", "A picture: panels side by side.", pictures),
        table(
            "panels",
            "Keys of [[pictures.panels]], with the kinds of panel that have them.",
            all_panels(),
        ),
        table(
            "quick",
            "What `--quick` changes, for a smoke test: dotted key = value.",
            json!({ "type": "object" }),
        ),
    ]
}
