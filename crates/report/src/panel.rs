//! One pair of axes: a panel of any kind, before it has a place.

mod axes;
mod curves;

use lab::spec::Panel;

pub(crate) use axes::Frame;
pub(crate) use curves::Curves;

fn name_of(panel: &Panel, position: usize) -> String {
    if panel.title.is_empty() {
        format!("panel {}", position + 1)
    } else {
        format!("panel {} ({:?})", position + 1, panel.title)
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
