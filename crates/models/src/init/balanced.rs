use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, TaskInstance, positive, stream};
use theory::{aligned_weights, balanced_weights, nalgebra::DMatrix, random_orthogonal};

use crate::HostArray;

/// λ-balanced weights of a linear net: `W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ = λ I` for every pair of layers
/// (λ ≠ 0 for two layers only), with the same strength in every mode of the product.
///
/// `W_1 = R_1 Σ_1 Vᵀ, …, W_L = U Σ_L R_{L−1}ᵀ` with orthogonal factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Balanced {
    /// λ of `W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ = λ I`, which gradient flow conserves.
    #[serde(default)]
    lambda: f64,
    /// s: every singular value of the product of the layers. Above 0.
    strength: f64,
    /// Where the singular vectors of the product come from.
    alignment: Alignment,
    /// What is under the inner root of the layers' singular values, √((√(λ² + 4s²) ± λ)/2). The authors' published script
    /// has 4s, so that the product starts at √s.
    #[serde(default)]
    root: Root,
}

/// Singular vectors of the product at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Alignment {
    /// The modes of the task, so that they move independently.
    Task,
    /// Random orthogonal ones.
    Random,
}

/// Singular values of the layers: `√((√(λ² + 4s²) ± λ)/2)`, or with `4s` under the inner root, as
/// the authors' published script has it, which starts from the product strength √s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Checks the numbers.
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

    /// Checks that such weights exist for layers of these widths, inputs and outputs included.
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
        let maps = match widths {
            &[inputs, hidden, outputs] => self.two_layers([inputs, hidden, outputs], task, seed),
            _ => self.deep(widths, task, seed),
        };
        let arrays = maps.into_iter().enumerate();
        arrays
            .map(|(layer, map)| HostArray {
                name: format!("layers.{layer}.weight"),
                rows: map.ncols(),
                columns: map.nrows(),
                // Column-major W is row-major Wᵀ, which is how weights are stored.
                values: map.as_slice().to_vec(),
            })
            .collect()
    }

    fn two_layers(
        &self,
        [inputs, hidden, outputs]: [usize; 3],
        task: &dyn TaskInstance,
        seed: u64,
    ) -> Vec<DMatrix<f64>> {
        let strengths = vec![self.product_strength(); inputs.min(hidden).min(outputs)];
        let middle = orthogonal(hidden, seed, 1);
        let (first, second) = match self.alignment {
            Alignment::Task => {
                let correlation = correlation(task, inputs, outputs);
                let layers = aligned_weights(&correlation, &strengths, self.lambda, hidden);
                let (first, second) = layers.expect(CHECKED);
                (&middle * first, second * middle.transpose())
            }
            Alignment::Random => {
                let (left, right) = (orthogonal(outputs, seed, 2), orthogonal(inputs, seed, 0));
                let layers = balanced_weights(&left, &middle, &right, &strengths, self.lambda);
                layers.expect(CHECKED)
            }
        };
        vec![first, second]
    }

    /// Balanced layers, λ = 0: every mode has the same share of its strength in each layer.
    fn deep(&self, widths: &[usize], task: &dyn TaskInstance, seed: u64) -> Vec<DMatrix<f64>> {
        let layers = widths.len() - 1;
        let (inputs, outputs) = (widths[0], widths[layers]);
        let modes = widths.iter().copied().min().unwrap_or(0);
        let (right, left) = match self.alignment {
            Alignment::Task => {
                // With strength 1 in each layer these are the singular vectors themselves.
                let correlation = correlation(task, inputs, outputs);
                aligned_weights(&correlation, &vec![1.0; modes], 0.0, modes).expect(CHECKED)
            }
            Alignment::Random => (
                orthogonal(inputs, seed, 0).columns(0, modes).transpose(),
                orthogonal(outputs, seed, layers as u64)
                    .columns(0, modes)
                    .into_owned(),
            ),
        };
        // Where the modes live in each layer's neurons, `[width, modes]`.
        let mut frames = vec![right.transpose()];
        frames.extend((1..layers).map(|layer| {
            let basis = orthogonal(widths[layer], seed, layer as u64);
            basis.columns(0, modes).into_owned()
        }));
        frames.push(left);
        let share = self.product_strength().powf(1.0 / layers as f64);
        let pairs = frames.windows(2);
        pairs
            .map(|pair| &pair[1] * pair[0].transpose() * share)
            .collect()
    }

    /// Singular values of the product at the start.
    fn product_strength(&self) -> f64 {
        match self.root {
            Root::Squared => self.strength,
            Root::Plain => self.strength.sqrt(),
        }
    }
}

/// Why the weights of theory exist.
const CHECKED: &str = "widths and numbers were checked, and data are finite";

/// A random orthogonal matrix, a function of the seed and the layer.
fn orthogonal(size: usize, seed: u64, layer: u64) -> DMatrix<f64> {
    let mut values = vec![0.0; size * size];
    stream::standard_normals(
        &mut stream::keyed(seed, "orthogonal factors", layer),
        &mut values,
    );
    let gaussian = DMatrix::from_vec(size, size, values);
    random_orthogonal(&gaussian).expect("Gaussian columns are independent")
}

/// E[y xᵀ] `[outputs, inputs]` of the test rows, which linear tasks train on, too.
fn correlation(task: &dyn TaskInstance, inputs: usize, outputs: usize) -> DMatrix<f64> {
    let rows = task.test();
    DMatrix::from_row_slice(outputs, inputs, &rows.correlation(&rows.targets))
}
