//! The document whose table of verdicts a full `reproduce` writes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use judge::Run;
use plan::{Options, Plan};
use train::{Kinds, Settings};

use crate::{args, destination, failure::Failure, shipped};

const FLAG: &str = "--update-docs";

/// A document with a place for the table.
pub(super) struct Document(PathBuf);

impl Document {
    /// Checks before anything is trained that the run will be a full one and that the document has a
    /// place for its table.
    pub(super) fn check(
        path: &Path,
        arguments: &args::Reproduce,
        plans: &[(Plan, Settings)],
        kinds: &Kinds,
    ) -> Result<Self, Failure> {
        destination::check(FLAG, path, &[])?;
        let mut named = arguments.experiments.iter();
        let is_shipped = |name: &String| shipped::SPECS.iter().any(|(known, _)| known == name);
        if let Some(own) = named.find(|name| !is_shipped(name)) {
            return Err(Failure::usage(format!(
                "{FLAG}: {own} is no shipped experiment, and the table is over these alone. Leave it out"
            )));
        }
        for (name, _) in shipped::SPECS {
            let runs = plans.iter().any(|(plan, _)| plan.spec.name == *name);
            if !runs && !shipped::find(name, &Options::default(), kinds)?.spec.long {
                return Err(Failure::usage(format!(
                    "{FLAG}: the table needs every experiment that is not long, and {name} is not among \
                     those named. Name it as well, or name none"
                )));
            }
        }
        let document = Self(path.to_owned());
        document.with_table_of(&[]).map_err(Failure::usage)?;
        Ok(document)
    }

    /// Writes the table of `runs` into the document as it is now.
    pub(super) fn update(&self, runs: &[Run]) -> Result<(), Failure> {
        let text = self.with_table_of(runs).map_err(Failure::run)?;
        destination::write(FLAG, &self.0, text.as_bytes())
    }

    fn with_table_of(&self, runs: &[Run]) -> Result<String, String> {
        let path = self.0.display();
        let text = fs::read_to_string(&self.0)
            .map_err(|error| format!("{FLAG} {path}: cannot be read: {error}. Give a document"))?;
        report::put_into(&text, runs).map_err(|error| format!("{FLAG} {path}: {error}"))
    }
}
