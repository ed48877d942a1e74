use std::{
    fmt::Display,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    classified::{self, Classified},
    dataset::{
        DataError, Dataset, Decimal, FeatureScale, OwnFiles, OwnSets, Principal, Reading,
        RowNumbers, Scaling, Separator, TableFormat,
    },
    label_noise::corrupt_labels,
    row_streams::{RawRows, RowOrder},
    split::{check_imbalance, class_counts, class_split, split, step_imbalance, stratified_split},
    stream::{StreamKey, keyed},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "dataset";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawDataset>("name = \"digits\"\ntrain = 800");

/// Rows of a data set, shipped or your own, with classes to be learned: some rows for training, the rest for testing.
///
/// The target is τ times the one-hot of the class. Shipped sets are listed by `layerwise data list`; `layerwise data
/// show FILE --label COLUMN` says how a file of your own is read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawDataset {
    /// Name of a shipped data set; give this or `file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Path of your own rows, relative to the folder in which you are: a table (.csv, .tsv, .data, …, perhaps with .gz)
    /// or an IDX file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Column of a table that holds the class: its name, or its number from 1 where there is no header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// IDX file with the classes of an IDX file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_file: Option<String>,
    /// Separator of the columns of a table: a character, "tab" or "blanks"; found out unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    separator: Option<Separator>,
    /// Decimal mark of a table, "." or ","; found out unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    decimal: Option<Decimal>,
    /// Whether the first line of a table holds the names of the columns; found out unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<bool>,
    /// What is done with a column that numbers the rows; it is left out unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<RowNumbers>,
    /// SHA-256 of your own file, which the run writes; the file must still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Number of training rows; give this or `class_train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    train: Option<u32>,
    /// Number of training rows of each class, one entry per class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class_train: Option<Vec<u32>>,
    /// R, 1 or more: half of the classes keep one training row in R.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(extend("default" = 1.0))]
    imbalance: f64,
    /// Number of test rows; all that are not trained on unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test: Option<u32>,
    /// How the training rows are chosen.
    #[serde(default)]
    split: Split,
    /// What is done to the features, by the training rows.
    #[serde(default)]
    inputs: Scaling,
    /// Number of principal components of the training rows that take the place of the features, whitened. With
    /// them and a full batch the singular modes of the task have closed forms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    components: Option<u32>,
    /// τ: the target of the right class; the others have target 0. Above 0.
    #[serde(default = "one")]
    target: f64,
    /// p: the target of class c (from 0) is multiplied by (1 + c)^p. From −10 to 10.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(extend("default" = 0.0))]
    target_power: f64,
    /// Whether the mean over the training rows is subtracted from the targets.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    centred_targets: bool,
    /// ξ: factor on all inputs. Above 0. Not with `components`.
    #[serde(default = "one")]
    input_scale: f64,
    /// Share of the training labels that are replaced by another class drawn at random, from 0 to 1.
    #[serde(default)]
    label_noise: f64,
    /// Order in which training takes the rows.
    #[serde(default)]
    data: RawRows,
}

/// How the training rows are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Split {
    /// Every class gives the same share of its rows.
    #[default]
    Stratified,
    /// All rows are alike.
    Uniform,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn one() -> f64 {
    1.0
}

/// A data set, shipped or somebody's own: some rows for training, the rest for testing.
struct DatasetTask {
    raw: RawDataset,
    /// Training rows.
    train: u32,
    /// Those of each class, where they are not its share.
    counts: Option<Vec<u32>>,
    dataset: Arc<Dataset>,
    order: RowOrder,
    shape: TaskShape,
}

/// Checks the keys of `kind = "dataset"`.
pub(crate) fn build(table: toml::Table, own: &OwnSets) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawDataset = parse_table(table)?;
    let dataset = open(&mut raw, own)?;
    let rows = dataset.labels.len();
    check::fits("file", &rows, rows, dataset.card.features)?;
    let rows = u32::try_from(rows).expect("few enough rows to fit");
    let mut train = training_rows(&raw, &dataset)?;
    let mut counts = raw.class_train.clone();
    check_imbalance(raw.imbalance)?;
    if raw.imbalance > 1.0 {
        if raw.split == Split::Uniform || counts.is_some() {
            let problem = "needs a stratified split and train";
            let hint = "Write train, and split = \"stratified\", or leave imbalance out.";
            return Err(KeyError::new("imbalance", raw.imbalance, problem, hint));
        }
        check::within("train", u64::from(train), 1, u64::from(rows - 1))?;
        let sizes = dataset.class_counts();
        let sizes: Vec<u32> = sizes.into_iter().map(|size| size as u32).collect();
        let mut of_class = class_counts(&sizes, train);
        step_imbalance(&mut of_class, raw.imbalance);
        train = of_class.iter().sum();
        counts = Some(of_class);
    }
    check::within("train", u64::from(train), 1, u64::from(rows - 1))?;
    if let Some(test) = raw.test {
        check::within("test", u64::from(test), 1, u64::from(rows - train))?;
    }
    check::positive("target", raw.target)?;
    if !raw.target_power.is_finite() {
        let hint = "Write 0 for targets of one size.";
        let problem = "must be finite";
        return Err(KeyError::new(
            "target_power",
            raw.target_power,
            problem,
            hint,
        ));
    }
    let largest_power = (dataset.card.classes.len() as f64).powf(raw.target_power);
    if !(raw.target * largest_power).is_normal() {
        let problem = "makes targets that are 0 or infinite";
        let hint = "Write a number between −10 and 10.";
        return Err(KeyError::new(
            "target_power",
            raw.target_power,
            problem,
            hint,
        ));
    }
    let inputs = components(&raw, dataset.card.features, train)?;
    check::positive("input_scale", raw.input_scale)?;
    check::share("label_noise", raw.label_noise)?;
    let shape = TaskShape {
        inputs,
        basis: 0,
        outputs: dataset.card.classes.len(),
    };
    let (data, order) = (raw.data)
        .check(train as usize, shape.row_len())
        .map_err(|e| e.within("data"))?;
    raw.data = data;
    Ok(Box::new(DatasetTask {
        raw,
        train,
        counts,
        dataset,
        order,
        shape,
    }))
}

/// The data set that the keys name; of somebody's own files, SHA-256 and how a table is read are
/// written back.
fn open(raw: &mut RawDataset, sets: &OwnSets) -> Result<Arc<Dataset>, KeyError> {
    let refused = |key: &str, value: &str, error: &DataError, hint: &str| {
        let problem = error.to_string();
        KeyError::new(
            key,
            format!("{value:?}"),
            problem.trim_end_matches('.'),
            hint,
        )
    };
    let (name, file) = match (&raw.name, &raw.file) {
        (Some(name), None) => (name, None),
        (None, Some(file)) => (file, Some(Path::new(file))),
        (name, _) => {
            let found = if name.is_some() {
                "(both)"
            } else {
                "(neither)"
            };
            let hint = "Write the name of a shipped set, or the path of a file.";
            return Err(KeyError::new(
                "name",
                found,
                "or file must be given, and not both",
                hint,
            ));
        }
    };
    let Some(file) = file else {
        for (key, given) in [
            ("label", raw.label.clone()),
            ("label_file", raw.label_file.clone()),
            ("separator", raw.separator.map(String::from)),
            ("decimal", raw.decimal.map(String::from)),
            ("header", raw.header.map(|header| header.to_string())),
            (
                "index",
                raw.index.map(|index| format!("{index:?}").to_lowercase()),
            ),
            ("sha256", raw.sha256.clone()),
        ] {
            if let Some(given) = given {
                let problem = "applies to file only; a shipped set has its own labels, format and \
                               sums";
                return Err(KeyError::new(key, given, problem, "Leave it out."));
            }
        }
        let hint = "`layerwise data list` names the data sets.";
        return Dataset::shipped(name).map_err(|error| refused("name", name, &error, hint));
    };
    let reading = Reading {
        label: raw.label.clone(),
        label_file: raw.label_file.as_ref().map(PathBuf::from),
        format: TableFormat {
            separator: raw.separator,
            decimal: raw.decimal,
            header: raw.header,
            index: raw.index,
        },
    };
    let own = OwnFiles::new(file, &reading)
        .and_then(|files| sets.get(&files))
        .map_err(|error| {
            let hint = "Paths are relative to the current folder.";
            refused("file", name, &error, hint)
        })?;
    check::same_content("sha256", &mut raw.sha256, own.sha256(), name)?;
    TableFormat {
        separator: raw.separator,
        decimal: raw.decimal,
        header: raw.header,
        index: raw.index,
    } = own.format;
    Ok(own)
}

/// Inputs of a net: features, or principal components of them.
fn components(raw: &RawDataset, features: usize, train: u32) -> Result<usize, KeyError> {
    let Some(components) = raw.components else {
        return Ok(features);
    };
    // The mean takes one direction.
    let most = (features as u64).min(u64::from(train) - 1);
    let count = check::within("components", u64::from(components), 1, most)? as usize;
    if raw.input_scale != 1.0 {
        let problem = "has no effect on whitened components";
        let hint = "Leave it out, or leave components out.";
        return Err(KeyError::new("input_scale", raw.input_scale, problem, hint));
    }
    Ok(count)
}

/// Training rows of all classes.
fn training_rows(raw: &RawDataset, dataset: &Dataset) -> Result<u32, KeyError> {
    let counts = match (raw.train, &raw.class_train) {
        (Some(train), None) => return Ok(train),
        (None, Some(counts)) => counts,
        (train, _) => {
            let found = if train.is_some() {
                "(both)"
            } else {
                "(neither)"
            };
            let problem = "or class_train must be given, and not both";
            let hint = "Write the number of training rows, or a list with the number for each \
                        class.";
            return Err(KeyError::new("train", found, problem, hint));
        }
    };
    let sizes = dataset.class_counts();
    if counts.len() != sizes.len() {
        let problem = format!("has {} entries for {} classes", counts.len(), sizes.len());
        let hint = "Write one number of rows per class.";
        return Err(KeyError::new(
            "class_train",
            format!("{counts:?}"),
            problem,
            hint,
        ));
    }
    for (class, (&count, &size)) in counts.iter().zip(&sizes).enumerate() {
        let key = format!("class_train[{class}]");
        check::within(&key, u64::from(count), 1, size as u64)?;
    }
    // Not above the rows, which are counted in u32.
    Ok(counts.iter().sum())
}

impl DatasetTask {
    /// Training and test rows of a seed.
    fn halves(&self, seed: u64) -> (Vec<u32>, Vec<u32>) {
        let labels = &self.dataset.labels;
        let rng = &mut keyed(seed, "split", 0);
        let (train, rest) = match (&self.counts, self.raw.split) {
            (Some(counts), _) => class_split(rng, labels, counts),
            (None, Split::Stratified) => {
                stratified_split(rng, labels, self.shape.outputs, self.train)
            }
            (None, Split::Uniform) => {
                let rows = u32::try_from(labels.len()).expect("few enough rows to fit");
                split(rng, rows, self.train)
            }
        };
        let Some(test) = self.raw.test else {
            return (train, rest);
        };
        let of_rest = |row: u32| rest[row as usize];
        let count = u32::try_from(rest.len()).expect("few enough rows to fit");
        let (test, _) = split(&mut keyed(seed, "split", 1), count, test);
        (train, test.into_iter().map(of_rest).collect())
    }

    /// What is done to every feature, from the training rows alone.
    fn transform(&self, train: &[u32]) -> Vec<FeatureScale> {
        let mut scales = self.raw.inputs.of_features(&self.dataset, train);
        for scale in &mut scales {
            scale.factor *= self.raw.input_scale;
        }
        scales
    }

    fn inputs(&self, rows: &[u32], transform: &[FeatureScale]) -> Vec<f64> {
        let features = self.dataset.card.features;
        let mut inputs = Vec::with_capacity(rows.len() * features);
        for &row in rows {
            let start = row as usize * features;
            let own = &self.dataset.inputs[start..start + features];
            inputs.extend(own.iter().zip(transform).map(|(x, scale)| scale.apply(*x)));
        }
        inputs
    }

    /// The whitened components of the training rows, where they are asked for.
    fn principal(
        &self,
        train: &[u32],
        transform: &[FeatureScale],
    ) -> Option<Result<Principal, usize>> {
        self.raw.components?;
        let inputs = self.inputs(train, transform);
        let constant: Vec<bool> = transform.iter().map(|scale| scale.constant).collect();
        Some(Principal::of(&inputs, &constant, self.shape.inputs))
    }

    fn rows(
        &self,
        rows: &[u32],
        labels: &[u32],
        transform: &[FeatureScale],
        principal: Option<&Principal>,
    ) -> Batch {
        let inputs = self.inputs(rows, transform);
        let inputs = match principal {
            Some(principal) => principal.components(&inputs),
            None => inputs,
        };
        let classes = self.labels(rows);
        classified::rows(
            self.shape,
            inputs,
            Vec::new(),
            classes,
            labels,
            self.raw.target,
        )
    }

    /// Multiplies the targets of class c (from 0) by (1 + c)^power, and takes off their mean over
    /// the training rows, where that is asked for.
    fn weigh_targets(&self, training: &mut Batch, test: &mut Batch) {
        let outputs = self.shape.outputs;
        let factor = |class: usize| (1.0 + class as f64).powf(self.raw.target_power);
        let weigh = |rows: &mut Batch| {
            for row in rows.targets.chunks_exact_mut(outputs) {
                (0..).zip(row).for_each(|(class, y)| *y *= factor(class));
            }
        };
        if self.raw.target_power != 0.0 {
            weigh(training);
            weigh(test);
        }
        if self.raw.centred_targets {
            let mean = |class: usize| {
                let column = training.targets[class..].iter().step_by(outputs);
                column.sum::<f64>() / training.rows as f64
            };
            let means: Vec<f64> = (0..outputs).map(mean).collect();
            for row in training
                .targets
                .chunks_exact_mut(outputs)
                .chain(test.targets.chunks_exact_mut(outputs))
            {
                row.iter_mut().zip(&means).for_each(|(y, mean)| *y -= mean);
            }
        }
    }

    fn labels(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter()
            .map(|&row| self.dataset.labels[row as usize])
            .collect()
    }
}

impl Task for DatasetTask {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.order.batch_rows(self.train as usize)
    }

    fn notes(&self, seeds: &[u64]) -> Vec<String> {
        let mut notes = self.dataset.notes.clone();
        if self.raw.inputs != Scaling::Standardised {
            return notes;
        }
        // In how many seeds a feature is constant, and in how many it may be.
        let mut constant = vec![0; self.dataset.card.features];
        let mut doubtful = constant.clone();
        for &seed in seeds {
            let scales = self.transform(&self.halves(seed).0);
            for (feature, scale) in scales.iter().enumerate() {
                constant[feature] += usize::from(scale.constant);
                doubtful[feature] += usize::from(scale.doubtful);
            }
        }
        for (rows, counts) in [
            ("the training rows", seeds.len()..seeds.len() + 1),
            ("the training rows of some seeds", 1..seeds.len()),
        ] {
            let of = |found: &[usize]| -> Vec<usize> {
                let features = 0..found.len();
                features.filter(|x| counts.contains(&found[*x])).collect()
            };
            let scaling = self.raw.inputs;
            notes.extend(scaling.note(&self.dataset, &of(&constant), rows));
            notes.extend(scaling.note_of_doubt(&self.dataset, &of(&doubtful), rows));
        }
        notes
    }

    fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        let (train, _) = self.halves(seed);
        let key = ("train", &self.train as &dyn Display);
        classified::every_class_is_trained(&self.dataset.labels, &train, seed, key)?;
        match self.principal(&train, &self.transform(&train)) {
            Some(Err(found)) => Err(KeyError::new(
                "components",
                self.shape.inputs,
                format!(
                    "is more than the {found} directions in which the training rows vary at seed {seed}"
                ),
                match found {
                    0 => "Remove it: these rows have no components.".to_owned(),
                    _ => format!("Write {found} or less."),
                },
            )),
            _ => Ok(()),
        }
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let (train, test) = self.halves(seed);
        let transform = self.transform(&train);
        let mut labels = self.labels(&train);
        let classes = u32::try_from(self.shape.outputs).expect("classes are counted in u32");
        let noise = &mut keyed(seed, "label noise", 0);
        corrupt_labels(noise, &mut labels, self.raw.label_noise, classes);
        let principal = (self.principal(&train, &transform))
            .map(|found| found.expect("the components of this seed were checked"));
        let mut training = self.rows(&train, &labels, &transform, principal.as_ref());
        training.index = (0..self.train).collect();
        let mut test = self.rows(&test, &self.labels(&test), &transform, principal.as_ref());
        self.weigh_targets(&mut training, &mut test);
        let full_batch = self.batch_rows() == training.rows;
        Box::new(Classified {
            whitened: principal.is_some() && full_batch,
            groups: classified::class_groups(
                &self.dataset.labels,
                self.shape.outputs,
                self.raw.target,
            ),
            training: Arc::new(training),
            order: self.order,
            key: StreamKey::new(seed, "training order"),
            test,
            input_scale: self.raw.input_scale,
            pairs: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_rejects;

    use super::*;

    fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
        super::build(table, &OwnSets::default())
    }

    fn instance(more: &str, seed: u64) -> Box<dyn TaskInstance> {
        let spec = format!("name = 'digits'\ntrain = 200\n{more}");
        build(spec.parse().unwrap()).unwrap().instance(seed)
    }

    /// Mean and variance of one feature.
    fn moments(rows: &Batch, feature: usize) -> (f64, f64) {
        let values: Vec<f64> = rows.inputs.chunks(64).map(|x| x[feature]).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (
            mean,
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n,
        )
    }

    /// A few roundings of sums over 200 rows.
    const ROUNDING: f64 = 1e-12;

    #[test]
    fn components_are_white_on_the_training_rows_and_targets_weighed_and_centred() {
        let more = "components = 12\ntarget = 3.0\ntarget_power = -0.7\ncentred_targets = true";
        let digits = instance(more, 3);
        assert!(digits.whitened());
        let (training, test) = (digits.training_set().unwrap(), digits.test());
        assert_eq!(
            (training.shape.inputs, test.inputs.len()),
            (12, 12 * test.rows)
        );
        let rows = training.rows as f64;
        for i in 0..12 {
            for j in 0..12 {
                let inputs = training.inputs.chunks(12);
                let product: f64 = inputs.map(|x| x[i] * x[j] / rows).sum();
                let expected = f64::from(u8::from(i == j));
                assert!((product - expected).abs() < 1e-9, "{i} {j}: {product}");
            }
        }
        let class = test.group[0] as usize;
        let targets = &test.targets[..10];
        let others = targets.iter().enumerate().filter(|(c, _)| *c != class);
        assert!(others.into_iter().all(|(_, y)| *y < 0.0));
        for c in 0..10 {
            let column = training.targets[c..].iter().step_by(10);
            assert!(column.sum::<f64>().abs() < 1e-9);
        }
        let height = 3.0 * (1.0 + class as f64).powf(-0.7);
        let mean = training
            .group
            .iter()
            .filter(|&&g| g as usize == class)
            .count() as f64
            / rows;
        assert!((targets[class] - height * (1.0 - mean)).abs() < ROUNDING);
        assert!(!instance("", 3).whitened());
        assert!(!instance("components = 3\ndata = { batch = 50, order = 'epochs' }", 3).whitened());
    }

    #[test]
    fn more_components_than_directions_are_refused() {
        // Three columns of digits are 0 in every image.
        let spec = "name = 'digits'\ntrain = 200\ncomponents = 64";
        let error = build(spec.parse().unwrap())
            .unwrap()
            .check_seed(0)
            .unwrap_err();
        assert_eq!(error.key, "components");
    }

    #[test]
    fn the_rest_is_the_test_set_and_classes_have_their_share() {
        let digits = instance("", 3);
        let (training, test) = (digits.training_set().unwrap(), digits.test());
        assert_eq!((training.rows, test.rows), (200, 1597));
        let count = |rows: &Batch, class: u32| rows.group.iter().filter(|&&c| c == class).count();
        for class in 0..10 {
            assert!((19..=21).contains(&count(&training, class)), "{class}");
        }
        let part = instance("test = 300", 3);
        assert_eq!(part.test().rows, 300);
        assert_eq!(part.training_set().unwrap(), training);
        let uniform = instance("split = 'uniform'", 3).training_set().unwrap();
        assert_ne!(uniform.inputs, training.inputs);
        let all: usize = (0..10)
            .map(|class| count(&training, class) + count(&test, class))
            .sum();
        assert_eq!(all, 1797);
        let row = |rows: &Batch, at: usize| rows.inputs[at * 64..(at + 1) * 64].to_vec();
        // Some pair of digits may be alike, but not most.
        let shared = (0..200).filter(|&i| (0..1597).any(|j| row(&training, i) == row(&test, j)));
        assert!(shared.count() < 5);
    }

    #[test]
    fn statistics_come_from_the_training_rows_alone() {
        let digits = instance("inputs = 'standardised'", 1);
        let (training, test) = (digits.training_set().unwrap(), digits.test());
        for feature in [10, 20, 43] {
            let (mean, variance) = moments(&training, feature);
            assert!(mean.abs() < ROUNDING && (variance - 1.0).abs() < ROUNDING);
            let (mean, variance) = moments(&test, feature);
            assert!(
                mean.abs() > 1e-4 && (variance - 1.0).abs() > 1e-4,
                "{mean} {variance}"
            );
        }
        // The first pixel is always white.
        assert_eq!(moments(&training, 0), (0.0, 0.0));
        let centred = instance("inputs = 'centred'", 1).training_set().unwrap();
        assert!(moments(&centred, 20).0.abs() < ROUNDING);
        let unit = instance("", 1).training_set().unwrap();
        let raw = instance("inputs = 'raw'\ninput_scale = 0.5", 1);
        assert_eq!(raw.input_scale(), 0.5);
        for (raw, unit) in raw.training_set().unwrap().inputs.iter().zip(&unit.inputs) {
            assert_eq!(raw / 8.0, *unit);
        }
    }

    #[test]
    fn scales_and_noise_leave_the_split_alone() {
        let plain = instance("", 5).training_set().unwrap();
        let noisy = instance("target = 3.0\nlabel_noise = 1.0", 5);
        let rows = noisy.training_set().unwrap();
        assert_eq!((rows.inputs, rows.group), (plain.inputs, plain.group));
        assert!(rows.targets.iter().all(|y| [0.0, 3.0].contains(y)));
        let test = noisy.test();
        for (row, class) in test.targets.chunks(10).zip(&test.group) {
            assert_eq!(row[*class as usize], 3.0);
        }
        let right = rows
            .targets
            .chunks(10)
            .zip(&plain.targets.chunks(10).collect::<Vec<_>>())
            .filter(|(noisy, plain)| noisy.iter().zip(**plain).all(|(a, b)| *a == 3.0 * b))
            .count();
        // One in ten by chance.
        assert!((5..=40).contains(&right), "{right}");
    }

    #[test]
    fn classes_have_the_training_rows_that_they_are_given() {
        let spec = "name = 'iris'\nclass_train = [40, 5, 1]";
        let task = build(spec.parse().unwrap()).unwrap();
        let count =
            |rows: &Batch| [0, 1, 2].map(|c| rows.group.iter().filter(|&&g| g == c).count());
        for seed in 0..5 {
            assert!(task.check_seed(seed).is_ok());
            let iris = task.instance(seed);
            assert_eq!(count(&iris.training_set().unwrap()), [40, 5, 1]);
            assert_eq!(count(&iris.test()), [10, 45, 49]);
        }
        assert!(!task.resolved().contains_key("train"));
        let spec = "name = 'iris'\ntrain = 90\nimbalance = 10.0";
        let iris = build(spec.parse().unwrap()).unwrap().instance(1);
        assert_eq!(count(&iris.training_set().unwrap()), [30, 3, 3]);
    }

    #[test]
    fn own_rows_are_part_of_what_a_run_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.csv");
        std::fs::write(&path, "x,kind\n1,a\n2,b\n3,a\n4,b\n").unwrap();
        let spec = format!("file = '{}'\nlabel = 'kind'\ntrain = 2", path.display());
        let task = build(spec.parse().unwrap()).unwrap();
        let resolved = task.resolved();
        let sum = resolved["sha256"].as_str().unwrap().to_owned();
        assert_eq!(sum.len(), 64);
        let rows = task.instance(0).training_set().unwrap();
        assert_eq!(
            (rows.rows, rows.shape.inputs, rows.shape.outputs),
            (2, 1, 2)
        );
        // The resolved table is the same task, until the file changes.
        let again = || {
            let mut table = resolved.clone();
            table.remove("kind");
            build(table)
        };
        assert!(again().is_ok());
        std::fs::write(&path, "x,kind\n1,a\n2,b\n3,a\n4,b\n5,a\n").unwrap();
        let error = again().err().unwrap();
        assert_eq!(error.key, "sha256");
        assert!(error.problem.contains("was changed"), "{error}");
    }

    /// A task on a file of these rows; the file goes when the task is built.
    fn of_rows(text: &str, more: &str) -> Result<Box<dyn Task>, KeyError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.csv");
        std::fs::write(&path, text).unwrap();
        build(
            format!("file = {path:?}\nlabel = 'y'\n{more}")
                .parse()
                .unwrap(),
        )
    }

    #[test]
    fn a_constant_column_is_centred_in_all_rows_and_said() {
        let mut text = "a,b,c,y\n".to_owned();
        for row in 0..60 {
            // b varies by one rounding, c in one row only.
            let b = if row % 7 == 0 {
                "0.30000000000000004"
            } else {
                "0.3"
            };
            let c = if row == 7 { "2.5" } else { "0.1" };
            text += &format!("{}.5,{b},{c},{}\n", row * row, row % 3);
        }
        let task = of_rows(&text, "inputs = 'standardised'\ntrain = 30").unwrap();
        let mut seen = [0, 0];
        for seed in 0..4 {
            let (training, test) = (
                task.instance(seed).training_set().unwrap(),
                task.instance(seed).test(),
            );
            let rows = || training.inputs.chunks(3).chain(test.inputs.chunks(3));
            assert!(rows().all(|x| x[1].abs() < 1e-15));
            let trained = training.inputs.chunks(3).any(|x| x[2].abs() > 1.0);
            seen[usize::from(trained)] += 1;
            let centred = [0.0, 2.5 - 0.1];
            let tested = test.inputs.chunks(3).all(|x| centred.contains(&x[2]));
            assert_eq!(tested, !trained);
        }
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
        let notes = task.notes(&[0, 1, 2, 3]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].contains("column \"b\" is constant over the training rows,"));
        assert!(notes[1].contains("column \"c\" is constant over the training rows of some seeds"));
        let unit = of_rows(&text, "train = 30").unwrap();
        assert!(unit.notes(&[0, 1, 2, 3]).is_empty());
    }

    #[test]
    fn a_large_constant_column_is_no_component() {
        let mut text = "a,b,y\n".to_owned();
        for row in 0..40 {
            // The mean of b is off by more than a varies.
            text += &format!("{},1.1e15,{}\n", f64::from(row * row) * 1e-3, row % 2);
        }
        for inputs in ["raw", "unit", "centred", "standardised"] {
            let more =
                |count: usize| format!("train = 20\ninputs = '{inputs}'\ncomponents = {count}");
            let error = of_rows(&text, &more(2)).unwrap().check_seed(0).unwrap_err();
            assert!(
                error.problem.contains("the 1 directions"),
                "{inputs}: {error}"
            );
            if inputs != "unit" && inputs != "centred" {
                assert!(of_rows(&text, &more(1)).unwrap().check_seed(0).is_ok());
            }
        }
        let constant = text.lines().map(|line| match line.split_once(',') {
            Some(("a", _)) => "a,b,y\n".to_owned(),
            Some((_, rest)) => format!("0.1,{rest}\n"),
            None => String::new(),
        });
        let constant: String = constant.collect();
        let task = of_rows(&constant, "train = 20\ncomponents = 1").unwrap();
        let error = task.check_seed(0).unwrap_err();
        assert!(error.problem.contains("the 0 directions"), "{error}");
    }

    #[test]
    fn how_a_table_was_read_is_part_of_what_a_run_is() {
        let text = ";a;y\n0;1,5;c\n1;2,5;d\n2;3,5;c\n3;4,5;d\n";
        let task = of_rows(text, "train = 2").unwrap();
        let resolved = task.resolved();
        assert_eq!(resolved["separator"].as_str(), Some(";"));
        assert_eq!(resolved["decimal"].as_str(), Some(","));
        assert_eq!(resolved["index"].as_str(), Some("drop"));
        assert_eq!(task.shape().inputs, 1);
        let notes = task.notes(&[0]);
        assert!(
            notes[0].starts_with("own.csv is read with the separator \";\""),
            "{notes:?}"
        );
        assert!(
            notes[1].contains("names of rows in column \"\""),
            "{notes:?}"
        );
        let kept = of_rows(text, "train = 2\nindex = 'keep'").unwrap();
        assert_eq!((kept.shape().inputs, kept.notes(&[0]).len()), (2, 1));
        let bare = "5.1,3.5,c\n7,3,d\n5,4,c\n6,3.1,d\n";
        assert_eq!(of_rows(bare, "train = 2").err().unwrap().key, "file");
        let numbered = |label: &str| {
            let more = format!("train = 2\nheader = false\nseparator = ','\nlabel = '{label}'");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("iris.data");
            std::fs::write(&path, bare).unwrap();
            build(format!("file = {path:?}\n{more}").parse().unwrap())
        };
        assert_eq!(numbered("3").unwrap().shape().inputs, 2);
        let plain = of_rows("a,y\n1,c\n2,d\n3,c\n4,d\n", "train = 2").unwrap();
        for key in ["separator", "decimal", "index", "header"] {
            assert!(!plain.resolved().contains_key(key), "{key}");
        }
    }

    #[test]
    fn minibatches_come_from_the_training_rows() {
        let digits = instance("data = { order = 'epochs', batch = 128 }", 2);
        let training = digits.training_set().unwrap();
        let mut batch = Batch::empty();
        digits.training().fill(1, &mut batch);
        assert_eq!(batch.rows, 128);
        for (at, &row) in batch.index.iter().enumerate() {
            let own = &training.inputs[row as usize * 64..(row as usize + 1) * 64];
            assert_eq!(&batch.inputs[at * 64..(at + 1) * 64], own);
        }
    }

    #[test]
    fn a_seed_that_leaves_a_class_out_is_refused() {
        let spec = "name = 'digits'\ntrain = 12\nsplit = 'uniform'";
        let task = build(spec.parse().unwrap()).unwrap();
        let errors: Vec<KeyError> = (0..20)
            .filter_map(|seed| task.check_seed(seed).err())
            .collect();
        assert!(errors.len() > 10);
        assert_eq!(errors[0].key, "train");
        assert!(errors[0].problem.contains("without a training row at seed"));
        let spec = "name = 'digits'\ntrain = 12";
        let stratified = build(spec.parse().unwrap()).unwrap();
        assert!((0..20).all(|seed| stratified.check_seed(seed).is_ok()));
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("name = 'cifar'\ntrain = 10", "name"),
                ("name = 'digits'", "train"),
                ("train = 10", "name"),
                ("name = 'digits'\nfile = 'a.csv'\ntrain = 10", "name"),
                ("name = 'digits'\nlabel = 'y'\ntrain = 10", "label"),
                ("name = 'digits'\nseparator = ','\ntrain = 10", "separator"),
                ("name = 'digits'\nheader = false\ntrain = 10", "header"),
                ("name = 'digits'\nindex = 'keep'\ntrain = 10", "index"),
                (
                    "file = 'a.csv'\nlabel = 'y'\nseparator = 'ab'\ntrain = 10",
                    "separator",
                ),
                (
                    "file = 'a.csv'\nlabel = 'y'\ndecimal = ';'\ntrain = 10",
                    "decimal",
                ),
                (
                    "file = 'a.csv'\nlabel = 'y'\nindex = 'no'\ntrain = 10",
                    "index",
                ),
                (
                    "name = 'digits'\ntrain = 170\ntarget_power = 900.0",
                    "target_power",
                ),
                ("file = 'nowhere.csv'\nlabel = 'y'\ntrain = 10", "file"),
                ("file = 'nowhere.csv'\ntrain = 10", "file"),
                ("name = 'iris'\ntrain = 9\nclass_train = [3, 3, 3]", "train"),
                ("name = 'iris'\nclass_train = [3, 3]", "class_train"),
                ("name = 'iris'\nclass_train = [3, 0, 3]", "class_train[1]"),
                ("name = 'iris'\nclass_train = [3, 51, 3]", "class_train[1]"),
                ("name = 'iris'\nclass_train = [50, 50, 50]", "train"),
                ("name = 'iris'\ntrain = 90\nimbalance = 0.1", "imbalance"),
                (
                    "name = 'iris'\nclass_train = [5, 5, 5]\nimbalance = 2.0",
                    "imbalance",
                ),
                ("name = 'digits'\ntrain = 0", "train"),
                ("name = 'digits'\ntrain = 1797", "train"),
                ("name = 'digits'\ntrain = 1700\ntest = 98", "test"),
                ("name = 'digits'\ntrain = 170\ntest = 0", "test"),
                ("name = 'digits'\ntrain = 170\ntarget = 0", "target"),
                (
                    "name = 'digits'\ntrain = 170\ninput_scale = inf",
                    "input_scale",
                ),
                (
                    "name = 'digits'\ntrain = 170\nlabel_noise = -0.1",
                    "label_noise",
                ),
                ("name = 'digits'\ntrain = 170\ninputs = 'white'", "inputs"),
                ("name = 'digits'\ntrain = 170\nsplit = 'even'", "split"),
                (
                    "name = 'digits'\ntrain = 9\ndata = { order = 'epochs', batch = 10 }",
                    "data.batch",
                ),
            ],
        );
    }
}
