//! File formats of data sets. Errors are the end of a sentence about the file.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::unclosed_quote;

/// The bytes behind gzip, if the name says so.
pub(super) fn inflated(path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !path.ends_with(".gz") {
        return Ok(bytes);
    }
    let mut inflated = Vec::new();
    let read = GzDecoder::new(&bytes[..]).read_to_end(&mut inflated);
    read.map_err(|error| format!("is not a gzip file: {error}"))?;
    Ok(inflated)
}

fn closed(bytes: &[u8]) -> Result<(), String> {
    unclosed_quote(bytes).map_or(Ok(()), |line| {
        Err(format!("has a quote in line {line} that is never closed"))
    })
}

/// Rows of `features` numbers with a label behind them.
pub(super) fn csv(bytes: &[u8], features: usize) -> Result<(Vec<f64>, Vec<u32>), String> {
    closed(bytes)?;
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(bytes);
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for (line, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| format!("is not CSV at line {line}: {error}"))?;
        if record.len() != features + 1 {
            return Err(format!(
                "has {} columns in line {line}, and {features} features and a label are expected",
                record.len()
            ));
        }
        for field in record.iter().take(features) {
            match field.trim().parse::<f64>() {
                Ok(value) if value.is_finite() => inputs.push(value),
                _ => return Err(format!("has {field:?} in line {line}, which is no number")),
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
                    "has the label {label:?} in line {line}, which is no class"
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
            "has the shape {sizes:?} and {} numbers, and {rows} rows of {columns} are expected",
            numbers.len()
        ));
    }
    Ok(numbers.iter().map(|byte| f64::from(*byte)).collect())
}

/// Shape and numbers of an IDX array of unsigned bytes.
///
/// Two zero bytes, the type, the number of dimensions, their sizes as big-endian 32-bit words, the
/// numbers.
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
    // A damaged header may ask for more than there is room to count.
    let all = (sizes.iter()).try_fold(1, |all: usize, &size| all.checked_mul(size));
    if sizes.is_empty() || all != Some(numbers.len()) {
        return Err(format!(
            "has the shape {sizes:?} and {} numbers, which do not fit",
            numbers.len()
        ));
    }
    Ok((sizes, numbers))
}

/// A table with named columns.
pub(super) struct Table {
    /// Names of the features.
    pub(super) names: Vec<String>,
    /// `[N, D]`.
    pub(super) inputs: Vec<f64>,
    /// As written.
    pub(super) labels: Vec<String>,
}

/// A CSV file with a header line; the column `label` holds the classes and all others numbers.
pub(super) fn table(bytes: &[u8], label: &str) -> Result<Table, String> {
    closed(bytes)?;
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.byte_records();
    let text = |field: &[u8], line: usize| match std::str::from_utf8(field) {
        Ok(text) => Ok(text.trim().trim_start_matches('\u{feff}').to_owned()),
        Err(_) => Err(format!("is not UTF-8 text in line {line}")),
    };
    let header = match records.next() {
        Some(record) => record.map_err(|error| format!("is not CSV at line 1: {error}"))?,
        None => csv::ByteRecord::new(),
    };
    let header: Vec<String> = header
        .iter()
        .map(|field| text(field, 1))
        .collect::<Result<_, _>>()?;
    if let Some((_, name)) =
        (header.iter().enumerate()).find(|(at, name)| header[..*at].contains(name))
    {
        return Err(format!("names the column {name:?} twice"));
    }
    let Some(own) = header.iter().position(|name| name == label) else {
        return Err(format!(
            "has no column {label:?}; its columns are {}",
            header.join(", ")
        ));
    };
    let mut table = Table {
        names: header
            .iter()
            .filter(|name| *name != label)
            .cloned()
            .collect(),
        inputs: Vec::new(),
        labels: Vec::new(),
    };
    for record in records {
        let at = table.labels.len() + 2;
        let record = record.map_err(|error| format!("is not CSV at line {at}: {error}"))?;
        let line = record
            .position()
            .map_or(at, |position| position.line() as usize);
        if record.len() != header.len() {
            return Err(format!(
                "has {} fields in line {line}, and {} columns",
                record.len(),
                header.len()
            ));
        }
        for (column, field) in record.iter().enumerate() {
            let (field, name) = (text(field, line)?, &header[column]);
            let missing = ["", "na", "nan", "?", "null"].contains(&field.to_lowercase().as_str());
            if missing {
                return Err(format!(
                    "has no value in line {line}, column {name:?}; take the row out or fill it"
                ));
            }
            if column == own {
                table.labels.push(field);
                continue;
            }
            match field.parse::<f64>() {
                Ok(value) if value.is_finite() => table.inputs.push(value),
                _ => {
                    return Err(format!(
                        "has {field:?} in line {line}, column {name:?}, which is no finite number"
                    ));
                }
            }
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
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
        assert!(
            inflated("a.gz", vec![1, 2, 3])
                .unwrap_err()
                .contains("gzip")
        );
        assert_eq!(inflated("a.csv", vec![1, 2]).unwrap(), [1, 2]);
    }
}
