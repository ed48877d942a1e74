use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use super::Case;
use crate::failure::Failure;

/// Another program that trains the same.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The module that it needs, and its name.
    pub(crate) name: &'static str,
    /// The script that times steps.
    steps: &'static str,
    /// The module's version.
    pub(crate) version: String,
}

/// Peers by the module that they need.
const PEERS: [(&str, &str); 2] = [
    ("jax", include_str!("../../benches/peers/steps_jax.py")),
    ("torch", include_str!("../../benches/peers/steps_torch.py")),
];

/// Microseconds per member-step of a peer.
#[derive(Debug, Clone)]
pub(crate) struct PeerSteps {
    /// The peer.
    pub(crate) name: &'static str,
    /// By what it did: one member, two at once in the ways that it knows.
    ways: Value,
    /// The fastest of them.
    pub(crate) best: f64,
}

impl PeerSteps {
    /// As JSON, with the ratio of `ours` to the best.
    pub(crate) fn json(&self, ours: f64) -> Value {
        json!({ "micros": self.ways, "best": self.best, "ratio": ours / self.best })
    }
}

/// A Python interpreter.
#[derive(Debug, Clone)]
pub(crate) struct Python(pub(crate) PathBuf);

/// The peers that this Python has, and a line about each that it lacks.
pub(crate) fn find(python: &Python) -> (Vec<Peer>, Vec<String>) {
    let (mut found, mut lacking) = (Vec::new(), Vec::new());
    for (name, steps) in PEERS {
        match python.version_of(name) {
            Ok(version) => found.push(Peer {
                name,
                steps,
                version,
            }),
            Err(problem) => lacking.push(format!(
                "{name} is skipped: {problem}. Install it, or name a Python that has it with \
                 --python PATH"
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
        &self,
        python: &Python,
        case: &Case,
        seconds: f64,
    ) -> Result<PeerSteps, Failure> {
        let sizes = [case.rows, case.inputs, case.hidden, case.outputs];
        let mut arguments: Vec<String> = sizes.iter().map(usize::to_string).collect();
        arguments.extend([case.rows_name().to_owned(), seconds.to_string()]);
        let mut answer = python.json(self.steps, &arguments)?;
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

    /// Runs a script and gives what it prints.
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
        let problem = String::from_utf8_lossy(&output.stderr);
        let last = problem.trim().lines().last().unwrap_or("no message");
        Err(Failure::run(format!("a peer's script failed: {last}")))
    }

    /// Runs a script that prints one line of JSON.
    ///
    /// # Errors
    /// The script failed or printed something else.
    pub(crate) fn json(&self, script: &str, arguments: &[String]) -> Result<Value, Failure> {
        let text = self.text(script, arguments)?;
        let line = text.trim().lines().last().unwrap_or_default();
        serde_json::from_str(line)
            .map_err(|_| Failure::run(format!("a peer's script printed no JSON but {line:?}")))
    }
}
