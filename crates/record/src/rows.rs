//! Observations as lines of JSON, each with a checksum of all lines so far.
//!
//! A line is `{"variant":…,…,"value":…,"check":"XXXXXXXX"}`. The check is the CRC-32 of all lines
//! up to this one, each without its own `,"check":"XXXXXXXX"}` and line break. Python's
//! `zlib.crc32(line, crc)`, continued from line to line, gives the same. The checks reveal a
//! flipped bit, a missing line and two swapped lines.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use crate::{Observation, RunFolderError};

const CHECK: &str = ",\"check\":\"";
const TAIL: &str = "\"}\n";
/// Hexadecimal digits of a check.
const DIGITS: usize = 8;
/// Number of bytes after the text that the check covers.
const CHECK_LENGTH: usize = CHECK.len() + DIGITS + TAIL.len();

/// A position between two lines of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Lines before it.
    pub rows: u64,
    /// Bytes before it.
    pub bytes: u64,
    /// The check of the previous line.
    pub check: u32,
}

impl Mark {
    /// Appends a row to `out`, and moves after it.
    pub(crate) fn write(&mut self, row: &Observation, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = out.len();
        serde_json::to_writer(&mut *out, row)?;
        // The closing brace comes after the check.
        out.pop();
        let mut hasher = Hasher::new_with_initial(self.check);
        hasher.update(&out[start..]);
        self.check = hasher.finalize();
        write!(out, "{CHECK}{:08x}{TAIL}", self.check).map_err(serde_json::Error::io)?;
        self.rows += 1;
        self.bytes += (out.len() - start) as u64;
        Ok(())
    }

    /// Checks a line with its line break and moves after it. Returns the text of the row without
    /// its closing brace.
    fn pass<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let (text, check) = line.split_at_checked(line.len().checked_sub(CHECK_LENGTH)?)?;
        let mut hasher = Hasher::new_with_initial(self.check);
        hasher.update(text);
        let found = hasher.finalize();
        if check != format!("{CHECK}{found:08x}{TAIL}").as_bytes() {
            return None;
        }
        self.check = found;
        self.rows += 1;
        self.bytes += line.len() as u64;
        Some(text)
    }
}

/// All rows as the bytes of a file.
pub(crate) fn to_bytes(rows: &[Observation]) -> serde_json::Result<Vec<u8>> {
    let mut mark = Mark::default();
    let mut bytes = Vec::new();
    for row in rows {
        mark.write(row, &mut bytes)?;
    }
    Ok(bytes)
}

/// [`to_bytes`] piece by piece.
pub(crate) fn write_rows(rows: &[Observation], out: &mut dyn Write) -> std::io::Result<()> {
    let mut mark = Mark::default();
    let mut line = Vec::new();
    for row in rows {
        line.clear();
        mark.write(row, &mut line)?;
        out.write_all(&line)?;
    }
    Ok(())
}

/// The rows of a file. All lines must be intact.
///
/// # Errors
/// The file cannot be read, or a line is damaged.
pub(crate) fn read_rows(path: &Path) -> Result<Vec<Observation>, RunFolderError> {
    let bytes = fs::read(path).map_err(|error| RunFolderError::read(path, error))?;
    rows_of(path, &bytes)
}

/// The rows in the bytes of a file. All lines must be intact.
pub(crate) fn rows_of(path: &Path, bytes: &[u8]) -> Result<Vec<Observation>, RunFolderError> {
    let (rows, mark) = leading_rows(bytes);
    if mark.bytes == bytes.len() as u64 {
        return Ok(rows);
    }
    let number = mark.rows + 1;
    let problem = format!("line {number} is damaged: its checksum does not fit");
    Err(RunFolderError::damaged(path, problem))
}

/// The rows of a file that is being written, or whose writer was killed, up to the first damaged
/// line. Empty if the file does not exist.
pub(crate) fn read_leading_rows(path: &Path) -> Vec<Observation> {
    // Reading a device might never end.
    if !path.is_file() {
        return Vec::new();
    }
    fs::read(path).map_or(Vec::new(), |bytes| leading_rows(&bytes).0)
}

fn leading_rows(bytes: &[u8]) -> (Vec<Observation>, Mark) {
    let mut mark = Mark::default();
    let mut rows = Vec::new();
    let mut text = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let mut next = mark;
        let Some(row) = next.pass(line) else { break };
        text.clear();
        text.extend_from_slice(row);
        text.push(b'}');
        let Ok(row) = serde_json::from_slice(&text) else {
            break;
        };
        rows.push(row);
        mark = next;
    }
    (rows, mark)
}

/// Writes rows during training.
#[derive(Debug)]
pub(crate) struct RowWriter {
    path: PathBuf,
    stream: BufWriter<File>,
    mark: Mark,
    line: Vec<u8>,
    flushed: Option<Instant>,
}

/// Longest time that rows are buffered. A system call for each measurement would cost up to a tenth
/// of the measurement.
const WAIT: Duration = Duration::from_millis(100);

impl RowWriter {
    /// Creates an empty file, in place of any existing one.
    pub(crate) fn create(path: &Path) -> Result<Self, RunFolderError> {
        let file = File::create(path).map_err(|error| RunFolderError::write(path, error))?;
        Ok(Self::at(path, file, Mark::default()))
    }

    /// Continues at `mark` and cuts off everything after it. Also returns the rows before it.
    pub(crate) fn resume(
        path: &Path,
        mark: Mark,
    ) -> Result<(Self, Vec<Observation>), RunFolderError> {
        let bytes = fs::read(path).map_err(|error| RunFolderError::read(path, error))?;
        let kept = usize::try_from(mark.bytes)
            .ok()
            .and_then(|kept| bytes.get(..kept));
        let read = kept.map(leading_rows).filter(|(_, found)| *found == mark);
        let Some((rows, _)) = read else {
            let problem = "is damaged before the place of the checkpoint";
            return Err(RunFolderError::damaged(path, problem));
        };
        let open = || {
            let mut file = OpenOptions::new().write(true).open(path)?;
            file.set_len(mark.bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|error: std::io::Error| RunFolderError::write(path, error))?;
        Ok((Self::at(path, file, mark), rows))
    }

    fn at(path: &Path, file: File, mark: Mark) -> Self {
        Self {
            path: path.to_owned(),
            stream: BufWriter::new(file),
            mark,
            line: Vec::new(),
            flushed: None,
        }
    }

    /// Current position.
    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    /// Appends rows. The operating system gets them soon after, so that they survive if the process
    /// is killed. It gets the first rows at once, so that a full disk is noticed before training.
    pub(crate) fn append(&mut self, rows: &[Observation]) -> Result<(), RunFolderError> {
        self.line.clear();
        let mut mark = self.mark;
        let mut write = || -> std::io::Result<()> {
            for row in rows {
                mark.write(row, &mut self.line)?;
            }
            self.stream.write_all(&self.line)?;
            if self.flushed.is_none_or(|time| time.elapsed() >= WAIT) {
                self.stream.flush()?;
                self.flushed = Some(Instant::now());
            }
            Ok(())
        };
        write().map_err(|error| RunFolderError::write(&self.path, error))?;
        self.mark = mark;
        Ok(())
    }

    /// Waits until everything is on the disk.
    pub(crate) fn sync(&mut self) -> Result<(), RunFolderError> {
        let mut sync = || {
            self.stream.flush()?;
            self.stream.get_ref().sync_data()
        };
        sync().map_err(|error| RunFolderError::write(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn row(step: u64) -> Observation {
        Observation {
            variant: "base".into(),
            seed: 3,
            model: "net".into(),
            metric: "loss, \"check\":\"".into(),
            index: 0,
            step,
            flow_time: None,
            value: 0.1 * step as f64,
        }
    }

    fn rows(count: u64) -> Vec<Observation> {
        (0..count).map(row).collect()
    }

    #[test]
    fn written_files_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let mut writer = RowWriter::create(&path).unwrap();
        writer.append(&rows(3)).unwrap();
        let mark = writer.mark();
        writer.append(&[row(3), row(4)]).unwrap();
        drop(writer);
        assert_eq!(read_rows(&path).unwrap(), rows(5));
        assert_eq!(fs::read(&path).unwrap(), to_bytes(&rows(5)).unwrap());
        let (mut writer, before) = RowWriter::resume(&path, mark).unwrap();
        assert_eq!(before, rows(3));
        writer.append(&[row(3)]).unwrap();
        writer.sync().unwrap();
        assert_eq!(read_rows(&path).unwrap(), rows(4));
        assert_eq!(fs::read(&path).unwrap(), to_bytes(&rows(4)).unwrap());
        let wrong = Mark { check: 1, ..mark };
        let error = RowWriter::resume(&path, wrong).unwrap_err().to_string();
        assert!(error.contains("rows.jsonl: is damaged"), "{error}");
    }

    #[test]
    fn a_check_is_the_crc_of_all_lines_so_far() {
        // zlib.crc32(b'a', 0), continued over b'b', equals that of b'ab'.
        let bytes = to_bytes(&rows(2)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let bodies = lines.iter().map(|line| line.rsplit_once(CHECK).unwrap().0);
        let all: String = bodies.collect();
        let expected = format!("{CHECK}{:08x}\"}}", crc32fast::hash(all.as_bytes()));
        assert!(lines[1].ends_with(&expected), "{}", lines[1]);
        let plain: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(plain["step"], 1);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let bytes = to_bytes(&rows(3)).unwrap();
        let second = bytes.iter().position(|&b| b == b'\n').unwrap() + 1;
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            let error = read_rows(&path).unwrap_err().to_string();
            assert!(error.contains("is damaged"), "bit {bit}: {error}");
            // The rows before the damage are still read.
            let before = read_leading_rows(&path);
            assert!(bit / 8 < second || before[..1] == rows(1), "bit {bit}");
        }
        // A cut between two lines leaves an intact file; only the known number of rows reveals it.
        for length in 0..bytes.len() {
            let whole = length == 0 || bytes[length - 1] == b'\n';
            fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(read_rows(&path).is_ok(), whole, "{length} bytes");
        }
        let swapped: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
        fs::write(&path, [swapped[1], swapped[0], swapped[2]].concat()).unwrap();
        assert!(read_rows(&path).is_err());
    }
}
