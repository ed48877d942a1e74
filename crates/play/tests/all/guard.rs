//! Who is answered, and what a browser may do with the answer.

use layerwise_play::Limits;

use crate::support::{Served, send};

#[test]
fn only_the_token_opens_anything() {
    let served = Served::new(Limits::default());
    let (host, token) = served.parts();
    assert_eq!(token.len(), 32);
    assert_eq!(served.get("").status, 200);
    let other = "0".repeat(32);
    for path in [
        "/".to_owned(),
        format!("/{other}/"),
        format!("/{}/", &token[..31]),
        format!("/{token}0/"),
        format!("/{other}/run?scene=small"),
        "/favicon.ico".to_owned(),
        "/../etc/passwd".to_owned(),
    ] {
        assert_eq!(
            send(&host, "GET", &path, &[("Host", &host)]).status,
            404,
            "{path}"
        );
    }
    // Every start has a token of its own.
    assert_ne!(Served::new(Limits::default()).parts().1, token);
}

#[test]
fn another_host_origin_or_site_is_refused() {
    let served = Served::new(Limits::default());
    let (host, token) = served.parts();
    let page = format!("/{token}/");
    let port = host.rsplit_once(':').unwrap().1.to_owned();
    let local = format!("localhost:{port}");
    assert_eq!(send(&host, "GET", &page, &[("Host", &local)]).status, 200);
    for wrong in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        &format!("evil.example:{port}"),
    ] {
        assert_eq!(
            send(&host, "GET", &page, &[("Host", wrong)]).status,
            403,
            "{wrong}"
        );
    }
    for wrong in [
        "null",
        "http://evil.example",
        "https://127.0.0.1",
        &format!("https://{host}"),
    ] {
        assert_eq!(
            served.ask("GET", "", &[("Origin", wrong)]).status,
            403,
            "{wrong}"
        );
    }
    for (site, status) in [
        ("same-origin", 200),
        ("none", 200),
        ("cross-site", 403),
        ("same-site", 403),
    ] {
        assert_eq!(
            served.ask("GET", "", &[("Sec-Fetch-Site", site)]).status,
            status,
            "{site}"
        );
    }
    // What writes must say where it comes from.
    assert_eq!(served.ask("POST", "save?run=0", &[]).status, 403);
    assert_eq!(served.ask("PUT", "", &[]).status, 405);
}

#[test]
fn answers_let_a_browser_do_nothing_else() {
    let served = Served::new(Limits::default());
    let page = served.get("");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
    let policy = page.header("content-security-policy").to_owned();
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe"));
    let html = page.text();
    assert!(!html.contains("http://") || html.matches("http://").all(|_| html.contains("w3.org")));
    assert_eq!(
        served
            .get("spec?scene=small")
            .header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
}

#[test]
fn nothing_of_the_disk_is_served() {
    let served = Served::new(Limits::default());
    for path in [
        "Cargo.toml",
        "../Cargo.toml",
        "%2e%2e/Cargo.toml",
        "runs",
        "save",
        "spec/../run",
    ] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    // Where a run is saved is not for the page to say.
    let saved = served.post("save?run=../../etc&out=/tmp");
    assert_eq!(saved.status, 400);
    let text = saved.text();
    assert!(text.contains("Run it again"), "{text}");
}

#[test]
fn a_large_request_is_cut_off() {
    let served = Served::new(Limits::default());
    let long = format!("run?scene=small&lr={}", "1".repeat(100_000));
    let status = served.get(&long).status;
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(served.get("").status, 200);
}

#[test]
fn wrong_dials_say_what_would_be_right() {
    let served = Served::new(Limits::default());
    for (query, cure) in [
        ("scene=nope", "Choose one of small"),
        (
            "scene=small&nope=1",
            "Choose one of lr, steps, seeds, precision",
        ),
        ("scene=small&lr=11", "from 0.000001 to 10"),
        ("scene=small&lr=NaN", "must be a number"),
        ("scene=small&steps=100.5", "a whole number"),
        ("scene=small&precision=f16", "choose one of f32, f64"),
    ] {
        let response = served.get(&format!("run?{query}"));
        assert_eq!(response.status, 400, "{query}");
        let text = response.text();
        assert!(text.contains(cure), "{query}: {text}");
    }
}
