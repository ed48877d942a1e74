use std::process::ExitCode;

use lab::{Kinds, record::Run as RecordedRun};
use serde_json::json;

use super::{
    print_json,
    run::{default_folder, draw, execute, exit_code, prepare, print_run},
};
use crate::{args, failure::Failure, shipped};

/// Experiments longer than this, in minutes, are run only when named.
const LONG_MINUTES: f64 = 5.0;

/// Runs experiments one after another and writes one page over all of them.
pub(super) fn reproduce(arguments: &args::Reproduce, json: bool) -> Result<ExitCode, Failure> {
    let kinds = Kinds::default();
    let named: Vec<String> = if arguments.experiments.is_empty() {
        shipped::SPECS
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect()
    } else {
        arguments.experiments.clone()
    };
    // Everything is checked before anything is trained.
    let mut plan = Vec::new();
    for name in &named {
        let (loaded, settings) = prepare(name, &arguments.settings, &kinds)?;
        let long = loaded.spec.minutes > LONG_MINUTES;
        if arguments.experiments.is_empty() && long {
            eprintln!(
                "{name}: left out, it takes about {} minutes; name it to run it",
                loaded.spec.minutes
            );
            continue;
        }
        plan.push((loaded, settings));
    }
    let mut runs = Vec::new();
    let mut results = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for (loaded, settings) in &plan {
        let out = default_folder(&arguments.out, loaded, settings);
        let recorded = execute(loaded, settings, &kinds, &out)?;
        let page = draw(&out)?;
        if !json {
            print_run(&recorded, &page);
        }
        let own = exit_code(&recorded, None);
        results.push(json!({
            "run": out,
            "complete": recorded.complete,
            "verdict": recorded.verdict,
            "wall_seconds": recorded.manifest.wall_seconds,
        }));
        runs.push(RecordedRun::read(&out)?);
        if own != ExitCode::SUCCESS {
            code = own;
        }
        if !recorded.complete {
            break;
        }
    }
    let suffix = if arguments.settings.quick {
        "-quick"
    } else {
        ""
    };
    let page = arguments.out.join(format!("report{suffix}.html"));
    report::write_page(&runs, &page)?;
    if json {
        print_json(&json!({ "report": page, "runs": results }));
    } else {
        say!("page over all runs: {}", page.display());
    }
    Ok(code)
}
