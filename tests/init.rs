//! `init` writes a spec from a few words, and the spec runs without changes.

use std::fs;

use crate::support::Workplace;

#[test]
fn every_spec_that_init_writes_can_be_run() {
    let place = Workplace::empty();
    // The second column repeats the first: there are two components, not three.
    let mut rows = "a,b,c,kind\n".to_owned();
    for row in 0..30 {
        let (x, y) = (f64::from(row % 7) - 3.0, f64::from(row * row % 5) - 2.0);
        let kind = if x + y > 0.0 { "up" } else { "down" };
        rows += &format!("{x},{},{y},{kind}\n", 2.0 * x);
    }
    place.write("rows.csv", &rows);
    for (arguments, spec, says) in [
        (&["--data", "iris"][..], "iris.toml", "train = 100"),
        (
            &["--data", "rows.csv", "--label", "kind"],
            "rows.toml",
            "components = 2 ",
        ),
        (&["--task", "parity"], "parity.toml", "multitask-parity"),
        (
            &["--task", "modular-addition"],
            "addition-23.toml",
            "diagonal-linear",
        ),
        (
            &["--task", "modular-addition", "--modulus", "97"],
            "addition-97.toml",
            "modulus = 97",
        ),
    ] {
        let output = place.succeeds(&[&["init"], arguments].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(&format!("layerwise run {spec}")), "{said}");
        let text = place.read(spec);
        assert!(text.contains(says), "{text}");
        assert!(
            !text.contains("{out}") && text.contains("[models.net]"),
            "{text}"
        );
        place.succeeds(&["run", spec, "--dry-run"]);
    }
    place.succeeds(&[
        "run",
        "rows.toml",
        "--seeds",
        "2",
        "-s",
        "training.steps=50",
    ]);
    for picture in ["strengths", "accuracy", "loss", "collapse"] {
        let file = place.path(&format!("runs/rows/figures/{picture}.png"));
        assert!(file.is_file(), "{picture}");
    }
}

#[test]
fn init_overwrites_no_file_and_names_missing_arguments() {
    let place = Workplace::empty();
    place.write("mine.toml", "mine");
    place.refuses(
        &["init", "--data", "iris", "--out", "mine.toml"],
        &["mine.toml: exists already", "--out"],
    );
    assert_eq!(fs::read_to_string(place.path("mine.toml")).unwrap(), "mine");
    place.refuses(&["init"], &["--data", "--task"]);
    place.refuses(
        &["init", "--data", "nowhere.csv", "--label", "y"],
        &["nowhere.csv"],
    );
}
