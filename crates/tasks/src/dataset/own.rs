use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{Card, CardFile, DataError, Dataset, Holds, read, sha256};
use crate::file_kind::no_table;

/// Where the rows of somebody's own data set are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnFiles {
    /// A CSV file with a header line.
    Csv {
        /// The file, `.csv` or `.csv.gz`.
        file: PathBuf,
        /// Column of the labels; every other column is a feature.
        label: String,
    },
    /// Two IDX files of unsigned bytes, as those of MNIST.
    Idx {
        /// The features `[N, …]`.
        file: PathBuf,
        /// The labels `[N]`.
        label_file: PathBuf,
    },
}

impl OwnFiles {
    /// The files that `file` and the labels named beside it make.
    ///
    /// # Errors
    /// A CSV file without a label column, another file without a label file, or both.
    pub fn new(
        file: &Path,
        label: Option<&str>,
        label_file: Option<&Path>,
    ) -> Result<Self, DataError> {
        let name = file.to_string_lossy();
        let csv = name.ends_with(".csv") || name.ends_with(".csv.gz");
        let refuse =
            |problem: &str, hint: &str| Err(foreign(file).unwrap_or(own(file, problem, hint)));
        match (csv, label, label_file) {
            (true, Some(label), None) => Ok(Self::Csv {
                file: file.to_owned(),
                label: label.to_owned(),
            }),
            (false, None, Some(labels)) => Ok(Self::Idx {
                file: file.to_owned(),
                label_file: labels.to_owned(),
            }),
            (true, ..) => refuse(
                "is a CSV file and needs the name of its label column, and no label file",
                "Give the column that holds the class",
            ),
            (false, ..) => refuse(
                "does not end in .csv or .csv.gz, so it is taken for an IDX file, which needs a file of labels and no label column",
                "Give its file of labels",
            ),
        }
    }

    fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Csv { file, .. } => vec![file],
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

/// Why a file of another kind is refused.
fn foreign(file: &Path) -> Option<DataError> {
    no_table(file).map(|(problem, cure)| own(file, problem, &cure))
}

/// Files with their sizes and times of change.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Dataset {
    /// Somebody's own rows. Its card has what can be said of any file; the SHA-256 is that of the
    /// files one behind the other. Read again only when a file has changed.
    ///
    /// # Errors
    /// A file that cannot be read or is not what it should be, with line and column.
    pub fn own(files: &OwnFiles) -> Result<Arc<Self>, DataError> {
        static READ: Mutex<Vec<(OwnFiles, Stamp, Arc<Dataset>)>> = Mutex::new(Vec::new());
        let mut stamp: Stamp = Vec::new();
        for path in files.paths() {
            let meta = fs::metadata(path)
                .map_err(|error| own(path, format!("cannot be read: {error}"), "Check the path"))?;
            stamp.push((path.to_owned(), meta.len(), meta.modified().ok()));
        }
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(own, seen, _): &&(OwnFiles, Stamp, _)| own == files && *seen == stamp;
        if let Some((.., dataset)) = read.iter().find(known) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = Arc::new(Self::read_own(files)?);
        read.retain(|(own, ..)| own != files);
        read.push((files.clone(), stamp, Arc::clone(&dataset)));
        Ok(dataset)
    }

    fn read_own(files: &OwnFiles) -> Result<Self, DataError> {
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
        let (inputs, features, feature_names, labels, classes) = match files {
            OwnFiles::Csv { label, .. } => {
                let table = read::table(&inflated[0], label)
                    .map_err(|problem| own(first, problem, "Correct the file, or the name"))?;
                let (labels, classes) = classes(&table.labels);
                let features = table.names.len();
                (table.inputs, features, table.names, labels, classes)
            }
            OwnFiles::Idx { label_file, .. } => {
                let hint = "Give IDX files of unsigned bytes, as those of MNIST";
                let wrong = |path| move |problem: String| own(path, problem, hint);
                let (sizes, numbers) = read::array(&inflated[0]).map_err(wrong(first))?;
                let (labelled, labels) = read::array(&inflated[1]).map_err(wrong(label_file))?;
                let rows = sizes.first().copied().unwrap_or(0);
                if labelled != [rows] {
                    let problem =
                        format!("has labels of shape {labelled:?} for {rows} rows of features");
                    return Err(own(label_file, problem, "Give the labels of these rows"));
                }
                let features = sizes[1..].iter().product();
                let inputs = numbers.iter().map(|&byte| f64::from(byte)).collect();
                let labels: Vec<u32> = labels.iter().map(|&byte| u32::from(byte)).collect();
                let most = labels.iter().copied().max().unwrap_or(0);
                let classes = (0..=most).map(|class| class.to_string()).collect();
                (inputs, features, Vec::new(), labels, classes)
            }
        };
        if labels.is_empty() || features == 0 {
            return refuse(
                format!("has {} rows of {features} features", labels.len()),
                "Give rows with at least one feature",
            );
        }
        if classes.len() < 2 {
            return refuse("has one class only".to_owned(), "Give rows of two classes");
        }
        let largest = inputs
            .iter()
            .fold(0.0, |top: f64, x: &f64| top.max(x.abs()));
        let card = Card {
            title: first
                .file_name()
                .map_or(String::new(), |name| name.to_string_lossy().into_owned()),
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
            // Inputs are divided by it, and rows of zeros stay zeros.
            largest: if largest > 0.0 { largest } else { 1.0 },
            classes,
            files: files
                .paths()
                .iter()
                .zip(&contents)
                .map(|(path, bytes)| CardFile {
                    path: path.display().to_string(),
                    holds: match files {
                        OwnFiles::Csv { .. } => Holds::Rows,
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
        })
    }

    /// A shipped set by its name, or somebody's own files where `name` has a dot or a slash.
    ///
    /// # Errors
    /// No set has this name, or what [`Self::own`] says of the files.
    pub fn open(
        name: &str,
        label: Option<&str>,
        label_file: Option<&Path>,
    ) -> Result<Arc<Self>, DataError> {
        if name.contains(['.', '/']) {
            Self::own(&OwnFiles::new(Path::new(name), label, label_file)?)
        } else {
            Self::shipped(name)
        }
    }

    /// SHA-256 of the content: that of the one file, or of the sums of all, one behind the other.
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

/// Numbers of the classes, which are the distinct labels in order: as numbers where all are whole
/// numbers, as text otherwise.
fn classes(labels: &[String]) -> (Vec<u32>, Vec<String>) {
    let mut names: Vec<&String> = labels.iter().collect();
    names.sort();
    names.dedup();
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some() {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
    }
    let place = |label: &String| names.iter().position(|name| *name == label);
    let labels = labels.iter().map(|label| place(label).unwrap_or(0) as u32);
    (labels.collect(), names.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn csv(text: &[u8], label: &str) -> Result<Arc<Dataset>, DataError> {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(text).unwrap();
        Dataset::own(&OwnFiles::new(file.path(), Some(label), None)?)
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
        // Numbers in the order of numbers.
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
                "quote in line 3 that is never closed",
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
        let open = || Dataset::own(&OwnFiles::new(&x, None, Some(&y)).unwrap());
        assert!(open().unwrap_err().to_string().contains("cannot be read"));
        fs::write(&x, [header(&[3, 2, 1]), vec![1, 2, 3, 4, 5, 255]].concat()).unwrap();
        fs::write(&y, [header(&[3]), vec![0, 2, 0]].concat()).unwrap();
        let own = open().unwrap();
        assert_eq!((own.card.features, &own.labels[..]), (2, &[0, 2, 0][..]));
        assert_eq!(own.inputs[5], 255.0);
        assert_eq!(own.card.classes.len(), 3);
        // A changed file is read again.
        fs::write(&y, [header(&[2]), vec![0, 2]].concat()).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(
            error.contains("y.idx") && error.contains("3 rows"),
            "{error}"
        );
        fs::write(&x, header(&[u32::MAX, u32::MAX, u32::MAX])).unwrap();
        assert!(open().unwrap_err().to_string().contains("x.idx"));
        for (label, label_file) in [(Some("y"), None), (None, None), (Some("y"), Some(&*y))] {
            assert!(OwnFiles::new(&x, label, label_file).is_err());
        }
        assert!(OwnFiles::new(Path::new("a.csv"), None, None).is_err());
    }

    /// A text or header with any bytes changed or cut off is read or refused, and never more.
    #[test]
    fn damaged_files_are_read_or_refused() {
        use rand_core::Rng;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let table = b"a,kind,b\n1,cat,2.5\n-3,\"a, t\",4\n0,cat,1e2\n".to_vec();
        let image = [
            &[0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2][..],
            &[1, 2, 3, 4, 5, 6],
        ]
        .concat();
        let classes = [&[0, 0, 8, 1, 0, 0, 0, 3][..], &[0, 1, 0]].concat();
        let rng = &mut crate::stream::keyed(0, "damaged files", 0);
        let mut refused = 0;
        for round in 0..400 {
            let mut damaged = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                for _ in 0..=rng.next_u32() % 3 {
                    let at = rng.next_u32() as usize % bytes.len();
                    match rng.next_u32() % 4 {
                        0 => bytes.truncate(at.max(1)),
                        1 => bytes.insert(at, rng.next_u32() as u8),
                        2 => bytes[at] ^= 1 << (rng.next_u32() % 8),
                        _ => bytes[at] = b",\n\"\0\xff"[rng.next_u32() as usize % 5],
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
                OwnFiles::new(&csv, Some("kind"), None).unwrap(),
                OwnFiles::new(&idx, None, Some(&y)).unwrap(),
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
        assert!(refused > 300, "{refused}");
    }

    #[test]
    fn a_name_without_dot_or_slash_is_a_shipped_set() {
        assert_eq!(Dataset::open("iris", None, None).unwrap().card.rows, 150);
        assert!(matches!(
            Dataset::open("irises", None, None),
            Err(DataError::Unknown { .. })
        ));
        assert!(matches!(
            Dataset::open("./irises.csv", Some("y"), None),
            Err(DataError::Own { .. })
        ));
    }
}
