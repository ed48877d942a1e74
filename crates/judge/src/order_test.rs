//! Tests whether an order or a slope, along a knob or along the indices, is more than chance.
//!
//! Seeds that repeat an order do not show that the order is caused by the knob. Suppose that the
//! metric took its values in an arbitrary order, the same for all seeds. Then eight seeds would
//! agree in that order, too, and three values would be in the claimed order in one of six cases. So
//! a claim of an order is *supported* only if at most 2.5 % of all arrangements of the places
//! support it as strongly, which corresponds to a two-sided p ≤ .05. This bounds the share of false
//! supports for any number of places.

use std::cell::OnceCell;

use plan::{Along, Arranged, Component, Sample, spec::Threshold};
use serde::{Deserialize, Serialize};

use crate::{
    arrangements::{Arrangements, DRAWN, count},
    beyond::passes,
};

/// Two-sided level of the test.
pub(crate) const LEVEL: f64 = 0.05;

/// Numbers this close count as equal: means of rank correlations depend on the order of summation.
const ROUNDING: f64 = 1e-9;

/// What an order is along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderInfo {
    /// The knob, by its dotted key; `None` for the indices of the metric.
    pub knob: Option<String>,
    /// Number of places.
    pub places: usize,
    /// The smallest two-sided p that this number of places allows.
    pub least_p: f64,
}

/// The permutation test of an order: the values of the statistic for other arrangements of its
/// places, the same for all seeds.
pub(crate) struct OrderTest<'t> {
    source: Option<(&'t Arranged<'t>, u64)>,
    parts: OnceCell<Vec<Vec<Component>>>,
}

/// Whether a claim with this threshold is a claim of an order: a value that does not depend on the
/// places does not fulfil it.
pub(crate) fn claims_order(arranged: &Arranged<'_>, threshold: Threshold) -> bool {
    !passes(Sample::Exact(arranged.unordered), threshold)
}

impl<'t> OrderTest<'t> {
    /// The test of a claim of an order.
    pub(crate) fn new(arranged: &'t Arranged<'t>, threshold: Threshold) -> Option<Self> {
        Self::with_draws(arranged, threshold, DRAWN)
    }

    /// The same test, with `drawn` random arrangements if there are too many to enumerate.
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

    /// The parts of the statistic in every arrangement, the recorded one first.
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

    /// The test on other seeds, given by their positions; a seed may occur more than once.
    pub(crate) fn of_seeds(&self, seeds: &[usize]) -> OrderTest<'static> {
        let parts = self.parts().iter();
        let parts = parts.map(|parts| parts.iter().map(|part| chosen(part, seeds)).collect());
        OrderTest {
            source: None,
            parts: OnceCell::from(parts.collect::<Vec<_>>()),
        }
    }

    /// Two-sided p of a part: twice the share of arrangements in which the part lies at least as
    /// far on the claimed side as `own`. `towards` measures how far.
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
