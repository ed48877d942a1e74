//! `--curves` and `--checkpoints`: models that are read from files instead of being trained.

mod checkpoints;
mod curves;
mod step_of_name;

use std::path::{Path, PathBuf};

use plan::{Curves, Plan, attach_curves, check_model};
use record::ExternalSource;
use sha2::{Digest, Sha256};

use crate::{args, failure::Failure};
use checkpoints::Checkpoints;

/// All files that `--curves` and `--checkpoints` name.
pub(crate) struct External {
    curves: Vec<(ExternalSource, Curves)>,
    checkpoints: Vec<(ExternalSource, Checkpoints)>,
}

impl External {
    /// Reads the files of curves, and lists the files of checkpoints.
    pub(crate) fn read(arguments: &args::External) -> Result<Self, Failure> {
        let mut given = Self {
            curves: curves::read_all(&arguments.curves)?,
            checkpoints: Vec::new(),
        };
        for text in &arguments.checkpoints {
            let (model, folder) = named("--checkpoints", text, "DIR")?;
            let mut hasher = Sha256::new();
            let files = Checkpoints::list(&folder, arguments.layers.clone(), &mut hasher)?;
            given
                .checkpoints
                .push((source(model, "checkpoints", &folder, hasher), files));
        }
        if arguments.layers.is_some() && given.checkpoints.is_empty() {
            let problem = "--layers orders the layers of --checkpoints, but no --checkpoints are given. \
                           Leave it out";
            return Err(Failure::usage(problem));
        }
        let mut models: Vec<&str> = given.models().collect();
        models.sort_unstable();
        if let Some(pair) = models.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Failure::usage(format!(
                "{} is given twice. Name each model once in --curves and --checkpoints",
                pair[0]
            )));
        }
        Ok(given)
    }

    fn models(&self) -> impl Iterator<Item = &str> {
        let curves = self.curves.iter().map(|(source, _)| source.model.as_str());
        curves.chain(
            self.checkpoints
                .iter()
                .map(|(source, _)| source.model.as_str()),
        )
    }

    /// Overrides of spec keys that give the run the seeds of the files.
    pub(crate) fn seeds(&self) -> Result<Vec<String>, Failure> {
        let curves = self
            .curves
            .iter()
            .map(|(source, curves)| (source, curves.seeds()));
        let checkpoints = (self.checkpoints.iter()).map(|(source, files)| (source, files.seeds()));
        let all: Vec<(&ExternalSource, Vec<u64>)> = curves.chain(checkpoints).collect();
        let Some((first, seeds)) = all.first() else {
            return Ok(Vec::new());
        };
        if let Some((other, found)) = all.iter().find(|(_, found)| found != seeds) {
            return Err(Failure::usage(format!(
                "{} has the seeds {seeds:?}, but {} has {found:?}. Give both the same seeds",
                first.name, other.name
            )));
        }
        let expected: Vec<u64> = (seeds[0]..).take(seeds.len()).collect();
        if *seeds != expected {
            return Err(Failure::usage(format!(
                "{} has the seeds {seeds:?}, which have gaps. Number the seeds consecutively",
                first.name
            )));
        }
        Ok(vec![
            format!("training.first_seed={}", seeds[0]),
            format!("training.seeds={}", seeds.len()),
        ])
    }

    /// Attaches curves and checkpoints to their models in the plan.
    pub(crate) fn attach(self, plan: &mut Plan) -> Result<(), Failure> {
        for (source, curves) in &self.curves {
            check_model(plan, "--curves", &source.model)?;
            attach_curves(plan, curves, source)?;
        }
        for (source, files) in self.checkpoints {
            check_model(plan, "--checkpoints", &source.model)?;
            files.attach(plan, source)?;
        }
        Ok(())
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "{}: cannot be read: {error}. Give a file or folder that exists",
        path.display()
    ))
}

fn named(flag: &str, text: &str, what: &str) -> Result<(String, PathBuf), Failure> {
    match text.split_once('=') {
        Some((model, path)) if !model.is_empty() && !path.is_empty() => {
            Ok((model.to_owned(), PathBuf::from(path)))
        }
        _ => Err(Failure::usage(format!(
            "{flag} {text}: must be MODEL={what}, where MODEL is a model of the spec"
        ))),
    }
}

fn source(model: String, kind: &str, path: &Path, hasher: Sha256) -> ExternalSource {
    let name = path.file_name().unwrap_or(path.as_os_str());
    ExternalSource {
        model,
        kind: kind.to_owned(),
        name: name.to_string_lossy().into_owned(),
        sha256: hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}
