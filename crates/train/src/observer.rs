use plan::Variant;
use record::{CellSummary, Observation};

/// Watches a run. Called from worker threads.
pub trait Observer: Sync {
    /// A cell has begun, or resumes after `step` steps.
    fn started(&self, _variant: &Variant, _seed: u64, _step: u64) {}
    /// A cell has finished `step` steps; not called at every step.
    fn stepped(&self, _variant: &Variant, _seed: u64, _step: u64) {}
    /// A cell has recorded rows.
    fn recorded(&self, _rows: &[Observation]) {}
    /// A cell has ended.
    fn ended(&self, _summary: &CellSummary) {}
    /// A cell is not trained: it was done before.
    fn skipped(&self, _variant: &Variant, _seed: u64) {}
    /// A warning for the user; the run continues.
    fn warned(&self, _warning: &str) {}
    /// Whether the user wants to stop.
    fn interrupted(&self) -> bool {
        false
    }
}
