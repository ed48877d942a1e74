//! Overlays (SVG, PNG) and self-contained pages from recorded runs.
