//! Metrics of arrays. All functions take C-contiguous float64 (features also float32), which the
//! Python package makes of what users give.

use layerwise::library::{self, Classifier, Matrix};
use metrics::Crossing;
use numpy::{Element, PyArray1, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    errors::value_error,
    json::{dict, object},
};

type Array<'py> = PyReadonlyArrayDyn<'py, f64>;

fn matrix<'a, T: Element>(array: &'a PyReadonlyArrayDyn<'_, T>) -> PyResult<Matrix<'a, T>> {
    Ok(Matrix {
        values: array.as_slice().map_err(value_error)?,
        shape: array.shape(),
    })
}

/// Features as they are stored.
#[derive(FromPyObject)]
pub(crate) enum Features<'py> {
    /// float64.
    Double(Array<'py>),
    /// float32.
    Single(PyReadonlyArrayDyn<'py, f32>),
}

/// Neural collapse of features `[N, d]` with labels `[N]`.
#[pyfunction]
#[pyo3(signature = (features, labels, weight, bias))]
pub(crate) fn collapse<'py>(
    py: Python<'py>,
    features: Features<'py>,
    labels: Array<'py>,
    weight: Option<Array<'py>>,
    bias: Option<Array<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let classifier = Classifier {
        weight: weight.as_ref().map(matrix).transpose()?,
        bias: bias.as_ref().map(matrix).transpose()?,
    };
    let labels = matrix(&labels)?;
    let labels = (labels.values, labels.shape);
    let document = match &features {
        Features::Double(features) => {
            let features = matrix(features)?;
            py.detach(|| library::collapse(features, labels, classifier))
        }
        Features::Single(features) => {
            let features = matrix(features)?;
            py.detach(|| library::collapse(features, labels, classifier))
        }
    };
    dict(py, &document.map_err(value_error)?)
}

/// Singular values and ranks of a matrix `[rows, columns]`.
#[pyfunction]
pub(crate) fn spectrum<'py>(py: Python<'py>, array: Array<'py>) -> PyResult<Bound<'py, PyAny>> {
    let matrix = matrix(&array)?;
    let document = py.detach(|| library::spectrum(matrix));
    object(py, &document.map_err(value_error)?)
}

/// Fourier power of the first layer of a net on two one-hot residues, from a safetensors file.
#[pyfunction]
#[pyo3(signature = (file, modulus, operation))]
pub(crate) fn fourier<'py>(
    py: Python<'py>,
    file: &[u8],
    modulus: usize,
    operation: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let document = py.detach(|| library::fourier(file, modulus, operation));
    object(py, &document.map_err(value_error)?)
}

/// Distance of two kernels of one shape.
#[pyfunction]
pub(crate) fn kernel_distance(py: Python<'_>, a: Array<'_>, b: Array<'_>) -> PyResult<f64> {
    let (a, b) = (matrix(&a)?, matrix(&b)?);
    py.detach(|| metrics::kernel_distance(a.values, b.values))
        .map_err(value_error)
}

/// Alignment of a kernel `[N, N]` with targets `[N]`.
#[pyfunction]
pub(crate) fn kernel_alignment(
    py: Python<'_>,
    kernel: Array<'_>,
    targets: Array<'_>,
) -> PyResult<f64> {
    let (kernel, targets) = (matrix(&kernel)?, matrix(&targets)?);
    py.detach(|| metrics::target_alignment(kernel.values, targets.values))
        .map_err(value_error)
}

/// Centred alignment (CKA) of two kernels `[N, N]`.
#[pyfunction]
pub(crate) fn kernel_cka(py: Python<'_>, a: Array<'_>, b: Array<'_>, rows: usize) -> PyResult<f64> {
    let (a, b) = (matrix(&a)?, matrix(&b)?);
    py.detach(|| metrics::centred_cka(a.values, b.values, rows))
        .map_err(value_error)
}

/// Linear CKA of two sets of features of the same N rows.
#[pyfunction]
pub(crate) fn feature_cka(
    py: Python<'_>,
    a: Array<'_>,
    b: Array<'_>,
    rows: usize,
) -> PyResult<f64> {
    let (a, b) = (matrix(&a)?, matrix(&b)?);
    py.detach(|| metrics::feature_cka(a.values, b.values, rows))
        .map_err(value_error)
}

/// The tangent kernel `[K N, K N]`, flattened, of the perceptron in a safetensors file on inputs
/// `[N, D]`, and its number of outputs K.
#[pyfunction]
#[pyo3(signature = (file, activation, layers, inputs, rows))]
pub(crate) fn tangent_kernel<'py>(
    py: Python<'py>,
    file: &[u8],
    activation: &str,
    layers: Option<Vec<String>>,
    inputs: Array<'py>,
    rows: usize,
) -> PyResult<(Bound<'py, PyArray1<f64>>, usize)> {
    let inputs = matrix(&inputs)?;
    let result = py.detach(|| {
        let net = library::network(file, activation, layers.as_deref())?;
        let kernel = net.ntk(inputs.values, rows);
        let outputs = net.layers.last().map_or(0, |layer| layer.outputs);
        kernel
            .map(|kernel| (kernel, outputs))
            .map_err(|error| error.to_string())
    });
    let (kernel, outputs) = result.map_err(value_error)?;
    Ok((PyArray1::from_vec(py, kernel), outputs))
}

/// The first record at or above `level`, and whether it was reached; if not, the last usable record.
#[pyfunction]
pub(crate) fn first_record(
    steps: PyReadonlyArray1<'_, f64>,
    values: PyReadonlyArray1<'_, f64>,
    level: f64,
) -> PyResult<(f64, bool)> {
    let (steps, values) = (steps.as_slice()?, values.as_slice()?);
    match metrics::first_record(steps, values, level).map_err(value_error)? {
        Crossing::At(step) | Crossing::Before(step) => Ok((step, true)),
        Crossing::After(last) => Ok((last, false)),
    }
}

/// What a number means, in a few words.
#[pyfunction]
pub(crate) fn meaning(name: &str) -> &'static str {
    library::meaning_of(name)
}
