use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

/// Probability of both tails together.
const OUTSIDE: f64 = 0.05;

/// The share of seeds in which something holds, with the exact 95 % interval of its probability
/// \[Clopper1934\].
///
/// # Examples
///
/// ```
/// // All of eight seeds show a probability of 63 % or more, no certainty.
/// let share = layerwise_judge::SeedShare::new(8, 8);
/// assert!((share.low - 0.025_f64.powf(1.0 / 8.0)).abs() < 1e-9);
/// assert_eq!(share.high, 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeedShare {
    /// Number of seeds in which it holds.
    pub passing: usize,
    /// Number of all seeds.
    pub seeds: usize,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl SeedShare {
    /// `passing` of `seeds`.
    pub fn new(passing: usize, seeds: usize) -> Self {
        let quantile = |a: usize, b: usize, at: f64| {
            let beta = Beta::new(a as f64, b as f64).expect("both are above 0");
            beta.inverse_cdf(at)
        };
        let failing = seeds - passing;
        Self {
            passing,
            seeds,
            low: match passing {
                0 => 0.0,
                _ => quantile(passing, failing + 1, OUTSIDE / 2.0),
            },
            high: match failing {
                0 => 1.0,
                _ => quantile(passing + 1, failing, 1.0 - OUTSIDE / 2.0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a table with four digits.
    const TABLE: f64 = 5e-5;

    #[test]
    fn the_interval_is_that_of_the_tables() {
        let close = |found: f64, known: f64| assert!((found - known).abs() < TABLE, "{found}");
        let share = SeedShare::new(7, 8);
        close(share.low, 0.4735);
        close(share.high, 0.9968);
        let none = SeedShare::new(0, 8);
        assert_eq!(none.low, 0.0);
        close(none.high, 0.3694);
        let nothing = SeedShare::new(0, 0);
        assert_eq!((nothing.low, nothing.high), (0.0, 1.0));
    }
}
