use std::process::ExitCode;

use lab::{
    Kinds,
    claims::judge,
    record::Run,
    run::spec_hash,
    spec::{Options, Outcome, load},
};
use serde_json::json;

use super::print_json;
use crate::{
    args,
    failure::{Failure, NOT_SUPPORTED},
    output,
};

/// Judges recorded runs again.
pub(super) fn verdict(arguments: &args::Verdict, json: bool) -> Result<ExitCode, Failure> {
    let kinds = Kinds::default();
    let mut results = Vec::new();
    let mut all_supported = true;
    for path in &arguments.runs {
        let mut run = Run::read(path)?;
        let spec = match &arguments.spec {
            None => run.spec.clone(),
            Some(file) => {
                let options = Options {
                    quick: run.manifest.quick,
                    ..Options::default()
                };
                let loaded = load(file, &options, &kinds)?;
                let hash = spec_hash(&loaded, &run.manifest.device, &run.manifest.engine);
                if hash != run.manifest.spec_hash {
                    return Err(Failure::usage(format!(
                        "{}: trains differently from the run in {}. Judge with the spec of that \
                         run, or run this one",
                        file.display(),
                        path.display()
                    )));
                }
                loaded.spec
            }
        };
        let (manifest, observations) = (&run.manifest, &run.observations);
        run.verdict = judge(&spec, Some(&run.spec), manifest, observations, &kinds)
            .map_err(Failure::usage)?;
        run.write_verdict()?;
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
