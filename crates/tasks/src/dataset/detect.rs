//! Detects the format of a table: separator, header line and decimal mark.

use csv::StringRecord;

use super::{
    format::{Decimal, Separator},
    refusal::Refusal,
    text::{reader, single_blanks},
};

/// Number of lines from which the separator is detected.
const LOOKED_AT: usize = 50;

/// Detects the separator of a text: the one that makes `label` one of several columns, or without a
/// header, the one that gives the most numbers.
pub(super) fn separator_of(
    text: &[u8],
    label: &str,
    header: Option<bool>,
) -> Result<Separator, Refusal> {
    let text = first_lines(text);
    let candidates = Separator::USUAL.into_iter().chain([Separator::BLANKS]);
    if header == Some(false) {
        let found: Vec<_> = candidates
            .map(|separator| (separator, numbers(text, separator)))
            .collect();
        let most = found.iter().map(|(_, numbers)| *numbers).max().unwrap_or(0);
        let best: Vec<Separator> = (found.into_iter())
            .filter(|(_, numbers)| *numbers == most && most > 0)
            .map(|(separator, _)| separator)
            .collect();
        return one_of(&best, Separator::COMMA);
    }
    let mut headers: Vec<(Separator, Vec<String>)> = candidates
        .map(|separator| {
            let first = records(text, separator, 1).into_iter().next();
            (separator, first.unwrap_or_default())
        })
        .filter(|(_, names)| names.len() > 1)
        .collect();
    // Names of columns may contain blanks.
    if headers.len() > 1 {
        headers.retain(|(separator, _)| *separator != Separator::BLANKS);
    }
    let fits = |(_, names): &&(Separator, Vec<String>)| names.iter().any(|name| name == label);
    let best: Vec<Separator> = headers.iter().filter(fits).map(|(s, _)| *s).collect();
    // Among equal counts the first separator wins.
    let most = headers.iter().rev().max_by_key(|(_, names)| names.len());
    one_of(
        &best,
        most.map_or(Separator::COMMA, |(separator, _)| *separator),
    )
}

fn one_of(best: &[Separator], otherwise: Separator) -> Result<Separator, Refusal> {
    match best {
        [] => Ok(otherwise),
        [one] => Ok(*one),
        several => {
            let several = several
                .iter()
                .map(|one| format!("{:?}", String::from(*one)));
            let several: Vec<String> = several.collect();
            let problem = format!("may use {} as separator", several.join(" or "));
            let cure = "Give the separator with --separator (separator in a spec)";
            Err(Refusal::new(problem, cure))
        }
    }
}

/// The first lines of a text, which are used for detection.
fn first_lines(text: &[u8]) -> &[u8] {
    let mut ends = (0..text.len()).filter(|&at| text[at] == b'\n');
    ends.nth(LOOKED_AT - 1).map_or(text, |end| &text[..=end])
}

/// The first records of a text; empty if the bytes are not text.
fn records(text: &[u8], separator: Separator, count: usize) -> Vec<Vec<String>> {
    let text = single_blanks(text, separator);
    let mut reader = reader(&text, separator);
    let records = reader.records().take(count);
    let fields = |record: StringRecord| record.iter().map(|x| x.trim().to_owned()).collect();
    records.map_while(Result::ok).map(fields).collect()
}

/// Number of numeric fields in the first rows; 0 unless all rows have the same number of fields, at
/// least two.
fn numbers(text: &[u8], separator: Separator) -> usize {
    let rows = records(text, separator, usize::MAX);
    let columns = rows.first().map_or(0, Vec::len);
    if columns < 2 || rows.iter().any(|row| row.len() != columns) {
        return 0;
    }
    let is_number = |field: &&String| {
        let marks = [Decimal::Point, Decimal::Comma];
        marks.iter().any(|mark| mark.number(field).is_some())
    };
    rows.iter().flatten().filter(is_number).count()
}

/// Whether the first line of a table holds column names. A name is not a number, except if the
/// names count (0, 1, 2, …) or increase, as years and wavelengths do.
pub(super) fn names_columns(first: &[String], label: &str) -> bool {
    let number = |name: &str| Decimal::Point.number(name).or(Decimal::Comma.number(name));
    if !first.iter().any(|name| name == label) {
        return first.iter().all(|name| number(name).is_none());
    }
    // The index column of a data frame has no name.
    let unnamed = usize::from(first.first().is_some_and(String::is_empty));
    let names = first[unnamed..].iter();
    let others = names.clone().filter(|name| *name != label);
    let Some(others) = others
        .map(|name| number(name))
        .collect::<Option<Vec<f64>>>()
    else {
        return true;
    };
    if number(label).is_none() {
        return others.is_sorted_by(|a, b| a < b);
    }
    let all: Vec<f64> = names.filter_map(|name| number(name)).collect();
    all.is_sorted_by(|a, b| a + 1.0 == *b)
}

/// Detects the decimal mark of the columns `features`.
pub(super) fn decimal_of_rows(
    rows: impl Iterator<Item = Result<(usize, StringRecord), Refusal>>,
    features: &[usize],
) -> Result<Decimal, Refusal> {
    let (mut point, mut comma, mut either) = (None, None, None);
    for row in rows {
        let (line, row) = row?;
        for field in features.iter().filter_map(|&column| row.get(column)) {
            let field = field.trim();
            let kind = match (field.contains('.'), field.contains(',')) {
                (true, false) if Decimal::Point.number(field).is_some() => &mut point,
                (false, true) if groups_of_thousands(field) => &mut either,
                (false, true) if Decimal::Comma.number(field).is_some() => &mut comma,
                _ => continue,
            };
            kind.get_or_insert_with(|| format!("{field:?} in line {line}"));
        }
    }
    let cure = "Write numbers with one decimal mark and without separators of thousands";
    match (point, comma.as_ref().or(either.as_ref())) {
        (_, None) => Ok(Decimal::Point),
        (Some(point), Some(other)) => {
            Err(Refusal::new(format!("has both {point} and {other}"), cure))
        }
        (None, Some(_)) if comma.is_some() => Ok(Decimal::Comma),
        (None, Some(other)) => Err(Refusal::new(
            format!("has {other}, in which the comma may separate thousands or decimals"),
            "Remove separators of thousands, or give --decimal , (decimal = \",\" in a spec) if \
             the comma is the decimal mark",
        )),
    }
}

/// Whether a number with commas may be a whole number with commas between thousands.
fn groups_of_thousands(field: &str) -> bool {
    let digits = field.trim_start_matches(['+', '-']);
    let mut groups = digits.split(',');
    let first = groups.next().unwrap_or_default();
    let all_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && all_digits(first)
        && groups.all(|group| group.len() == 3 && all_digits(group))
}
