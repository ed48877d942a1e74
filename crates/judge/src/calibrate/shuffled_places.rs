//! Null data for statistics along a knob or the indices: the readings stay the same, and their
//! places are permuted.

use plan::Along;

use super::{
    result::{Null, NullRate},
    subject::{Subject, Tally},
};
use crate::{
    arrangements::{Arrangements, FEW, count, random},
    judge::{Judge, Place},
    order_test::{OrderTest, claims_order},
};

/// The rates with places permuted in the same way for all seeds, and per seed. Empty if the
/// statistic has no places.
pub(super) fn nulls(subject: &Subject<'_>) -> Vec<NullRate> {
    let judge = Judge { run: subject.run };
    let selection = judge.selection(Place::of(subject.claim));
    let Some(arranged) = subject.statistic.arranged(&selection) else {
        return Vec::new();
    };
    let places = &arranged.places;
    let at = |order: &[usize]| -> Vec<f64> { order.iter().map(|&at| places[at]).collect() };
    let threshold = subject.claim.threshold;
    let test = OrderTest::new(&arranged, threshold);
    let purpose = subject.purpose("places");
    let all = Arrangements::of(places.len(), subject.draws, &purpose);
    let mut common = Tally::default();
    for order in &all.orders {
        let places = at(order);
        let parts = arranged.with_places(|_| &places);
        common.add(subject.support(&parts, test.as_ref()));
    }
    let mut per_seed = Tally::default();
    let seeds = arranged.seeds() as u64;
    for draw in 0..subject.draws {
        let places: Vec<Vec<f64>> = (draw * seeds..(draw + 1) * seeds)
            .map(|draw| at(&random(places.len(), &purpose, draw)))
            .collect();
        let parts = arranged.with_places(|seed| &places[seed]);
        per_seed.add(subject.support(&parts, test.as_ref()));
    }
    let kinds = match arranged.along {
        Along::Knob(_) => [Null::CommonKnob, Null::KnobPerSeed],
        Along::Index => [Null::CommonIndices, Null::IndicesPerSeed],
    };
    // A claim that does not depend on the places does not depend on their arrangement.
    let counts =
        claims_order(&arranged, threshold) && (test.is_some() || count(places.len()) >= FEW);
    [(kinds[0], common, all.exact), (kinds[1], per_seed, false)]
        .into_iter()
        .map(|(null, tally, exact)| NullRate {
            null,
            supported: tally.supported(),
            by_interval: tally.by_interval(),
            of: tally.of,
            exact,
            counts,
        })
        .collect()
}
