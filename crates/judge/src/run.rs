use std::path::{Path, PathBuf};

use plan::{RecordedRun, Spec};
use record::{
    Manifest, Observations, RunFolderError, read_manifest, read_observations, read_spec,
    read_verdict, spec_file, write_verdict,
};

use crate::verdict::VerdictFile;

/// A recorded run, read back.
#[derive(Debug, Clone)]
pub struct Run {
    /// The folder.
    pub path: PathBuf,
    /// The resolved spec.
    pub spec: Spec,
    /// Origin of the run and how it ended.
    pub manifest: Manifest,
    /// The long table, in canonical order.
    pub observations: Observations,
    /// The verdicts.
    pub verdict: VerdictFile,
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    /// A file is missing or cannot be understood.
    pub fn read(path: &Path) -> Result<Self, RunFolderError> {
        // The format in the manifest decides whether the other files can be read.
        let manifest = read_manifest(path)?;
        let spec = toml::from_str(&read_spec(path)?)
            .map_err(|error| RunFolderError::read(&spec_file(path).unwrap_or_default(), error))?;
        Ok(Self {
            path: path.to_owned(),
            spec,
            manifest,
            observations: read_observations(path)?,
            verdict: read_verdict(path)?,
        })
    }

    /// The part of the run that statistics read.
    pub fn recorded(&self) -> RecordedRun<'_> {
        RecordedRun::new(&self.observations, &self.manifest)
    }

    /// Writes new verdicts into the folder, and changes nothing else.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_verdict(&self) -> Result<(), RunFolderError> {
        write_verdict(&self.path, &self.verdict)
    }
}
