use std::path::{Path, PathBuf};

use plan::{SpecError, load_source};
use serde_json::{Value, json};
use train::Kinds;

use crate::{
    args,
    commands::run::{default_folder, drawn, execute_watched, on_device, options, storing},
    external::External,
    failure::Failure,
    output,
    progress::Watch,
    shipped,
};

/// What is run.
#[derive(Debug, Clone)]
pub enum Experiment {
    /// A shipped experiment by name, or a spec file by a path that ends in `.toml`.
    Named(String),
    /// The tables of a spec. Its name is `experiment`, unless the spec has one.
    Written(Value),
}

/// Options of [`run`], with the meaning of the options of `layerwise run`.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Number of seeds, in place of the spec's.
    pub seeds: Option<u64>,
    /// Keys of the spec and their TOML values, as `key=value`.
    pub set: Vec<String>,
    /// Run the small version of the spec's `[quick]` table.
    pub quick: bool,
    /// Worker threads; by default as many as there are cores.
    pub threads: Option<usize>,
    /// Device; by default `flex`.
    pub device: Option<String>,
    /// Engine; by default `auto`.
    pub engine: Option<String>,
    /// Run folder; by default `runs/NAME`.
    pub out: Option<PathBuf>,
    /// Curves in place of a model, as `MODEL=FILE.csv`.
    pub curves: Vec<String>,
    /// Checkpoints in place of a model, as `MODEL=DIR`.
    pub checkpoints: Vec<String>,
    /// Order of the layers in the checkpoints.
    pub layers: Option<Vec<String>>,
    /// Keep initial and final weights.
    pub keep_weights: bool,
    /// Train every cell again.
    pub fresh: bool,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The run folder.
    pub folder: PathBuf,
    /// Whether every cell came to its end; false after an interruption.
    pub complete: bool,
    /// What the user should know, one sentence each: notes on the spec and its files, pictures that
    /// could not be drawn, cells that did not end as planned.
    pub notes: Vec<String>,
}

/// Trains, measures, judges and draws, as `layerwise run`. The call continues a run that was
/// interrupted, and trains nothing if the run is complete.
///
/// # Errors
///
/// The spec or an option is wrong, or the run folder cannot be written.
pub fn run(
    experiment: &Experiment,
    request: &Request,
    kinds: &Kinds,
    watch: impl Watch,
) -> Result<Finished, Failure> {
    let external = External::read(&args::External {
        curves: request.curves.clone(),
        checkpoints: request.checkpoints.clone(),
        layers: request.layers.clone(),
    })?;
    let mut training = args::Training {
        set: request.set.clone(),
        seeds: request.seeds,
        threads: request.threads,
        together: None,
        precision: None,
        engine: request.engine.clone().unwrap_or_else(|| "auto".to_owned()),
        quick: request.quick,
    };
    if training.seeds.is_none() {
        training.set.splice(0..0, external.seeds()?);
    }
    if request.keep_weights {
        training.set.push("training.keep_weights=true".to_owned());
    }
    let options = options(&training, None);
    let mut plan = match experiment {
        Experiment::Named(name) => shipped::find(name, &options, kinds)?,
        Experiment::Written(spec) => {
            load_source(&toml_of(spec)?, "experiment.toml", &options, kinds)?
        }
    };
    let device = request.device.as_deref().unwrap_or("flex");
    let mut settings = on_device(&plan, &training, ("device", device), kinds)?;
    settings.storing = storing(&args::Storing {
        fresh: request.fresh,
        checkpoint_seconds: 10.0,
    });
    external.attach(&mut plan)?;
    let mut notes: Vec<String> = plan.notes().iter().map(ToString::to_string).collect();
    let folder = default_folder(Path::new("runs"), &plan, &settings);
    let out = request.out.clone().unwrap_or(folder);
    let done = execute_watched(watch, &plan, &settings, kinds, &out).0?;
    let (_, warnings) = drawn(&judge::Run::read(&out)?)?;
    notes.extend(warnings);
    notes.extend(output::stops(&done.gathered.manifest));
    Ok(Finished {
        folder: out,
        complete: done.gathered.complete,
        notes,
    })
}

/// The text of a spec from its tables.
fn toml_of(spec: &Value) -> Result<String, Failure> {
    toml::to_string(spec).map_err(|error| {
        let problem = SpecError::Syntax {
            place: "the spec".to_owned(),
            problem: error.to_string(),
        };
        Failure::usage(problem)
    })
}

/// The shipped experiments: name, title, source, claims and minutes on two cores.
///
/// # Errors
///
/// A shipped spec cannot be resolved, which a test rules out.
pub fn experiments(kinds: &Kinds) -> Result<Vec<Value>, Failure> {
    let specs = shipped::SPECS.iter();
    let rows = specs.map(|(name, _)| {
        let spec = shipped::find(name, &plan::Options::default(), kinds)?.spec;
        let claims: Vec<&str> = spec.claims.iter().map(|claim| claim.id.as_str()).collect();
        Ok(json!({
            "name": spec.name,
            "title": spec.title,
            "source": spec.source,
            "claims": claims,
            "minutes": spec.minutes,
        }))
    });
    rows.collect()
}
