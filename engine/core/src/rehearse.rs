//! A run with mocks and virtual time, by the same step.
