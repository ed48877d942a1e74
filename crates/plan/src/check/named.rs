//! The names that a spec can refer to, and checks of references to them.

use record::lies_at;
use tasks::choose_one_of;

use crate::{plan::Variant, spec::SpecError, statistic::Statistic};

/// Names that the whole spec can refer to.
pub(super) struct Names<'a> {
    pub(super) sources: Vec<&'a str>,
    pub(super) metrics: Vec<&'static str>,
    pub(super) groups: Vec<&'a str>,
    pub(super) variants: &'a [Variant],
    pub(super) leaderboards: Vec<&'a str>,
}

impl Names<'_> {
    pub(super) fn metric(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(
            key,
            name,
            "a metric that this spec measures or predicts",
            &self.metrics,
        )
    }

    pub(super) fn source(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(
            key,
            name,
            "a model or prediction of this spec",
            &self.sources,
        )
    }

    /// Checks that a variant of the group has this model or prediction.
    pub(super) fn source_in(&self, key: &str, group: &str, name: &str) -> Result<(), SpecError> {
        self.source(key, name)?;
        let mut of_group = self.variants.iter().filter(|v| v.group == group);
        let has = |v: &Variant| v.sources().any(|source| source == name);
        if of_group.any(has) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            format!("{name:?}"),
            format!("is not a model or prediction of the variant {group:?}"),
            "Name a model or prediction of that variant, or choose another variant.",
        ))
    }

    pub(super) fn group(&self, key: &str, name: &str) -> Result<(), SpecError> {
        self.one_of(key, name, "a variant of this spec", &self.groups)
    }

    /// Checks that `at` matches at least one cell of the group.
    pub(super) fn cells(&self, key: &str, group: &str, at: &toml::Table) -> Result<(), SpecError> {
        let mut of_group = self.variants.iter().filter(|v| v.group == group);
        if of_group.any(|v| lies_at(&v.knobs, at)) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            toml::Value::Table(at.clone()),
            format!("matches no cell of the grid of {group}"),
            "Give values that knobs of the grid take.",
        ))
    }

    /// Checks that the metrics of a statistic are measured, and that its knobs vary in their
    /// groups.
    pub(super) fn statistic(
        &self,
        place: &str,
        group: &str,
        statistic: &dyn Statistic,
    ) -> Result<(), SpecError> {
        for metric in statistic.reads() {
            self.metric(&format!("{place}.statistic"), metric)?;
        }
        for source in statistic.sources() {
            self.source_in(&format!("{place}.statistic"), group, source)?;
        }
        for group in statistic.groups() {
            self.group(&format!("{place}.statistic"), group)?;
        }
        let several = statistic.knobs().len() > 1;
        for (position, (own, knob)) in statistic.knobs().into_iter().enumerate() {
            let place = if several {
                format!("{place}.statistic.knobs[{position}]")
            } else {
                format!("{place}.statistic")
            };
            let group = own.unwrap_or(group);
            self.group(&format!("{place}.variant"), group)?;
            let mut of_group = self.variants.iter().filter(|v| v.group == group);
            if !of_group.any(|v| v.knobs.contains_key(knob)) {
                return Err(SpecError::key(
                    format!("{place}.knob"),
                    format!("{knob:?}"),
                    format!("is not a knob of the grid of {group}"),
                    "Name a key of [sweep.grid].",
                ));
            }
            let on_grid = self.variants.iter().filter(|v| v.group == group);
            let on_grid = on_grid.filter_map(|v| v.knobs.get(knob)).filter_map(number);
            for value in statistic.knob_values() {
                if !on_grid.clone().any(|known| known == *value) {
                    return Err(SpecError::key(
                        format!("{place}.values"),
                        value,
                        format!("is not a value of {knob} in the grid of {group}"),
                        "Write values of [sweep.grid], digit by digit.",
                    ));
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::unused_self, reason = "reads like its siblings")]
    pub(super) fn one_of(
        &self,
        key: &str,
        name: &str,
        what: &str,
        choices: &[&str],
    ) -> Result<(), SpecError> {
        if choices.contains(&name) {
            return Ok(());
        }
        Err(SpecError::key(
            key,
            format!("{name:?}"),
            format!("is not {what}"),
            choose_one_of(name, choices),
        ))
    }
}

/// A knob value as a number.
fn number(value: &toml::Value) -> Option<f64> {
    (value.as_float()).or_else(|| Some(value.as_integer()? as f64))
}
