use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, TaskInstance, positive, stream};

use crate::HostArray;

/// λ-balanced weights of a linear net: `W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ = λ I` for every pair of layers
/// (λ ≠ 0 for two layers only), with the same strength in every mode of the product.
///
/// `W_1 = R_1 Σ_1 Vᵀ, …, W_L = U Σ_L R_{L−1}ᵀ` with orthogonal factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balanced {
    /// λ, which gradient flow conserves.
    #[serde(default)]
    lambda: f64,
    /// s: the singular values of the product.
    strength: f64,
    /// Where U and V come from.
    alignment: Alignment,
    /// What stands under the root of the recipe of the layers' singular values.
    #[serde(default)]
    root: Root,
}

/// Singular vectors of the product at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Alignment {
    /// Those of the input–output correlation of the data: modes decouple.
    Task,
    /// Random orthogonal ones.
    Random,
}

/// Singular values of the layers: `√((√(λ² + 4s²) ± λ)/2)`, or with `4s` under the inner root, as
/// the authors' published script has it, which starts from the product strength √s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Root {
    /// 4 s².
    #[default]
    #[serde(rename = "4S2")]
    Squared,
    /// 4 s.
    #[serde(rename = "4S")]
    Plain,
}

impl Balanced {
    /// Checks the numbers, for a net with these widths (inputs and outputs included, where they
    /// are known).
    pub(super) fn check(&self) -> Result<(), KeyError> {
        positive("init.strength", self.strength)?;
        if self.lambda.is_finite() {
            return Ok(());
        }
        Err(KeyError::new(
            "init.lambda",
            self.lambda,
            "must be finite",
            "Write 0.",
        ))
    }

    /// Checks that such weights exist for layers of these widths.
    pub(super) fn check_widths(&self, widths: &[usize]) -> Result<(), KeyError> {
        if self.lambda == 0.0 {
            return Ok(());
        }
        let refuse = |problem: String, hint: &str| {
            Err(KeyError::new("init.lambda", self.lambda, problem, hint))
        };
        let &[inputs, hidden, outputs] = widths else {
            let layers = widths.len() - 1;
            let hint = "Write lambda = 0, or one hidden width.";
            return refuse(format!("exists for two layers, not {layers}"), hint);
        };
        let (room, side) = if self.lambda > 0.0 {
            (outputs, "outputs")
        } else {
            (inputs, "inputs")
        };
        if hidden <= room {
            return Ok(());
        }
        let problem = format!(
            "does not exist for {hidden} hidden neurons and {room} {side}: W2ᵀW2 − W1W1ᵀ = λI \
             needs as many {side} as neurons for this sign of λ"
        );
        refuse(problem, "Write fewer hidden neurons, the other sign, or 0.")
    }

    /// The layers `[in, out]` of a net with these widths.
    pub(super) fn layers(
        &self,
        widths: &[usize],
        task: &dyn TaskInstance,
        seed: u64,
    ) -> Vec<HostArray> {
        let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
        let layers = widths.len() - 1;
        let random = |position: usize| orthogonal(widths[position], seed, position as u64);
        let (first, last) = match self.alignment {
            Alignment::Task => singular_vectors(&correlation(task, inputs, outputs)),
            Alignment::Random => (random(0), random(layers)),
        };
        // Bases of the inputs, of each hidden layer, and of the outputs.
        let mut bases = vec![first];
        bases.extend((1..layers).map(random));
        bases.push(last);
        let modes = widths.iter().copied().min().unwrap_or(0);
        (0..layers)
            .map(|layer| {
                let (below, above) = (widths[layer], widths[layer + 1]);
                let mut scales = DMatrix::zeros(above, below);
                for i in 0..above.min(below) {
                    scales[(i, i)] = self.singular_value(layer, layers, i < modes);
                }
                let map = &bases[layer + 1] * scales * bases[layer].transpose();
                HostArray {
                    name: format!("layers.{layer}.weight"),
                    rows: below,
                    columns: above,
                    // Column-major W is row-major Wᵀ, which is how weights are stored.
                    values: map.as_slice().to_vec(),
                }
            })
            .collect()
    }

    /// A singular value of one layer, for a direction in which the product acts (`acts`) or not.
    fn singular_value(&self, layer: usize, layers: usize, acts: bool) -> f64 {
        let strength = match self.root {
            Root::Squared => self.strength,
            Root::Plain => self.strength.sqrt(),
        };
        if self.lambda == 0.0 {
            return if acts {
                strength.powf(1.0 / layers as f64)
            } else {
                0.0
            };
        }
        let strength = if acts { strength } else { 0.0 };
        let heavy = ((self.lambda.abs() + self.lambda.hypot(2.0 * strength)) / 2.0).sqrt();
        let last_is_heavy = self.lambda > 0.0;
        if (layer == 1) == last_is_heavy {
            heavy
        } else {
            strength / heavy
        }
    }
}

/// A random orthogonal matrix: the QR factor of a Gaussian one, with the signs that make it
/// uniform.
fn orthogonal(size: usize, seed: u64, layer: u64) -> DMatrix<f64> {
    let mut values = vec![0.0; size * size];
    stream::standard_normals(
        &mut stream::keyed(seed, "orthogonal factors", layer),
        &mut values,
    );
    let (mut q, r) = DMatrix::from_vec(size, size, values).qr().unpack();
    for (mut column, diagonal) in q.column_iter_mut().zip(r.diagonal().iter()) {
        if *diagonal < 0.0 {
            column.neg_mut();
        }
    }
    q
}

/// E[y xᵀ] `[outputs, inputs]` of the first training rows.
fn correlation(task: &dyn TaskInstance, inputs: usize, outputs: usize) -> DMatrix<f64> {
    let shape = tasks::TaskShape {
        inputs,
        basis: 0,
        outputs,
    };
    let mut rows = Batch::zeros(shape, 0);
    task.training().fill(0, &mut rows);
    DMatrix::from_row_slice(outputs, inputs, &rows.correlation(&rows.targets))
}

/// Complete bases of right and left singular vectors, in the order of falling singular values.
fn singular_vectors(matrix: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    // Padding with zeros completes the bases.
    let size = matrix.nrows().max(matrix.ncols());
    let padded = matrix.clone().resize(size, size, 0.0);
    let svd = padded.svd(true, true);
    let (left, right) = (
        svd.u.expect("was asked for"),
        svd.v_t.expect("was asked for"),
    );
    let left = completed(&left.rows(0, matrix.nrows()).into_owned());
    let right = completed(&right.transpose().rows(0, matrix.ncols()).into_owned());
    (right, left)
}

/// The first columns of `vectors` that are independent, made an orthonormal basis.
fn completed(vectors: &DMatrix<f64>) -> DMatrix<f64> {
    let size = vectors.nrows();
    let mut basis = DMatrix::zeros(size, size);
    let mut found = 0;
    let units = DMatrix::<f64>::identity(size, size);
    for candidate in vectors.column_iter().chain(units.column_iter()) {
        if found == size {
            break;
        }
        let mut rest = candidate.into_owned();
        // Twice is enough: a second pass removes what rounding left.
        for _ in 0..2 {
            for column in 0..found {
                let along = basis.column(column).dot(&rest);
                rest.axpy(-along, &basis.column(column), 1.0);
            }
        }
        let length = rest.norm();
        if length > INDEPENDENT {
            basis.set_column(found, &(rest / length));
            found += 1;
        }
    }
    basis
}

/// What is left of a unit vector that is not a combination of others, far above rounding.
const INDEPENDENT: f64 = 1e-6;
