//! The workflow language and the run machine, as pure functions.
