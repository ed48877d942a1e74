//! Models on exact populations with the weights that they start from, and what these are as matrices.

use models::{HostArray, Model};
use tasks::{Batch, TaskInstance, TaskShape};
use theory::nalgebra::DMatrix;

/// A model from its spec table.
pub(crate) fn model(table: &str) -> Box<dyn Model> {
    models::kinds().build(table.parse().unwrap()).unwrap()
}

/// Initial parameters; the models of these tests do not look at the task.
pub(crate) fn initial(model: &dyn Model, shape: TaskShape, seed: u64) -> Vec<HostArray> {
    let task = "kind = 'modes'\ninput_powers = [1.0]\ntargets = [1.0]";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    model.initial(&*task.instance(0), shape, seed)
}

/// A task of one seed, a model for it and the weights that it starts from.
pub(crate) struct Start {
    table: String,
    pub(crate) instance: Box<dyn TaskInstance>,
    pub(crate) shape: TaskShape,
    /// The rows of every step.
    pub(crate) rows: Batch,
    pub(crate) weights: Vec<HostArray>,
}

impl Start {
    pub(crate) fn new(task: &str, table: &str, seed: u64) -> Self {
        let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
        let model = model(table);
        model.check(task.shape()).unwrap();
        let instance = task.instance(seed);
        let mut stream = instance.training();
        assert!(stream.is_constant());
        let mut rows = Batch::zeros(task.shape(), task.batch_rows());
        stream.fill(0, &mut rows);
        Self {
            table: table.to_owned(),
            weights: model.initial(&*instance, task.shape(), seed),
            instance,
            shape: task.shape(),
            rows,
        }
    }

    pub(crate) fn model(&self) -> Box<dyn Model> {
        model(&self.table)
    }

    /// E[y xᵀ], `[outputs, inputs]`.
    pub(crate) fn correlation(&self) -> DMatrix<f64> {
        let values = self.rows.correlation(&self.rows.targets);
        DMatrix::from_row_slice(self.shape.outputs, self.shape.inputs, &values)
    }
}

/// The table of a deep linear net with a balanced start.
pub(crate) fn balanced(widths: &str, rest: &str) -> String {
    format!("kind = 'deep-linear'\nwidths = {widths}\ninit = {{ kind = 'balanced', {rest} }}")
}

/// The matrix `[out, in]` of a layer, which is stored as `[in, out]`.
pub(crate) fn matrix(array: &HostArray) -> DMatrix<f64> {
    DMatrix::from_row_slice(array.rows, array.columns, &array.values).transpose()
}

/// W_L … W_1.
pub(crate) fn product(layers: &[HostArray]) -> DMatrix<f64> {
    let (first, others) = layers.split_first().unwrap();
    (others.iter()).fold(matrix(first), |product, layer| matrix(layer) * product)
}

/// All values in one vector.
pub(crate) fn flat(arrays: &[HostArray]) -> Vec<f64> {
    arrays.iter().flat_map(|a| a.values.clone()).collect()
}

/// Largest difference relative to the largest expected number.
pub(crate) fn relative_gap(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let size = expected.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(f, e)| {
            assert!(f.is_finite() && e.is_finite(), "{found:?} and {expected:?}");
            (f - e).abs() / size
        })
        .fold(0.0, f64::max)
}
