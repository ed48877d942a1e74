//! Whether an order or a slope along a knob, or along the indices, is more than chance.
//!
//! Seeds repeat an order; they do not show that it has anything to do with the knob. If the values of the
//! knob stood in an arbitrary order, the same for all seeds, eight seeds that agree to the last digit would
//! agree in that arbitrary order, too: three values are then in the claimed order in one of six cases. So a
//! claim of an order is *supported* only if few other arrangements of the places would support it as
//! strongly: at most 2.5 %, counted like a two-sided p ≤ .05. That bounds the share of false supports
//! whatever the number of places is, which no fixed number of places does.

use std::cell::OnceCell;

use plan::{Along, Arranged, Component, Sample, spec::Threshold};
use serde::{Deserialize, Serialize};

use crate::{
    arrangements::{Arrangements, DRAWN, count},
    beyond::passes,
};

/// Two-sided level of the test.
pub(crate) const LEVEL: f64 = 0.05;

/// Numbers this close are the same: means of rank correlations in another order of their sum.
const ROUNDING: f64 = 1e-9;

/// What an order is along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderInfo {
    /// The knob, by its dotted key; `None` for the indices of the metric.
    pub knob: Option<String>,
    /// Number of different places.
    pub places: usize,
    /// The smallest two-sided p that so many places allow.
    pub least_p: f64,
}

/// The permutation test of an order: what the statistic gives for other arrangements of its places, in
/// common for all seeds.
pub(crate) struct OrderTest<'t> {
    source: Option<(&'t Arranged<'t>, u64)>,
    parts: OnceCell<Vec<Vec<Component>>>,
}

/// Whether a claim with this threshold is one of an order: nothing that does not depend on the places
/// fulfils it.
pub(crate) fn claims_order(arranged: &Arranged<'_>, threshold: Threshold) -> bool {
    !passes(Sample::Exact(arranged.unordered), threshold)
}

impl<'t> OrderTest<'t> {
    /// The test of a claim of an order.
    pub(crate) fn new(arranged: &'t Arranged<'t>, threshold: Threshold) -> Option<Self> {
        Self::with_draws(arranged, threshold, DRAWN)
    }

    /// The same with another number of arrangements drawn where there are too many to go through.
    pub(crate) fn with_draws(
        arranged: &'t Arranged<'t>,
        threshold: Threshold,
        drawn: u64,
    ) -> Option<Self> {
        (arranged.is_order && claims_order(arranged, threshold)).then(|| Self {
            source: Some((arranged, drawn)),
            parts: OnceCell::new(),
        })
    }

    /// The parts of the statistic in every arrangement, that of the record first.
    pub(crate) fn parts(&self) -> &[Vec<Component>] {
        self.parts.get_or_init(|| {
            let Some((arranged, drawn)) = self.source else {
                return Vec::new();
            };
            let places = &arranged.places;
            let purpose = "orders of places";
            let orders = match drawn >= DRAWN || count(places.len()) <= drawn as f64 {
                true => Arrangements::of(places.len(), drawn, purpose).orders,
                false => Arrangements::drawn(places.len(), drawn, purpose).orders,
            };
            let parts = orders.iter().map(|order| {
                let places: Vec<f64> = order.iter().map(|&at| places[at]).collect();
                arranged.with_places(|_| &places)
            });
            parts.collect()
        })
    }

    /// The test on other seeds, by their positions; a seed may come more than once.
    pub(crate) fn of_seeds(&self, seeds: &[usize]) -> OrderTest<'static> {
        let parts = self.parts().iter();
        let parts = parts.map(|parts| parts.iter().map(|part| chosen(part, seeds)).collect());
        OrderTest {
            source: None,
            parts: OnceCell::from(parts.collect::<Vec<_>>()),
        }
    }

    /// Two-sided p of a part: twice the share of arrangements in which it comes out as far on the
    /// claimed side as `own`, which `towards` measures.
    pub(crate) fn p(&self, part: usize, own: f64, towards: impl Fn(&[Sample]) -> f64) -> f64 {
        let all = self.parts();
        let as_far = all.iter().filter(|parts| {
            let part = parts.get(part);
            part.is_some_and(|part| towards(&part.samples) >= own - ROUNDING)
        });
        (2.0 * as_far.count() as f64 / all.len().max(1) as f64).min(1.0)
    }
}

/// What an order is along.
pub(crate) fn info(arranged: &Arranged<'_>) -> OrderInfo {
    OrderInfo {
        knob: match &arranged.along {
            Along::Knob(knob) => Some(knob.clone()),
            Along::Index => None,
        },
        places: arranged.places.len(),
        least_p: (2.0 / count(arranged.places.len())).min(1.0),
    }
}

/// A part with the samples of other seeds.
pub(crate) fn chosen(part: &Component, seeds: &[usize]) -> Component {
    Component {
        label: part.label.clone(),
        samples: seeds.iter().map(|&seed| part.samples[seed]).collect(),
    }
}
