use std::{collections::BTreeMap, time::Duration};

use super::{
    cell::RunError,
    runner::{Observer, Provenance, Recorded, Settings, Trained, plan},
};
use crate::{
    Kinds,
    claims::judge,
    predict::Clock,
    record::{Build, CellState, CellSummary, FORMAT, FailedCell, Manifest, RunFolder, VariantInfo},
    spec::Loaded,
};

/// How this process left a cell.
pub(super) enum End {
    /// Its result is on the disk.
    Done,
    /// The user stopped it.
    Interrupted(CellSummary),
    /// It could not be trained.
    Failed(RunError),
}

/// Gathers what the cells of a run have recorded.
pub struct Gather<'a> {
    /// The spec.
    pub loaded: &'a Loaded,
    /// How it was run.
    pub settings: &'a Settings,
    /// This program.
    pub provenance: &'a Provenance,
    /// What names mean.
    pub kinds: &'a Kinds,
}

impl Gather<'_> {
    /// Writes the tables, the manifest and the verdicts of a run from what its cells have on the
    /// disk. `elapsed` is the time that this process has spent on it.
    ///
    /// # Errors
    /// What went wrong in the first cell that failed, once everything is written; or the folder.
    pub fn all(
        &self,
        folder: RunFolder,
        mut trained: Trained,
        elapsed: Duration,
        observer: &dyn Observer,
    ) -> Result<Recorded, RunError> {
        let (loaded, settings) = (self.loaded, self.settings);
        let store = folder.cells();
        let cells = plan(loaded, &settings.device, &settings.engine);
        let planned = cells.len();
        let mut observations = Vec::new();
        let mut summaries = Vec::new();
        let mut failed = Vec::new();
        let mut engines = BTreeMap::new();
        let mut builds: Vec<(Build, usize)> = Vec::new();
        let mut done = 0;
        for ((variant, seed, cell), end) in cells.iter().zip(&trained.ends) {
            match store.state(cell) {
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
                }
                CellState::Damaged { problem } => observer.warned(&problem),
                CellState::Failed(failure) => failed.push(FailedCell {
                    variant: variant.name.clone(),
                    seed: *seed,
                    error: failure.error,
                }),
                _ => {
                    if let Some(End::Interrupted(summary)) = end {
                        summaries.push(summary.clone());
                    }
                }
            }
            observations.append(&mut store.rows(cell)?);
        }
        let this = self.provenance.build();
        for (build, count) in builds.iter().filter(|(build, _)| *build != this) {
            observer.warned(&format!(
                "{count} of {planned} cells were trained by another build of this program \
                 ({build}); --fresh trains them again"
            ));
        }
        let failure = trained.failure();
        let complete = failure.is_none() && done == planned;
        let cell_seconds: f64 = summaries.iter().map(|c| c.seconds).sum();
        let measuring: f64 = summaries.iter().map(|c| c.measuring_seconds).sum();
        let training = &loaded.spec.training;
        let identity = super::run_identity(loaded, &settings.device, &settings.engine);
        let mut wall_seconds = elapsed.as_secs_f64();
        let before = folder.manifest_before();
        let mut first_thresholds =
            (before.as_ref()).map_or_else(BTreeMap::new, |before| before.first_thresholds.clone());
        for claim in &loaded.spec.claims {
            let first = first_thresholds.entry(claim.id.clone());
            first.or_insert(claim.threshold);
        }
        let same = |before: &Manifest| before.spec_hash == identity.spec_hash;
        if let Some(before) = before.filter(|before| same(before) && !settings.storing.fresh) {
            let more = trained.ends.iter().any(Option::is_some);
            wall_seconds = before.wall_seconds + if more { wall_seconds } else { 0.0 };
        }
        let manifest = Manifest {
            format: FORMAT,
            name: loaded.spec.name.clone(),
            quick: settings.quick,
            spec_hash: identity.spec_hash,
            seeds: (training.first_seed..)
                .take(training.seeds as usize)
                .collect(),
            layerwise_version: self.provenance.version.clone(),
            rustc_version: self.provenance.rustc.clone(),
            git_commit: self.provenance.commit.clone(),
            device: settings.device.clone(),
            adapter: trained.adapter,
            engine: settings.engine.clone(),
            engines,
            own: {
                let own = loaded.variants.iter().flat_map(|v| v.own.values());
                let mut sources: Vec<_> = own.map(|own| own.source.clone()).collect();
                sources.dedup();
                sources
            },
            precision: format!("{:?}", training.precision).to_lowercase(),
            threads: settings.threads,
            together: trained.together,
            wall_seconds,
            cell_seconds,
            measuring_share: if cell_seconds > 0.0 {
                measuring / cell_seconds
            } else {
                0.0
            },
            variants: variant_infos(loaded, self.kinds)?,
            cells: summaries,
            failed,
            builds: if builds.iter().all(|(build, _)| *build == this) {
                Vec::new()
            } else {
                builds.into_iter().map(|(build, _)| build).collect()
            },
            first_thresholds,
        };
        let verdict = judge(&loaded.spec, None, &manifest, &observations, self.kinds)?;
        folder.finish(&observations, &manifest, &verdict, complete)?;
        match failure {
            Some(error) => Err(error),
            None => Ok(Recorded {
                manifest,
                verdict,
                complete,
            }),
        }
    }
}

fn variant_infos(loaded: &Loaded, kinds: &Kinds) -> Result<Vec<VariantInfo>, RunError> {
    let first_seed = loaded.spec.training.first_seed;
    loaded
        .variants
        .iter()
        .map(|variant| {
            let spec = &variant.spec;
            let task = kinds
                .tasks
                .build(spec.task.clone())
                .map_err(|e| e.within("task"))?;
            let groups = task.instance(first_seed);
            let per_lr = Clock::per_lr(&spec.training, task.shape().outputs);
            Ok(VariantInfo {
                name: variant.name.clone(),
                group: variant.group.clone(),
                knobs: variant.knobs.clone(),
                probabilities: groups.groups().iter().map(|g| g.probability).collect(),
                flow_per_step: per_lr.map(|factor| factor * spec.training.lr),
            })
        })
        .collect()
}
