//! The example of an extension from outside runs, and its claim can fail.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../examples/extending.rs"]
mod extending;

use layerwise_lab::spec::{Options, Outcome, load_source};

#[test]
fn kinds_from_outside_are_trained_measured_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = extending::run_into(folder.path()).unwrap();
    assert!(recorded.complete);
    let claim = &recorded.verdict.claims[0];
    assert_eq!(claim.outcome, Outcome::Supported, "{}", claim.reason);
    assert!(claim.controls[0].met, "{}", claim.reason);
    let read = layerwise_lab::record::Run::read(folder.path()).unwrap();
    assert_eq!(
        read.observations.iter().filter(|o| o.step == 0).count(),
        2 * 6
    );
}

#[test]
fn their_keys_are_checked_like_all_others() {
    let load = |from: &str, to: &str| {
        let text = extending::SPEC.replace(from, to);
        let error = load_source(&text, "x.toml", &Options::default(), &extending::kinds());
        error.unwrap_err().to_string()
    };
    assert!(load("width = 50", "width = 0").contains("models.net.width"));
    assert!(load("train = 400", "trains = 400").contains("task.trains"));
    assert!(load("kind = \"explained\"", "kind = \"explains\"").contains("explained"));
}
