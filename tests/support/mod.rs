//! A folder of its own for a test, and the binary in it as a user runs it.

pub(crate) mod sweep;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const TINY: &str = include_str!("../tiny.toml");

/// The folder; it goes with the test.
pub(crate) struct Workplace(TempDir);

impl Workplace {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// One with the tiny spec, `tiny.toml`.
    pub(crate) fn tiny() -> Self {
        let place = Self::empty();
        place.write("tiny.toml", TINY);
        place
    }

    /// One with the tiny spec in which a piece of text is replaced.
    pub(crate) fn tiny_with(from: &str, to: &str) -> Self {
        assert!(TINY.contains(from), "the tiny spec has no {from:?}");
        let place = Self::empty();
        place.write("tiny.toml", &TINY.replace(from, to));
        place
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The binary with these arguments, to be started in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerwise"));
        command.args(arguments).current_dir(self.folder());
        command
    }

    pub(crate) fn layerwise(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs and expects success.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> Output {
        let output = self.layerwise(arguments);
        let problem = stderr(&output);
        assert!(output.status.success(), "{arguments:?}: {problem}");
        output
    }

    /// The JSON document that it prints when it succeeds.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.succeeds(arguments).stdout).unwrap()
    }

    /// Expects one error with exit code 2 that names all of `parts`, nothing on standard output, and
    /// no file or folder more than before.
    pub(crate) fn refuses(&self, arguments: &[&str], parts: &[&str]) {
        let before = self.names();
        let output = self.layerwise(arguments);
        let problem = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {problem}");
        let errors = problem.matches("error:").count();
        assert_eq!(errors, 1, "one error, not several: {problem}");
        assert!(!problem.contains("panicked"), "{problem}");
        for part in parts {
            assert!(problem.contains(part), "{part:?} is not in: {problem}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?} printed");
        assert_eq!(self.names(), before, "{arguments:?} wrote");
    }

    /// All files and folders.
    fn names(&self) -> Vec<PathBuf> {
        let mut found = vec![self.folder().to_owned()];
        let mut next = 0;
        while next < found.len() {
            if let Ok(entries) = fs::read_dir(&found[next]) {
                found.extend(entries.map(|entry| entry.unwrap().path()));
            }
            next += 1;
        }
        found.sort();
        found
    }
}

/// What stands on standard error, without what Mesa's drivers say on machines without a desktop.
pub(crate) fn stderr(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text
        .lines()
        .filter(|line| !line.contains("XDG_RUNTIME_DIR"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Bytes that the cells of a run have streamed so far.
pub(crate) fn streamed(run: &Path) -> u64 {
    let cells = fs::read_dir(run.join("cells")).into_iter().flatten();
    let streams = cells.filter_map(|cell| Some(cell.ok()?.path().join("stream.jsonl")));
    let sizes = streams.filter_map(|stream| Some(fs::metadata(stream).ok()?.len()));
    sizes.sum()
}
