//! Decides whether one failing part contradicts a claim of several parts.
//!
//! A claim of several parts says that every part lies on the claimed side of its threshold. One
//! part that does not contradicts the claim. But among many parts, one may fail in all seeds by
//! chance. Bonferroni's correction, an interval per part at 1 − .05/parts, does not exist for order
//! statistics of eight seeds from seven parts on: no result could contradict such a claim.
//!
//! The test used here is exact and joint over the seeds. Take the table of which seeds fail in
//! which part. Suppose that every part lies at its threshold, and that the deviations of each of
//! the n seeds are as likely as the same deviations with all signs reversed. Then each of the 2ⁿ
//! tables in which some seeds have all their deviations reversed is as likely as the recorded one,
//! however the parts depend on each other. The p-value is the share of these tables in which any
//! part fails in k seeds or more, where k is the recorded number. A part fails in k seeds or more
//! in P(Bin(n, ½) ≥ k) of the tables, and parts with the same pattern of seeds do so in the same
//! tables, so that
//!
//! > p ≤ (number of different patterns) · P(Bin(n, ½) ≥ k),
//!
//! with equality for k = n. All parts that hold in every seed are one pattern, whatever their
//! number, so one part of twenty can contradict a claim. If a threshold has two sides, each side
//! counts as a part of its own. If the dependence between parts is not symmetric, the number of
//! parts in place of the number of patterns still gives a bound.

use std::collections::HashSet;

use plan::{Component, Sample, spec::Threshold};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::beyond::{Beyond, edges};

/// Level of the test: the largest share of false contradictions.
pub(crate) const LEVEL: f64 = 0.05;

/// The joint test of the parts of a claim.
pub(crate) struct Joint {
    patterns: usize,
    threshold: Threshold,
}

impl Joint {
    pub(crate) fn of(components: &[Component], threshold: Threshold) -> Self {
        let mut patterns: HashSet<Vec<i8>> = HashSet::new();
        for component in components {
            for edge in edges(threshold) {
                let sides = component.samples.iter().map(|sample| side(edge, *sample));
                patterns.insert(sides.collect());
            }
        }
        Self {
            patterns: patterns.len(),
            threshold,
        }
    }

    /// The joint p-value of a part with these samples.
    pub(crate) fn p(&self, samples: &[Sample]) -> f64 {
        let of_edge = |[_, other]: [Beyond; 2]| {
            let fails = samples
                .iter()
                .filter(|sample| other.holds(**sample))
                .count();
            at_least(fails, samples.len())
        };
        let least = edges(self.threshold).into_iter().map(of_edge);
        let least = least.reduce(f64::min).unwrap_or(1.0);
        (self.patterns as f64 * least).min(1.0)
    }
}

fn side([claimed, other]: [Beyond; 2], sample: Sample) -> i8 {
    i8::from(claimed.holds(sample)) - i8::from(other.holds(sample))
}

/// P(Bin(n, ½) ≥ k).
fn at_least(k: usize, n: usize) -> f64 {
    if k == 0 {
        return 1.0;
    }
    let binomial = Binomial::new(0.5, n as u64).expect("one half is a probability");
    binomial.sf(k as u64 - 1)
}

#[cfg(test)]
mod tests {
    use tasks::stream::{keyed, standard_normals, uniform};

    use super::*;

    const DRAWS: u64 = 4000;
    /// Rounding of distribution functions.
    const ROUNDING: f64 = 1e-12;
    /// Five standard errors of a share of 5 % in so many draws.
    const SLACK: f64 = 5.0 * 0.003_45;

    fn parts(columns: &[Vec<f64>]) -> Vec<Component> {
        let part = |column: &Vec<f64>| Component {
            label: String::new(),
            samples: column.iter().copied().map(Sample::Exact).collect(),
        };
        columns.iter().map(part).collect()
    }

    fn contradicts(columns: &[Vec<f64>], threshold: Threshold) -> bool {
        let parts = parts(columns);
        let joint = Joint::of(&parts, threshold);
        parts.iter().any(|part| joint.p(&part.samples) <= LEVEL)
    }

    #[test]
    fn one_failing_part_among_any_number_that_hold_contradicts() {
        for count in [1, 2, 7, 20, 100] {
            for seeds in [6, 8, 16] {
                let mut columns = vec![vec![1.0; seeds]; count];
                columns[count / 2] = vec![-1.0; seeds];
                assert!(
                    contradicts(&columns, Threshold::Above(0.0)),
                    "{count} {seeds}"
                );
                assert!(
                    contradicts(&columns, Threshold::Within([0.0, 2.0])),
                    "{count} {seeds}"
                );
            }
        }
    }

    #[test]
    fn the_bound_is_the_share_of_mirrored_tables_where_all_seeds_fail() {
        // Three parts in five seeds, two of them with the same pattern.
        let columns = [
            vec![-1.0, -1.0, -1.0, -1.0, -1.0],
            vec![1.0, -1.0, 1.0, 1.0, -1.0],
            vec![2.0, -3.0, 4.0, 5.0, -6.0],
        ];
        let all_fail = |flips: u32| {
            columns.iter().any(|column| {
                let mut seeds = column.iter().enumerate();
                seeds.all(|(seed, value)| (*value < 0.0) != (flips >> seed & 1 == 1))
            })
        };
        let share = (0..32).filter(|flips| all_fail(*flips)).count() as f64 / 32.0;
        let parts = parts(&columns);
        let joint = Joint::of(&parts, Threshold::Above(0.0));
        assert!((joint.p(&parts[0].samples) - share).abs() < ROUNDING);
        assert_eq!(share, 2.0 / 32.0);
    }

    /// How often claims whose parts all lie at their thresholds or beyond are contradicted.
    fn false_contradictions(seeds: usize, draw: impl Fn(&mut [f64], u64) -> Vec<Vec<f64>>) -> f64 {
        let wrong = (0..DRAWS).filter(|&number| {
            let mut noise = vec![0.0; 64 * seeds];
            standard_normals(&mut keyed(7, "contradiction", number), &mut noise);
            contradicts(&draw(&mut noise, number), Threshold::Above(0.0))
        });
        wrong.count() as f64 / DRAWS as f64
    }

    #[test]
    fn false_contradictions_stay_below_five_percent_however_parts_depend() {
        for seeds in [6, 8, 9, 12, 16] {
            for count in [1_usize, 2, 3, 5, 12, 40] {
                let column = |noise: &[f64], part: usize| -> Vec<f64> {
                    noise[part * seeds..(part + 1) * seeds].to_vec()
                };
                let independent = |noise: &mut [f64], _: u64| -> Vec<Vec<f64>> {
                    (0..count).map(|part| column(noise, part)).collect()
                };
                // One seed's parts share most of their deviation.
                let together = |noise: &mut [f64], _: u64| -> Vec<Vec<f64>> {
                    let common = column(noise, 50);
                    let part = |part| {
                        let own = column(noise, part);
                        own.iter().zip(&common).map(|(a, b)| 0.3 * a + b).collect()
                    };
                    (0..count).map(part).collect()
                };
                // Half of the parts deviate against the other half.
                let against = |noise: &mut [f64], number: u64| -> Vec<Vec<f64>> {
                    let mut columns = together(noise, number);
                    for column in columns.iter_mut().step_by(2) {
                        column.iter_mut().for_each(|value| *value = -*value);
                    }
                    columns
                };
                // A third of the parts at the threshold, the others well on the claimed side.
                let few = |noise: &mut [f64], number: u64| -> Vec<Vec<f64>> {
                    let mut columns = independent(noise, number);
                    for column in columns.iter_mut().skip(count.div_ceil(3)) {
                        column.iter_mut().for_each(|value| *value += 1.5);
                    }
                    columns
                };
                // Each seed fails in a random half of a circle of parts.
                let circle = |_: &mut [f64], number: u64| -> Vec<Vec<f64>> {
                    let mut rng = keyed(8, "circle", number);
                    let turns: Vec<f64> = (0..seeds).map(|_| uniform(&mut rng)).collect();
                    let part = |part: usize| {
                        let at = part as f64 / count as f64;
                        let value = |turn: &f64| ((at + turn).fract() - 0.5).signum();
                        turns.iter().map(value).collect()
                    };
                    (0..count).map(part).collect()
                };
                let cases: [(&str, f64); 5] = [
                    ("independent", false_contradictions(seeds, independent)),
                    ("together", false_contradictions(seeds, together)),
                    ("against", false_contradictions(seeds, against)),
                    ("few", false_contradictions(seeds, few)),
                    ("circle", false_contradictions(seeds, circle)),
                ];
                for (name, share) in cases {
                    assert!(share <= LEVEL + SLACK, "{name} {seeds} {count}: {share}");
                }
            }
        }
    }
}
