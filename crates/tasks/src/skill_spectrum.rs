use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Group, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    constant::{IndependentGroups, InputColumns},
    power_law::power_sum,
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "skill-spectrum";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawSkillSpectrum>("skills = 100_000\nalpha = 0.6");

const DEFAULT_TARGET: f64 = 1.0;
const DEFAULT_EXACT: u64 = 300;
const DEFAULT_GROUP_RATIO: f64 = 1.05;

/// Above this, ranks with halves (`k + 1/2`) would lose digits in f64.
const MOST_SKILLS: u64 = 1_000_000_000_000;
const MOST_GROUPS: u64 = 100_000;

/// A power law of independent skills, P_k ∝ k^−(α + 1), far longer than a net could be given: the task of scaling laws.
///
/// The first skills are kept one by one; the tail is binned into groups of neighbouring ranks, each of which stands for
/// its members at their mean probability. There are no inputs: only models on skills can be trained.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawSkillSpectrum {
    /// Number of skills, up to 10¹².
    skills: u64,
    /// α of the power law. Above 0.
    alpha: f64,
    /// S: the target strength of every skill. Above 0.
    #[schemars(extend("default" = DEFAULT_TARGET))]
    target: Option<f64>,
    /// Number of skills that are kept one by one.
    #[schemars(extend("default" = DEFAULT_EXACT))]
    exact: Option<u64>,
    /// Last rank over first rank of a group in the tail. Above 1.
    #[schemars(extend("default" = DEFAULT_GROUP_RATIO))]
    group_ratio: Option<f64>,
}

/// The checked task: the sum of multiplicity times probability over the groups is 1.
struct SkillSpectrum {
    raw: RawSkillSpectrum,
    groups: Vec<Group>,
}

/// Checks the keys of `kind = "skill-spectrum"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let raw: RawSkillSpectrum = parse_table(table)?;
    let skills = check::within("skills", raw.skills, 1, MOST_SKILLS)?;
    let alpha = check::positive("alpha", raw.alpha)?;
    let target = check::positive("target", raw.target.unwrap_or(DEFAULT_TARGET))?;
    let exact = check::within("exact", raw.exact.unwrap_or(DEFAULT_EXACT), 0, MOST_GROUPS)?;
    let ratio = raw.group_ratio.unwrap_or(DEFAULT_GROUP_RATIO);
    if !(ratio.is_finite() && ratio > 1.0) {
        let hint = "Write a ratio such as 1.05.";
        return Err(KeyError::new(
            "group_ratio",
            ratio,
            "must be finite and above 1",
            hint,
        ));
    }
    let ranges = rank_ranges(skills, exact, ratio).ok_or_else(|| {
        let problem = format!("makes more than {MOST_GROUPS} groups");
        KeyError::new("group_ratio", ratio, problem, "Write a larger ratio.")
    })?;
    if (skills as f64).powf(-(alpha + 1.0)) < f64::MIN_POSITIVE {
        let problem = "leaves the last skills with a probability too small for a number";
        return Err(KeyError::new(
            "alpha",
            alpha,
            problem,
            "Write a smaller alpha.",
        ));
    }
    let groups = groups(&ranges, alpha, target);
    let raw = RawSkillSpectrum {
        target: Some(target),
        exact: Some(exact),
        group_ratio: Some(ratio),
        ..raw
    };
    Ok(Box::new(SkillSpectrum { raw, groups }))
}

/// First and last rank of each group, or `None` if there are too many groups.
fn rank_ranges(skills: u64, exact: u64, ratio: f64) -> Option<Vec<(u64, u64)>> {
    let mut ranges: Vec<(u64, u64)> = (1..=exact.min(skills)).map(|k| (k, k)).collect();
    let mut first = exact + 1;
    while first <= skills {
        // The next group starts at `first * ratio`, rounded; `as` saturates for a huge ratio.
        let next = ((first as f64 * ratio).round() as u64).max(first + 1);
        let last = skills.min(next - 1);
        ranges.push((first, last));
        if ranges.len() as u64 > MOST_GROUPS {
            return None;
        }
        first = next;
    }
    Some(ranges)
}

fn groups(ranges: &[(u64, u64)], alpha: f64, target: f64) -> Vec<Group> {
    let sums: Vec<f64> = ranges
        .iter()
        .map(|&(first, last)| power_sum(first, last, alpha))
        .collect();
    // Smallest terms first, so that the tail is not rounded away.
    let total: f64 = sums.iter().rev().sum();
    let members = ranges
        .iter()
        .map(|&(first, last)| (last - first + 1) as f64);
    let group = |(sum, multiplicity): (f64, f64)| Group {
        probability: sum / total / multiplicity,
        multiplicity,
        target,
        subset: Vec::new(),
    };
    sums.into_iter().zip(members).map(group).collect()
}

impl Task for SkillSpectrum {
    fn shape(&self) -> TaskShape {
        TaskShape {
            inputs: 0,
            basis: self.groups.len(),
            outputs: 1,
        }
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.groups.len()
    }

    fn instance(&self, _seed: u64) -> Box<dyn TaskInstance> {
        let groups = self.groups.clone();
        Box::new(IndependentGroups {
            groups,
            inputs: InputColumns::None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Basis, testing::assert_rejects};

    use super::*;

    /// Of the direct sum of a million terms, whose own rounding dominates.
    const DIRECT_SUM_ROUNDING: f64 = 1e-11;

    fn groups_of(spec: &str) -> Vec<Group> {
        build(spec.parse().unwrap())
            .unwrap()
            .instance(0)
            .groups()
            .to_vec()
    }

    #[test]
    fn members_and_probabilities_add_up_exactly() {
        for skills in [1_u64, 299, 301, 10_007, 1_000_000, 1_000_000_000_000] {
            for alpha in [0.01, 0.6, 3.0] {
                let groups = groups_of(&format!("skills = {skills}\nalpha = {alpha}"));
                let members: f64 = groups.iter().map(|g| g.multiplicity).sum();
                assert_eq!(members, skills as f64);
                let total: f64 = groups.iter().map(|g| g.multiplicity * g.probability).sum();
                assert!((total - 1.0).abs() < 1e-12, "{skills}, {alpha}: {total}");
            }
        }
    }

    #[test]
    fn group_probabilities_are_means_of_a_direct_sum() {
        let skills = 1_000_000_usize;
        let law = crate::power_law::zipf(skills, 0.6);
        let mut first = 0;
        for group in groups_of("skills = 1_000_000\nalpha = 0.6") {
            let members = group.multiplicity as usize;
            let mean = law[first..first + members].iter().sum::<f64>() / group.multiplicity;
            assert!(
                (group.probability / mean - 1.0).abs() < DIRECT_SUM_ROUNDING,
                "from rank {}",
                first + 1
            );
            first += members;
        }
        assert_eq!(first, skills);
    }

    #[test]
    fn the_first_skills_are_kept_and_the_others_grouped_by_the_ratio() {
        let groups = groups_of("skills = 100_000\nalpha = 0.6\nexact = 40\ngroup_ratio = 1.2");
        assert!(groups[..40].iter().all(|group| group.multiplicity == 1.0));
        let mut first = 41.0;
        for group in &groups[40..groups.len() - 1] {
            let next = first + group.multiplicity;
            assert!(
                (next / first - 1.2_f64).abs() <= 0.5 / first + 1e-12,
                "from rank {first}"
            );
            first = next;
        }
    }

    #[test]
    fn the_population_has_no_inputs_and_member_probabilities_as_weights() {
        let task = build("skills = 1000\nalpha = 0.5\ntarget = 5".parse().unwrap()).unwrap();
        let instance = task.instance(4);
        let test = instance.test();
        assert!(instance.training().is_constant());
        assert_eq!((test.shape, test.rows), (task.shape(), task.batch_rows()));
        assert_eq!(test.basis, Basis::Identity);
        assert!(test.inputs.is_empty());
        assert!(test.targets.iter().all(|&target| target == 5.0));
        let probabilities = instance
            .groups()
            .iter()
            .map(|group| group.probability)
            .collect();
        assert_eq!(test.weights, Some(probabilities));
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("alpha = 0.6", "skills"),
                ("skills = 10", "alpha"),
                ("skills = 0\nalpha = 0.6", "skills"),
                ("skills = -1\nalpha = 0.6", "skills"),
                ("skills = 1e12\nalpha = 0.6", "skills"),
                ("skills = 1_000_000_000_001\nalpha = 0.6", "skills"),
                ("skills = 10\nalpha = 0", "alpha"),
                ("skills = 10\nalpha = nan", "alpha"),
                ("skills = 1000\nalpha = 200.0", "alpha"),
                ("skills = 10\nalpha = 0.6\ntarget = -1", "target"),
                ("skills = 10\nalpha = 0.6\nexact = 200_000", "exact"),
                ("skills = 10\nalpha = 0.6\ngroup_ratio = 1", "group_ratio"),
                (
                    "skills = 1_000_000_000\nalpha = 0.6\ngroup_ratio = 1.0000001",
                    "group_ratio",
                ),
                ("skills = 10\nalpha = 0.6\ndata_draws = 5", "data_draws"),
            ],
        );
    }
}
