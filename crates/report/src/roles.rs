use std::collections::BTreeMap;

use lab::spec::{Role, Spec};

/// What every model and prediction of a spec is beside the net: as its pictures say, or else by
/// its kind.
pub(crate) fn roles(spec: &Spec) -> BTreeMap<String, Role> {
    let mut roles: BTreeMap<String, Role> = BTreeMap::new();
    let layers = spec.pictures.iter().flat_map(|picture| &picture.panels);
    for layer in layers.flat_map(|panel| &panel.layers) {
        roles.entry(layer.model.clone()).or_insert(layer.role);
    }
    for (name, _) in &spec.predictions {
        roles.entry(name.clone()).or_insert(Role::Theory);
    }
    // Models that only a variant has.
    let of_variants = spec.sweep.variants.iter().flat_map(|variant| &variant.set);
    let of_variants = of_variants.filter_map(|(key, table)| {
        let name = key.strip_prefix("models.")?;
        (!name.contains('.')).then_some((name.to_owned(), table))
    });
    let models = spec
        .models
        .iter()
        .map(|(name, table)| (name.clone(), table));
    for (name, table) in models.chain(of_variants) {
        let kind = table.get("kind").and_then(toml::Value::as_str);
        let role = match kind.unwrap_or_default() {
            "mlp" => Role::Net,
            "linear-skills" | "linear-basis" => Role::Linear,
            _ => Role::Twin,
        };
        // A line style does not make a nonlinear net a twin.
        if role == Role::Net {
            roles.insert(name, role);
        } else {
            roles.entry(name).or_insert(role);
        }
    }
    roles
}
