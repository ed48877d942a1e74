//! Exact splits of numbered rows into a training and a test set.
//!
//! A split comes from one permutation of all rows, so that with one seed a smaller training set of
//! [`split`] is a subset of every larger one. Both parts are in ascending order.

use rand_core::Rng;

use crate::{KeyError, stream::permutation};

/// Splits the rows `0..n`: the first `train` rows of a random permutation, and the rest.
///
/// # Panics
/// If `train` exceeds `n`.
pub fn split(rng: &mut impl Rng, n: u32, train: u32) -> (Vec<u32>, Vec<u32>) {
    assert!(train <= n, "{train} training rows of {n}");
    let mut order = permutation(rng, n);
    let mut rest = order.split_off(train as usize);
    order.sort_unstable();
    rest.sort_unstable();
    (order, rest)
}

/// A [`split`] in which every class has its share of the training rows, see [`class_counts`].
/// `labels[i]` is the class of row `i`.
///
/// # Panics
/// If `train` exceeds the number of labels, or a label is not below `classes`.
pub fn stratified_split(
    rng: &mut impl Rng,
    labels: &[u32],
    classes: usize,
    train: u32,
) -> (Vec<u32>, Vec<u32>) {
    let mut sizes = vec![0; classes];
    for &label in labels {
        sizes[label as usize] += 1;
    }
    class_split(rng, labels, &class_counts(&sizes, train))
}

/// A [`split`] with `counts[c]` training rows of class c. A class with fewer rows gives all its
/// rows.
///
/// # Panics
/// If a label is not below the number of counts.
pub fn class_split(rng: &mut impl Rng, labels: &[u32], counts: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut left = counts.to_vec();
    let n = u32::try_from(labels.len()).expect("row indices are u32");
    let (mut taken, mut rest): (Vec<u32>, Vec<u32>) =
        permutation(rng, n).into_iter().partition(|&row| {
            let left = &mut left[labels[row as usize] as usize];
            let take = *left > 0;
            *left -= u32::from(take);
            take
        });
    taken.sort_unstable();
    rest.sort_unstable();
    (taken, rest)
}

/// The number of `train` rows for each class, if the classes have `sizes` rows.
///
/// Largest remainders: the exact share of a class is `train sizes[c] / sum(sizes)`; each class gets
/// the whole part, and the rows that are left go to the classes with the largest fractional parts,
/// one each, the lower class first among equals. If there are at least as many training rows as
/// classes with rows, a class that got no row then takes one from the class with the most training
/// rows (the lower class among equals).
///
/// # Panics
/// If `train` exceeds the sum of `sizes`.
pub fn class_counts(sizes: &[u32], train: u32) -> Vec<u32> {
    let n: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
    let train = u64::from(train);
    assert!(train <= n, "{train} training rows of {n}");
    if n == 0 {
        return vec![0; sizes.len()];
    }
    let share = |class: usize| train * u64::from(sizes[class]);
    // A share is at most the size of its class.
    let mut counts: Vec<u32> = (0..sizes.len()).map(|c| (share(c) / n) as u32).collect();
    let given: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    // The sort is stable, so that equals stay in the order of the classes.
    by_remainder.sort_by_key(|&class| std::cmp::Reverse(share(class) % n));
    for &class in by_remainder.iter().take((train - given) as usize) {
        counts[class] += 1;
    }
    let present = sizes.iter().filter(|&&size| size > 0).count();
    if train >= present as u64 {
        for class in 0..sizes.len() {
            if counts[class] == 0 && sizes[class] > 0 {
                let donor = (0..sizes.len()).rev().max_by_key(|&class| counts[class]);
                counts[donor.expect("there is a class")] -= 1;
                counts[class] = 1;
            }
        }
    }
    counts
}

/// Step imbalance: the second half of the classes (the larger one, if there is an odd number) keeps
/// one in `ratio` of its rows, rounded, and at least one. 1 changes nothing.
pub fn step_imbalance(counts: &mut [u32], ratio: f64) {
    let half = counts.len() / 2;
    for count in counts[half..].iter_mut().filter(|count| **count > 0) {
        *count = ((f64::from(*count) / ratio).round() as u32).max(1);
    }
}

/// Checks the `imbalance` of a task.
pub(crate) fn check_imbalance(ratio: f64) -> Result<(), KeyError> {
    if ratio.is_finite() && ratio >= 1.0 {
        return Ok(());
    }
    let problem = "must be finite and 1 or more";
    let hint = "Write 10 for a tenth of the rows in half of the classes.";
    Err(KeyError::new("imbalance", ratio, problem, hint))
}

#[cfg(test)]
mod tests {
    use crate::stream::keyed;

    use super::*;

    /// The rows of both halves together, ascending.
    fn together((train, test): &(Vec<u32>, Vec<u32>)) -> Vec<u32> {
        let mut all = [train.clone(), test.clone()].concat();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_split_has_exact_counts_and_a_larger_one_holds_it() {
        let of = |seed, train| split(&mut keyed(seed, "split", 0), 50, train);
        for train in [0, 1, 20, 49, 50] {
            let halves = of(3, train);
            assert_eq!(halves.0.len(), train as usize);
            assert_eq!(together(&halves), (0..50).collect::<Vec<_>>());
            assert!(halves.0.is_sorted() && halves.1.is_sorted());
        }
        let (small, large) = (of(3, 10).0, of(3, 30).0);
        assert!(small.iter().all(|row| large.contains(row)));
        assert_ne!(of(3, 20), of(4, 20));
    }

    #[test]
    fn remainders_go_to_the_largest_and_then_to_the_lower_class() {
        // Shares 3.5, 2.1, 1.4: one row is left.
        assert_eq!(class_counts(&[50, 30, 20], 7), [4, 2, 1]);
        // Shares 1.25 each: the first class gets the row that is left.
        assert_eq!(class_counts(&[5, 5, 5, 5], 5), [2, 1, 1, 1]);
        // Shares 4.8, 0.1, 0.1, and every class gets a row.
        assert_eq!(class_counts(&[96, 2, 2], 5), [3, 1, 1]);
        // Two rows cannot reach three classes.
        assert_eq!(class_counts(&[96, 2, 2], 2), [2, 0, 0]);
        // A class without rows needs none.
        assert_eq!(class_counts(&[3, 0, 1], 2), [1, 0, 1]);
        assert_eq!(class_counts(&[3, 0, 1], 4), [3, 0, 1]);
        assert_eq!(class_counts(&[0, 0], 0), [0, 0]);
    }

    #[test]
    fn half_of_the_classes_keep_a_part_of_their_rows() {
        let of = |counts: &[u32], ratio| {
            let mut counts = counts.to_vec();
            step_imbalance(&mut counts, ratio);
            counts
        };
        assert_eq!(of(&[120, 120, 120, 120], 10.0), [120, 120, 12, 12]);
        assert_eq!(of(&[10, 10, 9], 4.0), [10, 3, 2]);
        assert_eq!(of(&[5, 5], 100.0), [5, 1]);
        assert_eq!(of(&[5, 0, 7], 1.0), [5, 0, 7]);
    }

    #[test]
    fn a_stratified_split_has_the_counts_of_its_classes() {
        let labels: Vec<u32> = (0..100).map(|row| u32::from(row % 10 == 0)).collect();
        let of = |seed, train| stratified_split(&mut keyed(seed, "split", 0), &labels, 2, train);
        for train in [1, 2, 15, 33, 99, 100] {
            let halves = of(1, train);
            assert_eq!(together(&halves), (0..100).collect::<Vec<_>>());
            assert!(halves.0.is_sorted() && halves.1.is_sorted());
            let ones = halves.0.iter().filter(|&&row| row % 10 == 0).count();
            assert_eq!(ones as u32, class_counts(&[90, 10], train)[1]);
            assert_eq!(halves.0.len(), train as usize);
        }
        assert_ne!(of(1, 33), of(2, 33));
    }
}
