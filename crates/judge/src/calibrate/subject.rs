use plan::{
    Component, RecordedRun, Statistic,
    spec::{Claim, Outcome},
};

use crate::{
    judge::{Judge, Place, rule},
    order_test::OrderTest,
    parts::all_of,
};

/// The claim to calibrate.
pub(super) struct Subject<'a> {
    pub(super) claim: &'a Claim,
    pub(super) statistic: &'a dyn Statistic,
    pub(super) run: &'a RecordedRun<'a>,
    pub(super) draws: u64,
}

/// Whether a data set supports a claim.
#[derive(Clone, Copy)]
pub(super) struct Support {
    /// Whether the intervals alone support it.
    pub(super) by_interval: bool,
    pub(super) judged: bool,
}

impl Subject<'_> {
    /// The name of the claim's stream of random numbers for `what`.
    pub(super) fn purpose(&self, what: &str) -> String {
        format!("calibrate {what} {}", self.claim.id)
    }

    /// The parts of the claim's statistic in a run.
    pub(super) fn parts(&self, run: &RecordedRun<'_>) -> Vec<Component> {
        let judge = Judge { run };
        let selection = judge.selection(Place::of(self.claim));
        self.statistic.measure(&selection).components
    }

    /// The parts as they were recorded.
    pub(super) fn recorded(&self) -> Vec<Component> {
        self.parts(self.run)
    }

    /// The verdict on the recorded parts, without controls.
    pub(super) fn outcome(&self, parts: &[Component]) -> Outcome {
        let judge = Judge { run: self.run };
        let selection = judge.selection(Place::of(self.claim));
        let arranged = self.statistic.arranged(&selection);
        let order = arranged
            .as_ref()
            .and_then(|arranged| OrderTest::new(arranged, self.claim.threshold));
        all_of(&rule(self.claim, self.statistic, order.as_ref()).judge(parts))
    }

    /// Whether these parts support the claim.
    pub(super) fn support(&self, parts: &[Component], order: Option<&OrderTest<'_>>) -> Support {
        let supports = |order| {
            let judged = rule(self.claim, self.statistic, order).judge(parts);
            all_of(&judged) == Outcome::Supported
        };
        let by_interval = supports(None);
        Support {
            by_interval,
            judged: by_interval && (order.is_none() || supports(order)),
        }
    }
}

/// Counts how many data sets support the claim.
#[derive(Default)]
pub(super) struct Tally {
    by_interval: u64,
    judged: u64,
    pub(super) of: u64,
}

impl Tally {
    pub(super) fn add(&mut self, support: Support) {
        self.of += 1;
        self.by_interval += u64::from(support.by_interval);
        self.judged += u64::from(support.judged);
    }

    pub(super) fn supported(&self) -> f64 {
        self.judged as f64 / self.of.max(1) as f64
    }

    pub(super) fn by_interval(&self) -> f64 {
        self.by_interval as f64 / self.of.max(1) as f64
    }
}
