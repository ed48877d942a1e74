use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use lab::{
    Kinds,
    claims::judge,
    record::{Run as RecordedRun, RunFolder},
    run::{Settings, spec_hash},
    spec::{Loaded, Outcome},
};
use report::Failed;
use serde_json::json;

use super::{
    print_json,
    run::{default_folder, draw, execute_as, exit_code, prepare, print_run, provenance},
};
use crate::{
    args,
    failure::{FAILED, Failure, INTERRUPTED},
    shipped,
};

/// Runs experiments one after another and writes one page over all of them. One that fails is
/// reported, and the others go on; what is finished is not trained again.
pub(super) fn reproduce(arguments: &args::Reproduce, json: bool) -> Result<ExitCode, Failure> {
    let kinds = Kinds::default();
    let plan = plan(arguments, &kinds)?;
    let mut page = Pages::new(arguments);
    let mut results = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for (position, (loaded, settings)) in plan.iter().enumerate() {
        let name = &loaded.spec.name;
        let place = format!("{}/{}", position + 1, plan.len());
        let out = default_folder(&arguments.out, loaded, settings);
        let begin = Instant::now();
        if !arguments.fresh
            && let Some(run) = finished(&out, loaded, settings, &kinds)
        {
            eprintln!("{place} {name}: done before, judged again from its records");
            results.push(result(&run));
            page.add(run)?;
            continue;
        }
        eprintln!(
            "{place} {name}: about {} min on 2 cores",
            loaded.spec.minutes
        );
        let trained = catch_unwind(AssertUnwindSafe(|| {
            let label = format!("{place} {name}");
            let recorded = execute_as(label, loaded, settings, &kinds, &out)?;
            let own_page = draw(&out)?;
            if !json {
                print_run(&recorded, &own_page);
            }
            Ok::<_, Failure>((recorded, RecordedRun::read(&out)?))
        }));
        let trained =
            trained.unwrap_or_else(|_| Err(Failure::run("internal error; please report it")));
        match trained {
            Ok((recorded, run)) => {
                eprintln!(
                    "{place} {name}: {} in {:.1} s",
                    tally(&run),
                    begin.elapsed().as_secs_f64()
                );
                if exit_code(&recorded, None) != ExitCode::SUCCESS {
                    code = exit_code(&recorded, None);
                }
                results.push(result(&run));
                page.add(run)?;
                if !recorded.complete {
                    code = ExitCode::from(INTERRUPTED);
                    break;
                }
            }
            Err(failure) => {
                eprintln!("{place} {name}: failed: {}", failure.message);
                code = ExitCode::from(FAILED);
                page.fail(name, &failure.message)?;
            }
        }
    }
    if json {
        let failed = page.failed.iter();
        let failed: Vec<_> = failed
            .map(|failed| json!({ "name": failed.name, "problem": failed.problem }))
            .collect();
        print_json(&json!({ "report": page.html, "runs": results, "failed": failed }));
    } else {
        say!("page over all runs: {}", page.html.display());
    }
    Ok(code)
}

/// What is to be run; everything is checked before anything is trained.
fn plan(arguments: &args::Reproduce, kinds: &Kinds) -> Result<Vec<(Loaded, Settings)>, Failure> {
    let all = shipped::SPECS.iter().map(|(name, _)| (*name).to_owned());
    let named: Vec<String> = if arguments.experiments.is_empty() {
        all.collect()
    } else {
        arguments.experiments.clone()
    };
    let mut plan = Vec::new();
    for name in &named {
        let (loaded, settings) = prepare(name, &arguments.settings, kinds)?;
        if arguments.experiments.is_empty() && loaded.spec.long {
            eprintln!(
                "{name}: left out, it takes about {} minutes; name it to run it",
                loaded.spec.minutes
            );
            continue;
        }
        plan.push((loaded, settings));
    }
    Ok(plan)
}

/// The run that an earlier call finished in `out`, if this version of the program would train the
/// same: judged again by the claims of now.
fn finished(
    out: &Path,
    loaded: &Loaded,
    settings: &Settings,
    kinds: &Kinds,
) -> Option<RecordedRun> {
    if !RunFolder::is_done(out) {
        return None;
    }
    let mut run = RecordedRun::read(out).ok()?;
    let (training, now) = (&loaded.spec.training, provenance());
    let made = &run.manifest;
    let seeds: Vec<u64> = (training.first_seed..)
        .take(training.seeds as usize)
        .collect();
    let same = made.spec_hash == spec_hash(loaded, &settings.device, &settings.engine)
        && made.name == loaded.spec.name
        && made.seeds == seeds
        && made.quick == settings.quick
        && made.layerwise_version == now.version
        && made.git_commit == now.commit
        && !made.cells.iter().any(|cell| cell.stopped.is_failure());
    if !same {
        return None;
    }
    run.verdict = judge(
        &loaded.spec,
        Some(&run.spec),
        made,
        &run.observations,
        kinds,
    )
    .ok()?;
    run.write_verdict().ok()?;
    run.spec = loaded.spec.clone();
    Some(run)
}

fn result(run: &RecordedRun) -> serde_json::Value {
    json!({
        "run": run.path,
        "verdict": run.verdict,
        "wall_seconds": run.manifest.wall_seconds,
    })
}

/// How many claims got which verdict.
fn tally(run: &RecordedRun) -> String {
    let kinds = [
        Outcome::Supported,
        Outcome::Contradicted,
        Outcome::Undecided,
    ];
    let claims = &run.verdict.claims;
    let counts = kinds.map(|kind| {
        let count = claims.iter().filter(|claim| claim.outcome == kind).count();
        format!("{count} {kind}")
    });
    counts.join(", ")
}

/// The page and the tables over all runs, written anew after each of them, so that a call that is
/// killed leaves them for what was done.
struct Pages {
    runs: Vec<RecordedRun>,
    failed: Vec<Failed>,
    html: std::path::PathBuf,
}

impl Pages {
    fn new(arguments: &args::Reproduce) -> Self {
        let suffix = if arguments.settings.quick {
            "-quick"
        } else {
            ""
        };
        Self {
            runs: Vec::new(),
            failed: Vec::new(),
            html: arguments.out.join(format!("report{suffix}.html")),
        }
    }

    fn add(&mut self, run: RecordedRun) -> Result<(), Failure> {
        self.runs.push(run);
        self.write()
    }

    fn fail(&mut self, name: &str, problem: &str) -> Result<(), Failure> {
        self.failed.push(Failed {
            name: name.to_owned(),
            problem: problem.to_owned(),
        });
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        if let Some(folder) = self.html.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::run(format!("{}: {error}", folder.display())))?;
        }
        report::write_page_over(&self.runs, &self.failed, &self.html)?;
        report::write_markdown(&self.runs, &self.html.with_extension("md"))?;
        let verdicts: Vec<_> = self.runs.iter().map(|run| &run.verdict).collect();
        let failed = self.failed.iter();
        let failed: Vec<_> = failed
            .map(|failed| json!({ "name": failed.name, "problem": failed.problem }))
            .collect();
        let text = format!("{:#}\n", json!({ "verdicts": verdicts, "failed": failed }));
        let path = self.html.with_extension("json");
        lab::record::write_atomically(&path, text.as_bytes()).map_err(|error| {
            Failure::run(format!("{}: cannot be written: {error}", path.display()))
        })
    }
}
