//! The bytes of a table of text, before its format is known.

use std::borrow::Cow;

use super::{format::Separator, refusal::Refusal};

/// A reader of the records of a text, including the header.
pub(super) fn reader(text: &[u8], separator: Separator) -> csv::Reader<&[u8]> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true);
    reader.delimiter(separator.byte()).from_reader(text)
}

/// Checks that the bytes may be text.
pub(super) fn check_text(bytes: &[u8]) -> Result<(), Refusal> {
    const FORMATS: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a zip archive, like .xlsx and .npz files"),
        (b"\xd0\xcf\x11\xe0", "an old Excel file"),
        (b"PAR1\x15", "a Parquet file"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"BZh91AY", "compressed with bzip2"),
        (b"\xfd7zXZ", "compressed with xz"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    ];
    let cure =
        "Save it as CSV in UTF-8, for example with pandas: to_csv(\"rows.csv\", index=False)";
    if let Some((_, what)) = FORMATS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Refusal::new(
            format!("is {what}, not a table of text"),
            cure,
        ));
    }
    if bytes.starts_with(b"version https://git-lfs") {
        let problem = "is a Git LFS pointer, not the file itself";
        return Err(Refusal::new(problem, "Get the file with `git lfs pull`"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Refusal::new("is UTF-16 text", cure));
    }
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => Err(Refusal::new(
            format!("is not a table of text: byte {at} is 0"),
            cure,
        )),
        None => Ok(()),
    }
}

/// The separator in a first line such as `sep=;`, and the text after that line.
pub(super) fn separator_line(text: &[u8]) -> Option<(Separator, &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    let (line, rest) = text.split_at(end);
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (name, value) = line.split_at_checked(4)?;
    if !name.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    let value = value.strip_suffix(b"\"").unwrap_or(value);
    let separator = std::str::from_utf8(value).ok()?.parse().ok()?;
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    Some((separator, rest.strip_prefix(b"\n").unwrap_or(rest)))
}

/// A text with runs of blanks as separators, with each run replaced by one blank.
pub(super) fn single_blanks(text: &[u8], separator: Separator) -> Cow<'_, [u8]> {
    if separator != Separator::BLANKS {
        return Cow::Borrowed(text);
    }
    let mut single: Vec<u8> = Vec::with_capacity(text.len());
    let (mut quoted, mut blank) = (false, false);
    for &byte in text {
        quoted ^= byte == b'"';
        if !quoted && matches!(byte, b' ' | b'\t') {
            blank = true;
            continue;
        }
        let at_edge =
            matches!(byte, b'\n' | b'\r') || matches!(single.last(), None | Some(b'\n' | b'\r'));
        if std::mem::take(&mut blank) && !at_edge {
            single.push(b' ');
        }
        single.push(byte);
    }
    Cow::Owned(single)
}
