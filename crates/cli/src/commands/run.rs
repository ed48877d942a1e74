use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use judge::{DerivedCount, Gathered, Run as RecordedRun};
use nets::{AUTO, LearnerError, Target};
use plan::spec::Outcome;
use plan::{Options, Plan};
use record::RunFolder;
use serde_json::json;
use train::{Kinds, Provenance, Settings, Storing, check_engine, estimate};

use super::{play, print_json};
use crate::{
    args::{self, Require},
    bench::{self, peak_memory},
    external::External,
    failure::{FAILED, Failure, INTERRUPTED, NOT_SUPPORTED},
    output,
    progress::{Bar, Progress, Watch},
    shipped,
};

/// Runs an experiment.
pub(super) fn run(arguments: &args::Run, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    let external = External::read(&arguments.external)?;
    let mut changed = arguments.settings.clone();
    // Options of the user take precedence over the seeds of the files.
    if changed.training.seeds.is_none() {
        changed.training.set.splice(0..0, external.seeds()?);
    }
    if arguments.keep_weights {
        let keep = "training.keep_weights=true".to_owned();
        changed.training.set.push(keep);
    }
    let (mut plan, mut settings) = prepare(
        &arguments.experiment,
        &changed.training,
        &changed.device,
        kinds,
    )?;
    settings.storing = storing(&arguments.storing);
    external.attach(&mut plan)?;
    for note in plan.notes() {
        tell!("note: {note}");
    }
    if arguments.dry_run {
        return dry_run(&plan, &settings, kinds, json);
    }
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| default_folder(Path::new("runs"), &plan, &settings));
    let shown = (arguments.open)
        .then(|| play::watch(&plan, &settings, &out))
        .transpose()?;
    let done = execute(plan.spec.name.clone(), &plan, &settings, kinds, &out)?;
    let page = draw(&out)?;
    if let Some(shown) = shown {
        shown.end();
    }
    if json {
        print_json(&json!({
            "run": out,
            "report": page,
            "complete": done.gathered.complete,
            "reused": done.reuse(),
            "verdict": done.gathered.verdict,
            "manifest": done.gathered.manifest,
            "peak_memory_bytes": peak_memory(),
        }));
    } else {
        print_run(&done, &page);
    }
    Ok(exit_code(&done.gathered, arguments.require))
}

/// How cells that are already on the disk are treated.
pub(crate) fn storing(arguments: &args::Storing) -> Storing {
    Storing {
        checkpoint_every: Duration::from_secs_f64(arguments.checkpoint_seconds),
        fresh: arguments.fresh,
        ..Storing::default()
    }
}

/// Resolves the spec and checks device and engine, before anything is written.
pub(super) fn prepare(
    experiment: &str,
    arguments: &args::Training,
    device: &str,
    kinds: &Kinds,
) -> Result<(Plan, Settings), Failure> {
    let plan = resolve(experiment, arguments, None, kinds)?;
    let settings = on_device(&plan, arguments, ("--device", device), kinds)?;
    Ok((plan, settings))
}

/// Resolves the spec. `steps` limits the steps of all variants.
pub(super) fn resolve(
    experiment: &str,
    arguments: &args::Training,
    steps: Option<u64>,
    kinds: &Kinds,
) -> Result<Plan, Failure> {
    let options = options(arguments, steps);
    Ok(shipped::find(experiment, &options, kinds)?)
}

/// Changes to a spec by these arguments.
pub(crate) fn options(arguments: &args::Training, steps: Option<u64>) -> Options {
    let mut overrides = arguments.set.clone();
    if let Some(seeds) = arguments.seeds {
        overrides.push(format!("training.seeds={seeds}"));
    }
    match arguments.precision {
        Some(args::Precision::F32) => overrides.push("training.precision=\"f32\"".to_owned()),
        Some(args::Precision::F64) => overrides.push("training.precision=\"f64\"".to_owned()),
        None => {}
    }
    Options {
        quick: arguments.quick,
        overrides,
        steps_at_most: steps,
    }
}

/// Settings for the device in `flag`; device and engine are checked.
pub(crate) fn on_device(
    plan: &Plan,
    arguments: &args::Training,
    (flag, device): (&str, &str),
    kinds: &Kinds,
) -> Result<Settings, Failure> {
    let known = kinds.engines.names();
    if !known.contains(&arguments.engine.as_str()) {
        return Err(Failure::usage(LearnerError::UnknownEngine {
            name: arguments.engine.clone(),
            known: known.join(", "),
        }));
    }
    if arguments.threads == Some(0) {
        return Err(Failure::usage("--threads 0: must be 1 or more"));
    }
    if arguments.together == Some(0) {
        return Err(Failure::usage("--together 0: must be 1 or more"));
    }
    Target::open(device, plan.spec.training.precision)
        .map_err(|error| Failure::device(flag, &error))?;
    let settings = Settings {
        device: device.to_owned(),
        engine: arguments.engine.clone(),
        threads: arguments
            .threads
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get)),
        together: arguments.together,
        quick: arguments.quick,
        storing: Storing::default(),
    };
    // `auto` always finds an engine.
    if settings.engine != AUTO {
        check_engine(plan, &settings, &kinds.engines).map_err(Failure::usage)?;
    }
    Ok(settings)
}

pub(crate) fn default_folder(parent: &Path, plan: &Plan, settings: &Settings) -> PathBuf {
    let suffix = if settings.quick { "-quick" } else { "" };
    parent.join(format!("{}{suffix}", plan.spec.name))
}

fn dry_run(
    plan: &Plan,
    settings: &Settings,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let estimate = estimate(plan, settings, &kinds.engines)?;
    let variants: Vec<&str> = plan.variants.iter().map(|v| v.name.as_str()).collect();
    if json {
        print_json(&json!({
            "spec": plan.spec,
            "variants": variants,
            "seeds": plan.spec.training.seeds,
            "cells": estimate.cells,
            "estimated_seconds": estimate.seconds,
            "threads": settings.threads,
        }));
    } else {
        say!("{}", plan.spec.to_toml());
        tell!(
            "{} cells: {} seeds of {}\nabout {:.0} s on {} threads",
            estimate.cells,
            plan.spec.training.seeds,
            some(&variants),
            estimate.seconds,
            settings.threads
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The first few variants and how many more there are.
fn some(variants: &[&str]) -> String {
    /// As many as a reader takes in.
    const SHOWN: usize = 8;
    let shown = variants
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join("; ");
    match variants.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more variants"),
    }
}

/// Version, compiler and commit of this program.
pub(super) fn provenance() -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rustc: env!("LAYERWISE_RUSTC").to_owned(),
        commit: env!("LAYERWISE_COMMIT").to_owned(),
        machine: bench::machine_name(),
    }
}

/// Result of running an experiment.
pub(crate) struct Done {
    pub(crate) gathered: Gathered,
    /// Cells that were done before.
    pub(crate) cells_reused: usize,
}

impl Done {
    /// Number of cells that were reused, as JSON.
    fn reuse(&self) -> serde_json::Value {
        let derived = self.gathered.derived;
        json!({
            "cells": self.cells_reused,
            "cells_with_derived_numbers": derived.reused,
            "cells_derived_now": derived.computed,
        })
    }
}

/// Trains cells that are not done, derives, judges and records. The label is shown before the
/// progress bar.
pub(super) fn execute(
    label: String,
    plan: &Plan,
    settings: &Settings,
    kinds: &Kinds,
    out: &Path,
) -> Result<Done, Failure> {
    let bar = Bar::new(label, interrupt_flag()?);
    let (done, progress) = execute_watched(bar, plan, settings, kinds, out);
    progress.finish();
    done
}

/// [`execute`] for somebody who watches in another way.
pub(crate) fn execute_watched<W: Watch>(
    watch: W,
    plan: &Plan,
    settings: &Settings,
    kinds: &Kinds,
    out: &Path,
) -> (Result<Done, Failure>, Progress<W>) {
    let progress = Progress::new(watch, plan, settings);
    let identity = plan.identity(&settings.device, &settings.engine);
    let spec = &plan.spec;
    let gathered = RunFolder::open(out, &spec.name, &spec.to_toml(), &identity)
        .map_err(Failure::from)
        .and_then(|folder| {
            let engines = &kinds.engines;
            let provenance = provenance();
            let gathered = train::run(plan, settings, &provenance, engines, folder, &progress);
            gathered.map_err(Failure::from)
        });
    let done = gathered.map(|gathered| Done {
        gathered,
        cells_reused: progress.skipped_cells(),
    });
    (done, progress)
}

/// Draws the pictures of a run folder and writes its page. A picture that cannot be drawn, for
/// example because an interrupted run lacks its data, gives a warning and a note on the page.
pub(super) fn draw(out: &Path) -> Result<PathBuf, Failure> {
    draw_run(&RecordedRun::read(out)?)
}

/// [`draw`] for a run in memory.
pub(super) fn draw_run(run: &RecordedRun) -> Result<PathBuf, Failure> {
    let (page, warnings) = drawn(run)?;
    output::warn(&warnings);
    Ok(page)
}

/// Draws a run, and returns its page and warnings.
pub(crate) fn drawn(run: &RecordedRun) -> Result<(PathBuf, Vec<String>), Failure> {
    let warnings = match report::draw_pictures(run) {
        Ok(drawn) => drawn.warnings,
        Err(error) => vec![error.to_string()],
    };
    let page = run.path.join("report.html");
    report::write_page(std::slice::from_ref(run), &page)?;
    Ok((page, warnings))
}

/// Prints the verdicts of a run, where its page is, and what went wrong.
pub(super) fn print_run(done: &Done, page: &Path) {
    let manifest = &done.gathered.manifest;
    let derived = match done.gathered.derived {
        DerivedCount { computed: 0, .. } => "predictions and times unchanged",
        _ => "predictions and times derived again",
    };
    let (cells, reused) = (manifest.cells.len(), done.cells_reused);
    if reused > 0 && reused >= cells {
        say!(
            "{}: {cells} cells, all trained before; {derived}",
            manifest.name
        );
    } else {
        say!(
            "{}: {cells} cells in {:.1} s on {} threads, {:.1} % of it measuring",
            manifest.name,
            manifest.wall_seconds,
            manifest.threads,
            100.0 * manifest.measuring_share
        );
    }
    if manifest.quick {
        say!(
            "  (quick settings: this is a smoke test, and its verdicts hold for these small runs \
             only)"
        );
    }
    if (1..cells).contains(&reused) {
        say!("  ({reused} of these cells were trained before; {derived})");
    }
    say!("{}", output::verdicts(&done.gathered.verdict));
    say!("report: {}", page.display());
    /// Number of cells that are listed one by one.
    const SHOWN: usize = 20;
    let stops = output::stops(manifest);
    for line in stops.iter().take(SHOWN) {
        tell!("warning: {line}");
    }
    if let more @ 1.. = stops.len().saturating_sub(SHOWN) {
        tell!("warning: {more} more cells did not end as planned; see manifest.json");
    }
}

pub(super) fn exit_code(gathered: &Gathered, require: Option<Require>) -> ExitCode {
    let cells = &gathered.manifest.cells;
    if !gathered.complete {
        ExitCode::from(INTERRUPTED)
    } else if cells.iter().any(|cell| cell.stopped.is_failure()) {
        ExitCode::from(FAILED)
    } else if require.is_some()
        && gathered
            .verdict
            .claims
            .iter()
            .any(|claim| claim.outcome != Outcome::Supported)
    {
        ExitCode::from(NOT_SUPPORTED)
    } else {
        ExitCode::SUCCESS
    }
}

/// The flag that Ctrl-C sets. The second Ctrl-C ends the program at once.
pub(super) fn interrupt_flag() -> Result<Arc<AtomicBool>, Failure> {
    interrupt_flag_saying("stopping; what was recorded is kept (Ctrl-C again to stop at once)")
}

/// [`interrupt_flag`] with the words with which the first Ctrl-C is answered.
pub(super) fn interrupt_flag_saying(words: &'static str) -> Result<Arc<AtomicBool>, Failure> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::clone(FLAG.get_or_init(|| Arc::new(AtomicBool::new(false))));
    let seen = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        tell!("{words}");
    })
    .map_err(|error| Failure::run(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(flag)
}
