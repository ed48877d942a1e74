use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use crate::dataset;

/// What was read from a file, and from which bytes.
#[derive(Debug)]
pub struct FileContent<T> {
    /// What was read.
    pub content: T,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Why a file gave no content.
#[derive(Debug)]
pub enum FileProblem<E> {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It holds something else.
    Content(E),
}

impl<E: std::fmt::Display> std::fmt::Display for FileProblem<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Content(error) => error.fmt(f),
        }
    }
}

/// A path with size and time of change of the file there.
type Stamp = (PathBuf, u64, Option<SystemTime>);

/// Contents of files, each read again only when the file has changed: the tables of a run are
/// checked and built many times over.
#[derive(Debug)]
pub struct FileCache<T>(Mutex<Vec<(Stamp, Arc<FileContent<T>>)>>);

impl<T> Default for FileCache<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> FileCache<T> {
    /// An empty cache.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The content of the file at `path`, made by `read` from its bytes.
    ///
    /// # Errors
    /// The file cannot be read, or what `read` says.
    pub fn get<E>(
        &self,
        path: &Path,
        read: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Arc<FileContent<T>>, FileProblem<E>> {
        let meta = fs::metadata(path).map_err(FileProblem::Unreadable)?;
        let stamp = (path.to_owned(), meta.len(), meta.modified().ok());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, content)) = known.iter().find(|(seen, _)| *seen == stamp) {
            return Ok(Arc::clone(content));
        }
        let bytes = fs::read(path).map_err(FileProblem::Unreadable)?;
        let content = Arc::new(FileContent {
            content: read(&bytes).map_err(FileProblem::Content)?,
            sha256: dataset::sha256(&bytes),
        });
        known.retain(|((seen, ..), _)| seen != path);
        known.push((stamp, Arc::clone(&content)));
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_and_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let cache: FileCache<usize> = FileCache::new();
        let mut reads = 0;
        let mut length = || {
            let found = cache.get(&path, |bytes| {
                reads += 1;
                if bytes.is_empty() {
                    Err("is empty")
                } else {
                    Ok(bytes.len())
                }
            });
            let found = found.map(|file| (file.content, file.sha256.len()));
            (found.map_err(|problem| problem.to_string()), reads)
        };
        assert!(length().0.unwrap_err().contains("cannot be read"));
        fs::write(&path, b"").unwrap();
        assert_eq!(length(), (Err("is empty".to_owned()), 1));
        fs::write(&path, b"four").unwrap();
        assert_eq!(length(), (Ok((4, 64)), 2));
        assert_eq!(length(), (Ok((4, 64)), 2));
        fs::write(&path, b"five!").unwrap();
        assert_eq!(length(), (Ok((5, 64)), 3));
    }
}
