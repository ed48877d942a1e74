use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::{Manifest, Observation, weights::forget_weights};
use crate::{claims::VerdictFile, spec::Spec};

/// Why a run folder cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunFolderError {
    /// The folder belongs to another experiment.
    #[error(
        "{}: already holds a run of another spec ({detail}). Choose another folder with --out, or \
         remove this one",
        path.display()
    )]
    AnotherSpec {
        /// The folder.
        path: PathBuf,
        /// What differs.
        detail: String,
    },
    /// The folder holds something that is no run.
    #[error(
        "{}: is not empty and holds no run. Choose another folder with --out",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the run cannot be read or written.
    #[error("{}: {problem}. {hint}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
}

impl RunFolderError {
    pub(super) fn write(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: format!("cannot be written: {error}"),
            hint: "Choose a writable folder with --out",
        }
    }

    pub(super) fn read(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: format!("cannot be read: {error}"),
            hint: "Give the folder of a finished run (it holds spec.toml and DONE)",
        }
    }
}

/// A run folder that is being written.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    stream: BufWriter<File>,
}

const SPEC: &str = "spec.toml";
const MANIFEST: &str = "manifest.json";
const JSONL: &str = "observations.jsonl";
const CSV: &str = "observations.csv";
const VERDICT: &str = "verdict.json";
const DONE: &str = "DONE";

impl RunFolder {
    /// Opens `path` for a run of `spec`, whose training part has the hash `spec_hash`. A folder
    /// that already holds a run of the same spec is started again; anything else is left alone.
    ///
    /// # Errors
    /// A folder that holds something else or cannot be written.
    pub fn create(path: &Path, spec: &Spec, spec_hash: &str) -> Result<Self, RunFolderError> {
        check_free(path, spec, spec_hash)?;
        fs::create_dir_all(path).map_err(|e| RunFolderError::write(path, e))?;
        for stale in [DONE, VERDICT, CSV, MANIFEST, "report.html"] {
            match fs::remove_file(path.join(stale)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(RunFolderError::write(&path.join(stale), e));
                }
                _ => {}
            }
        }
        forget_weights(path)?;
        let text = format!("# spec_hash = {spec_hash}\n{}", spec.to_toml());
        write(&path.join(SPEC), text.as_bytes())?;
        let stream = path.join(JSONL);
        let file = File::create(&stream).map_err(|e| RunFolderError::write(&stream, e))?;
        Ok(Self {
            path: path.to_owned(),
            stream: BufWriter::new(file),
        })
    }

    /// Whether `path` holds a run that came to its end.
    pub fn is_done(path: &Path) -> bool {
        path.join(DONE).is_file()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends observations to the stream and hands them to the operating system, so that a run
    /// that is killed keeps them.
    ///
    /// # Errors
    /// The stream cannot be written.
    pub fn append(&mut self, observations: &[Observation]) -> Result<(), RunFolderError> {
        let path = self.path.join(JSONL);
        let write = |stream: &mut BufWriter<File>| -> io::Result<()> {
            for observation in observations {
                serde_json::to_writer(&mut *stream, observation)?;
                stream.write_all(b"\n")?;
            }
            stream.flush()
        };
        write(&mut self.stream).map_err(|e| RunFolderError::write(&path, e))
    }

    /// Writes the tables in canonical order, the manifest and the verdicts, and `DONE` last.
    /// `complete` is false for a run that was interrupted: it gets no `DONE`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(
        self,
        observations: &[Observation],
        manifest: &Manifest,
        verdict: &VerdictFile,
        complete: bool,
    ) -> Result<(), RunFolderError> {
        let Self { path, stream } = self;
        drop(stream);
        let mut jsonl = Vec::new();
        for observation in observations {
            serde_json::to_writer(&mut jsonl, observation)
                .map_err(|e| RunFolderError::write(&path.join(JSONL), e))?;
            jsonl.push(b'\n');
        }
        write(&path.join(JSONL), &jsonl)?;
        let table = csv_bytes(&manifest.name, observations)
            .map_err(|e| RunFolderError::write(&path.join(CSV), e))?;
        write(&path.join(CSV), &table)?;
        write_json(&path.join(MANIFEST), manifest)?;
        write_json(&path.join(VERDICT), verdict)?;
        if complete {
            write(&path.join(DONE), b"")?;
        }
        Ok(())
    }
}

/// Columns of the table.
const COLUMNS: [&str; 9] = [
    "run",
    "seed",
    "variant",
    "model",
    "metric",
    "index",
    "step",
    "flow_time",
    "value",
];

fn csv_bytes(run: &str, observations: &[Observation]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for o in observations {
        table.write_record([
            run,
            &o.seed.to_string(),
            &o.variant,
            &o.model,
            &o.metric,
            &o.index.to_string(),
            &o.step.to_string(),
            &o.flow_time.map(|time| time.to_string()).unwrap_or_default(),
            &o.value.to_string(),
        ])?;
    }
    table
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn check_free(path: &Path, spec: &Spec, spec_hash: &str) -> Result<(), RunFolderError> {
    let another = |detail: String| RunFolderError::AnotherSpec {
        path: path.to_owned(),
        detail,
    };
    match fs::read_to_string(path.join(SPEC)) {
        Ok(text) => {
            let recorded = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("# spec_hash = "))
                .unwrap_or("unknown");
            let name = toml::from_str::<toml::Table>(&text).ok().and_then(|table| {
                table
                    .get("name")
                    .and_then(|n| n.as_str().map(str::to_owned))
            });
            match name {
                Some(name) if name != spec.name => {
                    Err(another(format!("{name} instead of {}", spec.name)))
                }
                _ if recorded != spec_hash => Err(another(format!(
                    "{} with other training settings",
                    spec.name
                ))),
                _ => Ok(()),
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => match fs::read_dir(path) {
            Ok(mut entries) => match entries.next() {
                None => Ok(()),
                Some(_) => Err(RunFolderError::NotARun {
                    path: path.to_owned(),
                }),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(RunFolderError::write(path, e)),
        },
        Err(e) => Err(RunFolderError::write(path, e)),
    }
}

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it, so that a reader never
/// sees half a file.
///
/// # Errors
/// The folder cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::with_prefix_in(".partial-", folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // Temporary files are private; what a run leaves behind is as open as any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
    write_atomically(path, bytes).map_err(|e| RunFolderError::write(path, e))
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), RunFolderError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| RunFolderError::write(path, e))?;
    write(path, text.as_bytes())
}

/// A recorded run, read back.
#[derive(Debug, Clone)]
pub struct Run {
    /// The folder.
    pub path: PathBuf,
    /// The resolved spec.
    pub spec: Spec,
    /// Where it came from and how it went.
    pub manifest: Manifest,
    /// The long table, in canonical order.
    pub observations: Vec<Observation>,
    /// The verdicts.
    pub verdict: VerdictFile,
}

/// The resolved spec of a run folder.
///
/// # Errors
/// The folder holds no run.
pub fn spec_file(run: &Path) -> Result<PathBuf, RunFolderError> {
    let path = run.join(SPEC);
    fs::metadata(&path).map_err(|error| RunFolderError::read(&path, error))?;
    Ok(path)
}

/// The manifest of a run folder, without its table.
///
/// # Errors
/// The file is missing or cannot be understood.
pub fn read_manifest(run: &Path) -> Result<Manifest, RunFolderError> {
    read_json(&run.join(MANIFEST))
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    /// A file is missing or cannot be understood.
    pub fn read(path: &Path) -> Result<Self, RunFolderError> {
        let spec_path = path.join(SPEC);
        let text =
            fs::read_to_string(&spec_path).map_err(|e| RunFolderError::read(&spec_path, e))?;
        let spec = toml::from_str(&text).map_err(|e| RunFolderError::read(&spec_path, e))?;
        Ok(Self {
            path: path.to_owned(),
            spec,
            manifest: read_json(&path.join(MANIFEST))?,
            observations: read_jsonl(&path.join(JSONL))?,
            verdict: read_json(&path.join(VERDICT))?,
        })
    }

    /// Writes new verdicts into the folder, leaving everything else alone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_verdict(&self) -> Result<(), RunFolderError> {
        write_json(&self.path.join(VERDICT), &self.verdict)
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, RunFolderError> {
    let text = fs::read_to_string(path).map_err(|e| RunFolderError::read(path, e))?;
    serde_json::from_str(&text).map_err(|e| RunFolderError::read(path, e))
}

fn read_jsonl(path: &Path) -> Result<Vec<Observation>, RunFolderError> {
    let text = fs::read_to_string(path).map_err(|e| RunFolderError::read(path, e))?;
    text.lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|e| RunFolderError::read(path, format!("line {}: {e}", number + 1)))
        })
        .collect()
}
