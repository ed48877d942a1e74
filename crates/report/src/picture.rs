use std::borrow::Cow;

use judge::Run;
use plan::spec::Picture;

use crate::{
    ReportError,
    canvas::{Anchor, Canvas},
    colour_scale::ColourScale,
    feeds::fed,
    figure::{Figure, Numbers, PanelNumbers},
    font,
    legend::{self, Entry},
    panel::{Axes, Frame, Prepared},
    style::{INK, QUIET, SMALL, TITLE},
    subscript::subscripts,
};

/// Room around everything.
const MARGIN: f64 = 18.0;
/// Room between panels.
const GUTTER: f64 = 26.0;

/// How panels are laid out: the total width, the number of columns, and the height of a row. A
/// picture is never so wide that its text is illegible at 700 pixels.
fn layout(panels: usize) -> (f64, usize, f64) {
    match panels {
        0 | 1 => (960.0, 1, 500.0),
        2 => (1060.0, 2, 430.0),
        3 => (1180.0, 3, 400.0),
        _ => (1060.0, 2, 380.0),
    }
}

/// One picture of a run as an SVG document.
///
/// # Errors
/// A panel has nothing to draw, or shows a knob without naming it.
pub fn svg(run: &Run, picture: &Picture) -> Result<String, ReportError> {
    Ok(draw(run, picture)?.svg)
}

/// One picture of a run with the numbers that it shows, for a page. Its curves have about `room`
/// numbers at most; where there are more records, the numbers are those of some of them.
///
/// # Errors
/// Those of [`svg`].
pub fn figure(run: &Run, picture: &Picture, room: usize) -> Result<Figure, ReportError> {
    let drawn = draw(run, picture)?;
    let each = room / drawn.panels.len().max(1);
    let panels = drawn.panels.iter().zip(&drawn.places);
    let panels: Vec<PanelNumbers> = panels
        .map(|(panel, (outer, axes))| panel.numbers(run, axes.as_ref(), *outer, each))
        .collect();
    let numbers = Numbers {
        name: picture.name.clone(),
        run: run.spec.name.clone(),
        title: subscripts(&title(run, picture)),
        caption: caption(run, picture),
        claims: fed(run, &panels),
        panels,
    };
    Ok(Figure {
        svg: drawn.svg,
        numbers: numbers.to_json(),
    })
}

/// A picture that is drawn, with its panels and where they stand.
pub(crate) struct Drawn<'a> {
    /// The picture.
    pub(crate) svg: String,
    /// Its panels.
    pub(crate) panels: Vec<Prepared<'a>>,
    /// Where each panel stands, and its axes.
    pub(crate) places: Vec<(Frame, Option<Axes>)>,
}

/// Draws a picture.
pub(crate) fn draw<'a>(run: &'a Run, picture: &'a Picture) -> Result<Drawn<'a>, ReportError> {
    let (width, columns, row_height) = layout(picture.panels.len());
    let room = width - 2.0 * MARGIN;
    let panel_width = (room - GUTTER * (columns - 1) as f64) / columns as f64;
    let panels = (0..picture.panels.len())
        .map(|position| Prepared::new(run, picture, position, panel_width))
        .collect::<Result<Vec<_>, _>>()?;
    if panels.is_empty() {
        return Err(ReportError::NoData {
            picture: picture.name.clone(),
            panel: "no panel".to_owned(),
            metric: String::new(),
            models: "any model".to_owned(),
            variants: "any variant".to_owned(),
        });
    }
    let coloured: Vec<_> = panels.iter().filter_map(Prepared::coloured).collect();
    let scale = ColourScale::shared(&coloured);
    let scale = scale.as_ref();
    let title = subscripts(&title(run, picture));
    let mut canvas = Canvas::new(width, &title);
    let mut y = MARGIN - 2.0;
    for line in font::wrap(&title, TITLE, room) {
        canvas.text((MARGIN, y + TITLE), Anchor::Start, TITLE, INK, &line);
        y += TITLE * 1.3;
    }
    y += 10.0;
    let mut places = Vec::new();
    for row in panels.chunks(columns) {
        let foot = row.iter().map(|p| p.foot(panel_width)).fold(0.0, f64::max);
        for (column, panel) in row.iter().enumerate() {
            let left = MARGIN + (panel_width + GUTTER) * column as f64;
            let frame = Frame {
                left,
                top: y,
                right: left + panel_width,
                bottom: y + row_height,
            };
            canvas.group("panel", |canvas| {
                places.push((frame, panel.draw(canvas, frame, foot, scale)));
            });
        }
        y += row_height + 14.0;
    }
    if let Some(scale) = scale {
        y += scale.draw(&mut canvas, MARGIN, width - MARGIN, y) + 14.0;
    }
    let entries = entries(&panels, scale);
    y += legend::draw(&mut canvas, &entries, MARGIN, width - MARGIN, y);
    let lines = font::wrap(&caption(run, picture), SMALL, room);
    if !lines.is_empty() {
        y += 10.0;
    }
    for line in lines {
        canvas.text((MARGIN, y + SMALL), Anchor::Start, SMALL, QUIET, &line);
        y += SMALL * 1.4;
    }
    Ok(Drawn {
        svg: canvas.finish(y + MARGIN),
        panels,
        places,
    })
}

/// The sentences below a picture.
fn caption(run: &Run, picture: &Picture) -> String {
    let seeds = run.manifest.seeds.len().to_string();
    subscripts(&match run.manifest.quick {
        true => format!("Quick settings, seeds: {seeds}. A smoke test is evidence of nothing."),
        false => picture.caption.replace("{seeds}", &seeds),
    })
}

/// The finding: the title for the verdict of the claim that decides, where there is one. A quick run
/// finds nothing.
fn title<'a>(run: &Run, picture: &'a Picture) -> Cow<'a, str> {
    if run.manifest.quick {
        let (experiment, name) = (&run.spec.name, &picture.name);
        return format!("Smoke test with quick settings: {name} of {experiment}").into();
    }
    let judged = picture.titles.as_ref().and_then(|titles| {
        let mut claims = run.verdict.claims.iter();
        let claim = claims.find(|claim| claim.id == titles.claim)?;
        Some(titles.title(claim.outcome))
    });
    judged.unwrap_or(&picture.title).into()
}

/// One legend for all panels.
fn entries(panels: &[Prepared<'_>], scale: Option<&ColourScale>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for entry in panels.iter().flat_map(|panel| panel.entries(scale)) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    legend::merge_notes(entries)
}
