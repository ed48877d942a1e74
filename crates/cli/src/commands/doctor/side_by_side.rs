//! Trains a short run on every device, and with both engines on the recommended device. Reports
//! where results diverge and whether a verdict changes.

use std::path::Path;

use judge::{Parity, Run, parity};
use plan::Plan;
use train::{Kinds, Settings, estimate};

use super::{Check, reference::caught};
use crate::{
    args,
    commands::run::{execute, on_device, resolve},
    failure::Failure,
    output,
};

/// Relative difference above which a metric counts as diverged.
const DIVERGED: f64 = 1e-3;
/// Number of steps in which nothing may diverge. Rounding differences grow during training: in
/// single precision two backends agree for some hundred steps of the run below, whereas a device
/// that computes wrongly differs at once.
const TOGETHER: u64 = 50;
/// The experiment on which devices are compared. It has all kinds of models.
const PARITY: &str = "emergence";
const SEEDS: u64 = 2;
/// The device that all others are compared with.
const REFERENCE: &str = "flex";

/// A device and an engine.
#[derive(Clone, Copy)]
struct Setup<'a> {
    device: &'a str,
    engine: &'static str,
}

impl Setup<'_> {
    fn what(self) -> &'static str {
        match self.engine {
            "auto" => "parity with autodiff",
            _ if self.device == REFERENCE => "a short run",
            _ => "parity with flex",
        }
    }

    fn check(self, figure: String, advice: Option<String>) -> Check {
        Check::of(self.device, "f32", self.what(), figure, advice)
    }

    fn cannot_train(self, problem: String) -> Check {
        let advice = if self.device == REFERENCE {
            "Training fails on this processor. Please report this with the name of the processor"
        } else {
            "This device cannot train. Update its driver, or use --device flex"
        };
        self.check(problem, Some(advice.to_owned()))
    }

    fn prepare(self, steps: Option<u64>, kinds: &Kinds) -> Result<(Plan, Settings), Failure> {
        let training = args::Training {
            set: Vec::new(),
            seeds: Some(SEEDS),
            threads: None,
            together: None,
            precision: None,
            engine: self.engine.to_owned(),
            quick: true,
        };
        let plan = resolve(PARITY, &training, steps, kinds)?;
        let settings = on_device(&plan, &training, ("--devices", self.device), kinds)?;
        Ok((plan, settings))
    }
}

/// Trains on all devices, for at most `seconds` in total. Returns false if the user interrupted the
/// comparison.
pub(super) fn compare_devices(
    devices: &[String],
    seconds: f64,
    kinds: &Kinds,
    checks: &mut Vec<Check>,
) -> Result<bool, Failure> {
    let autodiff = |device| Setup {
        device,
        engine: "autodiff",
    };
    let mut setups = vec![autodiff(REFERENCE)];
    let others = devices.iter().filter(|device| *device != REFERENCE);
    setups.extend(others.map(|device| autodiff(device)));
    setups.push(Setup {
        device: REFERENCE,
        engine: "auto",
    });
    // The number of steps is what the slowest device can do in its share of the time.
    let share = seconds / setups.len() as f64;
    let mut steps = u64::MAX;
    let mut usable = Vec::new();
    for setup in setups {
        match caught(|| affordable(setup, share, kinds)) {
            Ok(most) => {
                steps = steps.min(most);
                usable.push(setup);
            }
            Err(problem) => checks.push(setup.cannot_train(problem)),
        }
    }
    // Without the reference device nothing can be compared.
    if usable.first().is_none_or(|first| first.device != REFERENCE) {
        return Ok(true);
    }
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::run(format!("a temporary folder cannot be created: {error}")))?;
    let mut reference: Option<Run> = None;
    for (place, setup) in usable.into_iter().enumerate() {
        let out = folder.path().join(place.to_string());
        let run = match train(setup, steps, kinds, &out) {
            Ok(Some(run)) => run,
            Ok(None) => return Ok(false),
            Err(failure) => {
                checks.push(setup.cannot_train(failure.message));
                if reference.is_none() {
                    return Ok(true);
                }
                continue;
            }
        };
        let stops = output::stops(&run.manifest);
        let Some(reference) = &reference else {
            if let Some(stop) = stops.first() {
                checks.push(setup.cannot_train(stop.clone()));
            }
            reference = Some(run);
            continue;
        };
        let parity = parity(reference, &run, DIVERGED);
        let advice = advice(setup, &parity, stops.first(), steps);
        checks.push(setup.check(figure(&parity, stops.first(), steps), advice));
    }
    Ok(true)
}

/// Trains one setup; `None` if the user interrupted it.
fn train(setup: Setup<'_>, steps: u64, kinds: &Kinds, out: &Path) -> Result<Option<Run>, Failure> {
    let (plan, settings) = setup.prepare(Some(steps), kinds)?;
    let label = format!("parity on {}, {}", setup.device, setup.engine);
    let done = execute(label, &plan, &settings, kinds, out)?;
    if !done.gathered.complete {
        return Ok(None);
    }
    Ok(Some(Run::read(out)?))
}

/// Number of steps that the setup can do in this number of seconds.
fn affordable(setup: Setup<'_>, seconds: f64, kinds: &Kinds) -> Result<u64, String> {
    let prepared = setup.prepare(None, kinds);
    let (plan, settings) = prepared.map_err(|failure| failure.message)?;
    let estimate = estimate(&plan, &settings, &kinds.engines).map_err(|error| error.to_string())?;
    let share = (seconds / estimate.seconds.max(f64::MIN_POSITIVE)).min(1.0);
    let planned = plan.variants.iter().map(|v| v.training.steps).max();
    Ok(((planned.unwrap_or(1) as f64 * share) as u64).max(1))
}

fn figure(parity: &Parity, stop: Option<&String>, steps: u64) -> String {
    let numbers = match parity.parts_at {
        None => format!("same numbers for {steps} steps"),
        Some(step) => format!("results diverge at step {step} of {steps}"),
    };
    let verdicts = match parity.changes.len() {
        0 => format!("same {} verdicts", parity.claims),
        changes => format!("{changes} of {} verdicts change", parity.claims),
    };
    let stop = stop.map_or_else(String::new, |stop| format!("; {stop}"));
    format!("{numbers}; {verdicts}{stop}")
}

/// What to do if a device diverges early, changes a verdict or does not finish.
fn advice(setup: Setup<'_>, parity: &Parity, stop: Option<&String>, steps: u64) -> Option<String> {
    if stop.is_none() && parity.agrees_until(TOGETHER.min(steps)) {
        return None;
    }
    let Setup { device, engine } = setup;
    Some(if engine == "auto" {
        "The engines mlp and autodiff give different results. Use --engine autodiff, and report \
         this"
            .to_owned()
    } else {
        format!(
            "See where the results diverge: layerwise parity {PARITY} --quick --seeds {SEEDS} \
             --steps {steps} \
             --engine {engine} --devices {REFERENCE},{device}"
        )
    })
}

#[cfg(test)]
mod tests {
    use judge::VerdictChange;
    use plan::spec::Outcome;

    use super::*;

    fn diverging_at(step: Option<u64>) -> Parity {
        Parity {
            metrics: Vec::new(),
            parts_at: step,
            claims: 3,
            changes: Vec::new(),
        }
    }

    const GPU: Setup<'_> = Setup {
        device: "wgpu:1",
        engine: "autodiff",
    };

    #[test]
    fn a_device_that_diverges_early_fails_and_one_that_diverges_late_passes() {
        let off = |step, steps| advice(GPU, &diverging_at(step), None, steps).is_some();
        assert!(off(Some(0), 1000) && off(Some(TOGETHER - 1), 1000));
        assert!(!off(Some(TOGETHER), 1000) && !off(None, 1000));
        // A short run must agree to its end.
        assert!(off(Some(7), 8) && off(Some(0), 1));
    }

    #[test]
    fn a_changed_verdict_or_a_stop_fails_the_check_wherever_numbers_diverge() {
        let mut changed = diverging_at(None);
        changed.changes.push(VerdictChange {
            claim: "E1".to_owned(),
            reference: Outcome::Supported,
            other: Outcome::Undecided,
        });
        assert!(advice(GPU, &changed, None, 1000).is_some());
        assert!(figure(&changed, None, 1000).contains("1 of 3 verdicts change"));
        let stop = "base, seed 0: net was no longer finite at step 900".to_owned();
        let late = diverging_at(Some(900));
        assert!(advice(GPU, &late, Some(&stop), 1000).is_some());
        assert!(figure(&late, Some(&stop), 1000).ends_with(&stop));
    }

    #[test]
    fn the_advice_is_a_command_with_the_device_in_it() {
        let text = advice(GPU, &diverging_at(Some(0)), None, 400);
        let text = text.unwrap_or_default();
        let command = "layerwise parity emergence --quick --seeds 2 --steps 400 --engine autodiff \
                       --devices flex,wgpu:1";
        assert!(text.ends_with(command), "{text}");
        let host = Setup {
            device: "flex",
            engine: "auto",
        };
        let text = advice(host, &diverging_at(Some(0)), None, 400);
        assert!(text.unwrap_or_default().contains("--engine autodiff"));
    }
}
