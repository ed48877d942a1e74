//! Runs from the library: what they record, and how they end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use layerwise_lab::{
    Kinds,
    record::{CellSummary, Observation, Run, RunFolder, StopReason},
    run::{Observer, Provenance, Recorded, RunError, Settings, Storing, plan, run, run_identity},
    spec::{Loaded, Variant},
};
use support::{SMALL, load, load_with, small_with};

fn settings(threads: usize) -> Settings {
    Settings {
        device: "flex".to_owned(),
        engine: "autodiff".to_owned(),
        threads,
        together: None,
        quick: false,
        storing: Storing::default(),
    }
}

struct Silent;

impl Observer for Silent {}

fn run_into(
    path: &Path,
    loaded: &Loaded,
    threads: usize,
    observer: &dyn Observer,
) -> Result<Recorded, RunError> {
    run_as(path, loaded, &settings(threads), observer)
}

fn run_as(
    path: &Path,
    loaded: &Loaded,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Recorded, RunError> {
    let hash = run_identity(loaded, &settings.device, &settings.engine);
    let folder = RunFolder::open(path, &loaded.spec, &hash).unwrap();
    run(
        loaded,
        settings,
        &Provenance::default(),
        &Kinds::default(),
        folder,
        observer,
    )
}

fn run_silently(path: &Path, text: &str) -> Recorded {
    run_into(path, &load(text), 1, &Silent).unwrap()
}

/// Two variants and a prediction, so that every kind of row is there.
fn with_variants() -> String {
    format!(
        "{SMALL}\n[[sweep.variants]]\nname = \"tanh\"\nset = {{ \"models.net.activation\" = \"tanh\" }}\n\
         [predictions.theory]\nkind = \"multilinear-skills\"\ninitial = 0.01\n"
    )
}

#[test]
fn the_tables_depend_on_nothing_but_spec_and_seeds() {
    let loaded = load(&with_variants());
    let tables = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        run_into(folder.path(), &loaded, threads, &Silent).unwrap();
        ["observations.csv", "observations.jsonl", "spec.toml"]
            .map(|name| fs::read(folder.path().join(name)).unwrap())
    };
    let first = tables(1);
    assert!(first[0].len() > 10_000, "{} bytes", first[0].len());
    for threads in [1, 2, 4] {
        // Not assert_eq: nobody wants to read the bytes.
        assert!(tables(threads) == first, "{threads} threads");
    }
}

#[test]
fn a_run_reads_back_as_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(&with_variants());
    let recorded = run_into(folder.path(), &loaded, 2, &Silent).unwrap();
    assert!(recorded.complete);
    assert!(folder.path().join("DONE").exists());
    let read = Run::read(folder.path()).unwrap();
    assert_eq!(read.manifest, recorded.manifest);
    assert_eq!(read.verdict, recorded.verdict);
    assert_eq!(read.spec, loaded.spec);
    assert_eq!(read.manifest.seeds, [0, 1, 2]);
    let cells: Vec<(&str, u64)> = read
        .manifest
        .cells
        .iter()
        .map(|cell| (cell.variant.as_str(), cell.seed))
        .collect();
    let expected = ["base", "tanh"].map(|variant| [0, 1, 2].map(|seed| (variant, seed)));
    assert_eq!(cells, expected.concat());
    for cell in &read.manifest.cells {
        assert_eq!((cell.steps, &cell.stopped), (60, &StopReason::Finished));
    }
    // 3 seeds, 2 variants, 2 models, 3 skills, steps 0, 10, …, 60.
    let strengths = |model: &str| {
        let rows = read.observations.iter();
        rows.filter(|o| o.metric == "skill_strength" && o.model == model)
            .count()
    };
    assert_eq!(strengths("net"), 3 * 2 * 3 * 7);
    assert_eq!(strengths("twin"), strengths("net"));
    assert_eq!(strengths("theory"), strengths("net"));
}

#[test]
fn the_csv_table_says_the_same_as_the_stream_whatever_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(&format!(
        "{SMALL}\n[sweep.grid]\n\"models.net.activation\" = [\"relu\", \"tanh\"]\n"
    ));
    run_into(folder.path(), &loaded, 1, &Silent).unwrap();
    let rows = Run::read(folder.path()).unwrap().observations;
    let mut table = csv::Reader::from_path(folder.path().join("observations.csv")).unwrap();
    let header = [
        "run",
        "seed",
        "variant",
        "model",
        "metric",
        "index",
        "step",
        "flow_time",
        "value",
    ];
    assert_eq!(table.headers().unwrap(), header.as_slice());
    let records: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    assert!(rows.iter().all(|o| o.variant.contains([',', '"'])));
    for (record, row) in records.iter().zip(&rows) {
        let number = |field: usize| record[field].parse::<f64>().unwrap();
        assert_eq!(&record[0], "small");
        assert_eq!(
            (&record[2], &record[3]),
            (row.variant.as_str(), row.model.as_str())
        );
        assert_eq!(&record[4], row.metric);
        assert_eq!((number(1), number(5)), (row.seed as f64, row.index as f64));
        assert_eq!((number(6), number(8)), (row.step as f64, row.value));
        assert_eq!(record[7].parse().ok(), row.flow_time);
    }
}

#[test]
fn seeds_and_variants_differ() {
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), &load(&with_variants()), 1, &Silent).unwrap();
    let read = Run::read(folder.path()).unwrap();
    let last = |variant: &str, seed: u64| {
        let rows = read.observations.iter();
        rows.filter(|o| o.model == "net" && o.metric == "skill_strength")
            .find(|o| o.variant == variant && o.seed == seed && o.step == 60)
            .unwrap()
            .value
    };
    assert_ne!(last("base", 0), last("base", 1));
    assert_ne!(last("base", 0), last("tanh", 0));
}

#[test]
fn more_seeds_leave_the_rows_of_the_first_ones_alone() {
    let rows = |seeds: &str| {
        let folder = tempfile::tempdir().unwrap();
        let loaded = load_with(SMALL, &[seeds]).unwrap();
        run_into(folder.path(), &loaded, 1, &Silent).unwrap();
        Run::read(folder.path()).unwrap().observations
    };
    let of_the_first = |rows: Vec<Observation>| -> Vec<Observation> {
        rows.into_iter().filter(|o| o.seed == 0).collect()
    };
    assert_eq!(
        rows("training.seeds=1"),
        of_the_first(rows("training.seeds=2"))
    );
}

#[test]
fn a_learning_rate_that_is_far_too_large_ends_the_cell_and_keeps_its_rows() {
    let text = small_with("lr = 0.05", "lr = 1e6").replace("every = 10", "every = 1");
    let folder = tempfile::tempdir().unwrap();
    let recorded = run_silently(folder.path(), &text);
    assert!(recorded.complete, "the other cells were to go on");
    assert_eq!(recorded.manifest.cells.len(), 3);
    let rows = Run::read(folder.path()).unwrap().observations;
    for cell in &recorded.manifest.cells {
        assert!(cell.stopped.is_failure(), "{:?}", cell.stopped);
        let (StopReason::Diverged { step, .. } | StopReason::NotFinite { step, .. }) = cell.stopped
        else {
            panic!("{:?}", cell.stopped);
        };
        assert_eq!(step, cell.steps);
        assert!(step < 60);
        let kept = rows
            .iter()
            .filter(|o| o.seed == cell.seed && o.step == 0)
            .count();
        // Two models, three skills, strength and energy.
        assert_eq!(kept, 12);
        let curves = rows.iter().filter(|o| o.metric == "skill_strength");
        assert!(curves.clone().all(|o| o.value.is_finite()));
    }
}

#[test]
fn a_loss_beyond_the_limit_diverges_and_one_that_overflows_is_not_finite() {
    let base = small_with("lr = 0.05", "lr = 1e6").replace("every = 10", "every = 1");
    let stop = |divergence: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = base.replace(
            "seeds = 3",
            &format!("seeds = 1\ndivergence = {divergence}"),
        );
        let recorded = run_silently(folder.path(), &text);
        recorded.manifest.cells[0].stopped.clone()
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
    let text = small_with("lr = 0.05", "lr = 2.0\ndivergence = 1e3")
        .replace("every = 10", "every = 1")
        .replace(
            "[models.net]\nkind = \"mlp\"\nwidths = [16]",
            "[models.line]\nkind = \"linear-skills\"",
        )
        .replace("[models.twin]\nkind = \"multilinear\"\ninitial = 0.01", "");
    let text = format!(
        "{text}\n[[measure]]\nkind = \"loss\"\nschedule = {{ kind = \"linear\", every = 1 }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let recorded = run_silently(folder.path(), &text);
    let rows = Run::read(folder.path()).unwrap().observations;
    for cell in &recorded.manifest.cells {
        let losses: Vec<f64> = rows
            .iter()
            .filter(|o| o.metric == "test_loss" && o.seed == cell.seed)
            .map(|o| o.value)
            .collect();
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
    let stop = |bound: &str| {
        let text = small_with(
            "[training]",
            &format!(
                "[training]\nstop_when = {{ model = \"twin\", metric = \"skill_strength\", {bound} }}"
            ),
        );
        let text =
            format!("{text}\n[[measure]]\nkind = \"weights\"\nschedule = {{ kind = \"last\" }}\n");
        let text = text
            .replace("lr = 0.05", "lr = 0.2")
            .replace("steps = 60", "steps = 200");
        let folder = tempfile::tempdir().unwrap();
        let recorded = run_silently(folder.path(), &text);
        assert!(recorded.complete);
        let rows = Run::read(folder.path()).unwrap().observations;
        (recorded.manifest.cells, rows)
    };
    let (cells, _) = stop("above = 2.0");
    assert!(
        cells
            .iter()
            .all(|c| c.stopped == StopReason::Finished && c.steps == 200)
    );
    let (cells, rows) = stop("above = 0.5");
    for cell in &cells {
        assert_eq!(cell.stopped, StopReason::Condition { step: cell.steps });
        assert!((10..200).contains(&cell.steps) && cell.steps % 10 == 0);
        let twin = |step: u64| -> Vec<f64> {
            rows.iter()
                .filter(|o| o.seed == cell.seed && o.model == "twin" && o.step == step)
                .filter(|o| o.metric == "skill_strength")
                .map(|o| o.value)
                .collect()
        };
        assert_eq!(twin(cell.steps).len(), 3);
        assert!(twin(cell.steps).iter().all(|&value| value > 0.5));
        assert!(twin(cell.steps - 10).iter().any(|&value| value <= 0.5));
        // What is read at the end is read here.
        let norms = rows
            .iter()
            .filter(|o| o.metric == "weight_norm" && o.seed == cell.seed);
        assert!(norms.clone().count() > 0);
        assert!(norms.clone().all(|o| o.step == cell.steps));
    }
    let (cells, _) = stop("above = 0.0");
    assert!(
        cells
            .iter()
            .all(|c| c.stopped == StopReason::Condition { step: 0 })
    );
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
fn an_interrupted_run_leaves_its_rows_and_no_mark_of_completion() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(SMALL);
    // In the second of three cells: steps are reported at 16, 32 and 48.
    let observer = After::new(4);
    let recorded = run_into(folder.path(), &loaded, 1, &observer).unwrap();
    assert!(!recorded.complete);
    assert!(!folder.path().join("DONE").exists());
    let stops: Vec<_> = recorded
        .manifest
        .cells
        .iter()
        .map(|c| c.stopped.clone())
        .collect();
    assert_eq!(
        stops,
        [StopReason::Finished, StopReason::Interrupted { step: 16 }]
    );
    assert_eq!(observer.ended.load(Ordering::Relaxed), 2);
    let rows = Run::read(folder.path()).unwrap().observations;
    let steps = |seed: u64| {
        let mut steps: Vec<u64> = rows
            .iter()
            .filter(|o| o.seed == seed && o.metric == "skill_strength")
            .map(|o| o.step)
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    };
    assert_eq!(steps(0), [0, 10, 20, 30, 40, 50, 60]);
    assert_eq!(steps(1), [0, 10]);
    assert!(steps(2).is_empty());
    // Derived rows come on top of those that were streamed.
    let streamed = observer.rows.lock().unwrap();
    assert!(streamed.iter().all(|row| rows.contains(row)));
}

#[test]
fn a_run_whose_only_cell_was_interrupted_is_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load_with(SMALL, &["training.seeds=1"]).unwrap();
    let recorded = run_into(folder.path(), &loaded, 1, &After::new(1)).unwrap();
    assert_eq!(recorded.manifest.cells.len(), 1);
    assert!(!recorded.complete && !folder.path().join("DONE").exists());
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
    let grid = "[sweep.grid]\n\"training.lr\" = [0.05, 0.1]\n";
    let loaded = load(&format!("{SMALL}{grid}{CLAIMS}"));
    let recorded = run_into(folder.path(), &loaded, 1, &After::new(0)).unwrap();
    assert!(!recorded.complete && recorded.manifest.cells.is_empty());
    let claim = &recorded.verdict.claims[0];
    assert_eq!(claim.outcome.to_string(), "undecided");
    assert!(
        claim.reason.starts_with("nothing was recorded"),
        "{}",
        claim.reason
    );
}

#[test]
fn the_same_folder_can_be_run_again_and_is_complete_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(SMALL);
    run_into(folder.path(), &loaded, 1, &After::new(4)).unwrap();
    let recorded = run_into(folder.path(), &loaded, 1, &Silent).unwrap();
    assert!(recorded.complete && folder.path().join("DONE").exists());
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
        let error = run_into(&path, &load(SMALL), threads, &Remover(&path)).unwrap_err();
        assert!(matches!(error, RunError::Folder(_)), "{error:?}");
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
    let loaded = load(SMALL);
    // A run whose first cell streams to a device that is always full.
    run_into(folder.path(), &loaded, 1, &After::new(0)).unwrap();
    let (_, _, first) = &plan(&loaded, "flex", "autodiff")[0];
    let cell = folder.path().join("cells").join(first);
    fs::create_dir_all(&cell).unwrap();
    std::os::unix::fs::symlink("/dev/full", cell.join("stream.jsonl")).unwrap();
    let observer = After::new(u64::MAX);
    let error = run_into(folder.path(), &loaded, 1, &observer).unwrap_err();
    assert!(matches!(error, RunError::Folder(_)), "{error:?}");
    assert!(error.to_string().contains("stream.jsonl"), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    // The first cell ended at its first row and no other began.
    assert_eq!(observer.steps.load(Ordering::Relaxed), 0);
    assert!(!folder.path().join("DONE").exists());
    // What could not be written was not called recorded.
    assert!(observer.rows.lock().unwrap().is_empty());
    assert!(Run::read(folder.path()).unwrap().observations.is_empty());
}

#[test]
fn a_panic_in_a_cell_is_an_error_of_that_cell() {
    struct Panics;
    impl Observer for Panics {
        fn stepped(&self, _: &Variant, seed: u64, step: u64) {
            assert!((seed, step) != (1, 16), "on purpose");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let error = run_into(folder.path(), &load(SMALL), 1, &Panics).unwrap_err();
    let RunError::Panic { seed, message, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((seed, message.as_str()), (1, "on purpose"));
    let rows = Run::read(folder.path()).unwrap().observations;
    let kept: Vec<u64> = rows
        .iter()
        .filter(|o| o.seed == 1 && o.metric == "skill_strength" && o.index == 1)
        .filter(|o| o.model == "net")
        .map(|o| o.step)
        .collect();
    assert_eq!(kept, [0, 10]);
    assert!(!folder.path().join("DONE").exists());
}

#[test]
fn a_cell_that_fails_does_not_take_those_trained_with_it_along() {
    struct Panics;
    impl Observer for Panics {
        fn stepped(&self, _: &Variant, seed: u64, step: u64) {
            assert!((seed, step) != (1, 16), "on purpose");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(SMALL);
    let mut settings = settings(1);
    settings.together = Some(3);
    let error = run_as(folder.path(), &loaded, &settings, &Panics).unwrap_err();
    let RunError::Panic { seed, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(seed, 1);
    let manifest = Run::read(folder.path()).unwrap().manifest;
    let done: Vec<u64> = manifest.cells.iter().map(|cell| cell.seed).collect();
    let failed: Vec<u64> = manifest.failed.iter().map(|cell| cell.seed).collect();
    assert_eq!((done, failed), (vec![0, 2], vec![1]));
}

#[test]
fn several_conditions_end_a_cell_only_together() {
    let steps = |conditions: &str| {
        let text = small_with(
            "[training]",
            &format!("[training]\nstop_when = {conditions}"),
        );
        let folder = tempfile::tempdir().unwrap();
        let recorded = run_silently(folder.path(), &text);
        (recorded.manifest.cells.iter().map(|cell| cell.steps)).collect::<Vec<_>>()
    };
    let twin = "{ model = \"twin\", metric = \"skill_strength\", above = 0.0 }";
    let net = |bound: f64| {
        format!("{{ model = \"net\", metric = \"skill_strength\", above = {bound:?} }}")
    };
    assert_eq!(steps(twin), [0, 0, 0]);
    assert_eq!(steps(&format!("[{twin}, {}]", net(-9.0))), [0, 0, 0]);
    // The second never holds.
    assert_eq!(steps(&format!("[{twin}, {}]", net(9.0))), [60, 60, 60]);
}

#[test]
fn two_schedules_of_one_metric_record_each_step_once() {
    let text = format!(
        "{SMALL}\n[[measure]]\nkind = \"skills\"\nschedule = {{ kind = \"log\", points = 8 }}\n"
    );
    let steps = recorded_steps(&text);
    assert!(steps.contains(&50) && steps.contains(&1), "{steps:?}");
    // A condition may come at a step that one schedule has and the other has not.
    let ends = [0.0101, 0.0106, 0.011, 0.012, 0.015, 0.02].map(|bound| {
        let condition = format!(
            "[training]\nstop_when = \
             {{ model = \"twin\", metric = \"skill_strength\", above = {bound} }}"
        );
        *recorded_steps(&text.replace("[training]", &condition))
            .last()
            .unwrap()
    });
    assert!(ends.iter().any(|end| *end > 0 && *end < 10), "{ends:?}");
    assert!(ends.contains(&20) || ends.contains(&30), "{ends:?}");
}

#[test]
fn metrics_that_share_some_of_their_names_record_each_step_once() {
    let text = format!(
        "{SMALL}\n[[measure]]\nkind = \"kernel\"\nmodels = [\"net\"]\nvelocity = false\n\
         schedule = {{ kind = \"linear\", every = 20 }}\n\
         [[measure]]\nkind = \"kernel\"\nmodels = [\"net\"]\nvelocity = true\n\
         schedule = {{ kind = \"linear\", every = 30 }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    run_silently(folder.path(), &text);
    let rows = Run::read(folder.path()).unwrap().observations;
    let steps = |metric: &str| -> Vec<u64> {
        let rows = rows.iter().filter(|o| o.seed == 0 && o.metric == metric);
        rows.map(|o| o.step).collect()
    };
    assert_eq!(steps("kernel_distance"), [0, 20, 30, 40, 60]);
    assert_eq!(steps("kernel_velocity"), [30, 60]);
}

/// Steps at which the strength of one skill of one net was recorded.
fn recorded_steps(text: &str) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    run_silently(folder.path(), text);
    let rows = Run::read(folder.path()).unwrap().observations;
    let steps: Vec<u64> = rows
        .iter()
        .filter(|o| o.seed == 0 && o.model == "net" && o.index == 1)
        .filter(|o| o.metric == "skill_strength")
        .map(|o| o.step)
        .collect();
    assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    steps
}
