use std::process::ExitCode;

use judge::Run;
use record::{Name, Observation, csv_bytes};
use serde_json::json;

use super::{super::print_json, chosen};
use crate::{
    args::{ExportObservations, TableFormat},
    destination,
    failure::Failure,
};

/// Writes the long table of a run.
pub(super) fn observations(
    arguments: &ExportObservations,
    json: bool,
) -> Result<ExitCode, Failure> {
    #[cfg(not(feature = "parquet"))]
    if arguments.format == TableFormat::Parquet {
        return Err(Failure::usage(
            "--format parquet: this build cannot write Parquet. Build it with `cargo build \
             --release \
             --features parquet`, or choose csv or jsonl",
        ));
    }
    if let Some(path) = &arguments.out {
        destination::check("--out", path, &[])?;
    }
    let run = Run::read(&arguments.run)?;
    let known = |of: fn(&Observation) -> &Name| -> Vec<&str> {
        let mut known: Vec<&str> = Vec::new();
        for name in run.observations.rows().iter().map(of) {
            // Rows of one name are mostly adjacent, so the last name is compared first.
            if known.last() != Some(&&**name) && !known.contains(&&**name) {
                known.push(name);
            }
        }
        known
    };
    chosen(
        "--variant",
        arguments.variant.as_deref(),
        &known(|o| &o.variant),
    )?;
    chosen("--model", arguments.model.as_deref(), &known(|o| &o.model))?;
    chosen(
        "--metric",
        arguments.metric.as_deref(),
        &known(|o| &o.metric),
    )?;
    let wanted = |choice: &Option<String>, name: &str| choice.as_deref().is_none_or(|c| c == name);
    let rows: Vec<Observation> = (run.observations.rows().iter())
        .filter(|o| {
            wanted(&arguments.variant, &o.variant)
                && wanted(&arguments.model, &o.model)
                && wanted(&arguments.metric, &o.metric)
        })
        .cloned()
        .collect();
    let name = &run.manifest.name;
    let (ending, bytes) = match arguments.format {
        TableFormat::Csv => ("csv", csv_bytes(name, &rows).map_err(Failure::run)?),
        TableFormat::Jsonl => ("jsonl", jsonl(name, &rows)),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => (
            "parquet",
            super::parquet::to_bytes(name, &rows).map_err(Failure::run)?,
        ),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => unreachable!("it was refused above"),
    };
    let path = (arguments.out.clone()).unwrap_or_else(|| {
        arguments
            .run
            .join("export")
            .join(format!("observations.{ending}"))
    });
    let quiet = destination::is_stdout(&path);
    destination::write("--out", &path, &bytes)?;
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    if json {
        print_json(&json!({ "file": path, "format": ending, "rows": rows.len() }));
    } else {
        say!("{} ({} rows)", path.display(), rows.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// One object per line, with the columns of the CSV file.
fn jsonl(run: &str, rows: &[Observation]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for o in rows {
        let line = json!({
            "run": run,
            "seed": o.seed,
            "variant": o.variant,
            "model": o.model,
            "metric": o.metric,
            "index": o.index,
            "step": o.step,
            "flow_time": o.flow_time,
            // JSON has no infinity. A time that was never reached is null, and a time before the
            // first record is "-inf".
            "value": if o.value == f64::NEG_INFINITY { json!("-inf") } else { json!(o.value) },
        });
        bytes.extend_from_slice(line.to_string().as_bytes());
        bytes.push(b'\n');
    }
    bytes
}
