//! The reference of the kinds that are registered.

use serde_json::json;
use tasks::{Quantity, Reference, Registry};

use super::{Entry, RecordedMetric, Topic, examples, keys::keys};
use crate::{Kinds, Metric, Prediction};

pub(super) fn topics(kinds: &Kinds) -> Vec<Topic> {
    let measured = entries(&kinds.metrics, examples::metric, |name, reference| {
        given_by_metric(kinds, name, reference)
    });
    let none = |_: &str, _: Reference| Vec::new();
    vec![
        Topic {
            name: "task",
            about: "What is learned: the [task] of a spec.",
            entries: entries(&kinds.tasks, examples::task, none),
        },
        Topic {
            name: "model",
            about: "What is trained: each [models.NAME] of a spec is a net, a layerwise-linear twin or a linear model.",
            entries: entries(&kinds.models, examples::model, none),
        },
        Topic {
            name: "metric",
            about: "What is read off the models while they train: each [[measure]] of a spec is a metric kind, which gives one \
                    metric or several.",
            entries: measured,
        },
        Topic {
            name: "prediction",
            about: "Closed forms that are laid over the models: each [predictions.NAME] of a spec. A prediction runs on the clock of \
                    the model that it reads.",
            entries: entries(
                &kinds.predictions,
                examples::prediction,
                |name, reference| given_by_prediction(kinds, name, reference),
            ),
        },
        Topic {
            name: "statistic",
            about: "How claims and numbers read a metric: the `statistic` of [[claims]] and [[numbers]] gives one value per seed.",
            entries: entries(&kinds.statistics, examples::statistic, none),
        },
    ]
}

fn entries<T: ?Sized>(
    registry: &Registry<T>,
    example: fn(&str) -> String,
    gives: impl Fn(&str, Reference) -> Vec<RecordedMetric>,
) -> Vec<Entry> {
    let entry = |name: &'static str| match registry.reference(name) {
        Some(reference) => {
            let schema = reference.schema();
            Entry {
                name: name.to_owned(),
                about: schema["description"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                keys: keys(&schema),
                example: example(&reference.example(name)),
                gives: gives(name, reference),
                schema,
            }
        }
        None => Entry {
            name: name.to_owned(),
            about: "A kind that was registered without a description.".to_owned(),
            keys: Vec::new(),
            example: String::new(),
            gives: Vec::new(),
            schema: json!({ "type": "object" }),
        },
    };
    registry.names().into_iter().map(entry).collect()
}

/// The kind that the example of a reference builds.
fn built<T: ?Sized>(registry: &Registry<T>, name: &str, reference: Reference) -> Option<Box<T>> {
    registry.build(reference.example(name).parse().ok()?).ok()
}

fn given_by_metric(kinds: &Kinds, name: &str, reference: Reference) -> Vec<RecordedMetric> {
    let metric: Option<Box<dyn Metric>> = built(&kinds.metrics, name, reference);
    let given = |quantity: &Quantity| RecordedMetric {
        quantity: *quantity,
        index: metric.as_ref().map_or("", |m| m.index_name(quantity.name)),
        whole_curve: (metric.as_ref())
            .is_some_and(|m| m.derived_metrics().contains(&quantity.name)),
    };
    reference.quantities().map(given).collect()
}

/// A prediction gives metrics that are measured, too, and some of its own.
fn given_by_prediction(kinds: &Kinds, name: &str, reference: Reference) -> Vec<RecordedMetric> {
    let form: Option<Box<dyn Prediction>> = built(&kinds.predictions, name, reference);
    let Some(form) = form else {
        return Vec::new();
    };
    let own: Vec<&'static Quantity> = reference.quantities().collect();
    let measured = quantities(&kinds.metrics);
    let predicted = quantities(&kinds.predictions);
    let all = own.into_iter().chain(measured).chain(predicted);
    let all: Vec<&'static Quantity> = all.collect();
    let given = |name: &&str| {
        let quantity = all.iter().find(|quantity| quantity.name == *name)?;
        Some(RecordedMetric {
            quantity: **quantity,
            index: form.index_name(name),
            whole_curve: false,
        })
    };
    form.metrics().iter().filter_map(given).collect()
}

/// What all kinds of a registry give.
fn quantities<T: ?Sized>(registry: &Registry<T>) -> Vec<&'static Quantity> {
    let references = registry
        .names()
        .into_iter()
        .filter_map(|name| registry.reference(name));
    references
        .flat_map(|reference| reference.quantities().collect::<Vec<_>>())
        .collect()
}
