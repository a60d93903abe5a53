//! The agent's configuration file: what whoever looks after a computer sets once for everybody at it.

use kaika_wire::{Code, Refusal};
use serde::Deserialize;
use std::{fs, io, net::SocketAddr, path::Path, path::PathBuf};

/// TOML; every line may be left out.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) listen: Option<SocketAddr>,
    /// Portals whose pages may use the cards of this computer.
    #[serde(default)]
    pub(super) portals: Vec<String>,
    pub(super) token_file: Option<PathBuf>,
}

/// Where it is looked for if nobody names one: the person's own file, then the computer's.
fn usual_places() -> Vec<PathBuf> {
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    home.into_iter().chain([PathBuf::from("/etc")]).map(|folder| folder.join("kaika").join("agent.toml")).collect()
}

impl Config {
    /// # Errors
    /// [`Code::BadRequest`] for a named file that is not there, or a file that is not right, with file and line.
    pub(super) fn read(named: Option<&Path>) -> Result<Self, Refusal> {
        match named {
            Some(path) => Self::read_file(path)?.ok_or_else(|| wrong(path, "there is no such file")),
            None => {
                for path in usual_places() {
                    if let Some(config) = Self::read_file(&path)? {
                        return Ok(config);
                    }
                }
                Ok(Self::default())
            }
        }
    }

    fn read_file(path: &Path) -> Result<Option<Self>, Refusal> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map(Some).map_err(|error| wrong(path, &error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrong(path, &error.to_string())),
        }
    }
}

fn wrong(path: &Path, what: &str) -> Refusal {
    Refusal::new(Code::BadRequest).detail(format!("{}: {}", path.display(), what.trim_end()))
}
