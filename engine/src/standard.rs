//! What the binary carries: the standard actions, the SDK for new actions, and the templates of
//! new projects. All of it is put together by `build.rs`.

/// An action that every engine has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandardAction {
    /// What workflows call it: `core.echo`.
    pub(crate) reference: &'static str,
    /// The component.
    pub(crate) component: &'static [u8],
    /// What it says about itself: a JSON object of `summary`, `description`, `parameters`,
    /// `output` and `grants`.
    pub(crate) about: &'static str,
    /// Examples of its use, a JSON list of `{title, input, result | error}`.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests read it so far"))]
    pub(crate) examples: &'static str,
}

/// A file by its path below the project's directory.
pub(crate) type File = (&'static str, &'static [u8]);

include!(concat!(env!("OUT_DIR"), "/standard.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_action_is_a_component() {
        assert!(
            STANDARD_ACTIONS
                .iter()
                .any(|action| action.reference == "core.echo")
        );
        for action in STANDARD_ACTIONS {
            // The magic number, and the version that tells a component from a module.
            assert_eq!(
                action.component[..8],
                *b"\0asm\x0d\0\x01\0",
                "{}",
                action.reference
            );
            assert!(action.examples.starts_with('['), "{}", action.reference);
        }
    }

    #[test]
    fn the_sdk_stands_on_its_own() {
        let manifests = SDK_FILES
            .iter()
            .filter(|(path, _)| path.ends_with("Cargo.toml"));
        for (path, manifest) in manifests {
            let manifest = String::from_utf8_lossy(manifest);
            assert!(!manifest.contains("workspace = true"), "{path}: {manifest}");
        }
        assert!(
            SDK_FILES
                .iter()
                .any(|(path, _)| *path == "macros/src/lib.rs")
        );
        assert!(!SDK_FILES.iter().any(|(path, _)| path.contains("bindgen/")));
    }
}
