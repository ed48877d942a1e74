//! Weights of multilayer perceptrons in safetensors files.
//!
//! | layout | weight | bias | names |
//! |---|---|---|---|
//! | [`Layout::PyTorch`] | `[out, in]` | `[out]` | `0.weight`, `0.bias`, `2.weight`, …: any common prefix, numbers in order |
//! | [`Layout::Layerwise`] | `[in, out]` | `[1, out]` or `[out]` | `layers.0.weight`, `layers.0.bias`, `layers.1.weight`, … |
//!
//! A file is in the second layout where its metadata says `layout = "layerwise"`; the names alone
//! would fit PyTorch, too.

mod write;

use std::collections::BTreeMap;

use mlp::Layer;
use serde::{Deserialize, Serialize};
use tasks::tensors::{Array, TensorError, Tensors, quoted};
use thiserror::Error;

use crate::HostArray;

pub use write::{NoSuchLayout, to_bytes};

/// Key of the metadata that names the layout.
const LAYOUT: &str = "layout";
const LAYERWISE: &str = "layerwise";

/// How weights are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// As in a `state_dict`: `[out, in]`.
    PyTorch,
    /// As in this program: `[in, out]`.
    Layerwise,
}

/// What is wrong with a file, without its name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WeightFileError {
    /// A tensor cannot be read.
    #[error("{0}")]
    Tensor(#[from] TensorError),
    /// The names or shapes are not those of a multilayer perceptron.
    #[error("{0}")]
    Scheme(String),
    /// Layers do not go together.
    #[error("{0}")]
    Layer(String),
}

/// Why the weights of a file are not those of a net.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misfit {
    /// More or fewer arrays.
    #[error("holds {found} weights and biases, and the net has {expected}")]
    Count {
        /// In the file.
        found: usize,
        /// In the net.
        expected: usize,
    },
    /// Another shape.
    #[error("{tensor:?} has the shape {found:?}, and {name} of the net needs {expected:?}")]
    Shape {
        /// Name in the file.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Name in the net.
        name: String,
        /// Shape that the file would have to have.
        expected: Vec<usize>,
    },
}

/// The weights of a multilayer perceptron.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightFile {
    /// How the file has them.
    pub layout: Layout,
    /// The layers, input to output.
    pub layers: Vec<FileLayer>,
}

/// One affine layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FileLayer {
    /// Its weight as it is in the file.
    pub weight: Array,
    /// Its bias as it is in the file.
    pub bias: Option<Array>,
    /// The same as a layer, weight `[in, out]`.
    pub layer: Layer,
}

impl WeightFile {
    /// Reads every layer.
    ///
    /// # Errors
    /// See [`WeightFileError`].
    pub fn read(tensors: &Tensors<'_>) -> Result<Self, WeightFileError> {
        let mut file = Self {
            layout: match tensors.metadata(LAYOUT) {
                Some(LAYERWISE) => Layout::Layerwise,
                _ => Layout::PyTorch,
            },
            layers: Vec::new(),
        };
        if tensors.is_empty() {
            return Err(WeightFileError::Scheme("holds no tensor".to_owned()));
        }
        for names in layers(tensors)?.into_values() {
            let Some(name) = names.weight else {
                let bias = names.bias.unwrap_or_default();
                let problem = format!("has {bias:?} and no weight of that layer");
                return Err(WeightFileError::Layer(problem));
            };
            file.push(tensors, name, names.bias)?;
        }
        Ok(file)
    }

    /// Adds a layer behind the others.
    fn push(
        &mut self,
        tensors: &Tensors<'_>,
        name: &str,
        bias: Option<&str>,
    ) -> Result<(), WeightFileError> {
        let shape = tensors.shape(name)?;
        let sides = match self.layout {
            Layout::PyTorch => "[out, in]",
            Layout::Layerwise => "[in, out]",
        };
        let &[first, second] = shape.as_slice() else {
            return Err(WeightFileError::Scheme(format!(
                "{name:?} has the shape {shape:?}: must be {sides}, that of a linear layer. \
                 Convolutions and normalisation are not followed here"
            )));
        };
        let wrong = |problem: String| Err(WeightFileError::Layer(problem));
        if first == 0 || second == 0 {
            return wrong(format!(
                "{name:?} has the shape {shape:?}: must have rows and columns"
            ));
        }
        let (inputs, outputs) = match self.layout {
            Layout::PyTorch => (second, first),
            Layout::Layerwise => (first, second),
        };
        if let Some(before) = self.layers.last()
            && before.layer.outputs != inputs
        {
            let (before, outputs) = (&before.weight.name, before.layer.outputs);
            let needed = sides.replace("in", &outputs.to_string());
            return wrong(format!(
                "{name:?} has the shape {shape:?}: must be {needed}, because {before:?} before it \
                 has {outputs} outputs"
            ));
        }
        let weight = tensors.array(name)?;
        let bias = match bias {
            None => None,
            Some(bias) => {
                let found = tensors.shape(bias)?;
                let row = self.layout == Layout::Layerwise && found == [1, outputs];
                if found != [outputs] && !row {
                    return wrong(format!(
                        "{bias:?} has the shape {found:?}: must be [{outputs}], like the outputs \
                         of {name:?}"
                    ));
                }
                Some(tensors.array(bias)?)
            }
        };
        let layer = Layer {
            inputs,
            outputs,
            weight: match self.layout {
                Layout::PyTorch => transposed(&weight.values, inputs),
                Layout::Layerwise => weight.values.clone(),
            },
            bias: bias.as_ref().map(|bias| bias.values.clone()),
        };
        self.layers.push(FileLayer {
            weight,
            bias,
            layer,
        });
        Ok(())
    }

    /// Weights and biases as a net has them, named `layers.0.weight` and so on.
    pub fn parameters(&self) -> Vec<HostArray> {
        let mut arrays = Vec::new();
        for (number, FileLayer { layer, .. }) in self.layers.iter().enumerate() {
            arrays.push(HostArray {
                name: format!("layers.{number}.weight"),
                rows: layer.inputs,
                columns: layer.outputs,
                values: layer.weight.clone(),
            });
            if let Some(bias) = &layer.bias {
                arrays.push(HostArray {
                    name: format!("layers.{number}.bias"),
                    rows: 1,
                    columns: layer.outputs,
                    values: bias.clone(),
                });
            }
        }
        arrays
    }

    /// Checks that these are the weights of a net whose arrays have these names, rows and columns.
    ///
    /// # Errors
    /// See [`Misfit`].
    pub fn check(&self, expected: &[(String, [usize; 2])]) -> Result<(), Misfit> {
        let found: Vec<&Array> = (self.layers.iter())
            .flat_map(|layer| std::iter::once(&layer.weight).chain(&layer.bias))
            .collect();
        if found.len() != expected.len() {
            return Err(Misfit::Count {
                found: found.len(),
                expected: expected.len(),
            });
        }
        let pairs = self.parameters().into_iter().zip(found).zip(expected);
        for ((own, array), (name, [rows, columns])) in pairs {
            if own.name == *name && [own.rows, own.columns] == [*rows, *columns] {
                continue;
            }
            return Err(Misfit::Shape {
                tensor: array.name.clone(),
                found: array.shape.clone(),
                name: name.clone(),
                expected: match self.layout {
                    _ if name.ends_with(".bias") => vec![*columns],
                    Layout::PyTorch => vec![*columns, *rows],
                    Layout::Layerwise => vec![*rows, *columns],
                },
            });
        }
        Ok(())
    }
}

/// Names of the arrays of one layer.
#[derive(Default)]
struct Names<'a> {
    weight: Option<&'a str>,
    bias: Option<&'a str>,
}

/// Arrays by the number of their layer. All names are a common prefix, a number, and weight or bias.
fn layers<'a>(tensors: &'a Tensors<'_>) -> Result<BTreeMap<usize, Names<'a>>, WeightFileError> {
    let names = tensors.names();
    let mut found: BTreeMap<usize, Names<'a>> = BTreeMap::new();
    let mut common = None;
    for name in &names {
        let statistic = ["running_mean", "running_var", "num_batches_tracked"];
        if statistic.iter().any(|end| name.ends_with(end)) {
            return Err(WeightFileError::Scheme(format!(
                "{name:?} belongs to batch normalisation, which is not followed here"
            )));
        }
        let Some((prefix, number, kind)) = parts(name) else {
            return Err(WeightFileError::Scheme(format!(
                "{name:?} is in neither scheme (found {})",
                quoted(&names)
            )));
        };
        let expected = *common.get_or_insert(prefix);
        if expected != prefix {
            return Err(WeightFileError::Scheme(format!(
                "{name:?} has another prefix than {:?}: one net has one prefix",
                names[0]
            )));
        }
        let layer = found.entry(number).or_default();
        let slot = if kind == "weight" {
            &mut layer.weight
        } else {
            &mut layer.bias
        };
        // 0.weight and 00.weight have one number.
        if let Some(other) = slot.replace(*name) {
            let problem = format!("{name:?} and {other:?} are one array of one layer");
            return Err(WeightFileError::Layer(problem));
        }
    }
    Ok(found)
}

/// Prefix, number and kind of `layers.3.weight` or `fc3.weight`.
fn parts(name: &str) -> Option<(&str, usize, &str)> {
    let (front, kind) = name.rsplit_once('.')?;
    let prefix = front.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = front[prefix.len()..].parse().ok()?;
    ["weight", "bias"].contains(&kind).then_some(())?;
    Some((prefix, number, kind))
}

/// The transpose of a row-major matrix.
fn transposed(values: &[f64], columns: usize) -> Vec<f64> {
    (0..columns)
        .flat_map(|column| values[column..].iter().step_by(columns).copied())
        .collect()
}
