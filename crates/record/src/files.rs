//! Writes files atomically: a file is written under a temporary name, synced and renamed, so that
//! it is either complete or absent.
//!
//! Only regular files can be replaced in this way. Links are followed to their file; a FIFO or a
//! device is written directly.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::NamedTempFile;

use crate::RunFolderError;

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it, so that a reader
/// never sees half a file. If `path` is a link, the file that it points to is written. A FIFO or a
/// device is written directly. An existing file keeps its permissions.
///
/// # Errors
/// The folder cannot be written, `path` is a folder, or a file there is read-only.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// [`write_atomically`] for content that `fill` writes piece by piece.
pub(crate) fn write_atomically_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let Some(path) = plain_file(path)? else {
        // The bytes are appended, because a shell may already have written to the same standard
        // output.
        let mut buffer = BufWriter::new(OpenOptions::new().append(true).open(path)?);
        fill(&mut buffer)?;
        return buffer.flush();
    };
    let before = fs::metadata(&path).ok().map(|file| file.permissions());
    if before.as_ref().is_some_and(fs::Permissions::readonly) {
        let problem = "the file is read-only";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = NamedTempFile::with_prefix_in(TEMPORARY, folder)?;
    let mut buffer = BufWriter::new(&mut file);
    fill(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    // Temporary files are private, so the permissions are set to those of other new files.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = || fs::Permissions::from_mode(0o644);
        file.as_file()
            .set_permissions(before.unwrap_or_else(open))?;
    }
    file.persist(&path)?;
    // The new name is safe on disk only after the folder is synced.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The regular file, existing or not, to which `path` leads through links. `None` for a FIFO, a
/// device or an open file of this process (`/dev/stdout`), which cannot be replaced by renaming.
///
/// # Errors
/// `path` leads to a folder, to itself, or through something that cannot be read.
pub fn plain_file(path: &Path) -> io::Result<Option<PathBuf>> {
    /// The limit of Linux.
    const MOST_LINKS: usize = 40;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => return Ok(None),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        if end.starts_with("/proc") {
            return Ok(None);
        }
        let Ok(next) = fs::read_link(&end) else {
            return Ok(Some(end));
        };
        end = end.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(io::Error::other("too many links"))
}

/// Longer than writing any file takes.
pub(crate) const LONG_AGO: Duration = Duration::from_secs(3600);

/// Prefix of the names of temporary files.
pub(crate) const TEMPORARY: &str = ".partial-";

/// Removes temporary files of processes that were killed, if they have at least this age. The age
/// is 0 if no other process writes to the folder.
pub(crate) fn remove_unfinished(folder: &Path, age: Duration) -> Result<(), RunFolderError> {
    let entries = fs::read_dir(folder).map_err(|e| RunFolderError::read(folder, e))?;
    let is_old = |entry: &fs::DirEntry| {
        let time = entry.metadata().and_then(|file| file.modified()).ok();
        let now = time.and_then(|time| time.elapsed().ok());
        age.is_zero() || now.is_some_and(|now| now >= age)
    };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) && is_old(&entry) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file if it exists.
pub(crate) fn remove(path: &Path) -> Result<(), RunFolderError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RunFolderError::write(path, error))
        }
        _ => Ok(()),
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
    write_atomically(path, bytes).map_err(|e| RunFolderError::write(path, e))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{
        os::unix::fs::{PermissionsExt, symlink},
        process::Command,
        thread,
    };

    use super::*;

    #[test]
    fn links_stay_and_their_target_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/file"), "old").unwrap();
        symlink("far/file", at("relative")).unwrap();
        symlink(at("relative"), at("absolute")).unwrap();
        symlink("far/not-yet", at("dangling")).unwrap();
        for (link, file) in [
            ("relative", "far/file"),
            ("absolute", "far/file"),
            ("dangling", "far/not-yet"),
        ] {
            write_atomically(&at(link), link.as_bytes()).unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(at(file)).unwrap(), link);
        }
        symlink("circle", at("circle")).unwrap();
        assert!(write_atomically(&at("circle"), b"x").is_err());
        assert!(at("circle").is_symlink());
    }

    #[test]
    fn a_fifo_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let link = folder.path().join("link");
        symlink(&fifo, &link).unwrap();
        for path in [&fifo, &link] {
            let reader = thread::spawn({
                let fifo = fifo.clone();
                move || fs::read(fifo).unwrap()
            });
            write_atomically(path, b"rows").unwrap();
            assert_eq!(reader.join().unwrap(), b"rows");
        }
        use std::os::unix::fs::FileTypeExt;
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        assert!(link.is_symlink());
    }

    #[test]
    fn a_file_keeps_its_permissions_and_a_read_only_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        fs::write(&file, "old").unwrap();
        mode(0o600);
        write_atomically(&file, b"new").unwrap();
        let now = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(now & 0o777, 0o600);
        mode(0o444);
        let error = write_atomically(&file, b"newer").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        let error = write_atomically(folder.path(), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "no temporary file is left");
    }
}
