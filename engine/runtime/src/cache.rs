//! Compiled components on disk, trusted only if this engine wrote them.
//!
//! Loading compiled code runs it, so each file carries a keyed MAC over its content, its name and
//! what the engine that compiled it was. A file that is wrong, old or foreign is not there.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use attune_core::Digest;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
const BLOCK_BYTES: usize = 64;
const SUFFIX: &str = ".compiled";

/// The cache of one engine in one directory.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    engine: u64,
    limit_bytes: u64,
}

impl Cache {
    /// Opens or makes the cache in `dir`.
    pub(crate) fn open(dir: &Path, engine: &Engine, limit_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self {
            dir: dir.to_owned(),
            key: read_key(&dir.join(KEY_FILE))?,
            engine: hasher.finish(),
            limit_bytes,
        })
    }

    /// Returns the code compiled from the component `digest`, if this engine compiled it.
    pub(crate) fn get(&self, digest: Digest) -> Option<Vec<u8>> {
        let path = self.path(digest);
        let mut content = fs::read(&path).ok()?;
        let split = content.len().checked_sub(MAC_BYTES)?;
        let mac = self.mac(digest, &content[..split]);
        if !equal(&mac, &content[split..]) {
            tracing::warn!(component = %digest, "compiled code is not from this engine");
            return None;
        }
        content.truncate(split);
        if let Ok(file) = File::options().write(true).open(&path) {
            // Only the order of eviction depends on it.
            file.set_modified(SystemTime::now()).ok();
        }
        Some(content)
    }

    /// Keeps `code`, and removes what was not used for longest where there is too much.
    pub(crate) fn put(&self, digest: Digest, code: &[u8]) -> io::Result<()> {
        let path = self.path(digest);
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = File::create(&new)?;
        file.write_all(code)?;
        file.write_all(&self.mac(digest, code))?;
        drop(file);
        fs::rename(&new, &path)?;
        self.shrink()
    }

    /// Forgets a component.
    pub(crate) fn remove(&self, digest: Digest) {
        // It may not be there, and if it cannot be removed the next one overwrites it.
        fs::remove_file(self.path(digest)).ok();
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.dir.join(format!("{digest}{SUFFIX}"))
    }

    fn shrink(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
                let meta = entry.metadata()?;
                files.push((meta.modified()?, meta.len(), entry.path()));
            }
        }
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in files {
            if total <= self.limit_bytes {
                break;
            }
            fs::remove_file(path)?;
            total -= size;
        }
        Ok(())
    }

    /// HMAC-SHA256 over engine, component and code.
    fn mac(&self, digest: Digest, code: &[u8]) -> [u8; MAC_BYTES] {
        let pad = |byte: u8| {
            let mut block = [byte; BLOCK_BYTES];
            block.iter_mut().zip(self.key).for_each(|(b, k)| *b ^= k);
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(self.engine.to_le_bytes())
            .chain_update(digest.0)
            .chain_update(code)
            .finalize();
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner);
        outer.finalize().into()
    }
}

/// Compares without telling by its time where the first difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
}

/// Reads the key, or makes one. A key that others may read is replaced: they could have written
/// the files.
fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    if let Ok(mut file) = File::open(path) {
        let private = file.metadata()?.permissions().mode() & 0o077 == 0;
        if private && file.read_exact(&mut key).is_ok() {
            return Ok(key);
        }
        tracing::warn!("the key of the compiled cache was damaged or readable, a new one is made");
        fs::remove_file(path)?;
    }
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path, limit: u64) -> Cache {
        Cache::open(dir, &Engine::default(), limit).unwrap()
    }

    #[test]
    fn changed_files_are_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), 1 << 20);
        let digest = Digest::of(b"a");
        cache.put(digest, b"code").unwrap();
        assert_eq!(cache.get(digest).as_deref(), Some(&b"code"[..]));

        let path = cache.path(digest);
        let mut content = fs::read(&path).unwrap();
        content[0] ^= 1;
        fs::write(&path, &content).unwrap();
        assert_eq!(cache.get(digest), None);

        cache.put(digest, b"code").unwrap();
        fs::rename(&path, cache.path(Digest::of(b"b"))).unwrap();
        assert_eq!(
            cache.get(Digest::of(b"b")),
            None,
            "another component's code"
        );
    }

    #[test]
    fn key_is_private_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), 1).key;
        let path = dir.path().join(KEY_FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(open(dir.path(), 1).key, first);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(open(dir.path(), 1).key, first);
    }

    #[test]
    fn oldest_files_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), 2500);
        let digests = [b"1", b"2", b"3"].map(|name| Digest::of(name));
        for (age, digest) in digests.iter().enumerate() {
            cache.put(*digest, &[0; 1000]).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
            let file = File::options().write(true).open(cache.path(*digest));
            if let Ok(file) = file {
                file.set_modified(time).unwrap();
            }
        }
        cache.shrink().unwrap();
        let kept = digests.map(|digest| cache.path(digest).exists());
        assert_eq!(kept, [false, true, true]);
    }

    #[test]
    fn mac_is_hmac_sha256() {
        let cache = Cache {
            dir: PathBuf::new(),
            key: [0x0b; KEY_BYTES],
            engine: 0,
            limit_bytes: 0,
        };
        let a = cache.mac(Digest([0; 32]), b"x");
        assert_ne!(a, cache.mac(Digest([0; 32]), b"y"));
        assert_ne!(a, cache.mac(Digest([1; 32]), b"x"));
        assert!(!equal(&a, &a[1..]));
    }
}
