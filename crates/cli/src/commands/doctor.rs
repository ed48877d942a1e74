use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
};

use lab::{
    Kinds,
    parity::{Parity, parity as compare},
    record::Run,
    run::{Settings, estimate},
    spec::Loaded,
};
use nets::{BACKENDS, LearnerError, Precision, References, Target};
use serde_json::json;

use super::{
    print_json,
    run::{execute_as, prepare},
};
use crate::{
    args,
    failure::{FAILED, Failure, INTERRUPTED},
};

/// Relative difference to PyTorch's losses over 1,000 steps in f64: what the curves allow between
/// independent programs (rounding alone gives 4e-15).
const SAME_F64: f64 = 1e-9;
/// In f32 over 100 steps: rounding of 1e-7 a step.
const SAME_F32: f64 = 1e-4;
/// Steps of it.
const STEPS_F32: u64 = 100;
/// Members stepped together and alone differ by rounding; relative to the largest number.
const TOGETHER_F32: f64 = 1e-4;
const TOGETHER_F64: f64 = 1e-10;
/// A metric that differs by more than this before the first steps have passed has not just rounded
/// differently.
const PARTED: f64 = 1e-3;
/// The experiment that devices are compared on: it has all kinds of models.
const PARITY: &str = "emergence";

/// One line of the table.
struct Check {
    device: String,
    precision: &'static str,
    what: &'static str,
    figure: String,
    /// What to do, where something is off.
    advice: Option<String>,
}

/// Checks this build on this machine.
pub(super) fn doctor(arguments: &args::Doctor, json: bool) -> Result<ExitCode, Failure> {
    if !(arguments.seconds.is_finite() && arguments.seconds > 0.0) {
        return Err(Failure::usage(format!(
            "--seconds {}: must be a positive number. Write for example 120",
            arguments.seconds
        )));
    }
    let devices = devices(arguments)?;
    let mut checks = Vec::new();
    for device in &devices {
        for precision in [Precision::F32, Precision::F64] {
            let target = match Target::open(device, precision) {
                Ok(target) => target,
                // Not every device has f64, and it does not need to.
                Err(nets::DeviceError::NoF64 { .. }) if precision == Precision::F64 => continue,
                Err(error) => return Err(error.into()),
            };
            eprintln!("{device}, {}: reference checks", name(precision));
            check_device(device, &target, &mut checks);
        }
    }
    let Some(parity) = compare_devices(arguments, &devices)? else {
        return Ok(ExitCode::from(INTERRUPTED));
    };
    checks.extend(parity);
    let off = checks.iter().filter(|check| check.advice.is_some()).count();
    if json {
        let rows = checks.iter().map(|check| {
            json!({
                "device": check.device,
                "precision": check.precision,
                "check": check.what,
                "figure": check.figure,
                "ok": check.advice.is_none(),
                "advice": check.advice,
            })
        });
        print_json(&json!({ "checks": rows.collect::<Vec<_>>(), "off": off }));
    } else {
        print(&checks, off);
    }
    Ok(ExitCode::from(if off == 0 { 0 } else { FAILED }))
}

/// The devices that were asked for, or all that this build and machine have.
fn devices(arguments: &args::Doctor) -> Result<Vec<String>, Failure> {
    if !arguments.devices.is_empty() {
        for device in &arguments.devices {
            Target::open(device, Precision::F32)?;
        }
        return Ok(arguments.devices.clone());
    }
    let there = BACKENDS.iter().flat_map(|backend| {
        let found = backend.found().into_iter().enumerate();
        let opens = found.filter(|(_, device)| device.f32);
        opens.map(|(index, _)| {
            if backend.host {
                backend.name.to_owned()
            } else {
                format!("{}:{index}", backend.name)
            }
        })
    });
    Ok(there.collect())
}

fn name(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    }
}

fn check_device(device: &str, target: &Target, checks: &mut Vec<Check>) {
    let precision = name(target.precision());
    let mut add = |what, figure: Result<(String, bool), String>, advice: &str| {
        let (figure, ok) = figure.unwrap_or_else(|error| (error, false));
        checks.push(Check {
            device: device.to_owned(),
            precision,
            what,
            figure,
            advice: (!ok).then(|| advice.to_owned()),
        });
    };
    let bits = caught(|| nets::bits_survive(target));
    add(
        "bits in and out",
        bits.map(|same| (if same { "the same" } else { "changed" }.to_owned(), same)),
        "The driver changes numbers on their way. Update it, or use another device",
    );
    let (last, tolerance) = match target.precision() {
        Precision::F64 => (u64::MAX, SAME_F64),
        Precision::F32 => (STEPS_F32, SAME_F32),
    };
    for (engine, what) in [
        ("autodiff", "PyTorch's losses, autodiff"),
        ("host", "PyTorch's losses, host"),
    ] {
        if engine == "host" && !target.is_host() {
            continue;
        }
        let gap = caught(|| {
            let references = References::pytorch();
            let gaps = references.curves().into_iter().map(|curve| {
                let optimizer = curve.optimizer;
                references.gap(&curve, optimizer, engine, target, last)
            });
            let mut gaps = gaps;
            gaps.try_fold(0.0_f64, |largest, gap| gap.map(|gap: f64| gap.max(largest)))
        });
        add(
            what,
            gap.map(|gap| {
                (
                    format!("{gap:.1e} off (at most {tolerance:.0e})"),
                    gap <= tolerance,
                )
            }),
            "Training is wrong on this device. Use --device flex, and report the adapter and driver",
        );
    }
    let tolerance = match target.precision() {
        Precision::F64 => TOGETHER_F64,
        Precision::F32 => TOGETHER_F32,
    };
    add(
        "cells together and alone",
        caught(|| nets::together_and_alone(target)).map(|gap| {
            (
                format!("{gap:.1e} apart (at most {tolerance:.0e})"),
                gap <= tolerance,
            )
        }),
        "Use --together 1 on this device, and report the adapter and driver",
    );
}

/// What a check finds; a backend that panics has failed it.
fn caught<T>(check: impl FnOnce() -> Result<T, LearnerError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(found) => found.map_err(|error| error.to_string()),
        Err(_) => Err("the backend failed; its message stands above".to_owned()),
    }
}

/// Trains a small run on every device, or with both engines where there is only one; `None` where
/// the user interrupted it.
fn compare_devices(
    arguments: &args::Doctor,
    devices: &[String],
) -> Result<Option<Vec<Check>>, Failure> {
    let kinds = Kinds::default();
    // The first is what the others are compared with.
    let mut setups: Vec<(String, &str)> = vec![("flex".to_owned(), "autodiff")];
    let others = devices.iter().filter(|device| *device != "flex");
    setups.extend(others.map(|device| (device.clone(), "autodiff")));
    setups.push(("flex".to_owned(), "auto"));
    let share = arguments.seconds / setups.len() as f64;
    let prepare_with = |steps: Option<u64>, device: &str, engine: &str| {
        let set = steps.map(|steps| format!("training.steps={steps}"));
        let training = args::Training {
            set: set.into_iter().collect(),
            seeds: Some(2),
            threads: None,
            together: None,
            precision: None,
            engine: engine.to_owned(),
            quick: true,
        };
        prepare(PARITY, &training, device, &kinds)
    };
    // As many steps as the slowest device does in its share of the time.
    let mut steps = u64::MAX;
    for (device, engine) in &setups {
        let (loaded, settings) = prepare_with(None, device, engine)?;
        steps = steps.min(affordable(&loaded, &settings, &kinds, share)?);
    }
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::run(format!("no temporary folder can be made: {error}")))?;
    let mut runs = Vec::new();
    for (place, (device, engine)) in setups.iter().enumerate() {
        let (loaded, settings) = prepare_with(Some(steps), device, engine)?;
        let label = format!("parity on {device}, {engine}");
        let out = folder.path().join(place.to_string());
        match execute_as(label, &loaded, &settings, &kinds, &out) {
            Ok(recorded) if !recorded.complete => return Ok(None),
            Ok(_) => runs.push(Ok(read(&out)?)),
            Err(failure) if place > 0 => runs.push(Err(failure.message)),
            Err(failure) => return Err(failure),
        }
    }
    let (reference, others) = runs.split_first().expect("flex is always there");
    let reference = reference.as_ref().map_err(Failure::run)?;
    let checks = (setups.iter().skip(1).zip(others)).map(|((device, engine), run)| {
        let (figure, advice) = match run {
            Ok(run) => {
                let parity = compare(
                    (&reference.observations, &reference.verdict),
                    (&run.observations, &run.verdict),
                    PARTED,
                );
                let metrics = parity.metrics.iter();
                // Predictions are fitted to curves, and reach beyond the last step.
                let models = &reference.spec.models;
                let trained = metrics.filter(|metric| models.contains_key(&metric.model));
                let parts = trained.filter_map(|metric| metric.parts_at).min();
                (figure(&parity, parts, steps), advice(&parity, parts))
            }
            Err(problem) => {
                let advice = "This device cannot train. Update its driver, or use --device flex";
                (problem.clone(), Some(advice.to_owned()))
            }
        };
        Check {
            device: device.clone(),
            precision: "f32",
            what: match *engine {
                "auto" => "parity with autodiff",
                _ => "parity with flex",
            },
            figure,
            advice,
        }
    });
    Ok(Some(checks.collect()))
}

fn affordable(
    loaded: &Loaded,
    settings: &Settings,
    kinds: &Kinds,
    seconds: f64,
) -> Result<u64, Failure> {
    let planned = loaded.spec.training.steps;
    let estimate = estimate(loaded, settings, kinds)?;
    let share = (seconds / estimate.seconds.max(f64::MIN_POSITIVE)).min(1.0);
    Ok(((planned as f64 * share) as u64).max(1))
}

fn read(folder: &Path) -> Result<Run, Failure> {
    Run::read(folder).map_err(Failure::from)
}

/// `parts` is the step at which the first number of a trained model parts.
fn figure(parity: &Parity, parts: Option<u64>, steps: u64) -> String {
    let numbers = match parts {
        None => format!("numbers alike for {steps} steps"),
        Some(step) => format!("numbers part at step {step} of {steps}"),
    };
    let verdicts = match parity.changes.len() {
        0 => format!("{} verdicts the same", parity.claims),
        changes => format!("{changes} of {} verdicts change", parity.claims),
    };
    format!("{numbers}; {verdicts}")
}

fn advice(parity: &Parity, parts: Option<u64>) -> Option<String> {
    (parts == Some(0) || !parity.changes.is_empty()).then(|| {
        "See where they part: layerwise parity emergence --quick --devices flex,DEVICE".to_owned()
    })
}

fn print(checks: &[Check], off: usize) {
    say!("{:<9} {:<5} {:<28} {:<4} figure", "device", "", "check", "");
    for check in checks {
        let mark = if check.advice.is_none() { "ok" } else { "OFF" };
        say!(
            "{:<9} {:<5} {:<28} {mark:<4} {}",
            check.device,
            check.precision,
            check.what,
            check.figure
        );
        if let Some(advice) = &check.advice {
            say!("{:<16}{advice}", "");
        }
    }
    match off {
        0 => say!("all {} checks are as they must be", checks.len()),
        off => say!("{off} of {} checks are off", checks.len()),
    }
}
