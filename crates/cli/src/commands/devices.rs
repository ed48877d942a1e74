use std::process::ExitCode;

use nets::{DEVICES, DeviceError, Precision, Target};
use serde_json::json;

use super::print_json;

/// Lists devices.
pub(super) fn devices(json: bool) -> ExitCode {
    let rows: Vec<(&str, &str, Result<Target, DeviceError>)> = DEVICES
        .iter()
        .map(|&(name, what, _)| (name, what, Target::open(name, Precision::F32)))
        .collect();
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, what, opened)| {
                json!({
                    "name": name,
                    "description": what,
                    "available": opened.is_ok(),
                    "problem": opened.as_ref().err().map(ToString::to_string),
                })
            })
            .collect();
        print_json(&json!({ "devices": rows, "recommended": "flex" }));
    } else {
        for (name, what, opened) in rows {
            match opened {
                Ok(_) => say!("{name:<8} available  {what}"),
                Err(error) => say!("{name:<8} absent     {what}\n         {error}"),
            }
        }
    }
    ExitCode::SUCCESS
}
