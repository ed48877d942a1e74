//! Fills in what a short spec leaves out: its name, its measurements, its pictures and its reported
//! numbers.
//!
//! Only `[task]`, `[models]` and `[training]` are required. Everything that is filled in here is
//! part of the resolved spec, as if its author had written it.

use std::path::Path;

use toml::{Table, Value};

use super::{Base, Checker};
use crate::{
    expand::check_seeds,
    plan::{PlannedMetric, PlannedModel},
    spec::{Spec, SpecError},
};

/// Metric kinds that are measured by default, if the task and the models have them.
const METRICS: [&str; 5] = ["loss", "accuracy", "skills", "modes", "collapse"];

/// Number of measurements of a curve, evenly spaced on a log axis.
const POINTS: i64 = 60;

/// A picture that is drawn by default, if one of its metrics is measured.
struct Drawn {
    picture: &'static str,
    title: &'static str,
    /// Metrics, each in its own panel, with the label of the vertical axis.
    panels: &'static [(&'static str, &'static str)],
    log: bool,
    half_times: bool,
}

const DRAWN: [Drawn; 4] = [
    Drawn {
        picture: "strengths",
        title: "Strengths of skills or modes",
        panels: &[("skill_strength", "strength over target")],
        log: false,
        half_times: true,
    },
    Drawn {
        picture: "accuracy",
        title: "Accuracy",
        panels: &[
            ("train_accuracy", "training accuracy"),
            ("test_accuracy", "test accuracy"),
        ],
        log: false,
        half_times: false,
    },
    Drawn {
        picture: "loss",
        title: "Loss",
        panels: &[
            ("train_loss", "training loss"),
            ("test_loss", "test loss, ½ |f − y|²"),
        ],
        log: true,
        half_times: false,
    },
    Drawn {
        picture: "collapse",
        title: "Neural collapse",
        panels: &[
            ("nc1", "NC1: variability within classes"),
            ("nc3", "NC3: classifier against class means"),
        ],
        log: true,
        half_times: false,
    },
];

/// Metrics in the table of end values, with their names there.
const ENDS: [(&str, &str); 5] = [
    ("train_loss", "Training loss at the end"),
    ("test_loss", "Test loss ½ |f − y|² at the end"),
    ("train_accuracy", "Training accuracy at the end"),
    ("test_accuracy", "Test accuracy at the end"),
    ("nc1", "NC1 at the end"),
];

/// Names the spec after its file `origin`, if it has no name.
pub(crate) fn fill_name(table: &mut Table, origin: &str) {
    let stem = Path::new(origin).file_stem().unwrap_or_default();
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_".contains(c) => c,
        _ => '-',
    };
    let name: String = stem.to_string_lossy().chars().map(plain).collect();
    let name = table.entry("name").or_insert(Value::String(name)).clone();
    table.entry("title").or_insert(name);
}

/// Adds default measurements, pictures and numbers, if the spec does not set its own.
///
/// # Errors
/// The task or a model is not valid.
pub(crate) fn fill(table: &mut Table, checker: &mut Checker<'_>) -> Result<(), SpecError> {
    let lacks = |key: &str| !table.contains_key(key);
    let (measure, pictures, numbers) = (lacks("measure"), lacks("pictures"), lacks("numbers"));
    if !(measure || pictures) {
        return Ok(());
    }
    let mut spec: Spec = tasks::parse_table(table.clone())?;
    // The number of seeds is checked first, because the next steps loop over the seeds.
    check_seeds(&spec.training, 1)?;
    let base = checker.base(&mut spec)?;
    if measure {
        let entries = METRICS
            .iter()
            .filter_map(|kind| entry(kind, &base, checker));
        spec.measure = entries.collect();
        let entries = spec.measure.iter().cloned().map(Value::Table).collect();
        table.insert("measure".to_owned(), Value::Array(entries));
    }
    let shown = shown(&spec, &base, checker);
    if pictures {
        let mut made: Vec<Table> = Vec::new();
        for drawn in &DRAWN {
            let panels = drawn.panels.iter();
            let panels = panels.filter_map(|(metric, label)| panel(drawn, metric, label, &shown));
            let panels: Vec<Value> = panels.map(Value::Table).collect();
            if panels.is_empty() {
                continue;
            }
            made.push(Table::from_iter([
                ("name".to_owned(), drawn.picture.into()),
                ("title".to_owned(), drawn.title.into()),
                (
                    "caption".to_owned(),
                    "Median and band over {seeds} seeds.".into(),
                ),
                ("panels".to_owned(), Value::Array(panels)),
            ]));
        }
        let made = made.into_iter().map(Value::Table).collect();
        table.insert("pictures".to_owned(), Value::Array(made));
    }
    if pictures && numbers && !table.contains_key("claims") {
        let made = ENDS.iter().flat_map(|(metric, statement)| {
            let models = shown
                .iter()
                .filter(|shown| shown.trained && shown.has(metric));
            models.map(move |shown| {
                Value::Table(Table::from_iter([
                    ("id".to_owned(), format!("{}-{metric}", shown.name).into()),
                    (
                        "statement".to_owned(),
                        format!("{statement}, {}", shown.name).into(),
                    ),
                    ("metric".to_owned(), (*metric).into()),
                    ("model".to_owned(), shown.name.clone().into()),
                    (
                        "statistic".to_owned(),
                        Table::from_iter([("kind".to_owned(), "final-value".into())]).into(),
                    ),
                ]))
            })
        });
        table.insert("numbers".to_owned(), Value::Array(made.collect()));
    }
    Ok(())
}

/// The entry of a metric kind with its defaults, for the models that have it; `None` if no model
/// has it.
fn entry(kind: &str, base: &Base, checker: &Checker<'_>) -> Option<Table> {
    let mut table = Table::from_iter([("kind".to_owned(), kind.into())]);
    let metric = checker.kinds.metrics.build(table.clone()).ok()?;
    let fits = |model: &&PlannedModel| metric.check(&*base.task, &[&*model.model]).is_ok();
    let models: Vec<Value> = base
        .models
        .iter()
        .filter(fits)
        .map(|model| model.name.clone().into())
        .collect();
    if models.is_empty() {
        return None;
    }
    if models.len() < base.models.len() {
        table.insert("models".to_owned(), Value::Array(models));
    }
    let schedule = Table::from_iter([
        ("kind".to_owned(), "log".into()),
        ("points".to_owned(), POINTS.into()),
    ]);
    table.insert("schedule".to_owned(), schedule.into());
    Some(table)
}

/// A model or prediction, and the metrics that it gives.
struct Shown {
    name: String,
    trained: bool,
    metrics: Vec<&'static str>,
}

impl Shown {
    fn has(&self, metric: &str) -> bool {
        self.metrics.contains(&metric)
    }
}

/// Models and predictions with their metrics. Predictions come first, so that models are drawn on
/// top of them. Invalid entries of `measure` are reported elsewhere.
fn shown(spec: &Spec, base: &Base, checker: &Checker<'_>) -> Vec<Shown> {
    let entries = spec.measure.iter().cloned();
    let entries: Vec<PlannedMetric> = (entries)
        .filter_map(|written| super::entry(written, &checker.kinds.metrics).ok())
        .collect();
    let predictions = base.predictions.iter().map(|prediction| Shown {
        name: prediction.name.clone(),
        trained: false,
        metrics: prediction.form.metrics().to_vec(),
    });
    let models = base.models.iter().map(|model| Shown {
        name: model.name.clone(),
        trained: true,
        metrics: (entries.iter())
            .filter(|entry| entry.covers(&model.name, "base"))
            .flat_map(|entry| entry.metric.metrics().iter().copied())
            .collect(),
    });
    predictions.chain(models).collect()
}

/// A panel of curves over log time; `None` if no model has the metric.
fn panel(drawn: &Drawn, metric: &str, label: &str, shown: &[Shown]) -> Option<Table> {
    let having: Vec<&Shown> = shown.iter().filter(|shown| shown.has(metric)).collect();
    if !having.iter().any(|shown| shown.trained) {
        return None;
    }
    let layers = having.iter().map(|shown| {
        Value::Table(Table::from_iter([
            ("model".to_owned(), shown.name.clone().into()),
            ("label".to_owned(), shown.name.clone().into()),
        ]))
    });
    let mut panel = Table::from_iter([
        ("kind".to_owned(), "curves".into()),
        ("metric".to_owned(), metric.into()),
        ("x_scale".to_owned(), "log".into()),
        ("x_label".to_owned(), "training step".into()),
        ("y_label".to_owned(), label.into()),
        ("layers".to_owned(), Value::Array(layers.collect())),
    ]);
    if drawn.log {
        panel.insert("y_scale".to_owned(), "log".into());
    }
    if drawn.half_times {
        panel.insert("mark_half_times".to_owned(), true.into());
    }
    Some(panel)
}
