use std::io::Write;

use crate::Observation;

/// Columns of the table.
const COLUMNS: [&str; 9] = [
    "run",
    "seed",
    "variant",
    "model",
    "metric",
    "index",
    "step",
    "flow_time",
    "value",
];

/// The long table as CSV, with `run` as the name in the first column. A time that was never reached
/// is `inf`; a time before the first record is `-inf`.
///
/// # Errors
/// Errors of the CSV writer, which do not occur for rows in memory.
pub fn csv_bytes(run: &str, observations: &[Observation]) -> Result<Vec<u8>, csv::Error> {
    let mut bytes = Vec::new();
    write_csv(run, observations, &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn write_csv(
    run: &str,
    rows: &[Observation],
    out: &mut dyn Write,
) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for o in rows {
        table.write_record([
            run,
            &o.seed.to_string(),
            &o.variant,
            &o.model,
            &o.metric,
            &o.index.to_string(),
            &o.step.to_string(),
            &o.flow_time.map(|time| time.to_string()).unwrap_or_default(),
            &o.value.to_string(),
        ])?;
    }
    table.flush()?;
    Ok(())
}
