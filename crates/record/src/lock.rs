use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Seek, SeekFrom, Write},
    path::Path,
    process, thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    RunFolderError,
    sealed::{seal, unseal},
};

/// The process that works on a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the machine.
    pub host: String,
    /// Process.
    pub process: u32,
}

impl Owner {
    fn this() -> Self {
        Self {
            host: host_name(),
            process: process::id(),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}", self.process, self.host)
    }
}

/// Name of this machine; `unknown` if the system does not report it.
fn host_name() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname");
    let name = kernel.ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// A lock that the operating system releases when the process ends in any way. The file stays; only
/// the lock on it counts, not its content.
#[derive(Debug)]
pub(crate) struct Lock(
    #[allow(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// The result of trying to take a lock.
#[derive(Debug)]
pub(crate) enum LockAttempt {
    /// This process has the lock now.
    Acquired(Lock),
    /// Another process has the lock, named if the file names it.
    Busy(Option<Owner>),
}

/// Number of attempts, because another process may hold the lock for a moment to read the state of
/// a cell.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(3);

impl Lock {
    /// Takes the lock if it is free.
    pub(crate) fn try_acquire(path: &Path) -> Result<LockAttempt, RunFolderError> {
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let mut file = open.map_err(|error| RunFolderError::write(path, error))?;
        let mut locked = file.try_lock();
        for _ in 0..TRIES {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(PAUSE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {
                let mut sign = || -> std::io::Result<()> {
                    file.set_len(0)?;
                    file.seek(SeekFrom::Start(0))?;
                    file.write_all(&seal(&Owner::this())?)
                };
                sign().map_err(|error| RunFolderError::write(path, error))?;
                Ok(LockAttempt::Acquired(Self(file)))
            }
            Err(TryLockError::WouldBlock) => Ok(LockAttempt::Busy(owner(path))),
            Err(TryLockError::Error(error)) => {
                let problem = format!("{error} (this file system may have no locks)");
                Err(RunFolderError::write(path, problem))
            }
        }
    }

    /// Waits for the lock and takes it.
    pub(crate) fn wait(path: &Path) -> Result<Self, RunFolderError> {
        let open = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        locked
            .map(Self)
            .map_err(|error| RunFolderError::write(path, error))
    }

    /// The process that has the lock now: `None` if the lock is free, and `Some(None)` if the file
    /// does not name it.
    pub(crate) fn holder(path: &Path) -> Option<Option<Owner>> {
        let file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(owner(path)),
            _ => None,
        }
    }
}

fn owner(path: &Path) -> Option<Owner> {
    unseal(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert_eq!(Lock::holder(&path), None);
        let LockAttempt::Acquired(lock) = Lock::try_acquire(&path).unwrap() else {
            panic!("no process has it");
        };
        assert!(
            matches!(Lock::try_acquire(&path).unwrap(), LockAttempt::Busy(Some(owner)) if owner == Owner::this())
        );
        assert_eq!(Lock::holder(&path), Some(Some(Owner::this())));
        fs::write(&path, "nonsense").unwrap();
        assert_eq!(Lock::holder(&path), Some(None));
        drop(lock);
        assert_eq!(Lock::holder(&path), None);
        assert!(matches!(
            Lock::try_acquire(&path).unwrap(),
            LockAttempt::Acquired(_)
        ));
    }
}
