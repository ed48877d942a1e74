//! Reads arrays written by `numpy.save`, in either byte order and either order of dimensions.

use std::borrow::Cow;

use safetensors::Dtype;

use super::Stored;

/// First bytes of a file.
pub(crate) const SIGNATURE: &[u8] = b"\x93NUMPY";

/// Header of the file.
struct Header<'a> {
    /// Type, such as `<f8`, or a list of fields.
    descr: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

/// The array of a file. An array that does not hold numbers gives an error when it is used.
pub(super) fn read(bytes: Cow<'_, [u8]>) -> Result<Stored<'_>, String> {
    let broken = || "is not a complete .npy array: write it again with numpy.save".to_owned();
    let (start, text) = header_text(&bytes).ok_or_else(broken)?;
    let Header {
        descr,
        fortran,
        shape,
    } = header(&text).ok_or_else(broken)?;
    let (big_endian, dtype) = match number_type(descr) {
        Ok(found) => found,
        Err(problem) => {
            return Ok(Stored {
                dtype: Err(problem),
                shape,
                bytes: Cow::Borrowed(&[]),
            });
        }
    };
    let size = dtype.bitsize() / 8;
    let numbers = shape
        .iter()
        .try_fold(size, |all, &side| all.checked_mul(side));
    let end = numbers.and_then(|length| start.checked_add(length));
    if end != Some(bytes.len()) {
        return Err(format!(
            "has the shape {shape:?} and type {descr}, but {} bytes of numbers: write it again \
             with numpy.save",
            bytes.len() - start
        ));
    }
    let fortran = fortran && shape.len() > 1;
    let mut numbers = match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..]),
        Cow::Owned(mut bytes) => {
            bytes.drain(..start);
            Cow::Owned(bytes)
        }
    };
    if big_endian && size > 1 {
        numbers
            .to_mut()
            .chunks_exact_mut(size)
            .for_each(<[u8]>::reverse);
    }
    if fortran {
        numbers = Cow::Owned(last_dimension_fastest(&numbers, size, &shape));
    }
    Ok(Stored {
        dtype: Ok(dtype),
        shape,
        bytes: numbers,
    })
}

/// Position of the first number, and the text of the header.
fn header_text(bytes: &[u8]) -> Option<(usize, String)> {
    let rest = bytes.strip_prefix(SIGNATURE)?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    let (length, text) = match version[0] {
        1 => {
            let (length, text) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*length)), text)
        }
        2 | 3 => {
            let (length, text) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, text)
        }
        _ => return None,
    };
    let start = bytes.len() - text.len() + length;
    let text = String::from_utf8_lossy(text.get(..length)?).into_owned();
    Some((start, text))
}

/// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
fn header(text: &str) -> Option<Header<'_>> {
    let value = |key: &str| {
        let behind = text.split_once(&format!("'{key}'"))?.1;
        Some(behind.trim_start().strip_prefix(':')?.trim_start())
    };
    let descr = value("descr")?;
    let descr = match descr.strip_prefix('\'') {
        Some(name) => name.split_once('\'')?.0,
        None => "[fields]",
    };
    let fortran = match value("fortran_order")? {
        order if order.starts_with("True") => true,
        order if order.starts_with("False") => false,
        _ => return None,
    };
    let sides = value("shape")?.strip_prefix('(')?.split_once(')')?.0;
    let sides = sides
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    // Python 2 wrote 3L.
    let shape = sides.map(|side| side.trim_end_matches('L').parse().ok());
    Some(Header {
        descr,
        fortran,
        shape: shape.collect::<Option<_>>()?,
    })
}

/// Whether a number is stored with the highest byte first, and its type.
fn number_type(descr: &str) -> Result<(bool, Dtype), String> {
    let name = descr.trim_start_matches(['<', '>', '|', '=']);
    let dtype = match name {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        "b1" => Dtype::BOOL,
        _ => {
            let (holds, cure) = match name.chars().next() {
                Some('O') => (
                    "Python objects",
                    "Load it with allow_pickle=True and convert it with .astype('float64'), or \
                     .astype('int64') for labels",
                ),
                Some('U' | 'S') => (
                    "text",
                    "Number classes with numpy.unique(labels, return_inverse=True)[1]",
                ),
                Some('V') => (
                    "raw bytes (bfloat16 loses its name in NumPy's files)",
                    "Convert it with .astype('float32') before saving",
                ),
                Some('[') => ("records of several fields", "Save each field as an array"),
                _ => ("no real numbers", "Convert it with .astype('float64')"),
            };
            return Err(format!("holds {holds} (NumPy type {descr}). {cure}"));
        }
    };
    Ok((descr.starts_with('>'), dtype))
}

/// Reorders an array from first dimension fastest to last dimension fastest.
fn last_dimension_fastest(bytes: &[u8], size: usize, shape: &[usize]) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..bytes.len() / size {
        let at = (index.iter().zip(shape).rev()).fold(0, |at, (&i, &side)| at * side + i);
        ordered.extend_from_slice(&bytes[at * size..(at + 1) * size]);
        for (i, &side) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < side {
                break;
            }
            *i = 0;
        }
    }
    ordered
}
