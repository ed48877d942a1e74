use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Dataset;

/// What is done to the numbers of the files before a net sees them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// The numbers of the file.
    Raw,
    /// Divided by the largest value that the card of the data set gives.
    #[default]
    Unit,
    /// As "unit", minus the mean of each feature over the training rows.
    Centred,
    /// Minus the mean of each feature over the training rows, divided by its standard deviation. A
    /// feature that is constant there is only centred.
    Standardised,
}

/// Scaling of one feature: (x − shift) · factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureScale {
    /// Subtracted value.
    pub shift: f64,
    /// Factor.
    pub factor: f64,
    /// Whether the feature is constant over the training rows, up to rounding.
    pub constant: bool,
    /// Whether the variation of the feature over the training rows may be rounding; the numbers
    /// cannot decide it.
    pub doubtful: bool,
}

impl FeatureScale {
    /// The scaled value.
    pub fn apply(&self, value: f64) -> f64 {
        (value - self.shift) * self.factor
    }
}

/// A feature counts as constant if it varies by at most this number of roundings of its largest
/// value. A program that computes a constant in several ways leaves such differences.
const ROUNDINGS: f64 = 64.0;

/// Statistics of a feature over the training rows.
struct Spread {
    least: f64,
    /// Largest absolute value.
    largest: f64,
    constant: bool,
    doubtful: bool,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let single = ROUNDINGS * f64::from(f32::EPSILON);
        let double = ROUNDINGS * f64::EPSILON;
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
        let largest = most.max(-least);
        let varies_by = most - least;
        let near = varies_by <= single * largest;
        let constant =
            varies_by <= double * largest || (near && of_single_precision(values.clone()));
        // Remainder of a difference of numbers near one that should be 0.
        let residue = || {
            let mut units = values.map(|x| x / (f64::EPSILON / 4.0));
            largest <= double && units.all(|x| x.fract() == 0.0)
        };
        Self {
            least,
            largest,
            constant,
            doubtful: !constant && (near || residue()),
        }
    }
}

/// Whether the values were rounded to f32 before they were written, with the shortest unique
/// digits, 8 digits or 9 digits. At least one value must need so many digits; whole numbers do not
/// count, because they are usually exact.
fn of_single_precision(mut values: impl Iterator<Item = f64> + Clone) -> bool {
    let written = |x: f64, text: String| text.parse() == Ok(x);
    let many_digits = |x: f64| !written(x, format!("{x:.6e}"));
    let single = |x: f64| {
        let y = x as f32;
        f64::from(y) == x
            || written(x, y.to_string())
            || written(x, format!("{y:.8e}"))
            || written(x, format!("{y:.7e}"))
    };
    let mut all = values.clone();
    values.any(|x| x.fract() != 0.0 && many_digits(x)) && all.all(single)
}

impl Scaling {
    /// The scaling of every feature, determined from the training rows alone.
    pub fn of_features(self, dataset: &Dataset, train: &[u32]) -> Vec<FeatureScale> {
        let features = dataset.card.features;
        let unit = 1.0 / dataset.card.largest;
        let of_feature = |feature: usize| {
            let values = train
                .iter()
                .map(|&row| dataset.inputs[row as usize * features + feature]);
            let Spread {
                least,
                largest,
                constant,
                doubtful,
            } = Spread::of(values.clone());
            let (shift, factor) = match self {
                Self::Raw => (0.0, 1.0),
                Self::Unit => (0.0, unit),
                // The mean of a constant has a rounding error, which would be all that is left of
                // the feature.
                Self::Centred if constant => (least, unit),
                Self::Centred => (moments(values, largest).0, unit),
                Self::Standardised if constant => (least, 1.0),
                Self::Standardised => {
                    let (mean, deviation) = moments(values, largest);
                    (mean, 1.0 / deviation)
                }
            };
            FeatureScale {
                shift,
                factor,
                constant,
                doubtful,
            }
        };
        (0..features).map(of_feature).collect()
    }

    /// A note about features of the user's rows that are `constant` over the training rows; `None`
    /// if this has no effect.
    pub fn note(self, dataset: &Dataset, constant: &[usize], rows: &str) -> Option<String> {
        let (columns, one) = self.columns(dataset, constant)?;
        let are = if one { "is" } else { "are" };
        Some(format!(
            "{columns} {are} constant over {rows}, up to rounding, and therefore centred but not \
             divided by a standard deviation"
        ))
    }

    /// A note about features that may be constant, which the numbers cannot decide.
    pub fn note_of_doubt(
        self,
        dataset: &Dataset,
        doubtful: &[usize],
        rows: &str,
    ) -> Option<String> {
        let (columns, one) = self.columns(dataset, doubtful)?;
        let (vary, it) = if one {
            ("varies", "it is")
        } else {
            ("vary", "they are")
        };
        Some(format!(
            "{columns} {vary} so little over {rows} (by at most {ROUNDINGS} roundings of f32, or \
             of f64 at size one) that this may be rounding; {it} nevertheless divided by a \
             standard deviation. Remove columns that should be constant from the file"
        ))
    }

    /// Title and names of the columns, and whether there is only one; `None` unless inputs are
    /// standardised.
    fn columns(self, dataset: &Dataset, columns: &[usize]) -> Option<(String, bool)> {
        /// Longest list that is still readable.
        const SHOWN: usize = 8;
        if !dataset.own || self != Self::Standardised || columns.is_empty() {
            return None;
        }
        let name = |feature: &usize| match dataset.card.feature_names.get(*feature) {
            Some(name) => format!("{name:?}"),
            None => (feature + 1).to_string(),
        };
        let mut names: Vec<String> = columns.iter().take(SHOWN).map(name).collect();
        if let more @ 1.. = columns.len().saturating_sub(SHOWN) {
            names.push(format!("{more} more"));
        }
        let one = columns.len() == 1;
        let word = if one { "column" } else { "columns" };
        let title = &dataset.card.title;
        Some((format!("{title}: {word} {}", names.join(", ")), one))
    }
}

/// Mean and standard deviation of values with absolute value at most `largest`.
fn moments(values: impl ExactSizeIterator<Item = f64> + Clone, largest: f64) -> (f64, f64) {
    // The values are divided by a power of two, which is exact, so that their squares neither
    // overflow nor underflow.
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    let unit = f64::from_bits(largest.max(f64::MIN_POSITIVE).to_bits() & EXPONENT);
    let count = values.len() as f64;
    let scaled = values.map(|x| x / unit);
    let mean = scaled.clone().sum::<f64>() / count;
    let variance = scaled.map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean * unit, variance.sqrt() * unit)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{super::OwnFiles, *};
    use crate::dataset::Reading;

    /// A table with the columns `columns` and two classes.
    fn rows(columns: &[&[f64]]) -> Dataset {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let names: Vec<String> = (0..columns.len()).map(|c| format!("f{c},")).collect();
        writeln!(file, "{}y", names.concat()).unwrap();
        for row in 0..columns[0].len() {
            let fields = columns.iter().map(|column| format!("{:?},", column[row]));
            writeln!(file, "{}{}", fields.collect::<String>(), row % 2).unwrap();
        }
        let reading = Reading {
            label: Some("y".to_owned()),
            ..Reading::default()
        };
        let files = OwnFiles::new(file.path(), &reading).unwrap();
        Dataset::own(&files).unwrap()
    }

    #[test]
    fn a_constant_column_is_centred_and_never_divided() {
        // The sum of ten 0.1 is no multiple of 0.1; the last row is a test row.
        let third = 0.1 + 0.2;
        let dataset = rows(&[
            &[0.1; 11],
            &[0.3, third, 0.3, third, 0.3, 0.3, 0.3, third, 0.3, 0.3, 7.3],
            &[
                1e12,
                1e12,
                1e12,
                1e12 + 1e-3,
                1e12,
                1e12,
                1e12,
                1e12,
                1e12,
                1e12,
                1e12,
            ],
            &[0.0; 11],
            &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0],
            // A difference of 100 roundings is not constant.
            &[
                1.0,
                1.0 + 1e-13,
                1.0,
                1.0,
                1.0,
                1.0,
                1.0,
                1.0,
                1.0,
                1.0,
                1.0,
            ],
        ]);
        let train: Vec<u32> = (0..10).collect();
        let scales = Scaling::Standardised.of_features(&dataset, &train);
        let constant: Vec<bool> = scales.iter().map(|scale| scale.constant).collect();
        assert_eq!(constant, [true, true, true, true, false, false]);
        let seen =
            |feature: usize, row: usize| scales[feature].apply(dataset.inputs[row * 6 + feature]);
        for row in 0..10 {
            assert_eq!((seen(0, row), seen(3, row)), (0.0, 0.0));
            assert!(seen(1, row).abs() < 1e-15);
            assert!((seen(4, row).abs() - 1.0).abs() < 1e-15);
        }
        assert_eq!(seen(1, 10), 7.0);
        // Nine values of −1/3 and one of 3, in units of the deviation.
        assert!((seen(5, 1) - 3.0).abs() < 0.02, "{}", seen(5, 1));
        let note = Scaling::Standardised.note(&dataset, &[0, 1], "the training rows");
        assert!(
            note.unwrap()
                .contains("columns \"f0\", \"f1\" are constant over the training rows")
        );
        assert_eq!(Scaling::Unit.note(&dataset, &[0], "all rows"), None);
        let centred = Scaling::Centred.of_features(&dataset, &train);
        assert_eq!(centred[0].apply(0.1), 0.0);
    }

    #[test]
    fn a_column_that_is_constant_up_to_the_rounding_of_f32_is_only_centred() {
        let single = f64::from(0.1_f32);
        for (column, constant, doubtful) in [
            ([0.1, 0.100_000_01, 0.099_999_994, 0.1], true, false),
            ([0.1, single, 0.1, single], true, false),
            ([0.1, 0.100_000_001, 0.100_000_009, 0.1], true, false),
            ([101.325, 101.324_99, 101.325_01, 101.325], true, false),
            ([101.325, 101.324_997, 101.325_005, 101.325], true, false),
            // Seven digits may be measured values.
            ([0.1, 0.100_000_1, 0.1, 0.1], false, true),
            ([1.0, 1.000_001, 1.0, 1.0], false, true),
            ([1.7e9, 1.7e9 + 1.0, 1.7e9 + 2.0, 1.7e9], false, true),
            // These values have more digits than f32.
            ([0.1, 0.100_000_012_345, 0.1, 0.1], false, true),
            // Differences of numbers near one, and genuinely small numbers.
            ([0.0, f64::EPSILON, -f64::EPSILON / 2.0, 0.0], false, true),
            ([1.1e-300, 2.3e-300, -1e-300, 0.0], false, false),
            ([2.4e-12, -1.7e-12, 1e-12, 0.0], false, false),
            ([0.0, 0.0, 1.0, 0.0], false, false),
            ([2000.0, 2001.0, 2002.0, 2000.0], false, false),
            ([f64::from(1.1_f32), single, 0.1, 0.1], false, false),
        ] {
            let dataset = rows(&[&column]);
            let [scale] = Scaling::Standardised.of_features(&dataset, &[0, 1, 2, 3])[..] else {
                panic!("one feature");
            };
            let found = (scale.constant, scale.doubtful);
            assert_eq!(found, (constant, doubtful), "{column:?}");
            assert_eq!(scale.factor == 1.0, constant, "{column:?}");
            let note = Scaling::Standardised.note_of_doubt(&dataset, &[0], "these rows");
            assert!(
                note.unwrap()
                    .contains("column \"f0\" varies so little over these rows")
            );
        }
    }

    #[test]
    fn squares_of_large_and_small_values_neither_overflow_nor_vanish() {
        let dataset = rows(&[&[1e200, -1e200, 1e200, -1e200], &[2e-200, 0.0, 2e-200, 0.0]]);
        let scales = Scaling::Standardised.of_features(&dataset, &[0, 1, 2, 3]);
        for (scale, values) in scales.iter().zip([[1e200, -1e200], [2e-200, 0.0]]) {
            assert!(!scale.constant);
            let [above, below] = values.map(|value| scale.apply(value));
            assert!((above - 1.0).abs() < 1e-15 && (below + 1.0).abs() < 1e-15);
        }
    }
}
