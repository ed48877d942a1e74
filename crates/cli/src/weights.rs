//! Reads the matrices of a linear net from a file: JSON (lists of rows), safetensors or NumPy.

use std::path::Path;

use tasks::tensors::TensorFile;
use theory::forms::Value;

use crate::failure::Failure;

/// Names of the matrices of a balanced network.
const NAMES: [&str; 3] = ["W1", "W2", "correlation"];

/// Reads W1 `[h, d]`, W2 `[c, h]` and correlation `[c, d]` by name.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, Value)>, Failure> {
    let fail = |problem: String| {
        Failure::usage(format!(
            "{}: {problem}. Give a .json, .safetensors or .npz file with matrices W1 [h, d], W2 [c, h] \
             and correlation [c, d]",
            path.display()
        ))
    };
    let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let ending = path.extension().unwrap_or_default();
    let is_json = ending == "json" || (ending != "safetensors" && bytes.starts_with(b"{"));
    let matrices = if !is_json {
        let file = TensorFile::read(path).map_err(|error| fail(error.to_string()))?;
        let file = file.tensors().map_err(|error| fail(error.to_string()))?;
        NAMES.map(|name| {
            let array = file.array(name)?;
            let &[_, columns] = array.shape.as_slice() else {
                return Err(format!("{name} has the shape {:?}", array.shape));
            };
            let rows = array.values.chunks(columns.max(1)).map(<[f64]>::to_vec);
            Ok(Value::from(rows.collect::<Vec<_>>()))
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
