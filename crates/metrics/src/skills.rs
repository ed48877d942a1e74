//! Skill strengths: how much of each skill a model has learned.

use std::ops::Range;

use crate::error::{MetricError, require_entries, require_length};

/// Statistics of a sample of outputs on one skill.
///
/// Values are not clamped; sampling noise may push `strength` below 0 or above 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkillStats {
    /// Skill strength R_k/S (fraction of the target, no unit). NaN without rows.
    pub strength: f64,
    /// Output energy outside the skill, (E_k f² − R_k²)/S² (fraction of the target's energy, no
    /// unit). It contains the squared mean of the output. NaN without rows.
    pub off_skill_energy: f64,
    /// Rows of this skill.
    pub count: usize,
}

/// Strength and off-skill energy of every skill, from outputs on a sample of inputs.
///
/// With the sample means over the rows of skill k:
///
/// * strength R_k/S = mean\[(f − mean f) g\]/S,
/// * off-skill energy = (mean f² − R_k²)/S².
///
/// The standard deviation of R_k is √(Var_k(f g)/n_k).
///
/// # Shapes
///
/// * `outputs` f: `[N]`, in the target's unit;
/// * `basis_sign` g: `[N]`, the skill's basis function on that row, +1 or −1;
/// * `groups`: `[N]`, skill of the row, from 0;
/// * `target` S: `[K]`, target strength of each skill, not 0; `n_groups` is K.
///
/// [Nam2024, skill strength: the authors' estimator, with the outputs centred per skill]
///
/// # Assumes
///
/// Rows of a skill drawn from the skill's own input distribution, on which E g = 0.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, a sign is not ±1, a group is not below `n_groups` or a
/// target is 0 or not finite. NaN outputs are not an error; they make their skill's values NaN.
pub fn skill_stats(
    outputs: &[f64],
    basis_sign: &[f64],
    groups: &[u32],
    n_groups: usize,
    target: &[f64],
) -> Result<Vec<SkillStats>, MetricError> {
    require_length("basis_sign", basis_sign.len(), outputs.len(), "outputs")?;
    require_length("groups", groups.len(), outputs.len(), "outputs")?;
    require_length("target", target.len(), n_groups, "n_groups")?;
    require_entries("basis_sign", basis_sign, "1 or -1", |g| g.abs() == 1.0)?;
    require_targets(target)?;
    if let Some(index) = groups.iter().position(|&group| group as usize >= n_groups) {
        let value = f64::from(groups[index]);
        return Err(MetricError::Entry {
            name: "groups",
            index,
            value,
            domain: "below n_groups",
        });
    }

    let mut counts = vec![0_usize; n_groups];
    let mut means = vec![0.0; n_groups];
    for (skill, rows) in runs(groups) {
        counts[skill] += rows.len();
        means[skill] += outputs[rows].iter().sum::<f64>();
    }
    for (mean, &count) in means.iter_mut().zip(&counts) {
        *mean /= count as f64;
    }
    let mut overlaps = vec![0.0; n_groups];
    let mut energies = vec![0.0; n_groups];
    for (skill, rows) in runs(groups) {
        let (mut overlap, mut energy) = (0.0, 0.0);
        for (&output, &sign) in outputs[rows.clone()].iter().zip(&basis_sign[rows]) {
            overlap += (output - means[skill]) * sign;
            energy += output * output;
        }
        overlaps[skill] += overlap;
        energies[skill] += energy;
    }
    Ok((0..n_groups)
        .map(|skill| {
            let rows = counts[skill] as f64;
            let strength = overlaps[skill] / rows / target[skill];
            let energy = energies[skill] / rows / target[skill] / target[skill];
            SkillStats {
                strength,
                off_skill_energy: energy - strength * strength,
                count: counts[skill],
            }
        })
        .collect())
}

/// The statistics of a model whose output on skill k is R_k g_k exactly.
///
/// For a model on the skill basis, one population row per skill (with g = +1) is enough: R_k/S =
/// f/S, there is no energy outside the skill, and centring would be wrong.
///
/// # Shapes
///
/// * `outputs` f: `[K]`, in the target's unit;
/// * `target` S: `[K]`, not 0.
///
/// # Errors
///
/// [`MetricError`] if lengths differ or a target is 0 or not finite.
///
/// # Examples
///
/// ```
/// let stats = metrics::exact_strengths(&[2.5, 0.0], &[5.0, 5.0])?;
/// assert_eq!((stats[0].strength, stats[0].off_skill_energy), (0.5, 0.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn exact_strengths(outputs: &[f64], target: &[f64]) -> Result<Vec<SkillStats>, MetricError> {
    require_length("target", target.len(), outputs.len(), "outputs")?;
    require_targets(target)?;
    Ok(outputs
        .iter()
        .zip(target)
        .map(|(output, target)| SkillStats {
            strength: output / target,
            off_skill_energy: 0.0,
            count: 1,
        })
        .collect())
}

/// Runs of adjacent rows of one skill, with the skill. Their sums stay in registers, which is
/// faster than accessing a sum in memory for every row.
fn runs(groups: &[u32]) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
    let mut end = 0;
    groups.chunk_by(PartialEq::eq).map(move |run| {
        let start = end;
        end += run.len();
        (run[0] as usize, start..end)
    })
}

fn require_targets(target: &[f64]) -> Result<(), MetricError> {
    require_entries("target", target, "finite and not 0", |s| {
        s.is_finite() && s != 0.0
    })
}
