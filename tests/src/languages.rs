//! Action projects in each language, with the tools that `.ci/languages` installs.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A language that `attune action new` has a template for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// What `--lang` calls it.
    pub name: &'static str,
    /// How the tests of a new project are started.
    pub tests: &'static [&'static str],
    /// The file that holds what the action does.
    pub source: &'static str,
    /// What must be there: programs, or files below the folder of the tools.
    needs: &'static [&'static str],
}

/// Rust, by cargo.
pub const RUST: Language = Language {
    name: "rust",
    tests: &["cargo", "test", "--quiet"],
    source: "src/lib.rs",
    needs: &["cargo"],
};

/// JavaScript, by npm.
pub const JS: Language = Language {
    name: "js",
    tests: &["npm", "test"],
    source: "src/greet.js",
    needs: &["npm", "js/node_modules/componentize-qjs"],
};

/// Python, by componentize-py.
pub const PYTHON: Language = Language {
    name: "python",
    tests: &["python3", "-m", "unittest"],
    source: "greet.py",
    needs: &["python3", "componentize-py"],
};

/// C, by Zig.
pub const C: Language = Language {
    name: "c",
    tests: &["make", "test"],
    source: "src/greet.c",
    needs: &["make", "cc", "python-zig"],
};

/// Go.
pub const GO: Language = Language {
    name: "go",
    tests: &["go", "test", "./..."],
    source: "greet.go",
    needs: &["go"],
};

/// A project in a folder of its own, and the environment to work on it.
#[derive(Debug)]
pub struct Project {
    /// The folder.
    pub dir: PathBuf,
    path: OsString,
}

impl Project {
    /// Makes the project `greet` below `parent`, or says in one line what is missing for it.
    ///
    /// # Panics
    /// If it cannot be made, or a tool is missing on a machine that promises everything
    /// (`CI=true`).
    #[must_use]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub fn new(binary: &Path, parent: &Path, language: Language) -> Option<Self> {
        let path = path();
        if let Some(missing) = language.missing(&path) {
            let told = format!("`{missing}` is missing: `.ci/languages` installs it");
            assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{told}");
            eprintln!("skipped: {told}");
            return None;
        }
        let made = Command::new(binary)
            .args(["action", "new", "greet", "--lang", language.name])
            .current_dir(parent)
            .output();
        succeeded("attune action new", &made.expect("the binary can be run"));
        let dir = parent.join("greet");
        if language == JS {
            let modules = tools().join("js/node_modules");
            std::os::unix::fs::symlink(modules, dir.join("node_modules"))
                .expect("a new folder can be written to");
        }
        Some(Self { dir, path })
    }

    /// Returns a command that works on the project and finds the tools.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.dir)
            .env("PATH", &self.path)
            // What they compile for themselves is kept, wherever a test has its own cache.
            .env("ZIG_GLOBAL_CACHE_DIR", tools().join("zig"))
            .env("GOCACHE", tools().join("go"))
            .env("CARGO_TARGET_DIR", tools().join("rust"))
            // Go would fetch another version of itself.
            .env("GOTOOLCHAIN", "local");
        command
    }

    /// Returns where the build leaves the component.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        let by_cargo = tools().join("rust/wasm32-wasip2/release/greet.wasm");
        let own = self.dir.join("greet.wasm");
        if own.is_file() { own } else { by_cargo }
    }

    /// Runs a command and returns what it printed.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, command: &mut Command) -> String {
        let what = format!("{command:?}");
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        succeeded(&what, &output);
        String::from_utf8(output.stdout).expect("it prints text")
    }
}

impl Language {
    fn missing(self, path: &OsString) -> Option<&'static str> {
        let is_there = |need: &str| {
            if need.contains('/') {
                return tools().join(need).exists();
            }
            env::split_paths(path).any(|place| place.join(need).is_file())
        };
        self.needs.iter().find(|need| !is_there(need)).copied()
    }
}

/// Returns where `.ci/languages` installs.
fn tools() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let cache = cache.unwrap_or_else(|| home().join(".cache"));
    cache.join("attune/tools")
}

/// Returns the `PATH` with the tools before all else.
fn path() -> OsString {
    let old = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(tools().join("python/bin")).chain(env::split_paths(&old));
    env::join_paths(all).expect("the tools' folder has no colon in its name")
}

fn succeeded(what: &str, output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{what}:\n{printed}\n{told}");
}
