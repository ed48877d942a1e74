//! Runs: what they send, that they end, and that nothing of them stays.

use std::{fs, time::Duration};

use layerwise_play::Limits;
use record::Observations;
use serde_json::Value;

use crate::support::{Response, Served, only, send};

fn named<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|event| event["event"] == name)
        .collect()
}

/// The first event of a stream, or its problem.
fn begun(stream: &mut Response) -> String {
    let event = stream.event().unwrap();
    let told = event.get("problem").unwrap_or(&event["event"]);
    told.as_str().unwrap().to_owned()
}

#[test]
fn a_run_streams_curves_and_ends_with_verdicts_of_what_was_recorded() {
    let served = Served::new(Limits::default());
    let events = served
        .get("run?scene=small&steps=20000&seeds=4&lr=0.0005&tab=a")
        .events();
    assert_eq!(events[0]["event"], "begun");
    assert_eq!(events[0]["steps"], 80_000);
    let drawn = named(&events, "drawn");
    assert!(drawn.len() >= 2, "{}", drawn.len());
    let last = drawn.last().unwrap();
    assert!(
        last["figures"][0]["svg"]
            .as_str()
            .unwrap()
            .starts_with("<svg")
    );
    let claim = &last["claims"][0];
    assert_eq!(claim["word"], "supported", "{claim}");
    // Before the end nothing is judged.
    assert_eq!(drawn[0]["claims"][0]["word"], "");
    assert_eq!(events.last().unwrap()["event"], "done");
    assert_eq!(events.last().unwrap()["kept"], true);
    // Text of a spec is no markup.
    let svg = last["figures"][0]["svg"].as_str().unwrap();
    assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"));
    // The sentence says what the saved run has recorded.
    let id = &events[0]["run"];
    let saved = served.post(&format!("save?run={id}"));
    assert_eq!(saved.status, 200);
    let folder = only(served.out.path());
    let observations: Observations = record::read_observations(&folder).unwrap();
    let curve = observations.curve(("linear", "skill_strength"), ("base", 0), 1);
    let other = observations.curve(("linear", "skill_strength"), ("base", 1), 1);
    let median = f64::midpoint(*curve.values.last().unwrap(), *other.values.last().unwrap());
    assert_eq!(last["text"][0], format!("It is at {median}."));
    assert!(folder.join("DONE").is_file() && folder.join("report.html").is_file());
    assert!(folder.join("figures/skills.svg").is_file());
    // A second copy does not overwrite the first.
    assert_eq!(served.post(&format!("save?run={id}")).status, 200);
    assert_eq!(fs::read_dir(served.out.path()).unwrap().count(), 2);
}

#[test]
fn the_spec_of_the_dials_is_a_spec_that_runs() {
    let served = Served::new(Limits::default());
    let response = served.get("spec?scene=small&lr=0.02&precision=f64");
    assert_eq!(
        response.header("content-disposition"),
        "attachment; filename=\"small.toml\""
    );
    let text = response.text();
    let table: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(table["training"]["lr"].as_float(), Some(0.02));
    assert_eq!(table["training"]["precision"].as_str(), Some("f64"));
    let kinds = train::Kinds::default();
    plan::load_source(&text, "small.toml", &plan::Options::default(), &kinds).unwrap();
}

#[test]
fn a_run_whose_reader_leaves_ends_and_leaves_nothing() {
    let served = Served::new(Limits::default());
    let mut stream = served.get("run?scene=small&steps=20000000&lr=0.000001&tab=a");
    assert_eq!(begun(&mut stream), "begun");
    assert_eq!(stream.event().unwrap()["event"], "drawn");
    assert_eq!((served.counts)(), (1, 1));
    drop(stream);
    served.rests(0);
}

#[test]
fn fifty_turns_of_a_dial_leave_one_run() {
    let served = Served::new(Limits::default());
    let mut streams = Vec::new();
    for turn in 0..50 {
        let lr = 1e-4 * f64::from(turn + 1);
        // The readers before stay, so that only the new turn of the same tab ends their runs.
        streams.push(served.get(&format!("run?scene=small&steps=2000000&lr={lr}&tab=a")));
    }
    let last = streams.pop().unwrap();
    for stream in streams {
        assert_eq!(stream.status, 200);
        assert!(named(&stream.events(), "done").is_empty());
    }
    drop(last);
    served.rests(0);
}

#[test]
fn tabs_run_side_by_side_up_to_a_limit() {
    let served = Served::new(Limits::default());
    let long = "run?scene=small&steps=20000000&lr=0.000001";
    let mut streams: Vec<_> = (0..4)
        .map(|tab| served.get(&format!("{long}&tab={tab}")))
        .collect();
    for stream in &mut streams {
        assert_eq!(begun(stream), "begun");
    }
    let refused = served.get(&format!("{long}&tab=4"));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("Stop one of them"));
    // Another turn in one of the tabs has the place of the run before.
    let mut turned = served.get(&format!("{long}&tab=2"));
    assert_eq!(begun(&mut turned), "begun");
}

#[test]
fn time_and_size_of_a_run_are_limited() {
    let short = Limits {
        time: Duration::from_millis(300),
        cells: 100,
        ..Limits::default()
    };
    let served = Served::new(short);
    let events = served
        .get("run?scene=small&steps=20000000&lr=0.000001")
        .events();
    let end = events.last().unwrap();
    assert_eq!(end["event"], "done", "{end}");
    assert_eq!(end["kept"], false);
    assert!(
        end["said"].as_str().unwrap().starts_with("Stopped after"),
        "{end}"
    );
    let events = served.get("run?scene=small&seeds=200").events();
    let problem = events.last().unwrap()["problem"].as_str().unwrap();
    assert!(problem.contains("200 cells is more than"), "{problem}");
    served.rests(0);
}

#[test]
fn a_run_that_diverges_says_so() {
    let served = Served::new(Limits::default());
    let events = served.get("run?scene=small&lr=10").events();
    let said = events.last().unwrap()["said"].as_str().unwrap();
    assert!(
        said.contains("stopped at step") && said.contains("Turn the learning rate"),
        "{said}"
    );
}

#[test]
fn a_server_that_stops_ends_its_runs() {
    let served = Served::new(Limits::default());
    let (host, token) = served.parts();
    let path = format!("/{token}/run?scene=small&steps=20000000&lr=0.000001");
    let mut stream = send(&host, "GET", &path, &[("Host", &host)]);
    assert_eq!(begun(&mut stream), "begun");
    let counts = served.counts;
    served.server.stop();
    assert_eq!(counts().0, 0);
    while stream.event().is_some() {}
    assert!(std::net::TcpStream::connect(&host).is_err());
}

#[test]
fn finished_runs_are_kept_up_to_a_limit() {
    let served = Served::new(Limits::default());
    let first = served.get("run?scene=small&steps=100").events()[0]["run"].clone();
    for _ in 0..6 {
        served.get("run?scene=small&steps=100").events();
    }
    served.rests(4);
    let gone = served.post(&format!("save?run={first}"));
    assert_eq!(gone.status, 400);
}
