use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use super::{peers::Python, repeat::median};
use crate::{failure::Failure, invocation};

/// A whole experiment as a user runs it: one process that starts, trains, measures, judges and
/// draws.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Experiment {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Spec, if the experiment is not a shipped one.
    spec: Option<&'static str>,
    /// Arguments of `run` after the experiment.
    arguments: &'static [&'static str],
    /// Script that JAX runs.
    peer: JaxScript,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JaxScript {
    Emergence,
    Grokking,
}

/// Steps of `--quick`.
const QUICK_STEPS: u32 = 100;
const EMERGENCE: &str = include_str!("../../benches/peers/emergence_jax.py");
const GROKKING: &str = include_str!("../../benches/peers/grokking_vmap_jax.py");

/// The experiments; only the small ones if `quick` is set.
pub(crate) fn experiments(quick: bool) -> Vec<Experiment> {
    let mut experiments = vec![
        Experiment {
            name: "emergence-mlp",
            spec: Some(include_str!("../../benches/specs/emergence-mlp.toml")),
            arguments: &[],
            peer: JaxScript::Emergence,
        },
        Experiment {
            name: "grokking-64",
            spec: Some(include_str!("../../benches/specs/grokking-64.toml")),
            arguments: &[],
            peer: JaxScript::Grokking,
        },
    ];
    if !quick {
        experiments.push(Experiment {
            name: "emergence",
            spec: None,
            arguments: &["--seeds", "4"],
            peer: JaxScript::Emergence,
        });
    }
    experiments
}

/// Measurement of one experiment.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The experiment.
    pub(crate) name: &'static str,
    /// Wall seconds of each process.
    pub(crate) seconds: Vec<f64>,
    /// Cells.
    pub(crate) cells: usize,
    /// Sum of the steps of all cells.
    pub(crate) steps: u64,
    /// Share of the cells' time spent measuring.
    pub(crate) measuring_share: f64,
    /// Peak memory of the process in bytes; `None` if the system does not report it.
    pub(crate) peak_memory: Option<u64>,
    /// JAX in the same benchmark.
    pub(crate) jax: Option<Jax>,
}

/// JAX's script as a whole process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jax {
    /// Wall time in seconds of the fastest way of each repeat.
    pub(crate) seconds: Vec<f64>,
    /// Seconds without start and compilation, if the script reports them.
    pub(crate) seconds_without_compilation: Vec<f64>,
}

impl Outcome {
    /// Median wall seconds.
    pub(crate) fn median_seconds(&self) -> f64 {
        median(self.seconds.clone())
    }

    /// Cells times steps per second, including start and drawing.
    pub(crate) fn cell_steps_per_second(&self) -> f64 {
        self.steps as f64 / self.median_seconds()
    }

    /// Our seconds over JAX's, both as whole processes.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let jax = self.jax.as_ref()?;
        Some(self.median_seconds() / median(jax.seconds.clone()))
    }

    /// Our seconds, for the whole process, over JAX's without start and compilation.
    pub(crate) fn ratio_without_compilation(&self) -> Option<f64> {
        let bare = &self.jax.as_ref()?.seconds_without_compilation;
        (!bare.is_empty()).then(|| self.median_seconds() / median(bare.clone()))
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let jax = self.jax.as_ref().map(|jax| {
            json!({
                "seconds": jax.seconds,
                "seconds_without_compilation": jax.seconds_without_compilation,
                "ratio": self.ratio(),
                "ratio_without_compilation": self.ratio_without_compilation(),
            })
        });
        json!({
            "experiment": self.name,
            "seconds": self.seconds,
            "median_seconds": self.median_seconds(),
            "cells": self.cells,
            "cell_steps": self.steps,
            "cell_steps_per_second": self.cell_steps_per_second(),
            "measuring_share": self.measuring_share,
            "peak_memory_bytes": self.peak_memory,
            "jax": jax,
        })
    }
}

impl Experiment {
    /// Runs the experiment `repeats` times in `folder`, alternating with the script of JAX if
    /// `python` is given; `begins` receives the name of the next program.
    ///
    /// # Errors
    /// A process failed.
    pub(crate) fn measure(
        &self,
        repeats: usize,
        quick: bool,
        python: Option<&Python>,
        folder: &Path,
        begins: impl Fn(&str),
    ) -> Result<Outcome, Failure> {
        let mut seconds = Vec::new();
        let mut peak_memory = None;
        let mut document = Value::Null;
        let mut jax = python.map(|_| Jax::default());
        for _ in 0..repeats {
            begins("layerwise");
            let start = Instant::now();
            document = self.run(quick, folder)?;
            seconds.push(start.elapsed().as_secs_f64());
            peak_memory = peak_memory.max(document["peak_memory_bytes"].as_u64());
            if let (Some(python), Some(jax)) = (python, &mut jax) {
                begins("jax");
                self.peer.run(python, quick, &document["manifest"], jax)?;
            }
        }
        let cells = document["manifest"]["cells"].as_array();
        let cells = cells.map_or(&[][..], Vec::as_slice);
        Ok(Outcome {
            name: self.name,
            seconds,
            cells: cells.len(),
            steps: cells.iter().filter_map(|cell| cell["steps"].as_u64()).sum(),
            measuring_share: (document["manifest"]["measuring_share"].as_f64())
                .ok_or_else(|| Failure::run("the manifest of the run has no measuring_share"))?,
            peak_memory,
            jax,
        })
    }

    /// Runs one process of layerwise and returns its JSON output.
    fn run(&self, quick: bool, folder: &Path) -> Result<Value, Failure> {
        let write = |error| Failure::run(format!("{}: {error}", folder.display()));
        let mut command = Command::new(invocation::program().map_err(Failure::run)?);
        command.arg("--json").arg("run");
        match self.spec {
            None => command.arg(self.name),
            Some(text) => {
                let spec = folder.join(format!("{}.toml", self.name));
                fs::write(&spec, text).map_err(write)?;
                command.arg(spec)
            }
        };
        let out = folder.join("run");
        if out.exists() {
            fs::remove_dir_all(&out).map_err(write)?;
        }
        command.args(self.arguments).arg("--out").arg(&out);
        if quick {
            command.args(["-s", &format!("training.steps={QUICK_STEPS}")]);
        }
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(Failure::run)?;
        if !output.status.success() {
            let problem = String::from_utf8_lossy(&output.stderr);
            let last = problem.trim().lines().last().unwrap_or("no message");
            return Err(Failure::run(format!("{}: {last}", self.name)));
        }
        serde_json::from_slice(&output.stdout).map_err(Failure::run)
    }
}

impl JaxScript {
    /// Runs one process of JAX for each way that the script supports.
    fn run(
        self,
        python: &Python,
        quick: bool,
        manifest: &Value,
        jax: &mut Jax,
    ) -> Result<(), Failure> {
        match self {
            Self::Emergence => {
                let seeds = manifest["seeds"].as_array().map_or(0, Vec::len);
                let mut fastest = f64::INFINITY;
                // The number of steps of the script is fixed. One way is enough for a smoke test.
                let ways: &[&str] = if quick { &["loop"] } else { &["loop", "vmap"] };
                for way in ways {
                    let start = Instant::now();
                    python.text(EMERGENCE, &[seeds.to_string(), (*way).to_owned()])?;
                    fastest = fastest.min(start.elapsed().as_secs_f64());
                }
                jax.seconds.push(fastest);
            }
            Self::Grokking => {
                let cells = manifest["cells"].as_array().map_or(&[][..], Vec::as_slice);
                let steps = cells
                    .first()
                    .map_or(0, |cell| cell["steps"].as_u64().unwrap_or_default());
                let start = Instant::now();
                let arguments = [cells.len().to_string(), steps.to_string()];
                let answer = python.json(GROKKING, &arguments)?;
                jax.seconds.push(start.elapsed().as_secs_f64());
                let bare = answer["seconds_without_compilation"].as_f64();
                jax.seconds_without_compilation.extend(bare);
            }
        }
        Ok(())
    }
}
