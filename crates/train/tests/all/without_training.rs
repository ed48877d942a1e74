//! Changes that need no training: curves of a finished run are derived again.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use judge::{DerivedCount, Gathered, Run};
use layerwise_train::Observer;
use plan::{
    CellView, Derived, Kinds, Options, Plan, Prediction, Variant, load_source, spec::Outcome,
};
use record::Observation;

use crate::{
    runs::{Unobserved, on, recorded_of, run_into},
    specs::{WHOLE, load},
};

/// Cells of [`WHOLE`]: two of the grid, with two seeds.
const CELLS: usize = 4;

/// All derived curves were computed, or kept from before.
const COMPUTED: DerivedCount = DerivedCount {
    reused: 0,
    computed: CELLS,
};
const REUSED: DerivedCount = DerivedCount {
    reused: CELLS,
    computed: 0,
};

/// Counts the trained cells.
#[derive(Default)]
struct Counts {
    trained: AtomicUsize,
    skipped: AtomicUsize,
    warnings: Mutex<Vec<String>>,
}

impl Observer for Counts {
    fn started(&self, _: &Variant, _: u64, _: u64) {
        self.trained.fetch_add(1, Ordering::Relaxed);
    }

    fn stepped(&self, _: &Variant, _: u64, _: u64) {
        self.trained.fetch_add(1, Ordering::Relaxed);
    }

    fn recorded(&self, _: &[Observation]) {
        self.trained.fetch_add(1, Ordering::Relaxed);
    }

    fn skipped(&self, _: &Variant, _: u64) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    fn warned(&self, warning: &str) {
        self.warnings.lock().unwrap().push(warning.to_owned());
    }
}

/// Runs a plan in the folder of a run that is done: nothing is trained.
fn run_again(path: &Path, plan: &Plan) -> Gathered {
    let counts = Counts::default();
    let gathered = run_into(path, plan, &on("auto"), &counts).unwrap();
    assert_eq!(counts.trained.into_inner(), 0, "something was trained");
    assert_eq!(counts.skipped.into_inner(), CELLS);
    assert!(counts.warnings.into_inner().unwrap().is_empty());
    assert!(gathered.complete);
    gathered
}

fn rows(path: &Path) -> Vec<Observation> {
    Run::read(path).unwrap().observations.into_rows()
}

/// What was measured, cell by cell.
fn measured(run: &Path) -> Vec<(String, Vec<u8>)> {
    let cells = fs::read_dir(run.join("cells")).unwrap();
    let mut cells: Vec<_> = cells.map(|cell| cell.unwrap().path()).collect();
    cells.sort();
    let file = |cell: &Path| fs::read(cell.join("observations.jsonl")).unwrap();
    cells
        .iter()
        .map(|cell| (cell.display().to_string(), file(cell)))
        .collect()
}

#[test]
fn a_finished_run_takes_a_new_threshold_prediction_fit_and_picture_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let (again, fresh) = (folder.path().join("again"), folder.path().join("fresh"));
    run_into(&again, &load(WHOLE), &on("auto"), &Unobserved).unwrap();
    let (cells_before, rows_before) = (measured(&again), rows(&again));
    let mut text = WHOLE.to_owned();
    // Whether the derived rows follow from it.
    for (old, new, follow) in [
        ("above = 0.5", "above = 0.625", false),
        ("fit = 0.8", "fit = 0.6", true),
        (
            "[training]",
            "[predictions.slower]\nkind = 'multilinear-skills'\ninitial = 0.01\nclock = 0.5\n\n[training]",
            true,
        ),
        ("initial = 0.01\n\n", "initial = 0.02\n\n", true),
        (
            "[sweep.grid]",
            "[[pictures]]\nname = 'theory'\ntitle = 'Theory'\n\n[[pictures.panels]]\nkind = 'curves'\n\
             metric = 'skill_strength'\nx_label = 'step'\ny_label = 'strength'\n\
             layers = [{ model = 'slower', label = 'slower' }]\n\n[sweep.grid]",
            false,
        ),
    ] {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
        let derived = run_again(&again, &load(&text)).derived;
        assert_eq!(derived, if follow { COMPUTED } else { REUSED }, "{new}");
    }
    let plan = load(&text);
    run_into(&fresh, &plan, &on("auto"), &Unobserved).unwrap();
    // Equal bit by bit, including derived curves.
    for name in ["observations.jsonl", "observations.csv", "spec.toml"] {
        let [again, fresh] = [&again, &fresh].map(|run| fs::read(run.join(name)).unwrap());
        assert!(again == fresh, "{name} differs");
    }
    assert!(
        measured(&again) == cells_before,
        "measured rows have changed"
    );
    let rows_after = rows(&again);
    let count =
        |rows: &[Observation], model: &str| rows.iter().filter(|row| row.model == model).count();
    assert_eq!(
        (
            count(&rows_before, "slower"),
            count(&rows_before, "theory") > 0
        ),
        (0, true)
    );
    assert_eq!(count(&rows_after, "slower"), count(&rows_after, "theory"));
    let fits = |rows: &[Observation]| -> Vec<f64> {
        rows.iter()
            .filter(|row| row.metric == "t_fit")
            .map(|row| row.value)
            .collect()
    };
    assert_ne!(fits(&rows_before), fits(&rows_after));
    // The page says that the result was known when the threshold was written.
    let run = Run::read(&again).unwrap();
    let claim = &run.verdict.claims[0];
    assert_eq!(claim.threshold, plan.spec.claims[0].threshold);
    assert_eq!(
        claim.threshold_at_run,
        Some(load(WHOLE).spec.claims[0].threshold)
    );
    assert_eq!(run.spec.pictures.len(), 2);
}

#[test]
fn a_run_that_is_read_back_is_derived_and_judged_by_another_plan() {
    let folder = tempfile::tempdir().unwrap();
    let plan = load(WHOLE);
    run_into(folder.path(), &plan, &on("auto"), &Unobserved).unwrap();
    let table = || fs::read(folder.path().join("observations.jsonl")).unwrap();
    let before = table();
    let other = WHOLE
        .replace("initial = 0.01", "initial = 0.02")
        .replace("above = 0.5", "above = 2.0");
    let other = load(&other);
    let mut run = Run::read(folder.path()).unwrap();
    assert_eq!(run.verdict.claims[0].outcome, Outcome::Undecided);
    assert_eq!(run.derive_again(&other).unwrap(), COMPUTED);
    assert_eq!(
        run.observations,
        recorded_of(&other, &on("auto")).observations
    );
    let claim = &run.verdict.claims[0];
    assert_eq!(claim.threshold_at_run, Some(plan.spec.claims[0].threshold));
    assert_eq!(run.spec, other.spec);
    // Only in memory.
    assert!(table() == before);
    assert_eq!(Run::read(folder.path()).unwrap().spec, plan.spec);
}

/// A prediction of one number.
struct Constant {
    version: u32,
    value: f64,
}

impl Prediction for Constant {
    fn resolved(&self) -> toml::Table {
        "kind = 'constant'".parse().unwrap()
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        out.extend(cell.clock.steps().iter().map(|&step| Derived {
            metric: "skill_strength",
            index: 1,
            step,
            flow_time: None,
            value: self.value,
        }));
    }
}

/// [`WHOLE`] with a prediction whose formula is of this version and gives this number.
fn with_formula<const VERSION: u32, const VALUE: u32>() -> Plan {
    let mut kinds = Kinds::default();
    kinds.predictions.register("constant", |_| {
        Ok(Box::new(Constant {
            version: VERSION,
            value: f64::from(VALUE),
        }))
    });
    let text = WHOLE.replace(
        "[training]",
        "[predictions.formula]\nkind = 'constant'\n\n[training]",
    );
    let plan = load_source(&text, "whole.toml", &Options::default(), &kinds);
    plan.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_new_version_of_a_closed_form_changes_its_rows_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    run_into(path, &with_formula::<1, 3>(), &on("auto"), &Unobserved).unwrap();
    let first = rows(path);
    // The version of the formula is the same, so that the derived curves are kept.
    let gathered = run_again(path, &with_formula::<1, 4>());
    assert_eq!(gathered.derived, REUSED);
    assert_eq!(rows(path), first);
    let gathered = run_again(path, &with_formula::<2, 4>());
    assert_eq!(gathered.derived, COMPUTED);
    let second = rows(path);
    let split = |rows: &[Observation]| -> (Vec<Observation>, Vec<Observation>) {
        rows.iter().cloned().partition(|row| row.model == "formula")
    };
    let ((formula, others), (formula_before, others_before)) = (split(&second), split(&first));
    assert_eq!(others, others_before);
    let strengths = |rows: &[Observation]| -> Vec<f64> {
        rows.iter()
            .filter(|row| row.metric == "skill_strength")
            .map(|row| row.value)
            .collect()
    };
    let (before, after) = (strengths(&formula_before), strengths(&formula));
    assert!(!before.is_empty() && before.iter().all(|value| *value == 3.0));
    assert_eq!(after, vec![4.0; before.len()]);
}
