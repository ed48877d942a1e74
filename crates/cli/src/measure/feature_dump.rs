use metrics::{LabelledFeatures, LinearClassifier};
use tasks::tensors::{Array, Tensors, quoted};

/// Features of labelled rows, and their classifier if the file has one.
#[derive(Debug)]
pub(crate) struct FeatureDump {
    features: Array,
    labels: Vec<u32>,
    classes: usize,
    /// `[C, d]`.
    pub(super) weight: Option<Array>,
    /// `[C]`.
    pub(super) bias: Option<Array>,
    /// Names of tensors that are not used.
    pub(crate) ignored: Vec<String>,
}

impl FeatureDump {
    pub(super) fn read(tensors: &Tensors<'_>) -> Result<Self, String> {
        // `numpy.savez` takes names as Python keywords, which cannot contain a dot.
        let short = !tensors.has("classifier.weight") && tensors.has("weight");
        let [weight_name, bias_name] = match short {
            true => ["weight", "bias"],
            false => ["classifier.weight", "classifier.bias"],
        };
        let known = ["features", "labels", weight_name, bias_name];
        let shape_of = |name: &str| {
            let found = tensors.has(name).then(|| tensors.shape(name));
            found.transpose()
        };
        let (weight_shape, bias_shape) = (shape_of(weight_name)?, shape_of(bias_name)?);
        let shapes = Shapes {
            features: &tensors.shape("features")?,
            labels: &tensors.shape("labels")?,
            weight: (weight_name, weight_shape.as_deref()),
            bias: (bias_name, bias_shape.as_deref()),
        };
        shapes.check()?;
        let features = tensors.array_or_integers("features")?;
        let labels = tensors.labels("labels")?;
        let weight = (tensors.has(weight_name)).then(|| tensors.array(weight_name));
        let weight = weight.transpose()?;
        let outputs = weight.as_ref().map(|weight| weight.shape[0]);
        let classes = classes(&labels, outputs, weight_name)?;
        let bias = (tensors.has(bias_name)).then(|| tensors.array(bias_name));
        let bias = bias.transpose()?;
        let names = tensors.names().into_iter();
        let ignored = names.filter(|name| !known.contains(name));
        Ok(Self {
            features,
            labels,
            classes,
            weight,
            bias,
            ignored: ignored.map(str::to_owned).collect(),
        })
    }

    pub(crate) fn features(&self) -> LabelledFeatures<'_> {
        LabelledFeatures {
            values: &self.features.values,
            width: self.features.shape[1],
            labels: &self.labels,
            classes: self.classes,
            unit_roundoff: self.features.unit_roundoff,
        }
    }

    /// A note about tensors that are not used.
    pub(crate) fn note(&self) -> Option<String> {
        let ignored: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
        (!ignored.is_empty()).then(|| {
            format!(
                "not used: {}. A classifier is read from \"classifier.weight\" and \
                 \"classifier.bias\", or \"weight\" and \"bias\"",
                quoted(&ignored)
            )
        })
    }

    /// The classifier, or the reason why the file has none.
    pub(crate) fn classifier(&self) -> Result<LinearClassifier<'_>, String> {
        let Some(weight) = &self.weight else {
            let ignored: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
            let instead = if ignored.is_empty() {
                String::new()
            } else {
                format!(", only {}", quoted(&ignored))
            };
            return Err(format!("the file has no \"classifier.weight\"{instead}"));
        };
        Ok(LinearClassifier {
            weight: &weight.values,
            bias: self.bias.as_ref().map(|bias| bias.values.as_slice()),
        })
    }
}

/// Shapes of features, their labels and their classifier, as they were given.
pub(crate) struct Shapes<'a> {
    pub(crate) features: &'a [usize],
    pub(crate) labels: &'a [usize],
    /// Name, and shape if there is one.
    pub(crate) weight: (&'a str, Option<&'a [usize]>),
    /// Name, and shape if there is one.
    pub(crate) bias: (&'a str, Option<&'a [usize]>),
}

impl Shapes<'_> {
    /// Checks that they belong together.
    pub(crate) fn check(&self) -> Result<(), String> {
        let shape = self.features;
        let &[rows, width] = shape else {
            return Err(format!(
                "\"features\" has the shape {shape:?}: must be [N, d]. Flatten each row with \
                 .flatten(1)"
            ));
        };
        if rows == 0 || width == 0 {
            return Err(format!(
                "\"features\" has the shape {shape:?}: must have rows and columns"
            ));
        }
        if self.labels != [rows] {
            return Err(format!(
                "\"labels\" has the shape {:?}: must be [{rows}], one class for each \
                 row of \"features\" {shape:?}. Take .argmax(1) of one-hot classes, and .ravel() of \
                 a column",
                self.labels
            ));
        }
        let (weight_name, weight) = self.weight;
        if let Some(found) = weight
            && (found.len() != 2 || found[1] != width || found[0] < 1)
        {
            return Err(format!(
                "{weight_name:?} has the shape {found:?}: must be [C, {width}], like \
                 \"features\" {shape:?}, with a row for each class, or one row between two classes"
            ));
        }
        match (weight, self.bias) {
            (_, (_, None)) => Ok(()),
            (None, (bias_name, Some(_))) => {
                Err(format!("has {bias_name:?} but no {weight_name:?}"))
            }
            (Some(weight), (bias_name, Some(found))) => {
                let outputs = weight[0];
                if found == [outputs] {
                    return Ok(());
                }
                Err(format!(
                    "{bias_name:?} has the shape {found:?}: must be [{outputs}], like the rows \
                     of {weight_name:?}"
                ))
            }
        }
    }
}

/// The number of classes of these labels and this number of outputs of the classifier `weight_name`.
pub(crate) fn classes(
    labels: &[u32],
    outputs: Option<usize>,
    weight_name: &str,
) -> Result<usize, String> {
    let largest = labels.iter().copied().max().unwrap_or(0) as usize;
    // A classifier with one output has two classes.
    let classes = outputs.map_or(largest + 1, |outputs| outputs.max(2));
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(row) => Err(format!(
            "\"labels\"[{row}] is {}: must be below {classes}, the classes of {weight_name:?}",
            labels[row]
        )),
        None => Ok(classes),
    }
}
