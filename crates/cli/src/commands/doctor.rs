mod reference;
mod side_by_side;

use std::process::ExitCode;

use models::Precision;
use nets::{BACKENDS, Backend, DeviceError, Target};
use serde_json::json;
use train::Kinds;

use self::{reference::check_device, side_by_side::compare_devices};
use super::print_json;
use crate::{
    args,
    failure::{FAILED, Failure, INTERRUPTED},
};

/// Outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Off,
    /// The backend is built in, but this machine has no device for it.
    Absent,
}

impl Mark {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Off => "OFF",
            Self::Absent => "none",
        }
    }
}

/// One line of the table.
struct Check {
    device: String,
    precision: &'static str,
    what: &'static str,
    figure: String,
    mark: Mark,
    /// What to do if the check failed or the device is absent.
    advice: Option<String>,
}

impl Check {
    /// A check that failed if there is advice.
    fn of(
        device: &str,
        precision: &'static str,
        what: &'static str,
        figure: String,
        advice: Option<String>,
    ) -> Self {
        Self {
            device: device.to_owned(),
            precision,
            what,
            figure,
            mark: if advice.is_none() {
                Mark::Ok
            } else {
                Mark::Off
            },
            advice,
        }
    }

    fn cannot_be_opened(device: &str, needs: &str) -> Self {
        let advice = Some(format!("It needs {needs}"));
        Self::of(
            device,
            "f32",
            "opens",
            "cannot be opened".to_owned(),
            advice,
        )
    }

    fn absent(backend: &Backend) -> Self {
        Self {
            device: backend.name.to_owned(),
            precision: "",
            what: "opens",
            figure: "is in this build, but this machine has no such device".to_owned(),
            mark: Mark::Absent,
            advice: Some(format!("It needs {}", backend.needs)),
        }
    }
}

/// Checks this build on this machine.
pub(super) fn doctor(
    arguments: &args::Doctor,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    if !(arguments.seconds.is_finite() && arguments.seconds > 0.0) {
        return Err(Failure::usage(format!(
            "--seconds {}: must be a positive number. Write for example 120",
            arguments.seconds
        )));
    }
    let mut checks = Vec::new();
    let devices = if arguments.devices.is_empty() {
        found_devices(&mut checks)
    } else {
        for device in &arguments.devices {
            Target::open(device, Precision::F32)
                .map_err(|error| Failure::device("--devices", &error))?;
        }
        arguments.devices.clone()
    };
    for device in &devices {
        for precision in [Precision::F32, Precision::F64] {
            match Target::open(device, precision) {
                Ok(target) => {
                    tell!("{device}, {}: reference checks", name(precision));
                    check_device(device, &target, &mut checks);
                }
                // A device without f64 is not a failure.
                Err(DeviceError::NoF64 { .. }) if precision == Precision::F64 => {}
                Err(error) => {
                    let advice = Some(error.to_string());
                    let figure = "cannot be opened".to_owned();
                    checks.push(Check::of(device, name(precision), "opens", figure, advice));
                }
            }
        }
    }
    // The checks so far are printed even if the comparison fails.
    let compared = compare_devices(&devices, arguments.seconds, kinds, &mut checks);
    let complete = matches!(compared, Ok(true));
    let off = count(&checks, Mark::Off);
    if json {
        let rows = checks.iter().map(|check| {
            json!({
                "device": check.device,
                "precision": check.precision,
                "check": check.what,
                "figure": check.figure,
                "state": check.mark.name().to_lowercase(),
                "ok": check.mark != Mark::Off,
                "advice": check.advice,
            })
        });
        let rows: Vec<_> = rows.collect();
        print_json(&json!({ "checks": rows, "off": off, "complete": complete }));
    } else {
        print(&checks, complete);
    }
    Ok(ExitCode::from(match compared? {
        false => INTERRUPTED,
        true if off > 0 => FAILED,
        true => 0,
    }))
}

/// All usable devices of this build and machine. Devices that cannot be used become failed checks.
fn found_devices(checks: &mut Vec<Check>) -> Vec<String> {
    let mut devices = Vec::new();
    for backend in BACKENDS.iter().filter(|backend| backend.is_built()) {
        let found = backend.found();
        if found.is_empty() {
            checks.push(Check::absent(backend));
        }
        for (index, device) in found.into_iter().enumerate() {
            let name = if backend.host {
                backend.name.to_owned()
            } else {
                format!("{}:{index}", backend.name)
            };
            if device.f32 {
                devices.push(name);
            } else {
                checks.push(Check::cannot_be_opened(&name, backend.needs));
            }
        }
    }
    devices
}

fn name(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    }
}

fn count(checks: &[Check], mark: Mark) -> usize {
    checks.iter().filter(|check| check.mark == mark).count()
}

fn print(checks: &[Check], complete: bool) {
    say!("{:<9} {:<5} {:<28} {:<4} result", "device", "", "check", "");
    for check in checks {
        say!(
            "{:<9} {:<5} {:<28} {:<4} {}",
            check.device,
            check.precision,
            check.what,
            check.mark.name(),
            check.figure
        );
        if let Some(advice) = &check.advice {
            say!("{:<16}{advice}", "");
        }
    }
    let all = checks.len() - count(checks, Mark::Absent);
    match count(checks, Mark::Off) {
        _ if !complete => say!("interrupted before all devices were compared"),
        0 => say!("all {all} checks passed"),
        off => say!("{off} of {all} checks failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_does_not_open_is_off_and_a_backend_without_devices_is_not() {
        let metal = Backend::named("metal").expect("it is in the list");
        let checks = [
            Check::of("flex", "f32", "bits", String::new(), None),
            Check::cannot_be_opened("cuda:0", "a driver"),
            Check::absent(metal),
        ];
        assert_eq!(count(&checks, Mark::Ok), 1);
        assert_eq!(count(&checks, Mark::Off), 1);
        assert_eq!(count(&checks, Mark::Absent), 1);
        assert!(checks[2].advice.as_deref() == Some("It needs a Mac"));
    }
}
