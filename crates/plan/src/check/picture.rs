//! Checks of pictures: everything that they name exists, and each kind of panel has the keys that
//! it needs.

mod cells;
mod heat_map;
pub(crate) mod keys;
mod scatter;

use std::fmt::Display;

use super::named::Names;
use crate::{
    names::plain_name,
    plan::Variant,
    spec::{Panel, PanelKind, Picture, Scale, SpecError, XAxis},
};

use self::cells::{check_colours, check_number, check_single, grid_of, shown};

/// Checks one picture; `place` is its key.
pub(super) fn check(
    place: &str,
    picture: &Picture,
    claim_ids: &[&str],
    names: &Names<'_>,
    variants: &[Variant],
) -> Result<(), SpecError> {
    plain_name(&format!("{place}.name"), &picture.name)?;
    if let Some(titles) = &picture.titles {
        names.one_of(
            &format!("{place}.titles.claim"),
            &titles.claim,
            "a claim of this spec",
            claim_ids,
        )?;
    }
    for (at, panel) in picture.panels.iter().enumerate() {
        let place = format!("{place}.panels[{at}]");
        let check = Check {
            place: &place,
            panel,
            names,
        };
        check.panel(variants)?;
    }
    heat_map::check_shared_scale(place, picture)
}

/// The check of one panel, whose key is `place`.
struct Check<'a> {
    place: &'a str,
    panel: &'a Panel,
    names: &'a Names<'a>,
}

impl Check<'_> {
    fn error<T>(
        &self,
        key: &str,
        value: impl Display,
        why: &str,
        hint: &str,
    ) -> Result<T, SpecError> {
        Err(SpecError::key(self.key(key), value, why, hint))
    }

    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.place)
    }

    fn panel(&self, variants: &[Variant]) -> Result<(), SpecError> {
        let (place, panel) = (self.place, self.panel);
        if panel.kind == PanelKind::Leaderboard {
            return self.leaderboard();
        }
        self.metrics()?;
        let cells = shown(place, panel, self.names, variants)?;
        self.labels(
            "variant_labels",
            &panel.variant_labels,
            "variants",
            panel.variants.len(),
        )?;
        self.knob()?;
        if matches!(panel.kind, PanelKind::HeatMap | PanelKind::Phases) {
            heat_map::check(place, panel, &cells)?;
        }
        keys::check(place, panel)?;
        match panel.kind {
            PanelKind::HeatMap | PanelKind::PowerLaw | PanelKind::Leaderboard => Ok(()),
            PanelKind::Phases => self.phases(),
            PanelKind::Knob => self.abscissa(&cells),
            PanelKind::Curves => self.curves(&cells),
            PanelKind::Moments => self.moments(&cells),
            PanelKind::Scatter => self.scatter(&cells),
        }
    }

    /// A leaderboard that the spec has, and no layers of its own.
    fn leaderboard(&self) -> Result<(), SpecError> {
        let id = self.panel.leaderboard.as_deref().unwrap_or_default();
        let key = self.key("leaderboard");
        (self.names).one_of(
            &key,
            id,
            "a leaderboard of this spec",
            &self.names.leaderboards,
        )?;
        if !self.panel.layers.is_empty() || self.panel.metric.is_some() {
            let why = "stands beside a leaderboard, which names its own models and metric";
            return self.error("layers", "(given)", why, "Take layers and metric away.");
        }
        keys::check(self.place, self.panel)
    }

    /// Checks the shown metrics: one metric, several metrics, or one for each layer.
    fn metrics(&self) -> Result<(), SpecError> {
        let panel = self.panel;
        let mut own = 0;
        for (at, layer) in panel.layers.iter().enumerate() {
            self.names
                .source(&self.key(&format!("layers[{at}].model")), &layer.model)?;
            if let Some(metric) = &layer.metric {
                let key = format!("layers[{at}].metric");
                self.names.metric(&self.key(&key), metric)?;
                if !panel.metrics.is_empty() {
                    let why = "cannot be combined with `metrics`, which every layer shows";
                    return self.error(&key, format!("{metric:?}"), why, "Remove one of the two.");
                }
                own += 1;
            }
        }
        match (&panel.metric, panel.metrics.is_empty()) {
            (Some(metric), true) => self.names.metric(&self.key("metric"), metric)?,
            (Some(_), false) => {
                let (value, why) = (
                    format!("{:?}", panel.metrics),
                    "cannot be combined with \
                     `metric`",
                );
                return self.error("metrics", value, why, "Remove one of the two.");
            }
            (None, true) if own > 0 && own == panel.layers.len() => {}
            (None, true) => {
                let why = "is needed unless `metrics` is given or every layer has its own metric";
                return self.error("metric", "(missing)", why, "Name the metric to show.");
            }
            (None, false) => {}
        }
        self.distinct("metrics", &panel.metrics)?;
        for (at, metric) in panel.metrics.iter().enumerate() {
            let key = self.key(&format!("metrics[{at}]"));
            self.names.metric(&key, metric)?;
        }
        self.labels(
            "metric_labels",
            &panel.metric_labels,
            "metrics",
            panel.metrics.len(),
        )
    }

    /// Checks that no name occurs twice.
    fn distinct(&self, key: &str, all: &[String]) -> Result<(), SpecError> {
        let mut twice = all.iter().enumerate();
        match twice.find(|(at, name)| all[..*at].contains(name)) {
            None => Ok(()),
            Some((_, name)) => {
                let why = "occurs twice";
                self.error(key, format!("{name:?}"), why, "Name each of them once.")
            }
        }
    }

    /// Checks that there is one label for each labelled item.
    fn labels(
        &self,
        key: &str,
        labels: &[String],
        what: &str,
        count: usize,
    ) -> Result<(), SpecError> {
        if labels.is_empty() || labels.len() == count {
            return Ok(());
        }
        let why = format!("has {} labels for {count} {what}", labels.len());
        let hint = format!("Give one label for each of `{what}`, in their order.");
        self.error(key, format!("{labels:?}"), &why, &hint)
    }

    /// Checks that the horizontal axis has a knob or a metric.
    fn knob(&self) -> Result<(), SpecError> {
        let panel = self.panel;
        let needed = match panel.kind {
            PanelKind::Knob => panel.x_metric.is_none(),
            _ => panel.x == XAxis::Knob,
        };
        if needed && panel.knob.is_none() {
            let (why, hint) = match panel.kind {
                PanelKind::Knob => (
                    "is needed in a knob panel without `x_metric`",
                    "Name a key of [sweep.grid], or a metric with x_metric.",
                ),
                _ => ("is needed with x = \"knob\"", "Name a key of [sweep.grid]."),
            };
            return self.error("knob", "(missing)", why, hint);
        }
        Ok(())
    }

    /// A phase diagram has two metrics, which are steps, and a delay.
    fn phases(&self) -> Result<(), SpecError> {
        let panel = self.panel;
        if panel.metrics.len() != 2 {
            let value = format!("{:?}", panel.metrics);
            let why =
                "must be two in a phase diagram: the step of the fit and that of generalisation";
            return self.error(
                "metrics",
                value,
                why,
                "Write for example [\"t_fit\", \"t_gen\"].",
            );
        }
        match panel.delay {
            Some(delay) if !(delay.is_finite() && delay >= 1.0) => {
                let why = "must be a finite number, 1 or more";
                self.error("delay", delay, why, "Write for example 10.0.")
            }
            _ => Ok(()),
        }
    }

    /// Checks the horizontal axis of a knob panel.
    fn abscissa(&self, cells: &[&Variant]) -> Result<(), SpecError> {
        let panel = self.panel;
        let Some(metric) = &panel.x_metric else {
            let knob = panel.knob.as_deref().unwrap_or_default();
            return check_number(&self.key("knob"), knob, Scale::Linear, &grid_of(cells));
        };
        self.names.metric(&self.key("x_metric"), metric)?;
        let beside = [
            ("knob", panel.knob.is_some()),
            ("times_probability", panel.times_probability),
        ];
        match beside.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((key, _)) => {
                let why = "cannot be combined with `x_metric`, which is the horizontal axis";
                self.error(key, "(given)", why, "Remove one of the two.")
            }
        }
    }

    /// Checks the colours and marks of curves.
    fn curves(&self, cells: &[&Variant]) -> Result<(), SpecError> {
        let panel = self.panel;
        if panel.x == XAxis::Knob {
            let knob = panel.knob.as_deref().unwrap_or_default();
            check_number(&self.key("knob"), knob, Scale::Linear, &grid_of(cells))?;
        }
        if !panel.metrics.is_empty() {
            if panel.colour_knob.is_some() {
                let why = "cannot be combined with `metrics`, which have the colours";
                return self.error("colour_knob", "(given)", why, "Remove one of the two.");
            }
            self.one_index("several metrics")?;
            check_single(self.place, "several metrics", panel, cells)?;
        }
        match &panel.colour_knob {
            None if !panel.knob_label.is_empty() => {
                let why = "has no effect without `colour_knob`";
                return self.error(
                    "knob_label",
                    format!("{:?}", panel.knob_label),
                    why,
                    "Remove it.",
                );
            }
            None => {}
            Some(_) if panel.x == XAxis::Knob => {
                let why = "cannot be combined with x = \"knob\"";
                return self.error(
                    "colour_knob",
                    "(given)",
                    why,
                    "Show the curves against training steps or flow time.",
                );
            }
            Some(knob) => {
                check_colours(&self.key("colour_knob"), knob, cells)?;
                self.one_index("the values of a knob")?;
            }
        }
        self.marks()
    }

    fn one_index(&self, what: &str) -> Result<(), SpecError> {
        let indices = &self.panel.indices;
        if indices.len() < 2 {
            return Ok(());
        }
        let why = format!("are several, but the colours already show {what}");
        self.error("indices", format!("{indices:?}"), &why, "Name one index.")
    }

    /// Checks marks, which are on an axis of time, each at a level of a metric.
    fn marks(&self) -> Result<(), SpecError> {
        /// Largest number of marks, each with its own row and shape.
        const MOST: usize = 3;
        let panel = self.panel;
        if panel.marks.is_empty() {
            return Ok(());
        }
        let count = format!("({} entries)", panel.marks.len());
        if !matches!(panel.x, XAxis::Step | XAxis::FlowTime) {
            let why = "need an axis of time";
            return self.error("marks", count, why, "Remove them, or remove x.");
        }
        if panel.mark_half_times {
            let why = "cannot be combined with mark_half_times, which uses the same axis";
            return self.error("marks", count, why, "Remove one of the two.");
        }
        if panel.marks.len() > MOST {
            let why = format!("are more than {MOST}, the most that a panel can distinguish");
            return self.error("marks", count, &why, "Remove some of them.");
        }
        for (at, mark) in panel.marks.iter().enumerate() {
            let key = self.key(&format!("marks[{at}].metric"));
            self.names.metric(&key, &mark.metric)?;
            if !mark.level.is_finite() {
                let key = format!("marks[{at}].level");
                let why = "must be a finite number";
                return self.error(&key, mark.level, why, "Write for example 0.95.");
            }
            if mark.label.trim().is_empty() {
                let key = format!("marks[{at}].label");
                let why = "must not be empty, because the legend shows it";
                return self.error(&key, "(empty)", why, "Write for example \"fit\".");
            }
        }
        Ok(())
    }

    /// Moments are the ends of training or metrics whose value is a step.
    fn moments(&self, cells: &[&Variant]) -> Result<(), SpecError> {
        let panel = self.panel;
        if panel.moments.is_empty() {
            let why = "is needed in a panel of moments";
            return self.error(
                "moments",
                "(missing)",
                why,
                "Write for example [\"start\", \"end\"].",
            );
        }
        self.distinct("moments", &panel.moments)?;
        for (at, moment) in panel.moments.iter().enumerate() {
            self.moment(&format!("moments[{at}]"), moment)?;
        }
        self.labels(
            "moment_labels",
            &panel.moment_labels,
            "moments",
            panel.moments.len(),
        )?;
        check_single(self.place, "moments", panel, cells)
    }
    /// A moment is an end of training or a metric whose value is a step.
    fn moment(&self, key: &str, moment: &str) -> Result<(), SpecError> {
        if moment == "start" || moment == "end" {
            return Ok(());
        }
        let choices: Vec<&str> = ["start", "end"]
            .into_iter()
            .chain(self.names.metrics.iter().copied())
            .collect();
        self.names.one_of(
            &self.key(key),
            moment,
            "\"start\", \"end\" or a metric of this spec (one whose value is a step)",
            &choices,
        )
    }
}
