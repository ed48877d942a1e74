//! Files that a verb writes where the user says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use record::{RunFolder, plain_file, write_atomically};

use crate::failure::Failure;

/// Checks before any work that writing `path`, which `flag` asks for, takes nothing away: it is no
/// folder, no file of a run itself, and none of the files that the verb reads.
pub(crate) fn check(flag: &str, path: &Path, read: &[&Path]) -> Result<(), Failure> {
    let refuse = |problem: String| {
        Err(Failure::usage(format!(
            "{flag} {}: {problem}",
            path.display()
        )))
    };
    if path == Path::new("-") {
        return refuse("is no file. For standard output, write /dev/stdout".to_owned());
    }
    let end = match plain_file(path) {
        Ok(Some(end)) => end,
        Ok(None) => return Ok(()),
        Err(error) => return refuse(format!("cannot be written: {error}. Give a file")),
    };
    let end = resolved(&end);
    for place in [path, &end] {
        if let Some(run) = RunFolder::owner_of(place) {
            let run = match run.as_os_str().is_empty() {
                true => Path::new("."),
                false => run,
            };
            return refuse(format!(
                "is a file of the run in {} itself. Give a name of its own, such as report.html",
                run.display()
            ));
        }
    }
    match read.iter().find(|read| resolved(read) == end) {
        Some(_) => {
            refuse("is read or written by this command already. Give another name".to_owned())
        }
        None => Ok(()),
    }
}

/// Writes the file, in a folder that is made where it is missing.
pub(crate) fn write(flag: &str, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = match path.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    };
    written
        .and_then(|()| write_atomically(path, bytes))
        .map_err(|error| {
            Failure::run(format!(
                "{}: cannot be written: {error}. Choose a writable place with {flag}",
                path.display()
            ))
        })
}

/// The same path without links in its folders, as far as they are there.
fn resolved(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Whether `path` is this process's standard output, where nothing else may be said.
pub(crate) fn is_stdout(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        let own = same(Path::new("/dev/stdout"));
        own.is_some() && same(path) == own
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
