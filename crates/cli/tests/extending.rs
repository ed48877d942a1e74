//! The example of an extension: it runs, its claim can fail, and its keys are checked.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../examples/extending.rs"]
mod extending;

use judge::Run;
use plan::{Options, load_source, spec::Outcome};
use record::RunFolder;
use train::{Observer, Provenance, Settings, run};

const SPEC: &str = include_str!("../examples/extending.toml");

struct Unobserved;

impl Observer for Unobserved {}

#[test]
fn kinds_from_outside_are_trained_measured_and_judged() {
    let (kinds, settings) = (extending::kinds(), Settings::default());
    let plan = load_source(SPEC, "extending.toml", &Options::default(), &kinds);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let identity = plan.identity(&settings.device, &settings.engine);
    let path = tempfile::tempdir().unwrap();
    let folder = RunFolder::open(
        path.path(),
        &plan.spec.name,
        &plan.spec.to_toml(),
        &identity,
    );
    let (made, folder) = (Provenance::default(), folder.unwrap());
    let gathered = run(&plan, &settings, &made, &kinds.engines, folder, &Unobserved).unwrap();
    assert!(gathered.complete);
    let claim = &gathered.verdict.claims[0];
    assert_eq!(claim.outcome, Outcome::Supported, "{}", claim.reason);
    assert!(claim.controls[0].met, "{}", claim.reason);
    let rows = Run::read(path.path()).unwrap().observations.into_rows();
    assert_eq!(rows.iter().filter(|o| o.step == 0).count(), 2 * 6);
}

#[test]
fn what_is_shown_of_them_comes_from_their_structs() {
    let topics = plan::reference::topics(&extending::kinds());
    let entry = |topic: &str, name: &str| {
        let topic = topics.iter().find(|known| known.name == topic).unwrap();
        let mut entries = topic.entries.iter();
        entries.find(|entry| entry.name == name).unwrap().clone()
    };
    let task = entry("task", "sign-of-product");
    assert!(task.about.starts_with("The sign of a product:"));
    let keys: Vec<&str> = task.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(keys, ["train", "test"]);
    assert_eq!(task.keys[0].meaning, "Number of training rows.");
    assert_eq!(entry("metric", "explained").gives[0].quantity.unit, "share");
    let schema = plan::reference::spec_schema(&extending::kinds()).to_string();
    for kind in ["sign-of-product", "cosines", "explained", "late-mean"] {
        assert!(schema.contains(&format!("{kind:?}")), "{kind}");
    }
}

#[test]
fn their_keys_are_checked_like_all_others() {
    for (from, to, key) in [
        ("width = 50", "width = 0", "models.net.width"),
        ("train = 400", "trains = 400", "task.trains"),
        ("kind = \"explained\"", "kind = \"explains\"", "explained"),
        ("from = 250", "since = 250", "claims[0].statistic.since"),
    ] {
        let text = SPEC.replace(from, to);
        let plan = load_source(&text, "x.toml", &Options::default(), &extending::kinds());
        let error = plan.err().unwrap().to_string();
        assert!(error.contains(key), "{error}");
    }
}
