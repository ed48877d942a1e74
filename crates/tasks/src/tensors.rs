//! Reads tensors of a file as f64: safetensors, sharded safetensors by their index, and NumPy's
//! `.npz` and `.npy`.

mod file;
pub(crate) mod npy;
mod precision;
pub(crate) mod zip;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::Path,
};

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

use crate::file_kind::no_tensors;

pub use file::{TensorFile, is_shard};

/// Largest allowed absolute value, so that sums of fourth powers stay within f64.
pub const LARGEST: f64 = 1e70;

/// A problem with a file or one of its tensors, without the name of the file.
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
    /// Unit roundoff of the coarsest format that holds all entries: the largest relative change by
    /// rounding to it. It is 2⁻⁸ for bf16, 2⁻¹¹ for f16 and tf32, 2⁻²⁴ for f32, and 2⁻⁵³ for f64
    /// and for exact numbers such as integers.
    pub unit_roundoff: f64,
}

/// The tensors of a file, by name.
#[derive(Debug, Default)]
pub struct Tensors<'a> {
    stored: BTreeMap<String, Stored<'a>>,
    metadata: HashMap<String, String>,
}

/// A stored tensor: row-major, with the lowest byte of a number first.
#[derive(Debug)]
struct Stored<'a> {
    /// Its type, or the reason why its entries are not numbers.
    dtype: Result<Dtype, String>,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Tensors<'a> {
    /// Reads the header of a safetensors file, or the arrays of a `.npz` file.
    ///
    /// # Errors
    /// The bytes are neither of these, or incomplete.
    pub fn open(bytes: &'a [u8]) -> Result<Self, TensorError> {
        Self::named(Path::new("net"), bytes)
    }

    /// Tensors of the file at `path`, which is named in messages.
    fn named(path: &Path, bytes: &'a [u8]) -> Result<Self, TensorError> {
        if bytes.starts_with(npy::SIGNATURE) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let array = npy::read(Cow::Borrowed(bytes)).map_err(TensorError)?;
            return Ok(Self {
                stored: BTreeMap::from([(name.into_owned(), array)]),
                ..Self::default()
            });
        }
        let file = match SafeTensors::deserialize(bytes) {
            Ok(file) => file,
            Err(error) => {
                // The kind of the file is more helpful than the parser error.
                if let Some(problem) = no_tensors(path, bytes) {
                    return Err(TensorError(problem));
                }
                if bytes.starts_with(zip::SIGNATURE) {
                    return Self::of_archive(bytes).map_err(TensorError);
                }
                return Err(Self::broken(&error));
            }
        };
        let header = SafeTensors::read_metadata(bytes).map_err(|error| Self::broken(&error))?;
        let stored = file.iter().map(|(name, view)| {
            let stored = Stored {
                dtype: Ok(view.dtype()),
                shape: view.shape().to_vec(),
                bytes: Cow::Borrowed(view.data()),
            };
            (name.to_owned(), stored)
        });
        Ok(Self {
            stored: stored.collect(),
            metadata: header.1.metadata().clone().unwrap_or_default(),
        })
    }

    fn broken(error: &safetensors::SafeTensorError) -> TensorError {
        // A name inside the file may contain anything, including line breaks.
        let text = error.to_string().replace(char::is_control, " ");
        TensorError(format!(
            "is not a complete safetensors file: {text}. Write it again with \
             safetensors.torch.save_file"
        ))
    }

    /// Arrays written by `numpy.savez`.
    fn of_archive(bytes: &'a [u8]) -> Result<Self, String> {
        let again = "Write it again with numpy.savez";
        let members = zip::Member::all(bytes)
            .ok_or_else(|| format!("is not a complete .npz file. {again}"))?;
        let mut tensors = Self::default();
        for member in members {
            let Some(name) = member.name.strip_suffix(".npy") else {
                continue;
            };
            let content = member.content();
            let content = content.map_err(|problem| format!("{problem}. {again}"))?;
            let array = npy::read(content).map_err(|problem| format!("{name:?} {problem}"))?;
            if tensors.stored.insert(name.to_owned(), array).is_some() {
                return Err(format!("holds {name:?} twice. {again}"));
            }
        }
        Ok(tensors)
    }

    /// Adds a tensor of another file under `name`: its only tensor, or the tensor with this name.
    ///
    /// # Errors
    /// The other file has no such tensor, or this file already has one.
    pub fn join(&mut self, name: &str, mut other: Self) -> Result<(), TensorError> {
        let found = match other.stored.remove(name) {
            Some(found) => Some(found),
            None if other.stored.len() == 1 => other.stored.pop_first().map(|(_, found)| found),
            None => None,
        };
        let found = found.ok_or_else(|| {
            let names = quoted(&other.names());
            TensorError(format!("has no tensor {name:?}, only {names}"))
        })?;
        if self.stored.insert(name.to_owned(), found).is_some() {
            return Err(TensorError(format!(
                "gives {name:?}, but the file already has them"
            )));
        }
        Ok(())
    }

    /// Renames the only tensor; does nothing if there are several.
    pub fn rename_only(&mut self, name: &str) {
        if self.stored.len() == 1
            && let Some((_, stored)) = self.stored.pop_first()
        {
            self.stored.insert(name.to_owned(), stored);
        }
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.stored.contains_key(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.stored.keys().map(String::as_str).collect()
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
        Ok(self.stored(name)?.shape.clone())
    }

    /// Reads an array of finite floating-point numbers.
    ///
    /// # Errors
    /// There is no such tensor, it has another type, or a number is not finite or is above
    /// [`LARGEST`].
    pub fn array(&self, name: &str) -> Result<Array, TensorError> {
        self.numbers(name, false).map_err(TensorError)
    }

    /// The same, but integers are also allowed, for pixels and counts (not for weights).
    ///
    /// # Errors
    /// See [`Self::array`].
    pub fn array_or_integers(&self, name: &str) -> Result<Array, TensorError> {
        self.numbers(name, true).map_err(TensorError)
    }

    fn numbers(&self, name: &str, or_integers: bool) -> Result<Array, String> {
        let stored = self.stored(name)?;
        let dtype = stored.dtype(name)?;
        let values = floats(dtype, &stored.bytes);
        let values = values.or_else(|| integers(dtype, &stored.bytes).filter(|_| or_integers));
        let values = values.ok_or_else(|| {
            format!(
                "{name:?} is of type {dtype}: must be F64, F32, F16 or BF16. Convert it with \
                 .float(), in NumPy with .astype(float)"
            )
        })?;
        let unit_roundoff = check_numbers(name, &stored.shape, values.iter().copied(), 53);
        Ok(Array {
            name: name.to_owned(),
            shape: stored.shape.clone(),
            unit_roundoff: unit_roundoff?,
            values,
        })
    }

    /// Reads classes of rows: integers, or whole numbers in floating point.
    ///
    /// # Errors
    /// There is no such tensor, it has another type, or an entry is not a class.
    pub fn labels(&self, name: &str) -> Result<Vec<u32>, TensorError> {
        self.classes(name).map_err(TensorError)
    }

    fn classes(&self, name: &str) -> Result<Vec<u32>, String> {
        let stored = self.stored(name)?;
        let dtype = stored.dtype(name)?;
        let values = integers(dtype, &stored.bytes).or_else(|| floats(dtype, &stored.bytes));
        let values = values.ok_or_else(|| {
            format!(
                "{name:?} is of type {dtype}: must be integers. Convert it with .long(), in NumPy \
                 with .astype(int)"
            )
        })?;
        classes_of(name, values)
    }

    fn stored(&self, name: &str) -> Result<&Stored<'a>, TensorError> {
        self.stored.get(name).ok_or_else(|| {
            let names = quoted(&self.names());
            TensorError(format!("has no tensor {name:?}, only {names}"))
        })
    }
}

impl Stored<'_> {
    fn dtype(&self, name: &str) -> Result<Dtype, String> {
        let dtype = self.dtype.clone();
        dtype.map_err(|problem| format!("{name:?} {problem}"))
    }
}

/// Checks that every number of the array `name` is finite and not too large, and returns their unit
/// roundoff, as in [`Array`]. They are stored with this number of significant binary `digits`, 24 for f32
/// and 53 for f64.
///
/// # Errors
/// The first number that is not.
pub fn check_numbers(
    name: &str,
    shape: &[usize],
    values: impl Iterator<Item = f64> + Clone,
    digits: i32,
) -> Result<f64, String> {
    let usable = |value: f64| value.abs() <= LARGEST;
    let mut wrong = values.clone().enumerate();
    if let Some((at, value)) = wrong.find(|(_, value)| !usable(*value)) {
        return Err(format!(
            "{name:?}{} is {value:?}: must be a finite number of at most {LARGEST:e} in size",
            place(at, shape)
        ));
    }
    Ok(precision::unit_roundoff(values, digits))
}

/// The numbers of the array `name` as classes.
///
/// # Errors
/// The first number that is not a class.
pub fn classes_of(name: &str, values: impl IntoIterator<Item = f64>) -> Result<Vec<u32>, String> {
    let label = |(at, value): (usize, f64)| {
        let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
        whole.then_some(value as u32).ok_or_else(|| {
            format!(
                "{name:?}[{at}] is {value}: must be a class, a whole number from 0. Renumber the \
                 classes with numpy.unique(labels, return_inverse=True)[1]"
            )
        })
    };
    values.into_iter().enumerate().map(label).collect()
}

/// Names for a message, shortened if there are many.
pub fn quoted(names: &[&str]) -> String {
    /// Number of names that fit on a line.
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("{n:?}")).collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// The position of an entry of a row-major array, as `[row, column]`.
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

fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    Some(match dtype {
        Dtype::F64 => numbers(bytes, f64::from_le_bytes),
        Dtype::F32 => numbers(bytes, |chunk| f32::from_le_bytes(chunk).into()),
        Dtype::F16 => numbers(bytes, |chunk| f16::from_le_bytes(chunk).into()),
        Dtype::BF16 => numbers(bytes, |chunk| bf16::from_le_bytes(chunk).into()),
        _ => return None,
    })
}

/// Integers as f64. Integers that f64 cannot represent are too large for a class.
fn integers(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    Some(match dtype {
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
