//! A run that is interrupted and continued leaves the same files as one that was not.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use judge::Run;
use layerwise_train::{Observer, Provenance, Settings};
use plan::Variant;
use record::{CellState, CellStore, RunFolder};

use crate::{
    runs::{on, run_by, run_from, run_into},
    specs::{SMALL, load, load_with, small_with},
};

/// Stops after so many reports of all cells together, and notes what happened.
#[derive(Default)]
struct Watch {
    limit: Option<u64>,
    reports: AtomicU64,
    begun: Mutex<Vec<(String, u64, u64)>>,
    skipped: AtomicU64,
    warnings: Mutex<Vec<String>>,
    /// Where the first cell waits for the first cell of another run.
    meet: Option<Arc<Barrier>>,
}

impl Watch {
    fn stop_after(limit: u64) -> Self {
        Self {
            limit: Some(limit),
            ..Self::default()
        }
    }

    /// Steps at which cells began.
    fn begun(&self) -> Vec<u64> {
        let begun = self.begun.lock().unwrap();
        begun.iter().map(|(.., step)| *step).collect()
    }

    fn warnings(&self) -> String {
        self.warnings.lock().unwrap().join("\n")
    }
}

impl Observer for Watch {
    fn started(&self, variant: &Variant, seed: u64, step: u64) {
        let name = variant.name.clone();
        let mut begun = self.begun.lock().unwrap();
        begun.push((name, seed, step));
        if let (1, Some(meet)) = (begun.len(), &self.meet) {
            meet.wait();
        }
    }

    fn stepped(&self, _: &Variant, _: u64, _: u64) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    fn skipped(&self, _: &Variant, _: u64) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    fn warned(&self, warning: &str) {
        self.warnings.lock().unwrap().push(warning.to_owned());
    }

    fn interrupted(&self) -> bool {
        let reports = self.reports.load(Ordering::Relaxed);
        self.limit.is_some_and(|limit| reports >= limit)
    }
}

/// The files of a run, without times.
fn files(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names = vec![run.join("observations.csv"), run.join("observations.jsonl")];
    let cells = fs::read_dir(run.join("cells")).unwrap();
    names.extend(cells.map(|cell| cell.unwrap().path().join("observations.jsonl")));
    if let Ok(weights) = fs::read_dir(run.join("weights")) {
        names.extend(weights.map(|file| file.unwrap().path()));
    }
    names.sort();
    let name = |path: &PathBuf| path.strip_prefix(run).unwrap().display().to_string();
    names
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()))
        .collect()
}

fn same_files(found: &Path, expected: &Path) {
    let (found, expected) = (files(found), files(expected));
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&found), names(&expected));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert!(found == expected, "{name} differs");
    }
}

/// Only the files of a finished cell.
fn is_tidy(run: &Path) {
    for cell in fs::read_dir(run.join("cells")).unwrap() {
        let entries = fs::read_dir(cell.unwrap().path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        let expected = [
            "derived.json",
            "derived.jsonl",
            "lock",
            "observations.jsonl",
            "result.json",
        ];
        assert_eq!(names, expected);
    }
}

/// Interrupts a run again and again, and compares its result with that of an uninterrupted run.
fn check(text: &str, overrides: &[&str], settings: &Settings, reports: u64) {
    let mut overrides = overrides.to_vec();
    overrides.push("training.keep_weights=true");
    let plan = load_with(text, &overrides).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    run_into(&whole, &plan, settings, &Watch::default()).unwrap();
    let mut calls = 0;
    let mut later = 0;
    loop {
        let watch = Watch::stop_after(reports);
        let recorded = run_into(&pieces, &plan, settings, &watch).unwrap();
        assert_eq!(watch.warnings(), "");
        later += watch.begun().iter().filter(|&&step| step > 0).count();
        calls += 1;
        if recorded.complete {
            break;
        }
        assert!(calls < 1000, "it never ends");
    }
    assert!(calls > 2 && later > 1, "{calls} calls, {later} went on");
    same_files(&pieces, &whole);
    is_tidy(&pieces);
}

#[test]
fn a_run_in_pieces_leaves_the_bytes_of_a_run_that_went_through() {
    check(SMALL, &[], &on("auto"), 2);
    // Checkpoints between the interruptions change nothing.
    let mut often = on("auto");
    often.storing.checkpoint_every = Duration::ZERO;
    check(SMALL, &[], &often, 2);
}

#[test]
fn every_stream_of_rows_continues_at_its_position() {
    for data in [
        "{ mode = 'fixed', size = 70, order = 'epochs', batch = 20 }",
        "{ mode = 'fixed', size = 70, order = 'replacement', batch = 20 }",
        "{ mode = 'fixed', size = 70, order = 'full-batch' }",
    ] {
        let data = format!("task.data={data}");
        check(SMALL, &[&data], &on("auto"), 2);
    }
}

#[test]
fn every_optimizer_continues_from_its_state() {
    for optimizer in [
        "{ kind = 'sgd', momentum = 0.9, dampening = 0.1, weight_decay = 0.01 }",
        "{ kind = 'sgd', momentum = 0.9, nesterov = true }",
        "{ kind = 'adam', weight_decay = 0.01 }",
        "{ kind = 'adam', weight_decay = 0.01, decay = 'decoupled' }",
    ] {
        for engine in ["auto", "autodiff"] {
            let settings = on(engine);
            let optimizer = format!("training.optimizer={optimizer}");
            let schedule = "training.schedule={ kind = 'cosine' }";
            check(SMALL, &[&optimizer, schedule], &settings, 3);
        }
    }
}

/// A model with parameters of its own for every row.
const CLASSES: &str = r#"
name = "classes"
title = "t"
summary = "s"
source = "none"
minutes = 0.1

[task]
kind = "class-labels"
per_class = [9, 9, 9, 9]

[models.free]
kind = "unconstrained-features"
width = 6
init = { kind = "normal", std = 0.3 }

[training]
seeds = 2
steps = 100
lr = 0.05
optimizer = { kind = "sgd", momentum = 0.9 }

[[measure]]
kind = "loss"
schedule = { kind = "linear", every = 10 }
"#;

#[test]
fn features_of_rows_go_on() {
    check(CLASSES, &[], &on("auto"), 2);
}

#[test]
fn metrics_continue_from_their_state() {
    // The velocity of the kernel compares with the step at which it was read before.
    let text = format!(
        "{SMALL}\n[[measure]]\nkind = 'kernel'\nvelocity = true\nmodels = ['net']\n\
         schedule = {{ kind = 'linear', every = 15 }}\n"
    );
    check(&text, &[], &on("auto"), 2);
}

#[test]
fn layers_that_froze_when_a_condition_held_stay_frozen() {
    // At the first records of seeds the condition does not hold yet, and later it may hold no longer.
    for layer in [1, 2] {
        let freeze = format!(
            "=[{{ layer = {layer}, when = {{ metric = 'skill_strength', above = -0.4, below = 0.5 }} }}]"
        );
        let (net, twin) = (
            format!("models.net.freeze{freeze}"),
            format!("models.twin.freeze{freeze}"),
        );
        for engine in ["auto", "autodiff"] {
            check(SMALL, &[&net, &twin], &on(engine), 2);
        }
    }
}

#[test]
fn cells_that_are_stepped_together_go_on_together() {
    let mut settings = on("autodiff");
    settings.together = Some(3);
    let text = format!(
        "{SMALL}\n[[measure]]\nkind = 'loss'\nschedule = {{ kind = 'linear', every = 4 }}\n"
    );
    let grid = "sweep.grid={ 'training.lr' = [0.05, 0.07] }";
    // Weights would be kept one cell at a time.
    let plan = load_with(&text, &[grid]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    run_into(&whole, &plan, &settings, &Watch::default()).unwrap();
    let mut steps = Vec::new();
    loop {
        let watch = Watch::stop_after(4);
        let recorded = run_into(&pieces, &plan, &settings, &watch).unwrap();
        steps.push(watch.begun());
        if recorded.complete {
            break;
        }
    }
    assert!(
        steps.iter().any(|begun| begun.starts_with(&[32, 32, 32])),
        "{steps:?}"
    );
    same_files(&pieces, &whole);
}

#[test]
fn a_cell_that_stops_early_in_a_batch_stays_as_it_was() {
    let mut settings = on("autodiff");
    settings.together = Some(3);
    settings.storing.checkpoint_every = Duration::ZERO;
    let condition = "training.stop_when={ model = 'twin', metric = 'skill_strength', above = 0.1 }";
    let rates = "sweep.grid={ 'training.lr' = [0.04, 0.01, 0.02] }";
    let overrides = [condition, rates, "training.steps=4000", "training.seeds=1"];
    let plan = load_with(SMALL, &overrides).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    let recorded = run_into(&whole, &plan, &settings, &Watch::default()).unwrap();
    let cells = recorded.manifest.cells.iter();
    let mut ends: Vec<u64> = cells.map(|cell| cell.steps).collect();
    ends.sort_unstable();
    assert!(ends[0] + 64 < ends[1] && ends[2] < 4000, "{ends:?}");
    // When the first has stopped and the others go on: it reports no more.
    let reports = 3 * (ends[0] / 16) + 4;
    let recorded = run_into(&pieces, &plan, &settings, &Watch::stop_after(reports)).unwrap();
    assert!(!recorded.complete);
    run_into(&pieces, &plan, &settings, &Watch::default()).unwrap();
    same_files(&pieces, &whole);
}

#[test]
fn finished_cells_are_not_trained_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |seeds: &str, set: &dyn Fn(&mut Settings)| {
        let mut settings = on("auto");
        set(&mut settings);
        let plan = load_with(SMALL, &[seeds]).unwrap();
        let watch = Watch::default();
        run_into(folder.path(), &plan, &settings, &watch).unwrap();
        let skipped = watch.skipped.load(Ordering::Relaxed);
        (watch.begun().len(), skipped as usize)
    };
    let same = |_: &mut Settings| ();
    assert_eq!(run("training.seeds=3", &same), (3, 0));
    let wall = || Run::read(folder.path()).unwrap().manifest.wall_seconds;
    let before = wall();
    assert_eq!(run("training.seeds=3", &same), (0, 3));
    assert_eq!(wall(), before, "the time that it took to train");
    assert_eq!(run("training.seeds=5", &same), (2, 3));
    assert_eq!(run("training.seeds=2", &same), (0, 2));
    assert_eq!(Run::read(folder.path()).unwrap().manifest.cells.len(), 2);
    assert_eq!(run("training.seeds=2", &|s| s.storing.fresh = true), (2, 0));
}

#[test]
fn a_run_names_the_machines_that_trained_its_cells() {
    let folder = tempfile::tempdir().unwrap();
    let machines = |machine: &str, commit: &str, seeds: &str| {
        let provenance = Provenance {
            commit: commit.to_owned(),
            machine: machine.to_owned(),
            ..Provenance::default()
        };
        let mut settings = on("auto");
        settings.storing.same_build = true;
        let plan = load_with(SMALL, &[seeds]).unwrap();
        let watch = Watch::default();
        let gathered = run_from(&provenance, folder.path(), &plan, &settings, &watch).unwrap();
        gathered.manifest.machines
    };
    assert_eq!(machines("first", "a", "training.seeds=2"), ["first"]);
    // A machine that only reads what is there trained nothing.
    assert_eq!(machines("second", "a", "training.seeds=2"), ["first"]);
    let both = ["first", "second"];
    assert_eq!(machines("second", "a", "training.seeds=3"), both);
    // Another build trains all of it again.
    assert_eq!(machines("third", "b", "training.seeds=3"), ["third"]);
}

#[test]
fn training_fewer_seeds_afresh_leaves_the_weights_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let run = |seeds: u64, fresh: bool| {
        let mut settings = on("auto");
        settings.storing.fresh = fresh;
        let seeds = format!("training.seeds={seeds}");
        let plan = load_with(SMALL, &[&seeds, "training.keep_weights=true"]).unwrap();
        let watch = Watch::default();
        run_into(folder.path(), &plan, &settings, &watch).unwrap();
        watch.begun().len()
    };
    let weights = |seed: u64| {
        let name = format!("weights/base-seed-{seed}-net-final.safetensors");
        fs::metadata(folder.path().join(name)).and_then(|file| file.modified())
    };
    assert_eq!(run(3, false), 3);
    let before = [0, 2].map(|seed| weights(seed).unwrap());
    assert_eq!(run(2, true), 2);
    assert!(weights(0).unwrap() > before[0], "made again");
    assert_eq!(weights(2).unwrap(), before[1], "left alone");
    // The third cell is unchanged, so that no cell needs training.
    assert_eq!(run(3, false), 0);
}

#[test]
fn a_sweep_may_grow_and_other_training_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grid = |values: &str| format!("{SMALL}\n[sweep.grid]\n'training.lr' = {values}\n");
    let watch = Watch::default();
    run_into(
        folder.path(),
        &load(&grid("[0.05, 0.1]")),
        &on("auto"),
        &watch,
    )
    .unwrap();
    assert_eq!(watch.begun().len(), 6);
    let watch = Watch::default();
    run_into(
        folder.path(),
        &load(&grid("[0.1, 0.2]")),
        &on("auto"),
        &watch,
    )
    .unwrap();
    assert_eq!((watch.begun().len(), watch.skipped.into_inner()), (3, 3));
    let variants: Vec<String> = Run::read(folder.path())
        .unwrap()
        .manifest
        .variants
        .iter()
        .map(|variant| variant.name.clone())
        .collect();
    assert_eq!(variants, ["base,training.lr=0.1", "base,training.lr=0.2"]);
    let other = load(&small_with("batch = 20", "batch = 30"));
    let (identity, text) = (other.identity("flex", "auto"), other.spec.to_toml());
    let error = RunFolder::open(folder.path(), &other.spec.name, &text, &identity).unwrap_err();
    assert!(
        error.to_string().contains("with other training settings"),
        "{error}"
    );
}

#[test]
fn damage_is_named_and_the_cell_is_trained_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let plan = load(SMALL);
    let whole = tempfile::tempdir().unwrap();
    run_into(whole.path(), &plan, &on("auto"), &Watch::default()).unwrap();
    let first = &plan.cells("flex", "auto")[0].id;
    let cell = path.join("cells").join(first);
    // Of a cell that is done.
    for name in ["result.json", "observations.jsonl"] {
        run_into(path, &plan, &on("auto"), &Watch::default()).unwrap();
        let mut bytes = fs::read(cell.join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(cell.join(name), &bytes).unwrap();
        let state = CellStore::of(path).state(first);
        assert!(
            matches!(&state, CellState::Damaged { problem } if problem.contains(name)),
            "{state:?}"
        );
        let watch = Watch::default();
        run_into(path, &plan, &on("auto"), &watch).unwrap();
        assert_eq!(watch.begun(), [0]);
        assert!(watch.warnings().contains(name), "{}", watch.warnings());
        same_files(path, whole.path());
    }
    // Of one that was interrupted.
    for name in [
        "checkpoint.json",
        "checkpoint-16.safetensors",
        "stream.jsonl",
    ] {
        let mut fresh = on("auto");
        fresh.storing.fresh = true;
        run_into(path, &plan, &fresh, &Watch::stop_after(1)).unwrap();
        let state = CellStore::of(path).state(first);
        assert_eq!(state, CellState::Interrupted { step: 16 });
        let mut bytes = fs::read(cell.join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(cell.join(name), &bytes).unwrap();
        let watch = Watch::default();
        run_into(path, &plan, &on("auto"), &watch).unwrap();
        assert_eq!(watch.begun(), [0, 0, 0]);
        assert!(watch.warnings().contains(name), "{}", watch.warnings());
        same_files(path, whole.path());
    }
}

#[test]
fn another_build_is_noted_and_restarts_unfinished_cells_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let plan = load(SMALL);
    let by = |commit: &str, watch: &Watch, same_build: bool| {
        let mut settings = on("auto");
        settings.storing.same_build = same_build;
        run_by(commit, folder.path(), &plan, &settings, watch).unwrap()
    };
    // One cell is done, and one begun.
    by("old", &Watch::stop_after(4), false);
    let watch = Watch::default();
    let recorded = by("new", &watch, false);
    assert_eq!(watch.begun(), [0, 0]);
    let warnings = watch.warnings();
    assert!(
        warnings.contains("was begun by another build"),
        "{warnings}"
    );
    assert!(
        warnings.contains("1 of 3 cells were trained by another build"),
        "{warnings}"
    );
    assert_eq!(recorded.manifest.builds.len(), 2);
    let watch = Watch::default();
    let recorded = by("new", &watch, true);
    assert_eq!(
        (watch.begun(), recorded.manifest.builds.len()),
        (vec![0], 0)
    );
}

#[test]
fn two_runs_in_one_folder_train_each_cell_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let plan = load_with(SMALL, &["training.seeds=12", "training.steps=400"]).unwrap();
    // Both have begun one before either goes on, or one might do everything.
    let meet = Arc::new(Barrier::new(2));
    let watches = [(), ()].map(|()| Watch {
        meet: Some(Arc::clone(&meet)),
        ..Watch::default()
    });
    std::thread::scope(|scope| {
        for watch in &watches {
            let plan = &plan;
            scope.spawn(move || {
                let recorded = run_into(path, plan, &on("auto"), watch).unwrap();
                assert!(recorded.complete && recorded.manifest.cells.len() == 12);
            });
        }
    });
    let mut seeds: Vec<u64> = watches
        .iter()
        .flat_map(|watch| watch.begun.lock().unwrap().clone())
        .map(|(_, seed, _)| seed)
        .collect();
    assert!(
        watches.iter().all(|watch| !watch.begun().is_empty()),
        "both worked"
    );
    seeds.sort_unstable();
    assert_eq!(seeds, (0..12).collect::<Vec<_>>());
    is_tidy(path);
}

#[test]
fn two_runs_that_want_cells_trained_again_train_each_once() {
    /// Both begin at the same moment, and often enough that they meet between two checks of a cell.
    const TIMES: usize = 20;
    let plan = load_with(SMALL, &["training.seeds=6", "training.steps=10"]).unwrap();
    for time in 0..TIMES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let by = |commit: &str, watch: &Watch| {
            let mut settings = on("auto");
            settings.storing.same_build = true;
            run_by(commit, path, &plan, &settings, watch).unwrap()
        };
        by("old", &Watch::default());
        let watches = [Watch::default(), Watch::default()];
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            for watch in &watches {
                let (by, start) = (&by, &start);
                scope.spawn(move || {
                    start.wait();
                    assert!(by("new", watch).complete);
                });
            }
        });
        let begun: usize = watches.iter().map(|watch| watch.begun().len()).sum();
        assert_eq!(begun, 6, "time {time}");
    }
}

#[test]
fn shards_are_parts_of_the_plan() {
    let folder = tempfile::tempdir().unwrap();
    let plan = load(SMALL);
    let mut begun = Vec::new();
    for remainder in 0..2 {
        let mut settings = on("auto");
        settings.storing.shard = Some((remainder, 2));
        let watch = Watch::default();
        let recorded = run_into(folder.path(), &plan, &settings, &watch).unwrap();
        begun.push(watch.begun().len());
        assert_eq!(recorded.complete, remainder == 1);
    }
    assert_eq!(begun, [2, 1]);
}
