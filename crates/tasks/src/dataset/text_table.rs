//! Opens a text table that is not a data set, such as an export of curves. Detects compression,
//! encoding, separator and decimal mark.

use std::borrow::Cow;

use super::{
    detect::{decimal_of_rows, separator_of},
    format::{Decimal, Separator},
    read,
    refusal::Refusal,
    text::{reader, separator_line, single_blanks},
};
use crate::unclosed_quote_between;

/// The text of a table, ready for a reader of CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTable {
    text: Vec<u8>,
    separator: Separator,
    decimal: Decimal,
    /// Number of lines before the table.
    skipped: u64,
}

/// Why a text is not a table: the line if known, the problem as the end of a sentence, and the
/// cure.
pub type NoTable = (Option<u64>, String, String);

impl TextTable {
    /// Opens the bytes of the file `path`, which may be compressed with gzip, in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// The text cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use layerwise_tasks::dataset::TextTable;
    ///
    /// let table = TextTable::open("a.csv", b"step;value\n0;0,5\n".to_vec()).unwrap();
    /// let record = table.reader().records().nth(1).unwrap().unwrap();
    /// assert_eq!(table.number(&record[1]), "0.5");
    /// ```
    pub fn open(path: &str, bytes: Vec<u8>) -> Result<Self, NoTable> {
        let refuse = |problem: String, cure: &str| (None, problem, cure.to_owned());
        let bytes = read::inflated(path, bytes).map_err(|p| refuse(p, "Write the file again"))?;
        let bytes = decoded(bytes).map_err(|p| refuse(p, "Save it as UTF-8"))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let (separator, bytes, skipped) = match separator_line(bytes) {
            Some((separator, rest)) => (separator, rest, 1),
            None => {
                let found = separator_of(bytes, "", None);
                let found = found.map_err(|r| refuse(r.problem, "Write commas between fields"))?;
                (found, bytes, 0)
            }
        };
        if let Some(line) = unclosed_quote_between(separator.byte(), bytes) {
            let problem = "is a quote that is not closed".to_owned();
            let cure = "Close the quote, or remove quotes: numbers need none.".to_owned();
            return Err((Some(line + skipped), problem, cure));
        }
        let mut table = Self {
            text: single_blanks(bytes, separator).into_owned(),
            separator,
            decimal: Decimal::Point,
            skipped,
        };
        // With comma separators, a number with a comma is quoted.
        let sign = if separator == Separator::COMMA {
            b'"'
        } else {
            b','
        };
        if table.text.contains(&sign) {
            let found = table.decimal_of_fields();
            let cure = "Write numbers with one decimal mark and without separators of thousands";
            table.decimal = found.map_err(|refusal| refuse(refusal.problem, cure))?;
        }
        Ok(table)
    }

    fn decimal_of_fields(&self) -> Result<Decimal, Refusal> {
        let mut records = self.reader().into_records();
        let columns = (records.next())
            .and_then(Result::ok)
            .map_or(0, |header| header.len());
        let features: Vec<usize> = (0..columns).collect();
        // Invalid CSV is reported when the records are read.
        let rows = records.map_while(Result::ok).map(|record| {
            let line = record.position().map_or(0, |place| self.line(place));
            Ok((line as usize, record))
        });
        decimal_of_rows(rows, &features)
    }

    /// A reader of the records, including the header.
    pub fn reader(&self) -> csv::Reader<&[u8]> {
        reader(&self.text, self.separator)
    }

    /// The line number in the file at a position of the reader.
    pub fn line(&self, place: &csv::Position) -> u64 {
        place.line() + self.skipped
    }

    /// The field with a decimal point, if it is a number.
    pub fn number<'a>(&self, field: &'a str) -> Cow<'a, str> {
        let is_number = self.decimal == Decimal::Comma
            && field.contains(',')
            && Decimal::Comma.number(field).is_some();
        match is_number {
            true => Cow::Owned(field.replace(',', ".")),
            false => Cow::Borrowed(field),
        }
    }
}

/// Converts a text to UTF-8 if its first two bytes declare it as UTF-16; other bytes are unchanged.
fn decoded(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let unit = match bytes.get(..2) {
        Some(b"\xff\xfe") => u16::from_le_bytes,
        Some(b"\xfe\xff") => u16::from_be_bytes,
        _ => return Ok(bytes),
    };
    let (pairs, rest) = bytes[2..].as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
        _ => Err("begins like UTF-16 text, but is not".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use super::*;

    /// The fields of all records.
    fn fields(path: &str, bytes: &[u8]) -> Vec<Vec<String>> {
        let table = TextTable::open(path, bytes.to_vec()).unwrap();
        let records = table.reader().into_records().map(|record| {
            let record = record.unwrap();
            let fields = record.iter().map(|field| table.number(field).into_owned());
            fields.collect()
        });
        records.collect()
    }

    #[test]
    fn the_same_table_is_read_however_it_is_written() {
        let plain = "Wall time,Step,Value\n1,0,0.25\n2,20,1e-3\n";
        let expected = fields("a.csv", plain.as_bytes());
        assert_eq!(expected[2], ["2", "20", "1e-3"]);
        let semicolons = "Wall time;Step;Value\r\n1;0;0,25\r\n2;20;1e-3\r\n";
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let text = format!("\u{feff}{semicolons}");
            text.encode_utf16().flat_map(unit).collect()
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(plain.as_bytes()).unwrap();
        for (path, bytes) in [
            ("a.csv", semicolons.as_bytes().to_vec()),
            ("a.csv", format!("sep=;\n{semicolons}").into_bytes()),
            ("a.csv", format!("\u{feff}{plain}").into_bytes()),
            ("a.tsv", plain.replace(',', "\t").into_bytes()),
            ("a.csv", plain.replace("0.25", "\"0,25\"").into_bytes()),
            ("a.csv", utf16(u16::to_le_bytes)),
            ("a.csv", utf16(u16::to_be_bytes)),
            ("a.csv.gz", gzip.finish().unwrap()),
        ] {
            assert_eq!(fields(path, &bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_refused() {
        for (text, part) in [
            ("step;value\n0;0,5\n1;0.5\n", "both"),
            ("step;value\n0;1,000\n", "may separate"),
            ("step;value\n0;\"1\n", "not closed"),
        ] {
            let (_, problem, _) = TextTable::open("a.csv", text.into()).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
