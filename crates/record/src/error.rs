use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{ChangedFile, FORMAT};

/// Why a run folder cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunFolderError {
    /// The folder belongs to another experiment.
    #[error(
        "{}: already holds a run of another spec ({detail}). Choose another folder with --out, or \
         remove this one",
        path.display()
    )]
    AnotherSpec {
        /// The folder.
        path: PathBuf,
        /// What differs.
        detail: String,
    },
    /// The user's file changed since the recorded run.
    #[error(
        "{}: {changed}. Restore the file, or train on the changed file in another folder with \
         --out",
        path.display()
    )]
    ChangedRows {
        /// The folder.
        path: PathBuf,
        /// The file.
        changed: Box<ChangedFile>,
    },
    /// The folder holds files that are not a run.
    #[error(
        "{}: is not empty, but holds no run. Choose another folder with --out",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was recorded in another format.
    #[error(
        "{}: was recorded by another version of layerwise (format {format}, and this version reads \
         {FORMAT}). Run the experiment again in another folder",
        path.display()
    )]
    OtherFormat {
        /// The folder.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// A file of the run cannot be read or written.
    #[error("{}: {problem}. {hint}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
}

impl RunFolderError {
    pub(crate) fn write(path: &Path, error: impl std::fmt::Display) -> Self {
        let problem = format!("cannot be written: {error}");
        // Errors of other crates keep only the text of the system error.
        let is_full = ["No space left", "quota exceeded"]
            .iter()
            .any(|text| problem.contains(text));
        Self::File {
            path: path.to_owned(),
            problem,
            hint: if is_full {
                "Free some space and repeat the command; recorded results are kept"
            } else {
                "Choose a writable folder with --out"
            },
        }
    }

    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
            hint: "Repeat the command of the run: it restores damaged files and keeps the rest",
        }
    }

    /// A file that cannot be read.
    pub fn read(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: format!("cannot be read: {error}"),
            hint: "Give the folder of a finished run (it holds spec.toml and DONE)",
        }
    }
}
