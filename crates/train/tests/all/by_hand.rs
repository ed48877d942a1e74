//! A linear net trained by a recursion that is written out here.

use theory::nalgebra::DMatrix;

use crate::specs::load;

/// A two-layer linear net f(x) = α W2 W1 x and its training rows, both as columns.
pub(crate) struct ByHand {
    pub(crate) first: DMatrix<f64>,
    pub(crate) second: DMatrix<f64>,
    scale: f64,
    pub(crate) inputs: DMatrix<f64>,
    pub(crate) targets: DMatrix<f64>,
    weights: Vec<f64>,
}

impl ByHand {
    /// Seed 0 of a model of a spec.
    pub(crate) fn new(text: &str, model: &str) -> Self {
        let plan = load(text);
        let variant = &plan.variants[0];
        let (instance, shape) = (variant.task.instance(0), variant.task.shape());
        let model = &variant.model(model).unwrap().model;
        let scale = model
            .resolved()
            .get("output_scale")
            .and_then(toml::Value::as_float);
        let layers = model.initial(&*instance, shape, 0);
        let layer = |at: usize| {
            let array = &layers[at];
            DMatrix::from_row_slice(array.rows, array.columns, &array.values).transpose()
        };
        let rows = instance.test();
        let columns =
            |values: &[f64], width| DMatrix::from_row_slice(rows.rows, width, values).transpose();
        Self {
            first: layer(0),
            second: layer(1),
            scale: scale.unwrap_or(1.0),
            inputs: columns(&rows.inputs, shape.inputs),
            targets: columns(&rows.targets, shape.outputs),
            weights: rows
                .weights
                .unwrap_or(vec![1.0 / rows.rows as f64; rows.rows]),
        }
    }

    /// α W2 W1.
    pub(crate) fn function(&self) -> DMatrix<f64> {
        self.scale * &self.second * &self.first
    }

    /// On the training rows, one a column.
    pub(crate) fn outputs(&self) -> DMatrix<f64> {
        self.function() * &self.inputs
    }

    /// ½ Σ_n w_n |f − y|².
    pub(crate) fn loss(&self) -> f64 {
        let error = self.outputs() - &self.targets;
        let columns = error.column_iter().zip(&self.weights);
        columns.map(|(e, w)| 0.5 * w * e.norm_squared()).sum()
    }

    /// Steps of gradient descent on that loss.
    pub(crate) fn train(&mut self, steps: usize, lr: f64) {
        for _ in 0..steps {
            let mut error = self.outputs() - &self.targets;
            for (mut column, weight) in error.column_iter_mut().zip(&self.weights) {
                column *= weight * self.scale;
            }
            let slope = error * self.inputs.transpose();
            let first = self.second.transpose() * &slope;
            self.second -= lr * slope * self.first.transpose();
            self.first -= lr * first;
        }
    }

    /// The tangent kernel: ∂f_i(x)·∂f_j(x') over all weights, output-major.
    pub(crate) fn kernel(&self) -> DMatrix<f64> {
        let (samples, outputs) = (self.inputs.ncols(), self.second.nrows());
        let below = self.inputs.transpose() * self.first.transpose() * &self.first * &self.inputs;
        let alike = self.inputs.transpose() * &self.inputs;
        let above = &self.second * self.second.transpose();
        DMatrix::from_fn(outputs * samples, outputs * samples, |a, b| {
            let (i, n, j, m) = (a / samples, a % samples, b / samples, b % samples);
            let same = if i == j { below[(n, m)] } else { 0.0 };
            above[(i, j)] * alike[(n, m)] + same
        })
    }
}
