//! Files that are whole or absent: written beside their place, synced and renamed.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    time::Duration,
};

use tempfile::NamedTempFile;

use crate::RunFolderError;

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it, so that a reader never
/// sees half a file.
///
/// # Errors
/// The folder cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// [`write_atomically`] of what `fill` writes, piece by piece.
pub(crate) fn write_atomically_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::with_prefix_in(TEMPORARY, folder.unwrap_or(Path::new(".")))?;
    let mut buffer = BufWriter::new(&mut file);
    fill(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    // Temporary files are private; what a run leaves behind is as open as any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    // The name is on the disk only when the folder is.
    #[cfg(unix)]
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Longer than any file takes to be written.
pub(crate) const LONG_AGO: Duration = Duration::from_secs(3600);

/// Beginning of the names of temporary files.
pub(crate) const TEMPORARY: &str = ".partial-";

/// Removes temporary files of a process that was killed: those of at least this age, which is 0 where
/// no other process writes into the folder.
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

/// Removes a file if it is there.
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
