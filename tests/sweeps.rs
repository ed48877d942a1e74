//! Sweeps as a user runs them: planned, in parts, several at once, and with cells that fail.

use std::{fs, process::Stdio};

use serde_json::Value;

use crate::support::{
    Workplace, stderr,
    sweep::{LONGER, plan, status, tables},
};

#[test]
fn a_sweep_is_planned_run_in_parts_and_gathered() {
    let place = Workplace::tiny();
    let vary = ["--vary", "training.lr=0.05,0.1", "--seeds", "3"];
    let planned = plan(&place, "sweep", &vary);
    // Two groups, two rates, three seeds.
    assert_eq!(
        (&planned["planned"], &planned["counts"]["open"]),
        (&12.into(), &12.into())
    );
    let first = &planned["cells"][0];
    assert_eq!(
        (&first["variant"], &first["seed"]),
        (&"base,training.lr=0.05".into(), &0.into())
    );
    for (part, left) in [("1/3", 8), ("2/3", 4)] {
        let output = place.json(&["--json", "sweep", "run", "sweep", "--shard", part]);
        assert_eq!(
            (&output["left"], &output["complete"]),
            (&left.into(), &false.into())
        );
        assert!(!place.path("sweep/DONE").exists());
    }
    let text = place.succeeds(&["sweep", "status", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("8 done") && text.contains("4 open"), "{text}");
    assert!(
        text.contains("continue with: layerwise sweep run sweep"),
        "{text}"
    );
    let last = place.json(&["--json", "sweep", "run", "sweep", "--shard", "3/3"]);
    assert_eq!(
        (&last["left"], &last["counts"]["done"]),
        (&0.into(), &12.into())
    );
    assert_eq!(last["verdict"]["claims"][0]["id"], "T1");
    assert!(place.path("sweep/DONE").exists());
    assert_eq!(status(&place, "sweep")["complete"], true);
    // The same as in one piece.
    let mut whole = vec!["sweep", "run", "tiny.toml", "--out", "whole"];
    whole.extend(vary);
    place.succeeds(&whole);
    assert_eq!(tables(&place.path("sweep")), tables(&place.path("whole")));
    // `run` takes the same cells for done.
    let text = place.succeeds(&["sweep", "plan", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("12 cells (4 variants × 3 seeds)") && text.contains("12 done"),
        "{text}"
    );
}

#[test]
fn looking_at_a_finished_sweep_leaves_it_finished() {
    let place = Workplace::tiny();
    place.succeeds(&[
        "sweep",
        "run",
        "tiny.toml",
        "--out",
        "sweep",
        "--seeds",
        "2",
    ]);
    let files = ["DONE", "spec.toml", "verdict.json", "plan.json"];
    let changed = || {
        files.map(|name| {
            fs::metadata(place.path("sweep").join(name))
                .unwrap()
                .modified()
                .unwrap()
        })
    };
    let before = changed();
    let again = [
        "sweep",
        "plan",
        "tiny.toml",
        "--out",
        "sweep",
        "--seeds",
        "2",
    ];
    for arguments in [&["sweep", "plan", "sweep"][..], &again] {
        let text = place.succeeds(arguments);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains("complete: sweep/report.html"), "{text}");
        assert_eq!(changed(), before, "{arguments:?}");
    }
    let submit = ["sweep", "submit", "sweep", "--scheduler", "slurm"];
    let text = place.succeeds(&submit);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("no cell is left to train"), "{text}");
    let document = place.json(&[&["--json"][..], &submit].concat());
    assert_eq!(
        (&document["left"], &document["complete"]),
        (&0.into(), &true.into())
    );
    assert_eq!(changed(), before);
    // One that grows is open again.
    let grown = plan(&place, "sweep", &["--seeds", "3"]);
    assert_eq!(
        (&grown["left"], &grown["complete"]),
        (&2.into(), &false.into())
    );
}

#[test]
fn wrong_sweep_commands_are_refused_with_a_reason() {
    let place = Workplace::tiny();
    place.refuses(
        &["sweep", "status", "nowhere"],
        &["nowhere", "holds no sweep"],
    );
    place.refuses(
        &["sweep", "run", "tiny.toml", "--shard", "4/3"],
        &["4/3", "I from 1 to N"],
    );
    place.refuses(
        &["sweep", "plan", "tiny.toml", "--vary", "training.lr"],
        &["--vary", "KEY=VALUE"],
    );
    place.refuses(
        &[
            "sweep",
            "plan",
            "tiny.toml",
            "--vary",
            "models.net.activation=[relu,tanh",
        ],
        &["--vary", "are not TOML values", "activation=relu,tanh"],
    );
    place.refuses(
        &[
            "sweep",
            "plan",
            "tiny.toml",
            "--vary",
            "training.lrr=0.1,0.2",
        ],
        &["lrr"],
    );
    place.refuses(
        &["sweep", "submit", "tiny.toml", "--scheduler", "hyperqueue"],
        &["--print"],
    );
    place.refuses(
        &["run", "tiny.toml", "--checkpoint-seconds=-1"],
        &["--checkpoint-seconds", "0 to 1e9"],
    );
    plan(&place, "sweep", &[]);
    place.refuses(
        &["sweep", "run", "sweep", "-s", "training.lr=0.2"],
        &["-s", "sweep", "fixed settings"],
    );
    place.refuses(
        &[
            "sweep",
            "run",
            "tiny.toml",
            "--out",
            "sweep",
            "-s",
            "training.steps=70",
        ],
        &["sweep", "other training settings"],
    );
    // The plan is damaged.
    let path = place.path("sweep/plan.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("flex", "fleX")).unwrap();
    place.refuses(&["sweep", "status", "sweep"], &["plan.json", "is damaged"]);
}

/// A net alone.
const ALONE: &str = r#"
name = "alone"
title = "A net alone"
summary = "For tests."
source = "none"
minutes = 0.01
task = { kind = "sparse-parity", bits = 6, parity = 2 }
models = { net = { kind = "mlp", widths = [16] } }
training = { seeds = 2, steps = 20, lr = 0.1 }
measure = [{ kind = "loss", schedule = { kind = "ends" } }]
"#;

#[test]
fn one_failing_cell_does_not_stop_the_others_and_can_be_tried_again() {
    let place = Workplace::tiny();
    place.write("alone.toml", ALONE);
    // The engine mlp trains no linearised nets.
    let variant =
        "sweep.variants=[{ name = \"linearised\", set = { \"models.net.linearised\" = true } }]";
    let arguments = [
        "sweep",
        "run",
        "alone.toml",
        "--out",
        "sweep",
        "--engine",
        "mlp",
        "--seeds",
        "2",
        "-s",
        variant,
    ];
    let output = place.layerwise(&arguments);
    let problem = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{problem}");
    assert!(
        problem.contains("linearised, seed 0") && problem.contains("the other cells continue"),
        "{problem}"
    );
    let found = status(&place, "sweep");
    assert_eq!(
        (&found["counts"]["done"], &found["counts"]["failed"]),
        (&2.into(), &2.into())
    );
    let text = place.succeeds(&["sweep", "status", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("linearised, seed 1: ") && text.contains("sweep retry sweep"),
        "{text}"
    );
    // Running again leaves them failed; retrying tries them.
    let again = place.layerwise(&["sweep", "run", "sweep"]);
    assert!(
        stderr(&again).contains("failed before"),
        "{}",
        stderr(&again)
    );
    let retried = place.layerwise(&["sweep", "retry", "sweep"]);
    assert_eq!(retried.status.code(), Some(1));
    assert!(
        stderr(&retried).contains("2 failed or damaged cells"),
        "{}",
        stderr(&retried)
    );
    assert!(
        !stderr(&retried).contains("failed before"),
        "{}",
        stderr(&retried)
    );
}

#[test]
fn two_processes_finish_one_sweep_together() {
    let place = Workplace::tiny();
    plan(&place, "sweep", &LONGER);
    let start = || {
        place
            .command(&[
                "--json",
                "sweep",
                "run",
                "sweep",
                "--threads",
                "1",
                "--wait",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, two) = (start(), start());
    for output in [one, two].map(|child| child.wait_with_output().unwrap()) {
        assert!(output.status.success(), "{}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&document["left"], &document["counts"]["done"]),
            (&0.into(), &8.into())
        );
    }
    let mut whole = vec!["sweep", "run", "tiny.toml", "--out", "whole"];
    whole.extend(LONGER);
    place.succeeds(&whole);
    assert_eq!(tables(&place.path("sweep")), tables(&place.path("whole")));
}

#[test]
fn a_thousand_cells_are_planned_and_reported_at_once() {
    let place = Workplace::tiny();
    let many = ["--seeds", "500"];
    let found = plan(&place, "sweep", &many);
    assert_eq!(found["planned"], 1000);
    let found = status(&place, "sweep");
    assert_eq!(found["cells"].as_array().unwrap().len(), 1000);
}
