//! Identities of cells and runs, as hashes of everything that affects the measured rows, and of
//! nothing else.

use std::collections::BTreeSet;

use record::{ExternalSource, FORMAT, RunIdentity};

use crate::plan::{Plan, Variant};

/// A cell of a plan: a variant with a seed.
#[derive(Clone)]
pub struct PlannedCell<'a> {
    /// The variant.
    pub variant: &'a Variant,
    /// The seed.
    pub seed: u64,
    /// The cell's identity.
    pub id: String,
}

impl Plan {
    /// The cells in the order of the tables: variant by variant, and seed by seed within a variant.
    /// The base variant, which is usually the longest, comes first.
    pub fn cells(&self, device: &str, engine: &str) -> Vec<PlannedCell<'_>> {
        let cells = self.variants.iter().flat_map(|variant| {
            let trained = trained_part(variant);
            self.seeds().map(move |seed| PlannedCell {
                variant,
                seed,
                id: cell_id(variant, &trained, seed, device, engine),
            })
        });
        cells.collect()
    }

    /// What the run trains, with and without its sweep.
    pub fn identity(&self, device: &str, engine: &str) -> RunIdentity {
        let mut base = Identity::on(device, engine);
        base.feed(&self.base);
        let external = self
            .variants
            .iter()
            .flat_map(|variant| variant.external.values());
        let sources: BTreeSet<_> = external
            .map(|model| {
                (
                    &model.source.model,
                    &model.source.kind,
                    &model.source.sha256,
                )
            })
            .collect();
        for (model, kind, sha256) in sources {
            for text in [model, kind, sha256] {
                base.feed(text);
            }
        }
        let mut all = Identity::on(device, engine);
        for variant in &self.variants {
            all.feed_variant(variant, &trained_part(variant));
        }
        let mut external: Vec<ExternalSource> = Vec::new();
        let models = self
            .variants
            .iter()
            .flat_map(|variant| variant.external.values());
        for model in models {
            if !external.contains(&model.source) {
                external.push(model.source.clone());
            }
        }
        RunIdentity {
            external,
            spec_hash: all.hash(),
            base_hash: base.hash(),
        }
    }
}

/// BLAKE3 hash of everything that affects the measured rows of one cell: its variant with its name,
/// its seed, device, engine and format version. Predictions, derived numbers, claims, pictures,
/// titles, the number of seeds and the keeping of weights are not part of it, so changing them
/// never trains a cell again.
fn cell_id(variant: &Variant, trained: &str, seed: u64, device: &str, engine: &str) -> String {
    let mut identity = Identity::on(device, engine);
    identity.feed(&variant.group);
    identity.feed(&variant.knobs.to_string());
    identity.feed_variant(variant, trained);
    identity.feed(&seed.to_string());
    identity.hash()
}

struct Identity(blake3::Hasher);

impl Identity {
    fn on(device: &str, engine: &str) -> Self {
        let mut identity = Self(blake3::Hasher::new());
        for text in [&FORMAT.to_string(), device, engine] {
            identity.feed(text);
        }
        identity
    }

    fn feed(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn feed_variant(&mut self, variant: &Variant, trained: &str) {
        self.feed(&variant.name);
        self.feed(trained);
        for model in variant.external.values() {
            let source = &model.source;
            for text in [&source.model, &source.kind, &source.sha256] {
                self.feed(text);
            }
        }
    }

    fn hash(self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

/// Task, models, training and measuring schedules as text.
pub(crate) fn trained_part(variant: &Variant) -> String {
    let mut training = toml::Table::try_from(&variant.training).expect("training is a TOML table");
    for key in ["seeds", "first_seed", "keep_weights"] {
        training.remove(key);
    }
    let models = variant.models.iter();
    let models = models.map(|model| (model.name.clone(), model.model.resolved().into()));
    let measure = variant.metrics.iter().map(|entry| entry.identity().into());
    let table: toml::Table = [
        ("task".to_owned(), variant.task.resolved().into()),
        ("models".to_owned(), toml::Value::Table(models.collect())),
        ("training".to_owned(), training.into()),
        ("measure".to_owned(), toml::Value::Array(measure.collect())),
    ]
    .into_iter()
    .collect();
    table.to_string()
}
