use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use judge::{Parity, Run};
use plan::Plan;
use record::{Manifest, write_atomically};
use serde_json::json;
use train::Kinds;

use super::{
    print_json,
    run::{draw_run, execute, on_device, resolve},
};
use crate::{
    args,
    failure::{FAILED, Failure, INTERRUPTED},
    output,
};

/// Two devices, side by side.
struct Pair {
    device: String,
    parity: Parity,
}

/// Trains one spec on several devices and compares what they recorded.
pub(super) fn parity(
    arguments: &args::Parity,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let devices = &arguments.devices;
    check_devices(arguments)?;
    let training = &arguments.training;
    let plan = resolve(&arguments.experiment, training, arguments.steps, kinds)?;
    // All devices are opened before training starts.
    let on = |device: &String| on_device(&plan, training, ("--devices", device), kinds);
    let settings = devices.iter().map(on).collect::<Result<Vec<_>, _>>()?;
    let out = (arguments.out.clone()).unwrap_or_else(|| default_folder(&plan, training));
    let mut runs = Vec::new();
    for settings in &settings {
        let folder = out.join(settings.device.replace(':', "-"));
        let label = format!("{} on {}", plan.spec.name, settings.device);
        // Only cells of this build count, so that devices are compared and not versions of the
        // program.
        let mut settings = settings.clone();
        settings.storing.same_build = true;
        let done = execute(label, &plan, &settings, kinds, &folder)?;
        if !done.gathered.complete {
            return Ok(ExitCode::from(INTERRUPTED));
        }
        let run = Run::read(&folder)?;
        draw_run(&run)?;
        runs.push(run);
    }
    let (reference, others) = runs.split_first().expect("there are two devices");
    let pairs: Vec<Pair> = (devices.iter().skip(1).zip(others))
        .map(|(device, other)| Pair {
            device: device.clone(),
            parity: judge::parity(reference, other, arguments.tolerance),
        })
        .collect();
    let document = document(arguments, &plan, &runs, &pairs);
    let path = out.join("parity.json");
    write_atomically(&path, format!("{document:#}\n").as_bytes())
        .map_err(|error| Failure::run(format!("{}: cannot be written: {error}", path.display())))?;
    if json {
        print_json(&document);
    } else {
        print(arguments, &runs, &pairs, &path);
    }
    Ok(if is_as_it_must_be(&runs, &pairs, arguments.until) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// Whether no cell failed on any device, and the devices agree until the step in --until.
fn is_as_it_must_be(runs: &[Run], pairs: &[Pair], until: Option<u64>) -> bool {
    let fails = |run: &Run| {
        run.manifest
            .cells
            .iter()
            .any(|cell| cell.stopped.is_failure())
    };
    let agrees = |pair: &Pair| until.is_none_or(|until| pair.parity.agrees_until(until));
    !runs.iter().any(fails) && pairs.iter().all(agrees)
}

fn check_devices(arguments: &args::Parity) -> Result<(), Failure> {
    let devices = &arguments.devices;
    if devices.len() < 2 {
        return Err(Failure::usage(format!(
            "--devices {}: must name at least two devices. Write for example --devices flex,wgpu",
            devices.join(",")
        )));
    }
    for (place, device) in devices.iter().enumerate() {
        if devices[..place].contains(device) {
            let all = devices.join(",");
            return Err(Failure::usage(format!(
                "--devices {all}: names {device} twice. Name each device once"
            )));
        }
    }
    if arguments.tolerance.is_finite() && arguments.tolerance > 0.0 {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--tolerance {}: must be a positive number. Write for example 0.001",
        arguments.tolerance
    )))
}

fn default_folder(plan: &Plan, training: &args::Training) -> PathBuf {
    let suffix = if training.quick { "-quick" } else { "" };
    Path::new("runs").join(format!("{}-parity{suffix}", plan.spec.name))
}

fn document(
    arguments: &args::Parity,
    plan: &Plan,
    runs: &[Run],
    pairs: &[Pair],
) -> serde_json::Value {
    let devices = runs.iter().map(|run| {
        json!({
            "device": run.manifest.device,
            "adapter": run.manifest.adapter,
            "wall_seconds": run.manifest.wall_seconds,
            "engines": run.manifest.engines,
            "stopped": output::stops(&run.manifest),
            "verdict": run.verdict,
        })
    });
    let pairs = pairs.iter().map(|pair| {
        json!({
            "reference": runs[0].manifest.device,
            "device": pair.device,
            "parts_at": pair.parity.parts_at,
            "metrics": pair.parity.metrics,
            "claims": pair.parity.claims,
            "verdict_changes": pair.parity.changes,
        })
    });
    json!({
        "name": plan.spec.name,
        "tolerance": arguments.tolerance,
        "steps": plan.spec.training.steps,
        "engine": arguments.training.engine,
        "devices": devices.collect::<Vec<_>>(),
        "pairs": pairs.collect::<Vec<_>>(),
    })
}

/// The engine of each model: `host: net, twin`.
fn engines(manifest: &Manifest) -> String {
    let mut models: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (model, engine) in &manifest.engines {
        models.entry(engine).or_default().push(model);
    }
    let engines = models.iter();
    let engines = engines.map(|(engine, models)| format!("{engine}: {}", models.join(", ")));
    engines.collect::<Vec<_>>().join("; ")
}

fn print(arguments: &args::Parity, runs: &[Run], pairs: &[Pair], path: &Path) {
    for run in runs {
        let manifest = &run.manifest;
        let adapter = manifest.adapter.as_deref().unwrap_or("CPU");
        let cells = manifest.cells.len();
        let seconds = manifest.wall_seconds;
        say!(
            "{:<9} {cells} cells in {seconds:.1} s ({adapter}; {})",
            manifest.device,
            engines(manifest)
        );
        for line in output::stops(manifest) {
            say!("{:<9} {line}", "");
        }
    }
    for Pair { device, parity } in pairs {
        let reference = &runs[0].manifest.device;
        let tolerance = arguments.tolerance;
        say!("\n{device} against {reference}, relative to the size of each metric");
        say!(
            "{:<14} {:<22} {:>17} {:>10} {:>10} {:>8}",
            "model",
            "metric",
            format!("diverges (>{tolerance:.0e})"),
            "largest",
            "at end",
            "missing"
        );
        for metric in &parity.metrics {
            let diverges = match metric.parts_at {
                Some(step) => format!("step {step}"),
                None => "never".to_owned(),
            };
            say!(
                "{:<14} {:<22} {diverges:>17} {:>10.1e} {:>10.1e} {:>8}",
                metric.model,
                metric.metric,
                metric.largest,
                metric.last,
                metric.missing
            );
        }
        match parity.parts_at {
            None => say!("models: no divergence until the end"),
            Some(step) => say!("models diverge at step {step}"),
        }
        match &parity.changes[..] {
            [] => say!("verdicts: the same for all claims ({})", parity.claims),
            changes => {
                for change in changes {
                    say!(
                        "verdict of {} changes: {} on {reference}, {} on {device}",
                        change.claim,
                        change.reference,
                        change.other
                    );
                }
            }
        }
    }
    say!("\n{}", path.display());
}
