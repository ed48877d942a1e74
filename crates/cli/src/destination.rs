//! Files that a verb writes to a path given by the user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use record::{RunFolder, plain_file, write_atomically};

use crate::failure::Failure;

/// Checks, before any work, that writing to `path` (the value of `flag`) destroys nothing: the path
/// must not be a folder, a file of a run, or a file that the verb reads.
pub(crate) fn check(flag: &str, path: &Path, read: &[&Path]) -> Result<(), Failure> {
    let refuse = |problem: String| {
        Err(Failure::usage(format!(
            "{flag} {}: {problem}",
            path.display()
        )))
    };
    if path == Path::new("-") {
        return refuse("is not a file. For standard output, write /dev/stdout".to_owned());
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
                "is one of the files of the run in {}. Give another name, such as report.html",
                run.display()
            ));
        }
    }
    match read.iter().find(|read| resolved(read) == end) {
        Some(_) => refuse("is also read or written by this command. Give another name".to_owned()),
        None => Ok(()),
    }
}

/// Writes the file, and creates its folder if needed.
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

/// The path with symbolic links resolved in those of its folders that exist.
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

/// Whether `path` is the standard output of this process. If so, nothing else may be printed there.
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
