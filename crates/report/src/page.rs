mod claims;
mod end_values;
mod first_screen;
mod judged;
mod leaderboard;
mod made;
mod map;
mod pictures;
pub(crate) mod script;
mod topic;
mod verdict;
mod view;

use judge::Run;
use minijinja::{Environment, UndefinedBehavior, Value, context, value::Serde};

use crate::{Failed, ReportError, glossary, subscript};

pub use self::end_values::name as number_name;
use self::view::PageView;
pub(crate) use self::{
    claims::centre,
    made::made_by,
    topic::{decisive, number},
    verdict::symbol,
};

/// The parts of the page. A name that ends in .html is escaped where nothing is marked as safe.
const TEMPLATES: [(&str, &str); 9] = [
    ("page.html", include_str!("../assets/page/page.html")),
    ("style.css", include_str!("../assets/page/style.css")),
    ("macros.html", include_str!("../assets/page/macros.html")),
    ("content.html", include_str!("../assets/page/content.html")),
    (
        "first_screen.html",
        include_str!("../assets/page/first_screen.html"),
    ),
    ("map.html", include_str!("../assets/page/map.html")),
    ("claims.html", include_str!("../assets/page/claims.html")),
    (
        "leaderboard.html",
        include_str!("../assets/page/leaderboard.html"),
    ),
    (
        "experiment.html",
        include_str!("../assets/page/experiment.html"),
    ),
];

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
/// more than one of them it begins with the answer: what the layered models explain of real nets, what
/// they do not, and how sure that is. A table of all claims by phenomenon follows, then every
/// experiment. At the end stand the terms of the glossary that the page uses.
///
/// # Errors
/// The template cannot be filled in.
pub fn page_over(runs: &[Run], failed: &[Failed], left: &[String]) -> Result<String, ReportError> {
    fill(&PageView::new(runs, failed, left)).map_err(|error| ReportError::Page {
        problem: format!("{error:#}"),
    })
}

fn fill(view: &PageView) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Sentences of the spec, with R_k as a symbol with a subscript.
    environment.add_filter("indexed", |text: &str| {
        Value::from_safe_string(subscript::html(text))
    });
    // The same with links to the glossary.
    environment.add_filter("linked", |text: &str| {
        Value::from_safe_string(glossary::linked(text))
    });
    environment.add_filter("term", |word: &str| {
        Value::from_safe_string(glossary::link_of(word))
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    let content = environment.get_template("content.html")?;
    let content = content.render(Serde(view))?;
    let page = environment.get_template("page.html")?;
    let html = page.render(context! {
        title => &view.title,
        policy => script::policy(),
        script => Value::from_safe_string(script::SCRIPT.clone()),
        glossary => Serde(glossary::used_by(&content)),
        content => Value::from_safe_string(content),
    })?;
    Ok(html + "\n")
}
