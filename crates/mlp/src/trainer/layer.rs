//! The place of a layer's parameters among the lines of all parameters.

use std::ops::Range;

use super::lines::{LANES, Line, panels};
use super::real::Real;
use crate::MlpError;
use crate::error::require;

/// Shape and constants of one affine layer z = m x W + n b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerConfig {
    /// Inputs D.
    pub inputs: usize,
    /// Outputs H.
    pub outputs: usize,
    /// Whether it has a bias.
    pub bias: bool,
    /// m, a constant on the weight; W itself is trained.
    pub weight_multiplier: f64,
    /// n, a constant on the bias.
    pub bias_multiplier: f64,
}

impl LayerConfig {
    /// Parameters of the layer.
    pub(super) fn parameters(&self) -> usize {
        (self.inputs + usize::from(self.bias)) * self.outputs
    }
}

/// A layer of the trainer.
#[derive(Debug, Clone)]
pub(super) struct Layer<T> {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Whether the weight is kept as one row of panels of the inputs, for a single output of
    /// the net. Not in the first layer: its inputs may be sparse.
    pub(super) column: bool,
    pub(super) weight: Range<usize>,
    pub(super) bias: Option<Range<usize>>,
    /// Place of the transposed weight in its buffer; empty where none is needed.
    pub(super) transposed: Range<usize>,
    pub(super) weight_multiplier: T,
    pub(super) bias_multiplier: T,
}

/// Lines of all parameters and of all transposed weights.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineCounts {
    pub(super) parameters: usize,
    pub(super) transposed: usize,
}

/// Lays out all layers.
///
/// # Errors
///
/// [`MlpError`] if there is no layer, a width is 0, widths do not fit together or a multiplier is
/// not finite.
pub(super) fn lay_out<T: Real>(
    configs: &[LayerConfig],
) -> Result<(Vec<Layer<T>>, LineCounts), MlpError> {
    let first = configs.first().ok_or(MlpError::NoLayers)?;
    let mut counts = LineCounts::default();
    let mut width = first.inputs;
    let mut layers = Vec::new();
    for (index, config) in configs.iter().enumerate() {
        if config.inputs != width {
            return Err(MlpError::LayerLength {
                name: "inputs",
                layer: index,
                found: config.inputs,
                expected: width,
            });
        }
        for (name, width) in [("inputs", config.inputs), ("outputs", config.outputs)] {
            require(width >= 1, name, width as f64, "at least 1")?;
        }
        for (name, multiplier) in [
            ("weight_multiplier", config.weight_multiplier),
            ("bias_multiplier", config.bias_multiplier),
        ] {
            require(multiplier.is_finite(), name, multiplier, "finite")?;
        }
        let last = index + 1 == configs.len();
        layers.push(Layer::after(&mut counts, index, last, config));
        width = config.outputs;
    }
    Ok((layers, counts))
}

impl<T: Real> Layer<T> {
    fn after(counts: &mut LineCounts, index: usize, last: bool, config: &LayerConfig) -> Self {
        let column = index > 0 && last && config.outputs == 1;
        let mut take = |count: usize| {
            let start = counts.parameters;
            counts.parameters += count;
            start..counts.parameters
        };
        let weight = take(if column {
            panels(config.inputs)
        } else {
            panels(config.outputs) * config.inputs
        });
        let bias = config.bias.then(|| take(panels(config.outputs)));
        let start = counts.transposed;
        if index > 0 && !column {
            counts.transposed += panels(config.inputs) * config.outputs;
        }
        Self {
            inputs: config.inputs,
            outputs: config.outputs,
            column,
            weight,
            bias,
            transposed: start..counts.transposed,
            weight_multiplier: T::from_f64(config.weight_multiplier),
            bias_multiplier: T::from_f64(config.bias_multiplier),
        }
    }

    /// Line and lane of every parameter: the weight, row by row, then the bias.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let weights = (0..self.inputs).flat_map(move |input| {
            (0..self.outputs).map(move |output| {
                let (line, lane) = if self.column {
                    (input / LANES, input % LANES)
                } else {
                    (output / LANES * self.inputs + input, output % LANES)
                };
                (self.weight.start + line, lane)
            })
        });
        let biases = self.bias.iter().flat_map(move |bias| {
            (0..self.outputs).map(move |output| (bias.start + output / LANES, output % LANES))
        });
        weights.chain(biases)
    }

    /// Sets the padding of all its parameters to 0.
    pub(super) fn clear_padding(&self, parameters: &mut [Line<T>]) {
        let clear = |lines: &mut [Line<T>], columns: usize| {
            let used = columns % LANES;
            let last = lines.len() / panels(columns) * (columns / LANES);
            for line in &mut lines[last..] {
                line[used..].fill(T::ZERO);
            }
        };
        let columns = if self.column {
            self.inputs
        } else {
            self.outputs
        };
        clear(&mut parameters[self.weight.clone()], columns);
        if let Some(bias) = &self.bias {
            clear(&mut parameters[bias.clone()], self.outputs);
        }
    }

    /// The ranges that are updated, with the factor on their gradients.
    pub(super) fn segments(&self) -> impl Iterator<Item = (Range<usize>, T)> + '_ {
        let bias = self.bias.clone().map(|bias| (bias, self.bias_multiplier));
        std::iter::once((self.weight.clone(), self.weight_multiplier)).chain(bias)
    }
}
