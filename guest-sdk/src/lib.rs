//! What an action's author uses.
