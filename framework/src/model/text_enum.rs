//! Enums whose variants are stored and shown as text.

/// An enum without fields whose variants are stored and shown as text. Derive it.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Debug, PartialEq, TextEnum)]
/// pub enum Status {
///     Active,
///     OnLeave,
/// }
///
/// assert_eq!(Status::NAMES, ["active", "on_leave"]);
/// assert_eq!(Status::from_name("on_leave"), Some(Status::OnLeave));
/// assert_eq!(Status::Active.name(), "active");
/// ```
pub trait TextEnum: Sized + Send + Sync + 'static {
    /// The texts of the variants, in order.
    const NAMES: &'static [&'static str];

    /// The text of this variant.
    fn name(&self) -> &'static str;

    /// The variant of that text.
    fn from_name(name: &str) -> Option<Self>;
}
