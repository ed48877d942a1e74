use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::{
    CellStore, Manifest, Observation,
    lock::Lock,
    plan_file::FILE as PLAN,
    rows::{rows_of, write_rows},
    store::FOLDER as CELLS,
    weights::{FOLDER as WEIGHTS, WeightsOf, forget_weights},
};
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
        let problem = format!("cannot be written: {error}");
        // Errors of other crates keep only the text of the system's.
        let is_full = ["No space left", "quota exceeded"]
            .iter()
            .any(|text| problem.contains(text));
        Self::File {
            path: path.to_owned(),
            problem,
            hint: if is_full {
                "Free some space and give the same command again; what was recorded is kept"
            } else {
                "Choose a writable folder with --out"
            },
        }
    }

    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
            hint: "Give the command of the run again: what is damaged is made again, the rest is kept",
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

/// What a run folder is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunIdentity {
    /// Hash of everything that is trained, all variants of the sweep included.
    pub spec_hash: String,
    /// Hash of what is trained without the sweep: a folder may hold a sweep that grows.
    pub base_hash: String,
}

/// A run folder that is being written.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
}

const SPEC: &str = "spec.toml";
const MANIFEST: &str = "manifest.json";
const JSONL: &str = "observations.jsonl";
const CSV: &str = "observations.csv";
const VERDICT: &str = "verdict.json";
const CHECKSUMS: &str = "CHECKSUMS";
const DONE: &str = "DONE";
const LOCK: &str = "lock";

/// What a run folder cannot do without.
const OWN: [&str; 11] = [
    SPEC, MANIFEST, JSONL, CSV, VERDICT, CHECKSUMS, DONE, LOCK, PLAN, CELLS, WEIGHTS,
];

impl RunFolder {
    /// Opens `path` for a run of `spec`. What cells of the same spec have recorded there stays, and
    /// the sweep and the seeds may be others than before; anything else is left alone.
    ///
    /// # Errors
    /// A folder that holds something else or cannot be written.
    pub fn open(path: &Path, spec: &Spec, identity: &RunIdentity) -> Result<Self, RunFolderError> {
        check_free(path, spec, identity)?;
        fs::create_dir_all(path).map_err(|e| RunFolderError::write(path, e))?;
        let _lock = Lock::wait(&path.join(LOCK))?;
        // Another process may have begun a run there meanwhile.
        check_free(path, spec, identity)?;
        remove_unfinished(path, LONG_AGO)?;
        // Without it nothing counts as done.
        remove(&path.join(DONE))?;
        let (spec_hash, base_hash) = (&identity.spec_hash, &identity.base_hash);
        let text = format!(
            "{SPEC_HASH}{spec_hash}\n{BASE_HASH}{base_hash}\n{}",
            spec.to_toml()
        );
        write(&path.join(SPEC), text.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Whether `path` holds a run that came to its end.
    pub fn is_done(path: &Path) -> bool {
        path.join(DONE).is_file()
    }

    /// The run folder to which the file `path` belongs as one of its own, so that nothing else may
    /// be written there; `None` for pages, tables and whatever else lies beside.
    pub fn owner_of(path: &Path) -> Option<&Path> {
        let mut inside = path;
        while let (Some(folder), Some(name)) = (inside.parent(), inside.file_name()) {
            // Some file systems take no notice of case.
            let own = OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
            if own && Self::is_begun(folder) {
                return Some(folder);
            }
            inside = folder;
        }
        None
    }

    /// Whether `path` holds a run, or the beginning of one.
    pub fn is_begun(path: &Path) -> bool {
        path.join(SPEC).is_file()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its cells.
    pub fn cells(&self) -> CellStore {
        CellStore::of(&self.path)
    }

    /// The manifest of an earlier call on the same folder.
    pub fn manifest_before(&self) -> Option<Manifest> {
        read_manifest(&self.path).ok()
    }

    /// Forgets the weights that a model of an earlier cell kept.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn forget_weights(&self, of: WeightsOf<'_>) -> Result<(), RunFolderError> {
        forget_weights(&self.path, of)
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
        let path = self.path;
        let _lock = Lock::wait(&path.join(LOCK))?;
        remove(&path.join(DONE))?;
        // Piece by piece: a large sweep is in memory once, not three times.
        write_atomically_with(&path.join(JSONL), |out| write_rows(observations, out))
            .map_err(|e| RunFolderError::write(&path.join(JSONL), e))?;
        write_atomically_with(&path.join(CSV), |out| {
            write_csv(&manifest.name, observations, out).map_err(io::Error::other)
        })
        .map_err(|e| RunFolderError::write(&path.join(CSV), e))?;
        write_json(&path.join(MANIFEST), manifest)?;
        write_json(&path.join(VERDICT), verdict)?;
        write_checksums(&path)?;
        if complete {
            write(&path.join(DONE), b"")?;
        }
        Ok(())
    }
}

/// Files whose checksums are kept.
const CHECKED: [&str; 5] = [SPEC, MANIFEST, JSONL, CSV, VERDICT];

/// Writes the checksums of all files, as `b3sum --check` reads them.
fn write_checksums(run: &Path) -> Result<(), RunFolderError> {
    let mut lines = String::new();
    for name in CHECKED {
        let path = run.join(name);
        let mut hasher = blake3::Hasher::new();
        File::open(&path)
            .and_then(|file| hasher.update_reader(file).map(|_| ()))
            .map_err(|e| RunFolderError::read(&path, e))?;
        lines.push_str(&format!("{}  {name}\n", hasher.finalize()));
    }
    write(&run.join(CHECKSUMS), lines.as_bytes())
}

/// Writes the checksum of one file anew. Those of the others stay: what was damaged since stays so.
fn renew_checksum(run: &Path, name: &str) -> Result<(), RunFolderError> {
    let path = run.join(CHECKSUMS);
    let lines = fs::read_to_string(&path).map_err(|e| RunFolderError::read(&path, e))?;
    let file = run.join(name);
    let bytes = fs::read(&file).map_err(|e| RunFolderError::read(&file, e))?;
    let renewed = format!("{}  {name}", blake3::hash(&bytes));
    let ending = format!("  {name}");
    let lines = (lines.lines())
        .map(|line| {
            if line.ends_with(&ending) {
                &renewed
            } else {
                line
            }
        })
        .fold(String::new(), |text, line| text + line + "\n");
    write(&path, lines.as_bytes())
}

/// The bytes of a file of the run, checked against its checksum.
fn read_checked(run: &Path, name: &str) -> Result<Vec<u8>, RunFolderError> {
    let path = run.join(name);
    let bytes = fs::read(&path).map_err(|e| RunFolderError::read(&path, e))?;
    let sums = run.join(CHECKSUMS);
    let lines = fs::read_to_string(&sums).map_err(|e| RunFolderError::read(&sums, e))?;
    let expected = format!("{}  {name}", blake3::hash(&bytes));
    if lines.lines().any(|line| line == expected) {
        return Ok(bytes);
    }
    let problem = format!("is damaged: its checksum is not in {CHECKSUMS}");
    Err(RunFolderError::damaged(&path, problem))
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

/// The long table as CSV. `run` is the name in its first column. A time that did not come is `inf`.
///
/// # Errors
/// Never for rows in memory; what the writer says otherwise.
pub fn csv_bytes(run: &str, observations: &[Observation]) -> Result<Vec<u8>, csv::Error> {
    let mut bytes = Vec::new();
    write_csv(run, observations, &mut bytes)?;
    Ok(bytes)
}

fn write_csv(run: &str, rows: &[Observation], out: &mut dyn Write) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for o in rows {
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
    table.flush()?;
    Ok(())
}

const SPEC_HASH: &str = "# spec_hash = ";
const BASE_HASH: &str = "# base_hash = ";

fn check_free(path: &Path, spec: &Spec, identity: &RunIdentity) -> Result<(), RunFolderError> {
    let another = |detail: String| RunFolderError::AnotherSpec {
        path: path.to_owned(),
        detail,
    };
    match fs::read_to_string(path.join(SPEC)) {
        Ok(text) => {
            let recorded = text.lines().find_map(|line| line.strip_prefix(BASE_HASH));
            let name = toml::from_str::<toml::Table>(&text).ok().and_then(|table| {
                table
                    .get("name")
                    .and_then(|n| n.as_str().map(str::to_owned))
            });
            match name {
                Some(name) if name != spec.name => {
                    Err(another(format!("{name} instead of {}", spec.name)))
                }
                _ if recorded.is_none() => Err(another("recorded by an older version".to_owned())),
                _ if recorded != Some(&identity.base_hash) => Err(another(format!(
                    "{} with other training settings",
                    spec.name
                ))),
                _ => Ok(()),
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => match fs::read_dir(path) {
            Ok(entries) => {
                // The beginning of a run by a process that was killed, or is at it.
                let begun = |name: &str| name == LOCK || name.starts_with(TEMPORARY);
                let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
                if names.all(|name| begun(&name.to_string_lossy())) {
                    Ok(())
                } else {
                    Err(RunFolderError::NotARun {
                        path: path.to_owned(),
                    })
                }
            }
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
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// [`write_atomically`] of what `fill` writes, piece by piece.
fn write_atomically_with(
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

/// No file takes as long to be written.
const LONG_AGO: Duration = Duration::from_secs(3600);

/// Beginning of the names of temporary files.
const TEMPORARY: &str = ".partial-";

/// Removes temporary files of a process that was killed: those of at least this age, which is 0 where
/// nobody else writes into the folder now.
pub(super) fn remove_unfinished(folder: &Path, age: Duration) -> Result<(), RunFolderError> {
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
pub(super) fn remove(path: &Path) -> Result<(), RunFolderError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RunFolderError::write(path, error))
        }
        _ => Ok(()),
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
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
    read_json(run, MANIFEST)
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    /// A file is missing or cannot be understood.
    pub fn read(path: &Path) -> Result<Self, RunFolderError> {
        let spec_path = path.join(SPEC);
        let spec = toml::from_slice(&read_checked(path, SPEC)?)
            .map_err(|e| RunFolderError::read(&spec_path, e))?;
        Ok(Self {
            path: path.to_owned(),
            spec,
            manifest: read_json(path, MANIFEST)?,
            observations: rows_of(&path.join(JSONL), &read_checked(path, JSONL)?)?,
            verdict: read_json(path, VERDICT)?,
        })
    }

    /// Writes new verdicts into the folder, leaving everything else alone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_verdict(&self) -> Result<(), RunFolderError> {
        write_json(&self.path.join(VERDICT), &self.verdict)?;
        renew_checksum(&self.path, VERDICT)
    }
}

fn read_json<T: DeserializeOwned>(run: &Path, name: &str) -> Result<T, RunFolderError> {
    let bytes = read_checked(run, name)?;
    serde_json::from_slice(&bytes).map_err(|e| RunFolderError::read(&run.join(name), e))
}
