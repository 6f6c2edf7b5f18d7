//! What an action may reach: one file per interface, deny by default.
