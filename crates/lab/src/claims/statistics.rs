//! One file per statistic.

pub(super) mod collapse;
pub(super) mod delay;
pub(super) mod delay_order;
pub(super) mod final_value;
pub(super) mod half_time_agreement;
pub(super) mod half_time_law;
pub(super) mod half_time_order;
pub(super) mod knob_ratio;
pub(super) mod knob_slope;
pub(super) mod knob_threshold;
pub(super) mod largest_gap;
pub(super) mod rank_correlation;
pub(super) mod rise;
pub(super) mod saturation_ratio;
pub(super) mod shape;
pub(super) mod slope;
pub(super) mod time_ratio;
