//! `attune kv …`, `attune secret …`, `attune token …`.

use clap::{Subcommand, ValueEnum};

/// What to do with a pack's kv.
#[derive(Debug, Subcommand)]
pub(crate) enum KvCommand {
    /// Lists a pack's keys in order.
    List {
        /// The pack.
        pack: String,
        /// Only keys that begin with this.
        #[arg(long, value_name = "TEXT", default_value = "")]
        prefix: String,
    },
    /// Prints a value.
    Get {
        /// The pack.
        pack: String,
        /// The key.
        key: String,
    },
    /// Writes a value.
    Set {
        /// The pack.
        pack: String,
        /// The key.
        key: String,
        /// The value: text, `@file`, or `-` for standard input.
        value: String,
        /// The value is JSON.
        #[arg(long)]
        json: bool,
        /// Goes by itself after this time, like `30m`.
        #[arg(long, value_name = "DURATION")]
        ttl: Option<String>,
        /// Only if the entry has this version; 0: only if there is none.
        #[arg(long, value_name = "VERSION")]
        expect: Option<u64>,
    },
    /// Removes a key.
    Remove {
        /// The pack.
        pack: String,
        /// The key.
        key: String,
    },
}

/// What to do with a pack's secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Lists the names of a pack's secrets.
    List {
        /// The pack.
        pack: String,
    },
    /// Writes a secret, read from standard input or a file so that no history keeps it.
    Set {
        /// The pack.
        pack: String,
        /// The secret's name.
        name: String,
        /// File with the value; else standard input. A line break at the end is dropped.
        #[arg(long, value_name = "FILE", default_value = "-")]
        from: String,
    },
    /// Removes a secret.
    Remove {
        /// The pack.
        pack: String,
        /// The secret's name.
        name: String,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Lists tokens, without their text.
    List,
    /// Makes a token and prints its text, this once.
    Create {
        /// Its name.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value_t = RoleName::Run)]
        role: RoleName,
        /// Only in this pack; may be given several times.
        #[arg(long = "pack", value_name = "PACK")]
        packs: Vec<String>,
        /// Ends after this time, like `30d`; default: 90 days.
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// Ends a token.
    Remove {
        /// Its name.
        name: String,
    },
}

/// What a token may do; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    /// Look.
    Read,
    /// Start and steer runs, answer inquiries.
    Run,
    /// Packs, actions, workflows.
    Deploy,
    /// Everything.
    Admin,
}

impl RoleName {
    /// Returns the word of the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }
}
