use std::process::ExitCode;

use plan::Options;
use serde_json::json;
use train::Kinds;

use super::print_json;
use crate::{failure::Failure, registered::Registration, shipped};

/// Lists the shipped experiments, or prints the registration of their claims.
pub(super) fn list(
    preregister: Option<&str>,
    kinds: &Kinds,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut rows = Vec::new();
    for (name, _) in shipped::SPECS {
        let spec = shipped::find(name, &Options::default(), kinds)?.spec;
        let claims: Vec<String> = spec.claims.iter().map(|claim| claim.id.clone()).collect();
        rows.push((spec, claims));
    }
    if let Some(date) = preregister {
        let specs = rows.iter().map(|(spec, _)| spec);
        say_on!("{}", Registration::of(date, specs).to_text());
    } else if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(spec, claims)| {
                json!({
                    "name": spec.name,
                    "title": spec.title,
                    "source": spec.source,
                    "claims": claims,
                    "minutes": spec.minutes,
                })
            })
            .collect();
        print_json(&json!({ "experiments": rows }));
    } else {
        say!("{:<21} {:>7}  {:<33} title", "name", "minutes", "claims");
        for (spec, claims) in rows {
            let claims = claims.join(" ");
            say!(
                "{:<21} {:>7}  {claims:<33} {}",
                spec.name,
                spec.minutes,
                spec.title
            );
        }
        say!("\nminutes are for 2 cores; run an experiment with `layerwise run NAME`");
    }
    Ok(ExitCode::SUCCESS)
}
