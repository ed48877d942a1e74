//! Determines the order of layers from their names and shapes.
//!
//! 1. A list given by the user decides.
//! 2. Numbers in names order layers if the text before the number is the same: `net.0`, `net.2`, or
//!    `layers.0.1`, `layers.1.0`.
//! 3. If this leaves several orders, as for `net.0`, `net.2` and `classifier`, shapes decide,
//!    provided that only one order lets each layer take the outputs of the previous one.
//! 4. If shapes also allow several orders, layers named input, embed, encoder or first come first,
//!    and layers named classifier, head, output, readout, decoder or last come last.
//!
//! If several orders remain, none is chosen.

use std::cmp::Ordering;

/// What determined the order of the layers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderedBy {
    /// A list given by the user.
    List,
    /// Numbers in their names.
    Numbers,
    /// Their shapes.
    Shapes,
    /// Words such as `classifier` in their names.
    Words,
}

/// Name, inputs and outputs of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) name: &'a str,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// The only possible order of the layers, as positions, and what determined it. The error is the
/// number of possible orders, 0 or at least 2.
pub(super) fn order(layers: &[Sides<'_>]) -> Result<(Vec<usize>, OrderedBy), usize> {
    let names: Vec<Vec<Part<'_>>> = layers.iter().map(|layer| parts(layer.name)).collect();
    let before = names.iter().map(|one| {
        let others = names.iter();
        others.map(|other| by_numbers(one, other)).collect()
    });
    let before: Vec<Vec<Option<Ordering>>> = before.collect();
    let open = |one: usize| (0..layers.len()).any(|at| at != one && before[one][at].is_none());
    if !(0..layers.len()).any(open) {
        let mut places: Vec<usize> = (0..layers.len()).collect();
        places.sort_by(|&one, &other| before[one][other].unwrap_or(Ordering::Equal));
        return Ok((places, OrderedBy::Numbers));
    }
    let mut found = Search {
        layers,
        before: &before,
        words: false,
        orders: Vec::new(),
        visits: 0,
    };
    found.extend(&mut Vec::new());
    if let [order] = &found.orders[..] {
        return Ok((order.clone(), OrderedBy::Shapes));
    }
    let shapes = found.orders.len();
    let mut found = Search {
        words: true,
        orders: Vec::new(),
        visits: 0,
        ..found
    };
    found.extend(&mut Vec::new());
    match &found.orders[..] {
        [order] => Ok((order.clone(), OrderedBy::Words)),
        _ => Err(shapes),
    }
}

/// Search for orders that numbers, shapes and optionally words allow. It ends when two orders are
/// found.
struct Search<'a> {
    layers: &'a [Sides<'a>],
    before: &'a [Vec<Option<Ordering>>],
    words: bool,
    orders: Vec<Vec<usize>>,
    visits: usize,
}

impl Search<'_> {
    fn extend(&mut self, begun: &mut Vec<usize>) {
        /// Limit of the search, far above what real nets need. A search that reaches the limit
        /// finds no unique order.
        const MOST: usize = 100_000;
        self.visits += 1;
        if self.orders.len() > 1 || self.visits > MOST {
            return;
        }
        if begun.len() == self.layers.len() {
            self.orders.push(begun.clone());
            return;
        }
        for next in 0..self.layers.len() {
            if self.may_follow(begun, next) {
                begun.push(next);
                self.extend(begun);
                begun.pop();
            }
        }
        if self.visits > MOST && self.orders.len() == 1 {
            // The search reached its limit, so a found order may not be unique.
            self.orders.push(Vec::new());
        }
    }

    fn may_follow(&self, begun: &[usize], next: usize) -> bool {
        let fits = begun
            .last()
            .is_none_or(|&last| self.layers[last].outputs == self.layers[next].inputs);
        let mut waiting = (0..self.layers.len()).filter(|at| *at != next && !begun.contains(at));
        let word = |at: usize| word(self.layers[at].name);
        fits && !begun.contains(&next)
            && waiting.all(|other| {
                self.before[other][next] != Some(Ordering::Less)
                    && (!self.words || word(other) >= word(next))
            })
    }
}

/// Position of a layer according to words in its name: -1 first, 1 last.
fn word(name: &str) -> i8 {
    const FIRST: [&str; 9] = [
        "input",
        "inputs",
        "in",
        "embed",
        "embedding",
        "encoder",
        "stem",
        "first",
        "bottom",
    ];
    const LAST: [&str; 15] = [
        "output",
        "outputs",
        "out",
        "classifier",
        "cls",
        "head",
        "readout",
        "decoder",
        "last",
        "final",
        "logits",
        "predictor",
        "prediction",
        "unembed",
        "top",
    ];
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| {
        let mut parts = lower.split(|c: char| !c.is_ascii_alphabetic());
        parts.any(|part| words.contains(&part))
    };
    match (has(&FIRST), has(&LAST)) {
        (true, false) => -1,
        (false, true) => 1,
        // A name such as encoder.head gives no position.
        _ => 0,
    }
}

/// A part of a name.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// Digits without leading zeros, so that a longer number is larger.
    Number(&'a str),
}

/// The order of two names if they first differ in a number; `None` if they first differ in text.
fn by_numbers(one: &[Part<'_>], other: &[Part<'_>]) -> Option<Ordering> {
    let different = one.iter().zip(other).find(|(a, b)| a != b);
    match different {
        Some((Part::Number(a), Part::Number(b))) => Some((a.len(), a).cmp(&(b.len(), b))),
        Some(_) => None,
        None => (one.len() == other.len()).then_some(Ordering::Equal),
    }
}

fn parts(mut name: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some(first) = name.chars().next() {
        let digits = first.is_ascii_digit();
        let end = name.find(|c: char| c.is_ascii_digit() != digits);
        let (part, rest) = name.split_at(end.unwrap_or(name.len()));
        parts.push(if digits {
            Part::Number(part.trim_start_matches('0'))
        } else {
            Part::Text(part)
        });
        name = rest;
    }
    parts
}

/// A name without leading zeros in its numbers, because 0.weight and 00.weight are one array.
pub(super) fn canonical(name: &str) -> String {
    let parts = parts(name).into_iter().map(|part| match part {
        Part::Number("") => "0",
        Part::Number(text) | Part::Text(text) => text,
    });
    parts.collect()
}
