//! The only module that names poem.

pub mod docs;
