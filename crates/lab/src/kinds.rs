use nets::Model;
use tasks::{Registry, Task};

use crate::{claims::Statistic, measure::Measure, predict::Prediction};

/// Everything that can be named in a spec. A value, so that a crate outside this workspace can
/// extend it.
#[derive(Clone)]
pub struct Kinds {
    /// Task kinds.
    pub tasks: Registry<dyn Task>,
    /// Model kinds.
    pub models: Registry<dyn Model>,
    /// Metric kinds.
    pub measures: Registry<dyn Measure>,
    /// Closed forms.
    pub predictions: Registry<dyn Prediction>,
    /// Statistics of claims.
    pub statistics: Registry<dyn Statistic>,
}

impl Default for Kinds {
    /// All kinds of this workspace.
    fn default() -> Self {
        Self {
            tasks: tasks::kinds(),
            models: nets::kinds(),
            measures: crate::measure::kinds(),
            predictions: crate::predict::kinds(),
            statistics: crate::claims::kinds(),
        }
    }
}
