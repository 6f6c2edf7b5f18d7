//! The server's configuration: defaults, then the file, then `ATTUNE_*` from the environment,
//! then flags. Each value remembers where it came from; unknown keys are errors.

pub(crate) mod limits;
pub(crate) mod sandbox;

use std::env;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use self::limits::Limits;
use self::sandbox::Sandbox;
use crate::cli::{AuthMode, LogFormat, ServeArgs};
use crate::output::error::{CliError, Context, Kind, Result};
use crate::paths;

/// Where to listen unless told otherwise.
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7878);
/// How long running attempts may finish after SIGTERM.
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => write!(f, "file {}", file.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// The effective configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: Setting<SocketAddr>,
    /// Where the state is kept.
    pub(crate) data: Setting<PathBuf>,
    /// Who may do what.
    pub(crate) auth: Setting<AuthMode>,
    /// How logs are written; `None`: by whether standard error is a terminal.
    pub(crate) log_format: Setting<Option<LogFormat>>,
    /// Names by which the server may be addressed, beside loopback ones.
    pub(crate) hosts: Setting<Vec<String>>,
    /// How long running attempts may finish after SIGTERM.
    pub(crate) grace: Setting<Duration>,
    /// How long finished runs are kept.
    pub(crate) retention: Setting<Duration>,
    /// What clients may send and hold open at most.
    pub(crate) limits: Setting<Limits>,
    /// What actions may do at most.
    pub(crate) sandbox: Setting<Sandbox>,
}

/// How long finished runs are kept.
const DEFAULT_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    auth: Option<AuthMode>,
    log_format: Option<LogFormat>,
    hosts: Option<Vec<String>>,
    grace: Option<String>,
    retention: Option<String>,
    limits: Option<Limits>,
    sandbox: Option<Sandbox>,
}

impl Config {
    /// Reads file and environment and puts the flags on top.
    ///
    /// # Errors
    /// If a value cannot be understood, or `auth` is `none` off loopback.
    pub(crate) fn load(args: &ServeArgs) -> Result<Self> {
        let (file, path) = read_file(args)?;
        let from_file = Origin::File(path);
        let layers = Layers { from_file };
        let config = Self {
            listen: layers.pick(
                (args.listen, "--listen"),
                parsed("ATTUNE_LISTEN", |text| text.parse().ok())?,
                file.listen,
                DEFAULT_LISTEN,
            ),
            data: layers.pick(
                (args.data.clone(), "--data"),
                parsed("ATTUNE_DATA", |text| Some(PathBuf::from(text)))?,
                file.data,
                paths::data_dir(),
            ),
            auth: layers.pick(
                (args.auth, "--auth"),
                parsed("ATTUNE_AUTH", auth_mode)?,
                file.auth,
                AuthMode::Token,
            ),
            log_format: layers.pick(
                (args.log_format.map(Some), "--log-format"),
                parsed("ATTUNE_LOG_FORMAT", |text| log_format(text).map(Some))?,
                file.log_format.map(Some),
                None,
            ),
            hosts: layers.pick(
                (None, "--hosts"),
                parsed("ATTUNE_HOSTS", |text| {
                    Some(text.split(',').map(str::to_owned).collect())
                })?,
                file.hosts,
                Vec::new(),
            ),
            grace: layers.pick(
                (None, "--grace"),
                parsed("ATTUNE_GRACE", duration)?,
                file_duration("grace", file.grace)?,
                DEFAULT_GRACE,
            ),
            retention: layers.pick(
                (None, "--retention"),
                parsed("ATTUNE_RETENTION", duration)?,
                file_duration("retention", file.retention)?,
                DEFAULT_RETENTION,
            ),
            limits: layers.pick((None, ""), None, file.limits, Limits::default()),
            sandbox: layers.pick((None, ""), None, file.sandbox, Sandbox::default()),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result {
        if self.auth.value == AuthMode::None && !self.listen.value.ip().is_loopback() {
            let message = format!("`auth = none` is not allowed on {}", self.listen.value);
            return Err(CliError::new(Kind::Usage, message)
                .hint("listen on a loopback address, or leave authentication on"));
        }
        Ok(())
    }

    /// Returns key, value and origin of every setting, for `attune config`.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String, String)> {
        let mut rows = vec![
            (
                "listen",
                self.listen.value.to_string(),
                self.listen.origin.to_string(),
            ),
            (
                "data",
                self.data.value.display().to_string(),
                self.data.origin.to_string(),
            ),
            (
                "auth",
                format!("{:?}", self.auth.value).to_lowercase(),
                self.auth.origin.to_string(),
            ),
            (
                "log_format",
                self.log_format.value.map_or("auto".to_owned(), |format| {
                    format!("{format:?}").to_lowercase()
                }),
                self.log_format.origin.to_string(),
            ),
            (
                "hosts",
                self.hosts.value.join(","),
                self.hosts.origin.to_string(),
            ),
            (
                "grace",
                seconds(self.grace.value),
                self.grace.origin.to_string(),
            ),
            (
                "retention",
                seconds(self.retention.value),
                self.retention.origin.to_string(),
            ),
        ];
        let limits = self.limits.value.rows();
        let sandbox = self.sandbox.value.rows();
        for (all, origin) in [
            (limits, &self.limits.origin),
            (sandbox, &self.sandbox.origin),
        ] {
            let all = all.into_iter();
            rows.extend(all.map(|(key, value)| (key, value, origin.to_string())));
        }
        rows
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}

struct Layers {
    from_file: Origin,
}

impl Layers {
    fn pick<T>(
        &self,
        flag: (Option<T>, &'static str),
        environment: Option<(T, &'static str)>,
        file: Option<T>,
        default: T,
    ) -> Setting<T> {
        if let (Some(value), name) = flag {
            return Setting {
                value,
                origin: Origin::Flag(name),
            };
        }
        if let Some((value, name)) = environment {
            return Setting {
                value,
                origin: Origin::Environment(name),
            };
        }
        match file {
            Some(value) => Setting {
                value,
                origin: self.from_file.clone(),
            },
            None => Setting {
                value: default,
                origin: Origin::Default,
            },
        }
    }
}

/// Reads the named file, or `attune.toml` of the user's config folder if there is one.
fn read_file(args: &ServeArgs) -> Result<(File, PathBuf)> {
    let named = args
        .config
        .clone()
        .or_else(|| env::var_os("ATTUNE_CONFIG").map(PathBuf::from));
    let path = named
        .clone()
        .unwrap_or_else(|| paths::config_dir().join("attune.toml"));
    if named.is_none() && !path.is_file() {
        return Ok((File::default(), path));
    }
    let text = std::fs::read_to_string(&path)
        .context(|| format!("cannot read the configuration `{}`", path.display()))?;
    let file = toml::from_str(&text).map_err(|cause| {
        let message = format!("the configuration `{}` is wrong", path.display());
        CliError::new(Kind::Usage, message).caused_by(&cause)
    })?;
    Ok((file, path))
}

/// Reads an environment variable; empty is unset.
fn parsed<T>(
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<(T, &'static str)>> {
    let Some(text) = env::var(name).ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match parse(&text) {
        Some(value) => Ok(Some((value, name))),
        None => Err(CliError::usage(format!("`{text}` is no value for {name}"))),
    }
}

fn auth_mode(text: &str) -> Option<AuthMode> {
    match text {
        "token" => Some(AuthMode::Token),
        "none" => Some(AuthMode::None),
        _ => None,
    }
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

fn duration(text: &str) -> Option<Duration> {
    attune_core::Millis::parse(text).map(|millis| Duration::from_millis(millis.0))
}

fn file_duration(key: &str, text: Option<String>) -> Result<Option<Duration>> {
    let Some(text) = text else { return Ok(None) };
    match duration(&text) {
        Some(value) => Ok(Some(value)),
        None => Err(
            CliError::usage(format!("`{text}` is no duration for `{key}`"))
                .hint("durations look like `30s`, `5m` or `2d`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, args: ServeArgs) -> Result<Config> {
        let dir = std::env::temp_dir().join(format!("attune-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(format!("{}.toml", attune_core::Digest::of(file.as_bytes())));
        std::fs::write(&path, file).unwrap();
        Config::load(&ServeArgs {
            config: Some(path),
            ..args
        })
    }

    #[test]
    fn flags_win_over_the_file() {
        let args = ServeArgs {
            listen: Some("127.0.0.1:1".parse().unwrap()),
            ..ServeArgs::default()
        };
        let config = load("listen = \"127.0.0.1:2\"\ngrace = \"5s\"\n", args).unwrap();
        assert_eq!(config.listen.value.port(), 1);
        assert_eq!(config.listen.origin, Origin::Flag("--listen"));
        assert_eq!(config.grace.value, Duration::from_secs(5));
        assert_eq!(config.auth.origin, Origin::Default);
    }

    #[test]
    fn unknown_keys_and_open_doors_are_refused() {
        let unknown = load("lisen = \"127.0.0.1:2\"\n", ServeArgs::default()).unwrap_err();
        assert!(unknown.causes.concat().contains("lisen"), "{unknown:?}");
        let open = load(
            "listen = \"0.0.0.0:80\"\nauth = \"none\"\n",
            ServeArgs::default(),
        );
        assert_eq!(open.unwrap_err().kind, Kind::Usage);
    }
}
