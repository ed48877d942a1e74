//! Runs made by hand, and claims on them.

use layerwise_judge::{ClaimVerdict, ComponentJudgement, VerdictFile, judge};
use plan::{Claims, Kinds, RecordedRun, spec::Spec};
use record::{CellSummary, FailedCell, Manifest, Observation, Observations, VariantInfo};

/// A handful of additions, divisions and logarithms.
pub(crate) const ROUNDING: f64 = 1e-12;

/// Eight seeds: the order-statistics interval is the range.
pub(crate) const SEEDS: u64 = 8;

/// The metric of claims that name no other.
pub(crate) const STRENGTH: &str = "skill_strength";

/// A run whose numbers the tests choose.
pub(crate) struct Made {
    pub(crate) seeds: u64,
    pub(crate) variants: Vec<VariantInfo>,
    pub(crate) rows: Vec<Observation>,
    pub(crate) cells: Vec<CellSummary>,
    pub(crate) failed: Vec<FailedCell>,
}

impl Default for Made {
    /// Eight seeds without rows.
    fn default() -> Self {
        Self {
            seeds: SEEDS,
            variants: Vec::new(),
            rows: Vec::new(),
            cells: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl Made {
    /// The variants `base` and `other`, without rows.
    pub(crate) fn plain() -> Self {
        let mut made = Self::default();
        made.variant("base", "base", "");
        made.variant("other", "other", "");
        made
    }

    /// The same curves of the net for every seed, indices from 1.
    pub(crate) fn with_curves(curves: &[&[(u64, f64)]]) -> Self {
        let mut made = Self::plain();
        for (index, points) in (1..).zip(curves) {
            made.curve(("net", STRENGTH), index, points);
        }
        made
    }

    /// Adds a variant without rows.
    pub(crate) fn variant(&mut self, name: &str, group: &str, knobs: &str) {
        self.variants.push(VariantInfo {
            name: name.to_owned(),
            group: group.to_owned(),
            knobs: knobs.parse().unwrap(),
            probabilities: vec![0.5, 0.25, 0.125],
            flow_per_step: Some(0.1),
        });
    }

    /// Adds rows of one index of a metric in a cell.
    pub(crate) fn add(
        &mut self,
        (variant, seed): (&str, u64),
        (model, metric): (&str, &str),
        index: u64,
        points: &[(u64, f64)],
    ) {
        let row = |&(step, value): &(u64, f64)| Observation {
            variant: variant.into(),
            seed,
            model: model.into(),
            metric: metric.into(),
            index,
            step,
            flow_time: None,
            value,
        };
        self.rows.extend(points.iter().map(row));
    }

    /// Adds the same rows for every seed of `base`.
    pub(crate) fn curve(&mut self, source: (&str, &str), index: u64, points: &[(u64, f64)]) {
        for seed in 0..self.seeds {
            self.add(("base", seed), source, index, points);
        }
    }

    /// A single number per seed for a model, with index 0.
    pub(crate) fn numbers(&mut self, variant: &str, model: &str, values: &[f64]) {
        for (seed, &value) in (0..).zip(values) {
            self.add((variant, seed), (model, STRENGTH), 0, &[(60, value)]);
        }
    }

    /// Judges a spec of claims; `at_run` is another, as it was when the run was made.
    pub(crate) fn judge(&self, spec: &Spec, at_run: Option<&Spec>) -> VerdictFile {
        self.with_run(spec, |claims, run| judge(claims, at_run, run))
    }

    /// What `of` makes of the claims of a spec and this run.
    pub(crate) fn with_run<T>(
        &self,
        spec: &Spec,
        of: impl Fn(&Claims, &RecordedRun<'_>) -> T,
    ) -> T {
        let mut manifest: Manifest = serde_json::from_str(MANIFEST).unwrap();
        manifest.seeds = (0..self.seeds).collect();
        manifest.variants = self.variants.clone();
        manifest.cells = self.cells.clone();
        manifest.failed = self.failed.clone();
        let rows: Observations = self.rows.iter().cloned().collect();
        let claims = Claims::of(spec, &Kinds::default()).unwrap_or_else(|error| panic!("{error}"));
        of(&claims, &RecordedRun::new(&rows, &manifest))
    }

    /// The verdict on a claim about the net's strengths.
    pub(crate) fn judged(&self, claim: &str) -> ClaimVerdict {
        self.judge(&spec(claim), None).claims.remove(0)
    }

    /// The verdict on a statistic with a threshold.
    pub(crate) fn tested(&self, statistic: &str, threshold: &str) -> ClaimVerdict {
        self.judged(&format!(
            "statistic = {{ {statistic} }}\nthreshold = {{ {threshold} }}"
        ))
    }

    /// The parts of a statistic, which are the same for every seed.
    pub(crate) fn parts(&self, statistic: &str) -> Vec<(String, Option<f64>, bool)> {
        of_all_seeds(&self.tested(statistic, "above = 0.0").measured.components)
    }

    /// The only part of a statistic: its value, and whether it is only a lower bound.
    pub(crate) fn only(&self, statistic: &str) -> (Option<f64>, bool) {
        let parts = self.parts(statistic);
        let [(label, value, bound)] = parts.as_slice() else {
            panic!("{parts:?}");
        };
        assert_eq!(label, "");
        (*value, *bound)
    }
}

/// Label, value, and whether the value is only a lower bound.
fn of_all_seeds(components: &[ComponentJudgement]) -> Vec<(String, Option<f64>, bool)> {
    let parts = components.iter().map(|part| {
        assert!(
            part.values.iter().all(|value| *value == part.values[0]),
            "{part:?}"
        );
        assert!(part.censored == 0 || part.censored == part.values.len());
        (part.label.clone(), part.values[0], part.censored > 0)
    });
    parts.collect()
}

/// A spec with one claim on the net's strengths. The default control is judged on rows that do not
/// exist and must be undecided, so that it never interferes.
pub(crate) fn spec(claim: &str) -> Spec {
    let controls = if claim.contains("controls") {
        ""
    } else {
        "controls = [{ name = 'nothing', variant = 'nowhere', must = 'undecided' }]"
    };
    written(&format!(
        "[[claims]]\nid = 'C'\nstatement = 'A statement'\nsource = 'A source'\n\
         metric = 'skill_strength'\nmodel = 'net'\n{claim}\n{controls}\n"
    ))
}

/// The spec without checks of its claims, which use metrics that only the tables of these tests
/// have.
pub(crate) fn written(claims: &str) -> Spec {
    let head = "name = 'small'\ntitle = ''\nsummary = ''\nsource = ''\nminutes = 0.1\n\
                task = {}\nmodels = {}\nmeasure = []\ntraining = { steps = 60, lr = 0.05 }\n";
    toml::from_str(&format!("{head}{claims}")).unwrap()
}

pub(crate) fn assert_close(found: (Option<f64>, bool), expected: f64, bound: bool) {
    let value = found.0.unwrap();
    assert!(
        (value - expected).abs() < ROUNDING,
        "{value} but {expected}"
    );
    assert_eq!(found.1, bound, "{value}");
}

/// Crosses one half at `time`.
pub(crate) fn rises_at(time: u64) -> [(u64, f64); 2] {
    [(0, 0.0), (2 * time, 1.0)]
}

/// Has not crossed one half at `time`, the last record.
pub(crate) fn not_by(time: u64) -> [(u64, f64); 2] {
    [(0, 0.0), (time, 0.25)]
}

/// Fields that no statistic reads are empty.
const MANIFEST: &str = r#"{
    "format": 3, "name": "small", "quick": false, "spec_hash": "", "seeds": [],
    "layerwise_version": "", "rustc_version": "", "git_commit": "", "device": "flex",
    "engine": "autodiff", "precision": "f32", "threads": 1, "wall_seconds": 0.0,
    "cell_seconds": 0.0, "measuring_share": 0.0, "variants": [], "cells": [], "roles": {},
    "metrics": {
        "skill_strength": { "index": "skill" },
        "train_loss": { "index": "" },
        "t_fit": { "index": "", "whole_curve": true },
        "t_gen": { "index": "", "whole_curve": true },
        "test_accuracy_at_fit": { "index": "", "whole_curve": true }
    }
}"#;
