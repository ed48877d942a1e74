//! Ranges, links and grids of variants: which cells they make, what they are called, and what is
//! refused.

use plan::{Plan, Variant};

use crate::{
    cases::cases,
    support::{SMALL, assert_holds, hash, load, refusal},
};

/// Values of a range are kept to ten digits.
const TEN_DIGITS: f64 = 1e-9;

fn sweep(more: &str) -> Plan {
    load(&format!("{SMALL}\n{more}\n"))
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.variants.iter().map(|v| v.name.as_str()).collect()
}

/// The sweep must be refused with an error that begins with `message`, behind file and line.
fn assert_refused(more: &str, message: &str) {
    let found = refusal(&format!("{SMALL}\n{more}\n"));
    let place = found.strip_prefix("small.toml:").unwrap_or(&found);
    let behind = place.split_once(": ").map_or(place, |(_, rest)| rest);
    assert!(
        behind.starts_with(message),
        "{more}\n{found}\nand not\n{message}"
    );
    assert!(found.ends_with('.'), "no remedy: {found}");
}

fn rates(plan: &Plan) -> Vec<f64> {
    let lr = |v: &Variant| v.training.lr;
    plan.variants.iter().map(lr).collect()
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
    let plan = sweep("[sweep.grid]\n\"training.lr\" = { from = 0.1, to = 0.5, points = 5 }");
    // Short decimals, without the last digits of a division.
    let expected = ["0.1", "0.2", "0.3", "0.4", "0.5"];
    assert_eq!(
        names(&plan),
        expected.map(|lr| format!("base,training.lr={lr}"))
    );
    assert_eq!(rates(&plan), [0.1, 0.2, 0.3, 0.4, 0.5]);
    for variant in &plan.variants {
        assert_eq!(variant.group, "base");
        assert_eq!(
            variant.knobs["training.lr"].as_float(),
            Some(variant.training.lr)
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
    let plan = sweep(grid);
    assert_all_close(&rates(&plan), &[0.001, 0.01, 0.1, 1.0, 10.0]);
    let expected = ["0.001", "0.01", "0.1", "1.0", "10.0"];
    assert_eq!(
        names(&plan),
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
    let lambdas: Vec<f64> = crossing.variants.iter().map(twin("lambda")).collect();
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
        "sweep = \"base,training.lr=0.2\": occurs twice in the grid",
    );
    assert_refused(
        "[[sweep.variants]]\nname = \"v\"\ngrid.\"training.lr\" = [0.2, 0.3, 0.2]",
        "sweep = \"v,training.lr=0.2\": occurs twice in the grid",
    );
}

/// A key of a variant's twin.
fn twin(key: &str) -> impl Fn(&Variant) -> f64 {
    move |variant| {
        variant.model("twin").unwrap().model.resolved()[key]
            .as_float()
            .unwrap()
    }
}

/// What a variant's twin starts from.
fn initial(variant: &Variant) -> f64 {
    twin("initial")(variant)
}

#[test]
fn a_link_copies_another_key_whatever_it_holds() {
    let plan = sweep(
        "[sweep.grid]\n\"training.lr\" = [0.1, 0.2]\n\"models.net.activation\" = [\"tanh\", \"relu\"]\n\
         [sweep.links]\n\"models.twin.initial\" = { key = \"training.lr\" }\n\
         \"models.other\" = { key = \"models.net\" }",
    );
    assert_eq!(plan.variants.len(), 4);
    let mut activations = Vec::new();
    for variant in &plan.variants {
        assert_eq!(initial(variant), variant.training.lr);
        let model = |name: &str| variant.model(name).unwrap().model.resolved();
        assert_eq!(model("other"), model("net"));
        activations.push(model("other")["activation"].as_str().unwrap().to_owned());
        // A linked key is not a knob.
        assert_eq!(variant.knobs.len(), 2);
        assert!(!variant.name.contains("initial"), "{}", variant.name);
    }
    assert_eq!(activations, ["tanh", "relu", "tanh", "relu"]);
    // The spec itself is unchanged.
    assert_eq!(plan.spec.models["twin"]["initial"].as_float(), Some(0.01));
}

#[test]
fn a_link_multiplies_integers_and_floats() {
    let link = |grid: &str, key: &str, times: &str| -> Vec<f64> {
        let plan = sweep(&format!(
            "[sweep.grid]\n{grid}\n[sweep.links]\n\
             \"models.twin.initial\" = {{ key = \"{key}\", times = {times} }}"
        ));
        plan.variants.iter().map(initial).collect()
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
    let lambdas: Vec<f64> = sign.variants.iter().map(twin("lambda")).collect();
    assert_eq!(lambdas, [-0.5, -1.0]);
}

#[test]
fn a_link_may_be_a_power() {
    let initials = |link: &str| -> Vec<f64> {
        let plan = sweep(&format!(
            "[sweep.grid]\n\"training.lr\" = [0.25, 2]\n[sweep.links]\n\
             \"models.twin.initial\" = {{ key = \"training.lr\", {link} }}"
        ));
        plan.variants.iter().map(initial).collect()
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
         { key = \"training.divergence\", power = 0.5 }: does not give a finite number",
    );
}

#[test]
fn links_are_followed_in_the_order_in_which_they_are_written() {
    let chain = |links: &str| {
        let plan = sweep(&format!(
            "[sweep.grid]\n\"training.lr\" = [0.5]\n[sweep.links]\n{links}"
        ));
        initial(&plan.variants[0])
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
    for [link, problem] in cases(
        r#"
{ key = "training.rate" } => names a key that is not set
{ key = "training.lr.x" } => names a key that is not set
{ key = "task.kind", times = 2 } => scales a value that is not a number
{ key = "models.net", times = 2 } => scales a value that is not a number
{ key = "training.lr", times = "2" } => must name a key
{ key = "training.lr", plus = 2 } => must name a key
{ times = 2 } => must name a key
"training.lr" => must name a key
0.1 => must name a key
"#,
    ) {
        let links = format!("[sweep.links]\n\"models.twin.initial\" = {link}");
        assert_refused(&links, key);
        assert_holds(&refusal(&format!("{SMALL}\n{links}\n")), &problem);
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
    let plan = sweep(
        "[sweep.links]\n\"models.twin.initial\" = { key = \"training.lr\" }\n\
         [[sweep.variants]]\nname = \"same\"\nset = { \"training.lr\" = 0.5 }\n\
         [[sweep.variants]]\nname = \"none\"\nset = { \"training.lr\" = 0.5 }\nlinks = {}\n\
         [[sweep.variants]]\nname = \"own\"\nset = { \"training.lr\" = 0.5 }\n\
         links.\"models.twin.lr_scale\" = { key = \"training.lr\", times = 4 }\n",
    );
    assert_eq!(names(&plan), ["base", "same", "none", "own"]);
    let initials: Vec<f64> = plan.variants.iter().map(initial).collect();
    assert_eq!(initials, [0.05, 0.5, 0.01, 0.01]);
    let scales: Vec<f64> = plan.variants.iter().map(twin("lr_scale")).collect();
    assert_eq!(scales, [1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn a_variants_own_grid_replaces_the_one_of_the_sweep() {
    let plan = sweep(
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
    assert_eq!(names(&plan), expected);
    let last = &plan.variants[10];
    assert_eq!((last.group.as_str(), initial(last)), ("own", 0.4));
    assert_eq!(last.task.resolved()["data"]["batch"].as_integer(), Some(10));
    assert_eq!(last.training.lr, 0.05);
    let knobs: Vec<&String> = last.knobs.keys().collect();
    assert_eq!(knobs, ["task.data.batch", "models.twin.initial"]);
    assert!(plan.variants[4].knobs.is_empty());
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
    assert_eq!(again.spec.to_toml(), text);
    assert_eq!(hash(&again), hash(&first));
}

#[test]
fn the_hash_follows_grids_and_links_that_change_what_is_trained() {
    let base = hash(&sweep(FULL));
    for [old, new] in cases(
        r#"
to = 0.3 => to = 0.4
points = 3 } => points = 2 }
log = true => log = false
times = 0.5 => times = 0.6
{ key = "training.lr", times = 0.5 } => { key = "training.lr" }
[5, 10] => [5, 11]
links = {} => links."models.net.lr_scale" = { key = "training.lr" }
"#,
    ) {
        assert!(FULL.contains(&old), "{old}");
        assert_ne!(hash(&sweep(&FULL.replacen(&old, &new, 1))), base, "{new}");
    }
    // The same cells in another notation.
    for [old, new] in cases(
        r#"
{ from = 0.1, to = 0.3, points = 3 } => [0.1, 0.2, 0.3]
{ key = "models.twin.lambda" } => { key = "models.twin.lambda", times = 1 }
grid."task.data.batch" = [5, 10]\nlinks = {} => links = {}\ngrid."task.data.batch" = [5, 10]
"#,
    ) {
        assert!(FULL.contains(&old), "{old}");
        assert_eq!(hash(&sweep(&FULL.replacen(&old, &new, 1))), base, "{new}");
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

#[test]
fn a_statistic_that_compares_with_a_group_that_does_not_exist_is_refused() {
    let minus = |group: &str| {
        let text = claim("");
        let (before, after) = text.split_once("statistic = ").unwrap();
        let (_, rest) = after.split_once('\n').unwrap();
        format!(
            "{before}statistic = {{ kind = \"slope\", window = [1, 9], minus = \"{group}\" }}\n{rest}"
        )
    };
    sweep(&minus("base"));
    assert_refused(&minus("nowhere"), "claims[0].statistic = ");
}

#[test]
fn a_symmetric_link_takes_the_larger_of_a_value_and_its_inverse_and_products_have_a_cap() {
    let rates_of = |link: &str| {
        rates(&sweep(&format!(
            "[sweep.grid]\n\"models.twin.initial\" = [0.1, 1.0, 5.0]\n\
             [sweep.links]\n\"training.lr\" = {link}"
        )))
    };
    let symmetric = "{ key = \"models.twin.initial\", symmetric = true, power = -2 }";
    assert_all_close(&rates_of(symmetric), &[0.01, 1.0, 0.04]);
    let product = "{ product = [{ key = \"models.twin.initial\", times = 2.0 }, \
                   { key = \"models.twin.initial\" }], at_most = 1.5 }";
    assert_all_close(&rates_of(product), &[0.02, 1.5, 1.5]);
    assert_refused(
        "[sweep.links]\n\"training.lr\" = { product = [{ key = \"training.seed\" }] }",
        "sweep.links.\"training.lr\" = ",
    );
    let wrong = "[sweep.links]\n\"training.lr\" = { product = [{ key = \"training.seed\" }] }";
    assert_holds(
        &refusal(&format!("{SMALL}\n{wrong}\n")),
        "names a key that is not set",
    );
}
