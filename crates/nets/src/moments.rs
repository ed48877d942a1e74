use std::sync::Arc;

use models::{HostArray, HostNet, LearnerState, Loss, Model, Optimizer, Precision};
use tasks::Batch;

use crate::{
    Forward, LearnerError, Learners, Member, Rows, Target, TrainingSetup,
    array::{self, download},
    engine::{Coverage, Engine},
    learner_state::{check_count, check_like},
};

/// The engine for linear nets on constant rows. It computes exact gradients from the second moments
/// of the data, in f64 on the CPU.
///
/// The gradient of a product of weight matrices P = M_L … M_1 depends on the rows only through E[x
/// xᵀ] and E[y xᵀ]. A step of plain gradient descent therefore costs a few small products, whatever
/// the number of rows, and needs no graph. The result equals that of `autodiff` up to rounding.
pub(crate) struct Moments;

impl Engine for Moments {
    fn name(&self) -> &'static str {
        "moments"
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            models: "linear nets without biases, in the standard parametrisation, not centred, on \
                     constant rows",
            losses: "mse",
            optimizers: "plain sgd",
            precisions: "f64",
            devices: "CPU",
            interventions: "none",
        }
    }

    fn covers(&self, setup: &TrainingSetup<'_>) -> Result<(), &'static str> {
        // A run in f32 must compute in f32, but this engine computes in f64.
        if setup.target.precision() != Precision::F64 {
            return Err("trains in f64 only");
        }
        let Member { model, initial, .. } = setup.first();
        if !model.interventions().is_none() {
            return Err("intervenes on no layer (freeze, feedback, clamp, balance, dropout)");
        }
        linear_net(&**model, initial)?;
        if setup.optimizer != Optimizer::default() {
            return Err("needs plain gradient descent");
        }
        if !matches!(setup.loss, Loss::Mse { .. }) {
            return Err("needs a squared error");
        }
        match (setup.constant, setup.forwards.of(model)) {
            (None, _) => Err("needs the same rows at every step"),
            (_, None) => Err("has no forward function for this model"),
            _ => Ok(()),
        }
    }

    fn start(&self, setup: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError> {
        let lacks = |reason| LearnerError::NotCovered {
            engine: self.name().to_owned(),
            reason,
        };
        let function = setup.forwards.of(&setup.first().model);
        let function = function.ok_or_else(|| lacks("has no forward function for this model"))?;
        let rows = setup.constant.unwrap_or_default();
        let mut members = Vec::new();
        for (member, rows) in setup.members.into_iter().zip(rows) {
            let host = linear_net(&*member.model, &member.initial).map_err(lacks)?;
            members.push(MomentsMember::new(member, &host, setup.loss, rows));
        }
        Ok(Box::new(MomentsLearners {
            members,
            function,
            target: setup.target.clone(),
        }))
    }
}

/// The net on the host, if it is linear and its parameters are its weights.
fn linear_net(model: &dyn Model, initial: &[HostArray]) -> Result<HostNet, &'static str> {
    let Some(host) = model.host(initial) else {
        return Err("trains only deep-linear nets and mlp nets of the identity");
    };
    let linear = host.net.layers.len() == 1 || host.net.activation == mlp::Activation::Identity;
    if !linear {
        return Err("trains only deep-linear nets and mlp nets of the identity");
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
    Ok(host)
}

/// Members, one after another.
struct MomentsLearners {
    members: Vec<MomentsMember>,
    /// Forward function of the model, for outputs on measured rows.
    function: Arc<dyn Forward>,
    target: Target,
}

struct MomentsMember {
    model: Arc<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// M_1 … M_L, `[out, in]`.
    maps: Vec<Map>,
    /// M_L … M_l for every layer l, `[K, in]`; scratch.
    above: Vec<Vec<f64>>,
    /// Error propagated to below and above a layer, `[K, width]`; scratch.
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
}

/// A matrix of one layer, row-major.
struct Map {
    outputs: usize,
    inputs: usize,
    values: Vec<f64>,
}

impl MomentsMember {
    fn new(
        Member { model, initial, .. }: Member,
        host: &HostNet,
        loss: Loss,
        rows: &Batch,
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
        let widest = maps.iter().map(|m| m.inputs).max().unwrap_or(1);
        let widest = widest.max(outputs);
        Self {
            above: maps.iter().map(|m| vec![0.0; outputs * m.inputs]).collect(),
            error: vec![0.0; outputs * widest],
            next: vec![0.0; outputs * widest],
            inputs: rows.input_moments(),
            correlation: rows.correlation(&rows.targets),
            outputs,
            output_scale: host.output_scale,
            loss_factor: loss.flow_factor(outputs),
            model,
            initial,
            maps,
        }
    }

    fn step(&mut self, lr: f64) {
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

    fn parameters(&self) -> Vec<HostArray> {
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

impl Learners for MomentsLearners {
    fn engine(&self) -> &'static str {
        Moments.name()
    }

    fn model(&self, member: usize) -> &dyn Model {
        &*self.members[member].model
    }

    fn step(&mut self, _: &Rows<'_>, lr: &[f64]) {
        for (member, &lr) in self.members.iter_mut().zip(lr) {
            member.step(lr);
        }
    }

    fn freeze(&mut self, _member: usize, _layer: usize, _from: u64) {
        unreachable!("models with interventions are not covered");
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        self.on_device(&self.members.iter().collect::<Vec<_>>(), rows)
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let mut outputs = self.on_device(&[&self.members[member]], rows)?;
        Ok(outputs.swap_remove(0))
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        Ok(self.members.iter().map(MomentsMember::parameters).collect())
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        let state = |member: &MomentsMember| LearnerState {
            parameters: member.parameters(),
            ..LearnerState::default()
        };
        Ok(self.members.iter().map(state).collect())
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        check_count(states, self.members.len())?;
        for (member, state) in self.members.iter().zip(states) {
            check_like(&member.initial, &state.parameters)?;
        }
        for (member, state) in self.members.iter_mut().zip(states) {
            for (map, array) in member.maps.iter_mut().zip(&state.parameters) {
                map.values = transposed(&array.values, array.rows, array.columns);
            }
        }
        Ok(())
    }
}

impl MomentsLearners {
    /// Outputs of some members by the forward function of the model.
    fn on_device(
        &self,
        members: &[&MomentsMember],
        rows: &Rows<'_>,
    ) -> Result<Vec<Vec<f64>>, LearnerError> {
        let parameters: Vec<_> = members.iter().map(|member| member.parameters()).collect();
        let arrays = parameters.first().map_or(0, Vec::len);
        let stacked: Vec<_> = (0..arrays)
            .map(|place| {
                let alike: Vec<&HostArray> = parameters.iter().map(|all| &all[place]).collect();
                array::stack(&alike, &self.target)
            })
            .collect();
        let outputs = self.function.forward(&stacked, rows.on_device());
        download(&outputs).map_err(LearnerError::Device)
    }
}
