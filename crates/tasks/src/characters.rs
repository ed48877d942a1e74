//! The real characters of `Z_p` × `Z_p`, the natural features for arithmetic on two residues.

use std::f64::consts::{SQRT_2, TAU};

/// Values of all p² real characters at the pair (a, b), in a fixed order.
///
/// One for every (k, l) of `Z_p` × `Z_p`, in the order k p + l: √2 cos 2π(ka + lb)/p for the first
/// of the two opposite ones (k, l) and (−k, −l), √2 sin 2π(ka + lb)/p, with the k and l of the
/// first, for the second, and cos 2π(ka + lb)/p, which is ±1, for pairs that are their own opposite
/// (the constant, and three more for even p). They are orthonormal in the mean over all pairs.
///
/// A sum a + b modulo p needs p of them: one-hot output q has the constant 1/p and, for every k,
/// √2/p times the cosine and sine of (k, k) turned by the phase 2πkq/p. Any function needs all p².
///
/// # Shapes
/// The result is `[p²]`.
pub(crate) fn characters(modulus: u32, a: u32, b: u32) -> Vec<f64> {
    let p = modulus;
    let mut values = Vec::with_capacity((p * p) as usize);
    for k in 0..p {
        for l in 0..p {
            let opposite = ((p - k) % p, (p - l) % p);
            let turn = |(k, l): (u32, u32)| {
                let residue =
                    (u64::from(k) * u64::from(a) + u64::from(l) * u64::from(b)) % u64::from(p);
                TAU * residue as f64 / f64::from(p)
            };
            values.push(match (k, l).cmp(&opposite) {
                std::cmp::Ordering::Less => SQRT_2 * turn((k, l)).cos(),
                std::cmp::Ordering::Equal => turn((k, l)).cos().round(),
                std::cmp::Ordering::Greater => SQRT_2 * turn(opposite).sin(),
            });
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few roundings of sums over p² pairs.
    const ROUNDING: f64 = 1e-12;

    fn table(p: u32) -> Vec<Vec<f64>> {
        let pairs = (0..p).flat_map(|a| (0..p).map(move |b| (a, b)));
        pairs.map(|(a, b)| characters(p, a, b)).collect()
    }

    #[test]
    fn they_are_orthonormal_over_all_pairs() {
        for p in [2, 5, 6, 7] {
            let rows = table(p);
            let count = rows.len();
            for i in 0..count {
                for j in 0..count {
                    let mean = rows.iter().map(|row| row[i] * row[j]).sum::<f64>() / count as f64;
                    let expected = f64::from(u8::from(i == j));
                    assert!((mean - expected).abs() < ROUNDING, "{p}: {i} {j} {mean}");
                }
            }
        }
    }

    #[test]
    fn a_sum_needs_p_of_them_and_a_product_nearly_all() {
        let p = 7;
        let rows = table(p);
        let needed = |result: fn(u32, u32) -> u32| {
            let coefficient = |feature: usize| {
                let pairs = rows.iter().enumerate();
                let own = pairs.filter(|(pair, _)| {
                    let (a, b) = (*pair as u32 / p, *pair as u32 % p);
                    result(a, b) % p == 3
                });
                own.map(|(_, row)| row[feature]).sum::<f64>()
            };
            (0..rows.len())
                .filter(|&feature| coefficient(feature).abs() > ROUNDING)
                .collect::<Vec<_>>()
        };
        // Those of (k, k), which stand at k p + k.
        let diagonal: Vec<usize> = (0..rows.len()).step_by(p as usize + 1).collect();
        assert_eq!(needed(|a, b| a + b), diagonal);
        assert!(needed(|a, b| a * b).len() > 3 * p as usize);
    }
}
