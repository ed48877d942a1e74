//! Training by gradients written out by hand, on buffers that are allocated once.
//!
//! [`Mlp::gradients`](crate::Mlp::gradients) says what is computed; this module computes the same
//! fast, in f32 or f64, on one thread. Rows go through the net in blocks that fit the cache, forward
//! and back, and every parameter is updated in one pass at the end.

mod activate;
mod cube;
mod float;
mod functions;
mod kernels;
mod layer;
mod lines;
mod loss;
mod peak;
mod products;
mod real;
mod rows;
mod simd;
mod sparse;
mod tables;
mod update;
mod updater;

use std::ops::Range;

use cube::{CubeOutputs, Halves};
use kernels::{
    ColumnBackward, ColumnForward, Entering, Forward, LayerGradient, PullBack, TableProduct,
    Transpose, WeightGradient, lines_of,
};
use layer::{Layer, lay_out};
use lines::{LANES, Line, Lines, panels};
use loss::{LossGradient, Outputs};
use rows::{BLOCK, lines_in};
use simd::Arch;
use tables::Tables;
use update::Update;

pub use cube::Cube;
pub use layer::LayerConfig;
pub use peak::multiply_adds;
pub use real::Real;
pub use rows::{HostRows, Rows};
pub use update::UpdateRule;
pub use updater::Updater;

use crate::error::{MlpError, require, require_length};
use crate::{Activation, Loss};

/// What a [`Trainer`] trains and how.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainerConfig {
    /// Layers from input to output.
    pub layers: Vec<LayerConfig>,
    /// φ between the layers.
    pub activation: Activation,
    /// α, a constant factor on the output.
    pub output_factor: f64,
    /// Whether the output at the initial parameters is subtracted, so that the net starts at 0.
    pub centred: bool,
    /// The loss. Targets of the cross-entropy may be any probabilities here.
    pub loss: Loss,
    /// How parameters follow their gradients.
    pub rule: UpdateRule,
    /// The processor's instructions that are used.
    pub instructions: Instructions,
}

/// Which instructions of the processor a [`Trainer`] uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instructions {
    /// The widest that the running processor has: AVX2 with fused multiply-add where it can.
    #[default]
    Detected,
    /// Only those that the program was compiled for. Results agree within rounding.
    Portable,
}

/// What an optimizer remembers, to go on later as if nothing had been.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainerState {
    /// Steps taken.
    pub steps: u64,
    /// Momentum buffer or mean of gradients, in the order of [`Trainer::parameters`]; empty where
    /// the rule keeps none.
    pub first: Vec<f64>,
    /// Mean of squared gradients; empty where the rule keeps none.
    pub second: Vec<f64>,
}

/// A multilayer perceptron in training, in numbers of type `T`.
///
/// # Examples
///
/// ```
/// use mlp::{
///     Activation, HostRows, Instructions, LayerConfig, Loss, Rows, Trainer, TrainerConfig, UpdateRule,
/// };
///
/// let layer = |inputs, outputs| LayerConfig {
///     inputs,
///     outputs,
///     bias: false,
///     weight_multiplier: 1.0,
///     bias_multiplier: 1.0,
/// };
/// let config = TrainerConfig {
///     layers: vec![layer(1, 2), layer(2, 1)],
///     activation: Activation::Relu,
///     output_factor: 1.0,
///     centred: false,
///     loss: Loss::MeanSquare { half: true, mean_over_outputs: false },
///     rule: UpdateRule::PLAIN,
///     instructions: Instructions::Detected,
/// };
/// let mut trainer = Trainer::<f32>::new(config, &[1.0, -1.0, 0.5, 0.5])?;
/// let host = HostRows { rows: 2, inputs: &[2.0, -3.0], targets: &[2.0, 3.0], weights: None };
/// let rows = Rows::new(1, 1, &host)?;
/// for _ in 0..200 {
///     trainer.step(&rows, 0.1)?;
/// }
/// let outputs = trainer.outputs(&rows)?;
/// assert!((outputs[0] - 2.0).abs() < 1e-4 && (outputs[1] - 3.0).abs() < 1e-4);
/// # Ok::<(), mlp::MlpError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Trainer<T: Real> {
    config: TrainerConfig,
    net: Net<T>,
    parameters: Lines<T>,
    gradient: Lines<T>,
    first: Lines<T>,
    second: Lines<T>,
    steps: u64,
    /// Initial parameters and outputs at them, where outputs are centred.
    centre: Option<Centre<T>>,
    outputs: Vec<T>,
    /// Products of the first weight with the patterns of the rows that are looked at.
    table: Lines<T>,
}

/// Initial parameters, and α times the outputs at them for the rows with this stamp.
#[derive(Debug, Clone)]
struct Centre<T: Real> {
    start: Lines<T>,
    outputs: Lines<T>,
    stamp: u64,
}

/// Layers with the buffers of one block of rows.
#[derive(Debug, Clone)]
struct Net<T: Real> {
    arch: Arch,
    activation: Activation,
    layers: Vec<Layer<T>>,
    /// `[rows, out]` of every layer: φ(Z) on the way forward, ∂L/∂Z on the way back.
    features: Vec<Lines<T>>,
    /// φ'(Z) of every layer where it must be kept, else empty.
    slopes: Vec<Lines<T>>,
    transposed: Lines<T>,
}

impl<T: Real> Trainer<T> {
    /// A trainer at its first step.
    ///
    /// # Shapes
    ///
    /// `initial` `[P]`: layer by layer, the weight `[in, out]` row-major before the bias.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if layers do not fit together, a constant is off its domain or `initial` has
    /// not P entries.
    pub fn new(config: TrainerConfig, initial: &[f64]) -> Result<Self, MlpError> {
        let (layers, counts) = lay_out(&config.layers)?;
        config.rule.check()?;
        require(
            config.output_factor.is_finite(),
            "output_factor",
            config.output_factor,
            "finite",
        )?;
        let last = layers.len() - 1;
        let keeps_slopes = activate::keeps_slopes(config.activation);
        let block = |layer: &Layer<T>| Lines::zeros(lines_of(BLOCK, layer.outputs));
        let net = Net {
            arch: match config.instructions {
                Instructions::Detected => Arch::detect(),
                Instructions::Portable => Arch::Portable,
            },
            activation: config.activation,
            features: layers.iter().map(block).collect(),
            slopes: (layers[..last].iter())
                .map(|layer| {
                    if keeps_slopes {
                        block(layer)
                    } else {
                        Lines::zeros(0)
                    }
                })
                .collect(),
            transposed: Lines::zeros(counts.transposed),
            layers,
        };
        let moment = |index| {
            let kept = config.rule.moments() > index;
            Lines::zeros(if kept { counts.parameters } else { 0 })
        };
        let mut trainer = Self {
            net,
            parameters: Lines::zeros(counts.parameters),
            gradient: Lines::zeros(counts.parameters),
            first: moment(0),
            second: moment(1),
            steps: 0,
            centre: None,
            outputs: Vec::new(),
            table: Lines::zeros(0),
            config,
        };
        trainer.set_parameters(initial)?;
        if trainer.config.centred {
            trainer.centre = Some(Centre {
                start: trainer.parameters.clone(),
                outputs: Lines::zeros(0),
                stamp: 0,
            });
        }
        Ok(trainer)
    }

    /// What is trained and how.
    pub fn config(&self) -> &TrainerConfig {
        &self.config
    }

    /// One optimizer step on these rows. Allocates nothing, except where outputs are centred and
    /// there are more rows than before.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the rows do not fit the net; then nothing is changed.
    pub fn step(&mut self, rows: &Rows<T>, learning_rate: f64) -> Result<(), MlpError> {
        self.check(rows)?;
        self.prepare_centre(rows);
        self.gradient.all_mut().as_flattened_mut().fill(T::ZERO);
        self.net.transpose(self.parameters.all());
        for block in rows.blocks() {
            let parameters = self.parameters.all();
            self.net
                .forward(parameters, rows.entering(&block), block.len(), true);
            let outputs = rows.outputs();
            self.net.arch.run(LossGradient {
                loss: self.config.loss,
                output_factor: T::from_f64(self.config.output_factor),
                centre: centre_of(self.centre.as_ref(), &block, outputs),
                targets: rows.targets(&block),
                weights: rows.weights(&block),
                outputs,
                rows: block.len(),
                values: last_of(&mut self.net.features, block.len(), outputs),
            });
            let gradient = self.gradient.all_mut();
            self.net
                .backward(parameters, gradient, rows.entering(&block), block.len());
        }
        self.steps += 1;
        self.update(learning_rate);
        Ok(())
    }

    /// Outputs `[N, K]`, row-major, in a buffer that is reused.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the rows do not fit the net.
    pub fn outputs(&mut self, rows: &Rows<T>) -> Result<&[T], MlpError> {
        self.check(rows)?;
        self.prepare_centre(rows);
        let columns = rows.outputs();
        self.outputs.clear();
        (self.net).tabulate(self.parameters.all(), rows.tables(), &mut self.table);
        for block in rows.blocks() {
            let parameters = self.parameters.all();
            let entering = looked_at(rows, &block, &self.table);
            self.net.forward(parameters, entering, block.len(), false);
            let values = last_of(&mut self.net.features, block.len(), columns);
            self.net.arch.run(Outputs {
                output_factor: T::from_f64(self.config.output_factor),
                centre: centre_of(self.centre.as_ref(), &block, columns),
                values,
            });
            let values = last_of(&mut self.net.features, block.len(), columns);
            for row in 0..block.len() {
                for (panel, first) in (0..columns).step_by(LANES).enumerate() {
                    let line = &values[panel * block.len() + row];
                    let used = LANES.min(columns - first);
                    self.outputs.extend_from_slice(&line[..used]);
                }
            }
        }
        Ok(&self.outputs)
    }

    /// Outputs `[2^n]` on all rows of a cube, in a small part of the time of [`Trainer::outputs`];
    /// `None` for nets with another number of hidden layers or outputs than one.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the cube does not fit the net or has more than 24 axes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mlp::{Activation, Cube, Instructions, LayerConfig, Loss, Trainer, TrainerConfig, UpdateRule};
    /// # let layer = |inputs, outputs| LayerConfig {
    /// #     inputs,
    /// #     outputs,
    /// #     bias: false,
    /// #     weight_multiplier: 1.0,
    /// #     bias_multiplier: 1.0,
    /// # };
    /// # let config = TrainerConfig {
    /// #     layers: vec![layer(2, 1), layer(1, 1)],
    /// #     activation: Activation::Relu,
    /// #     output_factor: 1.0,
    /// #     centred: false,
    /// #     loss: Loss::MeanSquare { half: true, mean_over_outputs: false },
    /// #     rule: UpdateRule::PLAIN,
    /// #     instructions: Instructions::Detected,
    /// # };
    /// // max(x + y, 0) for both signs of y
    /// let trainer = Trainer::<f32>::new(config, &[1.0, 1.0, 1.0])?;
    /// let cube = Cube { origin: &[3.0, 1.0], axes: &[(1, -2.0)] };
    /// assert_eq!(trainer.outputs_on_cube(&cube)?, Some(vec![4.0, 2.0]));
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn outputs_on_cube(&self, cube: &Cube<'_>) -> Result<Option<Vec<T>>, MlpError> {
        cube.check(self.net.layers[0].inputs)?;
        let [hidden, last] = &self.net.layers[..] else {
            return Ok(None);
        };
        if !last.column {
            return Ok(None);
        }
        let of = |parameters: &[Line<T>]| {
            let mut out = vec![T::ZERO; 1 << cube.axes.len()];
            let bias = last.bias.clone().map(|bias| parameters[bias.start][0]);
            self.net.arch.run(CubeOutputs {
                halves: &Halves::new(cube, hidden, parameters),
                activation: self.config.activation,
                weight: &parameters[last.weight.clone()],
                multiplier: last.weight_multiplier,
                bias: bias.map_or(T::ZERO, |bias| last.bias_multiplier * bias),
                out: &mut out,
            });
            out
        };
        let factor = T::from_f64(self.config.output_factor);
        let mut outputs = of(self.parameters.all());
        for output in &mut outputs {
            *output *= factor;
        }
        if let Some(centre) = &self.centre {
            for (output, start) in outputs.iter_mut().zip(of(centre.start.all())) {
                *output -= factor * start;
            }
        }
        Ok(Some(outputs))
    }

    /// All parameters `[P]`: layer by layer, the weight `[in, out]` row-major before the bias.
    pub fn parameters(&self) -> Vec<f64> {
        self.read(&self.parameters)
    }

    /// Replaces all parameters, in the order of [`Trainer::parameters`]. Outputs stay centred at
    /// the initial ones, and moments are kept.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if there are not P; then nothing is changed.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), MlpError> {
        let count = self.config.layers.iter().map(LayerConfig::parameters).sum();
        require_length("parameters", parameters.len(), count)?;
        write(&self.net.layers, parameters, &mut self.parameters);
        Ok(())
    }

    /// What the optimizer remembers.
    pub fn state(&self) -> TrainerState {
        let moments = self.config.rule.moments();
        let of = |index, lines| {
            if moments > index {
                self.read(lines)
            } else {
                Vec::new()
            }
        };
        TrainerState {
            steps: self.steps,
            first: of(0, &self.first),
            second: of(1, &self.second),
        }
    }

    /// Puts back what [`Trainer::state`] gave.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if the moments are not those of this rule and net; then nothing is
    /// changed.
    pub fn set_state(&mut self, state: &TrainerState) -> Result<(), MlpError> {
        let count: usize = self.config.layers.iter().map(LayerConfig::parameters).sum();
        let moments = self.config.rule.moments();
        let expected = |index| if moments > index { count } else { 0 };
        require_length("first", state.first.len(), expected(0))?;
        require_length("second", state.second.len(), expected(1))?;
        for (index, (values, lines)) in [
            (&state.first, &mut self.first),
            (&state.second, &mut self.second),
        ]
        .into_iter()
        .enumerate()
        {
            if moments > index {
                write(&self.net.layers, values, lines);
            }
        }
        self.steps = state.steps;
        Ok(())
    }

    fn check(&self, rows: &Rows<T>) -> Result<(), MlpError> {
        let layers = &self.net.layers;
        require_length("a row of inputs", rows.inputs(), layers[0].inputs)?;
        let outputs = layers[layers.len() - 1].outputs;
        require_length("a row of targets", rows.outputs(), outputs)
    }

    /// Evaluates the initial parameters on rows that have not been seen.
    fn prepare_centre(&mut self, rows: &Rows<T>) {
        let Some(centre) = &mut self.centre else {
            return;
        };
        if centre.stamp == rows.stamp() {
            return;
        }
        centre.outputs.resize(lines_of(rows.rows(), rows.outputs()));
        (self.net).tabulate(centre.start.all(), rows.tables(), &mut self.table);
        for block in rows.blocks() {
            let entering = looked_at(rows, &block, &self.table);
            self.net
                .forward(centre.start.all(), entering, block.len(), false);
            let values = last_of(&mut self.net.features, block.len(), rows.outputs());
            let range = lines_in(&block, rows.outputs());
            let kept = &mut centre.outputs.all_mut()[range];
            kept.copy_from_slice(values);
            self.net.arch.run(Outputs {
                output_factor: T::from_f64(self.config.output_factor),
                centre: None,
                values: kept,
            });
        }
        centre.stamp = rows.stamp();
    }

    fn update(&mut self, learning_rate: f64) {
        let step = self.config.rule.at(self.steps, learning_rate);
        let moments = self.config.rule.moments();
        for layer in &self.net.layers {
            for (range, multiplier) in layer.segments() {
                let kept = |index| if moments > index { range.clone() } else { 0..0 };
                self.net.arch.run(Update {
                    step,
                    multiplier,
                    parameters: self.parameters.all_mut()[range.clone()].as_flattened_mut(),
                    gradients: self.gradient.all()[range.clone()].as_flattened(),
                    first: self.first.all_mut()[kept(0)].as_flattened_mut(),
                    second: self.second.all_mut()[kept(1)].as_flattened_mut(),
                });
            }
            if step.spoils_padding() {
                layer.clear_padding(self.parameters.all_mut());
            }
        }
    }

    fn read(&self, lines: &Lines<T>) -> Vec<f64> {
        let lines = lines.all();
        let places = self.net.layers.iter().flat_map(Layer::places);
        places
            .map(|(line, lane)| lines[line][lane].to_f64())
            .collect()
    }
}

/// Writes values in the order of [`Trainer::parameters`], and zeros as padding.
fn write<T: Real>(layers: &[Layer<T>], values: &[f64], lines: &mut Lines<T>) {
    let lines = lines.all_mut();
    lines.as_flattened_mut().fill(T::ZERO);
    let places = layers.iter().flat_map(Layer::places);
    for ((line, lane), &value) in places.zip(values) {
        lines[line][lane] = T::from_f64(value);
    }
}

/// Outputs of the last layer for a block.
fn last_of<T: Real>(features: &mut [Lines<T>], rows: usize, outputs: usize) -> &mut [Line<T>] {
    let last = features.last_mut().expect("a net has a layer");
    &mut last.all_mut()[..lines_of(rows, outputs)]
}

/// Inputs of a block that is only looked at; `table` is that of [`Net::tabulate`].
fn looked_at<'a, T: Real>(
    rows: &'a Rows<T>,
    block: &Range<usize>,
    table: &'a Lines<T>,
) -> Entering<'a, T> {
    match rows.tables() {
        Some(tables) => Entering::Tables(tables.block(block, table.all())),
        None => rows.entering(block),
    }
}

/// What is subtracted from the outputs of a block.
fn centre_of<'a, T: Real>(
    centre: Option<&'a Centre<T>>,
    block: &Range<usize>,
    outputs: usize,
) -> Option<&'a [Line<T>]> {
    centre.map(|centre| &centre.outputs.all()[lines_in(block, outputs)])
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

impl<T: Real> Net<T> {
    /// Transposes all weights that the backward pass needs so.
    fn transpose(&mut self, parameters: &[Line<T>]) {
        for layer in &self.layers {
            if !layer.transposed.is_empty() {
                self.arch.run(Transpose {
                    weight: &parameters[layer.weight.clone()],
                    multiplier: layer.weight_multiplier,
                    inputs: layer.inputs,
                    outputs: layer.outputs,
                    out: &mut self.transposed.all_mut()[layer.transposed.clone()],
                });
            }
        }
    }

    /// Multiplies the patterns of rows, if they have any, with the first weight.
    fn tabulate(&self, parameters: &[Line<T>], tables: Option<&Tables<T>>, table: &mut Lines<T>) {
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

    /// All layers for one block; the last one without activation.
    fn forward(
        &mut self,
        parameters: &[Line<T>],
        entering: Entering<'_, T>,
        rows: usize,
        keep_slopes: bool,
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
                Some(slopes) if keep_slopes && !slopes.all().is_empty() => {
                    &mut slopes.all_mut()[..lines_of(rows, layer.outputs)]
                }
                _ => &mut [],
            };
            self.arch.run(Forward {
                entering: below.map_or(entering, Entering::Dense),
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
                out,
                slopes,
            });
        }
    }

    /// Adds the gradients of one block, given ∂L/∂Z of the last layer in its features.
    fn backward(
        &mut self,
        parameters: &[Line<T>],
        gradient: &mut [Line<T>],
        entering: Entering<'_, T>,
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
                            entering,
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
                let entering = further.last().map_or(entering, |lines| {
                    Entering::Dense(&lines.all()[..lines_of(rows, under.inputs)])
                });
                let own = &mut gradients_below[under.weight.start..];
                let (under_weight, under_bias) = gradients_of(under, own);
                self.arch.run(ColumnBackward {
                    at_output,
                    weight: &parameters[layer.weight.clone()],
                    multiplier: layer.weight_multiplier,
                    rows,
                    activation: self.activation,
                    features,
                    slopes,
                    gradient: of_weight,
                    bias_gradient: of_bias,
                    below: LayerGradient {
                        entering,
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
                        entering: Entering::Dense(features),
                        inputs: layer.inputs,
                        weight: of_weight,
                        bias: of_bias,
                    },
                });
            }
            self.arch.run(PullBack {
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
}
