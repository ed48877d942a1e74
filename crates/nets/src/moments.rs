use tasks::Batch;

use crate::{
    HostArray, HostNet, Learner, LearnerError, LearnerState, Loss, Model, Optimizer, Rows, Target,
    array::download, learner_state::check_like,
};

/// The engine of linear nets on constant rows: exact gradients from the second moments of the
/// data, in f64 on the host.
///
/// A product of weight matrices P = M_L … M_1 sees the rows only through E[x xᵀ] and E[y xᵀ], so a
/// step of plain gradient descent costs a few small products, whatever the number of rows, and no
/// graph. It is the recursion that [`crate::AutodiffLearner`] computes, up to rounding.
pub(crate) struct MomentsLearner {
    model: Box<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// M_1 … M_L, `[out, in]`.
    maps: Vec<Map>,
    /// M_L … M_l for every layer l, `[K, in]`; scratch.
    above: Vec<Vec<f64>>,
    /// What is left of the error below and above a layer, `[K, width]`; scratch.
    error: Vec<f64>,
    next: Vec<f64>,
    /// E[x xᵀ], `[D, D]`.
    inputs: Vec<f64>,
    /// E[y xᵀ], `[K, D]`.
    correlation: Vec<f64>,
    outputs: usize,
    output_scale: f64,
    /// Derivative of the loss by the output: this times (f − y).
    loss_factor: f64,
    lr_scale: f64,
    target: Target,
}

/// A matrix of one layer, row-major.
struct Map {
    outputs: usize,
    inputs: usize,
    values: Vec<f64>,
}

impl MomentsLearner {
    /// Why this engine cannot train the model on constant rows, or the model on the host.
    pub(crate) fn applies(
        model: &dyn Model,
        initial: &[HostArray],
        loss: Loss,
        optimizer: Optimizer,
    ) -> Result<HostNet, &'static str> {
        let plain = Optimizer::default();
        let Some(host) = model.host(initial) else {
            return Err("trains linear nets only");
        };
        let linear = host.net.layers.len() == 1 || host.net.activation == mlp::Activation::Identity;
        if !linear {
            return Err("trains linear nets only");
        }
        if host.net.layers.iter().any(|layer| layer.bias.is_some()) {
            return Err("trains nets without biases only");
        }
        if model.remembers_start() {
            return Err("does not centre outputs");
        }
        if !host.is_standard() {
            return Err("trains nets in the standard parametrisation only");
        }
        if optimizer != plain {
            return Err("needs plain gradient descent");
        }
        if !matches!(loss, Loss::Mse { .. }) {
            return Err("needs a squared error");
        }
        Ok(host)
    }

    /// A learner that starts from `initial`, whose net on the host is `host`.
    pub(crate) fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        host: &HostNet,
        loss: Loss,
        rows: &Batch,
        target: &Target,
    ) -> Self {
        let maps: Vec<Map> = initial
            .iter()
            .map(|array| Map {
                outputs: array.columns,
                inputs: array.rows,
                values: transposed(&array.values, array.rows, array.columns),
            })
            .collect();
        let outputs = rows.shape.outputs;
        let widest = maps
            .iter()
            .map(|m| m.inputs)
            .max()
            .unwrap_or(1)
            .max(outputs);
        Self {
            above: maps.iter().map(|m| vec![0.0; outputs * m.inputs]).collect(),
            error: vec![0.0; outputs * widest],
            next: vec![0.0; outputs * widest],
            inputs: rows.input_moments(),
            correlation: rows.correlation(&rows.targets),
            outputs,
            output_scale: host.output_scale,
            loss_factor: loss.flow_factor(outputs),
            lr_scale: model.lr_scale(),
            target: target.clone(),
            model,
            initial,
            maps,
        }
    }

    fn step_once(&mut self, lr: f64) {
        let last = self.maps.len() - 1;
        self.above[last].copy_from_slice(&self.maps[last].values);
        for layer in (0..last).rev() {
            let (below, above) = self.above.split_at_mut(layer + 1);
            let map = &self.maps[layer];
            product(
                &above[0],
                map.outputs,
                &map.values,
                map.inputs,
                &mut below[layer],
            );
        }
        let columns = self.maps[0].inputs;
        let error = &mut self.error[..self.outputs * columns];
        product(&self.above[0], columns, &self.inputs, columns, error);
        let factor = self.loss_factor * self.output_scale;
        for (error, correlation) in error.iter_mut().zip(&self.correlation) {
            *error = factor * (self.output_scale * *error - correlation);
        }
        for layer in 0..=last {
            let map = &mut self.maps[layer];
            let error = &self.error[..self.outputs * map.inputs];
            if layer == last {
                for (weight, gradient) in map.values.iter_mut().zip(error) {
                    *weight -= lr * gradient;
                }
            } else {
                let next = &mut self.next[..self.outputs * map.outputs];
                product_transposed(error, map.inputs, &map.values, map.outputs, next);
                subtract_outer(map, lr, &self.above[layer + 1], error);
                std::mem::swap(&mut self.error, &mut self.next);
            }
        }
    }

    fn host_arrays(&self) -> Vec<HostArray> {
        let arrays = self.initial.iter().zip(&self.maps);
        arrays
            .map(|(array, map)| HostArray {
                values: transposed(&map.values, map.outputs, map.inputs),
                ..array.clone()
            })
            .collect()
    }
}

fn transposed(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}

/// `sums += factor · values`.
fn add(sums: &mut [f64], factor: f64, values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

/// `out = a b` for `a` `[K, inner]` and `b` `[inner, columns]`.
fn product(a: &[f64], inner: usize, b: &[f64], columns: usize, out: &mut [f64]) {
    out.fill(0.0);
    for (a, out) in a.chunks_exact(inner).zip(out.chunks_exact_mut(columns)) {
        for (&factor, row) in a.iter().zip(b.chunks_exact(columns)) {
            add(out, factor, row);
        }
    }
}

/// `out = a bᵀ` for `a` `[K, inner]` and `b` `[columns, inner]`.
fn product_transposed(a: &[f64], inner: usize, b: &[f64], columns: usize, out: &mut [f64]) {
    for (a, out) in a.chunks_exact(inner).zip(out.chunks_exact_mut(columns)) {
        for (out, row) in out.iter_mut().zip(b.chunks_exact(inner)) {
            *out = a.iter().zip(row).map(|(a, b)| a * b).sum();
        }
    }
}

/// `map -= lr · aboveᵀ error` for `above` `[K, outputs]` and `error` `[K, inputs]`.
fn subtract_outer(map: &mut Map, lr: f64, above: &[f64], error: &[f64]) {
    let pairs = above
        .chunks_exact(map.outputs)
        .zip(error.chunks_exact(map.inputs));
    for (above, error) in pairs {
        for (&factor, weights) in above.iter().zip(map.values.chunks_exact_mut(map.inputs)) {
            add(weights, -lr * factor, error);
        }
    }
}

impl Learner for MomentsLearner {
    fn engine(&self) -> &'static str {
        "moments"
    }

    fn model(&self) -> &dyn Model {
        &*self.model
    }

    fn step(&mut self, _: &Rows<'_>, lr: f64) {
        self.step_once(lr * self.lr_scale);
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let parameters: Vec<_> = (self.host_arrays().iter())
            .map(|array| array.to_device(&self.target))
            .collect();
        let outputs = self.model.forward(&parameters, rows.on_device());
        let mut outputs = download(&outputs).map_err(LearnerError::Device)?;
        Ok(outputs.swap_remove(0))
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        Ok(self.host_arrays())
    }

    fn state(&self) -> Result<LearnerState, LearnerError> {
        Ok(LearnerState {
            parameters: self.host_arrays(),
            ..LearnerState::default()
        })
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        check_like(&self.initial, &state.parameters)?;
        for (map, array) in self.maps.iter_mut().zip(&state.parameters) {
            map.values = transposed(&array.values, array.rows, array.columns);
        }
        Ok(())
    }
}
