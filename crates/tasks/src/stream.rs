//! Keyed random streams, in which every number is a function of (seed, purpose, step).

use rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

pub use rand_chacha::ChaCha8Rng;

/// The streams of one (seed, purpose), one per step.
///
/// Deriving the key hashes and allocates, so a training loop derives it once and then draws the
/// stream of each step.
#[derive(Debug, Clone)]
pub struct StreamKey([u8; 32]);

impl StreamKey {
    /// The 256-bit key is BLAKE3 in key-derivation mode over the seed (8 bytes, little endian)
    /// with `purpose` in the context.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let context = format!("layerwise 2026 stream {purpose}");
        let mut hasher = blake3::Hasher::new_derive_key(&context);
        hasher.update(&seed.to_le_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The 256 bits, for a crate that draws from the streams itself.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The stream of one step: `step` selects the ChaCha stream (its 64-bit nonce).
    pub fn at(&self, step: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(step);
        rng
    }
}

/// The ChaCha8 stream of (seed, purpose, step), see [`StreamKey`].
///
/// Streams of different purposes are independent, and any step can be drawn without its
/// predecessors.
pub fn keyed(seed: u64, purpose: &str, step: u64) -> ChaCha8Rng {
    StreamKey::new(seed, purpose).at(step)
}

/// A uniform number in `[0, 1)`: the upper 53 bits of one 64-bit word times `2^-53`, so that every
/// value is exact.
pub fn uniform(rng: &mut impl Rng) -> f64 {
    // 2^-53 and the 53-bit integer are both exact in f64.
    (rng.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// A uniform integer in `0..bound`, without bias.
///
/// Lemire's method: the upper half of `word * bound` for a 32-bit word, redrawn while the lower
/// half is below `2^32 mod bound`, which leaves the same number of words for every result.
///
/// # Panics
/// If `bound` is 0.
pub fn below(rng: &mut impl Rng, bound: u32) -> u32 {
    assert!(bound > 0, "no integer is below 0");
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u64::from(rng.next_u32()) * u64::from(bound);
        // The lower 32 bits.
        if product as u32 >= threshold {
            return (product >> 32) as u32;
        }
    }
}

/// Independent standard normal numbers (ziggurat of `rand_distr`, whose version is pinned).
pub fn standard_normals(rng: &mut impl Rng, out: &mut [f64]) {
    for value in out {
        *value = StandardNormal.sample(rng);
    }
}

/// The number of successes in `trials` independent trials of the given probability (`rand_distr`,
/// whose version is pinned). Probabilities outside [0, 1] count as the nearer end.
pub fn binomial(rng: &mut impl Rng, trials: u64, probability: f64) -> u64 {
    let probability = probability.clamp(0.0, 1.0);
    rand_distr::Binomial::new(trials, probability).map_or(0, |binomial| binomial.sample(rng))
}

/// A uniform permutation of `0..n`: Fisher–Yates from the last place down, with [`below`] choosing
/// each place's partner, so that all `n!` orders are equally likely.
pub fn permutation(rng: &mut impl Rng, n: u32) -> Vec<u32> {
    let mut order = vec![0; n as usize];
    permute(rng, &mut order);
    order
}

/// Overwrites `order` with a permutation of `0..order.len()`, see [`permutation`].
///
/// # Panics
/// If `order` has more than `u32::MAX` places.
pub fn permute(rng: &mut impl Rng, order: &mut [u32]) {
    let n = u32::try_from(order.len()).expect("permutations are of u32 indices");
    for (place, value) in (0..n).zip(order.iter_mut()) {
        *value = place;
    }
    for last in (1..n).rev() {
        let partner = below(rng, last + 1);
        order.swap(last as usize, partner as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chance of a false alarm of one 5-sigma check is below 1e-6; the seeds are fixed anyway.
    const SIGMAS: f64 = 5.0;

    fn first_bytes(seed: u64, purpose: &str, step: u64) -> [u8; 16] {
        let mut bytes = [0; 16];
        keyed(seed, purpose, step).fill_bytes(&mut bytes);
        bytes
    }

    #[test]
    fn the_first_bytes_of_a_stream_are_pinned() {
        // Computed from the definitions of BLAKE3 and ChaCha8 by another implementation.
        let pinned = [
            183, 178, 119, 97, 7, 205, 0, 221, 215, 157, 171, 99, 221, 181, 224, 201,
        ];
        assert_eq!(first_bytes(0, "train", 0), pinned);
    }

    #[test]
    fn the_first_normals_of_a_stream_are_pinned() {
        let mut normals = [0.0; 4];
        standard_normals(&mut keyed(0, "train", 0), &mut normals);
        let pinned = [
            0.8441086440406079,
            0.5252178540160575,
            -1.4362166425269285,
            1.4615248863111188,
        ];
        assert_eq!(normals, pinned);
    }

    #[test]
    fn another_purpose_seed_or_step_gives_other_numbers() {
        let streams = [
            first_bytes(0, "train", 0),
            first_bytes(0, "test", 0),
            first_bytes(1, "train", 0),
            first_bytes(0, "train", 1),
        ];
        for (i, one) in streams.iter().enumerate() {
            for other in &streams[..i] {
                assert_ne!(one, other);
            }
        }
    }

    #[test]
    fn a_reused_key_gives_the_keyed_stream() {
        let key = StreamKey::new(3, "train");
        for step in [5, 0, 5] {
            assert_eq!(key.at(step).next_u64(), keyed(3, "train", step).next_u64());
        }
    }

    #[test]
    fn normals_have_zero_mean_and_unit_variance() {
        let mut normals = vec![0.0; 100_000];
        standard_normals(&mut keyed(1, "normals", 0), &mut normals);
        let n = normals.len() as f64;
        let mean = normals.iter().sum::<f64>() / n;
        let square = normals.iter().map(|x| x * x).sum::<f64>() / n;
        assert!(mean.abs() < SIGMAS / n.sqrt(), "{mean}");
        assert!((square - 1.0).abs() < SIGMAS * (2.0 / n).sqrt(), "{square}");
    }

    #[test]
    fn uniform_numbers_lie_below_one_with_mean_one_half() {
        let mut rng = keyed(1, "uniform", 0);
        let n = 100_000;
        let numbers: Vec<f64> = (0..n).map(|_| uniform(&mut rng)).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f64>() / f64::from(n);
        assert!(
            (mean - 0.5).abs() < SIGMAS / (12.0 * f64::from(n)).sqrt(),
            "{mean}"
        );
    }

    #[test]
    fn bounded_integers_are_unbiased_where_the_bound_does_not_divide_the_words() {
        // Without redrawing, every third result would come from two words instead of one.
        let bound = 3 << 30;
        let mut rng = keyed(1, "bounded", 0);
        let draws = 30_000;
        let mut counts = [0_u32; 3];
        (0..draws).for_each(|_| counts[(below(&mut rng, bound) % 3) as usize] += 1);
        let sigma = (f64::from(draws) * 2.0 / 9.0).sqrt();
        for count in counts {
            let deviation = f64::from(count) - f64::from(draws) / 3.0;
            assert!(deviation.abs() < SIGMAS * sigma, "{counts:?}");
        }
    }

    #[test]
    fn all_permutations_of_four_are_equally_likely() {
        let mut rng = keyed(1, "permutation", 0);
        let mut counts = std::collections::BTreeMap::new();
        let draws = 48_000;
        for _ in 0..draws {
            *counts.entry(permutation(&mut rng, 4)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        let p = 1.0 / 24.0;
        let sigma = (f64::from(draws) * p * (1.0 - p)).sqrt();
        for (order, count) in counts {
            let deviation = f64::from(count) - f64::from(draws) * p;
            assert!(deviation.abs() < SIGMAS * sigma, "{order:?}: {count}");
        }
    }

    #[test]
    fn permutations_of_nothing_and_of_one_exist() {
        assert!(permutation(&mut keyed(0, "permutation", 0), 0).is_empty());
        assert_eq!(permutation(&mut keyed(0, "permutation", 0), 1), [0]);
    }
}
