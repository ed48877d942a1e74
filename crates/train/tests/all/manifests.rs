//! The crates that judge and draw build without a deep-learning framework.

use std::{collections::BTreeSet, fs, path::Path};

/// Everything that may be built without burn: what the report needs, and what it does not.
const WITHOUT_BURN: [&str; 9] = [
    "report", "judge", "plan", "record", "models", "metrics", "tasks", "theory", "mlp",
];

fn table(path: &Path) -> toml::Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Names in `[dependencies]`, of targets too.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets
        .into_iter()
        .flatten()
        .filter_map(|(_, target)| target.as_table());
    let tables = std::iter::once(manifest).chain(targets);
    let tables = tables.filter_map(|table| table.get("dependencies")?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn reports_and_everything_below_them_are_built_without_burn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = table(&root.join("Cargo.lock"));
    let locked = lock["package"].as_array().unwrap();
    // From the manifests of our own crates, whose tests may use more, and from the lock file for others.
    let mut todo: Vec<String> = Vec::new();
    for name in WITHOUT_BURN {
        let manifest = table(&root.join("crates").join(name).join("Cargo.toml"));
        let named = dependencies(&manifest);
        assert!(
            !named.is_empty() || name == "theory",
            "{name} names nothing"
        );
        for other in &named {
            let own = root.join("crates").join(other).is_dir();
            assert!(
                !own || WITHOUT_BURN.contains(&other.as_str()),
                "{name} is built on {other}"
            );
            if !own {
                todo.push(other.clone());
            }
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = todo.pop() {
        assert!(!name.starts_with("burn"), "{name}");
        if !seen.insert(name.clone()) {
            continue;
        }
        let packages = locked
            .iter()
            .filter(|package| package["name"].as_str() == Some(&name));
        let needed = packages.filter_map(|package| package.get("dependencies")?.as_array());
        let names = needed
            .flatten()
            .filter_map(|text| text.as_str()?.split(' ').next());
        todo.extend(names.map(str::to_owned));
    }
    assert!(seen.contains("blake3") && seen.len() > 50, "{seen:?}");
}
