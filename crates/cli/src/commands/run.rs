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

use lab::{
    Kinds,
    record::{Run as RecordedRun, RunFolder},
    run::{Cell, Provenance, Recorded, Settings, Storing, estimate, run_identity},
    spec::{Loaded, Options, Outcome},
};
use nets::{ENGINES, LearnerError, Target};
use serde_json::json;

use super::print_json;
use crate::{
    args::{self, Require},
    bench::peak_memory,
    failure::{FAILED, Failure, INTERRUPTED, NOT_SUPPORTED},
    output,
    own::Given,
    progress::Progress,
    shipped,
};

/// Runs an experiment.
pub(super) fn run(arguments: &args::Run, json: bool) -> Result<ExitCode, Failure> {
    let kinds = Kinds::default();
    let own = Given::read(&arguments.own)?;
    let mut changed = arguments.settings.clone();
    // What the user writes has the last word.
    if changed.training.seeds.is_none() {
        changed.training.set.splice(0..0, own.seeds()?);
    }
    if arguments.keep_weights {
        let keep = "training.keep_weights=true".to_owned();
        changed.training.set.push(keep);
    }
    let (mut loaded, mut settings) = prepare(
        &arguments.experiment,
        &changed.training,
        &changed.device,
        &kinds,
    )?;
    settings.storing = storing(&arguments.storing);
    own.attach(&mut loaded, &kinds)?;
    if arguments.dry_run {
        return dry_run(&loaded, &settings, &kinds, json);
    }
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| default_folder(Path::new("runs"), &loaded, &settings));
    if arguments.storing.resume && !RunFolder::is_begun(&out) {
        return Err(Failure::usage(format!(
            "{}: holds no run to go on with. Leave --resume out to begin one",
            out.display()
        )));
    }
    let recorded = execute(&loaded, &settings, &kinds, &out)?;
    let page = draw(&out)?;
    if json {
        print_json(&json!({
            "run": out,
            "report": page,
            "complete": recorded.complete,
            "verdict": recorded.verdict,
            "manifest": recorded.manifest,
            "peak_memory_bytes": peak_memory(),
        }));
    } else {
        print_run(&recorded, &page);
    }
    Ok(exit_code(&recorded, arguments.require))
}

/// What is done about cells that are on the disk.
pub(super) fn storing(arguments: &args::Storing) -> Storing {
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
) -> Result<(Loaded, Settings), Failure> {
    let loaded = resolve(experiment, arguments, None, kinds)?;
    let settings = on_device(&loaded, arguments, ("--device", device), kinds)?;
    Ok((loaded, settings))
}

/// Resolves the spec. `steps` limits those of all variants.
pub(super) fn resolve(
    experiment: &str,
    arguments: &args::Training,
    steps: Option<u64>,
    kinds: &Kinds,
) -> Result<Loaded, Failure> {
    let mut overrides = arguments.set.clone();
    if let Some(seeds) = arguments.seeds {
        overrides.push(format!("training.seeds={seeds}"));
    }
    match arguments.precision {
        Some(args::Precision::F32) => overrides.push("training.precision=\"f32\"".to_owned()),
        Some(args::Precision::F64) => overrides.push("training.precision=\"f64\"".to_owned()),
        None => {}
    }
    let options = Options {
        quick: arguments.quick,
        overrides,
        steps_at_most: steps,
    };
    Ok(shipped::find(experiment, &options, kinds)?)
}

/// Settings for a device, which `flag` asked for; device and engine are checked.
pub(super) fn on_device(
    loaded: &Loaded,
    arguments: &args::Training,
    (flag, device): (&str, &str),
    kinds: &Kinds,
) -> Result<Settings, Failure> {
    if !ENGINES.iter().any(|(name, _)| *name == arguments.engine) {
        return Err(Failure::usage(LearnerError::UnknownEngine(
            arguments.engine.clone(),
        )));
    }
    if arguments.threads == Some(0) {
        return Err(Failure::usage("--threads 0: must be 1 or more"));
    }
    if arguments.together == Some(0) {
        return Err(Failure::usage("--together 0: must be 1 or more"));
    }
    let target = Target::open(device, loaded.spec.training.precision)
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
    if settings.engine == "host" && !target.is_host() {
        return Err(Failure::usage(format!(
            "--engine host: computes on the CPU, and {device} does not. Use --engine auto"
        )));
    }
    // What `host` lacks are single models, which fail alone.
    if settings.engine == "moments" {
        for variant in &loaded.variants {
            let cell = Cell {
                variant,
                seed: loaded.spec.training.first_seed,
                engine: &settings.engine,
                target: &target,
                kinds,
            };
            cell.check().map_err(Failure::usage)?;
        }
    }
    Ok(settings)
}

pub(super) fn default_folder(parent: &Path, loaded: &Loaded, settings: &Settings) -> PathBuf {
    let suffix = if settings.quick { "-quick" } else { "" };
    parent.join(format!("{}{suffix}", loaded.spec.name))
}

fn dry_run(
    loaded: &Loaded,
    settings: &Settings,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let estimate = estimate(loaded, settings, kinds)?;
    let variants: Vec<&str> = loaded.variants.iter().map(|v| v.name.as_str()).collect();
    if json {
        print_json(&json!({
            "spec": loaded.spec,
            "variants": variants,
            "seeds": loaded.spec.training.seeds,
            "cells": estimate.cells,
            "estimated_seconds": estimate.seconds,
            "threads": settings.threads,
        }));
    } else {
        say!("{}", loaded.spec.to_toml());
        eprintln!(
            "{} cells: {} seeds of {}\nabout {:.0} s on {} threads",
            estimate.cells,
            loaded.spec.training.seeds,
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

/// Trains, records and judges.
pub(super) fn execute(
    loaded: &Loaded,
    settings: &Settings,
    kinds: &Kinds,
    out: &Path,
) -> Result<Recorded, Failure> {
    execute_as(loaded.spec.name.clone(), loaded, settings, kinds, out)
}

/// What this program is.
pub(super) fn provenance() -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rustc: env!("LAYERWISE_RUSTC").to_owned(),
        commit: env!("LAYERWISE_COMMIT").to_owned(),
    }
}

/// [`execute`] with a label of its own in front of the bar.
pub(super) fn execute_as(
    label: String,
    loaded: &Loaded,
    settings: &Settings,
    kinds: &Kinds,
    out: &Path,
) -> Result<Recorded, Failure> {
    let interrupted = interrupt_flag()?;
    let identity = run_identity(loaded, &settings.device, &settings.engine);
    let folder = RunFolder::open(out, &loaded.spec, &identity)?;
    let provenance = provenance();
    let progress = Progress::new(label, loaded, settings, interrupted);
    let result = lab::run::run(loaded, settings, &provenance, kinds, folder, &progress);
    progress.finish();
    Ok(result?)
}

/// Draws the pictures of a run folder and writes its page. A picture that cannot be drawn (an
/// interrupted run may lack its data) is a warning, and the page says so, too.
pub(super) fn draw(out: &Path) -> Result<PathBuf, Failure> {
    draw_run(&RecordedRun::read(out)?)
}

/// [`draw`] for a run that was read.
pub(super) fn draw_run(run: &RecordedRun) -> Result<PathBuf, Failure> {
    if let Err(error) = report::draw_pictures(run) {
        eprintln!("warning: {error}");
    }
    let page = run.path.join("report.html");
    report::write_page(std::slice::from_ref(run), &page)?;
    Ok(page)
}

/// Prints the verdicts of a run, where its page is, and what went wrong.
pub(super) fn print_run(recorded: &Recorded, page: &Path) {
    let manifest = &recorded.manifest;
    say!(
        "{}: {} cells in {:.1} s on {} threads, {:.1} % of it measuring",
        manifest.name,
        manifest.cells.len(),
        manifest.wall_seconds,
        manifest.threads,
        100.0 * manifest.measuring_share
    );
    if manifest.quick {
        say!("  (quick settings: a smoke test; its verdicts are about these small runs only)");
    }
    say!("{}", output::verdicts(&recorded.verdict));
    say!("report: {}", page.display());
    /// Cells that a reader wants to see one by one.
    const SHOWN: usize = 20;
    let stops = output::stops(manifest);
    for line in stops.iter().take(SHOWN) {
        eprintln!("warning: {line}");
    }
    if let more @ 1.. = stops.len().saturating_sub(SHOWN) {
        eprintln!("warning: {more} more cells did not end as planned; see manifest.json");
    }
}

pub(super) fn exit_code(recorded: &Recorded, require: Option<Require>) -> ExitCode {
    let cells = &recorded.manifest.cells;
    if !recorded.complete {
        ExitCode::from(INTERRUPTED)
    } else if cells.iter().any(|cell| cell.stopped.is_failure()) {
        ExitCode::from(FAILED)
    } else if require.is_some()
        && recorded
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
        eprintln!("stopping; what was recorded is kept (Ctrl-C again to stop at once)");
    })
    .map_err(|error| Failure::run(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(flag)
}
