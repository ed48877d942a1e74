use crate::{
    record::FORMAT,
    spec::{Loaded, Spec},
};

/// BLAKE3 of everything that decides what the cells of a run observe: task, models, training,
/// measurements and sweep, with the device, engine and format version. Claims, pictures, titles,
/// the number of seeds and whether weights are kept are left out, so that editing a threshold never
/// asks for training.
pub fn spec_hash(loaded: &Loaded, device: &str, engine: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut feed = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    feed(&FORMAT.to_string());
    feed(device);
    feed(engine);
    for variant in &loaded.variants {
        feed(&variant.name);
        feed(&trained_part(&variant.spec));
        for own in variant.own.values() {
            let source = &own.source;
            for text in [&source.model, &source.kind, &source.sha256] {
                feed(text);
            }
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
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
