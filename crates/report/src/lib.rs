//! Overlays (SVG, PNG) and self-contained pages from recorded runs.
/// Error.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ReportError;
/// Draw.
pub fn draw_pictures(_: &lab::record::Run) -> Result<Vec<std::path::PathBuf>, ReportError> {
    Ok(vec![])
}
/// Page.
pub fn write_page(_: &[lab::record::Run], _: &std::path::Path) -> Result<(), ReportError> {
    Ok(())
}
