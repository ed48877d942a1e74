use std::{fs, num::NonZeroUsize, thread};

use serde_json::{Value, json};
use train::Provenance;

/// The machine and program that measured.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Model of the processor; `unknown` if the system does not report it.
    pub(crate) processor: String,
    /// Cores that the process may use.
    pub(crate) cores: usize,
    /// This program.
    pub(crate) program: Provenance,
}

impl Machine {
    /// This machine.
    pub(crate) fn here(program: Provenance) -> Self {
        Self {
            processor: processor().unwrap_or_else(|| "unknown".to_owned()),
            cores: cores(),
            program,
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "layerwise_version": self.program.version,
            "rustc_version": self.program.rustc,
            "git_commit": self.program.commit,
        })
    }
}

/// This machine in a few words: `AMD EPYC 7763, 2 cores`.
pub(crate) fn machine_name() -> String {
    let processor = processor().unwrap_or_else(|| "unknown processor".to_owned());
    let cores = cores();
    let plural = if cores == 1 { "" } else { "s" };
    format!("{processor}, {cores} core{plural}")
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn processor() -> Option<String> {
    field(&fs::read_to_string("/proc/cpuinfo").ok()?, "model name").map(str::to_owned)
}

/// Peak memory of this process so far, in bytes; `None` if the system does not report it.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = field(&status, "VmHWM")?.strip_suffix("kB")?;
    kibibytes.trim().parse::<u64>().ok().map(|size| 1024 * size)
}

/// The first value of `key` in lines of the form `key : value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let found = fields.find(|(name, _)| name.trim() == key);
    found.map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_whatever_surrounds_it() {
        let text = "processor\t: 0\nmodel name\t: Some CPU: fast\nVmHWM:\t  120 kB\n";
        assert_eq!(field(text, "model name"), Some("Some CPU: fast"));
        assert_eq!(field(text, "VmHWM"), Some("120 kB"));
        assert_eq!(field(text, "name"), None);
    }
}
