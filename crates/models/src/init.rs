use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{FileCache, KeyError, TaskInstance, stream};

use crate::{HostArray, WeightFile};

mod balanced;
mod file;
mod mirrored;
mod opposed;
mod toy;

pub use balanced::Balanced;
pub use file::FileInit;
pub use mirrored::Mirrored;
pub use opposed::Opposed;
pub use toy::Toy;

/// Initial weights of dense layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WeightInit {
    /// Every weight is N(0, std²).
    Normal {
        /// Standard deviation. 0 or more.
        std: f64,
        /// Initial biases.
        #[serde(default)]
        biases: BiasInit,
    },
    /// Every weight is N(0, 2 scale² / `fan_in`) \[He2015\].
    He {
        /// Factor on the standard deviation. 0 or more.
        #[serde(default = "one")]
        scale: f64,
        /// Initial biases.
        #[serde(default = "zero_biases")]
        biases: BiasInit,
    },
    /// Every weight is N(0, scale² / `fan_in`).
    FanIn {
        /// Factor on the standard deviation. 0 or more.
        #[serde(default = "one")]
        scale: f64,
        /// Initial biases.
        #[serde(default = "zero_biases")]
        biases: BiasInit,
    },
    /// λ-balanced layers of a linear net, aligned with the modes of the task or random.
    ///
    /// λ > 0 exists for at most as many hidden neurons as outputs, λ < 0 for at most as many as inputs, and λ ≠ 0
    /// for two layers only; other shapes are refused. For `deep-linear` without biases.
    Balanced(Balanced),
    /// The scalar toy f(x) = x Σ a_i b_i / Z with exact weight norm and strength at the start \[Nam2025\].
    ///
    /// Z is one over the model's `output_scale`; Σ(a² + b²)/(2Z) = Σ_0 and Σ a b / Z = S_0. For `deep-linear` nets of one
    /// input, one hidden layer and one output.
    Toy(Toy),
    /// Pairs of neurons that cancel, so that a net of two layers without biases starts at f = 0 under any activation.
    ///
    /// `W_1 = p [A; A]`, `W_2 = q [B, −B]` with standard normal A and B, p = `scale` + max(`imbalance`, 0) and
    /// q = `scale` − min(`imbalance`, 0).
    Mirrored(Mirrored),
    /// Pairs of neurons of which one has the negative weights of the other, so that a `ReLU` net of two layers without
    /// biases starts as a linear map.
    ///
    /// `W_1 = std [A, −A]`, `W_2 = std [B; −B]` with standard normal A and B. On rows ±x with targets ±y (`symmetrise` of a
    /// task) gradient descent keeps the pairs, and the net trains exactly as a linear one with weights over √2 at half the rate.
    Opposed(Opposed),
    /// Saved weights: a safetensors file in PyTorch's layout or the one of `layerwise export weights`.
    ///
    /// A `state_dict` of PyTorch has `0.weight` `[out, in]`, `0.bias`, `2.weight`, …, with any common prefix. The numbers
    /// are the parameters in every parametrisation; `weight_scale`, `layer_scales`, `small` and `imbalance` multiply them.
    File(FileInit),
}

/// Initial biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BiasInit {
    /// Drawn like the weights of their layer.
    #[default]
    Same,
    /// Zero.
    Zero,
    /// Drawn from U(−1/√`fan_in`, 1/√`fan_in`), as `nn.Linear` of PyTorch draws them.
    Pytorch,
}

fn one() -> f64 {
    1.0
}

fn zero_biases() -> BiasInit {
    BiasInit::Zero
}

/// What initial weights need to know of their net beside its widths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NetShape {
    /// Whether layers have biases.
    pub(crate) bias: bool,
    /// Factor on the output.
    pub(crate) output_scale: f64,
}

impl WeightInit {
    /// Checks the numbers, and reads a file that is not among `files` yet.
    pub(crate) fn check(&mut self, files: &FileCache<WeightFile>) -> Result<(), KeyError> {
        let (key, value) = match self {
            Self::Normal { std, .. } => ("init.std", *std),
            Self::He { scale, .. } | Self::FanIn { scale, .. } => ("init.scale", *scale),
            Self::Balanced(balanced) => return balanced.check(),
            Self::Toy(toy) => return toy.check(),
            Self::Mirrored(mirrored) => return mirrored.check(),
            Self::Opposed(opposed) => return opposed.check(),
            Self::File(file) => return file.open(files),
        };
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(KeyError::new(
            key,
            value,
            "must be a finite number, 0 or more",
            "Write for example 0.01.",
        ))
    }

    /// Whether the layers are made together, which takes hidden layers and no biases.
    pub(crate) fn is_joint(&self) -> bool {
        self.is_linear() || matches!(self, Self::Mirrored(_) | Self::Opposed(_))
    }

    /// Whether they are weights of a linear net.
    pub(crate) fn is_linear(&self) -> bool {
        matches!(self, Self::Balanced(_) | Self::Toy(_))
    }

    /// Whether they are the parameters themselves, whatever the parametrisation.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Checks that there are such weights for a seed.
    pub(crate) fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        match self {
            Self::File(file) => file.check_seed(seed),
            _ => Ok(()),
        }
    }

    /// Checks that such weights exist for layers of these widths, inputs and outputs included, with
    /// or without biases.
    pub(crate) fn check_widths(&self, widths: &[usize], bias: bool) -> Result<(), KeyError> {
        match self {
            Self::File(file) => file.check_widths(widths, bias),
            Self::Balanced(balanced) => balanced.check_widths(widths),
            Self::Toy(toy) => toy.check_widths(widths),
            Self::Mirrored(_) => Mirrored::check_widths(widths),
            Self::Opposed(_) => Opposed::check_widths(widths),
            _ => Ok(()),
        }
    }

    /// The layers of a net, input to output, each a weight `[in, out]` and, if asked for, a bias
    /// `[1, out]`. `scales` are factors on the layers, 1 where there is none.
    pub(crate) fn layers(
        &self,
        seed: u64,
        task: &dyn TaskInstance,
        widths: &[usize],
        scales: &[f64],
        net: NetShape,
    ) -> Vec<HostArray> {
        let scale = |layer: usize| scales.get(layer).copied().unwrap_or(1.0);
        let joint = match self {
            Self::Balanced(balanced) => balanced.layers(widths, task, seed),
            Self::Toy(toy) => toy.layers(widths[1], net.output_scale, seed),
            Self::Mirrored(mirrored) => mirrored.layers([widths[0], widths[1], widths[2]], seed),
            Self::Opposed(opposed) => opposed.layers([widths[0], widths[1], widths[2]], seed),
            Self::File(file) => file.parameters(seed),
            _ => {
                let pairs = widths.windows(2).enumerate();
                return pairs
                    .flat_map(|(layer, pair)| {
                        self.layer(seed, layer, [pair[0], pair[1]], scale(layer), net.bias)
                    })
                    .collect();
            }
        };
        let per_layer = if net.bias { 2 } else { 1 };
        (joint.into_iter().enumerate())
            .map(|(place, array)| HostArray {
                values: (array.values.iter())
                    .map(|w| w * scale(place / per_layer))
                    .collect(),
                ..array
            })
            .collect()
    }

    /// Weight `[inputs, outputs]` and, if asked for, bias `[1, outputs]` of layer `layer`.
    ///
    /// Each layer has its own stream, so that two models of one run whose layers have the same
    /// shape start from the same weights.
    fn layer(
        &self,
        seed: u64,
        layer: usize,
        [inputs, outputs]: [usize; 2],
        scale: f64,
        bias: bool,
    ) -> Vec<HostArray> {
        let (std, biases) = match *self {
            Self::Normal { std, biases } => (std, biases),
            Self::He { scale, biases } => (scale * (2.0 / inputs as f64).sqrt(), biases),
            Self::FanIn { scale, biases } => (scale / (inputs as f64).sqrt(), biases),
            Self::Balanced(_)
            | Self::Toy(_)
            | Self::Mirrored(_)
            | Self::Opposed(_)
            | Self::File(_) => {
                unreachable!("joint layers are made together")
            }
        };
        let mut rng = stream::keyed(seed, "initial weights", layer as u64);
        let draw = |rng: &mut _, count: usize| {
            let mut values = vec![0.0; count];
            stream::standard_normals(rng, &mut values);
            values.iter_mut().for_each(|value| *value *= std * scale);
            values
        };
        let mut arrays = vec![HostArray {
            name: format!("layers.{layer}.weight"),
            rows: inputs,
            columns: outputs,
            values: draw(&mut rng, inputs * outputs),
        }];
        if bias {
            let values = match biases {
                BiasInit::Same => draw(&mut rng, outputs),
                BiasInit::Zero => vec![0.0; outputs],
                BiasInit::Pytorch => {
                    let bound = scale / (inputs as f64).sqrt();
                    let mut uniform = || bound * (2.0 * stream::uniform(&mut rng) - 1.0);
                    (0..outputs).map(|_| uniform()).collect()
                }
            };
            let name = format!("layers.{layer}.bias");
            arrays.push(HostArray {
                name,
                rows: 1,
                columns: outputs,
                values,
            });
        }
        arrays
    }
}
