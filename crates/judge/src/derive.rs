//! Derives numbers of whole curves (such as half-times) and predictions from the rows of a cell.
//!
//! Deriving follows recording and trains nothing: a new closed form, a changed parameter or another
//! level of a time is evaluated on the recorded rows. Derived rows are cached beside the cell.
//! Their cache key names everything that they depend on, including the versions of closed forms, so
//! they are computed again exactly when a dependency changes.

use models::HostArray;
use plan::{
    CellView, Clock, Derived, ExternalContent, ModelCurves, PlannedCell, Variant, derive_times,
};
use record::{CellStore, Name, Observation, Observations, RunFolderError};
use tasks::{Batch, TaskInstance};

/// Version of the definitions of derived numbers. Increase it when a definition changes.
const VERSION: u32 = 3;

/// How many cells were derived for a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DerivedCount {
    /// Cells whose derived numbers came from the cache.
    pub reused: usize,
    /// Cells whose derived numbers were computed.
    pub computed: usize,
}

/// The rows of a cell, measured and derived. The derived rows of a finished cell are cached.
///
/// # Errors
/// The rows of a finished cell are damaged.
pub(crate) fn with_derived(
    store: &CellStore,
    cell: &PlannedCell<'_>,
    rows_hash: Option<&str>,
    count: &mut DerivedCount,
) -> Result<Vec<Observation>, RunFolderError> {
    let done = rows_hash.and_then(|hash| Some((hash, store.done_rows(&cell.id, hash)?)));
    let (mut rows, key) = match done {
        Some((hash, rows)) => (rows, Some(key(cell.variant, hash))),
        None => (store.rows(&cell.id)?, None),
    };
    if let Some(key) = &key
        && let Some(mut derived) = store.derived(&cell.id, key)
    {
        count.reused += 1;
        rows.append(&mut derived);
        return Ok(rows);
    }
    let mut derived = derive(cell.variant, cell.seed, &rows);
    count.computed += 1;
    if let Some(key) = &key {
        // Another process may remove the cell at the same time. Rows that were not cached are
        // derived again.
        let _ = store.keep_derived(&cell.id, key, &derived);
    }
    rows.append(&mut derived);
    Ok(rows)
}

/// Everything that the derived rows of a cell depend on.
fn key(variant: &Variant, rows: &str) -> String {
    let mut key = blake3::Hasher::new();
    let mut feed = |text: &str| {
        key.update(&(text.len() as u64).to_le_bytes());
        key.update(text.as_bytes());
    };
    feed(&VERSION.to_string());
    feed(rows);
    for entry in &variant.metrics {
        feed(&entry.resolved().to_string());
    }
    for prediction in &variant.predictions {
        feed(&prediction.name);
        feed(&prediction.form.version().to_string());
        feed(&prediction.form.resolved().to_string());
    }
    key.finalize().to_hex()[..32].to_owned()
}

/// Derives rows from the measured rows of one cell: first from the curves of each model, then from
/// each prediction, in the order of the spec.
pub fn derive(variant: &Variant, seed: u64, measured: &[Observation]) -> Vec<Observation> {
    let mut all: Observations = measured.iter().cloned().collect();
    let mut rows = Vec::new();
    let curves = variant.external.keys();
    let names = curves.chain(variant.models.iter().map(|model| &model.name));
    let mut done: Vec<&str> = Vec::new();
    for model in names {
        if !done.contains(&model.as_str()) {
            done.push(model);
            let derived = of_model(variant, seed, model, &all);
            rows.extend(named(variant, seed, model, derived));
        }
    }
    all.extend(rows.iter().cloned());
    if variant.predictions.is_empty() {
        return rows;
    }
    let instance = variant.task.instance(seed);
    let constant = constant_rows(variant, &*instance);
    let shape = variant.task.shape();
    let clock = Clock::new(
        &variant.training,
        shape.outputs,
        &variant.recorded_steps(seed),
    );
    // Metrics that call an index of strengths a mode read singular modes.
    let singular = variant.measured().any(|entry| {
        let metric = &*entry.metric;
        metric.metrics().contains(&"skill_strength")
            && metric.index_name("skill_strength") == "mode"
    });
    for prediction in &variant.predictions {
        let form = &*prediction.form;
        let follows = form.reads().first().and_then(|name| variant.model(name));
        let view = CellView {
            variant: &variant.name,
            seed,
            training: &variant.training,
            knobs: &variant.knobs,
            groups: instance.groups(),
            singular,
            clock: &clock.scaled(follows.map_or(1.0, |model| model.model.lr_scale())),
            decay: Clock::decay(&variant.training, shape.outputs),
            observations: &all,
            initial: &initial(variant, &*instance, seed, form.needs_weights_of()),
            constant: constant.as_ref(),
        };
        let mut predicted = Vec::new();
        form.predict(&view, &mut predicted);
        let own = named(variant, seed, &prediction.name, predicted);
        let alone: Observations = own.iter().cloned().collect();
        let times = derive_times(ModelCurves {
            observations: &alone,
            variant: &variant.name,
            seed,
            model: &prediction.name,
        });
        rows.extend(own);
        rows.extend(named(variant, seed, &prediction.name, times));
    }
    rows
}

/// Rows derived from the whole curves of one model.
fn of_model(variant: &Variant, seed: u64, model: &str, all: &Observations) -> Vec<Derived> {
    let curves = ModelCurves {
        observations: all,
        variant: &variant.name,
        seed,
        model,
    };
    let mut derived = Vec::new();
    let mut seen: Vec<&[&str]> = Vec::new();
    for entry in &variant.metrics {
        let metrics = entry.metric.derived_metrics();
        // Two entries of one kind describe the same curve, which is derived once.
        if entry.covers(model, &variant.group) && !seen.contains(&metrics) {
            seen.push(metrics);
            derived.extend(entry.metric.derive(curves));
        }
    }
    derived
}

fn named(variant: &Variant, seed: u64, model: &str, derived: Vec<Derived>) -> Vec<Observation> {
    let (variant, model) = (Name::from(&variant.name), Name::from(model));
    let rows = derived.into_iter().map(|derived| Observation {
        variant: variant.clone(),
        seed,
        model: model.clone(),
        metric: derived.metric.into(),
        index: derived.index,
        step: derived.step,
        flow_time: derived.flow_time,
        value: derived.value,
    });
    rows.collect()
}

/// The training rows, if they are the same at every step.
fn constant_rows(variant: &Variant, instance: &dyn TaskInstance) -> Option<Batch> {
    let mut stream = instance.training();
    stream.is_constant().then(|| {
        let mut batch = Batch::zeros(variant.task.shape(), variant.task.batch_rows());
        stream.fill(0, &mut batch);
        batch
    })
}

/// Initial parameters of the model that a prediction starts from.
fn initial(
    variant: &Variant,
    instance: &dyn TaskInstance,
    seed: u64,
    wanted: Option<&str>,
) -> Vec<(String, Vec<HostArray>)> {
    let Some(planned) = wanted.and_then(|name| variant.model(name)) else {
        return Vec::new();
    };
    let external = variant
        .external
        .get(&planned.name)
        .map(|model| &model.content);
    let arrays = match external {
        None => Some(planned.model.initial(instance, variant.task.shape(), seed)),
        Some(ExternalContent::Checkpoints(seeds)) => seeds
            .get(&seed)
            .and_then(|steps| steps.values().next().cloned()),
        Some(ExternalContent::Curves(_)) => None,
    };
    arrays
        .map(|arrays| (planned.name.clone(), arrays))
        .into_iter()
        .collect()
}
