use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Reference, Task, parse_table, table_of};
use theory::{
    LayerChain, full_svd,
    nalgebra::{DMatrix, DVector},
};

use super::{
    CellView, Prediction,
    clockwork::{NO_MODE, push_strengths},
    whitened,
};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<AlignedChains>("from = \"twin\"");

/// The singular modes of a task-aligned linear net of any depth, whose layers may start at different scales, nothing fitted.
///
/// Every mode is a chain of one strength per layer, followed from the initial weights through the layers: all squares grow
/// at one rate, so that the small layers alone set how long the mode waits [Rawal2026]. It is for whitened inputs and a
/// `deep-linear` model without biases that starts aligned: init = { kind = "balanced", alignment = "task", … }, also with
/// `small` or `layer_scales`. A mode that starts elsewhere has no curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AlignedChains {
    /// Name of the model whose initial weights the form starts from.
    from: String,
    /// Number of layers that the form takes to be small, in place of those that are: their strengths are the smallest of
    /// the net's, those of the others the largest. For controls; as in the net if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    small_layers: Option<usize>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let form: AlignedChains = parse_table(table)?;
    Ok(Box::new(form))
}

/// Part of a mode that may leave it in a layer, relative to what stays: rounding of products of orthogonal matrices.
const ALIGNED: f64 = 1e-6;

impl AlignedChains {
    /// The chain of every mode; `None` for a mode whose layers are not aligned with the task.
    fn chains(&self, layers: &[DMatrix<f64>], rows: &Batch) -> Vec<Option<LayerChain>> {
        let products = rows.correlation(&rows.targets);
        let shape = rows.shape;
        let svd = full_svd(&DMatrix::from_row_slice(
            shape.outputs,
            shape.inputs,
            &products,
        ));
        let modes = shape.outputs.min(shape.inputs);
        let strongest = svd.values.first().copied().unwrap_or(0.0);
        let chain = |mode: usize| {
            if svd.values[mode] <= NO_MODE * strongest {
                return None;
            }
            let right = svd.right.column(mode).into_owned();
            let mut strengths = followed(layers, right, &svd.left.column(mode).into_owned())?;
            if let Some(small) = self.small_layers {
                strengths.sort_by(f64::total_cmp);
                let (smallest, largest) = (*strengths.first()?, *strengths.last()?);
                for (layer, strength) in strengths.iter_mut().enumerate() {
                    *strength = if layer < small { smallest } else { largest };
                }
            }
            LayerChain::new(&strengths, 1.0, svd.values[mode]).ok()
        };
        (0..modes).map(chain).collect()
    }
}

/// The strength of a mode in every layer: the direction that leaves one layer enters the next, and its square must come
/// back through the layer's transpose.
fn followed(
    layers: &[DMatrix<f64>],
    mut right: DVector<f64>,
    left: &DVector<f64>,
) -> Option<Vec<f64>> {
    let mut strengths = Vec::with_capacity(layers.len());
    for layer in layers {
        let through = layer * &right;
        let strength = through.norm();
        if strength == 0.0 {
            return None;
        }
        // A singular vector of the layer returns to itself.
        let back = layer.tr_mul(&through) / (strength * strength);
        if (back - &right).norm() > ALIGNED {
            return None;
        }
        strengths.push(strength);
        right = through / strength;
    }
    ((right - left).norm() < ALIGNED).then_some(strengths)
}

impl Prediction for AlignedChains {
    fn resolved(&self) -> toml::Table {
        table_of("aligned-chains", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "mode"
    }

    fn needs_weights_of(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn check(&self, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        whitened("aligned-chains", task)?;
        for model in read {
            let initial = model.initial(&*task.instance(0), task.shape(), 0);
            let fits = model.host(&initial).is_some_and(|host| {
                host.net.layers.iter().all(|layer| layer.bias.is_none())
                    && host.is_standard()
                    && host.output_scale == 1.0
                    && host.net.activation == mlp::Activation::Identity
                    && !model.centred()
            });
            if !fits {
                let problem = "must be a linear net without biases, output_scale, centre_output or parametrisation";
                let hint = "Use kind = \"deep-linear\".";
                return Err(KeyError::new("from", "(a model)", problem, hint));
            }
        }
        Ok(())
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(rows) = cell.constant else { return };
        let Some(layers) = cell.layers(&self.from) else {
            return;
        };
        if !cell.clock.time(0).is_some_and(f64::is_finite) {
            return;
        }
        let chains = self.chains(&layers, rows);
        let strength = |mode: usize, time: f64| {
            let chain = chains[mode].as_ref()?;
            Some(chain.strength(time) / chain.target())
        };
        push_strengths(cell, chains.len(), strength, out);
    }
}
