//! How this process was started: the program, and the words after it.

use std::{env, ffi::OsString, io, path::PathBuf, sync::OnceLock};

/// The program and its arguments, if the process itself is another program (a Python interpreter).
static GIVEN: OnceLock<(PathBuf, Vec<OsString>)> = OnceLock::new();

/// Notes which program and arguments stand for this process. The first call counts.
pub(crate) fn remember(program: PathBuf, arguments: Vec<OsString>) {
    // A second command line in one process has the same program.
    let _ = GIVEN.set((program, arguments));
}

/// The file that starts this program again.
pub(crate) fn program() -> io::Result<PathBuf> {
    match GIVEN.get() {
        Some((program, _)) => Ok(program.clone()),
        None => env::current_exe(),
    }
}

/// The arguments after the program.
pub(crate) fn arguments() -> Vec<OsString> {
    match GIVEN.get() {
        Some((_, arguments)) => arguments.clone(),
        None => env::args_os().skip(1).collect(),
    }
}
