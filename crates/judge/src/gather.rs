use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    time::Duration,
};

use plan::{Clock, Plan, RecordedRun};
use record::{
    Build, CellState, CellStore, CellSummary, FORMAT, FailedCell, Manifest, Observations,
    RunFolder, RunFolderError, VariantInfo,
};

use crate::{
    derive::{DerivedCount, with_derived},
    judge::judge,
    run::Run,
    verdict::VerdictFile,
};

/// How a run was trained, apart from its plan.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// Device by name.
    pub device: String,
    /// Engine by name.
    pub engine: String,
    /// Name of the device's adapter, if the backend reports it.
    pub adapter: Option<String>,
    /// Worker threads.
    pub threads: usize,
    /// Maximum number of cells trained together.
    pub together: usize,
    /// Whether the spec's `[quick]` table was applied.
    pub quick: bool,
    /// Whether all cells were trained from the start.
    pub fresh: bool,
    /// Version and commit of this build.
    pub build: Build,
    /// Compiler.
    pub rustc: String,
    /// This machine; empty where that is not known.
    pub machine: String,
    /// Cells that were interrupted in this call, by position in the plan.
    pub interrupted: HashMap<usize, CellSummary>,
    /// Whether this call worked on any cell.
    pub worked: bool,
    /// Time that this call has spent.
    pub elapsed: Duration,
}

/// Result of a finished or interrupted run.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The manifest.
    pub manifest: Manifest,
    /// The verdicts.
    pub verdict: VerdictFile,
    /// Whether every cell ran to its planned end.
    pub complete: bool,
    /// How many cells were derived, and how many came from the cache.
    pub derived: DerivedCount,
}

/// Gathers the rows of all cells of a run, derives numbers and predictions, judges the claims, and
/// writes the tables, the manifest and the verdicts. Tables are in canonical order, so they do not
/// depend on the number of threads or on interruptions.
///
/// # Errors
/// A finished cell is damaged, or the folder cannot be written.
pub fn gather(
    plan: &Plan,
    making: &Making,
    folder: RunFolder,
    warn: &dyn Fn(&str),
) -> Result<Gathered, RunFolderError> {
    let store = folder.cells();
    let cells = plan.cells(&making.device, &making.engine);
    let planned = cells.len();
    let mut observations = Observations::default();
    let mut summaries = Vec::new();
    let mut failed = Vec::new();
    let mut engines = BTreeMap::new();
    let mut builds: Vec<(Build, usize)> = Vec::new();
    let mut derived = DerivedCount::default();
    let mut done = 0;
    for (place, cell) in cells.iter().enumerate() {
        let mut rows_hash = None;
        match store.state(&cell.id) {
            CellState::Done(result) => {
                done += 1;
                summaries.push(result.summary);
                for (model, engine) in result.engines {
                    engines.entry(model).or_insert(engine);
                }
                match builds.iter_mut().find(|(build, _)| *build == result.build) {
                    Some((_, count)) => *count += 1,
                    None => builds.push((result.build, 1)),
                }
                rows_hash = Some(result.observations_blake3);
            }
            CellState::Damaged { problem } => warn(&problem),
            CellState::Failed(failure) => failed.push(FailedCell {
                variant: cell.variant.name.clone(),
                seed: cell.seed,
                error: failure.error,
            }),
            _ => summaries.extend(making.interrupted.get(&place).cloned()),
        }
        let rows = with_derived(&store, cell, rows_hash.as_deref(), &mut derived)?;
        observations.extend(rows);
    }
    for (build, count) in builds.iter().filter(|(build, _)| *build != making.build) {
        warn(&format!(
            "{count} of {planned} cells were trained by another build of this program ({build}); \
             --fresh trains them again"
        ));
    }
    let complete = failed.is_empty() && done == planned;
    let cell_seconds: f64 = summaries.iter().map(|c| c.seconds).sum();
    let measuring: f64 = summaries.iter().map(|c| c.measuring_seconds).sum();
    let identity = plan.identity(&making.device, &making.engine);
    let mut wall_seconds = making.elapsed.as_secs_f64();
    let before = folder.manifest_before();
    let mut first_thresholds =
        (before.as_ref()).map_or_else(BTreeMap::new, |before| before.first_thresholds.clone());
    for claim in &plan.spec.claims {
        let first = first_thresholds.entry(claim.id.clone());
        first.or_insert(claim.threshold);
    }
    let same = |before: &Manifest| before.spec_hash == identity.spec_hash;
    let mut machines = Vec::new();
    if making.worked && !making.machine.is_empty() {
        machines.push(making.machine.clone());
    }
    if let Some(before) = before.filter(|before| same(before) && !making.fresh) {
        // What another build had trained may have been trained again here.
        let of_before = |build: &Build| {
            build.version == before.layerwise_version && build.commit == before.git_commit
        };
        if builds.iter().any(|(build, _)| of_before(build)) {
            machines.retain(|machine| !before.machines.contains(machine));
            machines.splice(0..0, before.machines);
        }
        wall_seconds = before.wall_seconds + if making.worked { wall_seconds } else { 0.0 };
    }
    let manifest = Manifest {
        machines,
        engines,
        wall_seconds,
        cell_seconds,
        measuring_share: if cell_seconds > 0.0 {
            measuring / cell_seconds
        } else {
            0.0
        },
        cells: summaries,
        failed,
        builds: if builds.iter().all(|(build, _)| *build == making.build) {
            Vec::new()
        } else {
            builds.into_iter().map(|(build, _)| build).collect()
        },
        first_thresholds,
        ..begun(plan, making)
    };
    let verdict = judge(
        &plan.claims,
        None,
        &RecordedRun::new(&observations, &manifest),
    );
    folder.finish(observations.rows(), &manifest, &verdict, complete)?;
    Ok(Gathered {
        manifest,
        verdict,
        complete,
        derived,
    })
}

/// The manifest of a run that has only begun: no cell has ended.
fn begun(plan: &Plan, making: &Making) -> Manifest {
    Manifest {
        format: FORMAT,
        name: plan.spec.name.clone(),
        quick: making.quick,
        spec_hash: plan.identity(&making.device, &making.engine).spec_hash,
        seeds: plan.seeds().collect(),
        layerwise_version: making.build.version.clone(),
        rustc_version: making.rustc.clone(),
        git_commit: making.build.commit.clone(),
        machines: Vec::new(),
        device: making.device.clone(),
        adapter: making.adapter.clone(),
        engine: making.engine.clone(),
        engines: BTreeMap::new(),
        external: {
            let external = plan.variants.iter().flat_map(|v| v.external.values());
            let mut sources: Vec<_> = external.map(|model| model.source.clone()).collect();
            sources.dedup();
            sources
        },
        notes: plan.notes(),
        roles: plan.roles(),
        metrics: plan.metrics(),
        precision: format!("{:?}", plan.spec.training.precision).to_lowercase(),
        threads: making.threads,
        together: making.together,
        wall_seconds: making.elapsed.as_secs_f64(),
        cell_seconds: 0.0,
        measuring_share: 0.0,
        variants: variant_infos(plan),
        cells: Vec::new(),
        failed: Vec::new(),
        builds: Vec::new(),
        first_thresholds: BTreeMap::new(),
    }
}

fn variant_infos(plan: &Plan) -> Vec<VariantInfo> {
    let first_seed = plan.spec.training.first_seed;
    let info = |variant: &plan::Variant| {
        let instance = variant.task.instance(first_seed);
        let per_lr = Clock::per_lr(&variant.training, variant.task.shape().outputs);
        VariantInfo {
            name: variant.name.clone(),
            group: variant.group.clone(),
            knobs: variant.knobs.clone(),
            probabilities: instance.groups().iter().map(|g| g.probability).collect(),
            flow_per_step: per_lr.map(|factor| factor * variant.training.lr),
        }
    };
    plan.variants.iter().map(info).collect()
}

impl Run {
    /// A run of a plan that is still being trained, for those who draw it meanwhile: no row is recorded
    /// and no claim is judged. `path` is its folder, of which nothing is read or written. Its
    /// [`observations`](Self::observations) are for the caller to fill, with the rows of
    /// [`derive`](crate::derive()) after the measured ones of each cell.
    pub fn begun(path: &Path, plan: &Plan, making: &Making) -> Self {
        Self {
            path: path.to_owned(),
            spec: plan.spec.clone(),
            manifest: begun(plan, making),
            observations: Observations::default(),
            verdict: VerdictFile {
                name: plan.spec.name.clone(),
                ..VerdictFile::default()
            },
        }
    }

    /// Derives and judges again by another plan that trains the same cells but has other
    /// predictions, levels of times, claims or pictures. Nothing is trained, and the tables of the
    /// run do not change.
    ///
    /// # Errors
    /// A cell of the run is damaged.
    pub fn derive_again(&mut self, plan: &Plan) -> Result<DerivedCount, RunFolderError> {
        let store = CellStore::of(&self.path);
        let mut observations = Observations::default();
        let mut derived = DerivedCount::default();
        for cell in plan.cells(&self.manifest.device, &self.manifest.engine) {
            let rows_hash = match store.state(&cell.id) {
                CellState::Done(result) => Some(result.observations_blake3),
                _ => None,
            };
            observations.extend(with_derived(
                &store,
                &cell,
                rows_hash.as_deref(),
                &mut derived,
            )?);
        }
        self.observations = observations;
        self.manifest.roles = plan.roles();
        self.manifest.metrics = plan.metrics();
        self.verdict = judge(&plan.claims, Some(&self.spec), &self.recorded());
        self.spec = plan.spec.clone();
        Ok(derived)
    }
}
