//! Black-box tests of runs from given weights and data, against losses that PyTorch recorded.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use crate::support::Workplace;

/// Rounding, amplified over 1000 steps, stays far below; a wrong constant gives 1e-6 and more.
const SAME: f64 = 1e-9;

const SPEC: &str = r#"
name = "reference"
title = "A net from given weights on given rows"
summary = "For tests."
source = "none"
minutes = 0.01

[task]
kind = "tensors"
file = "numbers.safetensors"

[models.net]
kind = "mlp"
widths = [6]
init = { kind = "file", file = "start.safetensors" }

[training]
seeds = 1
steps = 1000
lr = 0.05
precision = "f64"

[[measure]]
kind = "loss"
schedule = { kind = "linear", every = 1 }
"#;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nets/references/pytorch");
    folder.join(name)
}

/// A folder with the spec, the weights and the rows.
fn workplace() -> Workplace {
    let place = Workplace::empty();
    fs::write(place.path("reference.toml"), SPEC).unwrap();
    for name in ["start", "numbers", "classes"] {
        let name = format!("{name}.safetensors");
        fs::copy(fixture(&name), place.path(&name)).unwrap();
    }
    place
}

fn arguments<'a>(settings: &[&'a str]) -> Vec<&'a str> {
    let settings = settings.iter().flat_map(|setting| ["-s", *setting]);
    let run = ["run", "reference.toml", "--out", "run"];
    run.into_iter().chain(settings).collect()
}

fn run(place: &Workplace, settings: &[&str]) -> Output {
    place.layerwise(&arguments(settings))
}

/// The training losses that a run records, step by step. Its training rows are its test rows, so that
/// the training loss of the test rows is the same.
fn losses(place: &Workplace, settings: &[&str]) -> Vec<f64> {
    place.succeeds(&arguments(settings));
    let rows = fs::read_to_string(place.path("run/observations.jsonl")).unwrap();
    let rows = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    let rows: Vec<Value> = rows.collect();
    let values = |metric: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["metric"] == metric);
        rows.map(|row| row["value"].as_f64().unwrap()).collect()
    };
    let losses = values("train_loss");
    let on_test_rows = values("test_criterion");
    assert_eq!(losses.len(), on_test_rows.len());
    for (loss, other) in losses.iter().zip(on_test_rows) {
        assert!((loss - other).abs() <= SAME * loss, "{loss} and {other}");
    }
    losses
}

#[test]
fn a_run_from_given_weights_and_rows_records_the_losses_of_pytorch() {
    let fixture: Value =
        serde_json::from_str(&fs::read_to_string(fixture("losses.json")).unwrap()).unwrap();
    let steps: Vec<usize> = serde_json::from_value(fixture["steps"].clone()).unwrap();
    let adam = "training.optimizer={kind='adam', weight_decay=0.1, epsilon=1e-8}";
    let adamw = "training.optimizer={kind='adam', weight_decay=0.1, decay='decoupled'}";
    let momentum = "training.optimizer={kind='sgd', momentum=0.9}";
    let sgd = "training.optimizer={kind='sgd'}";
    for (activation, loss, name, optimizer) in [
        ("tanh", "mse", "adamw", adamw),
        ("relu", "cross-entropy", "momentum", momentum),
        ("quadratic", "cross-entropy", "adam", adam),
        ("identity", "mse", "sgd", sgd),
    ] {
        let curves = fixture["curves"].as_array().unwrap().iter();
        let mut curves = curves.filter(|curve| {
            curve["activation"] == activation && curve["loss"] == loss && curve["optimizer"] == name
        });
        let curve = curves.next().unwrap();
        let mut settings = vec![
            format!("models.net.activation={activation}"),
            format!("training.lr={}", curve["lr"]),
            optimizer.to_owned(),
        ];
        if loss == "cross-entropy" {
            settings.push("training.loss={kind='cross-entropy'}".to_owned());
            settings.push("task.file=classes.safetensors".to_owned());
        }
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        // A place of its own: a run folder belongs to one spec.
        let found = losses(&workplace(), &settings);
        let expected: Vec<f64> = serde_json::from_value(curve["losses"].clone()).unwrap();
        assert_eq!(found.len(), 1001);
        for (&step, expected) in steps.iter().zip(&expected) {
            let gap = ((found[step] - expected) / expected).abs();
            assert!(
                gap < SAME,
                "{activation}, {loss}, {name}, step {step}: {gap:e}"
            );
        }
    }
}

#[test]
fn the_identity_of_a_run_depends_on_weights_and_rows() {
    let place = workplace();
    losses(&place, &["training.steps=2"]);
    let spec: toml::Table = fs::read_to_string(place.path("run/spec.toml"))
        .unwrap()
        .parse()
        .unwrap();
    for table in [&spec["task"], &spec["models"]["net"]["init"]] {
        assert_eq!(table["sha256"].as_str().unwrap().len(), 64);
    }
    // The same run again, and then other weights under the same name.
    losses(&place, &["training.steps=2"]);
    let moved = fs::read(place.path("start.safetensors")).unwrap();
    let mut other = moved.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(place.path("start.safetensors"), &other).unwrap();
    let output = run(&place, &["training.steps=2"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("another spec"), "{text}");
}

#[test]
fn files_that_do_not_fit_are_named() {
    let place = workplace();
    fs::write(place.path("broken.safetensors"), b"no").unwrap();
    for (setting, parts) in [
        (
            "models.net.widths=[7]",
            [
                "models.net.init.file",
                "start.safetensors",
                "\"0.weight\"",
                "[6, 5]",
                "[7, 5]",
            ],
        ),
        (
            "models.net.init={kind='file', file='nowhere.safetensors'}",
            [
                "reference.toml:15",
                "models.net.init.file",
                "nowhere",
                "cannot be read",
                "folder",
            ],
        ),
        (
            "models.net.init={kind='file', file='start-{seed}.safetensors'}",
            [
                "models.net.init.file",
                "fits no file",
                "{seed}",
                "start-",
                "folder",
            ],
        ),
        (
            "task.file='broken.safetensors'",
            [
                "reference.toml:10",
                "task.file",
                "broken",
                "is text, not a safetensors file",
                "inputs [N, D]",
            ],
        ),
        (
            "task.file='start.safetensors'",
            [
                "task.file",
                "\"0.bias\"",
                "no meaning",
                "inputs [N, D]",
                "labels [N]",
            ],
        ),
    ] {
        place.refuses(&arguments(&[setting]), &parts);
    }
    fs::copy(
        place.path("start.safetensors"),
        place.path("start-0.safetensors"),
    )
    .unwrap();
    let settings = [
        "models.net.init={kind='file', file='start-{seed}.safetensors'}",
        "training.seeds=2",
    ];
    let parts = ["models.net.init.file", "no file of seed 1", "[0]"];
    place.refuses(&arguments(&settings), &parts);
}
