use serde::{Deserialize, Serialize};
use tasks::{KeyError, stream};

use crate::HostArray;

/// Initial weights of dense layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WeightInit {
    /// Every weight is N(0, std²).
    Normal {
        /// Standard deviation.
        std: f64,
        /// Initial biases.
        #[serde(default)]
        biases: BiasInit,
    },
    /// Every weight is N(0, 2 scale² / `fan_in`) [He2015].
    He {
        /// Factor on the standard deviation.
        #[serde(default = "one")]
        scale: f64,
        /// Initial biases.
        #[serde(default = "zero_biases")]
        biases: BiasInit,
    },
    /// Every weight is N(0, scale² / `fan_in`).
    FanIn {
        /// Factor on the standard deviation.
        #[serde(default = "one")]
        scale: f64,
        /// Initial biases.
        #[serde(default = "zero_biases")]
        biases: BiasInit,
    },
}

/// Initial biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BiasInit {
    /// Drawn like the weights of their layer.
    #[default]
    Same,
    /// Zero.
    Zero,
}

fn one() -> f64 {
    1.0
}

fn zero_biases() -> BiasInit {
    BiasInit::Zero
}

impl WeightInit {
    /// Checks the numbers.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        let (key, value) = match *self {
            Self::Normal { std, .. } => ("init.std", std),
            Self::He { scale, .. } | Self::FanIn { scale, .. } => ("init.scale", scale),
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

    /// Weight `[inputs, outputs]` and, if asked for, bias `[1, outputs]` of layer `layer`.
    ///
    /// Each layer has its own stream, so that two models of one run whose layers have the same
    /// shape start from the same weights.
    pub(crate) fn layer(
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
        };
        let mut rng = stream::keyed(seed, "initial weights", layer as u64);
        let mut draw = |count: usize| {
            let mut values = vec![0.0; count];
            stream::standard_normals(&mut rng, &mut values);
            values.iter_mut().for_each(|value| *value *= std * scale);
            values
        };
        let mut arrays = vec![HostArray {
            name: format!("layers.{layer}.weight"),
            rows: inputs,
            columns: outputs,
            values: draw(inputs * outputs),
        }];
        if bias {
            let values = match biases {
                BiasInit::Same => draw(outputs),
                BiasInit::Zero => vec![0.0; outputs],
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
