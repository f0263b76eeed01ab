//! The only module that names poem.
