use mlp::{HostRows, Rows};
use models::Precision;
use nets::Target;
use plan::Options;
use serde_json::{Value, json};
use tasks::Batch;
use train::Kinds;

use super::{
    case::quick,
    member::Members,
    repeat::{at_once, median},
    steps::Effort,
};
use crate::{failure::Failure, shipped};

/// How the time of a training step of the experiment emergence is divided, in microseconds on one
/// thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataPath {
    /// Drawing the rows of a step.
    pub(crate) sampling: f64,
    /// Converting the rows to the layout of the engine mlp.
    pub(crate) preparing: f64,
    /// The training step of the net.
    pub(crate) stepping: f64,
}

/// Steps between two readings of the clock.
const STEPS: u64 = 200;

impl DataPath {
    /// Measures the three parts.
    ///
    /// # Errors
    /// The experiment or the engine is not the expected one.
    pub(crate) fn measure(kinds: &Kinds, effort: Effort) -> Result<Self, Failure> {
        let plan = shipped::find("emergence", &Options::default(), kinds)?;
        let task = &plan.variants[0].task;
        let instance = task.instance(0);
        let shape = task.shape();
        let mut stream = instance.training();
        let mut batch = Batch::zeros(shape, task.batch_rows());
        stream.fill(0, &mut batch);
        let micros = |walls: Vec<f64>| 1e6 * median(walls) / STEPS as f64;
        let sampling = at_once(1, effort.repeats, |_| {
            let mut stream = instance.training();
            let mut batch = batch.clone();
            move || (0..STEPS).for_each(|step| stream.fill(step, &mut batch))
        });
        let host = HostRows {
            rows: batch.rows,
            inputs: &batch.inputs,
            targets: &batch.targets,
            weights: None,
        };
        let prepared = Rows::<f32>::new(shape.inputs, shape.outputs, &host);
        let prepared = prepared.map_err(Failure::run)?;
        let preparing = at_once(1, effort.repeats, |_| {
            let mut prepared = prepared.clone();
            move || {
                for _ in 0..STEPS {
                    let filled = prepared.fill(std::hint::black_box(&host));
                    filled.expect("these rows were filled before");
                }
            }
        });
        let case = quick().into_iter().find(|case| case.rows == batch.rows);
        let case = case.ok_or_else(|| Failure::run("emergence has other rows than the bench"))?;
        let target = Target::open("flex", Precision::F32).map_err(Failure::run)?;
        let batches = [batch];
        let stepping = at_once(1, effort.repeats, |_| {
            let members = Members::new(&case, &kinds.engines, "mlp", &target, &batches);
            let mut members = members.expect("the engine mlp trains this net");
            move || {
                let trained = members.train(STEPS as usize);
                trained.expect("the host does not fail");
            }
        });
        Ok(Self {
            sampling: micros(sampling),
            preparing: micros(preparing),
            stepping: micros(stepping),
        })
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "experiment": "emergence",
            "micros_sampling": self.sampling,
            "micros_preparing": self.preparing,
            "micros_stepping": self.stepping,
        })
    }
}
