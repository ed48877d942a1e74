//! The map from the principle of the position paper to the phenomena: each step with the claims that test
//! it, their verdicts, and whether the evidence comes from seeing or from changing something.

use std::sync::LazyLock;

use plan::spec::Outcome;
use serde::{Deserialize, Serialize};

use super::{
    topic::{Judged, Topic},
    verdict::Verdict,
};
use crate::plural::{counted, listed, verb};

static PLACES: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("../../assets/map.toml"))
        .expect("the map is part of this crate and is tested")
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    principle: String,
    path: Vec<Path>,
}

/// From a condition to a phenomenon. Claims are named `experiment/ID`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    phenomenon: String,
    condition: String,
    model: String,
    in_nets: String,
    solved: Vec<String>,
    causal: Vec<String>,
}

/// The map over the claims of a page.
#[derive(Serialize)]
pub(super) struct Map {
    principle: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    phenomenon: &'static str,
    condition: &'static str,
    model: &'static str,
    in_nets: &'static str,
    /// Checks of the solvable model.
    solved: Step,
    /// Tests that see net and theory together.
    seen: Step,
    /// Tests that change the condition.
    changed: Step,
}

/// One step, with the claims that test it.
#[derive(Serialize)]
struct Step {
    tally: String,
    /// How many of the claims are supported.
    held: usize,
    claims: Vec<Mark>,
}

/// A claim as a mark.
#[derive(Serialize)]
struct Mark {
    id: String,
    anchor: String,
    statement: String,
    verdict: Verdict,
}

impl Map {
    /// The map of these topics; `None` where no claim stands on it. Quick runs are evidence of nothing.
    pub(super) fn new(topics: &[Topic<'_>]) -> Option<Self> {
        let judged: Vec<(&str, &Judged<'_>)> = topics
            .iter()
            .flat_map(|topic| topic.claims.iter().map(|judged| (topic.name, judged)))
            .filter(|(_, judged)| !judged.run.manifest.quick)
            .collect();
        let rows = PLACES
            .path
            .iter()
            .filter_map(|path| Row::new(path, &judged));
        let rows: Vec<Row> = rows.collect();
        (!rows.is_empty()).then_some(Self {
            principle: &PLACES.principle,
            rows,
        })
    }

    /// What came of the tests that change the condition, in one sentence; nothing where there are none.
    pub(super) fn causal(&self) -> Option<String> {
        let rows = self
            .rows
            .iter()
            .filter(|row| !row.changed.claims.is_empty());
        let parts = rows.clone().map(|row| {
            let Step { held, claims, .. } = &row.changed;
            let phenomenon = row.phenomenon.to_lowercase();
            format!("{held} of {} on {phenomenon}", claims.len())
        });
        let parts: Vec<String> = parts.collect();
        let held: usize = rows.clone().map(|row| row.changed.held).sum();
        let all: usize = rows.map(|row| row.changed.claims.len()).sum();
        (all > 0).then(|| {
            format!(
                "Of {} that change the condition on purpose, {held} {}: {}.",
                counted(all, "test"),
                verb(held, "holds", "hold"),
                listed(&parts)
            )
        })
    }
}

impl Row {
    fn new(path: &'static Path, all: &[(&str, &Judged<'_>)]) -> Option<Self> {
        let (mut solved, mut seen, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, judged) in all {
            let name = format!("{}/{}", judged.run.spec.name, judged.claim.id);
            let own = *topic == path.phenomenon;
            if path.solved.contains(&name) || (own && !judged.is_of_net()) {
                solved.push(*judged);
            } else if path.causal.contains(&name) {
                changed.push(*judged);
            } else if own {
                seen.push(*judged);
            }
        }
        (!(seen.is_empty() && changed.is_empty())).then(|| Self {
            phenomenon: &path.phenomenon,
            condition: &path.condition,
            model: &path.model,
            in_nets: &path.in_nets,
            solved: Step::new(&solved),
            seen: Step::new(&seen),
            changed: Step::new(&changed),
        })
    }
}

impl Step {
    fn new(claims: &[&Judged<'_>]) -> Self {
        let held = claims.iter();
        let held = held
            .filter(|judged| judged.claim.outcome == Outcome::Supported)
            .count();
        Self {
            held,
            tally: match claims.len() {
                0 => "not tested".to_owned(),
                all => format!(
                    "{held} of {} {}",
                    counted(all, "claim"),
                    verb(held, "holds", "hold")
                ),
            },
            claims: claims.iter().map(|judged| Mark::new(judged)).collect(),
        }
    }
}

impl Mark {
    fn new(judged: &Judged<'_>) -> Self {
        Self {
            id: judged.claim.id.clone(),
            anchor: judged.anchor(),
            statement: judged.claim.statement.clone(),
            verdict: judged.claim.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    /// The names `experiment/ID` of all claims that are shipped.
    fn shipped() -> Vec<String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let specs = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let specs = specs.filter(|entry| entry.path().extension().is_some_and(|end| end == "toml"));
        let mut names = Vec::new();
        for spec in specs {
            let spec: toml::Table = fs::read_to_string(spec.path()).unwrap().parse().unwrap();
            let name = spec["name"].as_str().unwrap();
            for claim in spec["claims"].as_array().unwrap() {
                names.push(format!("{name}/{}", claim["id"].as_str().unwrap()));
            }
        }
        names
    }

    #[test]
    fn every_claim_of_the_map_is_shipped_and_has_one_place() {
        let shipped = shipped();
        let mut placed: Vec<&String> = (PLACES.path.iter())
            .flat_map(|path| path.solved.iter().chain(&path.causal))
            .collect();
        for name in &placed {
            assert!(shipped.contains(name), "{name} is no shipped claim");
        }
        let count = placed.len();
        placed.sort();
        placed.dedup();
        assert_eq!(placed.len(), count, "a claim stands in two places");
    }
}
