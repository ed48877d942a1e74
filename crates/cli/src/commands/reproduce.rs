mod confirm;
mod document;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::Ordering,
    time::Instant,
};

use judge::Run;
use plan::Plan;
use plan::spec::Outcome;
use report::Failed;
use serde_json::json;
use train::{Kinds, Settings};

use self::document::Document;
use super::{
    print_json,
    run::{default_folder, draw_run, execute, interrupt_flag, prepare, print_run},
};
use crate::{
    args,
    failure::{FAILED, Failure, INTERRUPTED, USAGE},
    output, shipped,
};

/// Runs experiments one after another and writes one page over all of them. One that fails is
/// reported, and the others go on; what is finished is not trained again.
pub(super) fn reproduce(
    arguments: &args::Reproduce,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let planned = plans(arguments, kinds)?;
    let document = arguments.update_docs.as_deref();
    let document = document
        .map(|path| Document::check(path, arguments, &planned, kinds))
        .transpose()?;
    let confirming = arguments.confirm.then(|| confirm::arguments(arguments));
    let confirming = match confirming {
        Some(arguments) => Some((Pass::new(&arguments, plans(&arguments, kinds)?)?, arguments)),
        None => None,
    };
    let mut explored = Pass::new(arguments, planned)?;
    explored.run(arguments, kinds, json)?;
    let whole = explored.page.failed.is_empty() && explored.page.left.is_empty();
    let later = "is left for when every experiment has come to its end; the same command goes on";
    if let (Some(_), false) = (&document, whole) {
        tell!("the document is as it was: its table {later}");
    }
    if let (Some(_), false) = (&confirming, whole) {
        tell!("nothing was confirmed: the pass on fresh seeds {later}");
    }
    if let Some(document) = document.filter(|_| whole) {
        document.update(&explored.page.runs)?;
    }
    let mut result = explored.result();
    if let Some((mut confirmed, of_confirming)) = confirming.filter(|_| whole) {
        confirmed.run(&of_confirming, kinds, json)?;
        let confirmation = confirm::write(&explored.page, &confirmed.page, arguments, json)?;
        result["confirmed"] = confirmed.result();
        result["confirmation"] = json!(confirmation.summary());
        explored.code = worse(explored.code, confirmed.code);
    }
    if json {
        print_json(&result);
    } else {
        say!("page over all runs: {}", explored.page.html.display());
    }
    Ok(ExitCode::from(explored.code))
}

/// The code of two passes: an interruption or a failure of either.
fn worse(first: u8, second: u8) -> u8 {
    if first == 0 { second } else { first }
}

/// Experiments one after another, on one set of seeds.
struct Pass {
    plans: Vec<(Plan, Settings)>,
    page: Pages,
    results: Vec<serde_json::Value>,
    code: u8,
}

impl Pass {
    /// A pass over `plans`. A folder that cannot be written is found now, before anything is trained.
    fn new(arguments: &args::Reproduce, plans: Vec<(Plan, Settings)>) -> Result<Self, Failure> {
        let page = Pages::new(arguments, &plans);
        page.write().map_err(|failure| Failure {
            code: USAGE,
            ..failure
        })?;
        Ok(Self {
            plans,
            page,
            results: Vec::new(),
            code: 0,
        })
    }

    fn result(&self) -> serde_json::Value {
        json!({
            "report": self.page.html,
            "runs": self.results,
            "failed": self.page.failed_json(),
            "left": self.page.left,
        })
    }

    /// Runs them, and writes the page anew after each.
    fn run(
        &mut self,
        arguments: &args::Reproduce,
        kinds: &Kinds,
        json: bool,
    ) -> Result<(), Failure> {
        let interrupted = interrupt_flag()?;
        let Self {
            plans,
            page,
            results,
            code,
        } = self;
        for (position, (plan, settings)) in plans.iter().enumerate() {
            let name = &plan.spec.name;
            let place = format!("experiment {} of {}: {name}", position + 1, plans.len());
            if interrupted.load(Ordering::Relaxed) {
                *code = INTERRUPTED;
                break;
            }
            let begin = Instant::now();
            let one = One {
                place: &place,
                plan,
                settings,
                kinds,
                out: default_folder(&arguments.out, plan, settings),
            };
            let done = catch_unwind(AssertUnwindSafe(|| one.run(arguments.fresh, json)));
            let seconds = begin.elapsed().as_secs_f64();
            match done.unwrap_or_else(|panic| Err(Failure::run(message(&*panic)))) {
                Ok(Done { run, trained, .. }) if !trained => {
                    tell!("{place}: done before, judged again from its records");
                    results.push(result(&run, "done before"));
                    let problem = failed_cells(&run);
                    page.add(run, problem)?;
                }
                Ok(Done { run, complete, .. }) if complete => {
                    tell!("{place}: {} in {seconds:.1} s", tally(&run));
                    results.push(result(&run, "trained"));
                    let problem = failed_cells(&run);
                    page.add(run, problem)?;
                }
                Ok(Done { run, .. }) => {
                    tell!("{place}: interrupted after {seconds:.1} s; the same command goes on");
                    results.push(result(&run, "interrupted"));
                    *code = INTERRUPTED;
                    break;
                }
                Err(failure) => page.fail(name, failure.message)?,
            }
            if let Some(failed) = page.failed.iter().find(|failed| failed.name == *name) {
                tell!("{place}: failed after {seconds:.1} s: {}", failed.problem);
                *code = FAILED;
            }
        }
        Ok(())
    }
}

/// One experiment of the plan.
struct One<'a> {
    /// Label of its progress bar.
    place: &'a str,
    plan: &'a Plan,
    settings: &'a Settings,
    kinds: &'a Kinds,
    out: PathBuf,
}

/// What came of it.
struct Done {
    run: Run,
    /// Whether it was trained now, not before.
    trained: bool,
    complete: bool,
}

impl One<'_> {
    fn run(&self, fresh: bool, json: bool) -> Result<Done, Failure> {
        let minutes = self.plan.spec.minutes;
        // The spec's minutes are those of a full run.
        if self.settings.quick {
            tell!("{}: quick settings", self.place);
        } else {
            tell!("{}: about {minutes} min on 2 cores", self.place);
        }
        // A page speaks of one build.
        let mut settings = self.settings.clone();
        settings.storing.fresh = fresh;
        settings.storing.same_build = true;
        let label = self.place.to_owned();
        let done = execute(label, self.plan, &settings, self.kinds, &self.out)?;
        let run = Run::read(&self.out)?;
        let page = draw_run(&run)?;
        let trained = done.cells_reused < run.manifest.cells.len();
        if trained && !json {
            print_run(&done, &page);
        }
        Ok(Done {
            run,
            trained,
            complete: done.gathered.complete,
        })
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("no message"))
}

/// Cells that failed in a run that came to its end, in one sentence.
fn failed_cells(run: &Run) -> Option<String> {
    let cells = &run.manifest.cells;
    let mut failed = cells.iter().filter(|cell| cell.stopped.is_failure());
    let first = failed.next()?;
    let mut one = run.manifest.clone();
    one.cells = vec![first.clone()];
    Some(format!(
        "{} of {} cells failed; the first: {}",
        1 + failed.count(),
        cells.len(),
        output::stops(&one).join("; ")
    ))
}

/// What is to be run; everything is checked before anything is trained.
fn plans(arguments: &args::Reproduce, kinds: &Kinds) -> Result<Vec<(Plan, Settings)>, Failure> {
    let all = shipped::SPECS.iter().map(|(name, _)| (*name).to_owned());
    let named: Vec<String> = if arguments.experiments.is_empty() {
        all.collect()
    } else {
        arguments.experiments.clone()
    };
    let mut plans = Vec::new();
    for name in &named {
        let (plan, settings) = prepare(
            name,
            &arguments.settings.training,
            &arguments.settings.device,
            kinds,
        )?;
        if arguments.experiments.is_empty() && plan.spec.long {
            tell!(
                "{name}: left out, it takes about {} minutes; name it to run it",
                plan.spec.minutes
            );
            continue;
        }
        let earlier = plans.iter().find(|(other, _): &&(Plan, Settings)| {
            // They would write into one folder.
            other.spec.name == plan.spec.name
        });
        if earlier.is_some() {
            return Err(Failure::usage(format!(
                "NAME {name:?}: the experiment {:?} is named twice; name it once",
                plan.spec.name
            )));
        }
        plans.push((plan, settings));
    }
    Ok(plans)
}

fn result(run: &Run, status: &str) -> serde_json::Value {
    json!({
        "name": run.spec.name,
        "status": status,
        "run": run.path,
        "verdict": run.verdict,
        "wall_seconds": run.manifest.wall_seconds,
    })
}

/// How many claims got which verdict.
fn tally(run: &Run) -> String {
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
    runs: Vec<Run>,
    failed: Vec<Failed>,
    /// Experiments of the plan that did not come to their end yet.
    left: Vec<String>,
    html: PathBuf,
}

impl Pages {
    fn new(arguments: &args::Reproduce, plans: &[(Plan, Settings)]) -> Self {
        let suffix = if arguments.settings.training.quick {
            "-quick"
        } else {
            ""
        };
        Self {
            runs: Vec::new(),
            failed: Vec::new(),
            left: plans.iter().map(|(one, _)| one.spec.name.clone()).collect(),
            html: arguments.out.join(format!("report{suffix}.html")),
        }
    }

    /// Adds a run that came to its end, and the `problem` of its cells if they had one.
    fn add(&mut self, run: Run, problem: Option<String>) -> Result<(), Failure> {
        let name = run.spec.name.clone();
        self.runs.push(run);
        match problem {
            Some(problem) => self.fail(&name, problem),
            None => self.end(&name),
        }
    }

    fn fail(&mut self, name: &str, problem: String) -> Result<(), Failure> {
        self.failed.push(Failed {
            name: name.to_owned(),
            problem,
        });
        self.end(name)
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        self.left.retain(|left| left != name);
        self.write()
    }

    fn failed_json(&self) -> Vec<serde_json::Value> {
        let failed = self.failed.iter();
        failed
            .map(|failed| json!({ "name": failed.name, "problem": failed.problem }))
            .collect()
    }

    fn write(&self) -> Result<(), Failure> {
        if let Some(folder) = self.html.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                Failure::run(format!(
                    "--out: {folder} cannot be made: {error}. Choose a writable folder"
                ))
            })?;
        }
        report::write_page_over(&self.runs, &self.failed, &self.left, &self.html)?;
        report::write_markdown(&self.runs, &self.html.with_extension("md"))?;
        let verdicts: Vec<_> = self.runs.iter().map(|run| &run.verdict).collect();
        let document = json!({
            "verdicts": verdicts,
            "failed": self.failed_json(),
            "left": self.left,
        });
        let path = self.html.with_extension("json");
        let text = format!("{document:#}\n");
        record::write_atomically(&path, text.as_bytes()).map_err(|error| {
            Failure::run(format!("{}: cannot be written: {error}", path.display()))
        })
    }
}
