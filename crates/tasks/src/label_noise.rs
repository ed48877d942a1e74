//! Replaces the labels of a share of the training rows by random labels.

use rand_core::Rng;

use crate::stream::{below, permutation};

/// Gives `round(share n)` of the `n` labels a class drawn uniformly from all `classes`, the true one
/// among them: at `share = 1` labels are independent of the rows, and a share `s` leaves the
/// fraction `1 - s (1 - 1/classes)` of labels right on average.
///
/// The first rows of a random permutation are chosen, so that for one stream the rows of a smaller
/// share are among those of a larger one, with the same random labels.
///
/// # Panics
/// If `share` is not in [0, 1], or there are labels and no classes.
pub fn corrupt_labels(rng: &mut impl Rng, labels: &mut [u32], share: f64, classes: u32) {
    assert!((0.0..=1.0).contains(&share), "{share} of the labels");
    let n = u32::try_from(labels.len()).expect("row indices are u32");
    let chosen = (share * f64::from(n)).round() as usize;
    for &row in &permutation(rng, n)[..chosen] {
        labels[row as usize] = below(rng, classes);
    }
}

#[cfg(test)]
mod tests {
    use crate::stream::keyed;

    use super::*;

    /// A class that no random label can be, so that every chosen row shows.
    const UNTOUCHED: u32 = 9;

    fn corrupted(seed: u64, n: usize, share: f64) -> Vec<u32> {
        let mut labels = vec![UNTOUCHED; n];
        corrupt_labels(&mut keyed(seed, "label noise", 0), &mut labels, share, 4);
        labels
    }

    #[test]
    fn exactly_the_rounded_share_is_drawn_anew() {
        for (share, count) in [(0.0, 0), (0.004, 0), (0.005, 1), (0.3, 30), (1.0, 100)] {
            let labels = corrupted(2, 100, share);
            let drawn = labels.iter().filter(|&&label| label != UNTOUCHED).count();
            assert_eq!(drawn, count, "{share}");
        }
        assert!(corrupted(2, 0, 1.0).is_empty());
    }

    #[test]
    fn a_larger_share_keeps_the_labels_of_a_smaller_one() {
        let (small, large) = (corrupted(5, 60, 0.2), corrupted(5, 60, 0.7));
        for (small, large) in small.iter().zip(&large) {
            assert!(*small == UNTOUCHED || small == large);
        }
        assert_ne!(small, corrupted(6, 60, 0.2));
    }

    #[test]
    fn all_classes_are_equally_likely() {
        let n = 40_000;
        let mut counts = [0_u32; 4];
        for label in corrupted(1, n, 1.0) {
            counts[label as usize] += 1;
        }
        // Five sigmas.
        let bound = 5.0 * (n as f64 * 0.25 * 0.75).sqrt();
        for count in counts {
            assert!(
                (f64::from(count) - n as f64 / 4.0).abs() < bound,
                "{counts:?}"
            );
        }
    }
}
