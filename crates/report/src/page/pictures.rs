//! The pictures of a run on its page, with the numbers that they show, and the same pictures at other
//! values of a knob.

use judge::Run;
use minijinja::Value;
use plan::spec::{Panel, Picture};
use serde::Serialize;

use crate::{Figure, ReportError, families, figure};

/// Most numbers that curves of a picture have on a page over one run, and over several.
const ROOM: [usize; 2] = [26_000, 8_000];
/// Most bytes that the other values of knobs may add to one picture, likewise.
const ROOM_FOR_OTHERS: [usize; 2] = [150_000, 80_000];

#[derive(Serialize)]
pub(super) struct PictureView {
    anchor: String,
    figure: Option<FigureView>,
    problem: String,
    others: Vec<OtherView>,
}

/// A picture and its numbers, ready to stand on the page.
#[derive(Serialize)]
struct FigureView {
    svg: Value,
    numbers: Value,
}

/// The picture at one value of a knob.
#[derive(Serialize)]
struct OtherView {
    knob: String,
    value: String,
    /// The value that the picture shows without the script.
    shown: String,
    figure: FigureView,
}

/// The id of the picture at `position` of the run at `place`.
pub(super) fn figure_anchor(place: usize, position: usize) -> String {
    format!("figure-{}-{}", place + 1, position + 1)
}

/// The pictures of the run at `place` of a page over `several` runs or one.
pub(super) fn pictures(run: &Run, place: usize, several: bool) -> Vec<PictureView> {
    let pictures = run.spec.pictures.iter().enumerate();
    pictures
        .map(|(position, picture)| {
            let anchor = figure_anchor(place, position);
            match figure(run, picture, ROOM[usize::from(several)]) {
                Ok(drawn) => PictureView {
                    anchor,
                    others: others(run, picture, &drawn, several),
                    figure: Some(drawn.into()),
                    problem: String::new(),
                },
                Err(error) => PictureView {
                    anchor,
                    others: Vec::new(),
                    figure: None,
                    problem: error.to_string(),
                },
            }
        })
        .collect()
}

impl From<Figure> for FigureView {
    fn from(figure: Figure) -> Self {
        // Inside HTML the name space goes without saying.
        let name_space = " xmlns=\"http://www.w3.org/2000/svg\"";
        Self {
            svg: Value::from_safe_string(figure.svg.replacen(name_space, "", 1)),
            numbers: Value::from_safe_string(figure.numbers),
        }
    }
}

/// The picture at every value of each knob that it shows at one value: none of a knob whose pictures
/// would take too much room or cannot be drawn.
fn others(run: &Run, picture: &Picture, drawn: &Figure, several: bool) -> Vec<OtherView> {
    let picture = with_cells_by_knobs(run, picture);
    let mut room = ROOM_FOR_OTHERS[usize::from(several)];
    let mut all = Vec::new();
    for (knob, shown) in fixed(&picture) {
        let values = values(run, &picture, &knob);
        if values.len() < 2 {
            continue;
        }
        let at = |value: &toml::Value| {
            if *value == shown {
                return Ok(drawn.clone());
            }
            let other = at_value(run, &picture, &knob, &shown, value);
            figure(run, &other, ROOM[1])
        };
        let figures: Result<Vec<Figure>, ReportError> = values.iter().map(at).collect();
        let Ok(figures) = figures else { continue };
        let size = |figure: &Figure| figure.svg.len() + figure.numbers.len();
        let size: usize = figures.iter().map(size).sum();
        if size > room {
            continue;
        }
        room -= size;
        all.extend(values.iter().zip(figures).map(|(value, figure)| OtherView {
            knob: families::knob_name(&knob),
            value: families::value_text(value),
            shown: families::value_text(&shown),
            figure: figure.into(),
        }));
    }
    all
}

/// The picture with cells that panels call by name called by their group and knobs.
fn with_cells_by_knobs(run: &Run, picture: &Picture) -> Picture {
    let mut picture = picture.clone();
    for panel in &mut picture.panels {
        let [name] = panel.variants.as_mut_slice() else {
            continue;
        };
        let mut cells = run.manifest.variants.iter();
        let cell = cells.find(|cell| cell.name == *name && !cell.knobs.is_empty());
        if let Some(cell) = cell.filter(|_| panel.at.is_empty()) {
            name.clone_from(&cell.group);
            panel.at = cell.knobs.clone();
        }
    }
    picture
}

/// The knobs that some panel shows at one value, which is that of every panel that fixes the knob.
fn fixed(picture: &Picture) -> Vec<(String, toml::Value)> {
    let mut knobs: Vec<(String, toml::Value)> = Vec::new();
    let entries = || picture.panels.iter().flat_map(|panel| &panel.at);
    for (knob, value) in entries() {
        let agree = entries().all(|(other, at)| other != knob || at == value);
        if agree && knobs.iter().all(|(other, _)| other != knob) {
            knobs.push((knob.clone(), value.clone()));
        }
    }
    knobs
}

/// The values of a knob in the groups that panels show which fix it.
fn values(run: &Run, picture: &Picture, knob: &str) -> Vec<toml::Value> {
    let mut values: Vec<toml::Value> = Vec::new();
    for panel in picture.panels.iter().filter(|p| p.at.contains_key(knob)) {
        let shown = |name: &String| panel.variants.contains(name);
        let cells = run.manifest.variants.iter();
        for cell in cells.filter(|cell| shown(&cell.group)) {
            match cell.knobs.get(knob) {
                Some(value) if !values.contains(value) => values.push(value.clone()),
                _ => {}
            }
        }
    }
    values
}

/// The picture where panels that fix `knob` show it at `value`. It states no finding: that is about what
/// is `shown` else.
fn at_value(
    run: &Run,
    picture: &Picture,
    knob: &str,
    shown: &toml::Value,
    value: &toml::Value,
) -> Picture {
    let mut other = picture.clone();
    let [value_text, shown] = [value, shown].map(families::value_text);
    let name = families::knob_name(knob);
    let experiment = &run.spec.name;
    other.titles = None;
    other.title = format!("{} of {experiment} at {name} = {value_text}", picture.name);
    other.caption = format!(
        "Headings and caption are those of the picture at {name} = {shown}. {}",
        picture.caption
    );
    let at = |panel: &mut Panel| {
        if let Some(own) = panel.at.get_mut(knob) {
            own.clone_from(value);
        }
    };
    other.panels.iter_mut().for_each(at);
    other
}
