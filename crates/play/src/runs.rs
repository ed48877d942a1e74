//! The runs in progress and those that are kept: at most some of each, one per tab.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tempfile::TempDir;

use crate::{cancel::Cancel, error::PlayError};

/// Most runs that train at a time, each in a tab of its own.
const RUNNING: usize = 4;
/// Most finished runs that are kept to be saved.
const KEPT: usize = 4;

/// All runs of a bench. Their folders are in one temporary folder, which goes with it.
pub(crate) struct Runs {
    folder: TempDir,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    stopped: bool,
    active: Vec<Active>,
    kept: VecDeque<Kept>,
}

/// A run whose thread has not ended.
struct Active {
    id: u64,
    tab: String,
    cancel: Arc<Cancel>,
}

/// A finished run.
#[derive(Clone)]
pub(crate) struct Kept {
    id: u64,
    folder: PathBuf,
}

/// The place of a run among others; it is given back at the end.
pub(crate) struct Place {
    runs: Arc<Runs>,
    /// Number of the run.
    pub(crate) id: u64,
    /// Tells the run to end.
    pub(crate) cancel: Arc<Cancel>,
}

impl Runs {
    /// An empty list.
    ///
    /// # Errors
    /// No temporary folder can be made.
    pub(crate) fn new() -> Result<Self, PlayError> {
        let folder = tempfile::Builder::new().prefix("layerwise-play-").tempdir();
        let folder = folder.map_err(|source| PlayError::Folder {
            path: std::env::temp_dir(),
            source,
        })?;
        Ok(Self {
            folder,
            state: Mutex::default(),
            ended: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a run of at most `time` in a tab, whose run before is told to end.
    ///
    /// # Errors
    /// Other tabs have all places.
    pub(crate) fn admit(self: &Arc<Self>, tab: &str, time: Duration) -> Result<Place, PlayError> {
        let mut state = self.state();
        for active in state.active.iter().filter(|active| active.tab == tab) {
            active.cancel.cancel();
        }
        let wanted = state
            .active
            .iter()
            .filter(|active| !active.cancel.is_cancelled());
        if state.stopped || wanted.count() >= RUNNING {
            return Err(PlayError::Busy { most: RUNNING });
        }
        let id = state.next;
        state.next += 1;
        let cancel = Arc::new(Cancel::after(time));
        state.active.push(Active {
            id,
            tab: tab.to_owned(),
            cancel: Arc::clone(&cancel),
        });
        Ok(Place {
            runs: Arc::clone(self),
            id,
            cancel,
        })
    }

    /// A finished run by its number.
    pub(crate) fn kept(&self, id: &str) -> Result<PathBuf, PlayError> {
        let state = self.state();
        let number = id.parse::<u64>().ok();
        let found = state.kept.iter().find(|kept| Some(kept.id) == number);
        found
            .map(|kept| kept.folder.clone())
            .ok_or_else(|| PlayError::Gone { id: id.to_owned() })
    }

    /// Ends all runs and waits for their threads.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        for active in &state.active {
            active.cancel.cancel();
        }
        let none = self
            .ended
            .wait_while(state, |state| !state.active.is_empty());
        drop(none);
    }

    /// Number of runs whose threads have not ended, and of folders of runs.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let folders = std::fs::read_dir(self.folder.path()).map_or(0, Iterator::count);
        (self.state().active.len(), folders)
    }
}

impl Place {
    /// The folder of the run.
    pub(crate) fn folder(&self) -> PathBuf {
        self.runs.folder.path().join(format!("run-{}", self.id))
    }

    /// Waits until few enough runs have threads; those that were told to end do so soon.
    pub(crate) fn wait(&self) {
        let early = |state: &State| {
            let before = state
                .active
                .iter()
                .take_while(|active| active.id != self.id);
            before.count()
        };
        let waited =
            (self.runs.ended).wait_while(self.runs.state(), |state| early(state) >= RUNNING);
        drop(waited);
    }

    /// Keeps the finished run in the folder, so that it can be saved, in place of the oldest one.
    pub(crate) fn keep(&self) {
        let mut state = self.runs.state();
        state.kept.push_back(Kept {
            id: self.id,
            folder: self.folder(),
        });
        if state.kept.len() > KEPT
            && let Some(oldest) = state.kept.pop_front()
        {
            remove(&oldest.folder);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.runs.state();
        if !state.kept.iter().any(|kept| kept.id == self.id) {
            remove(&self.folder());
        }
        state.active.retain(|active| active.id != self.id);
        self.runs.ended.notify_all();
    }
}

/// Removes the folder of a run. What cannot be removed goes with the temporary folder.
fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}
