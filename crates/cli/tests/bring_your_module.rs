//! The example of a burn module from outside: it runs on every precision, resumes, and is shown.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../examples/bring-your-module/main.rs"]
mod bring_your_module;

use std::sync::atomic::{AtomicU64, Ordering};

use judge::Run;
use plan::{Options, Plan, Variant, load_source, spec::Outcome};
use record::RunFolder;
use train::{Observer, Provenance, Settings, run};

const SPEC: &str = include_str!("../examples/bring-your-module/spec.toml");

/// Stops after so many reports.
struct Until {
    limit: u64,
    reports: AtomicU64,
}

impl Until {
    fn new(limit: u64) -> Self {
        let reports = AtomicU64::new(0);
        Self { limit, reports }
    }
}

impl Observer for Until {
    fn stepped(&self, _: &Variant, _: u64, _: u64) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    fn interrupted(&self) -> bool {
        self.reports.load(Ordering::Relaxed) >= self.limit
    }
}

fn plan(text: &str) -> Plan {
    let options = Options::default();
    let plan = load_source(text, "spec.toml", &options, &bring_your_module::kinds());
    plan.unwrap_or_else(|error| panic!("{error}"))
}

fn go(plan: &Plan, path: &std::path::Path, settings: &Settings, limit: u64) -> judge::Gathered {
    let identity = plan.identity(&settings.device, &settings.engine);
    let folder = RunFolder::open(path, &plan.spec.name, &plan.spec.to_toml(), &identity);
    let (made, engines) = (Provenance::default(), bring_your_module::kinds().engines);
    let observer = Until::new(limit);
    run(plan, settings, &made, &engines, folder.unwrap(), &observer).unwrap()
}

fn recorded(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path.join("observations.csv")).unwrap()
}

#[test]
fn a_module_from_outside_is_trained_measured_judged_and_resumed() {
    let (plan, settings) = (plan(SPEC), Settings::default());
    let whole = tempfile::tempdir().unwrap();
    let gathered = go(&plan, whole.path(), &settings, u64::MAX);
    assert!(gathered.complete);
    let claim = &gathered.verdict.claims[0];
    assert_eq!(claim.outcome, Outcome::Supported, "{}", claim.reason);
    assert!(claim.controls[0].met, "{}", claim.reason);
    let rows = Run::read(whole.path()).unwrap().observations.into_rows();
    let arrays = rows.iter().filter(|row| row.metric == "weight_norm");
    // All arrays together and each of six, at two ends, for six seeds.
    assert_eq!(arrays.count(), 7 * 2 * 6);
    let resumed = tempfile::tempdir().unwrap();
    let first = go(&plan, resumed.path(), &settings, 100);
    assert!(!first.complete);
    assert!(go(&plan, resumed.path(), &settings, u64::MAX).complete);
    assert!(recorded(resumed.path()) == recorded(whole.path()));
}

#[test]
fn a_module_trains_in_double_precision() {
    let short = "seeds = 2, steps = 20, precision = \"f64\"";
    let plan = plan(&SPEC.replace("seeds = 6, steps = 600", short));
    let settings = Settings::default();
    let path = tempfile::tempdir().unwrap();
    assert!(go(&plan, path.path(), &settings, u64::MAX).complete);
}

#[test]
fn keys_of_a_module_are_shown_and_checked() {
    let topics = plan::reference::topics(&bring_your_module::kinds());
    let models = topics.iter().find(|topic| topic.name == "model").unwrap();
    let gated = models.entries.iter().find(|entry| entry.name == "gated");
    let gated = gated.unwrap();
    assert!(gated.about.starts_with("A net whose hidden neurons"));
    assert_eq!(
        gated.keys[0].meaning,
        "Number of hidden neurons. 1 or more."
    );
    let text = SPEC.replace("width = 64", "widths = 64");
    let kinds = bring_your_module::kinds();
    let error = load_source(&text, "x.toml", &Options::default(), &kinds).err();
    let error = error.unwrap().to_string();
    assert!(error.contains("models.net.widths"), "{error}");
}
