//! Who may open a store, and with what.

use attune_driver::port::Store as _;
use attune_store::{OpenError, Options, SecretKey, Store};

use crate::sample::{birth, open};

#[test]
fn second_opener_is_refused_until_the_first_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path());
    let refused = Store::open(directory.path(), Options::default()).unwrap_err();
    let text = refused.to_string();
    let process = std::process::id().to_string();
    assert!(matches!(refused, OpenError::InUse { .. }), "{text}");
    assert!(
        text.ends_with(&format!("in use by process {process}")),
        "{text}"
    );
    let clone = first.clone();
    drop(first);
    Store::open(directory.path(), Options::default()).unwrap_err();
    drop(clone);
    open(directory.path());
}

#[test]
fn the_key_file_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let path = directory.path().join("secret.key");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(SecretKey::parse(&text).is_some());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_wrong_or_missing_key_is_told() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let path = directory.path().join("secret.key");
    let key = SecretKey::parse(&std::fs::read_to_string(&path).unwrap());
    let with = |secret_key| {
        let options = Options {
            secret_key,
            ..Options::default()
        };
        Store::open(directory.path(), options).map(drop)
    };
    let wrong = with(Some(SecretKey::generate()));
    assert!(matches!(wrong, Err(OpenError::WrongKey)));
    std::fs::write(&path, "nonsense").unwrap();
    assert!(matches!(with(None), Err(OpenError::BadKeyFile(_))));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(with(None), Err(OpenError::NoKey(_))));
    assert!(!path.exists(), "a new key would not open what is there");
    with(key).unwrap();
}

#[test]
fn what_is_no_store_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("attune.redb"), vec![7; 10_000]).unwrap();
    let key = Some(SecretKey::generate());
    let options = Options {
        secret_key: key,
        ..Options::default()
    };
    let refused = Store::open(directory.path(), options);
    assert!(matches!(refused, Err(OpenError::Store(_))), "{refused:?}");
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let meta = redb::TableDefinition::<&str, &[u8]>::new("meta");
    let database = redb::Database::open(directory.path().join("attune.redb")).unwrap();
    let tx = database.begin_write().unwrap();
    let newer = 99_u32.to_le_bytes();
    tx.open_table(meta)
        .unwrap()
        .insert("format", &newer[..])
        .unwrap();
    tx.commit().unwrap();
    drop(database);
    let refused = Store::open(directory.path(), Options::default()).unwrap_err();
    let text = refused.to_string();
    assert_eq!(text, "the store has format 99, this version knows up to 3");
}

#[test]
fn dropping_without_a_runtime_keeps_what_was_appended() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).append(birth(3)).unwrap();
    let store = open(directory.path());
    let again = store.append(birth(3));
    assert!(again.is_err(), "it is there");
}

#[test]
fn a_first_start_that_was_cut_short_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("attune.new"), vec![7; 10_000]).unwrap();
    drop(open(directory.path()));
    assert!(!directory.path().join("attune.new").exists());
    open(directory.path());
}
