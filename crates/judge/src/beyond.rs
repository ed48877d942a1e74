use plan::{Sample, spec::Threshold};

/// A side of a limit.
#[derive(Clone, Copy)]
pub(crate) struct Beyond {
    pub(crate) limit: f64,
    pub(crate) above: bool,
    /// Whether the limit belongs to it.
    pub(crate) ends: bool,
}

impl Beyond {
    /// Whether a sample surely lies there.
    pub(crate) fn holds(self, sample: Sample) -> bool {
        let at = |value: f64| self.ends && value == self.limit;
        match sample {
            Sample::Exact(value) if self.above => value > self.limit || at(value),
            Sample::Exact(value) => value < self.limit || at(value),
            Sample::AtLeast(bound) => self.above && (bound > self.limit || at(bound)),
            Sample::AtMost(bound) => !self.above && (bound < self.limit || at(bound)),
            Sample::Missing => false,
        }
    }

    fn at(limit: f64, above: bool, ends: bool) -> Self {
        Self { limit, above, ends }
    }
}

/// The edges of what a threshold claims: at each the claimed side, and the other. The ends of an inside
/// belong to it.
pub(crate) fn edges(threshold: Threshold) -> Vec<[Beyond; 2]> {
    let edge = |limit, above, ends| {
        [
            Beyond::at(limit, above, ends),
            Beyond::at(limit, !above, false),
        ]
    };
    match threshold {
        Threshold::Above(limit) => vec![edge(limit, true, false)],
        Threshold::Below(limit) => vec![edge(limit, false, false)],
        Threshold::Within([low, high]) => vec![edge(low, true, true), edge(high, false, true)],
    }
}

/// Whether a sample surely lies on the claimed side.
pub(crate) fn passes(sample: Sample, threshold: Threshold) -> bool {
    edges(threshold)
        .iter()
        .all(|[claimed, _]| claimed.holds(sample))
}
