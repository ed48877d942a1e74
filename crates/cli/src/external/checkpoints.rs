//! `--checkpoints`: the weights of a model at several training steps, from files of any trainer.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use models::{
    HostArray, WeightFile,
    weight_file::{FileLayer, OrderedBy},
};
use plan::{Plan, attach_checkpoints};
use record::ExternalSource;
use sha2::{Digest, Sha256};
use tasks::{
    file_kind::no_tensors,
    tensors::{TensorFile, is_shard},
};

use super::{cannot_read, step_of_name};
use crate::failure::Failure;

/// Expected content of a file of weights, as a cure in error messages.
const LAYOUTS: &str = "Give the weights of an MLP (0.weight [out, in], 0.bias, 2.weight, …)";

/// File name ending of the index of a sharded checkpoint.
const INDEX: &str = ".safetensors.index.json";

/// Checkpoint files of one model.
pub(super) struct Checkpoints {
    /// Files by seed and step.
    files: BTreeMap<u64, BTreeMap<u64, PathBuf>>,
    /// Layers from input to output, if --layers lists them.
    layers: Option<Vec<String>>,
    /// One sentence for each file that was left out.
    notes: Vec<String>,
}

impl Checkpoints {
    /// Lists the checkpoints in the subfolders `seed-N`, or if there are none, in the folder itself
    /// as seed 0. Their bytes, seeds and steps are added to `hasher`.
    pub(super) fn list(
        folder: &Path,
        layers: Option<Vec<String>>,
        hasher: &mut Sha256,
    ) -> Result<Self, Failure> {
        let here = entries(folder)?;
        let seed = |path: &PathBuf| name(path).strip_prefix("seed-")?.parse::<u64>().ok();
        let mut notes = Vec::new();
        let mut files = BTreeMap::new();
        for path in here.iter().filter(|path| path.is_dir()) {
            if let Some(seed) = seed(path) {
                files.insert(seed, steps(path, &entries(path)?, &mut notes)?);
            }
        }
        if files.is_empty() {
            files.insert(0, steps(folder, &here, &mut notes)?);
        }
        for (seed, steps) in &files {
            for (step, path) in steps {
                let file = TensorFile::read(path);
                let file = file.map_err(|error| failure(path, &error.to_string()))?;
                for bytes in file.contents() {
                    // The step comes from the file name, so it is part of the hash.
                    hasher.update(format!("{seed} {step} {}\n", bytes.len()));
                    hasher.update(bytes);
                }
            }
        }
        if let Some(layers) = &layers {
            hasher.update(format!("{layers:?}"));
        }
        Ok(Self {
            files,
            layers,
            notes,
        })
    }

    pub(super) fn seeds(&self) -> Vec<u64> {
        self.files.keys().copied().collect()
    }

    /// Attaches the weights to their model in the plan.
    pub(super) fn attach(self, plan: &mut Plan, source: ExternalSource) -> Result<(), Failure> {
        let net = Net::of(plan, &source.model)?;
        let mut notes = self.notes;
        let mut weights = BTreeMap::new();
        for (seed, steps) in &self.files {
            let mut of_seed = BTreeMap::new();
            for (&step, file) in steps {
                let (arrays, note) = net.read(file, self.layers.as_deref())?;
                of_seed.insert(step, arrays);
                notes.extend(note.filter(|note| !notes.contains(note)));
            }
            weights.insert(*seed, of_seed);
        }
        Ok(attach_checkpoints(plan, weights, source, notes)?)
    }
}

fn failure(path: &Path, problem: &str) -> Failure {
    // An error is one line, but a file name may contain a line break.
    let path = path.display().to_string();
    Failure::usage(format!(
        "{}: {problem}",
        path.replace(char::is_control, " ")
    ))
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Entries of a folder, sorted, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| cannot_read(folder, &error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.retain(|path| !name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

/// The file name without its ending, if the file holds weights.
fn stem(path: &Path) -> Option<String> {
    let name = name(path);
    if let Some(stem) = name.strip_suffix(INDEX) {
        return Some(stem.to_owned());
    }
    let safetensors = (path.extension()).is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
    if !safetensors || is_shard(&name) {
        return None;
    }
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

/// The files of weights in `paths`, and in folders such as `checkpoint-500`, by the training step
/// in their names.
fn steps(
    folder: &Path,
    paths: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<BTreeMap<u64, PathBuf>, Failure> {
    let mut steps: BTreeMap<u64, PathBuf> = BTreeMap::new();
    // Names without a step; an error only if no other file has a step.
    let mut without = Vec::new();
    for path in paths {
        let (stem, file) = if path.is_dir() {
            let stem = name(path);
            let found = weights_in(path)?;
            match (step_of_name::step(&stem), found) {
                (Ok(_), Some(file)) => (stem, file),
                (Ok(_), None) => {
                    let other = other_files(&entries(path)?);
                    let is_step = ["step", "iter", "checkpoint", "ckpt"];
                    if !other.is_empty() || is_step.iter().any(|word| stem.contains(word)) {
                        let problem = format!("holds no model.safetensors{other}");
                        return Err(failure(path, &problem));
                    }
                    continue;
                }
                // For example, a folder of the best step.
                (Err(problem), Some(_)) => {
                    without.push((path, problem));
                    continue;
                }
                (Err(_), None) => continue,
            }
        } else {
            let Some(stem) = stem(path) else { continue };
            (stem, path.clone())
        };
        let step = match step_of_name::step(&stem) {
            Ok(step) => step,
            // Trainers save the final model beside the folders of the steps.
            Err(problem) if stem == "model" => {
                without.push((path, problem));
                continue;
            }
            Err(problem) => return Err(nameless(path, &problem)),
        };
        if let Some(other) = steps.insert(step, file) {
            return Err(failure(
                path,
                &format!(
                    "has step {step}, and so has {}. Keep one file per step",
                    other.display()
                ),
            ));
        }
    }
    if let (true, Some((path, problem))) = (steps.is_empty(), without.first()) {
        return Err(nameless(path, problem));
    }
    notes.extend(
        (without.iter())
            .map(|(path, problem)| format!("{} is left out: {problem}", path.display())),
    );
    let other = other_files(paths);
    if !steps.is_empty() && !other.is_empty() {
        let what = other.trim_start_matches("; ");
        notes.push(format!(
            "{}: {what}; that file is left out",
            folder.display()
        ));
    }
    if steps.is_empty() {
        return Err(failure(
            folder,
            &format!(
                "holds no checkpoint{other}. Save weights as step-00000.safetensors, \
                 step-00100.safetensors and so on, or in folders seed-0, seed-1, …"
            ),
        ));
    }
    Ok(steps)
}

fn nameless(path: &Path, problem: &str) -> Failure {
    let hint = "Name each file or folder by its training step, for example step-00100.safetensors, \
                and each folder of a seed by its seed: seed-0, seed-1, …";
    failure(path, &format!("{problem}. {hint}"))
}

/// The weights in the folder of one step: `model.safetensors`, its index, or the only file of
/// weights.
fn weights_in(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let files: Vec<PathBuf> = (entries(folder)?.into_iter())
        .filter(|path| path.is_file() && stem(path).is_some())
        .collect();
    let model = files
        .iter()
        .find(|path| stem(path).as_deref() == Some("model"));
    match (&files[..], model) {
        ([], _) => Ok(None),
        ([one], _) | (_, Some(one)) => Ok(Some(one.clone())),
        (_, None) if step_of_name::step(&name(folder)).is_err() => Ok(None),
        ([one, other, ..], None) => Err(failure(
            folder,
            &format!(
                "holds {:?} and {:?}. Keep one file of weights in the folder of a step, or call it \
                 model.safetensors",
                name(one),
                name(other)
            ),
        )),
    }
}

/// Describes other files in a folder without weights, such as PyTorch files, and how to convert
/// them.
fn other_files(paths: &[PathBuf]) -> String {
    let weights = [
        ".pt", ".pth", ".bin", ".ckpt", ".npz", ".h5", ".keras", ".onnx", ".msgpack", ".pkl",
    ];
    // The state of the trainer is not the net.
    let others = ["optimizer", "scheduler", "rng_state", "training_args"];
    let given = |path: &&PathBuf| {
        let name = name(path);
        weights.iter().any(|end| name.ends_with(end)) && !others.iter().any(|o| name.starts_with(o))
    };
    let Some(path) = paths.iter().find(given) else {
        return String::new();
    };
    let what = match fs::read(path)
        .ok()
        .and_then(|bytes| no_tensors(path, &bytes))
    {
        Some(what) => what,
        None => "is not a safetensors file".to_owned(),
    };
    format!("; {:?} {what}", name(path))
}

/// The model that the checkpoints replace.
struct Net {
    /// Arrays of the model, whose shapes the file must match.
    expected: Vec<HostArray>,
    model: String,
}

impl Net {
    fn of(plan: &Plan, model: &str) -> Result<Self, Failure> {
        let base = &plan.variants[0];
        let net = &base
            .model(model)
            .expect("it was checked to be in the spec")
            .model;
        let first_seed = plan.spec.training.first_seed;
        let instance = base.task.instance(first_seed);
        let expected = net.initial(&*instance, base.task.shape(), first_seed);
        if !net.host(&expected).is_some_and(|host| host.is_standard()) {
            return Err(Failure::usage(format!(
                "--checkpoints {model}: is not a multilayer perceptron in the standard \
                 parametrisation, so its weights cannot be read from a file. Give its curves with \
                 --curves instead"
            )));
        }
        Ok(Self {
            expected,
            model: model.to_owned(),
        })
    }

    /// Reads the arrays of one file, which must match the model. If the layer numbers did not
    /// determine the order of the layers, also returns what did.
    fn read(
        &self,
        path: &Path,
        layers: Option<&[String]>,
    ) -> Result<(Vec<HostArray>, Option<String>), Failure> {
        let refuse = |problem: &str| failure(path, problem);
        let file = TensorFile::read(path).map_err(|error| refuse(&error.to_string()))?;
        let tensors = (file.tensors()).map_err(|error| refuse(&error.to_string()))?;
        if tensors.has("features") || tensors.has("labels") {
            return Err(refuse(
                "holds features, not weights. Save the state_dict of the net instead",
            ));
        }
        let found = WeightFile::read(&tensors, layers).map_err(|error| {
            refuse(&error.with_cures(|layers| format!("--layers {}", layers.join(",")), LAYOUTS))
        })?;
        let model = &self.model;
        let expected: Vec<_> = (self.expected.iter())
            .map(|array| (array.name.clone(), [array.rows, array.columns]))
            .collect();
        found.check(&expected).map_err(|misfit| {
            refuse(&format!(
                "{misfit}. Make the widths of {model} in the spec, and its bias, agree with the \
                 file, for example with -s models.{model}.bias=false"
            ))
        })?;
        let names: Vec<&str> = found.layers.iter().map(FileLayer::name).collect();
        let by = match found.ordered_by {
            OrderedBy::Shapes => Some("their shapes"),
            OrderedBy::Words => Some("words in their names"),
            OrderedBy::List | OrderedBy::Numbers => None,
        };
        let note = by.map(|by| {
            format!(
                "{model}: the layers of its checkpoints are in the order of {by}: {}",
                names.join(", ")
            )
        });
        Ok((found.parameters(), note))
    }
}
