use std::path::{Path, PathBuf};

use super::opened::Opened;
use crate::{
    args::{Job, Scheduler},
    failure::Failure,
    invocation,
};

/// A script that trains a sweep in tasks.
pub(super) struct Script<'a> {
    name: String,
    program: PathBuf,
    out: PathBuf,
    job: &'a Job,
    tasks: usize,
}

impl<'a> Script<'a> {
    pub(super) fn new(opened: &Opened, job: &'a Job, tasks: usize) -> Result<Self, Failure> {
        let program = invocation::program().map_err(|error| {
            Failure::run(format!(
                "the path of this program cannot be determined: \
                 {error}"
            ))
        })?;
        // Tasks start in other folders, so the path must be absolute.
        let out = opened.out.canonicalize().map_err(|error| {
            Failure::usage(format!("{}: cannot be read: {error}", opened.out.display()))
        })?;
        Ok(Self {
            name: opened.plan.spec.name.clone(),
            program,
            out,
            job,
            tasks,
        })
    }

    /// The folder of scripts and logs.
    pub(super) fn folder(out: &Path) -> PathBuf {
        out.join("slurm")
    }

    /// The shell command that trains one part.
    fn command(&self, part: &str) -> String {
        format!(
            "{} sweep run {} --shard {part} --threads {}",
            quoted(&self.program),
            quoted(&self.out),
            self.job.cpus
        )
    }

    pub(super) fn text(&self, scheduler: Scheduler) -> String {
        let (tasks, cpus) = (self.tasks, self.job.cpus);
        let mut lines = vec!["#!/bin/bash".to_owned()];
        match scheduler {
            Scheduler::Slurm => {
                lines.push(format!("#SBATCH --job-name=layerwise-{}", self.name));
                lines.push(format!("#SBATCH --array=1-{tasks}"));
                lines.push(format!("#SBATCH --cpus-per-task={cpus}"));
                let log = Self::folder(&self.out).join("%A_%a.log");
                lines.push(format!("#SBATCH --output={:?}", log.display().to_string()));
                if let Some(time) = &self.job.time {
                    lines.push(format!("#SBATCH --time={time}"));
                }
                if let Some(partition) = &self.job.partition {
                    lines.push(format!("#SBATCH --partition={partition}"));
                }
                let part = format!("\"${{SLURM_ARRAY_TASK_ID}}/{tasks}\"");
                lines.push(format!("exec {}", self.command(&part)));
            }
            Scheduler::Hyperqueue => {
                let part = format!("${{HQ_TASK_ID}}/{tasks}");
                let mut flags = format!("--array 1-{tasks} --cpus {cpus}");
                if let Some(time) = &self.job.time {
                    flags.push_str(&format!(" --time-limit {time}"));
                }
                let name = quoted(Path::new(&format!("layerwise-{}", self.name)));
                let inner = self.command(&part).replace('\'', "'\\''");
                lines.push(format!(
                    "hq submit --name {name} {flags} -- bash -c 'exec {inner}'"
                ));
            }
            Scheduler::Script => {
                lines.push("set -e".to_owned());
                lines.push(format!("for part in $(seq {tasks}); do"));
                lines.push(format!("  {}", self.command(&format!("\"$part/{tasks}\""))));
                lines.push("done".to_owned());
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// A path quoted for the shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.,=+:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
