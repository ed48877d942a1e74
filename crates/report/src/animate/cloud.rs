//! Points of classes and their means at every moment of training.

use crate::{
    collect::{Cloud, Dot},
    style::{FAINT, INK, MEAN, QUIET, SMALL, TO_MEAN, colour},
};

use super::{Scene, clock::Clock, group, replaced};

/// The panel whose points move, in straight lines between records.
pub(super) fn moving(scene: &Scene<'_>, part: &str) -> Option<String> {
    let records = Cloud::records(scene.run, scene.panel);
    let steps = scene.clock.steps.iter();
    let frames: Vec<Cloud> = steps.map(|step| between(scene, &records, *step)).collect();
    let last = frames.last().filter(|_| records.len() > 1)?;
    let (points, means) = (group(part, "points")?, group(part, "means")?);
    let mut dots = String::new();
    for dot in &last.dots {
        let own = |cloud: &Cloud| {
            let mut dots = cloud.dots.iter();
            dots.find(|other| other.index == dot.index).copied()
        };
        let at = frames.iter().map(|cloud| own(cloud).unwrap_or(*dot));
        let [xs, ys] = places(scene, at);
        dots.push_str(&format!(
            "<circle r=\"2.2\" fill=\"{}\" fill-opacity=\"0.5\">{}{}</circle>\n",
            colour(dot.class),
            Clock::animate("cx", &xs, true),
            Clock::animate("cy", &ys, true),
        ));
    }
    let by_frame: Vec<Vec<Dot>> = frames.iter().map(Cloud::means).collect();
    let (origin_x, origin_y) = (scene.axes.x.at(0.0), scene.axes.y.at(0.0));
    for mean in last.means() {
        let own = |means: &Vec<Dot>| {
            let mut means = means.iter();
            means.find(|other| other.class == mean.class).copied()
        };
        let at = by_frame.iter().map(|means| own(means).unwrap_or(mean));
        let [xs, ys] = places(scene, at);
        let fill = colour(mean.class);
        dots.push_str(&format!(
            "<line x1=\"{origin_x:.1}\" y1=\"{origin_y:.1}\" stroke=\"{fill}\" stroke-width=\"{}\">{}{}</line>\n\
             <circle r=\"{MEAN}\" fill=\"{fill}\" stroke=\"{INK}\" stroke-width=\"1.6\">{}{}</circle>\n",
            TO_MEAN.width,
            Clock::animate("x2", &xs, true),
            Clock::animate("y2", &ys, true),
            Clock::animate("cx", &xs, true),
            Clock::animate("cy", &ys, true),
        ));
    }
    let frame = scene.axes.inner;
    let label = scene.clock.label((frame.right - 4.0, frame.top + 14.0));
    let note = format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{SMALL}\" fill=\"{QUIET}\" text-anchor=\"end\">{} \
         moments recorded, straight lines between them</text>\n",
        frame.right - 4.0,
        frame.top + 31.0,
        records.len(),
    );
    let origin =
        format!("<circle cx=\"{origin_x:.1}\" cy=\"{origin_y:.1}\" r=\"2.5\" fill=\"{FAINT}\"/>");
    let new = format!(
        "<g class=\"still\">\n{points}\n{means}\n</g>\n<g class=\"moving\">\n{dots}{origin}\n{label}{note}</g>"
    );
    replaced(part, &format!("{points}\n{means}"), &new)
}

/// The points at a step: those of a record, or between two of them.
fn between(scene: &Scene<'_>, records: &[(u64, Cloud)], step: f64) -> Cloud {
    let after = records.partition_point(|(at, _)| *at as f64 <= step);
    let (before, next) = (
        after.checked_sub(1).map(|at| &records[at]),
        records.get(after),
    );
    let (Some((from, start)), Some((to, end))) = (before, next) else {
        let only = before.or(next);
        return only.map(|(_, cloud)| cloud.clone()).unwrap_or_default();
    };
    let share = scene.clock.share(step, *from as f64, *to as f64);
    let along = |from: f64, to: f64| from + share * (to - from);
    let mut cloud = start.clone();
    for dot in &mut cloud.dots {
        if let Some(other) = end.dots.iter().find(|other| other.index == dot.index) {
            (dot.x, dot.y) = (along(dot.x, other.x), along(dot.y, other.y));
        }
    }
    cloud
}

/// Horizontal and vertical pixels.
fn places(scene: &Scene<'_>, dots: impl Iterator<Item = Dot>) -> [Vec<String>; 2] {
    let text = |pixel: f64| format!("{pixel:.1}");
    let pairs = dots.map(|dot| (text(scene.axes.x.at(dot.x)), text(scene.axes.y.at(dot.y))));
    let (xs, ys) = pairs.unzip();
    [xs, ys]
}
