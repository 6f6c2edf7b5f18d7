//! The imperative shell around the core: event, step, append, perform.
