//! Runs: their records, and how they end.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use judge::Run;
use layerwise_train::{Observer, Settings, TrainError};
use plan::Variant;
use record::{CellSummary, Observation, StopReason};

use crate::{
    runs::{Unobserved, curve, curve_of, on, recorded, run_into},
    specs::{SMALL, load, load_with, small_with},
};

const STRENGTH: &str = "skill_strength";

/// Two variants and a prediction, so that every kind of row is there.
fn with_variants() -> String {
    format!(
        "{SMALL}\n[[sweep.variants]]\nname = 'tanh'\nset = {{ 'models.net.activation' = 'tanh' }}\n\
         [predictions.theory]\nkind = 'multilinear-skills'\ninitial = 0.01\n"
    )
}

/// Steps of the first strength of the net in one cell of `base`.
fn steps_of(run: &Run, seed: u64) -> Vec<u64> {
    let curve = curve_of(run, seed, ("net", STRENGTH), 1);
    curve.into_iter().map(|(step, _)| step).collect()
}

#[test]
fn the_tables_depend_on_nothing_but_spec_and_seeds() {
    let plan = load(&with_variants());
    let tables = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            threads,
            ..on("autodiff")
        };
        run_into(folder.path(), &plan, &settings, &Unobserved).unwrap();
        ["observations.csv", "observations.jsonl", "spec.toml"]
            .map(|name| fs::read(folder.path().join(name)).unwrap())
    };
    let first = tables(1);
    assert!(first[0].len() > 10_000, "{} bytes", first[0].len());
    for threads in [1, 2, 4] {
        // Not assert_eq, which would print all bytes.
        assert!(tables(threads) == first, "{threads} threads");
    }
}

#[test]
fn a_run_reads_back_as_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let plan = load(&with_variants());
    let gathered = run_into(folder.path(), &plan, &on("auto"), &Unobserved).unwrap();
    assert!(gathered.complete && folder.path().join("DONE").exists());
    let read = Run::read(folder.path()).unwrap();
    assert_eq!(read.manifest, gathered.manifest);
    assert_eq!(read.verdict, gathered.verdict);
    assert_eq!(read.spec, plan.spec);
    assert_eq!(read.manifest.seeds, [0, 1, 2]);
    let cells = read.manifest.cells.iter();
    let cells: Vec<(&str, u64)> = cells
        .map(|cell| (cell.variant.as_str(), cell.seed))
        .collect();
    let expected = ["base", "tanh"].map(|variant| [0, 1, 2].map(|seed| (variant, seed)));
    assert_eq!(cells, expected.concat());
    for cell in &read.manifest.cells {
        assert_eq!((cell.steps, &cell.stopped), (60, &StopReason::Finished));
    }
    // 3 seeds, 3 skills, steps 0, 10, …, 60.
    for model in ["net", "twin", "theory"] {
        for variant in ["base", "tanh"] {
            let rows = read.observations.of_variant((model, STRENGTH), variant);
            assert_eq!(rows.count(), 3 * 3 * 7, "{model} {variant}");
        }
    }
}

#[test]
fn the_csv_table_equals_the_stream_for_any_names() {
    let folder = tempfile::tempdir().unwrap();
    let grid = "[sweep.grid]\n'models.net.activation' = ['relu', 'tanh']\n";
    run_into(
        folder.path(),
        &load(&format!("{SMALL}\n{grid}")),
        &on("auto"),
        &Unobserved,
    )
    .unwrap();
    let rows = Run::read(folder.path()).unwrap().observations.into_rows();
    let mut table = csv::Reader::from_path(folder.path().join("observations.csv")).unwrap();
    let header = "run,seed,variant,model,metric,index,step,flow_time,value";
    assert_eq!(
        table.headers().unwrap(),
        header.split(',').collect::<Vec<_>>()
    );
    let records: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    assert!(rows.iter().all(|o| o.variant.contains([',', '"'])));
    for (record, row) in records.iter().zip(&rows) {
        let number = |field: usize| record[field].parse::<f64>().unwrap();
        let names = [&record[0], &record[2], &record[3], &record[4]];
        assert_eq!(names, ["small", &row.variant, &row.model, &row.metric]);
        assert_eq!((number(1), number(5)), (row.seed as f64, row.index as f64));
        assert_eq!((number(6), number(8)), (row.step as f64, row.value));
        assert_eq!(record[7].parse().ok(), row.flow_time);
    }
}

#[test]
fn seeds_and_variants_differ() {
    let run = recorded(&with_variants(), &[]);
    let last = |variant: &str, seed: u64| {
        let curve = run
            .observations
            .curve(("net", STRENGTH), (variant, seed), 1);
        *curve.values.last().unwrap()
    };
    assert_ne!(last("base", 0), last("base", 1));
    assert_ne!(last("base", 0), last("tanh", 0));
}

#[test]
fn more_seeds_leave_the_rows_of_the_first_ones_alone() {
    let of_the_first = |seeds: &str| -> Vec<Observation> {
        let rows = recorded(SMALL, &[seeds])
            .observations
            .into_rows()
            .into_iter();
        rows.filter(|o| o.seed == 0).collect()
    };
    assert_eq!(
        of_the_first("training.seeds=1"),
        of_the_first("training.seeds=2")
    );
}

/// Measured at every step of a learning rate that is far too large.
fn far_too_fast() -> String {
    small_with("lr = 0.05", "lr = 1e6").replace("every = 10", "every = 1")
}

#[test]
fn a_learning_rate_that_is_far_too_large_ends_the_cell_and_keeps_its_rows() {
    let run = recorded(&far_too_fast(), &[]);
    assert_eq!(run.manifest.cells.len(), 3, "the other cells were to go on");
    let rows = run.observations.rows();
    for cell in &run.manifest.cells {
        assert!(cell.stopped.is_failure(), "{:?}", cell.stopped);
        let (StopReason::Diverged { step, .. } | StopReason::NotFinite { step, .. }) = cell.stopped
        else {
            panic!("{:?}", cell.stopped);
        };
        assert_eq!(step, cell.steps);
        assert!(step < 60);
        // Two models, three skills, strength and energy.
        let first = rows.iter().filter(|o| o.seed == cell.seed && o.step == 0);
        assert_eq!(first.count(), 12);
    }
    let mut strengths = rows.iter().filter(|o| o.metric == STRENGTH);
    assert!(strengths.all(|o| o.value.is_finite()));
}

#[test]
fn a_loss_beyond_the_limit_diverges_and_one_that_overflows_is_not_finite() {
    let stop = |divergence: &str| {
        let overrides = [
            "training.seeds=1",
            &format!("training.divergence={divergence}"),
        ];
        recorded(&far_too_fast(), &overrides).manifest.cells[0]
            .stopped
            .clone()
    };
    let StopReason::Diverged { loss, model, .. } = stop("10.0") else {
        panic!("{:?}", stop("10.0"));
    };
    assert!(loss > 1.0 && model == "net", "{model} {loss}");
    assert!(matches!(stop("1e300"), StopReason::NotFinite { .. }));
}

#[test]
fn a_cell_diverges_at_the_first_loss_beyond_the_limit() {
    // The rate of skill 1 is 2.7 > 2, so that its error grows by about 1.7 per step.
    let overrides = [
        "training.lr=2.0",
        "training.divergence=1e3",
        "models={ line = { kind = 'linear-skills' } }",
        "measure=[{ kind = 'loss', schedule = { kind = 'linear', every = 1 } }]",
    ];
    let run = recorded(SMALL, &overrides);
    for cell in &run.manifest.cells {
        let losses = run
            .observations
            .curve(("line", "test_loss"), ("base", cell.seed), 0)
            .values;
        let (last, earlier) = losses.split_last().unwrap();
        let limit = 1e3 * losses[0];
        assert!(
            *last > limit && earlier.iter().all(|loss| *loss <= limit),
            "{losses:?}"
        );
        let expected = StopReason::Diverged {
            step: earlier.len() as u64,
            model: "line".to_owned(),
            loss: *last,
        };
        assert_eq!(cell.stopped, expected);
    }
}

#[test]
fn a_condition_ends_the_cell_at_the_first_measurement_where_it_holds() {
    // The twin starts at 0.01, so that everything lies above 0 at once, and nothing above 2 ever.
    let stop = |bound: f64| {
        let norms = "[[measure]]\nkind = 'weights'\nschedule = { kind = 'last' }\n";
        let stop = format!(
            "training.stop_when={{ model = 'twin', metric = '{STRENGTH}', above = {bound:?} }}"
        );
        let overrides = [&*stop, "training.lr=0.2", "training.steps=200"];
        recorded(&format!("{SMALL}\n{norms}"), &overrides)
    };
    for cell in stop(2.0).manifest.cells {
        assert_eq!((cell.stopped, cell.steps), (StopReason::Finished, 200));
    }
    let run = stop(0.5);
    for cell in &run.manifest.cells {
        assert_eq!(cell.stopped, StopReason::Condition { step: cell.steps });
        assert!((10..200).contains(&cell.steps) && cell.steps % 10 == 0);
        let twin = |step: u64| -> Vec<f64> {
            let rows = run
                .observations
                .of_cell(("twin", STRENGTH), ("base", cell.seed));
            rows.filter(|o| o.step == step).map(|o| o.value).collect()
        };
        assert_eq!(twin(cell.steps).len(), 3);
        assert!(twin(cell.steps).iter().all(|&value| value > 0.5));
        assert!(twin(cell.steps - 10).iter().any(|&value| value <= 0.5));
        // End values are measured at this step.
        let norms = run
            .observations
            .of_cell(("net", "weight_norm"), ("base", cell.seed));
        assert!(norms.clone().count() > 0);
        assert!(norms.clone().all(|o| o.step == cell.steps));
    }
    for cell in stop(0.0).manifest.cells {
        assert_eq!(cell.stopped, StopReason::Condition { step: 0 });
    }
}

/// Asks to stop after so many steps of all cells together.
struct After {
    limit: u64,
    steps: AtomicU64,
    rows: Mutex<Vec<Observation>>,
    ended: AtomicU64,
}

impl After {
    fn new(limit: u64) -> Self {
        Self {
            limit,
            steps: AtomicU64::new(0),
            rows: Mutex::new(Vec::new()),
            ended: AtomicU64::new(0),
        }
    }
}

impl Observer for After {
    fn stepped(&self, _: &Variant, _: u64, _: u64) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    fn recorded(&self, rows: &[Observation]) {
        self.rows.lock().unwrap().extend_from_slice(rows);
    }

    fn ended(&self, _: &CellSummary) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    fn interrupted(&self) -> bool {
        self.steps.load(Ordering::Relaxed) >= self.limit
    }
}

#[test]
fn an_interrupted_run_leaves_its_rows_and_no_mark_of_completion_and_can_be_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, settings) = (load(SMALL), on("autodiff"));
    // In the second of three cells: steps are reported at 16, 32 and 48.
    let observer = After::new(4);
    let gathered = run_into(folder.path(), &plan, &settings, &observer).unwrap();
    assert!(!gathered.complete && !folder.path().join("DONE").exists());
    let cells = gathered.manifest.cells.iter();
    let stops: Vec<_> = cells.map(|cell| cell.stopped.clone()).collect();
    assert_eq!(
        stops,
        [StopReason::Finished, StopReason::Interrupted { step: 16 }]
    );
    assert_eq!(observer.ended.load(Ordering::Relaxed), 2);
    let run = Run::read(folder.path()).unwrap();
    assert_eq!(steps_of(&run, 0), [0, 10, 20, 30, 40, 50, 60]);
    assert_eq!(steps_of(&run, 1), [0, 10]);
    assert!(steps_of(&run, 2).is_empty());
    // Derived rows come on top of those that were streamed.
    let streamed = observer.rows.lock().unwrap();
    assert!(
        streamed
            .iter()
            .all(|row| run.observations.rows().contains(row))
    );
    let gathered = run_into(folder.path(), &plan, &settings, &Unobserved).unwrap();
    assert!(gathered.complete && folder.path().join("DONE").exists());
}

#[test]
fn a_run_whose_only_cell_was_interrupted_is_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    let plan = load_with(SMALL, &["training.seeds=1"]).unwrap();
    let gathered = run_into(folder.path(), &plan, &on("autodiff"), &After::new(1)).unwrap();
    assert_eq!(gathered.manifest.cells.len(), 1);
    assert!(!gathered.complete && !folder.path().join("DONE").exists());
}

/// Claims of every kind that reads curves.
const CLAIMS: &str = r#"
[[claims]]
id = "law"
statement = "A statement"
source = "A source"
metric = "skill_strength"
model = "net"
statistic = { kind = "half-time-law", exponent = 1.6 }
threshold = { below = 0.3 }
controls = [
  { name = "constant", statistic = { kind = "half-time-constant", exponent = 1.6 }, must = "supported" },
  { name = "order", statistic = { kind = "half-time-order" }, must = "supported" },
  { name = "shape", statistic = { kind = "shape" }, must = "supported" },
  { name = "knob", statistic = { kind = "knob-threshold", knob = "training.lr" }, must = "supported" },
  { name = "ratio", statistic = { kind = "knob-ratio", knob = "training.lr" }, must = "supported" },
  { name = "rank", statistic = { kind = "rank-correlation", knob = "training.lr" }, must = "supported" },
  { name = "times", statistic = { kind = "time-ratio", of = 2, to = 1 }, must = "supported" },
  { name = "slope", statistic = { kind = "slope", window = [1, 10] }, must = "supported" },
  { name = "final", statistic = { kind = "final-value" }, must = "supported" },
  { name = "gap", statistic = { kind = "largest-gap", to = "twin", metric = "skill_strength" }, must = "supported" },
]
"#;

#[test]
fn a_run_that_is_interrupted_before_its_first_row_is_judged_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let grid = "[sweep.grid]\n'training.lr' = [0.05, 0.1]\n";
    let plan = load(&format!("{SMALL}{grid}{CLAIMS}"));
    let gathered = run_into(folder.path(), &plan, &on("auto"), &After::new(0)).unwrap();
    assert!(!gathered.complete && gathered.manifest.cells.is_empty());
    let claim = &gathered.verdict.claims[0];
    assert_eq!(claim.outcome.to_string(), "undecided");
    assert!(
        claim.reason.starts_with("nothing was recorded"),
        "{}",
        claim.reason
    );
}

/// Removes the run folder in the middle of a run.
struct Remover<'a>(&'a Path);

impl Observer for Remover<'_> {
    fn stepped(&self, _: &Variant, _: u64, step: u64) {
        if step == 32 {
            // Other cells find it gone already.
            let _ = fs::remove_dir_all(self.0);
        }
    }
}

#[test]
fn a_folder_that_vanishes_is_an_error_that_names_it_and_no_panic() {
    for threads in [1, 2] {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let settings = Settings {
            threads,
            ..on("autodiff")
        };
        let error = run_into(&path, &load(SMALL), &settings, &Remover(&path)).unwrap_err();
        assert!(matches!(error, TrainError::Folder(_)), "{error:?}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_run_with_an_error_about_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, settings) = (load(SMALL), on("autodiff"));
    // A run whose first cell streams to a device that is always full.
    run_into(folder.path(), &plan, &settings, &After::new(0)).unwrap();
    let first = &plan.cells("flex", "autodiff")[0].id;
    let cell = folder.path().join("cells").join(first);
    fs::create_dir_all(&cell).unwrap();
    std::os::unix::fs::symlink("/dev/full", cell.join("stream.jsonl")).unwrap();
    let observer = After::new(u64::MAX);
    let error = run_into(folder.path(), &plan, &settings, &observer).unwrap_err();
    assert!(matches!(error, TrainError::Folder(_)), "{error:?}");
    assert!(error.to_string().contains("stream.jsonl"), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    // The first cell ended at its first row and no other began.
    assert_eq!(observer.steps.load(Ordering::Relaxed), 0);
    assert!(!folder.path().join("DONE").exists());
    // Rows that could not be written were not reported as recorded.
    assert!(observer.rows.lock().unwrap().is_empty());
    assert!(
        Run::read(folder.path())
            .unwrap()
            .observations
            .rows()
            .is_empty()
    );
}

/// Panics in the cell of seed 1.
struct Panics;

impl Observer for Panics {
    fn stepped(&self, _: &Variant, seed: u64, step: u64) {
        assert!((seed, step) != (1, 16), "on purpose");
    }
}

#[test]
fn a_panic_in_a_cell_is_an_error_of_that_cell() {
    let folder = tempfile::tempdir().unwrap();
    let error = run_into(folder.path(), &load(SMALL), &on("autodiff"), &Panics).unwrap_err();
    let TrainError::Panic { seed, message, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((seed, message.as_str()), (1, "on purpose"));
    assert_eq!(steps_of(&Run::read(folder.path()).unwrap(), 1), [0, 10]);
    assert!(!folder.path().join("DONE").exists());
}

#[test]
fn a_cell_that_fails_does_not_take_those_trained_with_it_along() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        together: Some(3),
        ..on("autodiff")
    };
    let error = run_into(folder.path(), &load(SMALL), &settings, &Panics).unwrap_err();
    assert!(
        matches!(error, TrainError::Panic { seed: 1, .. }),
        "{error:?}"
    );
    let manifest = Run::read(folder.path()).unwrap().manifest;
    let done: Vec<u64> = manifest.cells.iter().map(|cell| cell.seed).collect();
    let failed: Vec<u64> = manifest.failed.iter().map(|cell| cell.seed).collect();
    assert_eq!((done, failed), (vec![0, 2], vec![1]));
}

#[test]
fn several_conditions_end_a_cell_only_together() {
    let above = |model: &str, bound: f64| {
        format!("{{ model = '{model}', metric = '{STRENGTH}', above = {bound:?} }}")
    };
    let steps = |conditions: &[String]| -> Vec<u64> {
        let stop = format!("training.stop_when=[{}]", conditions.join(", "));
        let cells = recorded(SMALL, &[&stop]).manifest.cells;
        cells.iter().map(|cell| cell.steps).collect()
    };
    assert_eq!(steps(&[above("twin", 0.0)]), [0, 0, 0]);
    assert_eq!(steps(&[above("twin", 0.0), above("net", -9.0)]), [0, 0, 0]);
    // The second never holds.
    assert_eq!(
        steps(&[above("twin", 0.0), above("net", 9.0)]),
        [60, 60, 60]
    );
}

#[test]
fn two_schedules_of_one_metric_record_each_step_once() {
    let text = format!(
        "{SMALL}\n[[measure]]\nkind = 'skills'\nschedule = {{ kind = 'log', points = 8 }}\n"
    );
    let steps = |overrides: &[&str]| {
        let steps = steps_of(&recorded(&text, overrides), 0);
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        steps
    };
    let all = steps(&[]);
    assert!(all.contains(&50) && all.contains(&1), "{all:?}");
    // A condition may come at a step that one schedule has and the other has not.
    let ends = [0.0101, 0.0106, 0.011, 0.012, 0.015, 0.02].map(|bound| {
        let stop = format!(
            "training.stop_when={{ model = 'twin', metric = '{STRENGTH}', above = {bound} }}"
        );
        *steps(&[&stop]).last().unwrap()
    });
    assert!(ends.iter().any(|end| *end > 0 && *end < 10), "{ends:?}");
    assert!(ends.contains(&20) || ends.contains(&30), "{ends:?}");
}

#[test]
fn metrics_that_share_some_of_their_names_record_each_step_once() {
    let kernel = |velocity: bool, every: u64| {
        format!(
            "[[measure]]\nkind = 'kernel'\nmodels = ['net']\nvelocity = {velocity}\n\
             schedule = {{ kind = 'linear', every = {every} }}\n"
        )
    };
    let run = recorded(
        &format!("{SMALL}\n{}{}", kernel(false, 20), kernel(true, 30)),
        &[],
    );
    let steps = |metric: &str| -> Vec<u64> {
        curve(&run, "net", metric, 0)
            .into_iter()
            .map(|(step, _)| step)
            .collect()
    };
    assert_eq!(steps("kernel_distance"), [0, 20, 30, 40, 60]);
    assert_eq!(steps("kernel_velocity"), [30, 60]);
}
