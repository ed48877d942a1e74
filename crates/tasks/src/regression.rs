//! What the linear-regression tasks share: constant rows, and modes of the correlation.

use nalgebra::DMatrix;

use crate::{Batch, Group, TaskInstance, TrainingStream, constant::ConstantStream};

/// Constant rows that are their own test set, and the modes of their correlation.
pub(crate) struct Regression {
    rows: Batch,
    modes: Vec<Group>,
}

impl Regression {
    /// `rows` with the singular modes of E[y xᵀ] as groups, the largest first. They decouple, and
    /// are given, only for `whitened` inputs: E[x xᵀ] = I.
    pub(crate) fn new(rows: Batch, whitened: bool) -> Self {
        let modes = if whitened { modes(&rows) } else { Vec::new() };
        Self { rows, modes }
    }
}

/// One group of input power 1 per singular value of Σ_n w_n y_n x_nᵀ.
fn modes(rows: &Batch) -> Vec<Group> {
    let (inputs, outputs) = (rows.shape.inputs, rows.shape.outputs);
    let mut correlation = DMatrix::<f64>::zeros(outputs, inputs);
    for row in 0..rows.rows {
        let weight = (rows.weights.as_ref()).map_or(1.0 / rows.rows as f64, |w| w[row]);
        let x = &rows.inputs[row * inputs..(row + 1) * inputs];
        let y = &rows.targets[row * outputs..(row + 1) * outputs];
        for (i, &y) in y.iter().enumerate() {
            for (j, &x) in x.iter().enumerate() {
                correlation[(i, j)] += weight * y * x;
            }
        }
    }
    let mut strengths: Vec<f64> = correlation.singular_values().iter().copied().collect();
    strengths.sort_by(|a, b| b.total_cmp(a));
    strengths
        .into_iter()
        .map(|target| Group {
            probability: 1.0,
            multiplicity: 1.0,
            target,
            subset: Vec::new(),
        })
        .collect()
}

impl TaskInstance for Regression {
    fn groups(&self) -> &[Group] {
        &self.modes
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        Box::new(ConstantStream(self.rows.clone()))
    }

    fn test(&self) -> Batch {
        self.rows.clone()
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }
}
