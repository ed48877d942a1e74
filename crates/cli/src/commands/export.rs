mod observations;
#[cfg(feature = "parquet")]
mod parquet;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use models::{HostArray, Layout, Model, weight_file};
use plan::{Options, load};
use record::{Manifest, Moment, WeightsOf, kept_weights, read_manifest, spec_file};
use serde_json::json;
use train::Kinds;

use super::print_json;
use crate::{
    args::{Export, ExportWeights, WeightFormat},
    destination,
    failure::Failure,
};

/// Carries out `layerwise export …`.
pub(super) fn export(arguments: &Export, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    match arguments {
        Export::Weights(arguments) => weights(arguments, kinds, json),
        Export::Observations(arguments) => observations::observations(arguments, json),
    }
}

/// Weights of one model of one cell, and the model.
struct Found<'a> {
    of: WeightsOf<'a>,
    model: &'a dyn Model,
    arrays: Vec<HostArray>,
}

fn weights(arguments: &ExportWeights, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    let run = &arguments.run;
    let manifest = read_manifest(run)?;
    let plan = load(&spec_file(run)?, &Options::default(), kinds)?;
    let known: Vec<&str> = plan.variants.iter().map(|v| v.name.as_str()).collect();
    chosen("--variant", arguments.variant.as_deref(), &known)?;
    let mut known: Vec<&str> = Vec::new();
    for model in plan.variants.iter().flat_map(|v| &v.models) {
        if !known.contains(&model.name.as_str()) {
            known.push(&model.name);
        }
    }
    chosen("--model", arguments.model.as_deref(), &known)?;
    let seeds: Vec<String> = manifest.seeds.iter().map(u64::to_string).collect();
    let seed = arguments.seed.map(|seed| seed.to_string());
    let known: Vec<&str> = seeds.iter().map(String::as_str).collect();
    chosen("--seed", seed.as_deref(), &known)?;

    let (layout, format) = match arguments.format {
        WeightFormat::Pytorch => (Layout::PyTorch, "pytorch"),
        WeightFormat::Layerwise => (Layout::Layerwise, "layerwise"),
    };
    let moment = match arguments.initial {
        true => Moment::Initial,
        false => Moment::Final,
    };
    let out = (arguments.out.clone()).unwrap_or_else(|| run.join("export").join(format));
    destination::check("--out", &out.join("weights.safetensors"), &[])?;
    let wanted =
        |choice: &Option<String>, name: &str| choice.as_deref().is_none_or(|choice| choice == name);
    let mut files: Vec<(PathBuf, Vec<u8>, WeightsOf<'_>)> = Vec::new();
    let mut skipped: BTreeMap<&str, String> = BTreeMap::new();
    let mut lost: Vec<String> = Vec::new();
    let variants = plan.variants.iter();
    for variant in variants.filter(|variant| wanted(&arguments.variant, &variant.name)) {
        let external = |name: &str| manifest.external.iter().any(|source| source.model == name);
        let models = variant.models.iter().filter(|model| !external(&model.name));
        let models: Vec<_> = models
            .map(|model| (model.name.as_str(), &model.model))
            .collect();
        let task = &variant.task;
        for &seed in &manifest.seeds {
            if arguments.seed.is_some_and(|choice| choice != seed) {
                continue;
            }
            let instance = task.instance(seed);
            for &(name, model) in &models {
                if !wanted(&arguments.model, name) {
                    continue;
                }
                let of = WeightsOf {
                    variant: &variant.name,
                    seed,
                    model: name,
                };
                let initial = model.initial(&*instance, task.shape(), seed);
                let arrays = match (kept_weights(run, of, moment, &initial), moment) {
                    (Ok(Some(kept)), _) => kept,
                    // Initial weights follow from the spec.
                    (Ok(None), Moment::Initial) => initial,
                    (Ok(None), Moment::Final) => return Err(not_kept(run, of)),
                    // Training ended in numbers that are not finite, so final weights do not exist.
                    (Err(_), Moment::Final) if failed(&manifest, of) => {
                        lost.push(format!("{}, seed {seed}, {name}", variant.name));
                        continue;
                    }
                    (Err(error), _) => return Err(error.into()),
                };
                let found = Found {
                    of,
                    model: &**model,
                    arrays,
                };
                match found.bytes(layout, moment) {
                    Ok(bytes) => files.push((out.join(of.file_name(moment)), bytes, of)),
                    Err(problem) => {
                        skipped.insert(name, problem);
                    }
                }
            }
        }
    }
    if !lost.is_empty() {
        let cells = some_of(&lost.iter().map(String::as_str).collect::<Vec<_>>(), "; ");
        let text = format!(
            "{}: training failed in {} cases, which have no final weights ({cells}); see manifest.json",
            run.display(),
            lost.len()
        );
        if files.is_empty() && skipped.is_empty() {
            return Err(Failure::usage(text));
        }
        tell!("warning: {text}");
    }
    for (model, problem) in &skipped {
        let text = format!("{model}: {problem}. Use --format layerwise");
        if files.is_empty() || arguments.model.is_some() {
            return Err(Failure::usage(text));
        }
        tell!("warning: {text}");
    }
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "{}: none of these models was trained by the run, so there are no weights to export",
            run.display()
        )));
    }
    for (path, bytes, _) in &files {
        destination::write("--out", path, bytes)?;
    }
    if json {
        let rows = files.iter().map(|(path, _, of)| {
            json!({ "file": path, "variant": of.variant, "seed": of.seed, "model": of.model })
        });
        print_json(&json!({
            "run": run,
            "format": format,
            "moment": moment.name(),
            "files": rows.collect::<Vec<_>>(),
        }));
    } else {
        for (path, ..) in &files {
            say!("{}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks that a choice is one of the names in the run.
fn chosen(flag: &str, choice: Option<&str>, known: &[&str]) -> Result<(), Failure> {
    match choice.filter(|choice| !known.contains(choice)) {
        None => Ok(()),
        Some(choice) => Err(Failure::usage(format!(
            "{flag} {choice}: is not in this run. Choose one of: {}",
            some_of(known, ", ")
        ))),
    }
}

/// The first few names of a list, which may have thousands in a sweep.
fn some_of(names: &[&str], between: &str) -> String {
    const SHOWN: usize = 8;
    let dots = if names.len() > SHOWN {
        format!("{between}…")
    } else {
        String::new()
    };
    format!("{}{dots}", names[..names.len().min(SHOWN)].join(between))
}

/// Whether the training of these weights ended in a failure.
fn failed(manifest: &Manifest, of: WeightsOf<'_>) -> bool {
    let mut cells = manifest.cells.iter();
    cells
        .any(|cell| cell.variant == of.variant && cell.seed == of.seed && cell.stopped.is_failure())
}

fn not_kept(run: &Path, of: WeightsOf<'_>) -> Failure {
    Failure::usage(format!(
        "{}: final weights of {} (variant {}, seed {}) were not kept. Run the experiment again with \
         --keep-weights, or export initial weights with --initial",
        run.display(),
        of.model,
        of.variant,
        of.seed
    ))
}

impl Found<'_> {
    /// Bytes of the file, or the reason why this layout cannot hold the model.
    fn bytes(&self, layout: Layout, moment: Moment) -> Result<Vec<u8>, String> {
        let mut metadata = self.of.metadata(moment);
        // Properties of the function that a state_dict cannot express.
        let table = self.model.resolved();
        for key in [
            "activation",
            "output_scale",
            "centre_output",
            "linearised",
            "gates",
        ] {
            if let Some(value) = table.get(key) {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                metadata.insert(key.to_owned(), text);
            }
        }
        if layout == Layout::PyTorch && self.model.remembers_start() {
            return Err(
                "its outputs also depend on the initial weights (linearised, centre_output or gates), \
                 which PyTorch layers cannot express"
                    .to_owned(),
            );
        }
        if layout == Layout::PyTorch
            && let Some(host) = self.model.host(&self.arrays)
            && !host.is_standard()
        {
            return Err(
                "its parametrisation has multipliers, which PyTorch layers cannot \
                 express"
                    .to_owned(),
            );
        }
        let bytes = weight_file::to_bytes(&self.arrays, layout, &metadata);
        bytes.map_err(|error| error.to_string())
    }
}
