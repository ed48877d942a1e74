//! Checks of one device by itself: numbers must survive the way to the device and back bit by bit,
//! training must reproduce PyTorch's losses, and cells must give the same results together and
//! alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use models::Precision;
use nets::{References, Target};

use super::{Check, name};

/// Largest relative difference from PyTorch's losses over 1,000 steps in f64. Independent programs
/// may differ this much; rounding alone gives 4e-15.
const SAME_F64: f64 = 1e-9;
/// The same in f32 over 100 steps, with rounding of 1e-7 per step.
const SAME_F32: f64 = 1e-4;
/// Number of steps in f32.
const STEPS_F32: u64 = 100;
/// Members trained together and alone differ by rounding, relative to the largest number.
const TOGETHER_F32: f64 = 1e-4;
const TOGETHER_F64: f64 = 1e-10;

/// Runs the checks on an open device.
pub(super) fn check_device(device: &str, target: &Target, checks: &mut Vec<Check>) {
    let precision = name(target.precision());
    let mut add = |what, figure: Result<(String, bool), String>, advice: &str| {
        let (figure, ok) = figure.unwrap_or_else(|error| (error, false));
        let advice = (!ok).then(|| advice.to_owned());
        checks.push(Check::of(device, precision, what, figure, advice));
    };
    let bits = caught(|| nets::bits_survive(target));
    add(
        "transfer of numbers",
        bits.map(|same| (if same { "unchanged" } else { "changed" }.to_owned(), same)),
        "The driver changes numbers in transfer. Update the driver, or use another device",
    );
    let (last, tolerance) = match target.precision() {
        Precision::F64 => (u64::MAX, SAME_F64),
        Precision::F32 => (STEPS_F32, SAME_F32),
    };
    let wrong = if target.is_host() {
        "Training is wrong on this processor. Report it with the processor's name"
    } else {
        "Training is wrong on this device. Use --device flex, and report the adapter and driver"
    };
    for (engine, what) in [
        ("autodiff", "losses of PyTorch, autodiff"),
        ("mlp", "losses of PyTorch, mlp"),
    ] {
        if engine == "mlp" && !target.is_host() {
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
                    format!("largest difference {gap:.1e} (limit {tolerance:.0e})"),
                    gap <= tolerance,
                )
            }),
            wrong,
        );
    }
    let tolerance = match target.precision() {
        Precision::F64 => TOGETHER_F64,
        Precision::F32 => TOGETHER_F32,
    };
    add(
        "stacked and single cells",
        caught(|| nets::together_and_alone(target)).map(|gap| {
            (
                format!("largest difference {gap:.1e} (limit {tolerance:.0e})"),
                gap <= tolerance,
            )
        }),
        "Use --together 1 on this device, and report the adapter and driver",
    );
}

/// Runs a check; a backend that panics fails it.
pub(super) fn caught<T, E: std::fmt::Display>(
    check: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(found) => found.map_err(|error| error.to_string()),
        Err(_) => Err("the backend failed; its message is printed above".to_owned()),
    }
}
