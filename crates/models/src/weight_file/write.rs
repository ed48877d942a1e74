use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{LAYERWISE, LAYOUT, Layout, parts, transposed};
use crate::HostArray;

/// A parameter that PyTorch's layout cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{array:?} is not a weight or bias of a linear layer, and PyTorch's layout can hold \
     nothing else"
)]
pub struct NoSuchLayout {
    /// The parameter.
    pub array: String,
}

/// A tensor of the file.
struct Written {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// The bytes of a safetensors file with `arrays` in f64, and with the layout and `metadata` as
/// metadata. The same arrays and metadata give the same bytes.
///
/// In PyTorch's layout the layers are 0, 2, 4, …, as in `nn.Sequential` with activations between
/// them.
///
/// # Errors
/// In PyTorch's layout, an array does not belong to a multilayer perceptron.
pub fn to_bytes(
    arrays: &[HostArray],
    layout: Layout,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, NoSuchLayout> {
    let tensors = arrays.iter().map(|array| match layout {
        Layout::Layerwise => Ok(Written {
            name: array.name.clone(),
            shape: vec![array.rows, array.columns],
            values: array.values.clone(),
        }),
        Layout::PyTorch => in_pytorch(array),
    });
    let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
    let mut metadata = metadata.clone();
    let layout = match layout {
        Layout::PyTorch => "pytorch",
        Layout::Layerwise => LAYERWISE,
    };
    metadata.insert(LAYOUT.to_owned(), layout.to_owned());
    Ok(file(&tensors, &metadata))
}

fn in_pytorch(array: &HostArray) -> Result<Written, NoSuchLayout> {
    let Some(("layers.", layer, kind)) = parts(&array.name) else {
        return Err(NoSuchLayout {
            array: array.name.clone(),
        });
    };
    let name = format!("{}.{kind}", 2 * layer);
    Ok(match kind {
        "weight" => Written {
            name,
            shape: vec![array.columns, array.rows],
            values: transposed(&array.values, array.columns),
        },
        _ => Written {
            name,
            shape: vec![array.columns],
            values: array.values.clone(),
        },
    })
}

/// Length and text of the header, then the numbers.
///
/// The crate safetensors writes metadata in the order of a hash map. The same weights would then
/// have a different SHA-256 each time, and so would the identity of a run from them.
fn file(tensors: &[Written], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    const ALIGNMENT: usize = 8;
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!(metadata));
    let mut end = 0;
    for tensor in tensors {
        let start = end;
        end += tensor.values.len() * size_of::<f64>();
        let entry = json!({ "dtype": "F64", "shape": tensor.shape, "data_offsets": [start, end] });
        header.insert(tensor.name.clone(), entry);
    }
    let mut header = Value::from(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    let values = tensors.iter().flat_map(|tensor| &tensor.values);
    bytes.extend(values.flat_map(|value| value.to_le_bytes()));
    bytes
}
