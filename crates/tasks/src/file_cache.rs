use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use crate::tensors::{TensorError, TensorFile};

/// The content of a file, and the hash of its bytes.
#[derive(Debug)]
pub struct FileContent<T> {
    /// The content.
    pub content: T,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Why a file has no usable content.
#[derive(Debug)]
pub enum FileProblem<E> {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file holds something else.
    Content(E),
}

impl FileProblem<TensorError> {
    fn into<E: From<TensorError>>(self) -> FileProblem<E> {
        match self {
            Self::Unreadable(error) => FileProblem::Unreadable(error),
            Self::Content(error) => FileProblem::Content(error.into()),
        }
    }
}

impl<E: std::fmt::Display> std::fmt::Display for FileProblem<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Content(error) => error.fmt(f),
        }
    }
}

/// Paths, sizes and modification times of a file and its shards.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Cache of the contents of tensor files. A file is read again only if it has changed, because the
/// tables of a run are checked and built many times.
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

    /// The content of the file at `path`, as `read` makes it from the file and its shards.
    ///
    /// # Errors
    /// The file cannot be read, or `read` fails.
    pub fn get<E: From<TensorError>>(
        &self,
        path: &Path,
        read: impl FnOnce(&TensorFile) -> Result<T, E>,
    ) -> Result<Arc<FileContent<T>>, FileProblem<E>> {
        let mut stamp = Stamp::new();
        for part in TensorFile::paths(path).map_err(FileProblem::into)? {
            // A missing shard is reported when it is read.
            let meta = match fs::metadata(&part) {
                Err(error) if part == path => return Err(FileProblem::Unreadable(error)),
                meta => meta.ok(),
            };
            let changed = meta.as_ref().and_then(|meta| meta.modified().ok());
            stamp.push((part, meta.map_or(0, |meta| meta.len()), changed));
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, content)) = known.iter().find(|(seen, _)| *seen == stamp) {
            return Ok(Arc::clone(content));
        }
        let file = TensorFile::read(path).map_err(FileProblem::into)?;
        let content = Arc::new(FileContent {
            content: read(&file).map_err(FileProblem::Content)?,
            sha256: file.sha256(),
        });
        known.retain(|(seen, _)| seen[0].0 != path);
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
            let found = cache.get(&path, |file| {
                reads += 1;
                let length = file.contents().map(<[u8]>::len).sum();
                if length == 0 {
                    Err("is empty".to_owned())
                } else {
                    Ok(length)
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
