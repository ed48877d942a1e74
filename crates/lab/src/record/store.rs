//! The cells of a run on the disk: `RUN/cells/ID/`.
//!
//! | file | holds |
//! |---|---|
//! | `stream.jsonl` | rows as they come |
//! | `checkpoint.json`, `checkpoint-STEP.safetensors` | where to go on |
//! | `partial.jsonl` | rows of a cell that was interrupted, with what follows from them |
//! | `observations.jsonl` | all rows in canonical order, once the cell is done |
//! | `result.json` | how it went; written last |
//! | `failed.json` | why it could not be trained |
//! | `lock` | locked while a process works on it |

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Build, CellSummary, Observation, RunFolderError,
    checkpoint::{
        Checkpoint, checkpoint_step, read_checkpoint, remove_checkpoint, write_checkpoint,
    },
    lock::{Asked, Lock, Owner},
    remove, remove_unfinished,
    rows::{Mark, RowWriter, read_leading_rows, read_rows, to_bytes},
    sealed::{read_sealed, seal},
    write,
};

pub(super) const FOLDER: &str = "cells";
const STREAM: &str = "stream.jsonl";
const PARTIAL: &str = "partial.jsonl";
const OBSERVATIONS: &str = "observations.jsonl";
const RESULT: &str = "result.json";
const FAILED: &str = "failed.json";
const LOCK: &str = "lock";

/// What is kept of a cell that is done, beside its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// The cell's identity.
    pub cell: String,
    /// How it went.
    pub summary: CellSummary,
    /// The engine of each model.
    pub engines: Vec<(String, String)>,
    /// The program that trained it.
    pub build: Build,
    /// Number of rows.
    pub rows: u64,
    /// BLAKE3 of the rows' file.
    pub observations_blake3: String,
}

/// Why a cell could not be trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellFailure {
    /// The cell's identity.
    pub cell: String,
    /// What went wrong.
    pub error: String,
    /// The program that tried it.
    pub build: Build,
}

/// What is on the disk of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellState {
    /// Nothing yet.
    Open,
    /// Begun, and nobody works on it.
    Interrupted {
        /// Step of the checkpoint from which it goes on; 0 without one.
        step: u64,
    },
    /// A process works on it.
    Running {
        /// Which, if that can be read.
        owner: Option<Owner>,
    },
    /// Trained to its end, which may have been a divergence.
    Done(Box<CellResult>),
    /// It could not be trained.
    Failed(CellFailure),
    /// A file is damaged; the cell is trained again.
    Damaged {
        /// What is wrong, with the name of the file.
        problem: String,
    },
}

/// A checkpoint, the stream behind its rows, and these rows.
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

    /// Cells that have a folder.
    pub fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    /// What is on the disk of a cell, all files checked.
    pub fn state(&self, cell: &str) -> CellState {
        let path = self.path(cell);
        if !path.is_dir() {
            return CellState::Open;
        }
        // Before files are read: a cell that ends meanwhile is called running, never damaged.
        let holder = Lock::holder(&path.join(LOCK));
        // Whoever holds a cell with a result only looks at it.
        let done = path.join(RESULT).exists().then(|| self.result(cell));
        match (done, holder) {
            (Some(Ok(result)), _) => CellState::Done(Box::new(result)),
            (_, Some(owner)) => CellState::Running { owner },
            (_, None) => self.at_rest(cell),
        }
    }

    /// [`Self::state`] of a cell that nobody else works on.
    fn at_rest(&self, cell: &str) -> CellState {
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

    /// The result of a cell that is done, its rows checked against it.
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

    /// The rows of a cell: all of one that is done, else those that there are.
    ///
    /// # Errors
    /// The rows of a cell that is done are damaged.
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

    /// Asks for a cell to train it with this program. What [`Again`] says of a cell that has ended
    /// is decided while nobody else can touch it: of two processes that want it trained again, one
    /// does it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn claim(
        &self,
        cell: &str,
        build: &Build,
        again: Again<'_>,
    ) -> Result<Claim, RunFolderError> {
        let path = self.path(cell);
        fs::create_dir_all(&path).map_err(|error| RunFolderError::write(&path, error))?;
        let lock = match Lock::ask(&path.join(LOCK))? {
            Asked::Taken(lock) => lock,
            Asked::Held(owner) => return Ok(Claim::Held(owner)),
        };
        remove_unfinished(&path, Duration::ZERO)?;
        let before = match self.at_rest(cell) {
            CellState::Done(result) if (again.done)(&result) => Ok(None),
            CellState::Done(result) => {
                // It was killed before it had cleared up.
                clear_up(&path)?;
                return Ok(Claim::Done(result));
            }
            CellState::Failed(failure) if !again.failed => return Ok(Claim::Failed(failure)),
            CellState::Failed(_) => {
                remove(&path.join(FAILED))?;
                self.go_on(cell, build)
            }
            CellState::Damaged { problem } => Err(problem),
            _ => self.go_on(cell, build),
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
        Ok(Claim::Ours(Box::new(Claimed {
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

    /// The place at which a cell goes on, if it has one; what is wrong with it, if it cannot.
    fn go_on(&self, cell: &str, build: &Build) -> Result<Option<Begun>, String> {
        let path = self.path(cell);
        let found = read_checkpoint(&path, cell).map_err(|error| error.to_string())?;
        let Some((checkpoint, by)) = found else {
            return Ok(None);
        };
        // One cell is of one program, or nobody could say what trained it.
        if by != *build {
            let path = path.display();
            let problem = format!("{path}: was begun by another build of this program ({by})");
            return Err(problem);
        }
        let (stream, rows) = RowWriter::go_on(&path.join(STREAM), checkpoint.rows)
            .map_err(|error| error.to_string())?;
        Ok(Some((checkpoint, stream, rows)))
    }

    /// Removes what is there of a cell, so that it is trained from the start.
    ///
    /// # Errors
    /// Somebody works on it, or its files cannot be removed.
    pub fn forget(&self, cell: &str) -> Result<(), RunFolderError> {
        let path = self.path(cell);
        if !path.is_dir() {
            return Ok(());
        }
        match Lock::ask(&path.join(LOCK))? {
            Asked::Taken(_lock) => {
                forget(&path)?;
                remove(&path.join(STREAM))
            }
            Asked::Held(owner) => {
                let who = owner.map_or("another process".to_owned(), |owner| owner.to_string());
                Err(RunFolderError::File {
                    path,
                    problem: format!("is being trained by {who}"),
                    hint: "Wait until it has ended, or end it",
                })
            }
        }
    }

    /// Forgets that a cell failed, so that it is tried again.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn retry(&self, cell: &str) -> Result<(), RunFolderError> {
        remove(&self.path(cell).join(FAILED))
    }
}

/// Removes what nobody needs of a cell that is done.
fn clear_up(path: &Path) -> Result<(), RunFolderError> {
    remove(&path.join(PARTIAL))?;
    remove_checkpoint(path)?;
    remove(&path.join(STREAM))
}

/// Removes everything but the lock and the stream; `result.json` first, without which nothing counts
/// as done.
fn forget(path: &Path) -> Result<(), RunFolderError> {
    for name in [RESULT, FAILED, OBSERVATIONS, PARTIAL] {
        remove(&path.join(name))?;
    }
    remove_checkpoint(path)
}

/// Which cells that have ended are trained again.
#[derive(Clone, Copy)]
pub struct Again<'a> {
    /// Whether one that failed is.
    pub failed: bool,
    /// Whether one with this result is.
    pub done: &'a dyn Fn(&CellResult) -> bool,
}

/// What came of asking for a cell.
#[derive(Debug)]
pub enum Claim {
    /// It is ours to train.
    Ours(Box<Claimed>),
    /// Another process trains it.
    Held(Option<Owner>),
    /// It is done.
    Done(Box<CellResult>),
    /// It could not be trained before.
    Failed(CellFailure),
}

/// A cell that is ours to train.
#[derive(Debug)]
pub struct Claimed {
    /// Its folder.
    pub folder: CellFolder,
    /// Where to go on.
    pub checkpoint: Option<Checkpoint>,
    /// What it had recorded before the checkpoint.
    pub rows: Vec<Observation>,
    /// What the user should know: a damaged file.
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
    /// They cannot be written.
    pub fn append(&self, rows: &[Observation]) -> Result<(), RunFolderError> {
        self.stream.borrow_mut().append(rows)
    }

    /// Where the rows are now.
    pub fn mark(&self) -> Mark {
        self.stream.borrow().mark()
    }

    /// Keeps a checkpoint in place of the one before.
    ///
    /// # Errors
    /// It cannot be written; the one before is still there.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
        self.stream.borrow_mut().sync()?;
        write_checkpoint(&self.path, &self.cell, &self.build, checkpoint)
    }

    /// Keeps the rows of a cell that was interrupted; it can go on from its checkpoint.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn interrupt(self, rows: &[Observation]) -> Result<(), RunFolderError> {
        self.write_rows(PARTIAL, rows).map(|_| ())
    }

    /// Keeps the rows and the result of a cell that is done.
    ///
    /// # Errors
    /// They cannot be written.
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

    /// Notes that the cell could not be trained. Its rows stay.
    ///
    /// # Errors
    /// The note cannot be written.
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
