//! `--curves` and `--checkpoints`: models that are read in place of training them.

mod curves;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use models::{HostArray, WeightFile, WeightFileError};
use plan::{Curves, Plan, attach_checkpoints, attach_curves, check_model};
use record::ExternalSource;
use sha2::{Digest, Sha256};
use tasks::tensors::Tensors;

use crate::{args, failure::Failure};

/// What files of weights hold.
const LAYOUTS: &str = "Give the weights of an MLP (0.weight [out, in], 0.bias, 2.weight, …, with \
                       any common prefix such as layers. or fc)";

/// Everything that `--curves` and `--checkpoints` name.
pub(crate) struct External {
    curves: Vec<(ExternalSource, Curves)>,
    checkpoints: Vec<(ExternalSource, Checkpoints)>,
}

/// Files by seed and step.
type Checkpoints = BTreeMap<u64, BTreeMap<u64, PathBuf>>;

impl External {
    /// Reads the files of curves, and lists those of checkpoints.
    pub(crate) fn read(arguments: &args::External) -> Result<Self, Failure> {
        let mut given = Self {
            curves: curves::read_all(&arguments.curves)?,
            checkpoints: Vec::new(),
        };
        for text in &arguments.checkpoints {
            let (model, folder) = named("--checkpoints", text, "DIR")?;
            let files = list(&folder)?;
            let mut hasher = Sha256::new();
            for (seed, steps) in &files {
                for (step, file) in steps {
                    let bytes = fs::read(file).map_err(|error| cannot_read(file, &error))?;
                    // A file under another name is another checkpoint.
                    hasher.update(format!("{seed} {step} {}\n", bytes.len()));
                    hasher.update(bytes);
                }
            }
            given
                .checkpoints
                .push((source(model, "checkpoints", &folder, hasher), files));
        }
        let mut models: Vec<&str> = given.models().collect();
        models.sort_unstable();
        if let Some(pair) = models.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Failure::usage(format!(
                "{} is given twice. Name each model once in --curves and --checkpoints",
                pair[0]
            )));
        }
        Ok(given)
    }

    fn models(&self) -> impl Iterator<Item = &str> {
        let curves = self.curves.iter().map(|(source, _)| source.model.as_str());
        curves.chain(
            self.checkpoints
                .iter()
                .map(|(source, _)| source.model.as_str()),
        )
    }

    /// Keys of the spec that give a run the seeds of what was read.
    pub(crate) fn seeds(&self) -> Result<Vec<String>, Failure> {
        let curves = self
            .curves
            .iter()
            .map(|(source, curves)| (source, curves.seeds()));
        let checkpoints = (self.checkpoints.iter())
            .map(|(source, files)| (source, files.keys().copied().collect::<Vec<u64>>()));
        let all: Vec<(&ExternalSource, Vec<u64>)> = curves.chain(checkpoints).collect();
        let Some((first, seeds)) = all.first() else {
            return Ok(Vec::new());
        };
        if let Some((other, found)) = all.iter().find(|(_, found)| found != seeds) {
            return Err(Failure::usage(format!(
                "{} has the seeds {seeds:?} and {} has {found:?}. Give both the same seeds",
                first.name, other.name
            )));
        }
        let expected: Vec<u64> = (seeds[0]..).take(seeds.len()).collect();
        if *seeds != expected {
            return Err(Failure::usage(format!(
                "{} has the seeds {seeds:?}, which have gaps. Number them one after another",
                first.name
            )));
        }
        Ok(vec![
            format!("training.first_seed={}", seeds[0]),
            format!("training.seeds={}", seeds.len()),
        ])
    }

    /// Puts everything in its place.
    pub(crate) fn attach(self, plan: &mut Plan) -> Result<(), Failure> {
        for (source, curves) in &self.curves {
            check_model(plan, "--curves", &source.model)?;
            attach_curves(plan, curves, source)?;
        }
        for (source, files) in self.checkpoints {
            check_model(plan, "--checkpoints", &source.model)?;
            let steps = Net::of(plan, &source.model)?.read_all(&files)?;
            attach_checkpoints(plan, steps, source)?;
        }
        Ok(())
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "{}: cannot be read: {error}. Give a file or folder that exists",
        path.display()
    ))
}

fn named(flag: &str, text: &str, what: &str) -> Result<(String, PathBuf), Failure> {
    match text.split_once('=') {
        Some((model, path)) if !model.is_empty() && !path.is_empty() => {
            Ok((model.to_owned(), PathBuf::from(path)))
        }
        _ => Err(Failure::usage(format!(
            "{flag} {text}: must be MODEL={what}, a model of the spec and where it is"
        ))),
    }
}

fn source(model: String, kind: &str, path: &Path, hasher: Sha256) -> ExternalSource {
    let name = path.file_name().unwrap_or(path.as_os_str());
    ExternalSource {
        model,
        kind: kind.to_owned(),
        name: name.to_string_lossy().into_owned(),
        sha256: hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}

/// The checkpoints of a folder: those of its folders `seed-N`, or else its own, for seed 0.
fn list(folder: &Path) -> Result<Checkpoints, Failure> {
    let entries = |folder: &Path| -> Result<Vec<PathBuf>, Failure> {
        let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| cannot_read(folder, &error))?;
        paths.sort();
        Ok(paths)
    };
    let here = entries(folder)?;
    let seed = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("seed-")?.parse::<u64>().ok()
    };
    let mut seeds = Checkpoints::new();
    for path in here.iter().filter(|path| path.is_dir()) {
        if let Some(seed) = seed(path) {
            seeds.insert(seed, steps(path, &entries(path)?)?);
        }
    }
    if seeds.is_empty() {
        seeds.insert(0, steps(folder, &here)?);
    }
    Ok(seeds)
}

/// The `.safetensors` files among `paths` by the last number in their names.
fn steps(folder: &Path, paths: &[PathBuf]) -> Result<BTreeMap<u64, PathBuf>, Failure> {
    let mut steps: BTreeMap<u64, PathBuf> = BTreeMap::new();
    for path in paths {
        if path
            .extension()
            .is_none_or(|ending| ending != "safetensors")
        {
            continue;
        }
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digits = |c: char| c.is_ascii_digit();
        let head = stem.trim_end_matches(digits).len();
        let Ok(step) = stem[head..].parse::<u64>() else {
            return Err(Failure::usage(format!(
                "{}: its name does not end in a training step. Call it for example \
                 step-00100.safetensors",
                path.display()
            )));
        };
        if let Some(other) = steps.insert(step, path.clone()) {
            return Err(Failure::usage(format!(
                "{}: is of step {step}, as {} is. Keep one file per step",
                path.display(),
                other.display()
            )));
        }
    }
    if steps.is_empty() {
        return Err(Failure::usage(format!(
            "{}: holds no checkpoint. Save weights as step-00000.safetensors, \
             step-00100.safetensors and so on, or in folders seed-0, seed-1, …",
            folder.display()
        )));
    }
    Ok(steps)
}

/// The model that checkpoints stand for.
struct Net {
    /// Arrays of the model, with their shapes.
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
                 parametrisation, whose weights a file could hold. Give --curves in place of it"
            )));
        }
        Ok(Self {
            expected,
            model: model.to_owned(),
        })
    }

    fn read_all(
        &self,
        files: &Checkpoints,
    ) -> Result<BTreeMap<u64, BTreeMap<u64, Vec<HostArray>>>, Failure> {
        let of_seed = |steps: &BTreeMap<u64, PathBuf>| {
            let read = steps
                .iter()
                .map(|(&step, file)| Ok((step, self.read(file)?)));
            read.collect::<Result<BTreeMap<_, _>, Failure>>()
        };
        files
            .iter()
            .map(|(&seed, steps)| Ok((seed, of_seed(steps)?)))
            .collect()
    }

    /// The arrays of one file, which must be those of the model.
    fn read(&self, file: &Path) -> Result<Vec<HostArray>, Failure> {
        let refuse = |problem: &str| Failure::usage(format!("{}: {problem}", file.display()));
        let bytes = fs::read(file).map_err(|error| cannot_read(file, &error))?;
        let tensors = Tensors::open(&bytes).map_err(|error| refuse(&error.to_string()))?;
        if tensors.has("features") || tensors.has("labels") {
            return Err(refuse(
                "holds features, not weights. Save the state_dict of the net",
            ));
        }
        let found = WeightFile::read(&tensors).map_err(|error| match error {
            WeightFileError::Scheme(problem) => refuse(&format!("{problem}. {LAYOUTS}")),
            error => refuse(&error.to_string()),
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
        Ok(found.parameters())
    }
}
