use std::collections::BTreeMap;

use metrics::{LabelledFeatures, LinearClassifier};
use mlp::{Activation, Layer, Mlp};

use super::{
    Array, Collapse, Rows, SCHEMES,
    tensors::{LARGEST, Tensors, quoted},
};

/// Weights of a multilayer perceptron in the layout of PyTorch.
#[derive(Debug)]
pub(crate) struct Network {
    /// Every array of the file, layer by layer.
    pub(super) arrays: Vec<Array>,
    layers: Vec<FileLayer>,
}

/// One affine layer.
#[derive(Debug)]
struct FileLayer {
    /// Its weight in the file.
    name: String,
    layer: Layer,
}

/// Names of the arrays of one layer.
#[derive(Default)]
struct Names<'a> {
    weight: Option<&'a str>,
    bias: Option<&'a str>,
}

impl Network {
    pub(super) fn read(tensors: &Tensors<'_>) -> Result<Self, String> {
        let mut network = Self {
            arrays: Vec::new(),
            layers: Vec::new(),
        };
        for names in layers(tensors)?.into_values() {
            let Some(name) = names.weight else {
                let bias = names.bias.unwrap_or_default();
                return Err(format!("has {bias:?} and no weight of that layer"));
            };
            network.push(tensors, name, names.bias)?;
        }
        Ok(network)
    }

    /// Adds a layer behind the others.
    fn push(
        &mut self,
        tensors: &Tensors<'_>,
        name: &str,
        bias: Option<&str>,
    ) -> Result<(), String> {
        let shape = tensors.shape(name)?;
        let &[outputs, inputs] = shape.as_slice() else {
            return Err(format!(
                "{name:?} has the shape {shape:?}: must be [out, in], that of a linear layer. \
                 Convolutions and normalisation are not followed here. {SCHEMES}"
            ));
        };
        if outputs == 0 || inputs == 0 {
            return Err(format!(
                "{name:?} has the shape {shape:?}: must have rows and columns"
            ));
        }
        if let Some(before) = self.layers.last()
            && before.layer.outputs != inputs
        {
            return Err(format!(
                "{name:?} has the shape {shape:?}: must be [out, {}], because {:?} before it has \
                 {} outputs",
                before.layer.outputs, before.name, before.layer.outputs
            ));
        }
        let weight = tensors.array(name)?;
        let bias = match bias {
            None => None,
            Some(bias) => {
                let found = tensors.shape(bias)?;
                if found != [outputs] {
                    return Err(format!(
                        "{bias:?} has the shape {found:?}: must be [{outputs}], like the rows of \
                         {name:?}"
                    ));
                }
                Some(tensors.array(bias)?)
            }
        };
        self.layers.push(FileLayer {
            name: name.to_owned(),
            layer: Layer {
                inputs,
                outputs,
                weight: transposed(&weight.values, inputs),
                bias: bias.as_ref().map(|bias| bias.values.clone()),
            },
        });
        self.arrays.push(weight);
        self.arrays.extend(bias);
        Ok(())
    }

    /// Name and weights of every layer, first layer first.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (&str, &Layer)> {
        let layers = self.layers.iter();
        layers.map(|file| (file.name.as_str(), &file.layer))
    }

    /// Inputs, hidden widths and outputs.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let first = self.layers.iter().take(1).map(|file| file.layer.inputs);
        first
            .chain(self.layers.iter().map(|file| file.layer.outputs))
            .collect()
    }

    /// Name, inputs, neurons and weights `[in, out]` of the first layer.
    pub(super) fn first(&self) -> (&str, &Layer) {
        let first = self.layers.first().expect("a network has a layer");
        (&first.name, &first.layer)
    }

    /// Neural collapse of every hidden layer; that of the last one has the classifier.
    pub(crate) fn collapse(
        &self,
        activation: Activation,
        rows: &Rows,
    ) -> Result<Vec<Collapse>, String> {
        let (name, first) = self.first();
        if first.inputs != rows.width {
            return Err(format!(
                "{name:?} has {} inputs, and the rows of {} have {} features",
                first.inputs, rows.name, rows.width
            ));
        }
        let last = self.layers.last().expect("a network has a layer");
        if last.layer.outputs != rows.classes {
            return Err(format!(
                "{:?} has {} outputs, and {} has {} classes: neural collapse needs one output for \
                 each class",
                last.name, last.layer.outputs, rows.name, rows.classes
            ));
        }
        if self.layers.len() < 2 {
            return Err(format!(
                "has one layer, {name:?}, and no hidden features that could collapse. Choose \
                 --metrics spectrum,norms"
            ));
        }
        let layers = self.layers.iter().map(|file| file.layer.clone());
        let net = Mlp {
            layers: layers.collect(),
            activation,
        };
        let hidden = net
            .features(&rows.inputs, rows.labels.len())
            .map_err(|error| error.to_string())?;
        let weight = transposed(&last.layer.weight, last.layer.outputs);
        let classifier = LinearClassifier {
            weight: &weight,
            bias: last.layer.bias.as_deref(),
        };
        let mut measured = Vec::with_capacity(hidden.len());
        for (at, values) in hidden.iter().enumerate() {
            let file = &self.layers[at];
            let usable = |value: &f64| value.abs() <= LARGEST;
            if let Some(value) = values.iter().find(|value| !usable(value)) {
                return Err(format!(
                    "a feature behind {:?} is {value}: must be a finite number of at most \
                     {LARGEST:e} in size",
                    file.name
                ));
            }
            let features = LabelledFeatures {
                values,
                width: file.layer.outputs,
                labels: &rows.labels,
                classes: rows.classes,
            };
            let classifier = if at + 1 == hidden.len() {
                Ok(classifier)
            } else {
                Err("is defined for the last hidden layer".to_owned())
            };
            measured.push(Collapse::of(&features, &classifier)?);
        }
        Ok(measured)
    }
}

/// Arrays by the number of their layer. All names are a common prefix, a number, and weight or bias.
fn layers<'a>(tensors: &'a Tensors<'_>) -> Result<BTreeMap<usize, Names<'a>>, String> {
    let names = tensors.names();
    let mut found: BTreeMap<usize, Names<'a>> = BTreeMap::new();
    let mut common = None;
    for name in &names {
        let statistic = ["running_mean", "running_var", "num_batches_tracked"];
        if statistic.iter().any(|end| name.ends_with(end)) {
            return Err(format!(
                "{name:?} belongs to batch normalisation, which is not followed here. \
                 {SCHEMES}"
            ));
        }
        let Some((prefix, number, kind)) = parts(name) else {
            return Err(format!(
                "{name:?} is in neither scheme (found {}). {SCHEMES}",
                quoted(&names)
            ));
        };
        let expected = *common.get_or_insert(prefix);
        if expected != prefix {
            return Err(format!(
                "{name:?} has another prefix than {:?}: one net has one prefix. {SCHEMES}",
                names[0]
            ));
        }
        let layer = found.entry(number).or_default();
        let slot = if kind == "weight" {
            &mut layer.weight
        } else {
            &mut layer.bias
        };
        // 0.weight and 00.weight have one number.
        if let Some(other) = slot.replace(*name) {
            return Err(format!("{name:?} and {other:?} are one array of one layer"));
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
