//! Black-box tests: run the binary as a user would and read what it leaves behind.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{TINY, Workplace, stderr, streamed};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const RUN: [&str; 4] = ["run", "tiny.toml", "--out", "out"];

#[test]
fn a_run_leaves_a_complete_folder() {
    let place = Workplace::tiny();
    let document = place.json(&[RUN.as_slice(), &["--json"]].concat());
    assert_eq!(document["complete"], true);
    for file in [
        "spec.toml",
        "manifest.json",
        "observations.jsonl",
        "observations.csv",
        "verdict.json",
        "report.html",
        "DONE",
        "figures/tiny.svg",
        "figures/tiny.png",
    ] {
        assert!(place.path("out").join(file).exists(), "{file} is missing");
    }
    let manifest: Value = serde_json::from_str(&place.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["cells"].as_array().unwrap().len(), 16);
    assert!(manifest["measuring_share"].as_f64().unwrap() > 0.0);
    assert_eq!(manifest["cells"][0]["stopped"]["reason"], "finished");
    let csv = place.read("out/observations.csv");
    assert_eq!(
        csv.lines().next(),
        Some("run,seed,variant,model,metric,index,step,flow_time,value")
    );
    for metric in [
        "skill_strength",
        "off_skill_energy",
        "test_loss",
        "weight_norm",
        "walsh_target",
    ] {
        assert!(
            csv.contains(&format!(",net,{metric},")),
            "{metric} of the net is missing"
        );
    }
    assert!(csv.contains(",theory,skill_strength,"));
    // No half-written file is left behind.
    let partial = fs::read_dir(place.path("out")).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".partial")
    });
    assert_eq!(partial.count(), 0);
}

#[test]
fn the_same_spec_and_seed_give_the_same_bytes_with_one_or_two_threads() {
    let place = Workplace::tiny();
    let tables = |out: &str, threads: &str| {
        place.json(&[
            "run",
            "tiny.toml",
            "--out",
            out,
            "--threads",
            threads,
            "--json",
        ]);
        ["observations.csv", "observations.jsonl", "verdict.json"]
            .map(|file| read(&place.path(out).join(file)))
    };
    let once = tables("a", "1");
    assert_eq!(once, tables("b", "1"));
    assert_eq!(once, tables("c", "2"));
}

#[test]
fn another_seed_gives_other_observations() {
    let place = Workplace::tiny();
    place.json(&[RUN.as_slice(), &["--json"]].concat());
    let other = [
        "run",
        "tiny.toml",
        "--out",
        "b",
        "-s",
        "training.first_seed=9",
        "--json",
    ];
    place.json(&other);
    let values = |folder: &str| -> Vec<String> {
        read(&place.path(folder).join("observations.csv"))
            .lines()
            .filter(|line| line.contains(",net,skill_strength,"))
            .map(|line| line.rsplit(',').next().unwrap().to_owned())
            .collect()
    };
    assert_ne!(values("out"), values("b"));
}

#[test]
fn json_is_the_only_thing_on_standard_output() {
    let place = Workplace::tiny();
    for verb in [
        &["list", "--json"][..],
        &["devices", "--json"],
        &["run", "tiny.toml", "--out", "out", "--json"],
    ] {
        place.json(verb);
    }
}

#[test]
fn a_dry_run_shows_spec_cells_and_time_and_writes_nothing() {
    let place = Workplace::tiny();
    let document = place.json(&["run", "tiny.toml", "--out", "out", "--dry-run", "--json"]);
    assert_eq!(document["cells"], 16);
    assert_eq!(document["variants"][1], "uniform");
    assert!(document["estimated_seconds"].as_f64().unwrap() > 0.0);
    // The resolved spec contains every default.
    assert_eq!(document["spec"]["training"]["optimizer"]["momentum"], 0.0);
    assert_eq!(document["spec"]["task"]["encoding"], "zero-one");
    assert_eq!(document["spec"]["models"]["net"]["output_scale"], 1.0);
    assert!(!place.path("out").exists());
}

#[test]
fn the_resolved_spec_of_a_run_runs_the_same() {
    let place = Workplace::tiny();
    place.json(&[RUN.as_slice(), &["--json"]].concat());
    place.json(&["run", "out/spec.toml", "--out", "again", "--json"]);
    let (first, second) = (place.path("out"), place.path("again"));
    assert_eq!(
        read(&first.join("spec.toml")),
        read(&second.join("spec.toml"))
    );
    let csv = "observations.csv";
    assert_eq!(read(&first.join(csv)), read(&second.join(csv)));
}

#[test]
fn overrides_seeds_and_quick_change_the_run() {
    let place = Workplace::tiny();
    let arguments = [
        "run",
        "tiny.toml",
        "--dry-run",
        "--json",
        "--quick",
        "--seeds",
        "2",
        "-s",
        "training.lr=0.2",
    ];
    let document = place.json(&arguments);
    assert_eq!(document["spec"]["training"]["steps"], 20);
    assert_eq!(document["spec"]["training"]["seeds"], 2);
    assert_eq!(document["spec"]["training"]["lr"], 0.2);
    let word = [
        "run",
        "tiny.toml",
        "--dry-run",
        "--json",
        "-s",
        "models.net.activation=tanh",
    ];
    assert_eq!(
        place.json(&word)["spec"]["models"]["net"]["activation"],
        "tanh"
    );
}

#[test]
fn every_shipped_experiment_resolves() {
    let place = Workplace::tiny();
    let list = place.json(&["list", "--json"]);
    let names: Vec<&str> = list["experiments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"emergence") && names.len() >= 7,
        "{names:?}"
    );
    for experiment in list["experiments"].as_array().unwrap() {
        assert!(
            !experiment["claims"].as_array().unwrap().is_empty(),
            "{experiment}"
        );
    }
}

#[test]
fn bad_specs_give_one_error_that_names_file_key_value_and_cure() {
    let cases: [(&str, &str, &[&str]); 11] = [
        (
            "lr = 0.1",
            "lr = 0.1\nspeed = 3",
            &["tiny.toml:", "training.speed", "3"],
        ),
        (
            "steps = 60",
            "steps = \"many\"",
            &["tiny.toml:", "training.steps", "many"],
        ),
        (
            "steps = 60",
            "steps = 9223372036854775807",
            &["measure[0].schedule", "10000000 times"],
        ),
        (
            "widths = [16]",
            "widths = [-16]",
            &["tiny.toml:", "models.net.widths", "-16"],
        ),
        (
            "bits_per_skill = 2",
            "bits_per_skill = 9",
            &["tiny.toml:", "task.bits_per_skill", "9", "6"],
        ),
        (
            "alpha = 0.6",
            "alpha = -0.6",
            &["tiny.toml:", "task.alpha", "-0.6"],
        ),
        ("alpha = 0.6", "alpha = 0", &["tiny.toml:", "task.alpha"]),
        (
            "lr = 0.1\n",
            "lr = -0.1\n",
            &["tiny.toml:", "training.lr", "-0.1"],
        ),
        (
            "kind = \"walsh\"",
            "kind = \"wash\"",
            &["tiny.toml:", "wash", "walsh"],
        ),
        (
            "metric = \"skill_strength\"\nmodel",
            "metric = \"skills\"\nmodel",
            &["tiny.toml:", "claims[0].metric", "skill_strength"],
        ),
        (
            "kind = \"mlp\"",
            "kind = \"cnn\"",
            &["tiny.toml:", "models.net.kind", "cnn", "mlp"],
        ),
    ];
    let escaping = Workplace::tiny_with("name = \"tiny\"", "name = \"../tiny\"");
    escaping.refuses(&RUN, &["tiny.toml:", "name", "../tiny"]);
    for (from, to, parts) in cases {
        Workplace::tiny_with(from, to).refuses(&RUN, parts);
    }
}

#[test]
fn a_syntax_error_names_the_line() {
    let place = Workplace::tiny_with("[training]", "[training");
    let line = TINY.lines().position(|line| line == "[training]").unwrap() + 1;
    place.refuses(&RUN, &[&format!("tiny.toml:{line}"), "TOML"]);
}

#[test]
fn a_key_error_names_the_line_of_the_key() {
    let line = TINY
        .lines()
        .position(|line| line.starts_with("bits_per_skill"))
        .unwrap()
        + 1;
    let place = Workplace::tiny_with("bits_per_skill = 2", "bits_per_skill = 9");
    place.refuses(
        &RUN,
        &[&format!("tiny.toml:{line}: task.bits_per_skill = 9")],
    );
}

#[test]
fn arithmetic_and_data_sets_that_do_not_exist_are_refused() {
    let place = Workplace::tiny();
    let refuse = |experiment: &str, set: &[&str], parts: &[&str]| {
        let mut arguments = vec!["run", experiment, "--out", "out"];
        set.iter().for_each(|set| arguments.extend(["-s", set]));
        place.refuses(&arguments, parts);
    };
    let divide = "task.operation=divide";
    refuse(
        "grokking-knobs",
        &[divide, "task.modulus=24"],
        &["task.operation", "24", "23 or 29"],
    );
    for (set, part) in [
        ("task.fraction=0", "task.fraction = 0"),
        ("task.fraction=1", "task.fraction = 1"),
        ("task.modulus=1", "task.modulus = 1"),
        ("task.fraction=0.06", "without a training row at seed"),
        ("task.operation=a+c", "task.operation"),
    ] {
        refuse("grokking-knobs", &[set], &[part, "grokking-knobs.toml"]);
    }
    refuse(
        "grokking-digits",
        &["task.name=cifar"],
        &["task.name", "digits, mnist-5k"],
    );
    refuse(
        "grokking-digits",
        &["task.train=1797"],
        &["task.train = 1797"],
    );
    refuse(
        "grokking-digits",
        &[
            "task.train=11",
            "task.split=uniform",
            "task.data={ order = \"full-batch\" }",
        ],
        &["task.train = 11", "without a training row at seed"],
    );
}

#[test]
fn names_that_do_not_exist_are_refused_with_the_choices() {
    let place = Workplace::tiny();
    place.refuses(&["run", "missing.toml", "--out", "out"], &["missing.toml"]);
    place.refuses(
        &["run", "emergency", "--out", "out"],
        &["emergency", "emergence"],
    );
    place.refuses(
        &[RUN.as_slice(), &["--device", "tpu"]].concat(),
        &["tpu", "flex"],
    );
    place.refuses(
        &[RUN.as_slice(), &["--engine", "steam"]].concat(),
        &["steam", "autodiff"],
    );
    place.refuses(
        &[RUN.as_slice(), &["-s", "training"]].concat(),
        &["training", "key=value"],
    );
    place.refuses(
        &[RUN.as_slice(), &["-s", "task.nonsense=1"]].concat(),
        &["task.nonsense"],
    );
    place.refuses(
        &[RUN.as_slice(), &["--threads", "0"]].concat(),
        &["--threads"],
    );
    place.refuses(
        &[RUN.as_slice(), &["--seeds", "0"]].concat(),
        &["training.seeds"],
    );
    // A half-time is known only after training, so that it cannot be a stop condition.
    let never = "training.stop_when={ model = \"net\", metric = \"half_time\", below = 9.0 }";
    place.refuses(
        &[RUN.as_slice(), &["-s", never]].concat(),
        &["training.stop_when.metric", "half_time", "skill_strength"],
    );
}

#[test]
fn a_folder_that_holds_another_spec_is_left_alone() {
    let place = Workplace::tiny();
    place.json(&[RUN.as_slice(), &["--json"]].concat());
    let before = place.read("out/observations.csv");
    let output = place.layerwise(&[RUN.as_slice(), &["-s", "training.lr=0.2"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("another spec"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("--out"));
    assert_eq!(before, place.read("out/observations.csv"));
    // A folder that is not a run folder is not changed either.
    fs::create_dir(place.path("mine")).unwrap();
    fs::write(place.path("mine/thesis.txt"), "text").unwrap();
    let output = place.layerwise(&["run", "tiny.toml", "--out", "mine"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_dir(place.path("mine")).unwrap().count(), 1);
}

#[test]
fn an_unwritable_folder_is_an_error_before_training() {
    let place = Workplace::tiny();
    // A file where a folder must be cannot be written into, not even by root.
    fs::write(place.path("file"), "text").unwrap();
    let output = place.layerwise(&["run", "tiny.toml", "--out", "file/run"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("file/run") && text.contains("--out"),
        "{text}"
    );
}

#[test]
fn a_learning_rate_that_diverges_is_a_typed_stop() {
    let place = Workplace::tiny();
    let output = place.layerwise(&[RUN.as_slice(), &["-s", "training.lr=1e6"]].concat());
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(text.contains("training.lr"), "{text}");
    let manifest: Value = serde_json::from_str(&place.read("out/manifest.json")).unwrap();
    for cell in manifest["cells"].as_array().unwrap() {
        let reason = cell["stopped"]["reason"].as_str().unwrap();
        assert!(["not-finite", "diverged"].contains(&reason), "{cell}");
        assert!(cell["stopped"]["step"].as_u64().unwrap() > 0, "{cell}");
    }
    // Earlier records are kept: at least those of step 0 of every cell.
    let csv = place.read("out/observations.csv");
    let starts = csv
        .lines()
        .filter(|l| l.contains(",net,skill_strength,1,0,"))
        .count();
    assert_eq!(starts, 16);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_recorded_and_exits_130() {
    let place = Workplace::tiny();
    // Long enough that it cannot finish before the signal.
    let mut child = (place.command(&[&RUN[..], &["-s", "training.steps=300000"]].concat()))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if streamed(&place.path("out")) > 2000 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let csv = place.read("out/observations.csv");
    assert!(csv.contains(",net,skill_strength,"), "the record is lost");
    let manifest = place.read("out/manifest.json");
    assert!(manifest.contains("\"interrupted\""), "{manifest}");
    assert!(
        !place.path("out/DONE").exists(),
        "half a run must not look done"
    );
}

#[test]
fn editing_a_threshold_judges_again_without_training_and_says_so() {
    let place = Workplace::tiny();
    place.json(&[RUN.as_slice(), &["--json"]].concat());
    let before = place.read("out/observations.csv");
    fs::write(
        place.path("stricter.toml"),
        TINY.replace("below = 0.3", "below = 1e-9"),
    )
    .unwrap();
    let verdict = place.read("out/verdict.json");
    let document = place.json(&["verdict", "out", "--spec", "stricter.toml", "--json"]);
    assert_eq!(verdict, place.read("out/verdict.json"));
    let claim = &document["runs"][0]["verdict"]["claims"][0];
    assert_eq!(claim["outcome"], "contradicted");
    assert_eq!(claim["threshold_at_run"]["below"], 0.3);
    assert_eq!(before, place.read("out/observations.csv"));
    // A spec that trains differently cannot judge this run.
    fs::write(
        place.path("other.toml"),
        TINY.replace("lr = 0.1\n", "lr = 0.3\n"),
    )
    .unwrap();
    let output = place.layerwise(&["verdict", "out", "--spec", "other.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("training.lr: 0.1 → 0.3"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn running_again_with_another_threshold_does_not_hide_the_first() {
    let place = Workplace::tiny();
    let run = |threshold: &str| {
        place.write("tiny.toml", &TINY.replace("below = 0.3", threshold));
        let document = place.json(&[RUN.as_slice(), &["--json"]].concat());
        document["verdict"]["claims"][0].clone()
    };
    assert!(run("below = 0.3").get("threshold_at_run").is_none());
    for threshold in ["below = 1e-9", "below = 0.5"] {
        assert_eq!(run(threshold)["threshold_at_run"]["below"], 0.3);
    }
    // Nor does judging again from the present files of the folder.
    let document = place.json(&["verdict", "out", "--json"]);
    let claim = &document["runs"][0]["verdict"]["claims"][0];
    assert_eq!(claim["threshold"]["below"], 0.5);
    assert_eq!(claim["threshold_at_run"]["below"], 0.3);
    // A change that is undone leaves no trace.
    assert!(run("below = 0.3").get("threshold_at_run").is_none());
}

#[test]
fn require_supported_decides_the_exit_code() {
    let place = Workplace::tiny_with("below = 0.3", "below = 1e-9");
    let output = place.layerwise(&[RUN.as_slice(), &["--require", "supported"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn a_claim_whose_control_misses_its_verdict_is_undecided() {
    // The twin agrees with the claim, so that it must fail as a control.
    let place = Workplace::tiny_with("model = \"linear\", must", "model = \"twin\", must");
    let document = place.json(&[RUN.as_slice(), &["--json"]].concat());
    let claim = &document["verdict"]["claims"][0];
    assert_eq!(claim["measured"]["outcome"], "supported");
    assert_eq!(claim["controls"][0]["met"], false);
    assert_eq!(claim["outcome"], "undecided");
}

#[test]
fn report_and_reproduce_write_pages() {
    let place = Workplace::tiny();
    place.json(&[RUN.as_slice(), &["--json"]].concat());
    let document = place.json(&["report", "out", "--out", "page.html", "--json"]);
    assert_eq!(document["pictures"].as_array().unwrap().len(), 2);
    let page = place.read("page.html");
    assert!(
        page.contains("<svg") && page.contains("T1"),
        "the page lacks picture or verdict"
    );
    assert!(page.contains("Content-Security-Policy") && page.contains("class=\"numbers\""));
    let document = place.json(&["report", "out", "--animate", "--json"]);
    let pictures = document["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 3, "{pictures:?}");
    let moving = place.read("out/figures/tiny-animated.svg");
    assert!(moving.contains("<animate") && moving.contains("prefers-reduced-motion"));
    place.refuses(
        &["report", "out", "--animate", "--spec", "tiny.toml"],
        &["cannot be used with"],
    );
    let output = place.layerwise(&["report", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere"));
}

#[test]
fn a_report_takes_no_file_of_a_run() {
    let place = Workplace::tiny();
    place.succeeds(&[RUN.as_slice(), &["--seeds", "1"]].concat());
    for name in [
        "manifest.json",
        "observations.csv",
        "DONE",
        "cells/page.html",
    ] {
        let own = format!("out/{name}");
        let parts = [&own, "is one of the files of the run in out", "report.html"];
        place.refuses(&["report", "out", "--out", &own], &parts);
        place.refuses(&["report", "out", "--markdown", &own], &parts);
        place.refuses(&["export", "observations", "out", "--out", &own], &parts);
    }
    place.succeeds(&["report", "out", "--out", "out/page.html"]);
    // Outside of a run the same name is free.
    place.succeeds(&["report", "out", "--out", "manifest.json"]);
    place.refuses(
        &["report", "out", "--out", "a", "--markdown", "./a"],
        &["--markdown ./a: is also read or written by this command"],
    );
}

#[cfg(unix)]
#[test]
fn exports_follow_links_and_never_write_into_a_run() {
    use std::os::unix::fs::symlink;
    let place = Workplace::tiny();
    place.succeeds(&[RUN.as_slice(), &["--seeds", "1"]].concat());
    fs::write(place.path("table.csv"), "old").unwrap();
    symlink("table.csv", place.path("link.csv")).unwrap();
    place.succeeds(&["export", "observations", "out", "--out", "link.csv"]);
    assert!(place.path("link.csv").is_symlink());
    assert_eq!(place.read("table.csv"), place.read("out/observations.csv"));
    symlink("out/observations.csv", place.path("inside")).unwrap();
    let flags = ["--out", "inside"];
    for verb in [&["report", "out"][..], &["export", "observations", "out"]] {
        place.refuses(
            &[verb, &flags].concat(),
            &["--out inside: is one of the files of the run in"],
        );
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    // More than a pipe holds, so that writing must notice.
    let mut child = (Workplace::empty())
        .command(&["run", "kernel-regimes", "--dry-run", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
