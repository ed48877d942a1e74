use std::collections::BTreeSet;

use crate::{
    record::{FORMAT, RunIdentity},
    spec::{Loaded, Spec, Variant},
};

/// What a run trains, with and without its sweep.
pub fn run_identity(loaded: &Loaded, device: &str, engine: &str) -> RunIdentity {
    let mut base = Identity::on(device, engine);
    base.feed(&trained_part(&loaded.spec));
    let mut sources = BTreeSet::new();
    for own in loaded
        .variants
        .iter()
        .flat_map(|variant| variant.own.values())
    {
        sources.insert((&own.source.model, &own.source.kind, &own.source.sha256));
    }
    for (model, kind, sha256) in sources {
        for text in [model, kind, sha256] {
            base.feed(text);
        }
    }
    RunIdentity {
        spec_hash: spec_hash(loaded, device, engine),
        base_hash: base.hash(),
    }
}

/// BLAKE3 of everything that decides what the cells of a run observe: task, models, training,
/// measurements and sweep, with the device, engine and format version. Claims, pictures, titles,
/// the number of seeds and whether weights are kept are left out, so that editing a threshold never
/// asks for training.
pub fn spec_hash(loaded: &Loaded, device: &str, engine: &str) -> String {
    let mut identity = Identity::on(device, engine);
    for variant in &loaded.variants {
        identity.feed_variant(variant);
    }
    identity.hash()
}

/// BLAKE3 of everything that decides what one cell observes: its variant with what the variant is
/// called, seed, device, engine and format version.
pub fn cell_id(variant: &Variant, seed: u64, device: &str, engine: &str) -> String {
    let mut identity = Identity::on(device, engine);
    identity.feed(&variant.group);
    identity.feed(&variant.knobs.to_string());
    identity.feed_variant(variant);
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

    fn feed_variant(&mut self, variant: &Variant) {
        self.feed(&variant.name);
        self.feed(&trained_part(&variant.spec));
        for own in variant.own.values() {
            let source = &own.source;
            for text in [&source.model, &source.kind, &source.sha256] {
                self.feed(text);
            }
        }
    }

    fn hash(self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

fn trained_part(spec: &Spec) -> String {
    let mut training = toml::Value::try_from(&spec.training).expect("training is a TOML table");
    if let Some(table) = training.as_table_mut() {
        table.remove("seeds");
        table.remove("first_seed");
        table.remove("keep_weights");
    }
    let mut table = toml::Table::new();
    table.insert("task".to_owned(), toml::Value::Table(spec.task.clone()));
    table.insert("models".to_owned(), toml::Value::Table(spec.models.clone()));
    table.insert(
        "predictions".to_owned(),
        toml::Value::Table(spec.predictions.clone()),
    );
    table.insert("training".to_owned(), training);
    let measure = spec
        .measure
        .iter()
        .cloned()
        .map(toml::Value::Table)
        .collect();
    table.insert("measure".to_owned(), toml::Value::Array(measure));
    table.to_string()
}
