//! Reads and writes weights of multilayer perceptrons in safetensors files.
//!
//! | layout | weight | bias | names |
//! |---|---|---|---|
//! | [`Layout::PyTorch`] | `[out, in]` | `[out]` | `0.weight`, `0.bias`, `2.weight`, …: any names of layers |
//! | [`Layout::Layerwise`] | `[in, out]` | `[1, out]` or `[out]` | `layers.0.weight`, `layers.0.bias`, `layers.1.weight`, … |
//!
//! A file has the second layout if its metadata has `layout = "layerwise"`, because the names alone
//! could also come from PyTorch.
//!
//! The order of layers comes from numbers in their names, otherwise from shapes, otherwise from
//! words such as `classifier`. If several orders remain, the user must give a list.

mod order;
mod write;

use std::collections::BTreeMap;

use mlp::Layer;
use serde::{Deserialize, Serialize};
use tasks::tensors::{Array, TensorError, Tensors, quoted};
use thiserror::Error;

use crate::HostArray;

use order::Sides;

pub use order::OrderedBy;
pub use write::{NoSuchLayout, to_bytes};

/// Key of the metadata that names the layout.
const LAYOUT: &str = "layout";
const LAYERWISE: &str = "layerwise";

/// Layout of weights in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// The layout of a PyTorch `state_dict`: `[out, in]`.
    PyTorch,
    /// The layout of layerwise: `[in, out]`.
    Layerwise,
}

/// A problem with a file, without the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WeightFileError {
    /// A tensor cannot be read.
    #[error("{0}")]
    Tensor(#[from] TensorError),
    /// Names or shapes do not describe a multilayer perceptron.
    #[error("{0}")]
    Scheme(String),
    /// Adjacent layers do not fit together.
    #[error("{0}")]
    Layer(String),
    /// The order of the layers is not known, or the given list is wrong.
    #[error("{problem}")]
    Order {
        /// What is wrong.
        problem: String,
        /// The layers of the file, in some order.
        layers: Vec<String>,
    },
}

impl WeightFileError {
    /// The message with its cure. `give` formats an option that takes a list of layers, such as
    /// `--layers`, and `scheme` describes the expected content of a file.
    pub fn with_cures(&self, give: impl Fn(&[String]) -> String, scheme: &str) -> String {
        match self {
            Self::Scheme(problem) => format!("{problem}. {scheme}"),
            Self::Order { problem, layers } => {
                /// Number of names that fit on a line.
                const SHOWN: usize = 8;
                let more = if layers.len() > SHOWN { " …" } else { "" };
                // A name may contain anything, including line breaks.
                let example = give(&layers[..layers.len().min(SHOWN)]);
                let example = example.replace(char::is_control, " ");
                format!("{problem}. Give all layers from input to output, as in {example}{more}")
            }
            error => error.to_string(),
        }
    }
}

/// Why the weights of a file are not those of a net.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The number of arrays differs.
    #[error("holds {found} weights and biases, but the net has {expected}")]
    Count {
        /// In the file.
        found: usize,
        /// In the net.
        expected: usize,
    },
    /// A shape differs.
    #[error("{tensor:?} has the shape {found:?}, but {name} of the net needs {expected:?}")]
    Shape {
        /// Name in the file.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Name in the net.
        name: String,
        /// Shape that the net needs.
        expected: Vec<usize>,
    },
}

/// The weights of a multilayer perceptron.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightFile {
    /// Layout of the file.
    pub layout: Layout,
    /// The layers, input to output.
    pub layers: Vec<FileLayer>,
    /// What determined the order of the layers.
    pub ordered_by: OrderedBy,
}

/// One affine layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FileLayer {
    /// The weight, unchanged from the file.
    pub weight: Array,
    /// The bias, unchanged from the file.
    pub bias: Option<Array>,
    /// The same as a [`Layer`], with the weight `[in, out]`.
    pub layer: Layer,
}

impl FileLayer {
    /// Its name in the file, without `.weight`.
    pub fn name(&self) -> &str {
        layer_of(&self.weight.name)
    }
}

impl WeightFile {
    /// Reads all layers, in the order of `list` if it is given.
    ///
    /// # Errors
    /// See [`WeightFileError`].
    pub fn read(tensors: &Tensors<'_>, list: Option<&[String]>) -> Result<Self, WeightFileError> {
        let layout = match tensors.metadata(LAYOUT) {
            Some(LAYERWISE) => Layout::Layerwise,
            _ => Layout::PyTorch,
        };
        if tensors.is_empty() {
            return Err(WeightFileError::Scheme("holds no tensor".to_owned()));
        }
        let named = layers(tensors)?;
        let (named, ordered_by) = match list {
            Some(list) => (listed(&named, list)?, OrderedBy::List),
            None => ordered(tensors, layout, &named)?,
        };
        let mut file = Self {
            layout,
            layers: Vec::new(),
            ordered_by,
        };
        for layer in named {
            file.push(tensors, layer.weight, layer.bias)?;
        }
        Ok(file)
    }

    /// Appends a layer.
    fn push(
        &mut self,
        tensors: &Tensors<'_>,
        name: &str,
        bias: Option<&str>,
    ) -> Result<(), WeightFileError> {
        let [first, second] = matrix(tensors, self.layout, name)?;
        let sides = self.layout.sides();
        let shape = [first, second];
        let wrong = |problem: String| Err(WeightFileError::Layer(problem));
        if first == 0 || second == 0 {
            return wrong(format!(
                "{name:?} has the shape {shape:?}: must have rows and columns"
            ));
        }
        let (inputs, outputs) = self.layout.inputs_and_outputs(shape);
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

    /// Weights and biases as parameters of a net, named `layers.0.weight` and so on.
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

impl Layout {
    fn sides(self) -> &'static str {
        match self {
            Self::PyTorch => "[out, in]",
            Self::Layerwise => "[in, out]",
        }
    }

    fn inputs_and_outputs(self, [first, second]: [usize; 2]) -> (usize, usize) {
        match self {
            Self::PyTorch => (second, first),
            Self::Layerwise => (first, second),
        }
    }
}

/// Names of the arrays of one layer.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    layer: &'a str,
    weight: &'a str,
    bias: Option<&'a str>,
}

/// The arrays of each layer, by name.
fn layers<'a>(tensors: &'a Tensors<'_>) -> Result<Vec<Named<'a>>, WeightFileError> {
    let names = tensors.names();
    // Keyed by the name of the layer, without leading zeros in its numbers.
    let mut weights: BTreeMap<String, &str> = BTreeMap::new();
    let mut biases: BTreeMap<String, &str> = BTreeMap::new();
    for name in &names {
        let statistic = ["running_mean", "running_var", "num_batches_tracked"];
        if statistic.iter().any(|end| name.ends_with(end)) {
            return Err(WeightFileError::Scheme(format!(
                "{name:?} belongs to batch normalisation, which is not supported"
            )));
        }
        let arrays = match name.rsplit_once('.').map_or(*name, |(_, kind)| kind) {
            "weight" => &mut weights,
            "bias" => &mut biases,
            _ => {
                return Err(WeightFileError::Scheme(format!(
                    "{name:?} is neither the weight nor the bias of a layer (found {})",
                    quoted(&names)
                )));
            }
        };
        if let Some(other) = arrays.insert(order::canonical(layer_of(name)), name) {
            return Err(WeightFileError::Layer(format!(
                "{name:?} and {other:?} are one array of one layer"
            )));
        }
    }
    let layers = weights.into_iter().map(|(layer, weight)| Named {
        layer: layer_of(weight),
        weight,
        bias: biases.remove(&layer),
    });
    let layers = layers.collect();
    match biases.first_key_value() {
        None => Ok(layers),
        Some((_, bias)) => Err(WeightFileError::Layer(format!(
            "has {bias:?}, but no weight of that layer"
        ))),
    }
}

/// The name of the layer that an array belongs to, empty for a lone `weight`.
fn layer_of(array: &str) -> &str {
    array.rsplit_once('.').map_or("", |(layer, _)| layer)
}

/// Rows and columns of a weight.
fn matrix(
    tensors: &Tensors<'_>,
    layout: Layout,
    name: &str,
) -> Result<[usize; 2], WeightFileError> {
    let shape = tensors.shape(name)?;
    <[usize; 2]>::try_from(&shape[..]).map_err(|_| {
        let sides = layout.sides();
        WeightFileError::Scheme(format!(
            "{name:?} has the shape {shape:?}: must be {sides}, that of a linear layer. \
             Convolutions and normalisation are not supported"
        ))
    })
}

/// Orders the layers from input to output, by names and shapes.
fn ordered<'a>(
    tensors: &Tensors<'_>,
    layout: Layout,
    named: &[Named<'a>],
) -> Result<(Vec<Named<'a>>, OrderedBy), WeightFileError> {
    let shapes = named
        .iter()
        .map(|named| matrix(tensors, layout, named.weight));
    let shapes = shapes.collect::<Result<Vec<_>, _>>()?;
    let sides = named.iter().zip(&shapes).map(|(named, &shape)| {
        let (inputs, outputs) = layout.inputs_and_outputs(shape);
        Sides {
            name: named.layer,
            inputs,
            outputs,
        }
    });
    match order::order(&sides.collect::<Vec<_>>()) {
        Ok((places, by)) => Ok((places.into_iter().map(|place| named[place]).collect(), by)),
        Err(orders) => {
            /// Number of names that fit on a line.
            const SHOWN: usize = 8;
            let all = named.iter().zip(&shapes).take(SHOWN);
            let mut all: Vec<String> = all
                .map(|(named, shape)| format!("{:?} {shape:?}", named.layer))
                .collect();
            if named.len() > SHOWN {
                all.push(format!("and {} more", named.len() - SHOWN));
            }
            let why = match orders {
                0 => "in no order can each layer take the outputs of the previous one",
                _ => "names and shapes allow several orders",
            };
            Err(WeightFileError::Order {
                problem: format!(
                    "does not determine the order of its layers, because {why}: {}",
                    all.join(", ")
                ),
                layers: owned(named),
            })
        }
    }
}

fn owned(named: &[Named<'_>]) -> Vec<String> {
    named.iter().map(|named| named.layer.to_owned()).collect()
}

/// Layers in the order of a list.
fn listed<'a>(named: &[Named<'a>], list: &[String]) -> Result<Vec<Named<'a>>, WeightFileError> {
    let refuse = |problem: String| WeightFileError::Order {
        problem,
        layers: owned(named),
    };
    let mut found: Vec<Named<'a>> = Vec::new();
    for name in list {
        let name = name.trim();
        let layer = name.strip_suffix(".weight").unwrap_or(name);
        let known = named.iter().find(|named| named.layer == layer);
        let known = known.ok_or_else(|| refuse(format!("has no layer {layer:?}")))?;
        if found.iter().any(|found| found.layer == layer) {
            return Err(refuse(format!(
                "is read with the layer {layer:?} listed twice"
            )));
        }
        found.push(*known);
    }
    let missing = (named.iter()).find(|named| !found.iter().any(|f| f.layer == named.layer));
    match missing {
        None => Ok(found),
        Some(missing) => {
            let layer = missing.layer;
            Err(refuse(format!(
                "has the layer {layer:?}, which is missing in the list"
            )))
        }
    }
}

/// Prefix, number and kind of `layers.3.weight`.
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
