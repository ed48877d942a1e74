use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{
    FileCache, FileContent, FileProblem, KeyError, dataset::sha256, same_content,
    tensors::TensorFile,
};

use crate::{HostArray, WeightFile, WeightFileError};

/// What stands for the seed in the name of a file.
const SEED: &str = "{seed}";

/// Weights and biases from a safetensors file, in PyTorch's or our own layout (see
/// [`crate::weight_file`]): its numbers are the parameters, whatever the parametrisation.
///
/// `{seed}` in the name stands for the seed; otherwise every seed starts alike. The SHA-256 in the
/// resolved table is that of the file, or of the sums of all files that the name fits. `layers` gives
/// their order where neither names nor shapes do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileInit {
    /// Path, relative to the folder in which you are; `{seed}` in it stands for the seed. Without it every seed starts alike.
    file: String,
    /// SHA-256 of the file, or of the sums of all files that the name fits, which the run writes; it must stay the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Names of the layers from input to output, where neither names nor shapes tell their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<String>>,
    /// What was read, by seed; one entry where all seeds start alike.
    #[serde(skip)]
    starts: BTreeMap<u64, Arc<FileContent<WeightFile>>>,
}

impl PartialEq for FileInit {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, &self.sha256, &self.layers) == (&other.file, &other.sha256, &other.layers)
    }
}

impl FileInit {
    /// Reads the files and writes their SHA-256 back.
    pub(super) fn open(&mut self, files: &FileCache<WeightFile>) -> Result<(), KeyError> {
        // What was read in one order is not what another list asks for.
        let listed = FileCache::new();
        let cache = match self.layers {
            None => files,
            Some(_) => &listed,
        };
        let paths = if self.file.contains(SEED) {
            self.of_seeds()?
        } else {
            BTreeMap::from([(0, PathBuf::from(&self.file))])
        };
        for (seed, path) in paths {
            let read = |file: &TensorFile| -> Result<WeightFile, WeightFileError> {
                WeightFile::read(&file.tensors()?, self.layers.as_deref())
            };
            let content = cache.get(&path, read).map_err(|problem| {
                let hint = "Paths are relative to the folder in which you are; the file holds the \
                            weights of an MLP (0.weight [out, in], 0.bias, 2.weight, … as PyTorch \
                            saves them, or a file of `layerwise export weights`).";
                let problem = match problem {
                    FileProblem::Unreadable(_) => problem.to_string(),
                    FileProblem::Content(error) => {
                        error.with_cures(|layers| format!("init.layers = {layers:?}"), "")
                    }
                };
                let problem = problem.trim_end_matches(['.', ' ']);
                let problem = match self.file.contains(SEED) {
                    true => format!("{}: {problem}", path.display()),
                    false => problem.to_owned(),
                };
                self.error(problem, hint)
            })?;
            self.starts.insert(seed, content);
        }
        let sum = match self.starts.values().next() {
            Some(one) if !self.file.contains(SEED) => one.sha256.clone(),
            // Which seed begins where counts, too.
            _ => {
                let sums =
                    (self.starts.iter()).map(|(seed, file)| format!("{seed}:{}\n", file.sha256));
                sha256(sums.collect::<String>().as_bytes())
            }
        };
        same_content("init.sha256", &mut self.sha256, sum, &self.file)
    }

    fn error(&self, problem: impl Into<String>, hint: impl Into<String>) -> KeyError {
        KeyError::new("init.file", format!("{:?}", self.file), problem, hint)
    }

    /// The files that the name fits, by the number in the place of the seed.
    fn of_seeds(&self) -> Result<BTreeMap<u64, PathBuf>, KeyError> {
        let (before, after) = self.file.split_once(SEED).unwrap_or((&self.file, ""));
        let (folder, head) = match before.rsplit_once('/') {
            Some(("", head)) => ("/", head),
            Some((folder, head)) => (folder, head),
            None => (".", before),
        };
        let (tail, rest) = match after.split_once('/') {
            Some((tail, rest)) => (tail, Some(rest)),
            None => (after, None),
        };
        let hint = "Paths are relative to the folder in which you are; {seed} stands once, for a \
                    number such as 0.";
        if after.contains(SEED) {
            return Err(self.error("names the seed twice", hint));
        }
        let entries = fs::read_dir(folder)
            .map_err(|error| self.error(format!("cannot list {folder}: {error}"), hint))?;
        let mut found = BTreeMap::new();
        for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
            let digits = name
                .strip_prefix(head)
                .and_then(|name| name.strip_suffix(tail));
            let seed = digits.and_then(|digits| digits.parse::<u64>().ok());
            // 007 is no seed: it would be the same as 7.
            let Some(seed) = seed.filter(|seed| Some(&*seed.to_string()) == digits) else {
                continue;
            };
            let mut path = Path::new(folder).join(&name);
            path.extend(rest);
            if path.is_file() {
                found.insert(seed, path);
            }
        }
        if found.is_empty() {
            return Err(self.error("fits no file", hint));
        }
        Ok(found)
    }

    /// Checks that there is a start of this seed.
    pub(super) fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        if !self.file.contains(SEED) || self.starts.contains_key(&seed) {
            return Ok(());
        }
        let seeds: Vec<&u64> = self.starts.keys().collect();
        let hint = "Add the file, or choose seeds with training.first_seed and training.seeds.";
        Err(self.error(
            format!("has no file of seed {seed}, only of {seeds:?}"),
            hint,
        ))
    }

    /// Checks that all files hold the layers of a net with these widths, inputs and outputs
    /// included.
    pub(super) fn check_widths(&self, widths: &[usize], bias: bool) -> Result<(), KeyError> {
        let mut expected = Vec::new();
        for (layer, pair) in widths.windows(2).enumerate() {
            expected.push((format!("layers.{layer}.weight"), [pair[0], pair[1]]));
            if bias {
                expected.push((format!("layers.{layer}.bias"), [1, pair[1]]));
            }
        }
        for (seed, start) in &self.starts {
            start.content.check(&expected).map_err(|misfit| {
                let of_seed = match self.file.contains(SEED) {
                    true => format!("seed {seed}: "),
                    false => String::new(),
                };
                let hint = format!(
                    "Make widths and bias of the model, and inputs and outputs of the task, agree \
                     with the file; this net is {} with bias = {bias}.",
                    widths
                        .iter()
                        .map(usize::to_string)
                        .collect::<Vec<_>>()
                        .join(" → ")
                );
                self.error(format!("{of_seed}{misfit}"), hint)
            })?;
        }
        Ok(())
    }

    /// The parameters of `seed`. A seed without a file, which [`FileInit::check_seed`] refuses, has those of
    /// the first one: checks look at shapes before the seeds of a run are known.
    pub(super) fn parameters(&self, seed: u64) -> Vec<HostArray> {
        let start = self
            .starts
            .get(&seed)
            .or_else(|| self.starts.values().next());
        start
            .map(|file| file.content.parameters())
            .unwrap_or_default()
    }
}
