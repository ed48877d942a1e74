//! Claims that were registered before they were confirmed: their thresholds with a hash of everything that
//! decides their verdict.
//!
//! `layerwise list --preregister DATE` writes the registration, `experiments/prereg.lock` keeps it, and
//! `reproduce --confirm` says which claims are still as registered.

use std::collections::BTreeMap;

use plan::spec::{Claim, Spec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Digits of a hash: enough to tell a few hundred claims apart.
const DIGITS: usize = 16;

/// A registration.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// When the claims were registered.
    pub(crate) date: String,
    /// Claims by experiment and id.
    pub(crate) experiments: BTreeMap<String, BTreeMap<String, Registered>>,
}

/// A claim as it was registered.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registered {
    /// Its threshold, for readers.
    pub(crate) threshold: String,
    /// Where the threshold comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) origin: String,
    /// Hash of metric, model, cells, statistic, threshold, interval and controls.
    pub(crate) hash: String,
}

impl Registration {
    /// The claims of `specs` as they are now.
    pub(crate) fn of<'a>(date: &str, specs: impl Iterator<Item = &'a Spec>) -> Self {
        let claims = |spec: &Spec| -> BTreeMap<String, Registered> {
            let claims = spec.claims.iter();
            claims
                .map(|claim| (claim.id.clone(), Registered::of(claim)))
                .collect()
        };
        Self {
            date: date.to_owned(),
            experiments: specs
                .filter(|spec| !spec.claims.is_empty())
                .map(|spec| (spec.name.clone(), claims(spec)))
                .collect(),
        }
    }

    /// The registration that ships with the binary.
    ///
    /// # Panics
    /// Never: a test reads it.
    pub(crate) fn shipped() -> Self {
        let text = include_str!("../../../experiments/prereg.lock");
        toml::from_str(text).expect("the shipped registration is read by a test")
    }

    /// The file that keeps it.
    ///
    /// # Panics
    /// Never: it holds text only.
    pub(crate) fn to_text(&self) -> String {
        let body = toml::to_string(self).expect("text is TOML");
        format!(
            "# Claims as they were registered before they were run on seeds from 100. Written by\n\
             # `layerwise list --preregister DATE`.\n\n{body}"
        )
    }

    /// Whether a claim is as it was registered.
    pub(crate) fn holds(&self, experiment: &str, claim: &Claim) -> bool {
        let claims = self.experiments.get(experiment);
        let registered = claims.and_then(|claims| claims.get(&claim.id));
        registered.is_some_and(|registered| registered.hash == Registered::of(claim).hash)
    }
}

impl Registered {
    fn of(claim: &Claim) -> Self {
        // Words may be mended; what decides the verdict may not.
        let mut decides = claim.clone();
        decides.statement = String::new();
        decides.source = String::new();
        decides.compare = Vec::new();
        let text = toml::to_string(&decides).expect("a claim came from TOML");
        let digest = Sha256::digest(text.as_bytes());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            threshold: claim.threshold.to_string(),
            origin: claim
                .origin
                .map_or_else(String::new, |origin| origin.to_string()),
            hash: hash[..DIGITS].to_owned(),
        }
    }
}
