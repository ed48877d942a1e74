//! How often a claim would be supported with other numbers of seeds.

use plan::Component;
use tasks::stream::{below, keyed};

use super::{
    result::PowerPoint,
    subject::{Subject, Tally},
};
use crate::{
    judge::{Judge, Place},
    order_test::{OrderTest, chosen},
};

/// Numbers of seeds, in addition to that of the run.
const SEEDS: [usize; 9] = [2, 4, 6, 8, 12, 16, 20, 24, 32];

/// Draws for each number of seeds: the standard error of a share is at most 3.5 %.
const DRAWS: u64 = 200;

/// Arrangements for the test of an order. They resolve p to half a percent, which is fine enough
/// for a level of 5 %.
const ARRANGEMENTS: u64 = 199;

/// The share of *supported* for each number of seeds. Seeds are drawn with replacement from
/// `recorded`.
pub(super) fn points(subject: &Subject<'_>, recorded: &[Component]) -> Vec<PowerPoint> {
    let judge = Judge { run: subject.run };
    let selection = judge.selection(Place::of(subject.claim));
    let arranged = subject.statistic.arranged(&selection);
    let order = arranged.as_ref().and_then(|arranged| {
        OrderTest::with_draws(arranged, subject.claim.threshold, ARRANGEMENTS)
    });
    let Some(there) = recorded.first().map(|part| part.samples.len()) else {
        return Vec::new();
    };
    if there == 0 {
        return Vec::new();
    }
    let purpose = subject.purpose("seeds");
    let point = |seeds: usize| {
        let mut tally = Tally::default();
        for draw in 0..DRAWS {
            let mut rng = keyed(seeds as u64, &purpose, draw);
            let drawn: Vec<usize> = (0..seeds)
                .map(|_| below(&mut rng, there as u32) as usize)
                .collect();
            let parts: Vec<Component> = recorded.iter().map(|part| chosen(part, &drawn)).collect();
            let supports = subject.support(&parts, None);
            if supports.judged
                && let Some(order) = &order
            {
                tally.add(subject.support(&parts, Some(&order.of_seeds(&drawn))));
            } else {
                tally.add(supports);
            }
        }
        PowerPoint {
            seeds,
            supported: tally.supported(),
        }
    };
    let mut sizes = SEEDS.to_vec();
    sizes.push(there);
    sizes.sort_unstable();
    sizes.dedup();
    sizes.into_iter().map(point).collect()
}
