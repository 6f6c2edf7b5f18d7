//! Folders of the user, by the XDG base directory specification.

use std::env;
use std::path::PathBuf;

/// Returns where the server keeps its state by default.
pub(crate) fn data_dir() -> PathBuf {
    base("XDG_DATA_HOME", ".local/share").join("attune")
}

/// Returns where profiles are kept.
pub(crate) fn config_dir() -> PathBuf {
    base("XDG_CONFIG_HOME", ".config").join("attune")
}

/// Returns where compiled components of the local engine are kept.
pub(crate) fn cache_dir() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("attune")
}

fn base(variable: &str, below_home: &str) -> PathBuf {
    if let Some(dir) = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
    {
        return dir;
    }
    env::var_os("HOME")
        .map_or_else(|| PathBuf::from("."), PathBuf::from)
        .join(below_home)
}
