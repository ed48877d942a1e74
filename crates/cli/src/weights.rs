//! Matrices of a linear net from a file: JSON (lists of rows) or safetensors.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use theory::forms::Value;

use crate::failure::Failure;

/// The matrices that a balanced network is made of.
const NAMES: [&str; 3] = ["W1", "W2", "correlation"];

/// Reads W1 `[h, d]`, W2 `[c, h]` and correlation `[c, d]` by name.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, Value)>, Failure> {
    let fail = |problem: String| {
        Failure::usage(format!(
            "{}: {problem}. Give a .json or .safetensors file with matrices W1 [h, d], W2 [c, h] \
             and correlation [c, d]",
            path.display()
        ))
    };
    let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let matrices = if path
        .extension()
        .is_some_and(|extension| extension == "safetensors")
    {
        let file = SafeTensors::deserialize(&bytes);
        let file = file.map_err(|error| fail(format!("is not a safetensors file: {error}")))?;
        NAMES.map(|name| {
            let tensor = file
                .tensor(name)
                .map_err(|_| format!("has no tensor {name}"))?;
            let (&[_, columns], Some(values)) = (tensor.shape(), decoded(&tensor)) else {
                return Err(format!("{name} is not an F32 or F64 matrix"));
            };
            Ok(Value::from(
                values
                    .chunks(columns.max(1))
                    .map(<[f64]>::to_vec)
                    .collect::<Vec<_>>(),
            ))
        })
    } else {
        let file: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|error| fail(format!("is not JSON: {error}")))?;
        NAMES.map(|name| {
            let rows = file.get(name).ok_or(format!("has no key {name}"))?.clone();
            let rows: Vec<Vec<f64>> = serde_json::from_value(rows)
                .map_err(|_| format!("{name} is not a list of rows of numbers"))?;
            Ok(Value::from(rows))
        })
    };
    let named = NAMES.into_iter().zip(matrices);
    named
        .map(|(name, matrix)| Ok((name.to_owned(), matrix.map_err(fail)?)))
        .collect()
}

fn decoded(tensor: &safetensors::tensor::TensorView<'_>) -> Option<Vec<f64>> {
    let bytes = tensor.data();
    match tensor.dtype() {
        Dtype::F64 => {
            let chunks = bytes.as_chunks::<8>().0.iter();
            Some(chunks.map(|chunk| f64::from_le_bytes(*chunk)).collect())
        }
        Dtype::F32 => {
            let chunks = bytes.as_chunks::<4>().0.iter();
            Some(
                chunks
                    .map(|chunk| f64::from(f32::from_le_bytes(*chunk)))
                    .collect(),
            )
        }
        _ => None,
    }
}
