use std::sync::Arc;

use nalgebra::DMatrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    classified::{self, Classified},
    label_noise::corrupt_labels,
    row_streams::{RawRows, RowOrder},
    stream::{StreamKey, keyed, standard_normals},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "gaussian-mixture";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawMixture>("inputs = 20\nclass_train = [100, 100, 100]");

/// Rows from one isotropic normal distribution per class, whose sizes in the training set may differ.
///
/// The target is τ times the one-hot of the class.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawMixture {
    /// Number of inputs.
    inputs: u32,
    /// Number of training rows of each class, one entry per class; two classes or more.
    class_train: Vec<u32>,
    /// Number of test rows of each class.
    #[serde(default = "hundred")]
    class_test: u32,
    /// Where the class means are.
    #[serde(default)]
    means: Means,
    /// Distance of the class means from the origin. Above 0.
    #[serde(default = "one")]
    radius: f64,
    /// Standard deviation of the inputs around their class mean. Above 0.
    #[serde(default = "one")]
    std: f64,
    /// τ: the target of the right class; the others have target 0. Above 0.
    #[serde(default = "one")]
    target: f64,
    /// ξ: factor on all inputs. Above 0.
    #[serde(default = "one")]
    input_scale: f64,
    /// Share of the training labels that are replaced by another class drawn at random, from 0 to 1.
    #[serde(default)]
    label_noise: f64,
    /// Order in which training takes the rows.
    #[serde(default)]
    data: RawRows,
}

/// Where the class means lie, `radius` from the origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Means {
    /// On the corners of a randomly turned simplex: all cosines are −1/(C − 1).
    #[default]
    Simplex,
    /// In independent random directions.
    Random,
}

fn one() -> f64 {
    1.0
}

fn hundred() -> u32 {
    100
}

/// The checked task.
struct GaussianMixture {
    raw: RawMixture,
    order: RowOrder,
    shape: TaskShape,
}

/// Checks the keys of `kind = "gaussian-mixture"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawMixture = parse_table(table)?;
    let classes = raw.class_train.len();
    let written = || format!("{:?}", raw.class_train);
    if classes < 2 {
        let hint = "Write the training rows of each class, for example [100, 100, 100].";
        let problem = "must name two classes or more";
        return Err(KeyError::new("class_train", written(), problem, hint));
    }
    for (class, &rows) in raw.class_train.iter().enumerate() {
        let key = format!("class_train[{class}]");
        check::within(&key, u64::from(rows), 1, u64::from(u32::MAX))?;
    }
    check::within(
        "class_test",
        u64::from(raw.class_test),
        1,
        u64::from(u32::MAX),
    )?;
    // C points in C − 1 dimensions make a simplex.
    let least = match raw.means {
        Means::Simplex => classes as u64 - 1,
        Means::Random => 1,
    };
    check::within("inputs", u64::from(raw.inputs), least, u64::from(u32::MAX))?;
    for (key, value) in [
        ("radius", raw.radius),
        ("std", raw.std),
        ("target", raw.target),
        ("input_scale", raw.input_scale),
    ] {
        check::positive(key, value)?;
    }
    check::share("label_noise", raw.label_noise)?;
    let shape = TaskShape {
        inputs: raw.inputs as usize,
        basis: 0,
        outputs: classes,
    };
    let train = raw.class_train.iter().map(|&rows| rows as usize).sum();
    check::fits("class_train", &written(), train, shape.row_len())?;
    let test = raw.class_test as usize * classes;
    check::fits("class_test", &raw.class_test, test, shape.row_len())?;
    let (data, order) = (raw.data)
        .check(train, shape.row_len())
        .map_err(|e| e.within("data"))?;
    raw.data = data;
    Ok(Box::new(GaussianMixture { raw, order, shape }))
}

impl GaussianMixture {
    /// Class means `[C, D]`.
    fn means(&self, seed: u64) -> Vec<f64> {
        let (classes, inputs) = (self.shape.outputs, self.shape.inputs);
        let mut normals = vec![0.0; classes * inputs];
        standard_normals(&mut keyed(seed, "gaussian mixture means", 0), &mut normals);
        let mut means = match self.raw.means {
            Means::Random => normals,
            Means::Simplex => {
                let directions = classes - 1;
                // Random orthonormal columns: C − 1 directions of the inputs.
                let gaussian =
                    DMatrix::from_column_slice(inputs, directions, &normals[..inputs * directions]);
                (gaussian.qr().q() * simplex(classes)).as_slice().to_vec()
            }
        };
        for mean in means.chunks_exact_mut(inputs) {
            let norm = mean.iter().map(|m| m * m).sum::<f64>().sqrt();
            mean.iter_mut().for_each(|m| *m *= self.raw.radius / norm);
        }
        means
    }

    /// Rows with `counts[c]` of class c, in the order of classes.
    fn rows(&self, seed: u64, part: u64, counts: &[u32], noise: f64) -> Batch {
        let inputs = self.shape.inputs;
        let means = self.means(seed);
        let classes = (0..).zip(counts);
        let classes: Vec<u32> = classes
            .flat_map(|(class, &count)| std::iter::repeat_n(class, count as usize))
            .collect();
        let mut values = vec![0.0; classes.len() * inputs];
        standard_normals(&mut keyed(seed, "gaussian mixture rows", part), &mut values);
        for (row, &class) in values.chunks_exact_mut(inputs).zip(&classes) {
            let mean = &means[class as usize * inputs..];
            for (x, mean) in row.iter_mut().zip(mean) {
                *x = self.raw.input_scale * (mean + self.raw.std * *x);
            }
        }
        let mut labels = classes.clone();
        let count = u32::try_from(self.shape.outputs).expect("classes fit a list of u32");
        corrupt_labels(
            &mut keyed(seed, "label noise", 0),
            &mut labels,
            noise,
            count,
        );
        classified::rows(
            self.shape,
            values,
            Vec::new(),
            classes,
            &labels,
            self.raw.target,
        )
    }
}

/// Corners of a simplex as columns `[C − 1, C]`, of equal norms.
fn simplex(classes: usize) -> DMatrix<f64> {
    // The Helmert rows are orthonormal and orthogonal to the vector of ones.
    DMatrix::from_fn(classes - 1, classes, |row, class| {
        let n = (row + 1) as f64;
        let scale = (n * (n + 1.0)).sqrt();
        match class {
            class if class <= row => 1.0 / scale,
            class if class == row + 1 => -n / scale,
            _ => 0.0,
        }
    })
}

impl Task for GaussianMixture {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        let rows = self.raw.class_train.iter().map(|&rows| rows as usize);
        self.order.batch_rows(rows.sum())
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let (train, test) = (
            &self.raw.class_train,
            vec![self.raw.class_test; self.shape.outputs],
        );
        let mut training = self.rows(seed, 0, train, self.raw.label_noise);
        training.index = (0..).take(training.rows).collect();
        Box::new(Classified {
            whitened: false,
            groups: classified::class_groups(&training.group, self.shape.outputs, self.raw.target),
            training: Arc::new(training),
            order: self.order,
            key: StreamKey::new(seed, "training order"),
            test: self.rows(seed, 1, &test, 0.0),
            input_scale: self.raw.input_scale,
            pairs: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_rejects;

    use super::*;

    fn task(more: &str) -> Box<dyn Task> {
        let spec = format!("inputs = 6\nclass_train = [400, 300, 20]\nradius = 3.0\n{more}");
        build(spec.parse().unwrap()).unwrap()
    }

    fn mean(rows: &Batch, class: u32) -> Vec<f64> {
        let own = rows
            .inputs
            .chunks(6)
            .zip(&rows.group)
            .filter(|(_, c)| **c == class);
        let own: Vec<&[f64]> = own.map(|(x, _)| x).collect();
        (0..6)
            .map(|at| own.iter().map(|x| x[at]).sum::<f64>() / own.len() as f64)
            .collect()
    }

    #[test]
    fn classes_have_their_sizes_and_means_on_a_simplex() {
        let mixture = task("std = 0.01\nclass_test = 50").instance(1);
        let (train, test) = (mixture.training_set().unwrap(), mixture.test());
        let count =
            |rows: &Batch| [0, 1, 2].map(|c| rows.group.iter().filter(|&&g| g == c).count());
        assert_eq!((count(&train), count(&test)), ([400, 300, 20], [50; 3]));
        // Five deviations of the mean of 20 rows.
        const CLOSE: f64 = 5.0 * 0.01 * 3.0 / 4.4;
        let means = [0, 1, 2].map(|class| mean(&train, class));
        for (i, a) in means.iter().enumerate() {
            for (j, b) in means.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 9.0 } else { -4.5 };
                assert!(
                    (product - expected).abs() < 3.0 * CLOSE,
                    "{i} {j}: {product}"
                );
            }
            let of_test = mean(&test, i as u32);
            assert!(a.iter().zip(&of_test).all(|(a, b)| (a - b).abs() < CLOSE));
        }
        assert_ne!(train.inputs[..6], test.inputs[..6]);
    }

    #[test]
    fn deviation_noise_and_scale_are_those_of_the_spec() {
        let plain = task("").instance(2).training_set().unwrap();
        let scaled = task("input_scale = 2.0\nlabel_noise = 1.0\ntarget = 3.0");
        let scaled = scaled.instance(2).training_set().unwrap();
        assert!(
            plain
                .inputs
                .iter()
                .zip(&scaled.inputs)
                .all(|(a, b)| 2.0 * a == *b)
        );
        let moved = (plain.targets.iter().zip(&scaled.targets)).filter(|(a, b)| 3.0 * **a != **b);
        assert!(moved.count() > 300);
        let centre = mean(&plain, 0);
        let own = plain.inputs.chunks(6).take(400);
        let squares: f64 = own
            .flat_map(|x| x.iter().zip(&centre).map(|(x, m)| (x - m).powi(2)))
            .sum();
        // A variance of 2,400 numbers is known to 3 %.
        assert!((squares / 2394.0 - 1.0).abs() < 0.15, "{squares}");
        assert_eq!(task("").instance(2).training_set().unwrap(), plain);
        assert_ne!(
            task("").instance(3).training_set().unwrap().inputs,
            plain.inputs
        );
        let random = task("means = 'random'").instance(2);
        assert_ne!(random.training_set().unwrap().inputs, plain.inputs);
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("inputs = 2", "class_train"),
                ("inputs = 2\nclass_train = [5]", "class_train"),
                ("inputs = 2\nclass_train = [5, 0]", "class_train[1]"),
                ("inputs = 1\nclass_train = [5, 5, 5]", "inputs"),
                ("inputs = 2\nclass_train = [5, 5]\nstd = 0", "std"),
                ("inputs = 2\nclass_train = [5, 5]\nradius = -1", "radius"),
                (
                    "inputs = 2\nclass_train = [5, 5]\nclass_test = 0",
                    "class_test",
                ),
                (
                    "inputs = 2\nclass_train = [5, 5]\nlabel_noise = 2",
                    "label_noise",
                ),
                ("inputs = 2\nclass_train = [5, 5]\nmeans = 'grid'", "means"),
                ("inputs = 4000000\nclass_train = [5000, 5]", "class_train"),
            ],
        );
    }
}
