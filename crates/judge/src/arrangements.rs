use tasks::stream::{keyed, permutation};

/// Up to this many places, all arrangements are enumerated: 7! = 5040.
const ENUMERATED: usize = 7;

/// Number of arrangements drawn if there are more places, unless the caller asks for fewer. The
/// smallest two-sided p is then 2/1000.
pub(crate) const DRAWN: u64 = 999;

/// Arrangements of places, the recorded one first: all of them if they are few, otherwise a fixed
/// number drawn from a stream of random numbers that the purpose names.
pub(crate) struct Arrangements {
    pub(crate) orders: Vec<Vec<usize>>,
    /// Whether these are all possible arrangements.
    pub(crate) exact: bool,
}

/// With fewer arrangements than this, the recorded one alone makes up more than 5 %.
pub(crate) const FEW: f64 = 20.0;

impl Arrangements {
    pub(crate) fn of(places: usize, drawn: u64, purpose: &str) -> Self {
        match places <= ENUMERATED {
            true => Self {
                orders: all(places),
                exact: true,
            },
            false => Self::drawn(places, drawn, purpose),
        }
    }

    /// The recorded arrangement and `drawn` random ones.
    pub(crate) fn drawn(places: usize, drawn: u64, purpose: &str) -> Self {
        let drawn = (0..drawn).map(|draw| random(places, purpose, draw));
        Self {
            orders: std::iter::once((0..places).collect())
                .chain(drawn)
                .collect(),
            exact: false,
        }
    }
}

/// A random arrangement.
pub(crate) fn random(places: usize, purpose: &str, draw: u64) -> Vec<usize> {
    let order = permutation(&mut keyed(0, purpose, draw), places as u32);
    order.into_iter().map(|place| place as usize).collect()
}

/// Number of arrangements of n places, n!.
pub(crate) fn count(places: usize) -> f64 {
    (1..=places).map(|place| place as f64).product()
}

/// All arrangements in lexicographic order.
fn all(places: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..places).collect();
    let mut orders = vec![order.clone()];
    loop {
        // Find the last place whose value can grow, and the smallest larger value after it.
        let Some(at) = (1..places).rfind(|&at| order[at - 1] < order[at]) else {
            return orders;
        };
        let Some(with) = (at..places).rfind(|&with| order[with] > order[at - 1]) else {
            return orders;
        };
        order.swap(at - 1, with);
        order[at..].reverse();
        orders.push(order.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn few_places_are_enumerated_once_each_with_the_given_order_first() {
        for places in 0..=5 {
            let found = Arrangements::of(places, DRAWN, "test");
            assert!(found.exact);
            assert_eq!(found.orders.len() as f64, count(places).max(1.0));
            assert_eq!(found.orders[0], (0..places).collect::<Vec<_>>());
            let different: HashSet<_> = found.orders.iter().collect();
            assert_eq!(different.len(), found.orders.len());
        }
    }

    #[test]
    fn many_places_are_drawn_the_same_every_time() {
        let found = Arrangements::of(12, 50, "test");
        assert!(!found.exact);
        assert_eq!(found.orders.len(), 51);
        assert_eq!(found.orders, Arrangements::of(12, 50, "test").orders);
        let mut sorted = found.orders[7].clone();
        sorted.sort_unstable();
        assert_eq!(sorted, found.orders[0]);
    }
}
