use std::{
    fs,
    path::{Path, PathBuf},
};

use judge::Run;
use record::write_atomically;

use crate::{Failed, ReportError, animated, font, markdown, page_over, png, svg};

/// Pictures that were written.
#[derive(Debug, Default)]
pub struct Drawn {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What a reader of the files must know, one sentence each.
    pub warnings: Vec<String>,
}

/// Writes every picture of the run's spec to `figures/NAME.svg` and `figures/NAME.png` in the
/// run's folder. A picture that cannot be drawn does not keep the others from being written.
///
/// # Errors
/// The first picture that could not be drawn or written.
pub fn draw_pictures(run: &Run) -> Result<Drawn, ReportError> {
    let folder = run.path.join("figures");
    if !run.spec.pictures.is_empty() {
        fs::create_dir_all(&folder).map_err(|source| ReportError::Write {
            path: folder.clone(),
            source,
        })?;
    }
    let mut done = Drawn::default();
    let mut failed = None;
    for picture in &run.spec.pictures {
        let drawn = svg(run, picture).and_then(|svg| {
            let pixels = png(&svg)?;
            let missing = font::not_covered(&svg);
            if !missing.is_empty() {
                done.warnings.push(format!(
                    "{}.png: the built-in font lacks {missing}, which is drawn as boxes; the SVG file \
                     and the page take it from the fonts of their reader",
                    picture.name
                ));
            }
            for (ending, bytes) in [("svg", svg.as_bytes()), ("png", &pixels)] {
                let path = folder.join(format!("{}.{ending}", picture.name));
                write(&path, bytes)?;
                done.files.push(path);
            }
            Ok(())
        });
        failed = failed.or(drawn.err());
    }
    failed.map_or(Ok(done), Err)
}

/// Writes every picture of the run's spec that is about training time to
/// `figures/NAME-animated.svg` in the run's folder.
///
/// # Errors
/// The first picture that could not be drawn or written.
pub fn draw_animated(run: &Run) -> Result<Vec<PathBuf>, ReportError> {
    let folder = run.path.join("figures");
    let mut files = Vec::new();
    for picture in &run.spec.pictures {
        if let Some(svg) = animated(run, picture)? {
            fs::create_dir_all(&folder).map_err(|source| ReportError::Write {
                path: folder.clone(),
                source,
            })?;
            let path = folder.join(format!("{}-animated.svg", picture.name));
            write(&path, svg.as_bytes())?;
            files.push(path);
        }
    }
    Ok(files)
}

/// Writes the page over `runs` to `path`.
///
/// # Errors
/// The page cannot be made or written.
pub fn write_page(runs: &[Run], path: &Path) -> Result<(), ReportError> {
    write_page_over(runs, &[], &[], path)
}

/// Writes the page over `runs`, the experiments that `failed` and those that are `left` to `path`.
///
/// # Errors
/// The page cannot be made or written.
pub fn write_page_over(
    runs: &[Run],
    failed: &[Failed],
    left: &[String],
    path: &Path,
) -> Result<(), ReportError> {
    write(path, page_over(runs, failed, left)?.as_bytes())
}

/// Writes the Markdown table of `runs` to `path`; see [`markdown`].
///
/// # Errors
/// The file cannot be written.
pub fn write_markdown(runs: &[Run], path: &Path) -> Result<(), ReportError> {
    write(path, markdown(runs).as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    write_atomically(path, bytes).map_err(|source| ReportError::Write {
        path: path.to_owned(),
        source,
    })
}
