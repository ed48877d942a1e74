use metrics::{LabelledFeatures, LinearClassifier, Stored};
use mlp::{Activation, Mlp};
use serde_json::{Map, Value};
use tasks::tensors::{Array, Tensors, check_numbers, classes_of};

use crate::measure::{
    Collapse, Fourier, MatrixSpectrum, Network, Shapes, classes, meaning, spectra,
};

/// A matrix of numbers with its shape as given, which may be wrong.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T = f64> {
    /// Entries, row-major.
    pub values: &'a [T],
    /// Size of each dimension.
    pub shape: &'a [usize],
}

/// The last layer, logits = W h + b.
#[derive(Debug, Clone, Copy)]
pub struct Classifier<'a> {
    /// W `[C, d]`.
    pub weight: Option<Matrix<'a>>,
    /// b `[C]`.
    pub bias: Option<Matrix<'a>>,
}

/// Neural collapse of labelled features, as `measure` prints it of a file with `features`, `labels`,
/// `weight` and `bias`.
///
/// # Shapes
///
/// `features` `[N, d]` in any unit, not copied; `labels` `[N]`: whole numbers from 0.
///
/// # Errors
///
/// A shape is wrong, a number is not finite, or a label is not a class.
pub fn collapse<T: Stored>(
    features: Matrix<'_, T>,
    labels: (&[f64], &[usize]),
    classifier: Classifier<'_>,
) -> Result<Map<String, Value>, String> {
    let Classifier { weight, bias } = classifier;
    let shapes = Shapes {
        features: features.shape,
        labels: labels.1,
        weight: ("weight", weight.map(|weight| weight.shape)),
        bias: ("bias", bias.map(|bias| bias.shape)),
    };
    shapes.check()?;
    let unit_roundoff = check("features", features)?;
    let labels = classes_of("labels", labels.0.iter().copied())?;
    for (name, given) in [("weight", weight), ("bias", bias)] {
        given.map(|given| check(name, given)).transpose()?;
    }
    let outputs = weight.map(|weight| weight.shape[0]);
    let labelled = LabelledFeatures {
        values: features.values,
        width: features.shape[1],
        labels: &labels,
        classes: classes(&labels, outputs, "weight")?,
        unit_roundoff,
    };
    let classifier = match weight {
        Some(weight) => Ok(LinearClassifier {
            weight: weight.values,
            bias: bias.map(|bias| bias.values),
        }),
        None => {
            Err("no classifier was given. Give its weight, and its bias if it has one".to_owned())
        }
    };
    let collapse = Collapse::of(&labelled, &classifier);
    let mut document = Map::new();
    collapse.write_rows(&mut document);
    collapse.numbers().write(&mut document);
    Ok(document)
}

fn check<T: Stored>(name: &str, matrix: Matrix<'_, T>) -> Result<f64, String> {
    let digits = if size_of::<T>() == size_of::<f32>() {
        24
    } else {
        53
    };
    let numbers = matrix.values.iter().map(|number| number.wide());
    check_numbers(name, matrix.shape, numbers, digits)
}

/// Singular values (all of them, largest first) and ranks of a matrix `[rows, columns]`.
///
/// # Errors
///
/// The shape is not that of a matrix, or a number is not finite.
pub fn spectrum(matrix: Matrix<'_>) -> Result<Value, String> {
    let shape = matrix.shape;
    if shape.len() != 2 || shape.contains(&0) {
        return Err(format!(
            "\"matrix\" has the shape {shape:?}: must be [rows, columns], with rows and columns"
        ));
    }
    let array = Array {
        name: "matrix".to_owned(),
        shape: shape.to_vec(),
        unit_roundoff: check("matrix", matrix)?,
        values: matrix.values.to_vec(),
    };
    let found = spectra(&[&array], usize::MAX).map_err(|error| error.to_string())?;
    let mut document = found.first().map_or(Value::Null, MatrixSpectrum::document);
    if let Some(document) = document.as_object_mut() {
        document.remove("name");
    }
    Ok(document)
}

/// How strongly the neurons of the first layer of a net on two one-hot residues are tuned to one
/// frequency, as `measure --metrics fourier` prints it. `file` is a safetensors file of its weights.
///
/// # Errors
///
/// The file does not hold such a net, or the operation is unknown.
pub fn fourier(file: &[u8], modulus: usize, operation: Option<&str>) -> Result<Value, String> {
    Ok(Fourier::of(&weights(file, None)?, modulus, operation)?.document())
}

/// The multilayer perceptron whose weights are in a safetensors file, for its features and its
/// tangent kernel.
///
/// # Errors
///
/// The file does not hold such a net, or the activation is unknown.
pub fn network(file: &[u8], activation: &str, layers: Option<&[String]>) -> Result<Mlp, String> {
    let activation = Activation::ALL
        .into_iter()
        .find(|known| known.name() == activation)
        .ok_or_else(|| {
            let known = Activation::ALL.map(Activation::name).join(", ");
            format!("activation {activation:?} is unknown. Choose one of: {known}")
        })?;
    Ok(weights(file, layers)?.mlp(activation))
}

fn weights(file: &[u8], layers: Option<&[String]>) -> Result<Network, String> {
    let tensors = Tensors::open(file).map_err(String::from)?;
    Network::read(&tensors, layers)
}

/// What a number of [`collapse`], [`spectrum`] or [`fourier`] means, in a few words; empty for other
/// names.
pub fn meaning_of(name: &str) -> &'static str {
    meaning(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn features_in_f32_have_the_numbers_of_the_same_features_in_f64() {
        let (rows, width) = (3000, 20);
        let number = |i: usize| (i as f64 * 0.37).sin() as f32 + (i / width % 3) as f32;
        let single: Vec<f32> = (0..rows * width).map(number).collect();
        let double: Vec<f64> = single.iter().map(|h| f64::from(*h)).collect();
        let labels: Vec<f64> = (0..rows).map(|row| (row % 3) as f64).collect();
        let (shape, labels) = ([rows, width], (&labels[..], &[rows][..]));
        let none = Classifier {
            weight: None,
            bias: None,
        };
        let of_single = Matrix {
            values: &single,
            shape: &shape,
        };
        let of_double = Matrix {
            values: &double,
            shape: &shape,
        };
        let found = collapse(of_single, labels, none).unwrap();
        assert_eq!(found, collapse(of_double, labels, none).unwrap());
        assert_eq!(found["precision"], "f32");
        assert!(found["nc1"].as_f64().unwrap() > 0.0);
        let wrong = Matrix {
            shape: &[rows * width],
            ..of_single
        };
        let error = collapse(wrong, labels, none).unwrap_err();
        assert!(error.contains("must be [N, d]"), "{error}");
    }
}
