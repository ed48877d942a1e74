//! The shipped scenes: dials that fit, and sentences that follow from what was recorded.

use layerwise_play::{Bench, Limits, Range, Server, Value, own_scene, scenes};
use plan::{Options, load_source};
use train::{Kinds, Provenance};

#[test]
fn names_of_scenes_and_dials_can_stand_in_a_link() {
    let plain = |text: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !text.is_empty() && text.chars().all(fits)
    };
    for scene in scenes() {
        assert!(plain(&scene.name), "{}", scene.name);
        let mut names: Vec<&str> = scene.dials.iter().map(|dial| dial.name.as_str()).collect();
        assert!(
            names
                .iter()
                .all(|name| plain(name) && !["scene", "tab", "run"].contains(name))
        );
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", scene.name);
    }
}

#[test]
fn every_scene_makes_a_plan_at_both_ends_of_every_dial() {
    let out = tempfile::tempdir().unwrap();
    let scenes = scenes();
    let bench = Bench::new(
        scenes.clone(),
        Kinds::default(),
        Provenance::default(),
        out.path(),
        Limits::default(),
    );
    let server = Server::start(0, bench.unwrap()).unwrap();
    let (host, token) = {
        let address = server.address().strip_prefix("http://").unwrap();
        let (host, token) = address.split_once('/').unwrap();
        (host.to_owned(), token.trim_end_matches('/').to_owned())
    };
    for scene in &scenes {
        for dial in &scene.dials {
            let ends = match &dial.range {
                Range::Number { low, high, .. } => vec![low.to_string(), high.to_string()],
                Range::Choice { words } => words.clone(),
            };
            for end in ends {
                let path = format!("/{token}/spec?scene={}&{}={end}", scene.name, dial.name);
                let response = crate::support::send(&host, "GET", &path, &[("Host", &host)]);
                let status = response.status;
                assert_eq!(status, 200, "{path}: {}", response.text());
            }
        }
    }
}

#[test]
fn a_dial_starts_within_its_range() {
    for scene in scenes() {
        for dial in &scene.dials {
            match (&dial.range, &dial.start) {
                (Range::Number { low, high, .. }, Value::Number(start)) => {
                    assert!(
                        (low..=high).contains(&start),
                        "{} {}",
                        scene.name,
                        dial.name
                    );
                }
                (Range::Choice { words }, Value::Word(word)) => assert!(words.contains(word)),
                other => panic!("{} {}: {other:?}", scene.name, dial.name),
            }
        }
    }
}

#[test]
fn any_spec_has_dials_for_its_numbers() {
    let kinds = Kinds::default();
    let spec = crate::support::small().spec;
    let plan = load_source(&spec, "small.toml", &Options::default(), &kinds).unwrap();
    let scene = own_scene(&spec, "small.toml", false, &plan);
    let keys: Vec<&str> = scene.dials.iter().map(|dial| dial.key.as_str()).collect();
    for key in [
        "training.lr",
        "training.steps",
        "training.seeds",
        "models.linear.lr_scale",
    ] {
        assert!(keys.contains(&key), "{keys:?}");
    }
}
