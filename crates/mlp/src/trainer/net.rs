//! All layers, forward and back on one block of rows.

use super::column::{ColumnBackward, ColumnForward};
use super::dropout::{Dropout, Masks};
use super::kernels::{
    BackwardInput, Forward, LayerGradient, LayerInput, TableProduct, Transpose, WeightGradient,
};
use super::layer::Layer;
use super::lines::{Line, Lines, lines_of, panels};
use super::real::Real;
use super::rows::BLOCK;
use super::simd::Arch;
use super::tables::Tables;
use crate::Activation;

/// Layers with the buffers of one block of rows.
#[derive(Debug, Clone)]
pub(super) struct Net<T: Real> {
    pub(super) arch: Arch,
    activation: Activation,
    pub(super) layers: Vec<Layer<T>>,
    /// `[rows, out]` of every layer: φ(Z) on the way forward, ∂L/∂Z on the way back.
    features: Vec<Lines<T>>,
    /// φ'(Z) of every layer where it must be kept, because it does not follow from φ(Z), else empty.
    slopes: Vec<Lines<T>>,
    transposed: Lines<T>,
    /// In place of the last layer's weight where errors go back through it.
    pub(super) backward: Option<Lines<T>>,
    /// Neurons that are left out of a step.
    masks: Option<Masks>,
}

impl<T: Real> Net<T> {
    /// Layers with empty buffers; `transposed` lines are needed for transposed weights.
    pub(super) fn new(
        arch: Arch,
        activation: Activation,
        layers: Vec<Layer<T>>,
        transposed: usize,
    ) -> Self {
        let block = |layer: &Layer<T>| Lines::zeros(lines_of(BLOCK, layer.outputs));
        let mut net = Self {
            arch,
            activation,
            features: layers.iter().map(block).collect(),
            slopes: Vec::new(),
            transposed: Lines::zeros(transposed),
            backward: None,
            masks: None,
            layers,
        };
        net.leave_out(None);
        net
    }

    /// Leaves hidden neurons out of steps at random, or none.
    pub(super) fn leave_out(&mut self, dropout: Option<Dropout>) {
        self.masks = dropout.map(Masks::new);
        // The slope of a neuron that is left out does not follow from its value.
        let kept = self.activation.keeps_slopes() || self.masks.is_some();
        let slopes = |layer: &Layer<T>| {
            let lines = lines_of(BLOCK, layer.outputs);
            Lines::zeros(if kept { lines } else { 0 })
        };
        let hidden = &self.layers[..self.layers.len() - 1];
        self.slopes = hidden.iter().map(slopes).collect();
    }

    /// Begins step `step`, counted from 0.
    pub(super) fn begin(&mut self, step: u64) {
        if let Some(masks) = &mut self.masks {
            masks.begin(step);
        }
    }

    /// Transposes all weights that the backward pass needs so.
    pub(super) fn transpose(&mut self, parameters: &[Line<T>]) {
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter().enumerate() {
            if !layer.transposed.is_empty() {
                let own = &parameters[layer.weight.clone()];
                let fixed = self.backward.as_ref().filter(|_| index == last);
                self.arch.run(Transpose {
                    weight: fixed.map_or(own, Lines::all),
                    multiplier: layer.weight_multiplier,
                    inputs: layer.inputs,
                    outputs: layer.outputs,
                    out: &mut self.transposed.all_mut()[layer.transposed.clone()],
                });
            }
        }
    }

    /// Multiplies the patterns of rows, if they have any, with the first weight.
    pub(super) fn tabulate(
        &self,
        parameters: &[Line<T>],
        tables: Option<&Tables<T>>,
        table: &mut Lines<T>,
    ) {
        let Some(tables) = tables else { return };
        let (layer, height) = (&self.layers[0], tables.height());
        table.resize(height * panels(layer.outputs));
        self.arch.run(TableProduct {
            patterns: tables.patterns.all(),
            height,
            weight: &parameters[layer.weight.clone()],
            inputs: layer.inputs,
            out: table.all_mut(),
        });
    }

    /// All layers for one block; the last one without activation. In a step, slopes are kept and neurons
    /// left out.
    pub(super) fn forward(
        &mut self,
        parameters: &[Line<T>],
        input: LayerInput<'_, T>,
        rows: usize,
        in_step: bool,
    ) {
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter().enumerate() {
            let (below, here) = self.features.split_at_mut(index);
            let out = &mut here[0].all_mut()[..lines_of(rows, layer.outputs)];
            let weight = &parameters[layer.weight.clone()];
            let bias = layer.bias.clone().map(|range| &parameters[range]);
            let below = below.last();
            let below = below.map(|lines| &lines.all()[..lines_of(rows, layer.inputs)]);
            // A column is the last layer, which has no activation.
            if let (true, Some(features)) = (layer.column, below) {
                self.arch.run(ColumnForward {
                    features,
                    weight,
                    multiplier: layer.weight_multiplier,
                    bias: bias.map_or(T::ZERO, |bias| layer.bias_multiplier * bias[0][0]),
                    rows,
                    out,
                });
                continue;
            }
            let slopes = match self.slopes.get_mut(index) {
                Some(slopes) if in_step && !slopes.all().is_empty() => {
                    &mut slopes.all_mut()[..lines_of(rows, layer.outputs)]
                }
                _ => &mut [],
            };
            self.arch.run(Forward {
                input: below.map_or(input, LayerInput::Dense),
                weight,
                bias,
                weight_multiplier: layer.weight_multiplier,
                bias_multiplier: layer.bias_multiplier,
                inputs: layer.inputs,
                rows,
                activation: if index < last {
                    self.activation
                } else {
                    Activation::Identity
                },
                out: &mut *out,
                slopes: &mut *slopes,
            });
            if let (true, true, Some(masks)) = (in_step, index < last, &mut self.masks) {
                masks.apply(out, slopes);
            }
        }
    }

    /// Adds the gradients of one block, given ∂L/∂Z of the last layer in its features.
    pub(super) fn backward(
        &mut self,
        parameters: &[Line<T>],
        gradient: &mut [Line<T>],
        input: LayerInput<'_, T>,
        rows: usize,
    ) {
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (below, here) = self.features.split_at_mut(index);
            let at_output = &here[0].all()[..lines_of(rows, layer.outputs)];
            let (gradients_below, own) = gradient.split_at_mut(layer.weight.start);
            let (of_weight, of_bias) = gradients_of(layer, own);
            let Some((features, further)) = below.split_last_mut() else {
                // Under a column it was found with that.
                if !self.layers.get(1).is_some_and(|above| above.column) {
                    self.arch.run(WeightGradient {
                        at_output,
                        rows,
                        gradient: LayerGradient {
                            input,
                            inputs: layer.inputs,
                            weight: of_weight,
                            bias: of_bias,
                        },
                    });
                }
                continue;
            };
            let features = &mut features.all_mut()[..lines_of(rows, layer.inputs)];
            let slopes = self.slopes[index - 1].all();
            let slopes = &slopes[..slopes.len().min(features.len())];
            if layer.column {
                let under = &self.layers[index - 1];
                let input = further.last().map_or(input, |lines| {
                    LayerInput::Dense(&lines.all()[..lines_of(rows, under.inputs)])
                });
                let own = &mut gradients_below[under.weight.start..];
                let (under_weight, under_bias) = gradients_of(under, own);
                let own_weight = &parameters[layer.weight.clone()];
                self.arch.run(ColumnBackward {
                    at_output,
                    // A column is the last layer.
                    weight: self.backward.as_ref().map_or(own_weight, Lines::all),
                    multiplier: layer.weight_multiplier,
                    rows,
                    activation: self.activation,
                    features,
                    slopes,
                    gradient: of_weight,
                    bias_gradient: of_bias,
                    below: LayerGradient {
                        input,
                        inputs: under.inputs,
                        weight: under_weight,
                        bias: under_bias,
                    },
                });
                continue;
            }
            if !self.layers.get(index + 1).is_some_and(|above| above.column) {
                self.arch.run(WeightGradient {
                    at_output,
                    rows,
                    gradient: LayerGradient {
                        input: LayerInput::Dense(features),
                        inputs: layer.inputs,
                        weight: of_weight,
                        bias: of_bias,
                    },
                });
            }
            self.arch.run(BackwardInput {
                at_output,
                transposed: &self.transposed.all()[layer.transposed.clone()],
                outputs: layer.outputs,
                rows,
                activation: self.activation,
                features,
                slopes,
            });
        }
    }

    /// Outputs of the last layer for a block of so many rows.
    pub(super) fn outputs(&mut self, rows: usize) -> &mut [Line<T>] {
        let columns = self.layers[self.layers.len() - 1].outputs;
        let last = self.features.last_mut().expect("a net has a layer");
        &mut last.all_mut()[..lines_of(rows, columns)]
    }
}

/// Gradients of weight and bias of a layer, the first lines of `lines`.
fn gradients_of<'a, T: Real>(
    layer: &Layer<T>,
    lines: &'a mut [Line<T>],
) -> (&'a mut [Line<T>], Option<&'a mut [Line<T>]>) {
    let (weight, rest) = lines.split_at_mut(layer.weight.len());
    let bias = (layer.bias.as_ref()).map(|range| &mut rest[..range.len()]);
    (weight, bias)
}
