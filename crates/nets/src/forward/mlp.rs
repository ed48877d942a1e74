use burn::tensor::Tensor;
use models::{Mlp, Multipliers};

use super::{Forward, with_way_back};
use crate::{
    DeviceBatch,
    elements::{activate, value_and_slope},
};

impl Forward for Mlp {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        forward(self, parameters, batch, affine)
    }

    fn takes_backward(&self) -> bool {
        true
    }

    fn forward_through(
        &self,
        parameters: &[Tensor<3>],
        backward: &Tensor<3>,
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        forward(self, parameters, batch, |hidden, arrays, factors| {
            let value = affine(hidden.clone().detach(), arrays, factors);
            let way = times(hidden.matmul(backward.clone()), factors.weight);
            with_way_back(value, way)
        })
    }

    fn forward_from(
        &self,
        start: &[Tensor<3>],
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        if self.gates.is_some() {
            let output = gated(self, start, parameters, batch);
            return match self.centre_output {
                true => output - gated(self, start, start, batch),
                false => output,
            };
        }
        if !self.linearised {
            return self.forward(parameters, batch) - self.forward(start, batch);
        }
        match tangent(self, start, parameters, batch) {
            (_, change) if self.centre_output => change,
            (output, change) => output + change,
        }
    }
}

/// All layers, the last of them by `last`.
fn forward(
    net: &Mlp,
    parameters: &[Tensor<3>],
    batch: &DeviceBatch,
    last: impl FnOnce(Tensor<3>, &[Tensor<3>], Multipliers) -> Tensor<3>,
) -> Tensor<3> {
    let mut hidden = inputs(batch);
    let per_layer = if net.bias { 2 } else { 1 };
    let mut layers: Vec<_> = parameters
        .chunks(per_layer)
        .zip(net.multipliers())
        .collect();
    let readout = layers.pop();
    for (arrays, factors) in layers {
        hidden = affine(hidden, arrays, factors);
        hidden = activate(net.activation, hidden, batch.on_host);
    }
    let (arrays, factors) = readout.expect("a net has a layer");
    times(last(hidden, arrays, factors), net.output_scale)
}

/// x m W + n b.
fn affine(x: Tensor<3>, arrays: &[Tensor<3>], multipliers: Multipliers) -> Tensor<3> {
    let z = times(x.matmul(arrays[0].clone()), multipliers.weight);
    match arrays.get(1) {
        Some(bias) => z + times(bias.clone(), multipliers.bias),
        None => z,
    }
}

/// f with each neuron's slope kept as it is at `start`: σ'(z0) z in place of σ(z).
fn gated(
    net: &Mlp,
    start: &[Tensor<3>],
    parameters: &[Tensor<3>],
    batch: &DeviceBatch,
) -> Tensor<3> {
    let per_layer = if net.bias { 2 } else { 1 };
    let layers = start.chunks(per_layer).zip(parameters.chunks(per_layer));
    let (mut first, mut hidden) = (inputs(batch), inputs(batch));
    for (layer, ((old, new), factors)) in layers.zip(net.multipliers()).enumerate() {
        hidden = affine(hidden, new, factors);
        if layer == net.widths.len() {
            break;
        }
        let z = affine(first, old, factors);
        let (value, slope) = value_and_slope(net.activation, z, batch.on_host);
        hidden = hidden * slope;
        first = value;
    }
    times(hidden, net.output_scale)
}

/// First-order expansion of f around `start` at `parameters`.
fn tangent(
    net: &Mlp,
    start: &[Tensor<3>],
    parameters: &[Tensor<3>],
    batch: &DeviceBatch,
) -> (Tensor<3>, Tensor<3>) {
    let mut hidden = inputs(batch);
    let mut change: Option<Tensor<3>> = None;
    let per_layer = if net.bias { 2 } else { 1 };
    let layers = start.chunks(per_layer).zip(parameters.chunks(per_layer));
    for (layer, ((old, new), factors)) in layers.zip(net.multipliers()).enumerate() {
        let moved: Vec<_> = (old.iter().zip(new))
            .map(|(old, new)| new.clone() - old.clone())
            .collect();
        let mut along = affine(hidden.clone(), &moved, factors);
        if let Some(change) = change {
            along = along + times(change.matmul(old[0].clone()), factors.weight);
        }
        let z = affine(hidden, old, factors);
        if layer == net.widths.len() {
            let scaled = |output| times(output, net.output_scale);
            return (scaled(z), scaled(along));
        }
        let (value, slope) = value_and_slope(net.activation, z, batch.on_host);
        change = Some(along * slope);
        hidden = value;
    }
    unreachable!("the last layer returns")
}

fn inputs(batch: &DeviceBatch) -> Tensor<3> {
    let inputs = batch.inputs.clone();
    inputs.expect("the batch carries what the model needs")
}

fn times(tensor: Tensor<3>, factor: f64) -> Tensor<3> {
    if factor == 1.0 {
        tensor
    } else {
        tensor.mul_scalar(factor)
    }
}
