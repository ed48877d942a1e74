//! Common parts of the linear-regression tasks: constant rows, and modes of the correlation.

use nalgebra::DMatrix;

use crate::{Batch, Group, constant::ConstantRows};

/// `rows` with the singular modes of E[y xᵀ] as groups, the largest first. Modes exist only for
/// `whitened` inputs, E[x xᵀ] = I, because otherwise they do not decouple.
pub(crate) fn regression(rows: Batch, whitened: bool) -> ConstantRows {
    let groups = if whitened { modes(&rows) } else { Vec::new() };
    ConstantRows {
        rows,
        groups,
        whitened,
    }
}

/// One group of input power 1 per singular value of E[y xᵀ].
fn modes(rows: &Batch) -> Vec<Group> {
    let (inputs, outputs) = (rows.shape.inputs, rows.shape.outputs);
    let correlation = rows.correlation(&rows.targets);
    let correlation = DMatrix::from_row_slice(outputs, inputs, &correlation);
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
