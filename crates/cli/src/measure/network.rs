use metrics::{LabelledFeatures, LinearClassifier};
use mlp::{Activation, Layer, Mlp};
use models::{
    WeightFile,
    weight_file::{FileLayer, OrderedBy},
};
use tasks::tensors::{Array, LARGEST, Tensors};

use super::{Collapse, Rows, SCHEMES};

/// Weights of a multilayer perceptron.
#[derive(Debug)]
pub(crate) struct Network {
    layers: Vec<FileLayer>,
    ordered_by: OrderedBy,
}

impl Network {
    pub(crate) fn read(tensors: &Tensors<'_>, layers: Option<&[String]>) -> Result<Self, String> {
        let file = WeightFile::read(tensors, layers).map_err(|error| {
            error.with_cures(|layers| format!("--layers {}", layers.join(",")), SCHEMES)
        })?;
        Ok(Self {
            layers: file.layers,
            ordered_by: file.ordered_by,
        })
    }

    /// Names of the layers from input to output, and what determined their order.
    pub(crate) fn order(&self) -> (Vec<&str>, &'static str) {
        let by = match self.ordered_by {
            OrderedBy::List => "list",
            OrderedBy::Numbers => "numbers",
            OrderedBy::Shapes => "shapes",
            OrderedBy::Words => "words",
        };
        (self.layers.iter().map(FileLayer::name).collect(), by)
    }

    /// Every array of the file, layer by layer.
    pub(super) fn arrays(&self) -> impl Iterator<Item = &Array> {
        let layers = self.layers.iter();
        layers.flat_map(|layer| std::iter::once(&layer.weight).chain(&layer.bias))
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
        (&first.weight.name, &first.layer)
    }

    /// Unit roundoff of the weights of the first layer.
    pub(super) fn first_roundoff(&self) -> f64 {
        self.layers[0].weight.unit_roundoff
    }

    /// The net itself.
    pub(crate) fn mlp(&self, activation: Activation) -> Mlp {
        let layers = self.layers.iter().map(|file| file.layer.clone());
        Mlp {
            layers: layers.collect(),
            activation,
        }
    }

    /// Neural collapse of every hidden layer; the last one includes the classifier.
    pub(crate) fn collapse(
        &self,
        activation: Activation,
        rows: &Rows,
    ) -> Result<Vec<Collapse>, String> {
        let (name, first) = self.first();
        if first.inputs != rows.width {
            return Err(format!(
                "{name:?} has {} inputs, but the rows of {} have {} features",
                first.inputs, rows.name, rows.width
            ));
        }
        let last = self.layers.last().expect("a network has a layer");
        // One output decides between two classes. There may be more outputs than classes with rows.
        let outputs = last.layer.outputs;
        if outputs < rows.classes && (outputs, rows.classes) != (1, 2) {
            return Err(format!(
                "{:?} has {} outputs, but {} has {} classes. Neural collapse needs one output for \
                 each class, or one output for two classes",
                last.weight.name, last.layer.outputs, rows.name, rows.classes
            ));
        }
        if self.layers.len() < 2 {
            return Err(format!(
                "has only one layer, {name:?}, so there are no hidden features that could \
                 collapse. Choose --metrics spectrum,norms"
            ));
        }
        let hidden = self
            .mlp(activation)
            .features(&rows.inputs, rows.labels.len())
            .map_err(|error| error.to_string())?;
        let weight = transposed(&last.layer.weight, last.layer.outputs);
        let classifier = LinearClassifier {
            weight: &weight,
            bias: last.layer.bias.as_deref(),
        };
        // The features are computed from rounded weights.
        let unit_roundoff = self.arrays().map(|a| a.unit_roundoff).fold(0.0, f64::max);
        let mut measured = Vec::with_capacity(hidden.len());
        for (at, values) in hidden.iter().enumerate() {
            let file = &self.layers[at];
            let usable = |value: &f64| value.abs() <= LARGEST;
            if let Some(value) = values.iter().find(|value| !usable(value)) {
                return Err(format!(
                    "a feature after {:?} is {value}: must be a finite number of at most \
                     {LARGEST:e} in size",
                    file.weight.name
                ));
            }
            let features = LabelledFeatures {
                values,
                width: file.layer.outputs,
                labels: &rows.labels,
                classes: outputs.max(rows.classes),
                unit_roundoff,
            };
            let classifier = if at + 1 == hidden.len() {
                Ok(classifier)
            } else {
                Err("is defined for the last hidden layer".to_owned())
            };
            measured.push(Collapse::of(&features, &classifier));
        }
        Ok(measured)
    }
}

/// The transpose of a row-major matrix.
fn transposed(values: &[f64], columns: usize) -> Vec<f64> {
    (0..columns)
        .flat_map(|column| values[column..].iter().step_by(columns).copied())
        .collect()
}
