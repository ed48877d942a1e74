//! The cells of a run on disk, each in a folder `RUN/cells/ID/` with these files:
//!
//! | file | holds |
//! |---|---|
//! | `stream.jsonl` | measured rows, written during training |
//! | `checkpoint.json`, `checkpoint-STEP.safetensors` | state from which training resumes |
//! | `partial.jsonl` | measured rows of a cell that was interrupted |
//! | `observations.jsonl` | all measured rows in canonical order, once the cell is done |
//! | `result.json` | how the cell ended; written last |
//! | `failed.json` | why the cell could not be trained |
//! | `derived.json`, `derived.jsonl` | derived rows, and the key of what they depend on |
//! | `lock` | locked while a process works on the cell |

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    Build, CellSummary, Observation, RunFolderError,
    checkpoint::{
        Checkpoint, checkpoint_step, read_checkpoint, remove_checkpoint, write_checkpoint,
    },
    files::{remove, remove_unfinished, write},
    lock::{Lock, LockAttempt, Owner},
    rows::{Mark, RowWriter, read_leading_rows, read_rows, rows_of, to_bytes},
    sealed::{read_sealed, seal},
};

pub(crate) const FOLDER: &str = "cells";
const STREAM: &str = "stream.jsonl";
const PARTIAL: &str = "partial.jsonl";
const OBSERVATIONS: &str = "observations.jsonl";
const RESULT: &str = "result.json";
const FAILED: &str = "failed.json";
const DERIVED: &str = "derived.json";
const DERIVED_ROWS: &str = "derived.jsonl";
const LOCK: &str = "lock";

/// Record of a finished cell, apart from its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// The cell's identity.
    pub cell: String,
    /// How it ended.
    pub summary: CellSummary,
    /// The engine of each model.
    pub engines: Vec<(String, String)>,
    /// The build that trained it.
    pub build: Build,
    /// Number of rows.
    pub rows: u64,
    /// BLAKE3 hash of the file with the rows.
    pub observations_blake3: String,
}

/// Why a cell could not be trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellFailure {
    /// The cell's identity.
    pub cell: String,
    /// What went wrong.
    pub error: String,
    /// The build that tried to train it.
    pub build: Build,
}

/// The key of what the derived rows of a cell depend on.
#[derive(Serialize, Deserialize)]
struct Derived {
    key: String,
    rows_blake3: String,
}

/// State of a cell on disk.
#[derive(Debug, Clone, PartialEq)]
pub enum CellState {
    /// Nothing yet.
    Open,
    /// Training has begun, but no process works on the cell now.
    Interrupted {
        /// Step of the checkpoint from which it resumes; 0 without one.
        step: u64,
    },
    /// A process works on it.
    Running {
        /// The process, if the lock file names it.
        owner: Option<Owner>,
    },
    /// The cell ended, as planned or because it diverged.
    Done(Box<CellResult>),
    /// The cell could not be trained.
    Failed(CellFailure),
    /// A file is damaged; the cell is trained again.
    Damaged {
        /// What is wrong, with the name of the file.
        problem: String,
    },
}

/// A checkpoint, the stream after its rows, and these rows.
type Begun = (Checkpoint, RowWriter, Vec<Observation>);

/// The folder of all cells of a run.
#[derive(Debug, Clone)]
pub struct CellStore {
    folder: PathBuf,
}

impl CellStore {
    /// The cells of the run in `run`.
    pub fn of(run: &Path) -> Self {
        Self {
            folder: run.join(FOLDER),
        }
    }

    fn path(&self, cell: &str) -> PathBuf {
        self.folder.join(cell)
    }

    /// Identities of all cells that have a folder.
    pub fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    /// The state of a cell on disk, with all its files checked.
    pub fn state(&self, cell: &str) -> CellState {
        let path = self.path(cell);
        if !path.is_dir() {
            return CellState::Open;
        }
        // The lock is read before the files, so that a cell that ends in between counts as running
        // and never as damaged.
        let holder = Lock::holder(&path.join(LOCK));
        // A process that locks a cell with a result only reads it.
        let done = path.join(RESULT).exists().then(|| self.result(cell));
        match (done, holder) {
            (Some(Ok(result)), _) => CellState::Done(Box::new(result)),
            (_, Some(owner)) => CellState::Running { owner },
            (_, None) => self.state_unlocked(cell),
        }
    }

    /// [`Self::state`] for a cell that no other process works on.
    fn state_unlocked(&self, cell: &str) -> CellState {
        let path = self.path(cell);
        let read = || -> Result<CellState, RunFolderError> {
            if path.join(RESULT).exists() {
                return Ok(CellState::Done(Box::new(self.result(cell)?)));
            }
            if path.join(FAILED).exists() {
                return Ok(CellState::Failed(read_sealed(&path.join(FAILED))?));
            }
            Ok(match checkpoint_step(&path, cell)? {
                Some(step) => CellState::Interrupted { step },
                None if path.join(STREAM).exists() => CellState::Interrupted { step: 0 },
                None => CellState::Open,
            })
        };
        read().unwrap_or_else(|error| CellState::Damaged {
            problem: error.to_string(),
        })
    }

    /// The result of a finished cell, after its rows have been checked against it.
    fn result(&self, cell: &str) -> Result<CellResult, RunFolderError> {
        let path = self.path(cell);
        let result: CellResult = read_sealed(&path.join(RESULT))?;
        if result.cell != cell {
            let problem = format!("is the result of another cell, {}", result.cell);
            return Err(RunFolderError::damaged(&path.join(RESULT), problem));
        }
        let rows = path.join(OBSERVATIONS);
        let bytes = fs::read(&rows).map_err(|error| RunFolderError::read(&rows, error))?;
        if *blake3::hash(&bytes).to_hex() != *result.observations_blake3 {
            let problem = "is damaged: its checksum is not that of result.json";
            return Err(RunFolderError::damaged(&rows, problem));
        }
        Ok(result)
    }

    /// The measured rows of a cell: all rows if it is finished, otherwise the rows so far.
    ///
    /// # Errors
    /// The rows of a finished cell are damaged.
    pub fn rows(&self, cell: &str) -> Result<Vec<Observation>, RunFolderError> {
        let path = self.path(cell);
        if path.join(RESULT).exists() {
            return read_rows(&path.join(OBSERVATIONS));
        }
        if path.join(PARTIAL).exists() {
            return Ok(read_leading_rows(&path.join(PARTIAL)));
        }
        Ok(read_leading_rows(&path.join(STREAM)))
    }

    /// The measured rows of a finished cell, if they still have this hash. Another process may be
    /// training the cell again.
    pub fn done_rows(&self, cell: &str, blake3: &str) -> Option<Vec<Observation>> {
        let path = self.path(cell).join(OBSERVATIONS);
        let bytes = fs::read(&path).ok()?;
        if *blake3::hash(&bytes).to_hex() != *blake3 {
            return None;
        }
        rows_of(&path, &bytes).ok()
    }

    /// The cached rows that were derived under `key`, which names everything that they depend on;
    /// `None` if no intact rows have this key.
    pub fn derived(&self, cell: &str, key: &str) -> Option<Vec<Observation>> {
        let path = self.path(cell);
        let kept: Derived = read_sealed(&path.join(DERIVED)).ok()?;
        if kept.key != key {
            return None;
        }
        let path = path.join(DERIVED_ROWS);
        let bytes = fs::read(&path).ok()?;
        if *blake3::hash(&bytes).to_hex() != *kept.rows_blake3 {
            return None;
        }
        rows_of(&path, &bytes).ok()
    }

    /// Caches derived rows of a cell, in place of earlier ones.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn keep_derived(
        &self,
        cell: &str,
        key: &str,
        rows: &[Observation],
    ) -> Result<(), RunFolderError> {
        let path = self.path(cell);
        if !path.is_dir() {
            return Ok(());
        }
        remove(&path.join(DERIVED))?;
        let file = path.join(DERIVED_ROWS);
        let bytes = to_bytes(rows).map_err(|error| RunFolderError::write(&file, error))?;
        write(&file, &bytes)?;
        let kept = Derived {
            key: key.to_owned(),
            rows_blake3: blake3::hash(&bytes).to_string(),
        };
        let file = path.join(DERIVED);
        let bytes = seal(&kept).map_err(|error| RunFolderError::write(&file, error))?;
        write(&file, &bytes)
    }

    /// Reserves a cell to train it with this build. Whether a finished cell is trained again is
    /// decided under the lock, so that only one of two processes does it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn reserve(
        &self,
        cell: &str,
        build: &Build,
        retrain: Retrain<'_>,
    ) -> Result<Reservation, RunFolderError> {
        let path = self.path(cell);
        fs::create_dir_all(&path).map_err(|error| RunFolderError::write(&path, error))?;
        let lock = match Lock::try_acquire(&path.join(LOCK))? {
            LockAttempt::Acquired(lock) => lock,
            LockAttempt::Busy(owner) => return Ok(Reservation::Busy(owner)),
        };
        remove_unfinished(&path, Duration::ZERO)?;
        let before = match self.state_unlocked(cell) {
            CellState::Done(result) if (retrain.done)(&result) => Ok(None),
            CellState::Done(result) => {
                // The process was killed before it removed the files.
                clear_up(&path)?;
                return Ok(Reservation::Done(result));
            }
            CellState::Failed(failure) if !retrain.failed => {
                return Ok(Reservation::Failed(failure));
            }
            CellState::Failed(_) => {
                remove(&path.join(FAILED))?;
                self.resume(cell, build)
            }
            CellState::Damaged { problem } => Err(problem),
            _ => self.resume(cell, build),
        };
        let (before, warning) = match before {
            Ok(before) => (before, None),
            Err(problem) => (None, Some(format!("{problem}; the cell is trained again"))),
        };
        let (checkpoint, stream, rows) = match before {
            Some((checkpoint, stream, rows)) => {
                remove(&path.join(PARTIAL))?;
                (Some(checkpoint), stream, rows)
            }
            None => {
                forget(&path)?;
                (None, RowWriter::create(&path.join(STREAM))?, Vec::new())
            }
        };
        Ok(Reservation::Open(Box::new(OpenCell {
            folder: CellFolder {
                path,
                cell: cell.to_owned(),
                build: build.clone(),
                stream: RefCell::new(stream),
                _lock: lock,
            },
            checkpoint,
            rows,
            warning,
        })))
    }

    /// The checkpoint from which a cell resumes, if it has one, or the reason why it cannot resume.
    fn resume(&self, cell: &str, build: &Build) -> Result<Option<Begun>, String> {
        let path = self.path(cell);
        let found = read_checkpoint(&path, cell).map_err(|error| error.to_string())?;
        let Some((checkpoint, by)) = found else {
            return Ok(None);
        };
        // A cell is never mixed across builds, so its build identifies the program that trained it.
        if by != *build {
            let path = path.display();
            let problem = format!("{path}: was begun by another build of this program ({by})");
            return Err(problem);
        }
        let (stream, rows) = RowWriter::resume(&path.join(STREAM), checkpoint.rows)
            .map_err(|error| error.to_string())?;
        Ok(Some((checkpoint, stream, rows)))
    }

    /// Removes the files of a cell, so that it is trained from the start.
    ///
    /// # Errors
    /// A process works on the cell, or its files cannot be removed.
    pub fn forget(&self, cell: &str) -> Result<(), RunFolderError> {
        let path = self.path(cell);
        if !path.is_dir() {
            return Ok(());
        }
        match Lock::try_acquire(&path.join(LOCK))? {
            LockAttempt::Acquired(_lock) => {
                forget(&path)?;
                remove(&path.join(STREAM))
            }
            LockAttempt::Busy(owner) => {
                let who = owner.map_or("another process".to_owned(), |owner| owner.to_string());
                Err(RunFolderError::File {
                    path,
                    problem: format!("is being trained by {who}"),
                    hint: "Wait until that process has ended, or stop it",
                })
            }
        }
    }

    /// Removes the record of a failure, so that the cell is tried again.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn retry(&self, cell: &str) -> Result<(), RunFolderError> {
        remove(&self.path(cell).join(FAILED))
    }
}

/// Removes the files that a finished cell no longer needs.
fn clear_up(path: &Path) -> Result<(), RunFolderError> {
    remove(&path.join(PARTIAL))?;
    remove_checkpoint(path)?;
    remove(&path.join(STREAM))
}

/// Removes all files except the lock and the stream. `result.json` goes first, because without it
/// the cell does not count as done.
fn forget(path: &Path) -> Result<(), RunFolderError> {
    for name in [RESULT, FAILED, OBSERVATIONS, PARTIAL, DERIVED, DERIVED_ROWS] {
        remove(&path.join(name))?;
    }
    remove_checkpoint(path)
}

/// Which finished cells are trained again.
#[derive(Clone, Copy)]
pub struct Retrain<'a> {
    /// Whether failed cells are trained again.
    pub failed: bool,
    /// Whether a cell with this result is trained again.
    pub done: &'a dyn Fn(&CellResult) -> bool,
}

/// The result of reserving a cell.
#[derive(Debug)]
pub enum Reservation {
    /// This process has reserved the cell and trains it.
    Open(Box<OpenCell>),
    /// Another process trains it.
    Busy(Option<Owner>),
    /// The cell is done.
    Done(Box<CellResult>),
    /// The cell could not be trained earlier.
    Failed(CellFailure),
}

/// A cell that this process has reserved.
#[derive(Debug)]
pub struct OpenCell {
    /// Its folder.
    pub folder: CellFolder,
    /// Where to resume.
    pub checkpoint: Option<Checkpoint>,
    /// Rows from before the checkpoint.
    pub rows: Vec<Observation>,
    /// A warning for the user about a damaged file.
    pub warning: Option<String>,
}

/// The folder of a cell that this process trains.
#[derive(Debug)]
pub struct CellFolder {
    path: PathBuf,
    cell: String,
    build: Build,
    stream: RefCell<RowWriter>,
    _lock: Lock,
}

impl CellFolder {
    /// Appends rows.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn append(&self, rows: &[Observation]) -> Result<(), RunFolderError> {
        self.stream.borrow_mut().append(rows)
    }

    /// The current position in the rows.
    pub fn mark(&self) -> Mark {
        self.stream.borrow().mark()
    }

    /// Writes a checkpoint in place of the previous one.
    ///
    /// # Errors
    /// The checkpoint cannot be written; the previous one is still there.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
        self.stream.borrow_mut().sync()?;
        write_checkpoint(&self.path, &self.cell, &self.build, checkpoint)
    }

    /// Writes the rows of an interrupted cell, which can resume from its checkpoint.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn interrupt(self, rows: &[Observation]) -> Result<(), RunFolderError> {
        self.write_rows(PARTIAL, rows).map(|_| ())
    }

    /// Writes the rows and the result of a finished cell.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn finish(
        self,
        rows: &[Observation],
        summary: CellSummary,
        engines: Vec<(String, String)>,
    ) -> Result<CellResult, RunFolderError> {
        let result = CellResult {
            observations_blake3: self.write_rows(OBSERVATIONS, rows)?,
            rows: rows.len() as u64,
            cell: self.cell.clone(),
            summary,
            engines,
            build: self.build.clone(),
        };
        self.write_sealed(RESULT, &result)?;
        clear_up(&self.path)?;
        Ok(result)
    }

    /// Records that the cell could not be trained. Its rows stay.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn fail(self, error: String) -> Result<(), RunFolderError> {
        let failure = CellFailure {
            cell: self.cell.clone(),
            error,
            build: self.build.clone(),
        };
        self.write_sealed(FAILED, &failure)
    }

    fn write_rows(&self, name: &str, rows: &[Observation]) -> Result<String, RunFolderError> {
        let path = self.path.join(name);
        let bytes = to_bytes(rows).map_err(|error| RunFolderError::write(&path, error))?;
        write(&path, &bytes)?;
        Ok(blake3::hash(&bytes).to_string())
    }

    fn write_sealed(&self, name: &str, value: &impl Serialize) -> Result<(), RunFolderError> {
        let path = self.path.join(name);
        let bytes = seal(value).map_err(|error| RunFolderError::write(&path, error))?;
        write(&path, &bytes)
    }
}
