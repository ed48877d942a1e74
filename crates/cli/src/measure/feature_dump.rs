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
        let shape = tensors.shape("features")?;
        let &[rows, width] = shape.as_slice() else {
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
        let labels_shape = tensors.shape("labels")?;
        if labels_shape != [rows] {
            return Err(format!(
                "\"labels\" has the shape {labels_shape:?}: must be [{rows}], one class for each \
                 row of \"features\" {shape:?}. Take .argmax(1) of one-hot classes, and .ravel() of \
                 a column"
            ));
        }
        let features = tensors.array_or_integers("features")?;
        let labels = tensors.labels("labels")?;
        let largest = labels.iter().copied().max().unwrap_or(0) as usize;

        let weight = if tensors.has(weight_name) {
            let found = tensors.shape(weight_name)?;
            if found.len() != 2 || found[1] != width || found[0] < 1 {
                return Err(format!(
                    "{weight_name:?} has the shape {found:?}: must be [C, {width}], like \
                     \"features\" {shape:?}, with a row for each class, or one row between two classes"
                ));
            }
            Some(tensors.array(weight_name)?)
        } else {
            None
        };
        let outputs = weight.as_ref().map(|weight| weight.shape[0]);
        // A classifier with one output has two classes.
        let classes = outputs.map_or(largest + 1, |outputs| outputs.max(2));
        let bias = match (&weight, tensors.has(bias_name)) {
            (_, false) => None,
            (None, true) => {
                return Err("has \"classifier.bias\" but no \"classifier.weight\"".to_owned());
            }
            (Some(_), true) => {
                let found = tensors.shape(bias_name)?;
                let outputs = outputs.unwrap_or(classes);
                if found != [outputs] {
                    return Err(format!(
                        "{bias_name:?} has the shape {found:?}: must be [{outputs}], like the rows \
                         of {weight_name:?}"
                    ));
                }
                Some(tensors.array(bias_name)?)
            }
        };
        if let Some(row) = labels.iter().position(|&label| label as usize >= classes) {
            return Err(format!(
                "\"labels\"[{row}] is {}: must be below {classes}, the classes of {weight_name:?}",
                labels[row]
            ));
        }
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
