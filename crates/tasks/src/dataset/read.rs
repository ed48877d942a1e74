//! Reads the file formats of data sets. Errors are the end of a sentence about the file.

use std::io::Read;

use flate2::bufread::GzDecoder;

use crate::unclosed_quote;

/// The first two bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Decompresses gzip, if the name or the content shows it. All members are concatenated, because a
/// file that was appended to has several.
pub(super) fn inflated(path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !path.to_ascii_lowercase().ends_with(".gz") && !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut inflated = Vec::new();
    let mut rest = &bytes[..];
    loop {
        let at = bytes.len() - rest.len();
        if at > 0 && !rest.starts_with(&GZIP) {
            return Err(format!(
                "has {} bytes after its gzip data, from byte {at} on, that are not gzip data",
                rest.len()
            ));
        }
        let mut member = GzDecoder::new(rest);
        member
            .read_to_end(&mut inflated)
            .map_err(|error| match at {
                0 => format!("is not a complete gzip file: {error}"),
                _ => format!("has a damaged gzip member from byte {at} on: {error}"),
            })?;
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(inflated);
        }
    }
}

fn closed(bytes: &[u8]) -> Result<(), String> {
    unclosed_quote(bytes).map_or(Ok(()), |line| {
        Err(format!("has a quote in line {line} that is not closed"))
    })
}

/// Rows of `features` numbers followed by a label.
pub(super) fn csv(bytes: &[u8], features: usize) -> Result<(Vec<f64>, Vec<u32>), String> {
    closed(bytes)?;
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(bytes);
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for (line, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| format!("is not CSV at line {line}: {error}"))?;
        if record.len() != features + 1 {
            return Err(format!(
                "has {} columns in line {line}, but {features} features and a label are expected",
                record.len()
            ));
        }
        for field in record.iter().take(features) {
            match field.trim().parse::<f64>() {
                Ok(value) if value.is_finite() => inputs.push(value),
                _ => {
                    return Err(format!(
                        "has {field:?} in line {line}, which is not a number"
                    ));
                }
            }
        }
        let label = record[features].trim();
        let number = label
            .parse::<f64>()
            .ok()
            .filter(|value| value.fract() == 0.0 && *value >= 0.0);
        match number {
            Some(value) => labels.push(value as u32),
            None => {
                return Err(format!(
                    "has the label {label:?} in line {line}, which is not a class"
                ));
            }
        }
    }
    Ok((inputs, labels))
}

/// Type byte of unsigned bytes.
const UNSIGNED_BYTES: u8 = 8;

/// An IDX array of unsigned bytes with `rows` rows of `columns` numbers.
pub(super) fn idx(bytes: &[u8], rows: usize, columns: usize) -> Result<Vec<f64>, String> {
    let (sizes, numbers) = array(bytes)?;
    if sizes.first() != Some(&rows) || numbers.len() != rows * columns {
        return Err(format!(
            "has the shape {sizes:?} and {} numbers, but {rows} rows of {columns} are expected",
            numbers.len()
        ));
    }
    Ok(numbers.iter().map(|byte| f64::from(*byte)).collect())
}

/// Shape and numbers of an IDX array of unsigned bytes.
///
/// Layout: two zero bytes, the type, the number of dimensions, their sizes as big-endian 32-bit
/// words, and the numbers.
pub(super) fn array(bytes: &[u8]) -> Result<(Vec<usize>, &[u8]), String> {
    let [0, 0, kind, dimensions, rest @ ..] = bytes else {
        return Err("is not an IDX file".to_owned());
    };
    if *kind != UNSIGNED_BYTES {
        return Err(format!(
            "is not an IDX file of unsigned bytes but of type {kind}"
        ));
    }
    let dimensions = usize::from(*dimensions);
    let Some((sizes, numbers)) = rest.split_at_checked(4 * dimensions) else {
        return Err("is not an IDX file: it ends within its header".to_owned());
    };
    let size = |word: &[u8]| {
        word.iter()
            .fold(0, |size, byte| size << 8 | usize::from(*byte))
    };
    let sizes: Vec<usize> = sizes.chunks_exact(4).map(size).collect();
    // The product of the sizes in a damaged header may overflow.
    let all = (sizes.iter()).try_fold(1, |all: usize, &size| all.checked_mul(size));
    if sizes.is_empty() || all != Some(numbers.len()) {
        return Err(format!(
            "has the shape {sizes:?}, but {} numbers",
            numbers.len()
        ));
    }
    Ok((sizes, numbers))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_no_table_is_said_with_its_line() {
        let read = |text: &str| csv(text.as_bytes(), 2);
        assert_eq!(
            read("1,2.5,0\n-3,4,1\n").unwrap(),
            (vec![1.0, 2.5, -3.0, 4.0], vec![0, 1])
        );
        for (text, problem) in [
            ("1,2,0\n1,2\n", "line 2"),
            ("1,x,0\n", "\"x\""),
            ("1,inf,0\n", "\"inf\""),
            ("1,2,0.5\n", "0.5"),
            ("1,2,-1\n", "-1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn what_is_no_idx_array_is_said() {
        let bytes = |header: &[u8], numbers: &[u8]| [header, numbers].concat();
        let header = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3];
        let good = bytes(&header, &[1, 2, 3, 4, 5, 255]);
        assert_eq!(idx(&good, 2, 3).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 255.0]);
        assert!(idx(&good, 3, 2).unwrap_err().contains("[2, 3]"));
        assert!(idx(&good[..15], 2, 3).unwrap_err().contains("3 numbers"));
        assert!(idx(&good[..7], 2, 3).unwrap_err().contains("header"));
        assert!(
            idx(&[1, 0, 8, 1], 1, 1)
                .unwrap_err()
                .contains("not an IDX file")
        );
        assert!(
            idx(&[0, 0, 13, 1, 0, 0, 0, 0], 0, 1)
                .unwrap_err()
                .contains("type 13")
        );
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read_and_nothing_else_stands_behind_them() {
        let member = |text: &[u8]| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(text).unwrap();
            gzip.finish().unwrap()
        };
        let (one, two) = (member(b"a,b\n1,2\n"), member(b"3,4\n"));
        for name in ["a.csv.gz", "A.CSV.GZ", "a.csv"] {
            let read = inflated(name, [&one[..], &two].concat());
            assert_eq!(read.unwrap(), b"a,b\n1,2\n3,4\n");
        }
        assert_eq!(inflated("a.gz", member(b"")).unwrap(), b"");
        assert_eq!(inflated("a.csv", vec![1, 2]).unwrap(), [1, 2]);
        let cut = &two[..two.len() - 3];
        for (bytes, says) in [
            (vec![1, 2, 3], "not a complete gzip file"),
            (vec![], "not a complete gzip file"),
            (one[..9].to_vec(), "not a complete gzip file"),
            ([&one[..], &[0; 512]].concat(), "512 bytes after"),
            ([&one[..], b"5,6\n"].concat(), "4 bytes after"),
            ([&one[..], cut].concat(), "damaged gzip member from byte"),
        ] {
            let error = inflated("a.csv.gz", bytes).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
