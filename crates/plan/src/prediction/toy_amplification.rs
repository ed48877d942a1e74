use models::Model;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Task, parse_table, positive, table_of};
use theory::ScalarToy;

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What the scalar toy would do at a net's weight-to-target ratio \[Nam2025\]: `amplification`, the
/// growth of its features |a + b| from start to end, for Σ0/S equal to `sigma` times the ratio
/// α κ^D ξ^d/τ of the net, which the metric kind `scales` records.
///
/// The toy is linear, with one input and one output. It says how features of a net would change if
/// nothing but this ratio mattered; it says nothing about when, nor about test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToyAmplification {
    /// Net whose ratio it takes.
    from: String,
    /// Σ0/S where the net's ratio is 1.
    #[serde(default = "one")]
    sigma: f64,
    /// S0/Σ0.
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
