//! Points of one seed at one moment of training: a metric against another, by index.

use std::collections::{BTreeMap, BTreeSet};

use judge::Run;
use plan::spec::Panel;
use record::Observation;

use crate::{families::families, table::Table};

use super::moment::step_of;

/// One point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dot {
    /// Horizontal coordinate.
    pub(crate) x: f64,
    /// Vertical coordinate.
    pub(crate) y: f64,
    /// Position of its class.
    pub(crate) class: usize,
    /// The index at which it is recorded.
    pub(crate) index: u64,
}

/// The points of a scatter panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cloud {
    /// In the order of their index.
    pub(crate) dots: Vec<Dot>,
    /// Number of each class, in increasing order; those of other moments, too, so that a class
    /// keeps its colour. Empty where points have none.
    pub(crate) classes: Vec<f64>,
    /// The seed that is shown.
    pub(crate) seed: u64,
    /// Points that lack a coordinate or a class.
    pub(crate) left_out: usize,
}

impl Cloud {
    /// The points that `panel` shows of `run`; none where nothing was recorded.
    pub(crate) fn collect(run: &Run, panel: &Panel) -> Self {
        let first = panel.seeds.first().or(run.manifest.seeds.first());
        let Some(&seed) = first else {
            return Self::default();
        };
        let table = Table::new(run, panel);
        Self {
            seed,
            ..Self::of_seed(run, panel, table, seed, None).unwrap_or_default()
        }
    }

    /// The points that `panel` would show at every recorded step, in the order of steps.
    pub(crate) fn records(run: &Run, panel: &Panel) -> Vec<(u64, Self)> {
        let first = panel.seeds.first().or(run.manifest.seeds.first());
        let (Some(&seed), Some(layer)) = (first, panel.layers.first()) else {
            return Vec::new();
        };
        let table = Table::new(run, panel);
        let metric = panel.metric.as_deref().unwrap_or_default();
        let families = families(run, panel);
        let variants = families.iter().flat_map(|family| family.variants.first());
        let steps: BTreeSet<u64> = variants
            .take(1)
            .flat_map(|variant| table.rows(metric, &layer.model, &variant.name, None))
            .filter(|o| o.seed == seed)
            .map(|o| o.step)
            .collect();
        let steps = steps.into_iter();
        steps
            .filter_map(|step| Some((step, Self::of_seed(run, panel, table, seed, Some(step))?)))
            .collect()
    }

    /// The points of a seed at a recorded step, or else at the moment of the panel.
    fn of_seed(
        run: &Run,
        panel: &Panel,
        table: Table<'_>,
        seed: u64,
        at: Option<u64>,
    ) -> Option<Self> {
        let model = &panel.layers.first()?.model;
        let families = families(run, panel);
        let variant = &families.first()?.variants.first()?.name;
        let rows = |metric| {
            let rows = table.rows(metric, model, variant, None);
            rows.filter(move |o| o.seed == seed)
        };
        let metric = panel.metric.as_deref()?;
        let recorded: BTreeSet<u64> = rows(metric).map(|o| o.step).collect();
        let reached = match panel.shown_moment() {
            "start" | "end" => None,
            moment => table.last(moment, model, variant).get(&seed).copied(),
        };
        let step = match at {
            Some(step) => step,
            None => step_of(panel.shown_moment(), &recorded, reached)?,
        };
        let drawn = |o: &&Observation| {
            let asked = &panel.indices;
            let asked = asked.is_empty() || asked.iter().any(|&i| u64::from(i) == o.index);
            asked && o.step == step
        };
        let values = |metric| -> BTreeMap<u64, f64> {
            let rows = rows(metric).filter(drawn);
            rows.map(|o| (o.index, o.value)).collect()
        };
        let (ys, xs) = (values(metric), values(panel.x_metric.as_deref()?));
        let mut cloud = Self::default();
        let numbers = panel.colour_metric.as_deref().map(|metric| {
            let mut classes: Vec<f64> = rows(metric).map(|o| o.value).collect();
            classes.retain(|value| value.is_finite());
            classes.sort_by(f64::total_cmp);
            classes.dedup();
            cloud.classes = classes;
            values(metric)
        });
        for (&index, &y) in &ys {
            let class = match &numbers {
                None => Some(0),
                Some(numbers) => numbers
                    .get(&index)
                    .and_then(|number| cloud.classes.iter().position(|class| class == number)),
            };
            match (xs.get(&index), class) {
                (Some(&x), Some(class)) if x.is_finite() && y.is_finite() => {
                    cloud.dots.push(Dot { x, y, class, index });
                }
                _ => cloud.left_out += 1,
            }
        }
        Some(cloud)
    }

    /// The mean of each class that has points, with the position of the class.
    pub(crate) fn means(&self) -> Vec<Dot> {
        let mut means = Vec::new();
        for class in 0..self.classes.len().max(1) {
            let own = self.dots.iter().filter(|dot| dot.class == class);
            let count = own.clone().count() as f64;
            if count > 0.0 {
                let (x, y) = own.fold((0.0, 0.0), |(x, y), dot| (x + dot.x, y + dot.y));
                let (x, y) = (x / count, y / count);
                means.push(Dot {
                    x,
                    y,
                    class,
                    index: class as u64,
                });
            }
        }
        means
    }
}
