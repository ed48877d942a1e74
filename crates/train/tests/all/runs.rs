//! Runs of specs into folders, and curves of what they recorded.

use std::path::Path;

use judge::{Gathered, Run};
use layerwise_train::{Kinds, Observer, Provenance, Settings, TrainError, run};
use plan::Plan;
use record::RunFolder;

use crate::specs::load_with;

pub(crate) struct Unobserved;

impl Observer for Unobserved {}

/// One thread on the host.
pub(crate) fn on(engine: &str) -> Settings {
    Settings {
        engine: engine.to_owned(),
        ..Settings::default()
    }
}

/// Opens the folder of a run.
pub(crate) fn open(path: &Path, plan: &Plan, settings: &Settings) -> RunFolder {
    let identity = plan.identity(&settings.device, &settings.engine);
    RunFolder::open(path, &plan.spec.name, &plan.spec.to_toml(), &identity).unwrap()
}

/// Runs a plan in a folder, by the build of a commit.
pub(crate) fn run_by(
    commit: &str,
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Gathered, TrainError> {
    let provenance = Provenance {
        commit: commit.to_owned(),
        ..Provenance::default()
    };
    run_from(&provenance, path, plan, settings, observer)
}

/// Runs a plan in a folder, by this build on this machine.
pub(crate) fn run_from(
    provenance: &Provenance,
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Gathered, TrainError> {
    let (folder, engines) = (open(path, plan, settings), Kinds::default().engines);
    run(plan, settings, provenance, &engines, folder, observer)
}

/// Runs a plan in a folder.
pub(crate) fn run_into(
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Gathered, TrainError> {
    run_by("", path, plan, settings, observer)
}

/// What an unobserved run of a spec records.
pub(crate) fn recorded(text: &str, overrides: &[&str]) -> Run {
    let plan = load_with(text, overrides).unwrap_or_else(|error| panic!("{error}"));
    recorded_of(&plan, &on("auto"))
}

/// What an unobserved run of a plan records.
pub(crate) fn recorded_of(plan: &Plan, settings: &Settings) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let gathered = run_into(folder.path(), plan, settings, &Unobserved).unwrap();
    let run = Run::read(folder.path()).unwrap();
    assert!(gathered.complete && gathered.manifest == run.manifest);
    run
}

/// Steps and values of one index of a metric in the cell of a seed.
pub(crate) fn curve_of(run: &Run, seed: u64, source: (&str, &str), index: u64) -> Vec<(u64, f64)> {
    let rows = run.observations.of_cell(source, ("base", seed));
    rows.filter(|o| o.index == index)
        .map(|o| (o.step, o.value))
        .collect()
}

/// The same of seed 0.
pub(crate) fn curve(run: &Run, model: &str, metric: &str, index: u64) -> Vec<(u64, f64)> {
    curve_of(run, 0, (model, metric), index)
}

/// The last value of a curve of seed 0.
pub(crate) fn last(run: &Run, model: &str, metric: &str, index: u64) -> f64 {
    curve(run, model, metric, index).last().unwrap().1
}
