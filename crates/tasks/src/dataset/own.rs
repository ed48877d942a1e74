use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{
    Card, CardFile, DataError, Dataset, Decimal, Holds, TableFormat, classes::Classes, read,
    sha256, table::Table,
};
use crate::file_kind::no_table;

/// How a user's files are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Column of a table that holds the classes.
    pub label: Option<String>,
    /// File with the classes of an IDX file.
    pub label_file: Option<PathBuf>,
    /// Format of the table.
    pub format: TableFormat,
}

/// Files of a user's data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnFiles {
    /// A text table such as CSV.
    Table {
        /// The file, which may be compressed with gzip.
        file: PathBuf,
        /// Column of the labels; every other column is a feature.
        label: String,
        /// Format of the table.
        format: TableFormat,
    },
    /// Two IDX files of unsigned bytes, such as those of MNIST.
    Idx {
        /// The features `[N, …]`.
        file: PathBuf,
        /// The labels `[N]`.
        label_file: PathBuf,
    },
}

/// File name endings of tables, in lower case and without .gz.
const TABLES: [&str; 6] = [".csv", ".tsv", ".tab", ".txt", ".data", ".dat"];

impl OwnFiles {
    /// Determines the files from `file` and the options for its labels.
    ///
    /// # Errors
    /// A table has no label column, an IDX file has no label file, or both are given.
    pub fn new(file: &Path, reading: &Reading) -> Result<Self, DataError> {
        let name = file.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let is_table = TABLES.iter().any(|ending| name.ends_with(ending));
        let refuse =
            |problem: &str, hint: &str| Err(foreign(file).unwrap_or(own(file, problem, hint)));
        match (&reading.label, &reading.label_file) {
            (Some(label), None) => Ok(Self::Table {
                file: file.to_owned(),
                label: label.clone(),
                format: reading.format.clone(),
            }),
            (None, Some(_)) if reading.format != TableFormat::default() => refuse(
                "is read as an IDX file, because it comes with a label file, so separator, \
                 decimal, header and index do not apply",
                "Leave these options out, or give the column that holds the class instead of the \
                 label file",
            ),
            (None, Some(labels)) if !is_table => Ok(Self::Idx {
                file: file.to_owned(),
                label_file: labels.clone(),
            }),
            _ if is_table => refuse(
                "is a table, so it needs a label column (and no label file)",
                "Name the column that holds the class: --label COLUMN, or label = \"COLUMN\" in a spec",
            ),
            _ => refuse(
                "needs a label column if it is a table, or a label file if it is an IDX file",
                "Give --label COLUMN or --label-file FILE, or the same as label or label_file in a spec",
            ),
        }
    }

    fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Table { file, .. } => vec![file],
            Self::Idx { file, label_file } => vec![file, label_file],
        }
    }
}

fn own(file: &Path, problem: impl Into<String>, hint: &str) -> DataError {
    DataError::Own {
        file: file.display().to_string(),
        problem: problem.into(),
        hint: hint.to_owned(),
    }
}

/// An error if the file is of another kind.
fn foreign(file: &Path) -> Option<DataError> {
    no_table(file).map(|(problem, cure)| own(file, problem, &cure))
}

/// Files with their sizes and modification times.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Cache of the user's data sets. A set is read again only if a file has changed.
#[derive(Debug, Default)]
pub struct OwnSets(Mutex<Vec<(OwnFiles, Stamp, Arc<Dataset>)>>);

impl OwnSets {
    /// The set in these files, see [`Dataset::own`].
    ///
    /// # Errors
    /// A file cannot be read or is invalid; the error names line and column.
    pub fn get(&self, files: &OwnFiles) -> Result<Arc<Dataset>, DataError> {
        let mut stamp: Stamp = Vec::new();
        for path in files.paths() {
            let meta = fs::metadata(path)
                .map_err(|error| own(path, format!("cannot be read: {error}"), "Check the path"))?;
            stamp.push((path.to_owned(), meta.len(), meta.modified().ok()));
        }
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(own, seen, _): &&(OwnFiles, Stamp, _)| own == files && *seen == stamp;
        if let Some((.., dataset)) = read.iter().find(known) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = Arc::new(Dataset::own(files)?);
        read.retain(|(own, ..)| own != files);
        read.push((files.clone(), stamp, Arc::clone(&dataset)));
        Ok(dataset)
    }
}

impl Dataset {
    /// Reads the user's rows. The card holds what is known about any file; its SHA-256 is that of
    /// the concatenated files.
    ///
    /// # Errors
    /// A file cannot be read or is invalid; the error names line and column.
    pub fn own(files: &OwnFiles) -> Result<Self, DataError> {
        let mut contents = Vec::new();
        let mut inflated = Vec::new();
        for path in files.paths() {
            foreign(path).map_or(Ok(()), Err)?;
            let bytes = fs::read(path)
                .map_err(|error| own(path, format!("cannot be read: {error}"), "Check the path"))?;
            let name = path.to_string_lossy();
            let content = read::inflated(&name, bytes.clone())
                .map_err(|problem| own(path, problem, "Restore the file"))?;
            contents.push(bytes);
            inflated.push(content);
        }
        let first = files.paths()[0];
        let refuse = |problem: String, hint: &str| Err(own(first, problem, hint));
        let title = first.file_name().unwrap_or_default().to_string_lossy();
        let (mut format, mut notes) = (TableFormat::default(), Vec::new());
        let (inputs, feature_names, labels, decimal) = match files {
            OwnFiles::Table {
                label,
                format: wanted,
                ..
            } => {
                let table = Table::read(&inflated[0], label, wanted)
                    .map_err(|refusal| own(first, refusal.problem, refusal.cure))?;
                format = table.format(wanted);
                notes = table.notes;
                (table.inputs, table.names, table.labels, table.decimal)
            }
            OwnFiles::Idx { label_file, .. } => {
                let hint = "Give IDX files of unsigned bytes, such as those of MNIST";
                let wrong = |path| move |problem: String| own(path, problem, hint);
                let (sizes, numbers) = read::array(&inflated[0]).map_err(wrong(first))?;
                let (labelled, labels) = read::array(&inflated[1]).map_err(wrong(label_file))?;
                let rows = sizes.first().copied().unwrap_or(0);
                if labelled != [rows] {
                    let problem =
                        format!("has labels of shape {labelled:?} for {rows} rows of features");
                    return Err(own(label_file, problem, "Give the labels of these rows"));
                }
                let inputs = numbers.iter().map(|&byte| f64::from(byte)).collect();
                let labels = labels.iter().map(u8::to_string).collect();
                (inputs, Vec::new(), labels, Decimal::Point)
            }
        };
        let classes = Classes::of(&labels, decimal);
        notes.extend(classes.notes);
        let notes = notes.iter().map(|note| format!("{title} {note}")).collect();
        let (labels, classes) = (classes.labels, classes.names);
        let features = inputs.len().checked_div(labels.len()).unwrap_or(0);
        if labels.is_empty() || features == 0 {
            return refuse(
                format!("has {} rows of {features} features", labels.len()),
                "Give rows with at least one feature",
            );
        }
        if classes.len() < 2 {
            return refuse(
                "has only one class".to_owned(),
                "Give rows of at least two classes",
            );
        }
        let largest = inputs
            .iter()
            .fold(0.0, |top: f64, x: &f64| top.max(x.abs()));
        let card = Card {
            title: title.into_owned(),
            summary: "Your own rows.".to_owned(),
            source: first.display().to_string(),
            licence: "not known".to_owned(),
            attribution: "not known".to_owned(),
            citation: "not known".to_owned(),
            transform: "None".to_owned(),
            rows: labels.len(),
            features,
            feature_names,
            image: None,
            // Inputs are divided by this number. It is 1 if all inputs are zero.
            largest: if largest.is_normal() { largest } else { 1.0 },
            classes,
            files: files
                .paths()
                .iter()
                .zip(&contents)
                .map(|(path, bytes)| CardFile {
                    path: path.display().to_string(),
                    holds: match files {
                        OwnFiles::Table { .. } => Holds::Rows,
                        OwnFiles::Idx { file, .. } if file == path => Holds::Features,
                        OwnFiles::Idx { .. } => Holds::Labels,
                    },
                    bytes: bytes.len() as u64,
                    sha256: sha256(bytes),
                })
                .collect(),
            file: first.display().to_string(),
        };
        Ok(Self {
            card,
            inputs,
            labels,
            own: true,
            format,
            notes,
        })
    }

    /// Opens a shipped set by name, or a user's files if `name` contains a dot or a slash or if
    /// `reading` has options.
    ///
    /// # Errors
    /// No set has this name, or [`Self::own`] fails.
    pub fn open(name: &str, reading: &Reading) -> Result<Arc<Self>, DataError> {
        let is_shipped = super::names().any(|shipped| shipped == name);
        if is_shipped && *reading != Reading::default() {
            let problem = "is a shipped data set, whose labels and format are already known";
            let hint = "Leave out the options for reading a file, or write the path of your file \
                        as ./NAME";
            return Err(own(Path::new(name), problem, hint));
        }
        if name.contains(['.', '/']) || *reading != Reading::default() {
            Self::own(&OwnFiles::new(Path::new(name), reading)?).map(Arc::new)
        } else {
            Self::shipped(name)
        }
    }

    /// SHA-256 of the content: the sum of the single file, or the sum over the concatenated sums of
    /// all files.
    pub fn sha256(&self) -> String {
        match &self.card.files[..] {
            [file] => file.sha256.clone(),
            files => sha256(
                files
                    .iter()
                    .map(|file| &*file.sha256)
                    .collect::<String>()
                    .as_bytes(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn csv(text: &[u8], label: &str) -> Result<Dataset, DataError> {
        named(".csv", text, &of_column(label))
    }

    fn named(ending: &str, text: &[u8], reading: &Reading) -> Result<Dataset, DataError> {
        let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
        file.write_all(text).unwrap();
        Dataset::own(&OwnFiles::new(file.path(), reading)?)
    }

    fn of_column(label: &str) -> Reading {
        Reading {
            label: Some(label.to_owned()),
            ..Reading::default()
        }
    }

    fn of_file(labels: &Path) -> Reading {
        Reading {
            label_file: Some(labels.to_owned()),
            ..Reading::default()
        }
    }

    #[test]
    fn columns_are_features_and_the_named_one_is_the_class() {
        let own = csv(b"a,kind,b\n1,cat,2\n-3,ant,4.5\n0,cat,1e2\n", "kind").unwrap();
        assert_eq!(own.inputs, [1.0, 2.0, -3.0, 4.5, 0.0, 100.0]);
        assert_eq!(own.labels, [1, 0, 1]);
        assert_eq!(own.card.classes, ["ant", "cat"]);
        assert_eq!((own.card.features, own.card.rows), (2, 3));
        assert_eq!(own.card.feature_names, ["a", "b"]);
        assert_eq!((own.card.largest, own.sha256().len()), (100.0, 64));
        // Numeric labels are in numerical order.
        let own = csv(b"x,y\n1,10\n2,9\n3,2\n", "y").unwrap();
        assert_eq!(
            (&own.card.classes[..], &own.labels[..]),
            (
                &["2".to_owned(), "9".to_owned(), "10".to_owned()][..],
                &[2, 1, 0][..]
            )
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        for (text, label, says) in [
            (&b"a,y\n1,0\n,1\n"[..], "y", "line 3"),
            (b"a,y\n1,0\nNA,1\n", "y", "column \"a\""),
            (b"a,y\n1,0\nnan,1\n", "y", "line 3"),
            (b"a,y\n1,0\n2,\n", "y", "column \"y\""),
            (b"a,y\n1,0\n2,1,3\n", "y", "line 3"),
            (b"a,y\n1,0\n2,1\n", "z", "\"z\""),
            (b"a,a,y\n1,1,0\n2,2,1\n", "y", "twice"),
            (
                b"a,y\n1,0\n\"2,1\n3,0\n",
                "y",
                "quote in line 3 that is not closed",
            ),
            (b"a,y\n1,0\n2,0\n", "y", "one class"),
            (b"y\n0\n1\n", "y", "0 features"),
            (b"a,y\n", "y", "0 rows"),
            (b"", "y", "is empty"),
            (b"a,y\n\xff\xfe,1\n", "y", "line 2"),
        ] {
            let error = csv(text, label).unwrap_err();
            assert!(matches!(error, DataError::Own { .. }));
            let text = error.to_string();
            assert!(text.contains(says) && text.contains(".csv"), "{text}");
        }
    }

    #[test]
    fn idx_files_need_their_labels() {
        let folder = tempfile::tempdir().unwrap();
        let (x, y) = (folder.path().join("x.idx"), folder.path().join("y.idx"));
        let header = |dimensions: &[u32]| -> Vec<u8> {
            let sizes = dimensions.iter().flat_map(|size| size.to_be_bytes());
            [0, 0, 8, dimensions.len() as u8]
                .into_iter()
                .chain(sizes)
                .collect()
        };
        let open = || Dataset::own(&OwnFiles::new(&x, &of_file(&y)).unwrap());
        assert!(open().unwrap_err().to_string().contains("cannot be read"));
        fs::write(&x, [header(&[3, 2, 1]), vec![1, 2, 3, 4, 5, 255]].concat()).unwrap();
        fs::write(&y, [header(&[3]), vec![0, 2, 0]].concat()).unwrap();
        let own = open().unwrap();
        assert_eq!((own.card.features, &own.labels[..]), (2, &[0, 1, 0][..]));
        assert_eq!(own.inputs[5], 255.0);
        assert_eq!(own.card.classes, ["0", "2"]);
        // A changed file is read again.
        fs::write(&y, [header(&[2]), vec![0, 2]].concat()).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(
            error.contains("y.idx") && error.contains("3 rows"),
            "{error}"
        );
        fs::write(&x, header(&[u32::MAX, u32::MAX, u32::MAX])).unwrap();
        assert!(open().unwrap_err().to_string().contains("x.idx"));
        let both = Reading {
            label_file: Some(y.clone()),
            ..of_column("y")
        };
        for reading in [of_column("y"), Reading::default(), both] {
            let files = OwnFiles::new(&x, &reading);
            assert!(files.and_then(|files| Dataset::own(&files)).is_err());
        }
        for reading in [Reading::default(), of_file(&y)] {
            assert!(OwnFiles::new(Path::new("a.CSV.gz"), &reading).is_err());
        }
    }

    #[test]
    fn endings_of_tables_have_any_case_and_none_is_needed() {
        for ending in [
            ".CSV", ".tsv", ".data", ".txt", ".Dat", ".csv.GZ", ".rows", "",
        ] {
            let text = b"a;y\n1,5;b\n2;c\n";
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text).unwrap();
            let gzip = gzip.finish().unwrap();
            let is_gzip = ending.ends_with("GZ");
            let bytes = if is_gzip { &gzip[..] } else { &text[..] };
            let own = named(ending, bytes, &of_column("y")).unwrap();
            assert_eq!(own.inputs, [1.5, 2.0]);
            assert!(
                own.notes[0]
                    .contains("is read with the separator \";\" and the decimal mark \",\"")
            );
            assert_eq!(own.format.decimal, Some(Decimal::Comma));
        }
    }

    #[test]
    fn labels_of_idx_files_are_classes_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let (x, y) = (folder.path().join("x.idx"), folder.path().join("y.idx"));
        fs::write(
            &x,
            [&[0, 0, 8, 1, 0, 0, 0, 5][..], &[9, 8, 7, 6, 5]].concat(),
        )
        .unwrap();
        for (labels, classes, expected) in [
            ([1, 2, 3, 4, 1], &["1", "2", "3", "4"][..], [0, 1, 2, 3, 0]),
            ([10, 200, 10, 9, 9], &["9", "10", "200"], [1, 2, 1, 0, 0]),
            ([0, 2, 1, 0, 1], &["0", "1", "2"], [0, 2, 1, 0, 1]),
        ] {
            fs::write(&y, [&[0, 0, 8, 1, 0, 0, 0, 5][..], &labels].concat()).unwrap();
            // The new file may have the same size and time as before.
            let files = OwnFiles::new(&x, &of_file(&y)).unwrap();
            let own = Dataset::own(&files).unwrap();
            assert_eq!(
                (&own.card.classes[..], &own.labels[..]),
                (
                    &classes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()[..],
                    &expected[..]
                )
            );
            let said = own
                .notes
                .iter()
                .any(|note| note.contains("x.idx has the classes"));
            assert_eq!(said, labels != [0, 2, 1, 0, 1]);
        }
    }

    /// A text or header with changed or missing bytes is read or refused, and never causes a panic.
    #[test]
    fn damaged_files_are_read_or_refused() {
        use rand_core::Rng;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let image = [
            &[0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2][..],
            &[1, 2, 3, 4, 5, 6],
        ]
        .concat();
        let classes = [&[0, 0, 8, 1, 0, 0, 0, 3][..], &[0, 1, 0]].concat();
        let rng = &mut crate::stream::keyed(0, "damaged files", 0);
        let mut refused = 0;
        let tables: [&[u8]; 6] = [
            b"a,kind,b\n1,cat,2.5\n-3,\"a, t\",4\n0,cat,1e2\n",
            b"sep=;\na;kind;b\n1,5;1.0;2\n-3;2;4\n0;1;1e2\n",
            b"\xef\xbb\xbf,a,kind\n0,1.5,cat\n1,2.5,dog\n",
            b"a  kind b\n 1 cat 2.5\n-3 \"a  t\" 4\n",
            b"kind\ta\n10.0\t1\n9\t2\n",
            b"5.1,3.5,cat\n7,3.2,dog\n",
        ];
        for round in 0..1200 {
            let table = tables[round % tables.len()].to_vec();
            let mut damaged = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                for _ in 0..=rng.next_u32() % 3 {
                    let at = rng.next_u32() as usize % bytes.len();
                    match rng.next_u32() % 4 {
                        0 => bytes.truncate(at.max(1)),
                        1 => bytes.insert(at, rng.next_u32() as u8),
                        2 => bytes[at] ^= 1 << (rng.next_u32() % 8),
                        _ => bytes[at] = b",\n\"\0\xff; \t."[rng.next_u32() as usize % 9],
                    }
                }
                bytes
            };
            let (table, image) = (damaged(&table), damaged(&image));
            let classes = if round % 2 == 0 {
                damaged(&classes)
            } else {
                classes.clone()
            };
            let names = [
                format!("{round}.csv"),
                format!("{round}.idx"),
                format!("{round}.y"),
            ];
            let [csv, idx, y] = names.map(|name| path(&name));
            fs::write(&csv, table).unwrap();
            fs::write(&idx, image).unwrap();
            fs::write(&y, classes).unwrap();
            for files in [
                OwnFiles::new(&csv, &of_column("kind")).unwrap(),
                OwnFiles::new(&idx, &of_file(&y)).unwrap(),
            ] {
                match Dataset::own(&files) {
                    Ok(own) => assert_eq!(own.inputs.len(), own.labels.len() * own.card.features),
                    Err(error) => {
                        refused += 1;
                        assert!(matches!(error, DataError::Own { .. }), "{error}");
                    }
                }
            }
        }
        assert!(refused > 900, "{refused}");
    }

    #[test]
    fn a_name_without_dot_or_slash_is_a_shipped_set() {
        assert_eq!(
            Dataset::open("iris", &Reading::default())
                .unwrap()
                .card
                .rows,
            150
        );
        assert!(matches!(
            Dataset::open("irises", &Reading::default()),
            Err(DataError::Unknown { .. })
        ));
        assert!(matches!(
            Dataset::open("irises", &of_column("y")),
            Err(DataError::Own { .. })
        ));
    }
}
