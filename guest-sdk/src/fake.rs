//! The engine as a native test sees it: the same calls as `component`, answered from one fake
//! engine for each thread, which every test therefore finds empty.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::error::CallError;
use crate::http::{HttpError, Request, Response, Url};
use crate::log::Level;
use crate::testing::LogLine;

/// How long a native attempt pretends to have: the engine's default.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most keys that one call lists, as in the engine.
const LIST_MAX: u32 = 1000;
/// The longest key, as in the engine.
const KEY_MAX_BYTES: usize = 256;

/// Everything that the fake engine knows and remembers.
pub(crate) struct Fake {
    pub(crate) attempt: u32,
    pub(crate) started: SystemTime,
    pub(crate) config: Map<String, Value>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) denied: BTreeSet<String>,
    pub(crate) logs: Vec<LogLine>,
    pub(crate) progress: Vec<(u8, String)>,
    pub(crate) responses: Vec<(String, String, Response)>,
    pub(crate) requests: Vec<Request>,
    kv: BTreeMap<String, Stored>,
    revision: u64,
}

struct Stored {
    value: String,
    revision: u64,
    expires: Option<SystemTime>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            attempt: 1,
            started: SystemTime::now(),
            config: Map::new(),
            secrets: BTreeMap::new(),
            denied: BTreeSet::new(),
            logs: Vec::new(),
            progress: Vec::new(),
            responses: Vec::new(),
            requests: Vec::new(),
            kv: BTreeMap::new(),
            revision: 0,
        }
    }
}

thread_local! {
    static FAKE: RefCell<Fake> = RefCell::default();
}

/// Lets a function use the thread's fake engine.
pub(crate) fn with<T>(use_it: impl FnOnce(&mut Fake) -> T) -> T {
    FAKE.with_borrow_mut(use_it)
}

impl Fake {
    fn allowed(&self, capability: &str) -> Result<(), CallError> {
        if self.denied.contains(capability) {
            return Err(CallError::Denied(format!("the test denies `{capability}`")));
        }
        Ok(())
    }

    fn live(&self, key: &str) -> Option<&Stored> {
        let now = SystemTime::now();
        self.kv
            .get(key)
            .filter(|stored| stored.expires.is_none_or(|at| now < at))
    }

    fn store(&mut self, key: &str, value: &str, ttl_ms: Option<u64>) -> Result<u64, CallError> {
        check_key(key)?;
        self.revision += 1;
        let expires =
            ttl_ms.and_then(|ms| SystemTime::now().checked_add(Duration::from_millis(ms)));
        let stored = Stored {
            value: value.to_owned(),
            revision: self.revision,
            expires,
        };
        self.kv.insert(key.to_owned(), stored);
        Ok(self.revision)
    }

    fn secret(&self, name: &str) -> Result<&String, CallError> {
        self.allowed("secrets")?;
        self.secrets
            .get(name)
            .ok_or_else(|| CallError::NotFound(format!("secret `{name}`")))
    }
}

fn check_key(key: &str) -> Result<(), CallError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    let length = 1..=KEY_MAX_BYTES;
    if key == "." || key == ".." || !length.contains(&key.len()) || !key.bytes().all(allowed) {
        let rule = "is not of the form `[A-Za-z0-9._:-]{1,256}`, or is `.` or `..`";
        return Err(CallError::Invalid(format!("key `{key}` {rule}")));
    }
    Ok(())
}

pub(crate) fn run_id() -> u64 {
    1
}

pub(crate) fn task_id() -> u64 {
    1
}

pub(crate) fn attempt() -> u32 {
    with(|fake| fake.attempt)
}

pub(crate) fn action_ref() -> String {
    "test.action@1".to_owned()
}

pub(crate) fn deadline_ms() -> u64 {
    let end = with(|fake| fake.started) + TIMEOUT;
    let since_epoch = end
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn idempotency_key() -> String {
    "test-1-1".to_owned()
}

pub(crate) fn progress(percent: u8, message: &str) {
    with(|fake| fake.progress.push((percent.min(100), message.to_owned())));
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, Value)]) {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let line = LogLine {
        level,
        message: message.to_owned(),
        fields: fields.collect(),
    };
    with(|fake| fake.logs.push(line));
}

pub(crate) fn config_get(key: &str) -> Result<String, CallError> {
    with(|fake| {
        fake.allowed("config")?;
        let value = fake.config.get(key).map(Value::to_string);
        value.ok_or_else(|| CallError::NotFound(format!("configuration `{key}`")))
    })
}

pub(crate) fn config_all() -> Result<String, CallError> {
    with(|fake| {
        fake.allowed("config")?;
        Ok(Value::Object(fake.config.clone()).to_string())
    })
}

pub(crate) fn kv_get(key: &str) -> Result<(String, u64), CallError> {
    with(|fake| {
        fake.allowed("kv")?;
        check_key(key)?;
        let stored = fake
            .live(key)
            .map(|stored| (stored.value.clone(), stored.revision));
        stored.ok_or_else(|| CallError::NotFound(format!("key `{key}`")))
    })
}

pub(crate) fn kv_set(key: &str, value: &str, ttl_ms: Option<u64>) -> Result<u64, CallError> {
    with(|fake| {
        fake.allowed("kv")?;
        fake.store(key, value, ttl_ms)
    })
}

pub(crate) fn kv_compare_and_set(
    key: &str,
    expected: Option<u64>,
    value: &str,
) -> Result<u64, CallError> {
    with(|fake| {
        fake.allowed("kv")?;
        if fake.live(key).map(|stored| stored.revision) != expected {
            return Err(CallError::Conflict);
        }
        fake.store(key, value, None)
    })
}

pub(crate) fn kv_delete(key: &str) -> Result<bool, CallError> {
    with(|fake| {
        fake.allowed("kv")?;
        let existed = fake.live(key).is_some();
        fake.kv.remove(key);
        Ok(existed)
    })
}

pub(crate) fn kv_list(
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, CallError> {
    with(|fake| {
        fake.allowed("kv")?;
        let wanted = |key: &&String| {
            key.starts_with(prefix)
                && after.is_none_or(|after| key.as_str() > after)
                && fake.live(key).is_some()
        };
        let limit = limit.min(LIST_MAX) as usize;
        Ok(fake.kv.keys().filter(wanted).take(limit).cloned().collect())
    })
}

pub(crate) fn secret_placeholder(name: &str) -> Result<String, CallError> {
    with(|fake| fake.secret(name).map(|_| format!("{{{{secret:{name}}}}}")))
}

pub(crate) fn secret_reveal(name: &str) -> Result<String, CallError> {
    with(|fake| fake.secret(name).cloned())
}

/// Answers a request with the first response that a test has set for its method and URL. The last
/// one of these stays, so that it answers however often it is asked.
pub(crate) fn http_send(request: &Request, url: &Url) -> Result<Response, HttpError> {
    with(|fake| {
        if fake.denied.contains("http") {
            let host = &url.authority;
            return Err(HttpError::Denied(format!(
                "the test denies requests to `{host}`"
            )));
        }
        fake.requests.push(request.clone());
        let is_meant = |(method, url, _): &(String, String, Response)| {
            *method == request.method && *url == request.url
        };
        let found = fake.responses.iter().position(is_meant).ok_or_else(|| {
            let (method, url) = (&request.method, &request.url);
            HttpError::Unreachable(format!("the test has no response for `{method} {url}`"))
        })?;
        let is_last = !fake.responses[found + 1..].iter().any(is_meant);
        let response = if is_last {
            fake.responses[found].2.clone()
        } else {
            fake.responses.remove(found).2
        };
        if response.body.len() > request.response_max_bytes {
            let limit = request.response_max_bytes;
            return Err(HttpError::TooLarge(format!(
                "the response has more than {limit} bytes"
            )));
        }
        Ok(response)
    })
}
