//! The admin token of the first start, in a file that only the owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use attune_driver::port::{Catalog, Role, StoreError, TokenRecord};

use super::token::Token;
use crate::clock;

/// Name of the file within the data directory.
const FILE: &str = "admin.token";

/// Where the admin token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstToken {
    /// The file.
    pub path: PathBuf,
    /// Whether this call made it.
    pub created: bool,
}

/// Why there is no admin token.
#[derive(Debug, thiserror::Error)]
pub enum FirstTokenError {
    /// The file could not be read or written.
    #[error("cannot use `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds no token.
    #[error("`{0}` holds no token: remove it and start again")]
    Content(PathBuf),
    /// No randomness.
    #[error("the machine gives no random numbers")]
    Random,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes sure that there is an admin token: at the first start one is drawn and written to
/// `<data_dir>/admin.token` (mode 0600). `None` if somebody has removed the file and other
/// tokens exist.
///
/// The file is written before the store, so that a crash between the two is mended by the next
/// start.
///
/// # Errors
/// If file or store cannot be used.
pub async fn first_token(
    catalog: &dyn Catalog,
    data_dir: &Path,
) -> Result<Option<FirstToken>, FirstTokenError> {
    let path = data_dir.join(FILE);
    let failed = |source| FirstTokenError::File {
        path: path.clone(),
        source,
    };
    let (token, created) = match fs::read_to_string(&path) {
        Ok(text) => {
            let token = Token::parse(text.trim());
            (
                token.ok_or_else(|| FirstTokenError::Content(path.clone()))?,
                false,
            )
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Err(_) if !catalog.tokens().await?.is_empty() => return Ok(None),
        Err(_) => {
            let token = Token::generate().map_err(|_| FirstTokenError::Random)?;
            write(&path, token.as_str()).map_err(failed)?;
            (token, true)
        }
    };
    if catalog.token(token.hash()).await?.is_none() {
        let record = TokenRecord {
            hash: token.hash(),
            name: "admin".into(),
            role: Role::Admin,
            packs: Vec::new(),
            expires: None,
            created: clock::now(),
        };
        catalog.put_token(record).await?;
    }
    Ok(Some(FirstToken { path, created }))
}

/// Writes a file that is there whole or not at all, readable by its owner alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("token.new");
    let mut file: File = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
