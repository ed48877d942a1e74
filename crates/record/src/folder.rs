//! The folder of a run with its tables, manifest and verdicts, and the rules for writing to it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    CellStore, ExternalSource, FORMAT, Manifest, Observation, Observations, RunFolderError,
    cells::FOLDER as CELLS,
    changed_files::{ChangedSource, changed_files, changed_source},
    csv::write_csv,
    files::{LONG_AGO, TEMPORARY, remove, remove_unfinished, write, write_atomically_with},
    lock::Lock,
    rows::{rows_of, write_rows},
    sweep_file::FILE as PLAN,
    weights::{FOLDER as WEIGHTS, WeightsOf, forget_weights},
};

/// Identity of the run in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunIdentity {
    /// Hash of everything that is trained, including all variants of the sweep.
    pub spec_hash: String,
    /// Hash of everything that is trained except the sweep, because the sweep in a folder may grow.
    pub base_hash: String,
    /// Models that are read from files instead of being trained.
    pub external: Vec<ExternalSource>,
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
/// How the claims fare on null data; it follows from the run and has no checksum.
const CALIBRATION: &str = "calibration.json";
const CHECKSUMS: &str = "CHECKSUMS";
const DONE: &str = "DONE";
const LOCK: &str = "lock";
/// Folder of the pictures, which can be drawn again at any time.
const FIGURES: &str = "figures";

/// Files and folders that belong to a run.
const OWN: [&str; 12] = [
    SPEC, MANIFEST, JSONL, CSV, VERDICT, CHECKSUMS, DONE, LOCK, PLAN, CELLS, WEIGHTS, FIGURES,
];

impl RunFolder {
    /// Opens `path` for a run of the spec `name`, whose resolved text is `spec`. Cells of the same
    /// spec are kept, and the sweep and the seeds may have changed. A folder with anything else is
    /// not touched.
    ///
    /// # Errors
    /// The folder holds something else or cannot be written.
    pub fn open(
        path: &Path,
        name: &str,
        spec: &str,
        identity: &RunIdentity,
    ) -> Result<Self, RunFolderError> {
        check_free(path, name, spec, identity)?;
        fs::create_dir_all(path).map_err(|e| RunFolderError::write(path, e))?;
        let _lock = Lock::wait(&path.join(LOCK))?;
        // Another process may have started a run there in the meantime.
        check_free(path, name, spec, identity)?;
        remove_unfinished(path, LONG_AGO)?;
        // Without DONE the run does not count as done.
        remove(&path.join(DONE))?;
        let (spec_hash, base_hash) = (&identity.spec_hash, &identity.base_hash);
        let text = format!("{SPEC_HASH}{spec_hash}\n{BASE_HASH}{base_hash}\n{spec}");
        write(&path.join(SPEC), text.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Whether `path` holds a finished run.
    pub fn is_done(path: &Path) -> bool {
        path.join(DONE).is_file()
    }

    /// The run folder to which the file `path` belongs, so that nothing else may overwrite it;
    /// `None` for pages, tables and other files beside a run.
    pub fn owner_of(path: &Path) -> Option<&Path> {
        let mut inside = path;
        while let (Some(folder), Some(name)) = (inside.parent(), inside.file_name()) {
            // Some file systems ignore case.
            let own = OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
            if own && Self::is_begun(folder) {
                return Some(folder);
            }
            inside = folder;
        }
        None
    }

    /// Whether `path` holds a run, finished or not.
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

    /// Removes the weights of a model of an earlier cell.
    ///
    /// # Errors
    /// The files cannot be removed.
    pub fn forget_weights(&self, of: WeightsOf<'_>) -> Result<(), RunFolderError> {
        forget_weights(&self.path, of)
    }

    /// Writes the tables in canonical order, the manifest and the verdicts, and `DONE` last.
    /// An interrupted run has `complete` false and gets no `DONE`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(
        self,
        observations: &[Observation],
        manifest: &Manifest,
        verdict: &impl Serialize,
        complete: bool,
    ) -> Result<(), RunFolderError> {
        let path = self.path;
        let _lock = Lock::wait(&path.join(LOCK))?;
        remove(&path.join(DONE))?;
        // Rows are written piece by piece, so that a large sweep is in memory only once.
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

/// Files that have a checksum.
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

/// Updates the checksum of one file. The other checksums do not change, so later damage to the
/// other files is still found.
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

const SPEC_HASH: &str = "# spec_hash = ";
const BASE_HASH: &str = "# base_hash = ";

fn check_free(
    path: &Path,
    name: &str,
    spec: &str,
    identity: &RunIdentity,
) -> Result<(), RunFolderError> {
    if let Err(error @ RunFolderError::OtherFormat { .. }) = read_manifest(path) {
        return Err(error);
    }
    let another = |detail: String| RunFolderError::AnotherSpec {
        path: path.to_owned(),
        detail,
    };
    match fs::read_to_string(path.join(SPEC)) {
        Ok(text) => {
            let recorded = text.lines().find_map(|line| line.strip_prefix(BASE_HASH));
            let table = |text: &str| toml::from_str::<toml::Table>(text).unwrap_or_default();
            let before = table(&text);
            match before.get("name").and_then(toml::Value::as_str) {
                Some(other) if other != name => Err(another(format!("{other} instead of {name}"))),
                _ if recorded.is_none() => Err(another("recorded by an older version".to_owned())),
                _ if recorded != Some(&identity.base_hash) => {
                    let sources = read_manifest(path).map(|manifest| manifest.external);
                    match changed_source(&sources.unwrap_or_default(), &identity.external) {
                        Some(ChangedSource::Content(changed)) => {
                            return Err(RunFolderError::ChangedRows {
                                path: path.to_owned(),
                                changed: Box::new(changed),
                            });
                        }
                        Some(ChangedSource::Origin(detail)) => return Err(another(detail)),
                        None => {}
                    }
                    let mut changed = changed_files(&before, &table(spec));
                    changed.sort_by_key(|changed| !changed.holds_rows);
                    Err(match changed.into_iter().next() {
                        Some(changed) if changed.holds_rows => RunFolderError::ChangedRows {
                            path: path.to_owned(),
                            changed: Box::new(changed),
                        },
                        Some(changed) => another(changed.to_string()),
                        None => another(format!("{name} with other training settings")),
                    })
                }
                _ => Ok(()),
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => match fs::read_dir(path) {
            Ok(entries) => {
                // These files are left by a process that has just started a run, or was killed.
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

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), RunFolderError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| RunFolderError::write(path, e))?;
    write(path, text.as_bytes())
}

/// The resolved spec of a run folder, as text.
///
/// # Errors
/// The folder holds no run, or the file is damaged.
pub fn read_spec(run: &Path) -> Result<String, RunFolderError> {
    let bytes = read_checked(run, SPEC)?;
    String::from_utf8(bytes).map_err(|e| RunFolderError::read(&run.join(SPEC), e))
}

/// Path of the resolved spec of a run folder.
///
/// # Errors
/// The folder holds no run.
pub fn spec_file(run: &Path) -> Result<PathBuf, RunFolderError> {
    let path = run.join(SPEC);
    fs::metadata(&path).map_err(|error| RunFolderError::read(&path, error))?;
    Ok(path)
}

/// The manifest of a run folder.
///
/// # Errors
/// The file is missing, cannot be parsed, or has another format.
pub fn read_manifest(run: &Path) -> Result<Manifest, RunFolderError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let bytes = read_checked(run, MANIFEST)?;
    let path = run.join(MANIFEST);
    let version: Version =
        serde_json::from_slice(&bytes).map_err(|e| RunFolderError::read(&path, e))?;
    if version.format != FORMAT {
        return Err(RunFolderError::OtherFormat {
            path: run.to_owned(),
            format: version.format,
        });
    }
    serde_json::from_slice(&bytes).map_err(|e| RunFolderError::read(&path, e))
}

/// The long table of a run folder.
///
/// # Errors
/// The file is missing or damaged.
pub fn read_observations(run: &Path) -> Result<Observations, RunFolderError> {
    let rows = rows_of(&run.join(JSONL), &read_checked(run, JSONL)?)?;
    Ok(rows.into_iter().collect())
}

/// The verdicts of a run folder.
///
/// # Errors
/// The file is missing or cannot be parsed.
pub fn read_verdict<T: DeserializeOwned>(run: &Path) -> Result<T, RunFolderError> {
    let bytes = read_checked(run, VERDICT)?;
    serde_json::from_slice(&bytes).map_err(|e| RunFolderError::read(&run.join(VERDICT), e))
}

/// The calibration in a run folder; `None` where there is none that can be understood.
pub fn read_calibration<T: DeserializeOwned>(run: &Path) -> Option<T> {
    let bytes = fs::read(run.join(CALIBRATION)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Writes a calibration into a run folder, and changes nothing else.
///
/// # Errors
/// The file cannot be written.
pub fn write_calibration(run: &Path, calibration: &impl Serialize) -> Result<(), RunFolderError> {
    write_json(&run.join(CALIBRATION), calibration)
}

/// Writes new verdicts into a run folder, and changes nothing else.
///
/// # Errors
/// The file cannot be written.
pub fn write_verdict(run: &Path, verdict: &impl Serialize) -> Result<(), RunFolderError> {
    write_json(&run.join(VERDICT), verdict)?;
    renew_checksum(run, VERDICT)
}
