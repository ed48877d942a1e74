use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Basis, Batch, Group, KeyError, Reference, Task, TaskInstance, TaskShape, TrainingStream, check,
    row_streams::{RawRows, RowOrder, row_stream},
    stream::{StreamKey, keyed, standard_normals},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "teacher-student";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RawTeacher>("inputs = 20\ntrain = 500");

/// A random teacher net of one hidden layer, y = τ Σ_j a_j σ(w_j · x) with |w_j| = 1 and a_j = ±1, on random inputs
/// [Kunin2024, student–teacher].
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawTeacher {
    /// Number of inputs.
    inputs: u32,
    /// Number of training rows.
    train: u32,
    /// Number of test rows.
    #[serde(default = "thousand")]
    test: u32,
    /// Number of hidden neurons of the teacher.
    #[serde(default = "three")]
    teacher_width: u32,
    /// σ: the activation of the teacher.
    #[serde(default)]
    activation: Activation,
    /// Distribution of the inputs.
    #[serde(default)]
    distribution: Distribution,
    /// τ: factor on the outputs of the teacher. Above 0.
    #[serde(default = "one")]
    target: f64,
    /// Standard deviation of the noise on the training targets. 0 or more.
    #[serde(default)]
    noise: f64,
    /// Order in which training takes the rows.
    #[serde(default)]
    data: RawRows,
}

/// The teacher's activation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Activation {
    /// max(z, 0).
    #[default]
    Relu,
    /// tanh z.
    Tanh,
    /// z: a linear teacher.
    Identity,
}

/// Distribution of the inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Distribution {
    /// Independent standard normal numbers.
    #[default]
    Normal,
    /// Uniform on the unit sphere.
    Sphere,
}

fn one() -> f64 {
    1.0
}

fn three() -> u32 {
    3
}

fn thousand() -> u32 {
    1000
}

/// The checked task.
struct TeacherStudent {
    raw: RawTeacher,
    order: RowOrder,
    shape: TaskShape,
}

/// Checks the keys of `kind = "teacher-student"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawTeacher = parse_table(table)?;
    for (key, value) in [
        ("inputs", raw.inputs),
        ("train", raw.train),
        ("test", raw.test),
        ("teacher_width", raw.teacher_width),
    ] {
        check::within(key, u64::from(value), 1, u64::from(u32::MAX))?;
    }
    check::positive("target", raw.target)?;
    if !raw.noise.is_finite() || raw.noise < 0.0 {
        let problem = "must be a finite number, 0 or more";
        return Err(KeyError::new(
            "noise",
            raw.noise,
            problem,
            "Write 0 for none.",
        ));
    }
    let shape = TaskShape {
        inputs: raw.inputs as usize,
        basis: 0,
        outputs: 1,
    };
    for (key, rows) in [
        ("train", raw.train),
        ("test", raw.test),
        ("teacher_width", raw.teacher_width),
    ] {
        check::fits(key, &rows, rows as usize, shape.row_len())?;
    }
    let (data, order) = (raw.data)
        .check(raw.train as usize, shape.row_len())
        .map_err(|e| e.within("data"))?;
    raw.data = data;
    Ok(Box::new(TeacherStudent { raw, order, shape }))
}

impl TeacherStudent {
    /// Unit input weights `[m, D]` and readout signs `[m]`.
    fn teacher(&self, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let width = self.raw.teacher_width as usize;
        let mut weights = vec![0.0; width * self.shape.inputs];
        standard_normals(&mut keyed(seed, "teacher", 0), &mut weights);
        weights.chunks_exact_mut(self.shape.inputs).for_each(unit);
        let mut signs = vec![0.0; width];
        standard_normals(&mut keyed(seed, "teacher", 1), &mut signs);
        signs.iter_mut().for_each(|sign| *sign = sign.signum());
        (weights, signs)
    }

    fn rows(&self, seed: u64, part: u64, count: u32, noise: f64) -> Batch {
        let inputs = self.shape.inputs;
        let (weights, signs) = self.teacher(seed);
        let mut rows = Batch::zeros(self.shape, count as usize);
        rows.group.clear();
        rows.basis = Basis::Dense(Vec::new());
        let key = StreamKey::new(seed, "teacher student rows");
        standard_normals(&mut key.at(part), &mut rows.inputs);
        if self.raw.distribution == Distribution::Sphere {
            rows.inputs.chunks_exact_mut(inputs).for_each(unit);
        }
        standard_normals(&mut key.at(2 + part), &mut rows.targets);
        for (row, y) in rows.inputs.chunks_exact(inputs).zip(&mut rows.targets) {
            let neurons = weights.chunks_exact(inputs).zip(&signs);
            let sum: f64 = neurons
                .map(|(w, sign)| {
                    let z: f64 = w.iter().zip(row).map(|(w, x)| w * x).sum();
                    sign * match self.raw.activation {
                        Activation::Relu => z.max(0.0),
                        Activation::Tanh => z.tanh(),
                        Activation::Identity => z,
                    }
                })
                .sum();
            *y = self.raw.target * sum + noise * *y;
        }
        rows
    }
}

fn unit(vector: &mut [f64]) {
    let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|v| *v /= norm);
}

impl Task for TeacherStudent {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.order.batch_rows(self.raw.train as usize)
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let mut training = self.rows(seed, 0, self.raw.train, self.raw.noise);
        training.index = (0..self.raw.train).collect();
        Box::new(Split {
            training: Arc::new(training),
            order: self.order,
            key: StreamKey::new(seed, "training order"),
            test: self.rows(seed, 1, self.raw.test, 0.0),
        })
    }
}

/// A training set and a test set without groups.
struct Split {
    training: Arc<Batch>,
    order: RowOrder,
    key: StreamKey,
    test: Batch,
}

impl TaskInstance for Split {
    fn groups(&self) -> &[Group] {
        &[]
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        row_stream(Arc::clone(&self.training), self.order, self.key.clone())
    }

    fn test(&self) -> Batch {
        self.test.clone()
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }

    fn training_set(&self) -> Option<Batch> {
        Some((*self.training).clone())
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use crate::testing::assert_rejects;

    use super::*;

    fn instance(more: &str, seed: u64) -> Box<dyn TaskInstance> {
        let spec = format!("inputs = 5\ntrain = 40\ntest = 30\n{more}");
        build(spec.parse().unwrap()).unwrap().instance(seed)
    }

    /// Largest residual of a least-squares fit of the test targets on the training rows' solution.
    fn residual(instance: &dyn TaskInstance) -> f64 {
        let (train, test) = (instance.training_set().unwrap(), instance.test());
        let of = |rows: &Batch| DMatrix::from_row_slice(rows.rows, 5, &rows.inputs);
        let x = of(&train);
        let moment = x.tr_mul(&x);
        let solution = moment
            .lu()
            .solve(&x.tr_mul(&DVector::from_vec(train.targets)))
            .unwrap();
        (of(&test) * solution - DVector::from_vec(test.targets)).amax()
    }

    #[test]
    fn a_linear_teacher_is_fitted_by_least_squares_and_others_are_not() {
        assert!(residual(&*instance("activation = 'identity'", 1)) < 1e-12);
        assert!(residual(&*instance("", 1)) > 0.1);
        assert!(residual(&*instance("activation = 'tanh'", 1)) > 0.01);
        assert!(residual(&*instance("activation = 'identity'\nnoise = 0.5", 1)) > 0.01);
    }

    #[test]
    fn rows_depend_on_the_seed_and_the_part_alone() {
        let (a, b) = (instance("", 1), instance("target = 2.0\nnoise = 0.1", 1));
        let (train, other) = (a.training_set().unwrap(), b.training_set().unwrap());
        assert_eq!(train.inputs, other.inputs);
        assert_eq!(
            b.test().targets,
            a.test().targets.iter().map(|y| 2.0 * y).collect::<Vec<_>>()
        );
        assert_ne!(train.inputs[..5], a.test().inputs[..5]);
        assert_ne!(instance("", 2).test().inputs, a.test().inputs);
        let sphere = instance("distribution = 'sphere'", 1).test();
        for row in sphere.inputs.chunks(5) {
            assert!((row.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("inputs = 5", "train"),
                ("inputs = 0\ntrain = 5", "inputs"),
                ("inputs = 5\ntrain = 0", "train"),
                ("inputs = 5\ntrain = 5\ntest = 0", "test"),
                ("inputs = 5\ntrain = 5\nnoise = -1", "noise"),
                ("inputs = 5\ntrain = 5\ntarget = 0", "target"),
                ("inputs = 5\ntrain = 5\nactivation = 'sine'", "activation"),
                ("inputs = 5\ntrain = 4000000000", "train"),
            ],
        );
    }
}
