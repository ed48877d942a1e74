//! Submits job arrays to Slurm and asks for their state.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::Path,
    process::{Command, Output},
};

use record::write_atomically;
use serde_json::{Value, json};

use super::script::Script;
use crate::failure::Failure;

/// A job array that was submitted.
pub(super) struct Job {
    id: String,
    tasks: usize,
    /// Number of tasks in each Slurm state; `None` if Slurm cannot be asked.
    states: Option<BTreeMap<String, usize>>,
}

const JOBS: &str = "jobs.json";

/// Writes the script, submits it, and records the number of the job.
pub(super) fn submit(out: &Path, script: &str, tasks: usize) -> Result<String, Failure> {
    let folder = Script::folder(out);
    let problem = |path: &Path, error: std::io::Error| {
        Failure::usage(format!(
            "{}: cannot be written: {error}. Choose a writable folder with --out",
            path.display()
        ))
    };
    fs::create_dir_all(&folder).map_err(|error| problem(&folder, error))?;
    let path = folder.join("job.sh");
    write_atomically(&path, script.as_bytes()).map_err(|error| problem(&path, error))?;
    let output = Command::new("sbatch").arg("--parsable").arg(&path).output();
    let output = output.map_err(|error| {
        Failure::usage(format!(
            "sbatch cannot be started: {error}. Submit from a machine with Slurm, or add --print to \
             see the script"
        ))
    })?;
    if !output.status.success() {
        return Err(Failure::run(format!(
            "sbatch refused {}: {}",
            path.display(),
            last_line(&output)
        )));
    }
    // NUMBER, or NUMBER;CLUSTER.
    let text = String::from_utf8_lossy(&output.stdout);
    let id = text.trim().split(';').next().unwrap_or_default().to_owned();
    let mut known = known(out);
    known.push((id.clone(), tasks));
    let list: Vec<Value> = (known.iter())
        .map(|(id, tasks)| json!({ "job": id, "tasks": tasks }))
        .collect();
    let path = folder.join(JOBS);
    let text = format!("{:#}\n", Value::from(list));
    write_atomically(&path, text.as_bytes()).map_err(|error| problem(&path, error))?;
    Ok(id)
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.unwrap_or("no message").to_owned()
}

/// Numbers of jobs and their tasks.
fn known(out: &Path) -> Vec<(String, usize)> {
    let text = fs::read_to_string(Script::folder(out).join(JOBS)).unwrap_or_default();
    let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
    let entry = |value: &Value| {
        let tasks = usize::try_from(value["tasks"].as_u64()?).ok()?;
        Some((value["job"].as_str()?.to_owned(), tasks))
    };
    list.iter().filter_map(entry).collect()
}

/// The jobs that were submitted for a folder, with their state in Slurm.
pub(super) fn jobs(out: &Path) -> Vec<Job> {
    let jobs = known(out).into_iter();
    jobs.map(|(id, tasks)| Job {
        states: states(&id, tasks),
        id,
        tasks,
    })
    .collect()
}

/// Number of tasks of a job in each state: from the queue, then from the accounting records if
/// there are any, and `ENDED` for tasks that are in neither.
fn states(id: &str, tasks: usize) -> Option<BTreeMap<String, usize>> {
    let ask = |program: &str, arguments: &[&str]| -> Option<Vec<String>> {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // Slurm reports an old job as an error; such a job is not in the queue. Any other error
        // leaves the state unknown.
        let gone = String::from_utf8_lossy(&output.stderr).contains("Invalid job id");
        (output.status.success() || gone).then_some(())?;
        Some(text.lines().map(|line| line.trim().to_owned()).collect())
    };
    let queued = ask(
        "squeue",
        &["--noheader", "--array", "--format=%T", "--jobs", id],
    )?;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for state in queued.into_iter().filter(|state| !state.is_empty()) {
        *states.entry(state).or_default() += 1;
    }
    if states.values().sum::<usize>() < tasks {
        let accounts = ask(
            "sacct",
            &[
                "--noheader",
                "--allocations",
                "--parsable2",
                "--format=State",
                "--jobs",
                id,
            ],
        );
        let ended = accounts.unwrap_or_default().into_iter();
        // Only the first word counts in states such as "CANCELLED by 1000".
        let ended = ended.filter_map(|state| Some(state.split_whitespace().next()?.to_owned()));
        for state in ended.filter(|state| !["PENDING", "RUNNING"].contains(&state.as_str())) {
            *states.entry(state).or_default() += 1;
        }
    }
    let missing = tasks.saturating_sub(states.values().sum());
    if missing > 0 {
        *states.entry("ENDED".to_owned()).or_default() += missing;
    }
    Some(states)
}

impl Job {
    /// Whether tasks of the job are still waiting or running.
    pub(super) fn is_alive(&self) -> bool {
        let alive = [
            "PENDING",
            "RUNNING",
            "CONFIGURING",
            "COMPLETING",
            "SUSPENDED",
        ];
        let states = self.states.iter().flatten();
        states
            .map(|(state, _)| state)
            .any(|state| alive.contains(&state.as_str()))
    }

    pub(super) fn json(&self) -> Value {
        json!({ "scheduler": "slurm", "job": self.id, "tasks": self.tasks, "states": self.states })
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slurm job {}, {} tasks: ", self.id, self.tasks)?;
        match &self.states {
            None => write!(f, "the state is unknown, because squeue cannot be run here"),
            Some(states) => {
                let states = states.iter();
                let states: Vec<String> = states
                    .map(|(state, count)| format!("{count} {}", state.to_lowercase()))
                    .collect();
                write!(f, "{}", states.join(", "))
            }
        }
    }
}
