use std::{path::Path, process::ExitCode};

use judge::{Calibration, ClaimCalibration, Effort, Run, TOLERATED};
use plan::Claims;
use serde_json::json;
use train::Kinds;

use super::{other_spec::derive_by, print_json};
use crate::{args, destination, failure::Failure};

/// Power that an experiment should have.
const WANTED_POWER: f64 = 0.9;

/// Calibrates the claims of recorded runs.
pub(super) fn calibrate(
    arguments: &args::Calibrate,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    if let Some(out) = &arguments.out {
        let read: Vec<&Path> = arguments.spec.as_deref().into_iter().collect();
        destination::check("--out", out, &read)?;
    }
    let threads = match arguments.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let effort = Effort {
        draws: arguments.draws,
        threads,
    };
    if arguments.markdown {
        say!("| {} |", COLUMNS.join(" | "));
        say!("|{}|", COLUMNS.map(|_| "---").join("|"));
    }
    let mut documents = Vec::new();
    for path in &arguments.runs {
        let mut run = Run::read(path)?;
        if let Some(file) = &arguments.spec {
            derive_by(&mut run, file, kinds)?;
        }
        let claims = Claims::of(&run.spec, kinds)?;
        let calibration = judge::calibrate(&claims, &run.recorded(), effort);
        if arguments.out.is_none() && arguments.spec.is_none() {
            calibration.write(&run)?;
        }
        if json || arguments.out.is_some() {
            documents.push(json!({ "run": path, "calibration": calibration }));
        }
        if json {
            continue;
        }
        let seeds = run.manifest.seeds.len();
        if arguments.markdown {
            for claim in &calibration.claims {
                let row = row(claim, seeds).map(|cell| cell.replace('|', "\\|"));
                say!("| `{}` | {} |", calibration.name, row.join(" | "));
            }
        } else {
            print(&calibration, seeds);
        }
    }
    let document = json!({ "runs": documents });
    if let Some(out) = &arguments.out {
        let text = format!("{document:#}\n");
        record::write_atomically(out, text.as_bytes()).map_err(|error| {
            Failure::usage(format!("{}: cannot be written: {error}", out.display()))
        })?;
    }
    if json {
        print_json(&document);
    }
    Ok(ExitCode::SUCCESS)
}

const COLUMNS: [&str; 7] = [
    "experiment",
    "claim",
    "null data",
    "supported by null data",
    "laws that pass as well",
    "power",
    "seeds for 90 %",
];

/// The columns of one claim, from the second.
fn row(claim: &ClaimCalibration, seeds: usize) -> [String; 6] {
    let verification = if claim.verification {
        " (verification)"
    } else {
        ""
    };
    let (null, rate) = match claim.worst() {
        None => ("none fits".to_owned(), "–".to_owned()),
        Some(null) => {
            let of = match null.exact {
                true => format!("all {}", null.of),
                false => format!("{} draws", null.of),
            };
            let alone = match null.by_interval > null.supported {
                true => format!(" (intervals alone: {})", percent(null.by_interval)),
                false => String::new(),
            };
            let mark = if claim.is_lax() { "**" } else { "" };
            (
                format!("{}, {of}", null.null.words()),
                format!("{mark}{}{mark}{alone}", percent(null.supported)),
            )
        }
    };
    let laws: Vec<String> = (claim.not_told_apart())
        .map(|law| format!("{} ({})", law.generator, percent(law.supported)))
        .collect();
    let right = claim.generators.iter().find(|generator| generator.right);
    let laws = match (right, laws.is_empty()) {
        (None, _) => "–".to_owned(),
        (Some(right), none) => {
            let laws = if none {
                "none".to_owned()
            } else {
                laws.join(", ")
            };
            format!(
                "{laws}; {} itself {}",
                right.generator,
                percent(right.supported)
            )
        }
    };
    let power = claim.power_at(seeds);
    let enough = claim
        .power
        .iter()
        .find(|point| point.supported >= WANTED_POWER);
    [
        format!("{}{verification}", claim.id),
        null,
        rate,
        laws,
        power.map_or("–".to_owned(), percent),
        enough.map_or("> 32".to_owned(), |point| point.seeds.to_string()),
    ]
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "< 0.1 %".to_owned(),
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

fn print(calibration: &Calibration, seeds: usize) {
    say!("{}", calibration.name);
    for claim in &calibration.claims {
        let [id, null, rate, laws, power, enough] = row(claim, seeds);
        let rate = rate.replace("**", "");
        let lax = match claim.is_lax() {
            true => format!("  ← more than {:.0} %", 100.0 * TOLERATED),
            false => String::new(),
        };
        say!("  {id:<5} {}", claim.statement);
        say!("        supported by null data: {rate} ({null}){lax}");
        if !claim.generators.is_empty() {
            say!("        other laws that pass: {laws}");
        }
        say!("        power with {seeds} seeds: {power}; seeds for 90 %: {enough}");
    }
}
