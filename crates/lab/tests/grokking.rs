//! Runs on modular arithmetic and digits: what is measured, what follows from it, what is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use layerwise_lab::{
    Kinds,
    record::{Observation, Run, RunFolder},
    run::{Observer, Provenance, Settings, Storing, run, run_identity},
};
use support::{load, load_with};

struct Silent;

impl Observer for Silent {}

/// Addition modulo 7 by a small quadratic net, which fits and generalises within a few hundred
/// steps, and by its twins.
const ADDITION: &str = r#"name = "addition"
title = "A title"
summary = "A summary"
source = "A source"
minutes = 0.1

[task]
kind = "modular-arithmetic"
modulus = 7
operation = "add"
fraction = 0.8
features = "characters"

[models.net]
kind = "mlp"
widths = [64]
activation = "quadratic"
bias = false
init = { kind = "normal", std = 0.1 }

[models.diagonal]
kind = "diagonal-linear"
initial = 0.01

[predictions.toy]
kind = "toy-amplification"
from = "net"

[training]
seeds = 2
steps = 400
lr = 0.01
precision = "f64"
optimizer = { kind = "adam", beta2 = 0.98 }
loss = { kind = "mse" }

[[measure]]
kind = "accuracy"
fit = 0.9
generalised = 0.8
schedule = { kind = "linear", every = 20 }

[[measure]]
kind = "fourier"
schedule = { kind = "linear", every = 100 }
models = ["net"]

[[measure]]
kind = "fourier-spectrum"
schedule = { kind = "ends" }
models = ["net"]

[[measure]]
kind = "key-frequencies"
schedule = { kind = "ends" }

[[measure]]
kind = "logits"
schedule = { kind = "ends" }

[[measure]]
kind = "features"
rows = 10
schedule = { kind = "ends" }
models = ["net"]

[[measure]]
kind = "kernel"
rows = 6
schedule = { kind = "ends" }
models = ["net"]

[[measure]]
kind = "conserved"
schedule = { kind = "ends" }
models = ["net"]

[[measure]]
kind = "scales"
schedule = { kind = "ends" }
models = ["net"]
"#;

fn recorded(folder: &Path, text: &str) -> Vec<Observation> {
    let loaded = load(text);
    let settings = Settings {
        device: "flex".to_owned(),
        engine: "auto".to_owned(),
        threads: 2,
        together: None,
        quick: false,
        storing: Storing::default(),
    };
    let store =
        RunFolder::open(folder, &loaded.spec, &run_identity(&loaded, "flex", "auto")).unwrap();
    let provenance = Provenance::default();
    let kinds = Kinds::default();
    run(&loaded, &settings, &provenance, &kinds, store, &Silent).unwrap();
    Run::read(folder).unwrap().observations
}

/// Rows of one metric of one model, seed 0.
fn curve(rows: &[Observation], model: &str, metric: &str, index: u64) -> Vec<(u64, f64)> {
    let own = |o: &&Observation| {
        o.seed == 0 && o.model == model && o.metric == metric && o.index == index
    };
    rows.iter().filter(own).map(|o| (o.step, o.value)).collect()
}

fn last(rows: &[Observation], model: &str, metric: &str, index: u64) -> f64 {
    let (_, value) = *curve(rows, model, metric, index).last().unwrap();
    value
}

#[test]
fn times_follow_from_the_accuracies_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let rows = recorded(folder.path(), ADDITION);
    for model in ["net", "diagonal"] {
        let first = |metric: &str, level: f64| {
            let curve = curve(&rows, model, metric, 0);
            let reached = curve.iter().find(|(_, value)| *value >= level);
            reached.map(|(step, _)| *step as f64)
        };
        let fit = first("train_accuracy", 0.9).unwrap();
        assert_eq!(last(&rows, model, "t_fit", 0), fit);
        let generalised = first("test_accuracy", 0.8).unwrap_or(f64::INFINITY);
        assert_eq!(last(&rows, model, "t_gen", 0), generalised);
        assert_eq!(last(&rows, model, "delay_gap", 0), generalised - fit);
        let at_fit = curve(&rows, model, "test_accuracy", 0);
        let (_, at_fit) = *at_fit.iter().find(|(step, _)| *step as f64 == fit).unwrap();
        assert_eq!(last(&rows, model, "test_accuracy_at_fit", 0), at_fit);
        // Shares of 39 training and 10 test rows.
        let share = last(&rows, model, "train_accuracy", 0) * 39.0;
        assert!((share - share.round()).abs() < 1e-9);
    }
    // The net starts without a right row and ends with all training rows.
    assert_eq!(last(&rows, "net", "train_accuracy", 0), 1.0);
    assert!(curve(&rows, "net", "train_accuracy", 0)[0].1 < 0.5);
    // The toy at the net's ratio, 1: the root of 1 + √2.
    let growth = last(&rows, "toy", "amplification", 0);
    assert!(
        (growth - (1.0 + 2.0_f64.sqrt()).sqrt()).abs() < 1e-12,
        "{growth}"
    );
}

#[test]
fn a_level_that_is_not_reached_is_infinite_and_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let text = ADDITION
        .replace("steps = 400", "steps = 1")
        .replace("fit = 0.9", "fit = 1.0");
    let rows = recorded(folder.path(), &text);
    assert_eq!(last(&rows, "net", "t_fit", 0), f64::INFINITY);
    assert_eq!(last(&rows, "net", "t_gen", 0), f64::INFINITY);
    for metric in ["delay_gap", "delay_ratio", "test_accuracy_at_fit"] {
        assert!(curve(&rows, "net", metric, 0).is_empty(), "{metric}");
    }
}

#[test]
fn measures_have_their_values_at_the_start_and_say_what_was_learned() {
    let folder = tempfile::tempdir().unwrap();
    let rows = recorded(folder.path(), ADDITION);
    let first = |metric: &str, index| curve(&rows, "net", metric, index)[0].1;
    assert!((first("feature_cka", 1) - 1.0).abs() < 1e-12);
    assert!(first("kernel_distance", 0).abs() < 1e-12);
    assert_eq!(first("conserved_drift", 0), 0.0);
    assert_eq!(
        (first("weight_growth", 0), first("weight_to_target", 0)),
        (1.0, 1.0)
    );
    assert!(last(&rows, "net", "feature_cka", 1) < 0.99);
    assert!(last(&rows, "net", "kernel_distance", 0) > 0.01);
    assert!(last(&rows, "net", "conserved_drift", 0) > 0.01);
    // Three frequencies; shares add up to one, sorted ones fall.
    let spectrum: Vec<f64> = (1..=3)
        .map(|k| last(&rows, "net", "fourier_power", k))
        .collect();
    assert!((spectrum.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let sorted: Vec<f64> = (1..=3)
        .map(|k| last(&rows, "net", "sorted_power", k))
        .collect();
    assert!(sorted[0] > sorted[1] && sorted[1] > sorted[2]);
    assert!(last(&rows, "net", "ipr", 0) > first("ipr", 0));
    // What generalises lies on the key frequencies; what memorises lies beside them.
    for model in ["net", "diagonal"] {
        let all = last(&rows, model, "restricted_accuracy", 0);
        let none = last(&rows, model, "excluded_accuracy", 0);
        assert!(all > 0.9 && none < 0.8, "{model}: {all} {none}");
        let losses = ["restricted_loss", "excluded_loss"].map(|m| last(&rows, model, m, 0));
        assert!(losses[0] < losses[1], "{model}: {losses:?}");
        assert!(last(&rows, model, "logit_margin", 0) > 0.0);
        assert!(last(&rows, model, "smallest_margin", 0) <= last(&rows, model, "logit_margin", 0));
        assert_eq!(last(&rows, model, "softmax_collapse", 0), 0.0);
    }
}

#[test]
fn the_four_scales_make_one_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let text = ADDITION
        .replace(
            "fraction = 0.8",
            "fraction = 0.8\ntarget = 2.0\ninput_scale = 0.5",
        )
        .replace(
            "bias = false",
            "bias = false\nweight_scale = 0.8\noutput_scale = 3.0",
        )
        .replace("steps = 400", "steps = 1");
    let rows = recorded(folder.path(), &text);
    let expected = 3.0 * 0.8_f64.powi(3) * 0.25 / 2.0;
    let found = last(&rows, "net", "weight_to_target", 0);
    assert!((found / expected - 1.0).abs() < 1e-12, "{found}");
}

#[test]
fn minibatches_are_measured_on_the_whole_training_set() {
    let text = r#"name = "digits"
title = "A title"
summary = "A summary"
source = "A source"
minutes = 0.1

[task]
kind = "dataset"
name = "digits"
train = 60
test = 200
data = { order = "epochs", batch = 8 }

[models.net]
kind = "mlp"
widths = [16]

[training]
seeds = 1
steps = 12
lr = 0.1

[[measure]]
kind = "accuracy"
schedule = { kind = "linear", every = 1 }

[[measure]]
kind = "kernel"
rows = 4
schedule = { kind = "ends" }
"#;
    let folder = tempfile::tempdir().unwrap();
    let rows = recorded(folder.path(), text);
    let curve = curve(&rows, "net", "train_accuracy", 0);
    let counts: Vec<f64> = curve.iter().map(|(_, share)| share * 60.0).collect();
    assert!(
        counts
            .iter()
            .all(|count| (count - count.round()).abs() < 1e-9)
    );
    // Of eight rows only every eighth share is possible.
    assert!(curve.iter().any(|(_, share)| (share * 8.0).fract() != 0.0));
}

#[test]
fn what_does_not_fit_is_refused_with_key_and_remedy() {
    let refused = |from: &str, to: &str, parts: &[&str]| {
        assert!(ADDITION.contains(from), "{from}");
        let error = load_with(&ADDITION.replacen(from, to, 1), &[]).err();
        let text = error
            .unwrap_or_else(|| panic!("accepted: {to}"))
            .to_string();
        for part in parts {
            assert!(text.contains(part), "{to}: {text}");
        }
        assert!(text.ends_with('.'), "{text}");
    };
    let operation = "operation = \"add\"";
    refused(
        operation,
        "operation = \"multiply\"",
        &["measure[3].kind = \"key-frequencies\"", "needs addition"],
    );
    let divide = "operation = \"divide\"";
    refused(
        "modulus = 7\noperation = \"add\"",
        &format!("modulus = 8\n{divide}"),
        &["task.operation", "prime", "7 or 11"],
    );
    refused("fraction = 0.8", "fraction = 1.0", &["task.fraction = 1"]);
    refused("fraction = 0.8", "fraction = 0.0", &["task.fraction = 0"]);
    refused("modulus = 7", "modulus = 1", &["task.modulus = 1"]);
    refused(
        "fraction = 0.8",
        "fraction = 0.1",
        &["task.fraction = 0.1", "without a training row at seed"],
    );
    let classes = "[task]\nkind = \"random-regression\"\nsamples = 5\ninputs = 3\noutputs = 2";
    let task = ADDITION.split("[models.net]").next().unwrap();
    let task = &task[task.find("[task]").unwrap()..];
    refused(
        task.trim_end(),
        classes,
        &["models.diagonal", "needs a task with basis functions"],
    );
    refused("fit = 0.9", "fit = 1.5", &["measure[0].fit = 1.5"]);
    refused(
        "kind = \"fourier\"\nschedule = { kind = \"linear\", every = 100 }\nmodels = [\"net\"]",
        "kind = \"fourier\"\nschedule = { kind = \"linear\", every = 100 }",
        &["measure[1].kind", "multilayer perceptrons"],
    );
    refused(
        "kind = \"key-frequencies\"",
        "kind = \"key-frequencies\"\nkeys = [1, 4]",
        &["measure[3].keys[1] = 4", "Write 1 to 3"],
    );
    refused("rows = 10", "rows = 1", &["measure[5].rows = 1"]);
    refused(
        "rows = 6",
        "rows = 1000",
        &["measure[6].rows = 1000", "Write 714 or less"],
    );
    refused(
        "from = \"net\"",
        "from = \"diagonal\"",
        &["predictions.toy.from", "weight-to-target"],
    );
    refused(
        "kind = \"toy-amplification\"",
        "kind = \"toy-amplification\"\ncorrelation = -1.0",
        &["predictions.toy.correlation"],
    );
    let cross = ADDITION.replace(
        "loss = { kind = \"mse\" }",
        "loss = { kind = \"cross-entropy\" }",
    );
    load(&cross);
    let error = load_with(&cross, &["task.target=3.0"])
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("task.target = 3") && error.contains("cross-entropy"),
        "{error}"
    );
}
