//! Closed forms by name: their tables, and their values at arrays of points and parameters.

use numpy::{PyArrayDyn, PyReadonlyArray1, PyReadonlyArrayDyn, ndarray::ArrayD};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};
use theory::forms::{Inputs, PointKind, Points, Value, form};

use crate::errors::value_error;

/// Every closed form: name, summary, equation, assumptions, source, references, parameters, points and
/// outputs.
#[pyfunction]
pub(crate) fn forms(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let forms = theory::forms::forms();
    forms
        .iter()
        .map(|form| {
            let entry = PyDict::new(py);
            entry.set_item("name", form.name)?;
            entry.set_item("summary", form.summary)?;
            entry.set_item("equation", form.equation)?;
            entry.set_item("assumes", form.assumes)?;
            entry.set_item("source", form.source)?;
            entry.set_item("references", references(form.source))?;
            let points: Vec<&str> = form.points.iter().map(|kind| point_name(*kind)).collect();
            entry.set_item("points", points)?;
            let parameters = form
                .parameters
                .iter()
                .map(|p| (p.name, p.meaning, p.unit, p.domain, p.default));
            entry.set_item("parameters", parameters.collect::<Vec<_>>())?;
            let outputs = form.outputs.iter().map(|o| (o.name, o.meaning, o.unit));
            entry.set_item("outputs", outputs.collect::<Vec<_>>())?;
            Ok(entry)
        })
        .collect()
}

/// Key, first author, year and title of every work that a source cites.
fn references(source: &str) -> Vec<(String, String)> {
    let keys = source.split(|c: char| !c.is_ascii_alphanumeric());
    let cited = keys.filter_map(|key| {
        let work = theory::citation(key).filter(|_| !key.is_empty())?;
        Some((key.to_owned(), work))
    });
    cited.collect()
}

fn point_name(kind: PointKind) -> &'static str {
    match kind {
        PointKind::None => "",
        PointKind::Times => "times",
        PointKind::Fractions => "fractions",
        PointKind::Steps => "steps",
    }
}

type Numbers<'py> = Bound<'py, PyArrayDyn<f64>>;

/// The results of the form `name` by name, each with its shape, at `points` of the `kind` "times",
/// "fractions", "steps" or "". Each parameter is an array of float64: with `batch` = B above 0, its
/// first axis has B entries, and so has the first axis of each result.
#[pyfunction]
#[pyo3(signature = (name, kind, points, parameters, batch))]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    name: &str,
    kind: &str,
    points: PyReadonlyArray1<'py, f64>,
    parameters: Vec<(String, PyReadonlyArrayDyn<'py, f64>)>,
    batch: usize,
) -> PyResult<Vec<(&'static str, Numbers<'py>)>> {
    let form = form(name).map_err(value_error)?;
    let points = points.as_slice()?.to_vec();
    let points = match kind {
        "times" => Points::Times(points),
        "fractions" => Points::Fractions(points),
        "steps" => Points::Steps(points),
        "" => Points::None,
        other => {
            return Err(PyTypeError::new_err(format!(
                "no kind of points: {other:?}"
            )));
        }
    };
    let given: Vec<(String, ArrayD<f64>)> = parameters
        .into_iter()
        .map(|(name, array)| (name, array.as_array().to_owned()))
        .collect();
    let results = py.detach(|| {
        let members = (0..batch.max(1)).map(|member| {
            let mut inputs = Inputs::new(points.clone());
            for (name, array) in &given {
                inputs.set(
                    name,
                    match batch {
                        0 => nested(array.shape(), &mut array.iter().copied()),
                        _ => {
                            let own = array.index_axis(numpy::ndarray::Axis(0), member);
                            nested(own.shape(), &mut own.iter().copied())
                        }
                    },
                );
            }
            form.evaluate(&inputs)
        });
        members.collect::<Result<Vec<_>, _>>()
    });
    let results = results.map_err(value_error)?;
    let mut named = Vec::new();
    for (at, (output, first)) in results[0].iter().enumerate() {
        let own = shape_of(first);
        let mut shape = own.clone();
        if batch > 0 {
            shape.insert(0, batch);
        }
        let mut values = Vec::new();
        for result in &results {
            if shape_of(&result[at].1) != own {
                return Err(value_error(format!(
                    "{output} has another shape for other parameters. Evaluate the form for one set \
                     of parameters at a time"
                )));
            }
            flatten(&result[at].1, &mut values);
        }
        let array = ArrayD::from_shape_vec(shape, values).map_err(value_error)?;
        named.push((*output, PyArrayDyn::from_owned_array(py, array)));
    }
    Ok(named)
}

/// Numbers as nested lists of this shape.
fn nested(shape: &[usize], numbers: &mut impl Iterator<Item = f64>) -> Value {
    match shape {
        [] => Value::Number(numbers.next().unwrap_or(f64::NAN)),
        [count, rest @ ..] => Value::List((0..*count).map(|_| nested(rest, numbers)).collect()),
    }
}

fn shape_of(value: &Value) -> Vec<usize> {
    match value {
        Value::Number(_) => Vec::new(),
        Value::List(items) => {
            let inner = items.first().map(shape_of).unwrap_or_default();
            std::iter::once(items.len()).chain(inner).collect()
        }
    }
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Number(number) => numbers.push(*number),
        Value::List(items) => items.iter().for_each(|item| flatten(item, numbers)),
    }
}
