use std::path::{Path, PathBuf};

use plan::{Options, Plan, load, value_of};
use record::{RunFolder, SweepFile, spec_file};
use train::{Kinds, Settings, Storing};

use super::super::run::{default_folder, prepare};
use crate::{
    args::{SweepWhat, Training},
    failure::Failure,
};

/// A sweep: its plan, its settings and its folder.
pub(super) struct Opened {
    pub(super) plan: Plan,
    pub(super) settings: Settings,
    pub(super) out: PathBuf,
}

impl Opened {
    /// From a spec, or from the folder of a sweep that was planned before.
    pub(super) fn find(what: &SweepWhat, kinds: &Kinds) -> Result<Self, Failure> {
        let folder = Path::new(&what.sweep);
        if folder.is_dir() {
            let changes = [
                ("-s", !what.set.is_empty()),
                ("--vary", !what.vary.is_empty()),
                ("--seeds", what.seeds.is_some()),
                ("--precision", what.precision.is_some()),
                ("--quick", what.quick),
                ("--device", what.device.is_some()),
                ("--engine", what.engine.is_some()),
                ("--out", what.out.is_some()),
            ];
            if let Some((flag, _)) = changes.iter().find(|(_, given)| *given) {
                return Err(Failure::usage(format!(
                    "{flag}: the sweep in {} has fixed settings. Leave the flag out, or give the \
                     spec and --out in place of the folder",
                    folder.display()
                )));
            }
            return Self::planned(folder, kinds);
        }
        let mut set = what.set.clone();
        if !what.vary.is_empty() {
            set.push(format!("sweep.grid={{ {} }}", grid(&what.vary)?));
        }
        let training = Training {
            set,
            seeds: what.seeds,
            threads: None,
            together: None,
            precision: what.precision,
            engine: what.engine.clone().unwrap_or_else(|| "auto".to_owned()),
            quick: what.quick,
        };
        let device = what.device.as_deref().unwrap_or("flex");
        let (plan, settings) = prepare(&what.sweep, &training, device, kinds)?;
        let out = (what.out.clone())
            .unwrap_or_else(|| default_folder(Path::new("runs"), &plan, &settings));
        Ok(Self {
            plan,
            settings,
            out,
        })
    }

    /// From the folder of a sweep.
    pub(super) fn planned(folder: &Path, kinds: &Kinds) -> Result<Self, Failure> {
        let Some(sweep) = SweepFile::read(folder)? else {
            return Err(Failure::usage(format!(
                "{}: holds no sweep. Give a folder that `layerwise sweep plan` or `sweep run` \
                 created",
                folder.display()
            )));
        };
        let plan = load(&spec_file(folder)?, &Options::default(), kinds)?;
        if plan.identity(&sweep.device, &sweep.engine).spec_hash != sweep.spec_hash {
            return Err(Failure::usage(format!(
                "{}: spec.toml has changed since the sweep was planned. Give the spec and --out \
                 in place of the folder",
                folder.display()
            )));
        }
        let threads = std::thread::available_parallelism();
        Ok(Self {
            settings: Settings {
                device: sweep.device,
                engine: sweep.engine,
                threads: threads.map_or(1, std::num::NonZeroUsize::get),
                together: None,
                quick: sweep.quick,
                storing: Storing::default(),
            },
            plan,
            out: folder.to_owned(),
        })
    }

    /// Creates the folder, or opens it again.
    pub(super) fn make(&self) -> Result<RunFolder, Failure> {
        let (device, engine) = (&self.settings.device, &self.settings.engine);
        let identity = self.plan.identity(device, engine);
        let spec = &self.plan.spec;
        let folder = RunFolder::open(&self.out, &spec.name, &spec.to_toml(), &identity)?;
        let sweep = SweepFile {
            spec_hash: identity.spec_hash,
            device: device.clone(),
            engine: engine.clone(),
            quick: self.settings.quick,
        };
        sweep.write(&self.out)?;
        Ok(folder)
    }
}

/// The entries of an inline TOML table of lists.
fn grid(vary: &[String]) -> Result<String, Failure> {
    let mut entries = Vec::new();
    for text in vary {
        let entry = text
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty());
        let Some((key, values)) = entry else {
            return Err(Failure::usage(format!(
                "--vary {text:?}: must be KEY=VALUE,…. Write for example training.lr=0.1,0.2"
            )));
        };
        // TOML handles commas inside lists and tables; bare words contain none.
        let list = value_of(&format!("[{values}]")).or_else(|| {
            let values: Option<Vec<toml::Value>> = values.split(',').map(value_of).collect();
            values.map(toml::Value::Array)
        });
        let Some(list) = list else {
            return Err(Failure::usage(format!(
                "--vary {text:?}: {values:?} are not TOML values with commas between them. Write \
                 for \
                 example models.net.activation=relu,tanh"
            )));
        };
        entries.push(format!("{:?} = {list}", key.trim()));
    }
    Ok(entries.join(", "))
}
