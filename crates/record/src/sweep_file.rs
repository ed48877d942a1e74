use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    RunFolderError,
    files::write,
    sealed::{read_sealed, seal},
};

pub(crate) const FILE: &str = "plan.json";

/// Settings that another process needs, beside `spec.toml`, to work on the cells of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFile {
    /// Hash of what is trained.
    pub spec_hash: String,
    /// Device by name.
    pub device: String,
    /// Engine by name.
    pub engine: String,
    /// Whether the spec's `[quick]` table was applied.
    pub quick: bool,
}

impl SweepFile {
    /// Writes the file into the folder of a run.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, run: &Path) -> Result<(), RunFolderError> {
        let path = run.join(FILE);
        let bytes = seal(self).map_err(|error| RunFolderError::write(&path, error))?;
        write(&path, &bytes)
    }

    /// Reads the file of a folder; `None` if there is no such file.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>, RunFolderError> {
        let path = run.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        read_sealed(&path).map(Some)
    }
}
