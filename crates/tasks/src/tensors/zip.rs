//! Reads members of zip archives written by NumPy and PyTorch.
//!
//! The crate `zip` would add four more dependencies, although these archives are neither encrypted
//! nor split. Decompression and checksums come from flate2 and crc32fast.

use std::{borrow::Cow, io::Read};

use flate2::read::DeflateDecoder;

/// A member of an archive, still compressed.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: String,
    encrypted: bool,
    method: u16,
    crc: u32,
    size: u64,
    packed: &'a [u8],
}

/// Signature of a non-empty archive.
pub(crate) const SIGNATURE: &[u8] = b"PK\x03\x04";

impl<'a> Member<'a> {
    /// All members in the directory at the end of the archive; `None` if the archive is incomplete
    /// or damaged.
    pub(crate) fn all(archive: &'a [u8]) -> Option<Vec<Self>> {
        let (count, mut at) = directory(archive)?;
        let mut members = Vec::new();
        for _ in 0..count {
            let (member, length) = Self::at(archive, at)?;
            members.push(member);
            at += length;
        }
        Some(members)
    }

    /// The member of the entry at `at`, and the length of that entry.
    fn at(archive: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let entry = archive.get(at..)?;
        let names = entry.starts_with(b"PK\x01\x02").then_some(46)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(entry, at).map(usize::from));
        let (name, extra, comment) = (name?, extra?, comment?);
        let mut wide = Wide::of(entry.get(names + name..names + name + extra)?);
        let size = wide.or_else(u32_at(entry, 24)?)?;
        let packed = wide.or_else(u32_at(entry, 20)?)?;
        let local = wide.or_else(u32_at(entry, 42)?)?;
        let local = archive.get(usize::try_from(local).ok()?..)?;
        let behind = 30 + usize::from(u16_at(local, 26)?) + usize::from(u16_at(local, 28)?);
        let member = Self {
            name: String::from_utf8_lossy(entry.get(names..names + name)?).into_owned(),
            encrypted: u16_at(entry, 8)? & 1 != 0,
            method: u16_at(entry, 10)?,
            crc: u32_at(entry, 16)?,
            size,
            packed: local.get(behind..)?.get(..usize::try_from(packed).ok()?)?,
        };
        Some((member, names + name + extra + comment))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// The member is encrypted, damaged, or compressed by a method that NumPy does not use.
    pub(crate) fn content(&self) -> Result<Cow<'a, [u8]>, String> {
        let name = &self.name;
        let content = match (self.encrypted, self.method) {
            (false, 0) => Cow::Borrowed(self.packed),
            (false, 8) => {
                let mut content = Vec::new();
                let limit = self.size.saturating_add(1);
                let mut reader = DeflateDecoder::new(self.packed).take(limit);
                let read = reader.read_to_end(&mut content);
                read.map_err(|error| format!("{name:?} in it cannot be unpacked: {error}"))?;
                Cow::Owned(content)
            }
            _ => {
                return Err(format!(
                    "{name:?} in it is encrypted, or compressed by a method that NumPy does not use"
                ));
            }
        };
        if content.len() as u64 != self.size || crc32fast::hash(&content) != self.crc {
            return Err(format!("{name:?} in it is damaged: its checksum is wrong"));
        }
        Ok(content)
    }
}

/// Number of members, and position of the first entry.
fn directory(archive: &[u8]) -> Option<(u64, usize)> {
    const LENGTH: usize = 22;
    let least = archive.len().saturating_sub(LENGTH + usize::from(u16::MAX));
    let last = archive.len().checked_sub(LENGTH)?;
    let end = (least..=last).rev();
    let end = end
        .into_iter()
        .find(|&at| archive[at..].starts_with(b"PK\x05\x06"))?;
    let (count, start) = (u16_at(archive, end + 10)?, u32_at(archive, end + 16)?);
    if count != u16::MAX && start != u32::MAX {
        return Some((count.into(), usize::try_from(start).ok()?));
    }
    let locator = archive.get(end.checked_sub(20)?..)?;
    let wide = locator
        .starts_with(b"PK\x06\x07")
        .then(|| u64_at(locator, 8))??;
    let wide = archive.get(usize::try_from(wide).ok()?..)?;
    wide.starts_with(b"PK\x06\x06").then_some(())?;
    Some((u64_at(wide, 32)?, usize::try_from(u64_at(wide, 48)?).ok()?))
}

/// 64-bit numbers of an entry, in the order in which they are needed.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn of(mut extra: &'a [u8]) -> Self {
        while let (Some(kind), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
            let end = (4 + usize::from(length)).min(extra.len());
            if kind == 1 {
                return Self(&extra[4..end]);
            }
            extra = &extra[end..];
        }
        Self(&[])
    }

    /// `narrow`, or the next wide number if `narrow` marks an overflow.
    fn or_else(&mut self, narrow: u32) -> Option<u64> {
        if narrow != u32::MAX {
            return Some(narrow.into());
        }
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
