mod judged;
mod leaderboard;
mod made;
mod overview;
mod view;

use judge::Run;
use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};

use crate::{ReportError, subscript};

use crate::Failed;

pub(crate) use self::overview::{decisive, number};
use self::view::PageView;

const TEMPLATE: &str = include_str!("../assets/page.html");

/// One HTML page over `runs` that needs nothing from outside: pictures, verdicts, numbers, values
/// per seed, cells that failed, manifest and spec of each. A picture that cannot be drawn is
/// replaced by the reason.
///
/// # Errors
/// The template cannot be filled in.
pub fn page(runs: &[Run]) -> Result<String, ReportError> {
    page_over(runs, &[], &[])
}

/// [`page`], with experiments that `failed` and the names of those that are `left` to be run. Over
/// more than one of them it begins with a table of all claims by phenomenon, what came out
/// contradicted or undecided, and what is left of the verdicts when their number is accounted for.
///
/// # Errors
/// The template cannot be filled in.
pub fn page_over(runs: &[Run], failed: &[Failed], left: &[String]) -> Result<String, ReportError> {
    let problem = |error: minijinja::Error| ReportError::Page {
        problem: format!("{error:#}"),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Sentences of the spec, with R_k as a symbol with a subscript.
    environment.add_filter("indexed", |text: &str| {
        Value::from_safe_string(subscript::html(text))
    });
    // The name ends in .html, so everything is escaped that is not marked as safe.
    environment
        .add_template("page.html", TEMPLATE)
        .map_err(problem)?;
    let template = environment.get_template("page.html").map_err(problem)?;
    let view = Serde(PageView::new(runs, failed, left));
    let html = template.render(view).map_err(problem)?;
    Ok(html + "\n")
}
