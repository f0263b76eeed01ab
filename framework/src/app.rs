//! The composition root.

/// An app.
pub struct App;
