//! Trains with gradients written by hand, on buffers that are allocated once.
//!
//! The result is that of [`Mlp::gradients`](crate::Mlp::gradients), but computed fast, in f32 or
//! f64, on one thread. Rows pass through the net in blocks that fit into the cache, forward and
//! backward, and all parameters are updated in one pass at the end.

mod activate;
mod balance;
mod column;
mod controls;
mod cube;
mod dropout;
mod element;
mod functions;
mod kernels;
mod layer;
mod lines;
mod loss;
mod net;
mod orthogonal;
mod peak;
mod products;
mod real;
mod rows;
mod simd;
mod sparse;
mod state;
mod tables;
mod update;
mod updater;

use std::ops::Range;

use controls::backward_lines;
use cube::{CubeOutputs, Halves};
use layer::{Layer, lay_out};
use lines::{LANES, Line, Lines, lines_of};
use loss::{LossGradient, Outputs};
use net::Net;
use rows::lines_in;
use simd::Arch;
use update::{Update, keeps_zeros};

pub use activate::activate_all;
pub use balance::rebalance;
pub use controls::{Controls, rescale};
pub use cube::Cube;
pub use dropout::Dropout;
pub use layer::LayerConfig;
pub use peak::multiply_adds;
pub use real::Real;
pub use rows::{HostRows, Rows};
pub use state::TrainerState;
pub use updater::Updater;

use crate::error::{MlpError, require, require_length};
use crate::{Activation, Loss, Optimizer};

/// Configuration of a [`Trainer`].
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
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The instruction set of the processor to use.
    pub instructions: Instructions,
}

/// Instruction set that a [`Trainer`] uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instructions {
    /// The widest set of the running processor: AVX2 with fused multiply-add if available.
    #[default]
    Detected,
    /// Only the set that the program was compiled for. Results agree within rounding.
    Portable,
}

/// A multilayer perceptron in training, in numbers of type `T`.
///
/// # Examples
///
/// ```
/// use mlp::{
///     Activation, HostRows, Instructions, LayerConfig, Loss, Rows, Trainer, TrainerConfig, Optimizer,
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
///     loss: Loss::default(),
///     optimizer: Optimizer::PLAIN,
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
    controls: Controls,
    net: Net<T>,
    parameters: Lines<T>,
    gradient: Lines<T>,
    first: Lines<T>,
    second: Lines<T>,
    steps: u64,
    /// Initial parameters and outputs at them, if outputs are centred.
    centre: Option<Centre<T>>,
    outputs: Vec<T>,
    /// Products of the first weight with the patterns of the rows of an evaluation.
    table: Lines<T>,
}

/// Initial parameters, and α times the outputs at them for the rows with this id.
#[derive(Debug, Clone)]
struct Centre<T: Real> {
    start: Lines<T>,
    outputs: Lines<T>,
    id: u64,
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
    /// [`MlpError`] if layers do not fit together, a constant is outside its domain, or `initial`
    /// does not have P entries.
    pub fn new(config: TrainerConfig, initial: &[f64]) -> Result<Self, MlpError> {
        let (layers, counts) = lay_out(&config.layers)?;
        config.optimizer.check()?;
        require(
            config.output_factor.is_finite(),
            "output_factor",
            config.output_factor,
            "finite",
        )?;
        let arch = match config.instructions {
            Instructions::Detected => Arch::detect(),
            Instructions::Portable => Arch::Portable,
        };
        let moment = |index| {
            let kept = config.optimizer.moments() > index;
            Lines::zeros(if kept { counts.parameters } else { 0 })
        };
        let mut trainer = Self {
            net: Net::new(arch, config.activation, layers, counts.transposed),
            parameters: Lines::zeros(counts.parameters),
            gradient: Lines::zeros(counts.parameters),
            first: moment(0),
            second: moment(1),
            steps: 0,
            centre: None,
            outputs: Vec::new(),
            table: Lines::zeros(0),
            controls: Controls::default(),
            config,
        };
        trainer.set_parameters(initial)?;
        if trainer.config.centred {
            trainer.centre = Some(Centre {
                start: trainer.parameters.clone(),
                outputs: Lines::zeros(0),
                id: 0,
            });
        }
        Ok(trainer)
    }

    /// The configuration.
    pub fn config(&self) -> &TrainerConfig {
        &self.config
    }

    /// Intervenes on layers from the next step on. A trainer on which nobody intervenes spends nothing on
    /// this.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if they are not for this net; then nothing is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mlp::{Activation, Controls, HostRows, Instructions, LayerConfig, Loss, Rows, Trainer, TrainerConfig, Optimizer};
    /// # let layer = |inputs, outputs| LayerConfig {
    /// #     inputs,
    /// #     outputs,
    /// #     bias: false,
    /// #     weight_multiplier: 1.0,
    /// #     bias_multiplier: 1.0,
    /// # };
    /// # let config = TrainerConfig {
    /// #     layers: vec![layer(1, 1), layer(1, 1)],
    /// #     activation: Activation::Identity,
    /// #     output_factor: 1.0,
    /// #     centred: false,
    /// #     loss: Loss::default(),
    /// #     optimizer: Optimizer::PLAIN,
    /// #     instructions: Instructions::Detected,
    /// # };
    /// let mut trainer = Trainer::<f64>::new(config, &[0.5, 2.0])?;
    /// trainer.intervene(Controls { frozen_from: vec![Some(0), None], ..Controls::default() })?;
    /// let host = HostRows { rows: 1, inputs: &[1.0], targets: &[3.0], weights: None };
    /// trainer.step(&Rows::new(1, 1, &host)?, 0.1)?;
    /// assert_eq!(trainer.parameters()[0], 0.5);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn intervene(&mut self, controls: Controls) -> Result<(), MlpError> {
        controls.check(&self.net.layers)?;
        self.net.backward = backward_lines(&self.net.layers, &controls.backward);
        self.net.leave_out(controls.dropout);
        self.controls = controls;
        Ok(())
    }

    /// Freezes a layer, counted from 0, from a step on, beside other [`Controls`], unless it is frozen
    /// earlier. A net without such a layer is left alone.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mlp::{Activation, HostRows, Instructions, LayerConfig, Loss, Rows, Trainer, TrainerConfig, Optimizer};
    /// # let layer = |inputs, outputs| LayerConfig {
    /// #     inputs,
    /// #     outputs,
    /// #     bias: false,
    /// #     weight_multiplier: 1.0,
    /// #     bias_multiplier: 1.0,
    /// # };
    /// # let config = TrainerConfig {
    /// #     layers: vec![layer(1, 1), layer(1, 1)],
    /// #     activation: Activation::Identity,
    /// #     output_factor: 1.0,
    /// #     centred: false,
    /// #     loss: Loss::default(),
    /// #     optimizer: Optimizer::PLAIN,
    /// #     instructions: Instructions::Detected,
    /// # };
    /// let mut trainer = Trainer::<f64>::new(config, &[0.5, 2.0])?;
    /// let host = HostRows { rows: 1, inputs: &[1.0], targets: &[3.0], weights: None };
    /// let rows = Rows::new(1, 1, &host)?;
    /// trainer.step(&rows, 0.1)?;
    /// let before = trainer.parameters();
    /// trainer.freeze(0, 1);
    /// trainer.step(&rows, 0.1)?;
    /// let after = trainer.parameters();
    /// assert!(after[0] == before[0] && after[1] != before[1]);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn freeze(&mut self, layer: usize, from: u64) {
        let frozen = &mut self.controls.frozen_from;
        frozen.resize(self.net.layers.len(), None);
        if let Some(frozen) = frozen.get_mut(layer) {
            *frozen = Some(frozen.map_or(from, |earlier| earlier.min(from)));
        }
    }

    /// One optimizer step on these rows. Allocates nothing, unless outputs are centred and there
    /// are more rows than before, or the optimizer is one [of matrices](Optimizer::of_matrices).
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the rows do not fit the net; then nothing is changed.
    pub fn step(&mut self, rows: &Rows<T>, learning_rate: f64) -> Result<(), MlpError> {
        self.check(rows)?;
        self.prepare_centre(rows);
        self.gradient.all_mut().as_flattened_mut().fill(T::ZERO);
        self.net.transpose(self.parameters.all());
        self.net.begin(self.steps);
        for block in rows.blocks() {
            let parameters = self.parameters.all();
            self.net
                .forward(parameters, rows.input(&block), block.len(), true);
            let outputs = rows.outputs();
            self.net.arch.run(LossGradient {
                loss: self.config.loss,
                output_factor: T::from_f64(self.config.output_factor),
                centre: centre_of(self.centre.as_ref(), &block, outputs),
                targets: rows.targets(&block),
                weights: rows.weights(&block),
                outputs,
                rows: block.len(),
                values: self.net.outputs(block.len()),
            });
            let gradient = self.gradient.all_mut();
            self.net
                .backward(parameters, gradient, rows.input(&block), block.len());
        }
        self.steps += 1;
        self.update(learning_rate);
        if self.controls.balances_after(self.steps) {
            let mut parameters = self.parameters();
            rebalance(&self.config.layers, self.config.activation, &mut parameters);
            self.set_parameters(&parameters)?;
        }
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
            let input = rows.evaluation_input(&block, &self.table);
            self.net.forward(parameters, input, block.len(), false);
            self.net.arch.run(Outputs {
                output_factor: T::from_f64(self.config.output_factor),
                centre: centre_of(self.centre.as_ref(), &block, columns),
                values: self.net.outputs(block.len()),
            });
            let values = self.net.outputs(block.len());
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

    /// Outputs `[2^n]` on all rows of a cube, much faster than [`Trainer::outputs`]; `None` unless
    /// the net has exactly one hidden layer and one output.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the cube does not fit the net or has more than 24 axes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mlp::{Activation, Cube, Instructions, LayerConfig, Loss, Trainer, TrainerConfig, Optimizer};
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
    /// #     loss: Loss::default(),
    /// #     optimizer: Optimizer::PLAIN,
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
    /// the initial parameters, and moments do not change.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if there are not P parameters; nothing is changed then.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), MlpError> {
        let count = self.config.layers.iter().map(LayerConfig::parameters).sum();
        require_length("parameters", parameters.len(), count)?;
        write(&self.net.layers, parameters, &mut self.parameters);
        Ok(())
    }

    /// The state of the optimizer.
    pub fn state(&self) -> TrainerState {
        let moments = self.config.optimizer.moments();
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

    /// Restores a state from [`Trainer::state`].
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if the moments do not fit this optimizer and net; nothing is changed
    /// then.
    pub fn set_state(&mut self, state: &TrainerState) -> Result<(), MlpError> {
        let count: usize = self.config.layers.iter().map(LayerConfig::parameters).sum();
        let moments = self.config.optimizer.moments();
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

    /// Evaluates the initial parameters on new rows.
    fn prepare_centre(&mut self, rows: &Rows<T>) {
        let Some(centre) = &mut self.centre else {
            return;
        };
        if centre.id == rows.id() {
            return;
        }
        centre.outputs.resize(lines_of(rows.rows(), rows.outputs()));
        (self.net).tabulate(centre.start.all(), rows.tables(), &mut self.table);
        for block in rows.blocks() {
            let input = rows.evaluation_input(&block, &self.table);
            self.net
                .forward(centre.start.all(), input, block.len(), false);
            let kept = &mut centre.outputs.all_mut()[lines_in(&block, rows.outputs())];
            kept.copy_from_slice(self.net.outputs(block.len()));
            self.net.arch.run(Outputs {
                output_factor: T::from_f64(self.config.output_factor),
                centre: None,
                values: kept,
            });
        }
        centre.id = rows.id();
    }

    fn update(&mut self, learning_rate: f64) {
        let optimizer = self.config.optimizer;
        let moments = optimizer.moments();
        // The weight of a single output gets gradients in its padding where φ(0) is not 0.
        let spoilt = !keeps_zeros::<T>(optimizer, self.steps, learning_rate)
            || self.config.activation.value(0.0) != 0.0;
        let done = self.steps - 1;
        for (index, layer) in self.net.layers.iter().enumerate() {
            if self.controls.freezes(index, done) {
                continue;
            }
            let matrices = optimizer.of_matrices();
            if let Some(muon) = matrices {
                let step = orthogonal::Step {
                    parameters: self.parameters.all_mut(),
                    gradients: self.gradient.all(),
                    first: self.first.all_mut(),
                };
                step.of_weight(muon, layer, learning_rate);
            }
            // The weight is the first segment.
            for (range, multiplier) in layer.segments().skip(usize::from(matrices.is_some())) {
                let kept = |index| if moments > index { range.clone() } else { 0..0 };
                self.net.arch.run(Update {
                    optimizer,
                    step: self.steps,
                    rate: learning_rate,
                    multiplier,
                    parameters: self.parameters.all_mut()[range.clone()].as_flattened_mut(),
                    gradients: self.gradient.all()[range.clone()].as_flattened(),
                    first: self.first.all_mut()[kept(0)].as_flattened_mut(),
                    second: self.second.all_mut()[kept(1)].as_flattened_mut(),
                });
            }
            if spoilt {
                layer.clear_padding(self.parameters.all_mut());
            }
            (self.controls).clamp(index, layer, self.parameters.all_mut());
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

/// The values that are subtracted from the outputs of a block.
fn centre_of<'a, T: Real>(
    centre: Option<&'a Centre<T>>,
    block: &Range<usize>,
    outputs: usize,
) -> Option<&'a [Line<T>]> {
    centre.map(|centre| &centre.outputs.all()[lines_in(block, outputs)])
}
