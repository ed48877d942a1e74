//! Reads a user's table: text with a separator between fields and one row per line.
//!
//! Options that the caller leaves open (separator, decimal mark, row numbers) are detected from the
//! text. An ambiguous text is refused.

use std::borrow::Cow;

use csv::StringRecord;

use super::{
    detect::{decimal_of_rows, names_columns, separator_of},
    format::{Decimal, RowNumbers, Separator, TableFormat},
    refusal::Refusal,
    row_numbers::{counts_rows, is_unnamed, numbers_rows_by_name},
    text::{check_text, reader, separator_line, single_blanks},
};
use crate::unclosed_quote_between;

/// A table with named columns.
#[derive(Debug)]
pub(super) struct Table {
    /// Names of the features.
    pub(super) names: Vec<String>,
    /// `[N, D]`.
    pub(super) inputs: Vec<f64>,
    /// Labels as written.
    pub(super) labels: Vec<String>,
    /// Separator with which the text was read.
    pub(super) separator: Separator,
    /// Decimal mark with which the numbers were read.
    pub(super) decimal: Decimal,
    /// Whether columns of row numbers were left out.
    pub(super) dropped: bool,
    /// Assumptions, each the end of a sentence about the file.
    pub(super) notes: Vec<String>,
}

impl Table {
    /// Reads a table. Its column `label` holds the classes; all other columns hold numbers.
    pub(super) fn read(bytes: &[u8], label: &str, format: &TableFormat) -> Result<Self, Refusal> {
        let text = Text::of(bytes, label, format)?;
        let header = text.header(label, format.header)?;
        let drop = format.header != Some(false) && format.index != Some(RowNumbers::Keep);
        let skipped = if drop {
            numbers_rows_by_name(&header, label)
        } else {
            vec![false; header.len()]
        };
        let with_header = format.header != Some(false);
        let empty = text.empty_columns(&header, label, with_header)?;
        let is_feature = |column: &usize| {
            !skipped[*column] && !empty.contains(column) && header[*column] != label
        };
        let features: Vec<usize> = (0..header.len()).filter(is_feature).collect();
        let decimal = match format.decimal {
            Some(decimal) => decimal,
            None if text.has_commas_in_fields() => {
                decimal_of_rows(text.rows(&header, with_header), &features)?
            }
            None => Decimal::Point,
        };
        let mut table = Self {
            names: (features.iter().map(|&column| header[column].clone())).collect(),
            inputs: Vec::new(),
            labels: Vec::new(),
            separator: text.separator,
            decimal,
            dropped: skipped.contains(&true),
            notes: Vec::new(),
        };
        for row in text.rows(&header, with_header) {
            let (line, fields) = row?;
            table.push(line, &fields, &header, &features, label)?;
        }
        table.say_format(format);
        for &column in &empty {
            let name = &header[column];
            let note = format!("has no value in any row of column {name:?}, which is left out");
            table.notes.push(note);
        }
        if format.index != Some(RowNumbers::Keep) {
            table.say_row_numbers(&header, &skipped, drop);
        }
        Ok(table)
    }

    /// The format in which the table was read: the options of the user, and detected options that
    /// differ from the usual ones.
    pub(super) fn format(&self, wanted: &TableFormat) -> TableFormat {
        let separator = Some(self.separator).filter(|found| *found != Separator::COMMA);
        let decimal = Some(self.decimal).filter(|found| *found != Decimal::Point);
        TableFormat {
            separator: wanted.separator.or(separator),
            decimal: wanted.decimal.or(decimal),
            header: wanted.header,
            index: wanted.index.or(self.dropped.then_some(RowNumbers::Drop)),
        }
    }

    fn push(
        &mut self,
        line: usize,
        fields: &StringRecord,
        header: &[String],
        features: &[usize],
        label: &str,
    ) -> Result<(), Refusal> {
        let mut features = features.iter().copied().peekable();
        for (column, field) in fields.iter().enumerate() {
            let (field, name) = (field.trim(), &header[column]);
            let is_feature = features.next_if_eq(&column).is_some();
            if !is_feature && name != label {
                continue;
            }
            let value = self.decimal.number(field);
            if let (Some(value), true) = (value, is_feature) {
                self.inputs.push(value);
                continue;
            }
            if ["", "na", "n/a", "nan", "?", "null"].contains(&&*field.to_lowercase()) {
                let problem = format!("has no value in line {line}, column {name:?}");
                return Err(Refusal::new(
                    problem,
                    "Remove the row, or fill in the value",
                ));
            }
            if is_feature {
                let problem = format!(
                    "has {field:?} in line {line}, column {name:?}, which is not a finite number \
                     with the decimal mark {:?}",
                    String::from(self.decimal)
                );
                let cure = if field.contains(',') && self.separator == Separator::COMMA {
                    "Remove commas between thousands; if the comma is the decimal mark, give \
                     --decimal , (decimal = \",\" in a spec)"
                } else {
                    "Correct the value, remove the column, or give the decimal mark of all rows \
                     with --decimal (decimal in a spec)"
                };
                return Err(Refusal::new(problem, cure));
            }
            self.labels.push(field.to_owned());
        }
        Ok(())
    }

    /// Adds a note about the detected format, unless it is the usual one.
    fn say_format(&mut self, format: &TableFormat) {
        let separator = self.separator != Separator::COMMA && format.separator.is_none();
        let decimal = self.decimal != Decimal::Point && format.decimal.is_none();
        if separator || decimal {
            self.notes.push(format!(
                "is read with the separator {:?} and the decimal mark {:?}, which were detected; \
                 to change them, use --separator and --decimal, or separator and decimal in a spec",
                String::from(self.separator),
                String::from(self.decimal)
            ));
        }
    }

    /// Adds notes about columns of row numbers; `skipped` are those left out because of their
    /// names. The first feature is left out as well, if both its name and its content mean row
    /// numbers.
    fn say_row_numbers(&mut self, header: &[String], skipped: &[bool], drop: bool) {
        let mut left_out: Vec<String> = (header.iter().zip(skipped))
            .filter(|(_, skipped)| **skipped)
            .map(|(name, _)| name.clone())
            .collect();
        let counts = counts_rows(&self.names, &self.inputs);
        let certain = |(at, found): &(usize, &(usize, bool))| drop && **found == (*at, true);
        let first = counts.iter().enumerate().take_while(certain).count();
        let width = self.names.len();
        if first > 0 {
            let inputs = self.inputs.iter().enumerate();
            let others = inputs.filter(|(at, _)| at % width >= first);
            self.inputs = others.map(|(_, value)| *value).collect();
        }
        for (column, _) in &counts[first..] {
            let name = &self.names[*column];
            self.notes.push(format!(
                "has a different whole number in every row of column {name:?}, which is kept as a \
                 feature; if these are row numbers, remove the column from the file, otherwise \
                 confirm with --keep-index, or index = \"keep\" in a spec"
            ));
        }
        let counted = |at: usize| counts.iter().any(|(column, _)| *column == at);
        for (at, name) in self.names.iter().enumerate() {
            if is_unnamed(name) && !counted(at) {
                self.notes.push(format!(
                    "has a column without a name ({name:?}), which is kept as a feature; remove \
                     it from the file if it is not a feature"
                ));
            }
        }
        left_out.extend(self.names.drain(..first));
        if !left_out.is_empty() {
            self.dropped = true;
            let names: Vec<String> = left_out.iter().map(|name| format!("{name:?}")).collect();
            self.notes.push(format!(
                "has numbers or names of rows in column {}, which is left out of the features; to \
                 keep it, use --keep-index, or index = \"keep\" in a spec",
                names.join(" and ")
            ));
        }
    }
}

/// A text, its separator, and the start of its table.
struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    separator: Separator,
    /// Number of lines before the table.
    skipped: usize,
}

impl<'a> Text<'a> {
    fn of(bytes: &'a [u8], label: &str, format: &TableFormat) -> Result<Self, Refusal> {
        check_text(bytes)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Spreadsheets write a first line such as `sep=;`.
        let (named, bytes, skipped) = match separator_line(bytes) {
            Some((separator, rest)) => (Some(separator), rest, 1),
            None => (None, bytes, 0),
        };
        let separator = match format.separator.or(named) {
            Some(separator) => separator,
            None => separator_of(bytes, label, format.header)?,
        };
        let bytes = single_blanks(bytes, separator);
        if let Some(line) = unclosed_quote_between(separator.byte(), &bytes) {
            let line = line as usize + skipped;
            return Err(format!("has a quote in line {line} that is not closed").into());
        }
        Ok(Self {
            bytes,
            separator,
            skipped,
        })
    }

    /// Whether a field may contain a comma.
    fn has_commas_in_fields(&self) -> bool {
        let sign = if self.separator == Separator::COMMA {
            b'"'
        } else {
            b','
        };
        self.bytes.contains(&sign)
    }

    fn records(&self) -> impl Iterator<Item = Result<(usize, StringRecord), Refusal>> + '_ {
        let records = reader(&self.bytes, self.separator).into_byte_records();
        (1..).zip(records).map(|(at, record)| {
            let not_csv = |error| format!("is not CSV at line {}: {error}", at + self.skipped);
            let record = record.map_err(not_csv)?;
            let line = record.position().map_or(at, |place| place.line() as usize) + self.skipped;
            match StringRecord::from_byte_record(record) {
                Ok(record) => Ok((line, record)),
                Err(_) => Err(Refusal::new(
                    format!("is not UTF-8 text in line {line}"),
                    "Save it as UTF-8, for example with iconv",
                )),
            }
        })
    }

    /// Names of the columns.
    fn header(&self, label: &str, header: Option<bool>) -> Result<Vec<String>, Refusal> {
        let first = match self.records().next() {
            Some(first) => first?.1,
            None => StringRecord::new(),
        };
        let first: Vec<String> = first.iter().map(|field| field.trim().to_owned()).collect();
        let names = match header {
            Some(false) => (1..=first.len()).map(|column| column.to_string()).collect(),
            None if !names_columns(&first, label) => {
                let row = first[..first.len().min(4)].join(", ");
                let problem = if first.iter().any(|name| name == label) {
                    format!("has no header line: its first line is a row ({row}, …)")
                } else {
                    format!(
                        "has no column {label:?}, and its first line looks like a row ({row}, …)"
                    )
                };
                let cure = "Add a first line with the names of the columns, or give --header \
                            false (header = false in a spec) and the number of the label column, \
                            from 1; if the first line holds names, give --header true";
                return Err(Refusal::new(problem, cure));
            }
            _ if self.header_is_one_short(first.len())? => {
                std::iter::once(String::new()).chain(first).collect()
            }
            _ => first,
        };
        if !names.iter().any(|name| name == label) {
            let columns = match header {
                Some(false) => format!("1 to {}", names.len()),
                _ => names.join(", "),
            };
            return Err(format!("has no column {label:?}; its columns are {columns}").into());
        }
        let twice = |(at, name): &(usize, &String)| names[..*at].contains(name);
        match names.iter().enumerate().find(twice) {
            Some((_, name)) => Err(format!("names the column {name:?} twice").into()),
            None => Ok(names),
        }
    }

    /// Whether a header of `names` names all columns except the first, which holds names of rows,
    /// as R writes it. With comma separators a decimal comma may have split a number, so the first
    /// field must be quoted.
    fn header_is_one_short(&self, names: usize) -> Result<bool, Refusal> {
        let Some(row) = self.records().nth(1) else {
            return Ok(false);
        };
        let (line, row) = row?;
        if row.len() != names + 1
            || row
                .iter()
                .next_back()
                .is_none_or(|last| last.trim().is_empty())
        {
            return Ok(false);
        }
        let lines = self.bytes.split(|byte| *byte == b'\n');
        let start = lines
            .skip(line - 1 - self.skipped)
            .find(|line| !line.trim_ascii().is_empty());
        Ok(self.separator != Separator::COMMA
            || start.is_some_and(|line| line.trim_ascii_start().starts_with(b"\"")))
    }

    /// Columns without a name and without any value, which come from a separator at the end of
    /// every line.
    fn empty_columns(
        &self,
        header: &[String],
        label: &str,
        with_header: bool,
    ) -> Result<Vec<usize>, Refusal> {
        let mut empty: Vec<usize> = (0..header.len())
            .filter(|&at| header[at] != label)
            .filter(|&at| {
                if with_header {
                    is_unnamed(&header[at])
                } else {
                    at + 1 == header.len()
                }
            })
            .collect();
        for row in self.rows(header, with_header) {
            if empty.is_empty() {
                break;
            }
            let (_, row) = row?;
            empty.retain(|&at| row.get(at).is_none_or(|field| field.trim().is_empty()));
        }
        Ok(empty)
    }

    /// The rows with their line numbers; each row must have a field for every column.
    fn rows<'s>(
        &'s self,
        header: &'s [String],
        with_header: bool,
    ) -> impl Iterator<Item = Result<(usize, StringRecord), Refusal>> + use<'s, 'a> {
        let rows = self.records().skip(usize::from(with_header));
        rows.map(move |row| {
            let (line, row) = row?;
            let (fields, columns) = (row.len(), header.len());
            if fields == columns {
                return Ok((line, row));
            }
            let problem = format!("has {fields} fields in line {line}, but {columns} columns");
            let last = row.iter().next_back().unwrap_or_default();
            let cure = if fields == columns + 1 && last.trim().is_empty() {
                "Remove the separator at the end of the line, or end every line with one, \
                 including the header"
            } else if self.separator == Separator::COMMA && fields > columns {
                "Correct the line. A comma cannot be both separator and decimal mark; a first \
                 column with names of rows (write.table of R) also needs a name: col.names = NA"
            } else {
                "Correct the line, or give the separator with --separator (separator in a spec)"
            };
            Err(Refusal::new(problem, cure))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, label: &str) -> Result<Table, Refusal> {
        Table::read(text.as_bytes(), label, &TableFormat::default())
    }

    /// The separator, the decimal mark, the names and the numbers of a table.
    fn found(table: &Table) -> (String, String, String, &[f64]) {
        let names = table.names.join(" ");
        let marks = (String::from(table.separator), String::from(table.decimal));
        (marks.0, marks.1, names, &table.inputs)
    }

    /// Separator, decimal mark and numbers of a table with the columns a, b and y.
    fn marks_of(text: &str) -> (String, String, Vec<f64>) {
        let table = read(text, "y").unwrap_or_else(|refusal| panic!("{text:?}: {refusal:?}"));
        let (separator, decimal, names, inputs) = found(&table);
        assert_eq!(names, "a b", "{text:?}");
        assert_eq!(table.labels, ["c", "d"], "{text:?}");
        let usual = separator == "," && decimal == ".";
        assert_eq!(table.notes.is_empty(), usual, "{:?}", table.notes);
        (separator, decimal, inputs.to_vec())
    }

    #[test]
    fn separators_and_decimal_marks_are_found_and_said() {
        for (text, separator, decimal) in [
            ("a,b,y\n1.5,20,c\n-3,0.25,d\n", ",", "."),
            ("\u{feff}a, b ,y\r\n1.5, 20,c\r\n-3,0.25, d\r\n", ",", "."),
            ("\u{feff}\"a\",\"b\",\"y\"\n1.5,20,c\n-3,0.25,d", ",", "."),
            ("a;b;y\n1.5;20;c\n-3;0.25;d\n", ";", "."),
            ("a;b;y\n1,5;20;c\n-3;0,25;d\n", ";", ","),
            ("a\tb\ty\n1,5\t2e1\tc\n-3\t0,25\td\n", "tab", ","),
            ("a|b|y\n1.5|20|c\n-3|.25|d\n\n", "|", "."),
            ("  a  b y\n1.5 20   c\n -3 \t.25 d \n", "blanks", "."),
            (
                "\"a\" \"b\" \"y\"\n1,5 20 \"c\"\n-3 0,25 \"d\"\n",
                "blanks",
                ",",
            ),
            ("a,b,y\n\"1,5\",20,c\n-3,\"0,25\",d\n", ",", ","),
            ("sep=;\na;b;y\n1.5;20;c\n-3;0.25;d\n", ";", "."),
            (
                "\u{feff}SEP=\t\r\na\tb\ty\r\n1.5\t20\tc\r\n-3\t0.25\td\r\n",
                "tab",
                ".",
            ),
            ("\"sep=:\"\na:b:y\n1,5:20:c\n-3:0,25:d\n", ":", ","),
            ("a;y;b\n1,5;c;20\n-3;d;0,25\n", ";", ","),
        ] {
            let expected = (
                separator.to_owned(),
                decimal.to_owned(),
                vec![1.5, 20.0, -3.0, 0.25],
            );
            assert_eq!(marks_of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_of_columns_may_hold_other_separators() {
        let table = read(
            "sepal length (cm),width;cm,a class\n1,2,x\n3,4,y\n",
            "a class",
        )
        .unwrap();
        assert_eq!(table.names, ["sepal length (cm)", "width;cm"]);
        assert_eq!(table.separator, Separator::COMMA);
    }

    #[test]
    fn what_fits_two_readings_is_refused_with_the_option_that_decides() {
        for (text, says, cure) in [
            (
                "a,y\n1,5,c\n2,5,d\n",
                "has 3 fields in line 2, but 2 columns",
                "A comma",
            ),
            (
                "a;y\n1,500;c\n2,250;d\n",
                "\"1,500\" in line 2, in which the comma may separate",
                "--decimal",
            ),
            (
                "a;y\n1,5;c\n2.5;d\n",
                "both \"2.5\" in line 3 and \"1,5\" in line 2",
                "one decimal mark",
            ),
            (
                "a;y\n1.234,5;c\n2,5;d\n",
                "\"1.234,5\" in line 2",
                "--decimal",
            ),
            (
                "a;y\n1,234,567;c\n5;d\n",
                "\"1,234,567\" in line 2",
                "--decimal",
            ),
            (
                "y,a;y\n1,2;3\n",
                "may use \",\" or \";\" as separator",
                "--separator",
            ),
            ("sep=;\na;y\n1;c\n2\n", "1 fields in line 4", "--separator"),
            (
                "sep=;\na;y\n1;c\nx;d\n",
                "\"x\" in line 4, column \"a\"",
                "--decimal",
            ),
            (
                "a;y\n1;\"c\n2;d\n",
                "quote in line 2 that is not closed",
                "",
            ),
        ] {
            let refusal = read(text, "y").unwrap_err();
            assert!(refusal.problem.contains(says), "{text:?}: {refusal:?}");
            assert!(refusal.cure.contains(cure), "{text:?}: {refusal:?}");
        }
        // One number that cannot have separators of thousands decides for all.
        let table = read("a;y\n1,500;c\n0,250;d\n", "y").unwrap();
        assert_eq!(table.inputs, [1.5, 0.25]);
        let said = TableFormat {
            decimal: Some(Decimal::Comma),
            ..TableFormat::default()
        };
        let table = Table::read(b"a;y\n1,500;c\n2,250;d\n", "y", &said).unwrap();
        assert_eq!(table.inputs, [1.5, 2.25]);
        let refusal = Table::read(b"a;y\n1.5;c\n2,250;d\n", "y", &said).unwrap_err();
        assert!(refusal.problem.contains("\"1.5\" in line 2"), "{refusal:?}");
    }

    #[test]
    fn what_is_said_is_not_looked_for() {
        let said = TableFormat {
            separator: Some(";".parse().unwrap()),
            decimal: Some(Decimal::Point),
            ..TableFormat::default()
        };
        let table = Table::read(b"sep=,\na,b;y\n1.5;c\n2;d\n", "y", &said).unwrap();
        assert_eq!(
            found(&table),
            (";".into(), ".".into(), "a,b".into(), &[1.5, 2.0][..])
        );
        assert!(table.notes.is_empty(), "{:?}", table.notes);
        assert_eq!(table.format(&said), said);
        let refusal = Table::read(b"a;y\n1,5;c\n2;d\n", "y", &said).unwrap_err();
        assert!(refusal.problem.contains("\"1,5\" in line 2"), "{refusal:?}");
    }

    #[test]
    fn a_file_without_header_is_refused_and_read_by_the_numbers_of_its_columns() {
        // Files of the UCI repository have this format.
        let iris = "5.1,3.5,Iris-setosa\n7.0,3.2,Iris-versicolor\n";
        let wine = "1,14.23,1.71\n2,12.37,.94\n";
        for (text, label) in [
            (iris, "species"),
            (iris, "3"),
            (iris, "Iris-setosa"),
            (wine, "1"),
        ] {
            let refusal = read(text, label).unwrap_err();
            assert!(
                refusal.problem.contains("first line"),
                "{label}: {refusal:?}"
            );
            assert!(
                refusal.cure.contains("--header false"),
                "{label}: {refusal:?}"
            );
        }
        let bare = TableFormat {
            header: Some(false),
            ..TableFormat::default()
        };
        let table = Table::read(iris.as_bytes(), "3", &bare).unwrap();
        assert_eq!(table.labels, ["Iris-setosa", "Iris-versicolor"]);
        assert_eq!(
            (table.names.join(" "), &table.inputs[..]),
            ("1 2".into(), &[5.1, 3.5, 7.0, 3.2][..])
        );
        let table = Table::read(wine.as_bytes(), "1", &bare).unwrap();
        assert_eq!(
            (&table.labels[..], table.inputs[2]),
            (&["1".into(), "2".into()][..], 12.37)
        );
        let table = Table::read(b"5,1;3,5;a\n7,0;3;b\n", "3", &bare).unwrap();
        assert_eq!(
            (String::from(table.separator), table.inputs[0]),
            (";".to_owned(), 5.1)
        );
        let table = Table::read(b"5.1, 3.5, a\n7.0, 3, b\n", "3", &bare).unwrap();
        assert_eq!((table.separator, table.inputs[3]), (Separator::COMMA, 3.0));
        let table = Table::read(b" 5.1  3.5 a\n7.0 3 b\n", "3", &bare).unwrap();
        assert_eq!((table.separator, table.inputs[3]), (Separator::BLANKS, 3.0));
        let refusal = Table::read(iris.as_bytes(), "4", &bare).unwrap_err();
        assert!(
            refusal.problem.contains("columns are 1 to 3"),
            "{refusal:?}"
        );
    }

    #[test]
    fn names_that_are_numbers_are_names_where_they_count_or_grow() {
        for (header, label) in [
            ("0,1,2", "2"),
            ("2018,2019,y", "y"),
            ("400.5,401.25,y", "y"),
            (",0,y", "y"),
        ] {
            assert!(
                read(&format!("{header}\n1,2,3\n5,5,4\n"), label).is_ok(),
                "{header}"
            );
        }
        let named = TableFormat {
            header: Some(true),
            ..TableFormat::default()
        };
        assert!(Table::read(b"7,3,y\n1,2,3\n5,5,4\n", "y", &named).is_ok());
        assert!(read("7,3,y\n1,2,3\n5,5,4\n", "y").is_err());
    }

    #[test]
    fn row_numbers_are_left_out_and_said_unless_they_are_wanted() {
        for (text, names) in [
            (",a,y\n0,1.5,c\n1,2,d\n", "a"),
            ("Unnamed: 0,a,y\n0,1.5,c\n1,2,d\n", "a"),
            ("Unnamed: 0.1,Unnamed: 0,a,y\n0,7,1.5,c\n1,3,2,d\n", "a"),
            // Names of rows as written by R, and the index of a shuffled data frame.
            (
                "\"\",\"a\",\"y\"\n\"Mazda RX4\",1.5,\"c\"\n\"Fiat\",2,\"d\"\n",
                "a",
            ),
            (",a,y\n17,1.5,c\n4,2,d\n", "a"),
            ("Id,a,y\n1,1.5,c\n2,2,d\n", "a"),
            ("index;a;y\n1;1,5;c\n0;2;d\n", "a"),
            ("y,id,a\nc,0,1.5\nd,1,2\n", "a"),
            ("y,,a\nc,0,1.5\nd,1,2\n", "a"),
            ("idx,a,y\n0,1.5,c\n1,2,d\n", "a"),
            ("PassengerId,a,y\n1,1.5,c\n2,2,d\n", "a"),
            ("sample_id,a,y\n1,1.5,c\n2,2,d\n", "a"),
            ("X,a,y\n1,1.5,c\n2,2,d\n", "a"),
            ("level_0,index,a,y\n0,0,1.5,c\n1,1,2,d\n", "a"),
            // The format of write.table in R.
            ("a y\n\"1\" 1.5 \"c\"\n\"2\" 2 \"d\"\n", "a"),
            ("\"a\",\"y\"\n\"1\",1.5,\"c\"\n\"2\",2,\"d\"\n", "a"),
            ("a\ty\nFiat\t1.5\tc\nVW\t2\td\n", "a"),
        ] {
            let table = read(text, "y").unwrap();
            assert_eq!(
                (table.names.join(" "), &table.inputs[..]),
                (names.into(), &[1.5, 2.0][..])
            );
            assert!(
                table.dropped
                    && table
                        .notes
                        .last()
                        .unwrap()
                        .contains("names of rows in column")
            );
            assert_eq!(
                table.format(&TableFormat::default()).index,
                Some(RowNumbers::Drop)
            );
        }
        let keep = TableFormat {
            index: Some(RowNumbers::Keep),
            ..TableFormat::default()
        };
        for text in [",a,y\n0,1.5,c\n1,2,d\n", "id,a,y\n0,1.5,c\n1,2,d\n"] {
            let table = Table::read(text.as_bytes(), "y", &keep).unwrap();
            assert_eq!(table.inputs, [0.0, 1.5, 1.0, 2.0]);
            assert!(!table.dropped && table.notes.is_empty());
        }
        // Numbers that are not row numbers, and the label itself.
        for (text, label) in [
            ("id,a,y\n7,1.5,c\n7,2,d\n", "y"),
            ("x,a,y\n0,1.5,c\n1,2,d\n", "y"),
            (",a,b\n0,1.5,3\n1,2,5\n", ""),
        ] {
            let table = read(text, label).unwrap();
            assert!(
                !table.dropped && table.notes.is_empty() && table.names.len() == 2,
                "{text}"
            );
        }
    }

    #[test]
    fn a_feature_that_counts_rows_is_kept_and_said() {
        let lines = (1..=12).map(|row| format!("{row},{},{}\n", 100 - 3 * row, row % 2));
        let lines: String = lines.collect();
        let table = read(&format!("time,id,y\n{lines}"), "y").unwrap();
        assert_eq!(table.names, ["time", "id"]);
        let [time, id] = &table.notes[..] else {
            panic!("{:?}", table.notes);
        };
        assert!(
            id.contains("column \"id\", which is kept") && time.contains("\"time\""),
            "{id} {time}"
        );
    }

    #[test]
    fn a_column_that_may_number_rows_is_kept_and_said() {
        let table = |header: &str, numbers: &[i64], with: Option<bool>| {
            let lines = numbers.iter().enumerate();
            let lines = lines.map(|(row, n)| format!("{n},{}.5,{}\n", row % 3, row % 2));
            let text = format!("{header}{}", lines.collect::<String>());
            let format = TableFormat {
                header: with,
                ..TableFormat::default()
            };
            let label = if with == Some(false) { "3" } else { "y" };
            Table::read(text.as_bytes(), label, &format).unwrap()
        };
        let shuffled: Vec<i64> = (0..24).map(|row| 842_302 + row * 7 % 24).collect();
        for (header, numbers, with) in [
            ("id,a,y\n", &[842_302, 84_501, 9][..], None),
            ("PassengerId,a,y\n", &[5, 9, 13], None),
            ("time,a,y\n", &[0, 1, 2, 3, 4], None),
            ("x,a,y\n", &[1, 2, 3, 4, 5], None),
            ("customer,a,y\n", &shuffled, None),
            ("", &[1, 2, 3, 4, 5], Some(false)),
        ] {
            let table = table(header, numbers, with);
            assert_eq!(table.names.len(), 2, "{header}");
            let name = format!("column {:?}, which is kept", table.names[0]);
            let [note] = &table.notes[..] else {
                panic!("{header}: {:?}", table.notes);
            };
            assert!(
                note.contains(&name) && note.contains("--keep-index"),
                "{note}"
            );
        }
        for name in ["acid", "x", "grid", "Aid", "humid"] {
            let table = table(&format!("{name},a,y\n"), &[1, 2, 3], None);
            assert!(table.notes.is_empty() && table.names.len() == 2, "{name}");
        }
        let table = read("a,,y\n1,3.5,c\n1,3,d\n", "y").unwrap();
        assert!(table.notes[0].contains("without a name"));
    }

    #[test]
    fn separators_at_the_end_of_lines_make_no_column() {
        for text in [
            "a,y,\n1.5,c,\n2,d,\n",
            "a;y;\n1,5;c;\n2;d;\n",
            "a,y,Unnamed: 32\n1.5,c,\n2,d,\n",
        ] {
            let table = read(text, "y").unwrap();
            assert_eq!((table.names.len(), &table.inputs[..]), (1, &[1.5, 2.0][..]));
            assert!(!table.dropped, "{text}");
            let says = |note: &String| note.contains("no value in any row");
            assert!(table.notes.iter().any(says), "{:?}", table.notes);
        }
        let bare = TableFormat {
            header: Some(false),
            ..TableFormat::default()
        };
        let table = Table::read(b"1.5,c,\n2,d,\n", "2", &bare).unwrap();
        assert_eq!(table.inputs, [1.5, 2.0]);
        for (text, cure) in [
            ("a,y\n1.5,c,\n2,d,\n", "separator at the end of the line"),
            ("a,y\n1,5,c\n2,5,d\n", "col.names = NA"),
            ("a,y,\n1.5,c,\n2,d,3\n", "Remove the row"),
            ("a,y\n\"1,234\",c\n\"2,100\",d\n", "separators of thousands"),
        ] {
            let refusal = read(text, "y").unwrap_err();
            assert!(refusal.cure.contains(cure), "{refusal:?}");
        }
        let point = TableFormat {
            decimal: Some(Decimal::Point),
            ..TableFormat::default()
        };
        let refusal = Table::read(b"a,y\n\"1,234\",c\n", "y", &point).unwrap_err();
        assert!(refusal.cure.contains("commas between thousands"));
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, says) in [
            (&b"PK\x03\x04rest"[..], "zip"),
            (b"PAR1\x15\0", "Parquet"),
            (b"\xff\xfea\0", "UTF-16"),
            (b"a,y\n\0,1\n", "byte 4 is 0"),
            (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            (b"a,y\n1,\xe4\n", "not UTF-8 text in line 2"),
        ] {
            let refusal = Table::read(bytes, "y", &TableFormat::default()).unwrap_err();
            assert!(refusal.problem.contains(says), "{refusal:?}");
        }
    }
}
