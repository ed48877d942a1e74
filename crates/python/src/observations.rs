//! The long table of a run as Arrow arrays.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, RecordBatch, RecordBatchIterator, StringArray,
    UInt32Array, UInt64Array, ffi_stream::FFI_ArrowArrayStream, types::UInt32Type,
};
use arrow_schema::{DataType, Field, Schema};
use judge::Run;
use numpy::PyArray1;
use pyo3::{
    prelude::*,
    types::{PyCapsule, PyDict},
};

use crate::errors::value_error;

/// A table: columns of equal length, which never change.
#[pyclass(frozen)]
pub(crate) struct Table {
    batch: RecordBatch,
}

/// A column of names: each name once, and its position for every row.
fn names<'a>(rows: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut values = Vec::new();
    let codes = rows.map(|name| {
        *known.entry(name).or_insert_with(|| {
            values.push(name);
            values.len() as u32 - 1
        })
    });
    let codes: UInt32Array = codes.collect();
    let values = Arc::new(StringArray::from(values));
    Arc::new(DictionaryArray::<UInt32Type>::new(codes, values))
}

impl Table {
    /// The rows of a run, with the columns of `observations.csv`.
    pub(crate) fn of(run: &Run) -> PyResult<Self> {
        let rows = run.observations.rows();
        let column = |of: fn(&record::Observation) -> u64| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<UInt64Array>())
        };
        let name = run.manifest.name.as_str();
        let columns: Vec<(&str, ArrayRef, bool)> = vec![
            ("run", names(rows.iter().map(|_| name)), false),
            ("seed", column(|row| row.seed), false),
            (
                "variant",
                names(rows.iter().map(|row| &*row.variant)),
                false,
            ),
            ("model", names(rows.iter().map(|row| &*row.model)), false),
            ("metric", names(rows.iter().map(|row| &*row.metric)), false),
            ("index", column(|row| row.index), false),
            ("step", column(|row| row.step), false),
            (
                "flow_time",
                Arc::new(
                    rows.iter()
                        .map(|row| row.flow_time)
                        .collect::<Float64Array>(),
                ),
                true,
            ),
            (
                "value",
                Arc::new(Float64Array::from_iter_values(
                    rows.iter().map(|row| row.value),
                )),
                false,
            ),
        ];
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, array, nullable)| Field::new(*name, array.data_type().clone(), *nullable))
            .collect();
        let arrays = columns.into_iter().map(|(_, array, _)| array).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        Ok(Self {
            batch: batch.map_err(value_error)?,
        })
    }
}

#[pymethods]
impl Table {
    /// Number of rows.
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// The table through the Arrow C interface, without a copy.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer may ask for another schema, and must cope if it does not get it.
        drop(requested_schema);
        let batches = std::iter::once(Ok(self.batch.clone()));
        let reader = RecordBatchIterator::new(batches, self.batch.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The columns as NumPy arrays; a column of names is a pair of its codes and its names.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (field, array) in self
            .batch
            .schema()
            .fields()
            .iter()
            .zip(self.batch.columns())
        {
            let any = array.as_any();
            let name = field.name();
            match field.data_type() {
                DataType::UInt64 => {
                    let array = any.downcast_ref::<UInt64Array>();
                    let values = array.map_or(&[][..], |array| array.values());
                    dict.set_item(name, PyArray1::from_slice(py, values))?;
                }
                DataType::Float64 => {
                    let array = any.downcast_ref::<Float64Array>();
                    let values = array.into_iter().flatten();
                    let values = values.map(|value| value.unwrap_or(f64::NAN));
                    dict.set_item(name, PyArray1::from_iter(py, values))?;
                }
                _ => {
                    let Some(array) = any.downcast_ref::<DictionaryArray<UInt32Type>>() else {
                        continue;
                    };
                    let codes = PyArray1::from_slice(py, array.keys().values());
                    let words = array.values().as_any().downcast_ref::<StringArray>();
                    let words: Vec<&str> = words.into_iter().flatten().flatten().collect();
                    dict.set_item(name, (codes, words))?;
                }
            }
        }
        Ok(dict)
    }
}
