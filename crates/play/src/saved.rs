use std::{
    fs, io,
    path::{Path, PathBuf},
};

use judge::Run;

use crate::error::PlayError;

/// Copies a finished run to a new folder in `out`, and draws its pictures and its page there. Returns the
/// folder: `NAME`, or `NAME-2` and so on where there is a run before.
///
/// # Errors
/// The folder cannot be written, or the page cannot be drawn.
pub(crate) fn save(run: &Path, out: &Path) -> Result<PathBuf, PlayError> {
    let name = Run::read(run)?.spec.name;
    let failed = |path: &Path, source| PlayError::Folder {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(out).map_err(|error| failed(out, error))?;
    let mut count = 1;
    let folder = loop {
        let numbered = match count {
            1 => name.clone(),
            more => format!("{name}-{more}"),
        };
        let folder = out.join(numbered);
        match fs::create_dir(&folder) {
            Ok(()) => break folder,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => count += 1,
            Err(error) => return Err(failed(&folder, error)),
        }
    };
    copy(run, &folder).map_err(|error| failed(&folder, error))?;
    let saved = Run::read(&folder)?;
    // A picture that cannot be drawn is a note on the page.
    let _ = report::draw_pictures(&saved);
    report::write_page(&[saved], &folder.join("report.html"))?;
    Ok(folder)
}

/// Copies a folder of files and folders.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
