//! Runs of models on exact populations, and their weights as matrices.

use layerwise_nets::{self as nets, HostArray, Loss, Model, Optimizer, Precision, Rows};
use tasks::{Batch, Group, TaskInstance, TaskShape};
use theory::nalgebra::DMatrix;

/// An error that is first order in the learning rate halves with it: order 1 within 10 %.
const FIRST_ORDER: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// `error` at lr, lr/2 and lr/4 for the same flow time: both observed orders.
pub(crate) fn assert_first_order(lr: f64, steps: u64, error: impl Fn(f64, u64) -> f64) {
    let errors = [1, 2, 4].map(|parts| error(lr / parts as f64, steps * parts));
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!(FIRST_ORDER.contains(&order), "order {order} of {errors:?}");
    }
    // A constant that is hidden in an error of this size would be no oracle.
    assert!(errors[2] < 0.02, "{errors:?}");
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
        let model = super::model(table);
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
        super::model(&self.table)
    }

    pub(crate) fn groups(&self) -> &[Group] {
        self.instance.groups()
    }

    /// E[y xᵀ], `[outputs, inputs]`.
    pub(crate) fn correlation(&self) -> DMatrix<f64> {
        let values = self.rows.correlation(&self.rows.targets);
        DMatrix::from_row_slice(self.shape.outputs, self.shape.inputs, &values)
    }

    /// The largest of `error`(step, weights) before, during and after `steps` steps of plain
    /// gradient descent on the recorded graph.
    pub(crate) fn largest(
        &self,
        loss: Loss,
        lr: f64,
        steps: u64,
        error: impl Fn(u64, &[HostArray]) -> f64,
    ) -> f64 {
        let target = super::flex(Precision::F64);
        let (model, weights) = (self.model(), self.weights.clone());
        let rows = Rows::new(&self.rows, model.needs(), &target);
        let plain = Optimizer::default();
        let learner = nets::learner("autodiff", model, weights, loss, plain, &target, None);
        let mut learner = learner.unwrap();
        let mut largest = error(0, &self.weights);
        for step in 1..=steps {
            learner.step(&rows, lr);
            let found = error(step, &learner.parameters().unwrap());
            assert!(found.is_finite(), "step {step}");
            largest = largest.max(found);
        }
        largest
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

/// Singular values, the largest first.
pub(crate) fn singular_values(matrix: &DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = matrix.singular_values().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}
