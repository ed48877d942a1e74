//! Measures a net from a file, whichever program trained it. The input is a file of weights, or of
//! features and labels; the output is named numbers.
//!
//! Errors are texts without the name of the file; the verb puts the name before them.

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
pub(crate) use feature_dump::{FeatureDump, Shapes, classes};
pub(crate) use fourier::Fourier;
pub(crate) use network::Network;
pub(crate) use norms::Norms;
pub(crate) use numbers::{Numbers, meaning};
pub(crate) use rows::{Chosen, Rows};
pub(crate) use spectrum::{MatrixSpectrum, SHOWN, spectra};

use tasks::tensors::{Array, TensorFile};

/// Content of a file.
#[derive(Debug)]
pub(crate) enum Source {
    /// Features of labelled rows.
    Dump(Box<FeatureDump>),
    /// Weights of a multilayer perceptron.
    Network(Network),
}

impl Source {
    /// Reads features (with labels from their own file if one is given) or weights (in the order of
    /// `layers` if it is given).
    pub(crate) fn read(
        file: &TensorFile,
        labels: Option<&TensorFile>,
        layers: Option<&[String]>,
    ) -> Result<Self, String> {
        let mut tensors = file.tensors()?;
        if tensors.is_empty() {
            return Err(format!("holds no tensor. {SCHEMES}"));
        }
        if file.is_one_array() {
            tensors.rename_only("features");
            if labels.is_none() {
                return Err(
                    "is one NumPy array. Give the classes of its rows with --label-file \
                     labels.npy, or save both in one file with numpy.savez(\"dump.npz\", \
                     features=…, labels=…)"
                        .to_owned(),
                );
            }
        }
        if !tensors.has("features") && !tensors.has("labels") {
            return Ok(Self::Network(Network::read(&tensors, layers)?));
        }
        if layers.is_some() {
            return Err(
                "holds features, but --layers is for weights of a net. Leave --layers \
                 out"
                .to_owned(),
            );
        }
        if let Some(labels) = labels {
            let of_rows = labels
                .tensors()
                .and_then(|labels| tensors.join("labels", labels));
            of_rows.map_err(|problem| format!("--label-file {problem}"))?;
        }
        Ok(Self::Dump(Box::new(FeatureDump::read(&tensors)?)))
    }

    /// Weights and biases, unchanged from the file.
    pub(crate) fn parameters(&self) -> Vec<&Array> {
        match self {
            Self::Dump(dump) => dump.weight.iter().chain(&dump.bias).collect(),
            Self::Network(network) => network.arrays().collect(),
        }
    }
}

/// The two accepted contents, as a cure in error messages.
const SCHEMES: &str = "Give a feature dump (features [N, d], labels [N], classifier.weight [C, d], \
                       classifier.bias [C]) or the weights of an MLP (0.weight [out, in], 0.bias, \
                       2.weight, …)";
