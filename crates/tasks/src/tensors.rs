//! Tensors of a safetensors file, as f64 on the host.

use std::collections::HashMap;

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use thiserror::Error;

/// No number may be above this in size: fourth powers of numbers, summed, must stay within f64.
pub const LARGEST: f64 = 1e70;

/// What is wrong with a file or a tensor of it, without the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct TensorError(String);

impl From<TensorError> for String {
    fn from(error: TensorError) -> Self {
        error.0
    }
}

/// A tensor of floating-point numbers, by its name in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Name.
    pub name: String,
    /// Size of each dimension.
    pub shape: Vec<usize>,
    /// Entries, row-major.
    pub values: Vec<f64>,
    /// Unit roundoff of what was stored: rounding to it moved a number by at most so much of its
    /// size. 2⁻¹¹ for F16, 2⁻⁸ for BF16, 2⁻²⁴ for F32, and 2⁻⁵³ for F64 that are not all F32 numbers.
    pub unit_roundoff: f64,
}

/// The tensors of a file, by name.
#[derive(Debug)]
pub struct Tensors<'a> {
    file: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// Bytes that are no safetensors file, or less than one.
    pub fn open(bytes: &'a [u8]) -> Result<Self, TensorError> {
        let read = SafeTensors::deserialize(bytes)
            .and_then(|file| Ok((file, SafeTensors::read_metadata(bytes)?.1)));
        let (file, header) = read.map_err(|error| {
            // A name inside may hold anything, line breaks as well.
            let text = error.to_string().replace(char::is_control, " ");
            TensorError(format!(
                "is not a complete safetensors file: {text}. Write it again with \
                 safetensors.torch.save_file"
            ))
        })?;
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self { file, metadata })
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.file.is_empty()
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.file.tensor(name).is_ok()
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.file.names();
        names.sort_unstable();
        names
    }

    /// An entry of the file's metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Size of each dimension of a tensor.
    ///
    /// # Errors
    /// There is no such tensor.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>, TensorError> {
        Ok(self.view(name)?.shape().to_vec())
    }

    /// Floating-point numbers that one can calculate with.
    ///
    /// # Errors
    /// There is no such tensor, it is of another type, or a number is not finite or above
    /// [`LARGEST`].
    pub fn array(&self, name: &str) -> Result<Array, TensorError> {
        self.numbers(name).map_err(TensorError)
    }

    fn numbers(&self, name: &str) -> Result<Array, String> {
        let view = self.view(name)?;
        let values = floats(&view).ok_or_else(|| {
            format!(
                "{name:?} is of type {}: must be F64, F32, F16 or BF16. Convert it with .float()",
                view.dtype()
            )
        })?;
        let usable = |value: &f64| value.abs() <= LARGEST;
        if let Some(at) = values.iter().position(|value| !usable(value)) {
            return Err(format!(
                "{name:?}{} is {:?}: must be a finite number of at most {LARGEST:e} in size",
                place(at, view.shape()),
                values[at]
            ));
        }
        Ok(Array {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            unit_roundoff: unit_roundoff(view.dtype(), &values),
            values,
        })
    }

    /// Classes of rows: integers, or whole numbers in floating point.
    ///
    /// # Errors
    /// There is no such tensor, it is of another type, or an entry is no class.
    pub fn labels(&self, name: &str) -> Result<Vec<u32>, TensorError> {
        self.classes(name).map_err(TensorError)
    }

    fn classes(&self, name: &str) -> Result<Vec<u32>, String> {
        let view = self.view(name)?;
        let values = integers(&view).or_else(|| floats(&view));
        let values = values.ok_or_else(|| {
            format!(
                "{name:?} is of type {}: must be integers. Convert it with .long()",
                view.dtype()
            )
        })?;
        let label = |(at, &value): (usize, &f64)| {
            let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
            whole.then_some(value as u32).ok_or_else(|| {
                format!("{name:?}[{at}] is {value}: must be a class, a whole number from 0")
            })
        };
        values.iter().enumerate().map(label).collect()
    }

    fn view(&self, name: &str) -> Result<TensorView<'_>, TensorError> {
        let view = self.file.tensor(name);
        view.map_err(|_| {
            let names = quoted(&self.names());
            TensorError(format!("has no tensor {name:?}, only {names}"))
        })
    }
}

/// Names for a message: the first few where there are many.
pub fn quoted(names: &[&str]) -> String {
    /// As many as a line holds.
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("{n:?}")).collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// The place of an entry of a row-major array, as `[row, column]`.
fn place(mut at: usize, shape: &[usize]) -> String {
    let mut indices: Vec<String> = (shape.iter().rev())
        .map(|&size| {
            let index = at % size;
            at /= size;
            index.to_string()
        })
        .collect();
    indices.reverse();
    format!("[{}]", indices.join(", "))
}

fn floats(view: &TensorView<'_>) -> Option<Vec<f64>> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::F64 => numbers(bytes, f64::from_le_bytes),
        Dtype::F32 => numbers(bytes, |chunk| f32::from_le_bytes(chunk).into()),
        Dtype::F16 => numbers(bytes, |chunk| f16::from_le_bytes(chunk).into()),
        Dtype::BF16 => numbers(bytes, |chunk| bf16::from_le_bytes(chunk).into()),
        _ => return None,
    })
}

fn unit_roundoff(dtype: Dtype, values: &[f64]) -> f64 {
    // Numbers that were stored in f32 first keep its rounding.
    let widened = || values.iter().all(|&value| f64::from(value as f32) == value);
    let digits = match dtype {
        Dtype::BF16 => 8,
        Dtype::F16 => 11,
        Dtype::F32 => 24,
        Dtype::F64 if widened() => 24,
        _ => 53,
    };
    0.5_f64.powi(digits)
}

/// Integers; those that f64 does not hold are no class anyway.
fn integers(view: &TensorView<'_>) -> Option<Vec<f64>> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::I64 => numbers(bytes, |chunk| i64::from_le_bytes(chunk) as f64),
        Dtype::U64 => numbers(bytes, |chunk| u64::from_le_bytes(chunk) as f64),
        Dtype::I32 => numbers(bytes, |chunk| i32::from_le_bytes(chunk).into()),
        Dtype::U32 => numbers(bytes, |chunk| u32::from_le_bytes(chunk).into()),
        Dtype::I16 => numbers(bytes, |chunk| i16::from_le_bytes(chunk).into()),
        Dtype::U16 => numbers(bytes, |chunk| u16::from_le_bytes(chunk).into()),
        Dtype::I8 => numbers(bytes, |chunk| i8::from_le_bytes(chunk).into()),
        Dtype::U8 | Dtype::BOOL => numbers(bytes, |chunk| u8::from_le_bytes(chunk).into()),
        _ => return None,
    })
}

fn numbers<const SIZE: usize>(bytes: &[u8], number: impl Fn([u8; SIZE]) -> f64) -> Vec<f64> {
    let chunks = bytes.as_chunks::<SIZE>().0;
    chunks.iter().map(|&chunk| number(chunk)).collect()
}
