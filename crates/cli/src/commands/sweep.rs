//! `layerwise sweep …`: many processes train the cells of one folder.

mod opened;
mod script;
mod slurm;
mod status;

use std::{process::ExitCode, time::Duration};

use record::CellState;
use serde_json::json;
use train::{Kinds, Settings, Storing, conclude, train};

use self::{opened::Opened, status::Status};
use super::{
    print_json,
    run::{Done, draw, exit_code, interrupt_flag, print_run, provenance},
};
use crate::{
    args::{self, Sweep},
    failure::{FAILED, Failure, INTERRUPTED},
    progress::{Bar, Progress},
};

/// Carries out `layerwise sweep …`.
pub(super) fn sweep(arguments: &Sweep, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    match arguments {
        Sweep::Plan(arguments) => {
            let opened = Opened::find(&arguments.what, kinds)?;
            let status = planned(&opened)?;
            if json {
                print_json(&status.json(true));
            } else {
                say!("{}", status.plan());
            }
            Ok(ExitCode::SUCCESS)
        }
        Sweep::Run(arguments) => {
            let mut opened = Opened::find(&arguments.what, kinds)?;
            work(&mut opened.settings, &arguments.work)?;
            let storing = &mut opened.settings.storing;
            storing.shard = arguments.shard.map(|(part, parts)| (part - 1, parts));
            storing.wait = arguments.wait;
            run(&opened, kinds, json)
        }
        Sweep::Status(arguments) => {
            let opened = Opened::planned(&arguments.folder, kinds)?;
            let status = Status::of(&opened);
            if json {
                print_json(&status.json(true));
            } else {
                say!("{}", status.text());
            }
            Ok(ExitCode::SUCCESS)
        }
        Sweep::Retry(arguments) => {
            let mut opened = Opened::planned(&arguments.folder, kinds)?;
            let store = record::CellStore::of(&opened.out);
            let status = Status::of(&opened);
            let mut again = 0;
            for cell in &status.cells {
                match &cell.state {
                    CellState::Failed(_) => store.retry(&cell.id)?,
                    CellState::Damaged { .. } => store.forget(&cell.id)?,
                    _ => continue,
                }
                again += 1;
            }
            tell!("{again} failed or damaged cells are trained again");
            match arguments.scheduler {
                Some(scheduler) => submit(&opened, scheduler, &arguments.job, json),
                None => {
                    work(&mut opened.settings, &arguments.work)?;
                    opened.settings.storing.wait = false;
                    run(&opened, kinds, json)
                }
            }
        }
        Sweep::Submit(arguments) => {
            let opened = Opened::find(&arguments.what, kinds)?;
            submit(&opened, arguments.scheduler, &arguments.job, json)
        }
    }
}

fn work(settings: &mut Settings, arguments: &args::SweepWork) -> Result<(), Failure> {
    if let Some(threads) = arguments.threads {
        if threads == 0 {
            return Err(Failure::usage("--threads 0: must be 1 or more"));
        }
        settings.threads = threads;
    }
    settings.storing = Storing {
        checkpoint_every: Duration::from_secs_f64(arguments.checkpoint_seconds),
        retry: false,
        ..Storing::default()
    };
    Ok(())
}

/// Creates the folder of a sweep, unless the sweep in it is complete. Opening a complete folder for
/// writing would remove its mark DONE.
fn planned(opened: &Opened) -> Result<Status, Failure> {
    let status = Status::of(opened);
    if status.is_complete() {
        return Ok(status);
    }
    opened.make()?;
    Ok(Status::of(opened))
}

/// Trains the cells that are not done, and gathers the results if no cell is left.
fn run(opened: &Opened, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    let (plan, settings) = (&opened.plan, &opened.settings);
    let interrupted = interrupt_flag()?;
    let folder = opened.make()?;
    let provenance = provenance();
    let bar = Bar::new(plan.spec.name.clone(), interrupted);
    let progress = Progress::new(bar, plan, settings);
    let engines = &kinds.engines;
    let mut trained = train(plan, settings, &provenance, engines, &folder, &progress)?;
    progress.finish();
    let status = Status::of(opened);
    let left = status.left();
    let mut code = ExitCode::SUCCESS;
    let mut verdict = None;
    if left == 0 {
        let done = Done {
            gathered: conclude(plan, settings, &provenance, folder, trained, &progress)?,
            cells_reused: progress.skipped_cells(),
        };
        let page = draw(&opened.out)?;
        if !json {
            print_run(&done, &page);
        }
        code = exit_code(&done.gathered, None);
        verdict = Some(done.gathered.verdict);
    } else {
        let failure = trained.failure();
        if failure.is_some() {
            code = ExitCode::from(FAILED);
        }
        if progress.was_interrupted() {
            code = ExitCode::from(INTERRUPTED);
        }
        if !json {
            let (done, planned) = (trained.done(), status.cells.len());
            say!("{done} cells trained here; {left} of {planned} are left");
            if let Some(error) = failure {
                tell!("error: {error}");
            }
            say!("{}", status.text());
        }
    }
    if json {
        let mut document = status.json(false);
        if let Some(verdict) = verdict {
            document["verdict"] = json!(verdict);
        }
        print_json(&document);
    }
    Ok(code)
}

fn submit(
    opened: &Opened,
    scheduler: args::Scheduler,
    job: &args::Job,
    json: bool,
) -> Result<ExitCode, Failure> {
    if scheduler != args::Scheduler::Slurm && !job.print {
        return Err(Failure::usage(
            "--scheduler: layerwise can submit to slurm only. Add --print, and start the script \
             yourself",
        ));
    }
    let status = planned(opened)?;
    let left = status.left();
    if left == 0 {
        if json {
            print_json(&status.json(false));
        } else {
            say!("no cell is left to train: {}", status.summary());
        }
        return Ok(ExitCode::SUCCESS);
    }
    /// Enough tasks for a small cluster, and few enough for the limits of most queues.
    const TASKS: usize = 16;
    let tasks = job.tasks.unwrap_or(TASKS).min(status.cells.len());
    let script = script::Script::new(opened, job, tasks)?;
    let text = script.text(scheduler);
    if job.print {
        if json {
            print_json(&json!({ "script": text, "tasks": tasks, "left": left }));
        } else {
            say!("{}", text.trim_end());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let submitted = slurm::submit(&opened.out, &text, tasks)?;
    if json {
        print_json(&json!({ "job": submitted, "tasks": tasks, "left": left, "run": opened.out }));
    } else {
        say!(
            "Slurm job {submitted}: {tasks} tasks for {left} cells\nlayerwise sweep status {}",
            opened.out.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
