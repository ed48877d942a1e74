use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Says whether a run is to end, and why.
pub(crate) struct Cancel {
    cancelled: AtomicBool,
    too_large: AtomicBool,
    deadline: Instant,
}

impl Cancel {
    /// For a run of at most `time`.
    pub(crate) fn after(time: Duration) -> Self {
        Self {
            cancelled: AtomicBool::new(false),
            too_large: AtomicBool::new(false),
            deadline: Instant::now() + time,
        }
    }

    /// Nobody wants the run any more.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The run has recorded as much as it may.
    pub(crate) fn fill(&self) {
        self.too_large.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.too_large.load(Ordering::Relaxed)
    }

    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether training is to stop.
    pub(crate) fn stops(&self) -> bool {
        self.is_cancelled() || self.is_full() || self.is_late()
    }
}
