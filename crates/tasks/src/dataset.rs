//! Data sets: the shipped ones, with cards and checksums, and files of the user.
//!
//! The shipped files are part of the binary, so an installed binary needs no data folder.
//! [`Dataset::shipped`] checks the SHA-256 of every file against the card before it reads it.
//!
//! ```
//! use layerwise_tasks::dataset::Dataset;
//!
//! let digits = Dataset::shipped("digits")?;
//! assert_eq!((digits.labels.len(), digits.inputs.len()), (1797, 1797 * 64));
//! # Ok::<(), layerwise_tasks::dataset::DataError>(())
//! ```

mod card;
mod classes;
mod detect;
mod error;
mod format;
mod own;
mod principal;
mod read;
mod refusal;
mod row_numbers;
mod scaling;
mod shipped;
mod table;
mod text;
mod text_table;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

pub use card::{Card, CardFile, Holds};
pub use error::DataError;
pub use format::{Decimal, RowNumbers, Separator, TableFormat};
pub use own::{OwnFiles, OwnSets, Reading};
pub(crate) use principal::Principal;
pub use scaling::{FeatureScale, Scaling};
pub use shipped::names;
pub use text_table::{NoTable, TextTable};

/// A data set: labelled rows of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Description and origin.
    pub card: Card,
    /// Inputs as in the files, `[N, D]`, row-major.
    pub inputs: Vec<f64>,
    /// Class of each row, `[N]`.
    pub labels: Vec<u32>,
    /// Whether the rows come from the user's files rather than from a shipped set.
    pub own: bool,
    /// Format in which the user's table was read.
    pub format: TableFormat,
    /// Assumptions about the user's files, one sentence each.
    pub notes: Vec<String>,
}

/// Location of the files.
enum Files<'a> {
    /// In the binary.
    Shipped(&'static [(&'static str, &'static [u8])]),
    /// In a folder.
    In(&'a Path),
}

impl Files<'_> {
    fn bytes(&self, path: &str) -> Result<Vec<u8>, DataError> {
        match self {
            Self::Shipped(files) => {
                let found = files.iter().find(|(name, _)| *name == path);
                found
                    .map(|(_, bytes)| bytes.to_vec())
                    .ok_or_else(|| DataError::File {
                        file: path.to_owned(),
                        problem: "is named by its card, but is not part of this build".to_owned(),
                    })
            }
            Self::In(folder) => {
                let path = folder.join(path);
                fs::read(&path).map_err(|error| DataError::File {
                    file: path.display().to_string(),
                    problem: format!("cannot be read: {error}"),
                })
            }
        }
    }

    fn name(&self, path: &str) -> String {
        match self {
            Self::Shipped(_) => path.to_owned(),
            Self::In(folder) => folder.join(path).display().to_string(),
        }
    }
}

/// The card of a shipped set.
///
/// # Errors
/// No set has this name.
pub fn card(name: &str) -> Result<Card, DataError> {
    let set = shipped::find(name)?;
    Card::read(set.card, &format!("{name}.toml"))
}

impl Dataset {
    /// Reads a shipped set; later calls share the result.
    ///
    /// # Errors
    /// No set has this name, or the build is damaged.
    pub fn shipped(name: &str) -> Result<Arc<Self>, DataError> {
        static READ: Mutex<Vec<(&'static str, Arc<Dataset>)>> = Mutex::new(Vec::new());
        let set = shipped::find(name)?;
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, dataset)) = read.iter().find(|(known, _)| *known == set.name) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = Arc::new(Self::load(card(name)?, &Files::Shipped(set.files))?);
        read.push((set.name, Arc::clone(&dataset)));
        Ok(dataset)
    }

    /// Reads the set that the card `NAME.toml` in `folder` describes.
    ///
    /// # Errors
    /// A card or file is missing or damaged, or a file does not match its card.
    pub fn in_folder(folder: &Path, name: &str) -> Result<Self, DataError> {
        let file = format!("{name}.toml");
        let bytes = Files::In(folder).bytes(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        let path = folder.join(file);
        let card = Card::read(&text, &path.display().to_string())?;
        Self::load(card, &Files::In(folder))
    }

    fn load(card: Card, files: &Files<'_>) -> Result<Self, DataError> {
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for file in &card.files {
            let bytes = files.bytes(&file.path)?;
            let name = files.name(&file.path);
            let found = sha256(&bytes);
            if found != file.sha256 {
                return Err(DataError::Checksum {
                    file: name,
                    expected: file.sha256.clone(),
                    found,
                });
            }
            let problem = |problem| DataError::File {
                file: name.clone(),
                problem,
            };
            let bytes = read::inflated(&file.path, bytes).map_err(problem)?;
            match file.holds {
                Holds::Rows => {
                    (inputs, labels) = read::csv(&bytes, card.features).map_err(problem)?;
                }
                Holds::Features => {
                    let [rows, features] = [card.rows, card.features];
                    inputs = read::idx(&bytes, rows, features).map_err(problem)?;
                }
                Holds::Labels => {
                    let values = read::idx(&bytes, card.rows, 1).map_err(problem)?;
                    labels = values.into_iter().map(|value| value as u32).collect();
                }
            }
        }
        let dataset = Self {
            card,
            inputs,
            labels,
            own: false,
            format: TableFormat::default(),
            notes: Vec::new(),
        };
        dataset.check()?;
        Ok(dataset)
    }

    /// Checks that the rows match the card.
    fn check(&self) -> Result<(), DataError> {
        let card = &self.card;
        let refuse = |problem: String| {
            Err(DataError::File {
                file: card.file.clone(),
                problem,
            })
        };
        if self.labels.len() != card.rows || self.inputs.len() != card.rows * card.features {
            return refuse(format!(
                "says {} rows of {} features, but its files hold {} labels and {} numbers",
                card.rows,
                card.features,
                self.labels.len(),
                self.inputs.len()
            ));
        }
        let named = card.feature_names.len();
        if named != 0 && named != card.features {
            return refuse(format!("names {named} features of {}", card.features));
        }
        let classes = card.classes.len();
        if let Some(label) = self.labels.iter().find(|&&label| label as usize >= classes) {
            return refuse(format!(
                "names {classes} classes, but a row has the label {label}"
            ));
        }
        if let Some(value) = self.inputs.iter().find(|x| x.abs() > card.largest) {
            return refuse(format!(
                "says that no number is above {}, but one is {value}",
                card.largest
            ));
        }
        Ok(())
    }

    /// Number of rows of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.card.classes.len()];
        for &label in &self.labels {
            counts[label as usize] += 1;
        }
        counts
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The folder of the shipped files.
    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
    }

    /// A copy of the digits with one file changed by `change`.
    fn changed(change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Result<Dataset, DataError> {
        let copy = tempfile::tempdir().unwrap();
        for file in ["digits.toml", "digits.csv.gz"] {
            let bytes = fs::read(folder().join(file)).unwrap();
            fs::write(copy.path().join(file), change(file, bytes)).unwrap();
        }
        Dataset::in_folder(copy.path(), "digits")
    }

    #[test]
    fn digits_have_their_known_counts() {
        let digits = Dataset::shipped("digits").unwrap();
        let counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        assert_eq!(digits.class_counts(), counts);
        assert_eq!(
            &digits.inputs[..8],
            [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]
        );
        assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_small_sets_have_their_known_counts() {
        for (name, features, counts) in [
            ("iris", 4, &[50, 50, 50][..]),
            ("wine", 13, &[59, 71, 48]),
            ("breast-cancer", 30, &[212, 357]),
            ("penguins", 4, &[151, 68, 123]),
        ] {
            let set = Dataset::shipped(name).unwrap();
            assert_eq!(set.class_counts(), counts, "{name}");
            assert_eq!(set.card.feature_names.len(), features, "{name}");
            assert_eq!(set.inputs.len(), features * set.labels.len());
        }
        let iris = Dataset::shipped("iris").unwrap();
        assert_eq!(iris.inputs[..4], [5.1, 3.5, 1.4, 0.2]);
    }

    #[test]
    fn mnist_has_500_images_of_each_digit_and_the_known_grey_levels() {
        let mnist = Dataset::shipped("mnist-5k").unwrap();
        assert_eq!(mnist.class_counts(), [500; 10]);
        let n = mnist.inputs.len() as f64;
        let mean = mnist.inputs.iter().sum::<f64>() / n / 255.0;
        let square = mnist
            .inputs
            .iter()
            .map(|x| (x / 255.0).powi(2))
            .sum::<f64>()
            / n;
        // The mean and deviation of all 60,000 images are 0.1307 and 0.3081.
        assert!((mean - 0.1307).abs() < 0.003, "{mean}");
        assert!(
            ((square - mean * mean).sqrt() - 0.3081).abs() < 0.003,
            "{square}"
        );
    }

    #[test]
    fn every_shipped_card_is_that_of_the_folder() {
        for name in names() {
            let shipped = Dataset::shipped(name).unwrap();
            let found = Dataset::in_folder(&folder(), name).unwrap();
            // Not assert_eq: a failure would print all numbers.
            assert!(
                shipped.inputs == found.inputs && shipped.labels == found.labels,
                "{name}"
            );
            let card = card(name).unwrap();
            for file in &card.files {
                let bytes = fs::metadata(folder().join(&file.path)).unwrap().len();
                assert_eq!(bytes, file.bytes, "{}", file.path);
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_found_and_the_file_named() {
        let error = changed(|file, mut bytes| {
            if file == "digits.csv.gz" {
                bytes[20_000] ^= 1;
            }
            bytes
        });
        let error = error.unwrap_err();
        assert!(
            matches!(&error, DataError::Checksum { file, .. } if file.ends_with("digits.csv.gz"))
        );
        let text = error.to_string();
        assert!(
            text.contains("09f66e6d") && text.contains("digits.csv.gz"),
            "{text}"
        );
    }

    #[test]
    fn a_card_that_does_not_fit_is_an_error_that_says_so() {
        let card = |old: &'static str, new: &'static str| {
            let error = changed(move |file, bytes| {
                if file != "digits.toml" {
                    return bytes;
                }
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.contains(old), "{old}");
                text.replace(old, new).into_bytes()
            });
            error.unwrap_err().to_string()
        };
        for (old, new, problem) in [
            ("rows = 1797", "rows = 1800", "says 1800 rows"),
            ("features = 64", "features = 63", "line 1"),
            (", \"9\"]", "]", "has the label 9"),
            ("largest = 16.0", "largest = 15.0", "one is 16"),
            (
                "holds = \"rows\"",
                "holds = \"features\"",
                "not an IDX file",
            ),
            ("holds = \"rows\"", "holds = \"images\"", "images"),
            ("rows = 1797", "raws = 1797", "raws"),
            (
                "largest",
                "feature_names = ['a']\nlargest",
                "names 1 features",
            ),
            (
                "path = \"digits.csv.gz\"",
                "path = \"digit.csv.gz\"",
                "cannot be read",
            ),
        ] {
            let text = card(old, new);
            assert!(
                text.contains(problem) && text.contains("digit"),
                "{old}: {text}"
            );
        }
        let missing = Dataset::in_folder(&folder(), "cifar")
            .unwrap_err()
            .to_string();
        assert!(missing.contains("cifar.toml"), "{missing}");
        let unknown = Dataset::shipped("cifar").unwrap_err().to_string();
        assert!(unknown.contains("penguins, digits, mnist-5k"), "{unknown}");
    }
}
