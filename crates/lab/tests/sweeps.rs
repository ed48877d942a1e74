//! Ranges, links and grids of variants: which cells they make, what they are called, and what is
//! refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layerwise_lab::{
    Kinds,
    claims::judge,
    record::{Manifest, Observation, VariantInfo},
    run::spec_hash,
    spec::{Loaded, Variant},
};
use support::{SMALL, load, load_with};

/// Values of a range are kept to ten digits.
const TEN_DIGITS: f64 = 1e-9;

fn sweep(more: &str) -> Loaded {
    load(&format!("{SMALL}\n{more}\n"))
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.variants.iter().map(|v| v.name.as_str()).collect()
}

fn hash(loaded: &Loaded) -> String {
    spec_hash(loaded, "flex", "autodiff")
}

/// The sweep must be refused with an error that begins with `message`, behind file and line.
fn assert_refused(more: &str, message: &str) {
    let text = format!("{SMALL}\n{more}\n");
    let found = match load_with(&text, &[]) {
        Ok(_) => panic!("accepted: {more}"),
        Err(error) => error.to_string(),
    };
    let place = found.strip_prefix("small.toml:").unwrap_or(&found);
    let behind = place.split_once(": ").map_or(place, |(_, rest)| rest);
    assert!(
        behind.starts_with(message),
        "{more}\n{found}\nand not\n{message}"
    );
    assert!(found.ends_with('.'), "no remedy: {found}");
}

fn rates(loaded: &Loaded) -> Vec<f64> {
    let lr = |v: &Variant| v.spec.training.lr;
    loaded.variants.iter().map(lr).collect()
}

fn assert_all_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found / expected - 1.0).abs() < TEN_DIGITS,
            "{found} but {expected}"
        );
    }
}

#[test]
fn a_range_is_evenly_spaced_with_both_ends() {
    let loaded = sweep("[sweep.grid]\n\"training.lr\" = { from = 0.1, to = 0.5, points = 5 }");
    // Written as anybody would, not with the last digits of a division.
    let expected = ["0.1", "0.2", "0.3", "0.4", "0.5"];
    assert_eq!(
        names(&loaded),
        expected.map(|lr| format!("base,training.lr={lr}"))
    );
    assert_eq!(rates(&loaded), [0.1, 0.2, 0.3, 0.4, 0.5]);
    for variant in &loaded.variants {
        assert_eq!(variant.group, "base");
        assert_eq!(
            variant.knobs["training.lr"].as_float(),
            Some(variant.spec.training.lr)
        );
    }
    // Three points that are no round numbers, integers as ends, and only two points.
    let thirds = sweep("[sweep.grid]\n\"training.lr\" = { from = 1, to = 2, points = 4 }");
    assert_all_close(&rates(&thirds), &[1.0, 4.0 / 3.0, 5.0 / 3.0, 2.0]);
    assert_eq!(names(&thirds)[1], "base,training.lr=1.333333333");
    let ends = sweep("[sweep.grid]\n\"training.lr\" = { from = 3, to = 7, points = 2 }");
    assert_eq!(rates(&ends), [3.0, 7.0]);
}

#[test]
fn a_logarithmic_range_has_even_ratios() {
    let grid = "[sweep.grid]\n\"training.lr\" = { from = 0.001, to = 10, points = 5, log = true }";
    let loaded = sweep(grid);
    assert_all_close(&rates(&loaded), &[0.001, 0.01, 0.1, 1.0, 10.0]);
    let expected = ["0.001", "0.01", "0.1", "1.0", "10.0"];
    assert_eq!(
        names(&loaded),
        expected.map(|lr| format!("base,training.lr={lr}"))
    );
    let linear = sweep(&grid.replace("true", "false"));
    assert_all_close(&rates(&linear)[1..2], &[0.001 + 9.999 / 4.0]);
}

#[test]
fn a_range_may_fall_and_cross_zero() {
    let falling = "[sweep.grid]\n\"training.lr\" = { from = 4, to = 1, points = 3, log = true }";
    assert_all_close(&rates(&sweep(falling)), &[4.0, 2.0, 1.0]);
    let falling = falling.replace("true", "false");
    assert_eq!(rates(&sweep(&falling)), [4.0, 2.5, 1.0]);
    let crossing =
        sweep("[sweep.grid]\n\"models.twin.lambda\" = { from = 0.5, to = -0.5, points = 3 }");
    let lambdas = crossing.variants.iter();
    let lambdas: Vec<f64> = lambdas
        .map(|v| v.spec.models["twin"]["lambda"].as_float().unwrap())
        .collect();
    assert_eq!(lambdas, [0.5, 0.0, -0.5]);
}

#[test]
fn a_range_that_makes_no_sense_is_refused_by_its_key() {
    let ranges = [
        "{ from = 0.1, to = 0.5, points = 1 }",
        "{ from = 0.1, to = 0.5, points = 0 }",
        "{ from = 0.1, to = 0.5, points = -2 }",
        "{ from = 0.1, to = 0.5, points = 4000000000 }",
        "{ from = 0.1, to = 0.5, points = 2.5 }",
        "{ from = 0.1, to = 0.5 }",
        "{ from = 0.1, points = 3 }",
        "{ from = 0.1, to = 0.5, points = 3, steps = 3 }",
        "{ from = 0.1, to = inf, points = 3 }",
        "{ from = nan, to = 0.5, points = 3 }",
        "{ from = 0, to = 0.5, points = 3, log = true }",
        "{ from = 0.1, to = -0.5, points = 3, log = true }",
        "{ from = 'a', to = 0.5, points = 3 }",
        "[]",
        "0.1",
    ];
    for range in ranges {
        assert_refused(
            &format!("[sweep.grid]\n\"training.lr\" = {range}"),
            "sweep.grid.\"training.lr\" = ",
        );
        assert_refused(
            &format!("[[sweep.variants]]\nname = \"v\"\ngrid.\"training.lr\" = {range}"),
            "sweep.variants[0].grid.\"training.lr\" = ",
        );
    }
    assert_refused(
        "[sweep.grid]\n\"training.lr\" = { from = 0.1, to = 0.5, points = 1000 }\n\
         \"models.twin.lambda\" = { from = 0.1, to = 0.5, points = 1000 }",
        "sweep.grid = models.twin.lambda: makes 1000000 variants of base, more than 100000",
    );
    // The key itself and the values are checked where they land.
    assert_refused(
        "[sweep.grid]\ntitle = { from = 1, to = 2, points = 2 }",
        "sweep.grid = \"title\": cannot differ between variants",
    );
    assert_refused(
        "[sweep.grid]\n\"training.steps\" = { from = 10, to = 20, points = 2 }",
        "training.steps = 10.0: ",
    );
    assert_refused(
        "[sweep.grid]\n\"training.lr\" = { from = 1, to = -1, points = 3 }",
        "training.lr = 0: must be a finite number above 0",
    );
}

#[test]
fn a_value_that_comes_twice_is_refused() {
    assert_refused(
        "[sweep.grid]\n\"training.lr\" = { from = 0.2, to = 0.2, points = 2 }",
        "sweep = \"base,training.lr=0.2\": is made twice",
    );
    assert_refused(
        "[[sweep.variants]]\nname = \"v\"\ngrid.\"training.lr\" = [0.2, 0.3, 0.2]",
        "sweep = \"v,training.lr=0.2\": is made twice",
    );
}

/// What a variant's twin starts from.
fn initial(variant: &Variant) -> f64 {
    variant.spec.models["twin"]["initial"].as_float().unwrap()
}

#[test]
fn a_link_copies_another_key_whatever_it_holds() {
    let loaded = sweep(
        "[sweep.grid]\n\"training.lr\" = [0.1, 0.2]\n\"models.net.activation\" = [\"tanh\", \"relu\"]\n\
         [sweep.links]\n\"models.twin.initial\" = { key = \"training.lr\" }\n\
         \"models.other\" = { key = \"models.net\" }",
    );
    assert_eq!(loaded.variants.len(), 4);
    for variant in &loaded.variants {
        assert_eq!(initial(variant), variant.spec.training.lr);
        assert_eq!(variant.spec.models["other"], variant.spec.models["net"]);
        // What follows is no knob.
        assert_eq!(variant.knobs.len(), 2);
        assert!(!variant.name.contains("initial"), "{}", variant.name);
    }
    let activations = loaded.variants.iter();
    let activations: Vec<_> = activations
        .map(|v| v.spec.models["other"]["activation"].as_str().unwrap())
        .collect();
    assert_eq!(activations, ["tanh", "relu", "tanh", "relu"]);
    // The spec itself is as it was written.
    assert_eq!(loaded.spec.models["twin"]["initial"].as_float(), Some(0.01));
}

#[test]
fn a_link_multiplies_integers_and_floats() {
    let link = |grid: &str, key: &str, times: &str| -> Vec<f64> {
        let loaded = sweep(&format!(
            "[sweep.grid]\n{grid}\n[sweep.links]\n\
             \"models.twin.initial\" = {{ key = \"{key}\", times = {times} }}"
        ));
        loaded.variants.iter().map(initial).collect()
    };
    let float = "\"training.lr\" = [0.25, 0.5]";
    assert_eq!(link(float, "training.lr", "3.0"), [0.75, 1.5]);
    assert_eq!(link(float, "training.lr", "3"), [0.75, 1.5]);
    let integer = "\"training.steps\" = [40, 60]";
    assert_eq!(link(integer, "training.steps", "0.25"), [10.0, 15.0]);
    assert_eq!(link(integer, "training.steps", "2"), [80.0, 120.0]);
    let sign = sweep(
        "[sweep.grid]\n\"training.lr\" = [0.25, 0.5]\n[sweep.links]\n\
         \"models.twin.lambda\" = { key = \"training.lr\", times = -2.0 }",
    );
    let lambda = |v: &Variant| v.spec.models["twin"]["lambda"].as_float().unwrap();
    let lambdas: Vec<f64> = sign.variants.iter().map(lambda).collect();
    assert_eq!(lambdas, [-0.5, -1.0]);
}

#[test]
fn a_link_may_be_a_power() {
    let initials = |link: &str| -> Vec<f64> {
        let loaded = sweep(&format!(
            "[sweep.grid]\n\"training.lr\" = [0.25, 2]\n[sweep.links]\n\
             \"models.twin.initial\" = {{ key = \"training.lr\", {link} }}"
        ));
        loaded.variants.iter().map(initial).collect()
    };
    assert_eq!(initials("power = 3"), [0.015_625, 8.0]);
    assert_eq!(
        initials("power = -0.5, times = 3.0"),
        [6.0, 3.0 * 0.5_f64.sqrt()]
    );
    assert_refused(
        "[sweep.grid]\n\"training.divergence\" = [-2]\n[sweep.links]\n\
         \"models.twin.initial\" = { key = \"training.divergence\", power = 0.5 }",
        "sweep.links.\"models.twin.initial\" = \
         { key = \"training.divergence\", power = 0.5 }: gives no finite number",
    );
}

#[test]
fn links_are_followed_in_the_order_in_which_they_are_written() {
    let chain = |links: &str| {
        let loaded = sweep(&format!(
            "[sweep.grid]\n\"training.lr\" = [0.5]\n[sweep.links]\n{links}"
        ));
        initial(&loaded.variants[0])
    };
    let first = "\"training.divergence\" = { key = \"training.lr\", times = 10 }\n";
    let second = "\"models.twin.initial\" = { key = \"training.divergence\", times = 0.1 }\n";
    assert_eq!(chain(&format!("{first}{second}")), 0.5);
    assert_refused(
        &format!("[sweep.links]\n{second}{first}"),
        "sweep.links.\"models.twin.initial\" = ",
    );
}

#[test]
fn a_link_that_cannot_be_followed_is_refused_by_its_key() {
    let key = "sweep.links.\"models.twin.initial\" = ";
    for (link, problem) in [
        ("{ key = \"training.rate\" }", "names a key that is not set"),
        ("{ key = \"training.lr.x\" }", "names a key that is not set"),
        (
            "{ key = \"task.kind\", times = 2 }",
            "scales what is not a number",
        ),
        (
            "{ key = \"models.net\", times = 2 }",
            "scales what is not a number",
        ),
        (
            "{ key = \"training.lr\", times = \"2\" }",
            "must name a key",
        ),
        ("{ key = \"training.lr\", plus = 2 }", "must name a key"),
        ("{ times = 2 }", "must name a key"),
        ("\"training.lr\"", "must name a key"),
        ("0.1", "must name a key"),
    ] {
        let links = format!("[sweep.links]\n\"models.twin.initial\" = {link}");
        assert_refused(&links, key);
        let found = load_with(&format!("{SMALL}\n{links}\n"), &[]).unwrap_err();
        assert!(found.to_string().contains(problem), "{found}");
        assert_refused(
            &format!("[[sweep.variants]]\nname = \"v\"\nlinks.\"models.twin.initial\" = {link}"),
            "sweep.variants[0].links.\"models.twin.initial\" = ",
        );
    }
    for shared in ["title", "claims", "sweep.grid"] {
        assert_refused(
            &format!("[sweep.links]\n\"{shared}\" = {{ key = \"source\" }}"),
            &format!("sweep.links = \"{shared}\": cannot differ between variants"),
        );
    }
}

#[test]
fn a_variant_keeps_the_links_or_has_its_own() {
    let loaded = sweep(
        "[sweep.links]\n\"models.twin.initial\" = { key = \"training.lr\" }\n\
         [[sweep.variants]]\nname = \"same\"\nset = { \"training.lr\" = 0.5 }\n\
         [[sweep.variants]]\nname = \"none\"\nset = { \"training.lr\" = 0.5 }\nlinks = {}\n\
         [[sweep.variants]]\nname = \"own\"\nset = { \"training.lr\" = 0.5 }\n\
         links.\"models.twin.lr_scale\" = { key = \"training.lr\", times = 4 }\n",
    );
    assert_eq!(names(&loaded), ["base", "same", "none", "own"]);
    let initials: Vec<f64> = loaded.variants.iter().map(initial).collect();
    assert_eq!(initials, [0.05, 0.5, 0.01, 0.01]);
    let scale = |v: &Variant| v.spec.models["twin"]["lr_scale"].as_float().unwrap();
    let scales: Vec<f64> = loaded.variants.iter().map(scale).collect();
    assert_eq!(scales, [1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn a_variants_own_grid_replaces_the_one_of_the_sweep() {
    let loaded = sweep(
        "[sweep.grid]\n\"training.lr\" = [0.1, 0.2]\n\
         [[sweep.variants]]\nname = \"same\"\n\
         [[sweep.variants]]\nname = \"none\"\ngrid = {}\n\
         [[sweep.variants]]\nname = \"own\"\n\
         grid.\"task.data.batch\" = [5, 10]\n\
         grid.\"models.twin.initial\" = { from = 0.1, to = 0.4, points = 3, log = true }",
    );
    let expected = [
        "base,training.lr=0.1",
        "base,training.lr=0.2",
        "same,training.lr=0.1",
        "same,training.lr=0.2",
        "none",
        "own,task.data.batch=5,models.twin.initial=0.1",
        "own,task.data.batch=5,models.twin.initial=0.2",
        "own,task.data.batch=5,models.twin.initial=0.4",
        "own,task.data.batch=10,models.twin.initial=0.1",
        "own,task.data.batch=10,models.twin.initial=0.2",
        "own,task.data.batch=10,models.twin.initial=0.4",
    ];
    assert_eq!(names(&loaded), expected);
    let last = &loaded.variants[10];
    assert_eq!((last.group.as_str(), initial(last)), ("own", 0.4));
    assert_eq!(last.spec.task["data"]["batch"].as_integer(), Some(10));
    assert_eq!(last.spec.training.lr, 0.05);
    let knobs: Vec<&String> = last.knobs.keys().collect();
    assert_eq!(knobs, ["task.data.batch", "models.twin.initial"]);
    assert!(loaded.variants[4].knobs.is_empty());
}

/// Ranges, links and a variant with its own.
const FULL: &str = "[sweep.grid]\n\"training.lr\" = { from = 0.1, to = 0.3, points = 3 }\n\
     \"models.twin.lambda\" = { from = 1, to = 9, points = 3, log = true }\n\
     [sweep.links]\n\"models.twin.initial\" = { key = \"training.lr\", times = 0.5 }\n\
     \"models.net.output_scale\" = { key = \"models.twin.lambda\" }\n\
     [[sweep.variants]]\nname = \"own\"\nset = { \"training.steps\" = 40 }\n\
     grid.\"task.data.batch\" = [5, 10]\nlinks = {}\n";

#[test]
fn a_resolved_sweep_reads_back_to_itself() {
    let first = sweep(FULL);
    assert_eq!(first.variants.len(), 11);
    let text = first.spec.to_toml();
    assert!(text.contains("[sweep.links"), "{text}");
    let again = load(&text);
    assert_eq!(again.spec, first.spec);
    assert_eq!(again.variants, first.variants);
    assert_eq!(again.spec.to_toml(), text);
    assert_eq!(hash(&again), hash(&first));
}

#[test]
fn the_hash_follows_grids_and_links_that_change_what_is_trained() {
    let base = hash(&sweep(FULL));
    for (old, new) in [
        ("to = 0.3", "to = 0.4"),
        ("points = 3 }", "points = 2 }"),
        ("log = true", "log = false"),
        ("times = 0.5", "times = 0.6"),
        (
            "{ key = \"training.lr\", times = 0.5 }",
            "{ key = \"training.lr\" }",
        ),
        ("[5, 10]", "[5, 11]"),
        (
            "links = {}",
            "links.\"models.net.lr_scale\" = { key = \"training.lr\" }",
        ),
    ] {
        assert!(FULL.contains(old), "{old}");
        assert_ne!(hash(&sweep(&FULL.replacen(old, new, 1))), base, "{new}");
    }
    for (old, new) in [
        // The same cells, said in another way.
        ("{ from = 0.1, to = 0.3, points = 3 }", "[0.1, 0.2, 0.3]"),
        (
            "{ key = \"models.twin.lambda\" }",
            "{ key = \"models.twin.lambda\", times = 1 }",
        ),
        (
            "grid.\"task.data.batch\" = [5, 10]\nlinks = {}",
            "links = {}\ngrid.\"task.data.batch\" = [5, 10]",
        ),
    ] {
        assert!(FULL.contains(old), "{old}");
        assert_eq!(hash(&sweep(&FULL.replacen(old, new, 1))), base, "{new}");
    }
}

/// A claim on cells of the grid of [`FULL`].
fn claim(at: &str) -> String {
    format!(
        "{FULL}[[claims]]\nid = \"C\"\nstatement = \"A statement\"\nsource = \"A source\"\n\
         metric = \"skill_strength\"\nmodel = \"net\"\n{at}\n\
         statistic = {{ kind = \"final-value\" }}\nthreshold = {{ above = 0.5 }}\n\
         controls = [{{ name = \"elsewhere\", at = {{ \"training.lr\" = 0.3, \"models.twin.lambda\" = 1 }}, must = \"contradicted\" }}]\n\
         [[numbers]]\nid = \"N\"\nstatement = \"A number\"\nmetric = \"skill_strength\"\nmodel = \"net\"\n\
         variant = \"own\"\nat = {{ \"task.data.batch\" = 10.0 }}\nstatistic = {{ kind = \"final-value\" }}\n"
    )
}

#[test]
fn the_hash_does_not_follow_claims_about_cells() {
    let at = "at = { \"training.lr\" = 0.2, \"models.twin.lambda\" = 3 }";
    assert_eq!(hash(&sweep(&claim(at))), hash(&sweep(FULL)));
    let text = sweep(&claim(at)).spec.to_toml();
    assert_eq!(load(&text).spec.to_toml(), text);
}

/// A manifest with the variants of a spec, and a final value for each of its cells.
fn recorded(loaded: &Loaded, value: impl Fn(&Variant) -> f64) -> (Manifest, Vec<Observation>) {
    const SEEDS: u64 = 8;
    let info = |v: &Variant| VariantInfo {
        name: v.name.clone(),
        group: v.group.clone(),
        knobs: v.knobs.clone(),
        probabilities: vec![0.5, 0.25, 0.125],
        flow_per_step: Some(0.1),
    };
    let manifest = support::manifest(SEEDS, loaded.variants.iter().map(info).collect());
    let row = |v: &Variant, seed| Observation {
        variant: v.name.clone(),
        seed,
        model: "net".to_owned(),
        metric: "skill_strength".to_owned(),
        index: 0,
        step: 60,
        flow_time: None,
        value: value(v),
    };
    let cells = loaded.variants.iter();
    let rows = cells.flat_map(|v| (0..SEEDS).map(move |seed| (v, seed)));
    (manifest, rows.map(|(v, seed)| row(v, seed)).collect())
}

#[test]
fn a_claim_is_judged_at_the_cells_that_it_names() {
    // The learning rate of the cell; lr + lambda/100 tells all cells apart.
    let value = |v: &Variant| {
        let knob = |key: &str| v.knobs.get(key).and_then(toml::Value::as_float);
        match (knob("training.lr"), knob("models.twin.lambda")) {
            (Some(lr), Some(lambda)) => lr + lambda / 100.0,
            _ => v.spec.task["data"]["batch"].as_integer().unwrap() as f64,
        }
    };
    for (at, expected) in [
        (
            "at = { \"training.lr\" = 0.2, \"models.twin.lambda\" = 3 }",
            0.23,
        ),
        (
            "at = { \"training.lr\" = 0.3, \"models.twin.lambda\" = 9.0 }",
            0.39,
        ),
        // The order of keys does not matter.
        (
            "at = { \"models.twin.lambda\" = 1.0, \"training.lr\" = 0.1 }",
            0.11,
        ),
        // One knob leaves the first of three cells.
        ("at = { \"models.twin.lambda\" = 9.0 }", 0.19),
        ("", 0.11),
    ] {
        let loaded = sweep(&claim(at));
        let (manifest, rows) = recorded(&loaded, value);
        let found = judge(&loaded.spec, None, &manifest, &rows, &Kinds::default()).unwrap();
        let centre = |parts: &[layerwise_lab::claims::ComponentJudgement]| {
            assert_eq!(parts.len(), 1);
            parts[0].centre.unwrap()
        };
        assert_all_close(&[centre(&found.claims[0].measured.components)], &[expected]);
        // A control has cells of its own, and a number, too.
        let control = &found.claims[0].controls[0].judgement;
        assert_all_close(&[centre(&control.components)], &[0.31]);
        assert_all_close(&[centre(&found.numbers[0].components)], &[10.0]);
    }
}

#[test]
fn knobs_that_are_words_select_cells_too() {
    let text = "[sweep.grid]\n\"models.net.activation\" = [\"relu\", \"tanh\"]\n\
         [[numbers]]\nid = \"N\"\nstatement = \"A number\"\nmetric = \"skill_strength\"\nmodel = \"net\"\n\
         at = { \"models.net.activation\" = \"tanh\" }\nstatistic = { kind = \"final-value\" }\n";
    let loaded = sweep(text);
    let (manifest, rows) = recorded(&loaded, |v| f64::from(u8::from(v.name.ends_with("tanh\""))));
    let found = judge(&loaded.spec, None, &manifest, &rows, &Kinds::default()).unwrap();
    assert_eq!(found.numbers[0].components[0].centre, Some(1.0));
}

#[test]
fn cells_that_do_not_exist_are_refused() {
    for at in [
        "at = { \"training.lr\" = 0.25 }",
        "at = { \"training.rate\" = 0.1 }",
        "at = { \"task.data.batch\" = 5 }",
        "at = { \"training.lr\" = \"0.1\" }",
    ] {
        assert_refused(&claim(at), "claims[0].at = ");
    }
    let good = claim("");
    assert_refused(
        &good.replace(
            "at = { \"training.lr\" = 0.3,",
            "at = { \"training.lr\" = 7,",
        ),
        "claims[0].controls[0].at = ",
    );
    assert_refused(
        &good.replace("\"task.data.batch\" = 10.0", "\"task.data.batch\" = 7"),
        "numbers[0].at = ",
    );
}

#[test]
fn a_statistic_along_a_knob_that_does_not_vary_is_refused() {
    let along = |knob: &str| {
        let statistic = format!("statistic = {{ kind = \"rank-correlation\", knob = \"{knob}\" }}");
        let text = claim("");
        let (before, after) = text.split_once("statistic = ").unwrap();
        let (_, rest) = after.split_once('\n').unwrap();
        format!("{before}{statistic}\n{rest}")
    };
    sweep(&along("training.lr"));
    for knob in ["training.rate", "training.steps"] {
        assert_refused(&along(knob), "claims[0].statistic.knob = ");
    }
}
