use burn::tensor::{DType, Tensor, TensorData};
use tasks::{Basis, Batch};

use crate::{Needs, Target};

/// A named matrix on the host in f64, row-major: a weight `[in, out]` or a bias `[1, out]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HostArray {
    /// Name, unique within its model (`layers.0.weight`).
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Values, `[rows, columns]`.
    pub values: Vec<f64>,
}

impl HostArray {
    /// The matrix on a device.
    pub fn to_device(&self, target: &Target) -> Tensor<2> {
        upload(&self.values, self.rows, self.columns, target)
    }

    /// The matrix `tensor` under this one's name.
    ///
    /// # Errors
    /// The device's own message if reading fails.
    pub fn read(&self, tensor: &Tensor<2>) -> Result<Self, String> {
        Ok(Self {
            values: download(tensor)?,
            ..self.clone()
        })
    }
}

/// Basis functions on a device.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per batch, so that nothing is gained by a box"
)]
pub enum DeviceBasis {
    /// `[N, B]`.
    Dense(Tensor<2>),
    /// Row `i` is the `i`-th unit vector.
    Identity,
}

/// The parts of a batch that the models of a run need, on a device.
#[derive(Debug, Clone)]
pub struct DeviceBatch {
    /// Inputs `[N, D]`.
    pub inputs: Option<Tensor<2>>,
    /// Basis functions.
    pub basis: Option<DeviceBasis>,
    /// Targets `[N, K]`.
    pub targets: Tensor<2>,
    /// Row weights `[N, 1]`; `None` means `1/N` each.
    pub weights: Option<Tensor<2>>,
}

impl DeviceBatch {
    /// Uploads what `needs` asks for.
    pub fn upload(batch: &Batch, needs: Needs, target: &Target) -> Self {
        let shape = batch.shape;
        Self {
            inputs: needs
                .inputs
                .then(|| upload(&batch.inputs, batch.rows, shape.inputs, target)),
            basis: needs.basis.then(|| match &batch.basis {
                Basis::Dense(values) => {
                    DeviceBasis::Dense(upload(values, batch.rows, shape.basis, target))
                }
                Basis::Identity => DeviceBasis::Identity,
            }),
            targets: upload(&batch.targets, batch.rows, shape.outputs, target),
            weights: batch
                .weights
                .as_ref()
                .map(|w| upload(w, batch.rows, 1, target)),
        }
    }
}

fn upload(values: &[f64], rows: usize, columns: usize, target: &Target) -> Tensor<2> {
    // Convert on the host: the device gets its own precision in one copy.
    let data = match target.dtype {
        DType::F64 => TensorData::new(values.to_vec(), [rows, columns]),
        _ => TensorData::new(
            values
                .iter()
                .map(|&value| value as f32)
                .collect::<Vec<f32>>(),
            [rows, columns],
        ),
    };
    Tensor::from_data(data, (&target.device, target.dtype))
}

/// The values of `tensor` in f64. This waits for the device.
pub(crate) fn download(tensor: &Tensor<2>) -> Result<Vec<f64>, String> {
    let data = tensor
        .clone()
        .try_into_data()
        .map_err(|error| format!("{error:?}"))?;
    Ok(data.iter::<f64>().collect())
}
