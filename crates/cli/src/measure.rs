//! Numbers of a net that was trained anywhere, from a safetensors file.
//!
//! Problems are texts without the name of the file, which the verb puts before them.

mod collapse;
mod feature_dump;
mod fourier;
mod network;
mod norms;
mod numbers;
mod rows;
mod spectrum;

#[cfg(test)]
mod tests;

pub(crate) use collapse::Collapse;
pub(crate) use feature_dump::FeatureDump;
pub(crate) use fourier::Fourier;
pub(crate) use network::Network;
pub(crate) use norms::Norms;
pub(crate) use numbers::{Numbers, meaning};
pub(crate) use rows::{Chosen, Rows};
pub(crate) use spectrum::{MatrixSpectrum, spectra};

use tasks::tensors::{Array, Tensors};

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Source {
    /// Features of labelled rows.
    Dump(Box<FeatureDump>),
    /// Weights of a multilayer perceptron.
    Network(Network),
}

impl Source {
    /// Reads either of the two schemes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let tensors = Tensors::open(bytes)?;
        if tensors.is_empty() {
            return Err(format!("holds no tensor. {SCHEMES}"));
        }
        if tensors.has("features") || tensors.has("labels") {
            return Ok(Self::Dump(Box::new(FeatureDump::read(&tensors)?)));
        }
        Ok(Self::Network(Network::read(&tensors)?))
    }

    /// Weights and biases, as they are in the file.
    pub(crate) fn parameters(&self) -> Vec<&Array> {
        match self {
            Self::Dump(dump) => dump.weight.iter().chain(&dump.bias).collect(),
            Self::Network(network) => network.arrays().collect(),
        }
    }
}

/// Where a file that holds something else is explained.
const SCHEMES: &str = "Give a feature dump (features [N, d], labels [N], classifier.weight [C, d], \
                       classifier.bias [C]) or the weights of an MLP (0.weight [out, in], 0.bias, \
                       2.weight, …, with any common prefix such as layers. or fc)";
