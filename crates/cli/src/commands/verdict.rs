use std::process::ExitCode;

use judge::{Run, judge};
use plan::{Claims, spec::Outcome};
use serde_json::json;
use train::Kinds;

use super::{other_spec::derive_by, print_json};
use crate::{
    args,
    failure::{Failure, NOT_SUPPORTED},
    output,
};

/// Judges recorded runs again.
pub(super) fn verdict(
    arguments: &args::Verdict,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut results = Vec::new();
    let mut all_supported = true;
    for path in &arguments.runs {
        let mut run = Run::read(path)?;
        match &arguments.spec {
            // The run folder keeps its own spec and verdicts.
            Some(file) => derive_by(&mut run, file, kinds)?,
            None => {
                let claims = Claims::of(&run.spec, kinds)?;
                run.verdict = judge(&claims, Some(&run.spec), &run.recorded());
                run.write_verdict()?;
            }
        }
        all_supported &= run
            .verdict
            .claims
            .iter()
            .all(|c| c.outcome == Outcome::Supported);
        if json {
            results.push(json!({ "run": path, "verdict": run.verdict }));
        } else {
            say!("{}", run.manifest.name);
            say!("{}", output::verdicts(&run.verdict));
        }
    }
    if json {
        print_json(&json!({ "runs": results }));
    }
    Ok(if arguments.require.is_some() && !all_supported {
        ExitCode::from(NOT_SUPPORTED)
    } else {
        ExitCode::SUCCESS
    })
}
