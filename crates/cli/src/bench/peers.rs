use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use super::Case;
use crate::failure::Failure;

/// Another program that trains the same cases.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Name of the peer and of the Python module that it needs.
    pub(crate) name: &'static str,
    /// Source of the script that times steps.
    steps: &'static str,
    /// The module's version.
    pub(crate) version: String,
    /// Process of the script, started with the first case and kept, because importing the module
    /// takes longer than most cases.
    process: Option<Process>,
}

/// A running script that answers each line of input with a line of output. It ends when its input
/// is closed.
#[derive(Debug)]
struct Process {
    child: Child,
    cases: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Peers by the Python module that they need.
const PEERS: [(&str, &str); 2] = [
    ("jax", include_str!("../../benches/peers/steps_jax.py")),
    ("torch", include_str!("../../benches/peers/steps_torch.py")),
];

/// Microseconds per member-step of a peer.
#[derive(Debug, Clone)]
pub(crate) struct PeerSteps {
    /// The peer.
    pub(crate) name: &'static str,
    /// Time by way of training: one member, or two at once in each way that the peer supports.
    ways: Value,
    /// The fastest of them.
    pub(crate) best: f64,
}

impl PeerSteps {
    /// As JSON, with the ratio of our time `ours` to the fastest.
    pub(crate) fn json(&self, ours: f64) -> Value {
        json!({ "micros": self.ways, "best": self.best, "ratio": ours / self.best })
    }
}

/// A Python interpreter.
#[derive(Debug, Clone)]
pub(crate) struct Python(pub(crate) PathBuf);

/// The peers that this Python has, and one message for each peer that it lacks.
pub(crate) fn find(python: &Python) -> (Vec<Peer>, Vec<String>) {
    let (mut found, mut lacking) = (Vec::new(), Vec::new());
    for (name, steps) in PEERS {
        match python.version_of(name) {
            Ok(version) => found.push(Peer {
                name,
                steps,
                version,
                process: None,
            }),
            Err(problem) => lacking.push(format!(
                "{name} is skipped: {problem}. Install it, or name an interpreter that has it \
                 with --python PATH"
            )),
        }
    }
    (found, lacking)
}

impl Peer {
    /// Times the steps of a case, in repeats of about `seconds`.
    ///
    /// # Errors
    /// The script failed.
    pub(crate) fn steps(
        &mut self,
        python: &Python,
        case: &Case,
        seconds: f64,
    ) -> Result<PeerSteps, Failure> {
        let Case {
            rows,
            inputs,
            hidden,
            outputs,
            ..
        } = case;
        let kind = case.rows_name();
        let line = format!("{rows} {inputs} {hidden} {outputs} {kind} {seconds}");
        let mut process = match self.process.take() {
            Some(process) => process,
            None => python.start(self.steps)?,
        };
        let mut answer = process.ask(&line)?;
        // The process is kept only if it answered.
        self.process = Some(process);
        let ways = answer["micros"].take();
        let times = ways.as_object().into_iter().flatten();
        let best = times.filter_map(|(_, micros)| micros.as_f64());
        let best = best.fold(f64::INFINITY, f64::min);
        if !best.is_finite() {
            let name = self.name;
            return Err(Failure::run(format!("{name} gave no times: {answer}")));
        }
        Ok(PeerSteps {
            name: self.name,
            ways,
            best,
        })
    }
}

impl Process {
    /// Writes a line and reads the line of JSON that answers it.
    fn ask(&mut self, line: &str) -> Result<Value, Failure> {
        let mut answer = String::new();
        let written = writeln!(self.cases, "{line}").and_then(|()| self.cases.flush());
        let read = written.and_then(|()| self.answers.read_line(&mut answer));
        if read.is_ok_and(|bytes| bytes > 0) {
            return parsed(&answer);
        }
        let mut problem = String::new();
        if let Some(errors) = &mut self.child.stderr {
            // The process has ended, because it did not answer. If its message cannot be read, the
            // message stays empty.
            let _ = errors.read_to_string(&mut problem);
        }
        Err(script_failed(&problem))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The script may be in the middle of a case. An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script_failed(errors: &str) -> Failure {
    let last = errors.trim().lines().last().unwrap_or("no message");
    Failure::run(format!("a peer's script failed: {last}"))
}

fn parsed(text: &str) -> Result<Value, Failure> {
    let line = text.trim().lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .map_err(|_| Failure::run(format!("a peer's script printed no JSON but {line:?}")))
}

impl Python {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn version_of(&self, module: &str) -> Result<String, String> {
        let program = format!("import {module}; print({module}.__version__)");
        let output = Command::new(&self.0).args(["-c", &program]).output();
        let output = output.map_err(|error| format!("{} cannot be run: {error}", self.name()))?;
        if !output.status.success() {
            return Err(format!("{} cannot import it", self.name()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs a script and returns its output.
    ///
    /// # Errors
    /// The script failed.
    pub(crate) fn text(&self, script: &str, arguments: &[String]) -> Result<String, Failure> {
        let output = Command::new(&self.0)
            .args(["-c", script])
            .args(arguments)
            .output()
            .map_err(|error| Failure::run(format!("{} cannot be run: {error}", self.name())))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(script_failed(&String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts a script that answers line by line.
    fn start(&self, script: &str) -> Result<Process, Failure> {
        let cannot = |problem: String| Failure::run(format!("{} {problem}", self.name()));
        let mut child = Command::new(&self.0)
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot(format!("cannot be run: {error}")))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(cases), Some(answers)) => Ok(Process {
                child,
                cases,
                answers: BufReader::new(answers),
            }),
            _ => Err(cannot("has no input and output".to_owned())),
        }
    }

    /// Runs a script that prints one line of JSON.
    ///
    /// # Errors
    /// The script failed or printed something else.
    pub(crate) fn json(&self, script: &str, arguments: &[String]) -> Result<Value, Failure> {
        parsed(&self.text(script, arguments)?)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Uses the shell in place of Python.
    fn process(script: &str) -> Process {
        Python(PathBuf::from("sh"))
            .start(script)
            .expect("there is a shell")
    }

    #[test]
    fn a_process_answers_line_by_line() {
        let mut echo = process("while read -r a b; do echo \"{\\\"sum\\\": $((a + b))}\"; done");
        for (line, sum) in [("1 2", 3), ("20 22", 42)] {
            let answer = echo.ask(line).expect("it answers");
            assert_eq!(answer["sum"], sum);
        }
    }

    #[test]
    fn the_error_quotes_the_last_output_of_a_failed_process() {
        let mut failing = process("read -r line; echo first >&2; echo \"no $line\" >&2; exit 3");
        let failure = failing.ask("cores").expect_err("it fails");
        assert_eq!(failure.message, "a peer's script failed: no cores");
        let mut chatting = process("read -r line; echo hello; read -r line");
        assert!(chatting.ask("1").is_err());
    }
}
