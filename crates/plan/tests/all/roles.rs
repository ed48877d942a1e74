//! Roles of models and predictions, and styles of layers.

use models::Role;
use plan::spec::LineStyle;

use crate::{
    cases::cases,
    support::{SMALL, assert_holds, hash, load, refusal},
};

const THEORY: &str = "[predictions.theory]\nkind = 'multilinear-skills'\ninitial = 0.01\n";

const PICTURE: &str = "[[pictures]]\nname = 'one'\ntitle = 'One'\n[[pictures.panels]]\nkind = 'curves'\n\
    metric = 'skill_strength'\nx_label = ''\ny_label = ''\nlayers = [{ model = 'net', label = 'net' }]\n";

#[test]
fn a_role_is_that_of_the_kind_or_of_the_table_and_no_part_of_an_identity() {
    let text = format!("{SMALL}\n{THEORY}");
    let plan = load(&text);
    let role = |text: &str, name: &str| load(text).roles()[name];
    assert_eq!(role(&text, "net"), Role::Net);
    assert_eq!(role(&text, "twin"), Role::Twin);
    assert_eq!(role(&text, "theory"), Role::Theory);
    for [table, name] in
        cases("[models.net]=>net\n[models.twin]=>twin\n[predictions.theory]=>theory")
    {
        let other = text.replace(&table, &format!("{table}\nrole = 'linear'"));
        assert_eq!(role(&other, &name), Role::Linear);
        let again = load(&other).spec.to_toml();
        assert_eq!(role(&again, &name), Role::Linear, "{again}");
        assert_eq!(hash(&load(&other)), hash(&plan));
        let wrong = text.replace(&table, &format!("{table}\nrole = 'teacher'"));
        assert_holds(
            &refusal(&wrong),
            "role = \"teacher\": is unknown here. Choose one of: theory, net, twin, linear.",
        );
    }
}

#[test]
fn a_layer_has_a_style_and_no_role() {
    let text = format!("{SMALL}\n{PICTURE}");
    let style = |text: &str| load(text).spec.pictures[0].panels[0].layers[0].style;
    assert_eq!(style(&text), None);
    for (word, expected) in [
        ("solid", LineStyle::Solid),
        ("dashed", LineStyle::Dashed),
        ("dash-dotted", LineStyle::DashDotted),
        ("dotted", LineStyle::Dotted),
    ] {
        let styled = text.replace("label = 'net'", &format!("label = 'net', style = '{word}'"));
        assert_eq!(style(&styled), Some(expected));
        assert_eq!(style(&load(&styled).spec.to_toml()), Some(expected));
    }
    for [key, problem] in cases("role = 'net'=>is not a key\nstyle = 'wavy'=>layers[0].style") {
        let wrong = text.replace("label = 'net'", &format!("label = 'net', {key}"));
        let found = refusal(&wrong);
        assert_holds(&found, "pictures[0].panels[0].layers[0]");
        assert_holds(&found, &problem);
    }
}
