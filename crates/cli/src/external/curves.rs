//! `--curves`: reads one or more files of curves for each model.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use plan::{Curves, Said};
use record::ExternalSource;
use sha2::{Digest, Sha256};

use super::{cannot_read, named, source};
use crate::failure::Failure;

/// The files for one model.
struct CurveFiles {
    model: String,
    /// Each path, and the metric, index, seed and column that the user appended to it.
    paths: Vec<(PathBuf, Option<Said>)>,
}

/// Reads all files, model by model.
pub(super) fn read_all(arguments: &[String]) -> Result<Vec<(ExternalSource, Curves)>, Failure> {
    let mut all: Vec<CurveFiles> = Vec::new();
    for text in arguments {
        let (model, rest) = named("--curves", text, "FILE.csv")?;
        let (path, said) = located(text, &rest)?;
        let place = all.iter().position(|given| given.model == model);
        let given = match place {
            Some(place) => &mut all[place],
            None => {
                let paths = Vec::new();
                all.push(CurveFiles { model, paths });
                all.last_mut().expect("it was pushed")
            }
        };
        if given.paths.contains(&(path.clone(), said.clone())) {
            return Err(Failure::usage(format!(
                "--curves {text}: {} is given twice with this file. Name each file once",
                given.model
            )));
        }
        given.paths.push((path, said));
    }
    all.into_iter().map(CurveFiles::read).collect()
}

/// Splits a path from what the user appended to it. The path is the shortest prefix of `rest` that
/// exists and ends at a colon or at the end.
fn located(text: &str, rest: &Path) -> Result<(PathBuf, Option<Said>), Failure> {
    let whole = rest.to_string_lossy();
    let mut colons = whole.match_indices(':').map(|(at, _)| at);
    match colons.find(|at| *at > 0 && Path::new(&whole[..*at]).exists()) {
        Some(at) if !rest.exists() => {
            let said = whole[at + 1..].parse().map_err(|problem| {
                Failure::usage(format!(
                    "--curves {text}: the text after the file name cannot be used: {problem}. \
                     Write FILE.csv:METRIC, FILE.csv:METRIC/INDEX or \
                     FILE.csv:METRIC/INDEX@SEED=COLUMN"
                ))
            })?;
            Ok((PathBuf::from(&whole[..at]), Some(said)))
        }
        _ => Ok((rest.to_owned(), None)),
    }
}

/// The CSV files of a folder, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| cannot_read(path, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| cannot_read(path, &error))?.path();
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let is_table = [".csv", ".csv.gz", ".tsv"]
            .iter()
            .any(|end| name.ends_with(end));
        if is_table && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "{}: holds no CSV file. Give the file of curves, or a folder of exports",
            path.display()
        )));
    }
    files.sort();
    Ok(files)
}

impl CurveFiles {
    fn read(self) -> Result<(ExternalSource, Curves), Failure> {
        let Self { model, paths } = self;
        let mut curves = Vec::new();
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        for (path, said) in &paths {
            for file in files(path)? {
                curves.push(Curves::read(&file, &model, said.as_ref())?);
                let bytes = fs::read(&file).map_err(|error| cannot_read(&file, &error))?;
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let said = said
                    .as_ref()
                    .map_or(String::new(), |said| format!(":{said}"));
                parts.push((format!("{name}{said} {}\n", bytes.len()), bytes));
            }
        }
        let curves = Curves::join(curves)?;
        let mut hasher = Sha256::new();
        // The name of an export determines metric and seed, so it is part of the hash.
        let by_name = parts.len() > 1 || !curves.exports.is_empty();
        for (name, bytes) in &parts {
            if by_name {
                hasher.update(name);
            }
            hasher.update(bytes);
        }
        let mut source = source(model, "curves", &paths[0].0, hasher);
        if let more @ 1.. = paths.len() - 1 {
            source.name = format!("{} and {more} more", source.name);
        }
        Ok((source, curves))
    }
}
