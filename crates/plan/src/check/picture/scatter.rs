//! Checks of scatter panels.

use crate::{
    plan::Variant,
    spec::{Scale, SpecError},
};

use super::{
    Check,
    cells::{COLOURS, check_single},
};

/// Numbers of rays that can be distinguished.
const RAYS: std::ops::RangeInclusive<u32> = 2..=12;

impl Check<'_> {
    /// Checks a scatter panel, which shows two metrics of one layer, in one cell of the sweep, on
    /// linear axes around the origin.
    pub(super) fn scatter(&self, cells: &[&Variant]) -> Result<(), SpecError> {
        let panel = self.panel;
        let Some(metric) = &panel.x_metric else {
            let (why, hint) = (
                "is needed in a scatter panel",
                "Name the metric on the horizontal axis.",
            );
            return self.error("x_metric", "(missing)", why, hint);
        };
        self.names.metric(&self.key("x_metric"), metric)?;
        if let Some(metric) = &panel.colour_metric {
            self.names.metric(&self.key("colour_metric"), metric)?;
        }
        if let Some(moment) = &panel.moment {
            self.moment("moment", moment)?;
        }
        if panel.layers.len() != 1 {
            let (value, why) = (
                format!("({} entries)", panel.layers.len()),
                "a scatter panel shows exactly one model or prediction",
            );
            let hint = "Name one, and show the others in other panels.";
            return self.error("layers", value, why, hint);
        }
        if panel.layers[0].metric.is_some() {
            let why = "is not a key of scatter panels";
            return self.error("layers[0].metric", "(given)", why, "Take it away.");
        }
        self.classes()?;
        if let Some(rays) = panel.rays.filter(|rays| !RAYS.contains(rays)) {
            let why = "must be a number from 2 to 12";
            return self.error("rays", rays, why, "Write the number of classes.");
        }
        self.plane()?;
        check_single(self.place, "scatter panels", panel, cells)
    }

    /// Checks the names of classes.
    fn classes(&self) -> Result<(), SpecError> {
        let names = &self.panel.class_names;
        if !names.is_empty() && self.panel.colour_metric.is_none() {
            let why = "has no effect without `colour_metric`";
            return self.error("class_names", format!("{names:?}"), why, "Take it away.");
        }
        if names.len() > COLOURS {
            let why = format!(
                "are more than {COLOURS}, the most colours that can be \
                 distinguished"
            );
            let value = format!("({} entries)", names.len());
            return self.error("class_names", value, &why, "Show fewer classes.");
        }
        self.distinct("class_names", names)
    }

    /// Checks the axes: both are linear, so that equal lengths look equal, and both contain the
    /// origin.
    fn plane(&self) -> Result<(), SpecError> {
        let panel = self.panel;
        for (key, scale) in [("x_scale", panel.x_scale), ("y_scale", panel.y_scale)] {
            if scale != Scale::Linear {
                let why = "is not possible in a scatter panel, whose axes are linear";
                return self.error(key, "\"log\"", why, "Take it away.");
            }
        }
        for (key, range) in [("x_range", panel.x_range), ("y_range", panel.y_range)] {
            let Some([low, high]) = range else {
                continue;
            };
            let around = low <= 0.0 && high >= 0.0 && low < high;
            if !around || !low.is_finite() || !high.is_finite() {
                let why = "must be two finite, increasing numbers with 0 between them";
                let hint = "Write for example [-1.5, 1.5].";
                return self.error(key, format!("[{low}, {high}]"), why, hint);
            }
        }
        Ok(())
    }
}
