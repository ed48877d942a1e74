use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, Task, parse_table, positive, table_of};
use theory::ScalarToy;

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<ToyAmplification>("from = \"net\"");

/// How much the scalar toy would amplify its features at the weight-to-target ratio of a net \[Nam2025\].
///
/// The ratio is the one that the metric kind `scales` records. The toy is linear, with one input and one output: it says
/// how far features of a net would move if only this ratio mattered, and nothing about when, or about test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToyAmplification {
    /// Name of the net whose ratio is taken; `scales` must be measured on it.
    from: String,
    /// Σ_0/S where the ratio of the net is 1. Above 0.
    #[serde(default = "one")]
    sigma: f64,
    /// S_0/Σ_0, above −1 and up to 1; 0 starts at f = 0.
    #[serde(default)]
    correlation: f64,
}

fn one() -> f64 {
    1.0
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let toy: ToyAmplification = parse_table(table)?;
    positive("sigma", toy.sigma)?;
    if toy.correlation > -1.0 && toy.correlation <= 1.0 {
        return Ok(Box::new(toy));
    }
    let problem = "must lie above -1 and not above 1";
    let hint = "Write 0 for a product that starts at zero.";
    Err(KeyError::new("correlation", toy.correlation, problem, hint))
}

impl ToyAmplification {
    /// The toy of two neurons, one that adds and one that takes away.
    fn toy(&self, ratio: f64) -> Option<ScalarToy> {
        let half = 0.5 * self.sigma * ratio;
        let adds = (half * (1.0 + self.correlation)).sqrt();
        let takes = (half * (1.0 - self.correlation)).sqrt();
        ScalarToy::new(&[adds, takes], &[adds, -takes], 1.0, 1.0).ok()
    }
}

impl Prediction for ToyAmplification {
    fn resolved(&self) -> toml::Table {
        table_of("toy-amplification", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["amplification", "weight_to_target"]
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.from]
    }

    fn check(&self, _: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        if read.iter().all(|model| model.scales().is_some()) {
            return Ok(());
        }
        let hint = "Name a model of kind \"mlp\" or \"deep-linear\".";
        let problem = "has no weight-to-target ratio";
        Err(KeyError::new("from", &self.from, problem, hint))
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let (steps, ratios) = cell.curve(&self.from, "weight_to_target", 0);
        for (step, ratio) in steps.into_iter().zip(ratios) {
            let Some(toy) = self.toy(ratio) else { continue };
            let growth = if step > 0.0 { toy.amplification() } else { 1.0 };
            for (metric, value) in [("amplification", growth), ("weight_to_target", ratio)] {
                out.push(Derived {
                    metric,
                    index: 0,
                    step: step as u64,
                    flow_time: None,
                    value,
                });
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_toy_has_the_ratio_and_the_correlation_that_it_is_asked_for() {
        for (sigma, correlation, ratio) in [(1.0, 0.0, 0.3), (2.0, 0.5, 4.0), (0.1, -0.9, 1.0)] {
            let from = String::new();
            let toy = ToyAmplification {
                from,
                sigma,
                correlation,
            };
            let toy = toy.toy(ratio).unwrap();
            assert!((toy.weight_to_target() / (sigma * ratio) - 1.0).abs() < 1e-12);
            let found = toy.strength_initial() / toy.sigma_initial();
            assert!((found - correlation).abs() < 1e-12, "{found}");
        }
    }
}
