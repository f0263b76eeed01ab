//! Columns: their types, operators and rules.

use super::expression::Expression;
use super::relation::const_panic;
use super::row::{DecodeError, Row};
use super::value::Value;
use crate::error::InputError;

/// One column of a model.
#[derive(Debug)]
pub struct ColumnMeta {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The name in queries and bodies, after `rename` and `rename_all`.
    pub api_name: &'static str,
    /// The name in the database.
    pub name: &'static str,
    /// The field's documentation.
    pub doc: &'static str,
    /// The type of its values.
    pub ty: ColumnType,
    /// Whether the field is an `Option`.
    pub nullable: bool,
    /// Who sets the value, where that is not the client.
    pub generated: Option<Generated>,
    /// The value of a create that does not name the field.
    pub default: Option<fn() -> Value>,
    /// What the database puts where an INSERT does not name the column.
    pub database_default: Option<Expression>,
    /// Whether no two rows may share a value.
    pub unique: bool,
    /// Whether the framework's DDL makes an index.
    pub index: bool,
    /// Who may see and set the field over HTTP.
    pub access: Access,
    /// The operators of a filter, empty where the field is not filterable.
    pub filter: &'static [Operator],
    /// Whether `sort` may name it.
    pub sort: bool,
    /// Whether `q` looks into it.
    pub search: bool,
    /// What a value must satisfy.
    pub rules: &'static [Rule],
    /// Why JSON cannot be read as the `T` of a `Json<T>`; asked before it is stored, since afterwards no row could be read.
    pub accepts: fn(&serde_json::Value) -> Result<(), String>,
    /// Reads the value at an index of a row and writes it as JSON.
    pub write: fn(&dyn Row, usize, &mut Vec<u8>) -> Result<(), DecodeError>,
    /// An example for the specification, as JSON text.
    pub example: Option<&'static str>,
}

impl ColumnMeta {
    /// Whether answers show the column.
    #[must_use]
    pub fn readable(&self) -> bool {
        matches!(self.access, Access::ReadWrite | Access::ReadOnly)
    }

    /// Whether the body of a create may set the column.
    #[must_use]
    pub fn writable(&self) -> bool {
        matches!(self.access, Access::ReadWrite | Access::WriteOnly) && self.generated.is_none()
    }

    /// A mistake in a value of the column; clients are not told the name of a hidden one.
    #[must_use]
    pub fn mistake(&self, code: &'static str, detail: impl Into<String>) -> InputError {
        match self.access {
            Access::Hidden => InputError::request(code, detail),
            _ => InputError::field(self.api_name, code, detail),
        }
    }

    /// Whether the body of a create must set the column.
    #[must_use]
    pub fn required(&self) -> bool {
        self.writable() && !self.nullable && self.default.is_none() && self.database_default.is_none()
    }

    /// The value that stands for one that is not given: the default, the database's, or NULL.
    #[must_use]
    pub fn absent(&self) -> Value {
        match (self.default, self.database_default) {
            (Some(default), _) => default(),
            (None, Some(_)) => Value::DatabaseDefault,
            (None, None) => Value::Null,
        }
    }
}

/// A field of an answer that is computed from the row and stored nowhere.
#[derive(Debug)]
pub struct ComputedMeta {
    /// The name in answers.
    pub api_name: &'static str,
    /// The field's documentation.
    pub doc: &'static str,
    /// The type of its values.
    pub ty: ColumnType,
    /// Whether the field is an `Option`.
    pub nullable: bool,
    /// Computes the field of a row and writes it as JSON.
    pub write: fn(&dyn Row, &mut Vec<u8>) -> Result<(), DecodeError>,
}

/// The closed set of types that a column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `bool`
    Bool,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f64`
    F64,
    /// `String`
    Text,
    /// `Vec<u8>`, base64 in JSON
    Bytes,
    /// `Uuid`
    Uuid,
    /// `DateTime<Utc>`, microseconds
    Timestamp,
    /// `NaiveDate`
    Date,
    /// `Decimal`, a string in JSON
    Decimal,
    /// `Json<T>`
    Json,
    /// An enum that derives `TextEnum`; its values in order
    Enum(&'static [&'static str]),
}

impl ColumnType {
    /// Whether values of `self` and `other` can be equal; a constant function, since `PartialEq` is not one.
    #[must_use]
    pub const fn comparable(self, other: Self) -> bool {
        self.code() == other.code()
    }

    const fn code(self) -> u8 {
        match self {
            Self::Bool => 0,
            Self::I16 => 1,
            Self::I32 => 2,
            Self::I64 => 3,
            Self::F64 => 4,
            Self::Text => 5,
            Self::Bytes => 6,
            Self::Uuid => 7,
            Self::Timestamp => 8,
            Self::Date => 9,
            Self::Decimal => 10,
            Self::Json => 11,
            Self::Enum(_) => 12,
        }
    }

    /// The operators that `#[field(filter)]` gives without a list. An optional field adds [`Operator::IsNull`].
    #[must_use]
    pub const fn default_operators(self, nullable: bool, foreign_key: bool) -> &'static [Operator] {
        use Operator::{Eq, Gte, IContains, In, IsNull, Lt};
        match (self, nullable) {
            (Self::Json | Self::Bytes, false) => &[],
            (Self::Json | Self::Bytes, true) => &[IsNull],
            (Self::Text, false) if !foreign_key => &[Eq, In, IContains],
            (Self::Text, true) if !foreign_key => &[Eq, In, IContains, IsNull],
            (Self::I16 | Self::I32 | Self::I64 | Self::F64 | Self::Timestamp | Self::Date | Self::Decimal, false)
                if !foreign_key =>
            {
                &[Eq, Gte, Lt]
            }
            (Self::I16 | Self::I32 | Self::I64 | Self::F64 | Self::Timestamp | Self::Date | Self::Decimal, true)
                if !foreign_key =>
            {
                &[Eq, Gte, Lt, IsNull]
            }
            (_, false) => &[Eq, In],
            (_, true) => &[Eq, In, IsNull],
        }
    }

    /// Whether a filter on this type may use `operator`.
    #[must_use]
    pub const fn allows(self, operator: Operator, nullable: bool) -> bool {
        use Operator::{Contains, Eq, Gt, Gte, IContains, IStartsWith, In, IsNull, Lt, Lte, Ne, NotIn, StartsWith};
        match operator {
            IsNull => nullable,
            Eq | Ne | In | NotIn => !matches!(self, Self::Json | Self::Bytes),
            Gt | Gte | Lt | Lte => !matches!(self, Self::Json | Self::Bytes | Self::Bool | Self::Enum(_)),
            Contains | IContains | StartsWith | IStartsWith => matches!(self, Self::Text),
        }
    }
}

/// A comparison that a filter makes; in a query `field__op`, and a bare `field` means [`Operator::Eq`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// equal
    Eq,
    /// not equal; a NULL is not equal to a value
    Ne,
    /// greater than
    Gt,
    /// greater than or equal
    Gte,
    /// less than
    Lt,
    /// less than or equal
    Lte,
    /// one of several
    In,
    /// none of several
    NotIn,
    /// has the text inside
    Contains,
    /// has the text inside, whatever the case
    IContains,
    /// begins with the text
    StartsWith,
    /// begins with the text, whatever the case
    IStartsWith,
    /// is NULL or is not
    IsNull,
}

impl Operator {
    /// Every operator, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Eq,
        Self::Ne,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::In,
        Self::NotIn,
        Self::Contains,
        Self::IContains,
        Self::StartsWith,
        Self::IStartsWith,
        Self::IsNull,
    ];

    /// The name in a query: `gte` of `rating__gte`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Contains => "contains",
            Self::IContains => "icontains",
            Self::StartsWith => "startswith",
            Self::IStartsWith => "istartswith",
            Self::IsNull => "isnull",
        }
    }

    /// The operator of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// The query parameter of `field` with this operator.
    #[must_use]
    pub fn parameter(self, field: &str) -> String {
        if self == Self::Eq { field.to_owned() } else { format!("{field}__{}", self.name()) }
    }

    /// Whether the parameter may be repeated, each a value of a list.
    #[must_use]
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }
}

/// Stops the compilation if a type has no operators by default; for constants in generated code.
///
/// # Panics
///
/// With a compile error that says what to write.
#[track_caller]
pub const fn check_filter(ty: ColumnType, nullable: bool) {
    if ty.default_operators(nullable, false).is_empty() {
        const_panic("values of this type cannot be compared, so there is nothing to filter by; remove `filter`");
    }
}

/// Stops the compilation if a type does not have an operator; for constants in generated code.
///
/// # Panics
///
/// With a compile error that lists the operators of the type.
#[track_caller]
pub const fn check_operator(ty: ColumnType, nullable: bool, operator: Operator) {
    if ty.allows(operator, nullable) {
        return;
    }
    const_panic(match (operator, ty) {
        (Operator::IsNull, _) => "the column is never NULL; `isnull` is for an `Option`",
        (_, ColumnType::Json | ColumnType::Bytes) => {
            "JSON and bytes are not compared; an `Option` of them has `isnull`"
        }
        (_, ColumnType::Bool | ColumnType::Enum(_)) => {
            "a bool or enum has no such operator; accepted: eq, ne, in, not_in, and isnull for an `Option`"
        }
        _ => {
            "only a text has such an operator; accepted: eq, ne, gt, gte, lt, lte, in, not_in, and isnull for an `Option`"
        }
    })
}

/// Who sets a column that clients do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generated {
    /// The database, an integer key
    Database,
    /// The framework, a UUID of version 7
    UuidV7,
    /// The framework, the time of the create
    CreatedAt,
    /// The framework, the time of the last write
    UpdatedAt,
    /// The database, which computes it of other columns and stores it
    Expression(Expression),
    /// The framework, the time of a delete that leaves the row; NULL while it is there
    DeletedAt,
    /// The framework, 1 at the create and one more with each change
    Version,
}

/// Who may see and set a field over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Shown and set
    ReadWrite,
    /// Shown
    ReadOnly,
    /// Set, never shown
    WriteOnly,
    /// Neither; to a client the field does not exist
    Hidden,
}

/// What a value must satisfy, NULL excepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The number of characters of a text, or of bytes, both ends included
    Length {
        /// at least
        min: Option<usize>,
        /// at most
        max: Option<usize>,
    },
    /// An integer's bounds, both ends included
    IntegerRange {
        /// at least
        min: Option<i64>,
        /// at most
        max: Option<i64>,
    },
    /// A float's or decimal's bounds, both ends included
    FloatRange {
        /// at least
        min: Option<f64>,
        /// at most
        max: Option<f64>,
    },
    /// A regular expression that the text matches somewhere
    Pattern(&'static str),
}

/// A Rust type that a column can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column",
    label = "not a column type",
    note = "columns are bool, i16, i32, i64, f64, String, Vec<u8>, Uuid, DateTime<Utc>, NaiveDate, Decimal, Json<T>, an \
            enum that derives TextEnum, or an Option of one of these"
)]
pub trait ColumnValue: Sized + Send + Sync + 'static {
    /// The type of the column.
    const TYPE: ColumnType;
    /// Whether NULL is a value.
    const NULLABLE: bool = false;
    /// What a filter compares with: the type itself, or what an `Option` holds.
    type Operand: ColumnValue;

    /// Reads the value at `index`; `None` where it is NULL.
    ///
    /// # Errors
    ///
    /// The value is none of this type.
    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError>;

    /// Reads the value at `index`.
    ///
    /// # Errors
    ///
    /// The value is none of this type, or NULL where the type has none.
    fn decode(row: &dyn Row, index: usize) -> Result<Self, DecodeError> {
        Self::decode_option(row, index)?.ok_or_else(|| DecodeError::null(index))
    }

    /// Reads JSON that a client sent, to see whether it can be read; asked of JSON columns only.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    fn accepts(_json: &serde_json::Value) -> Result<(), String> {
        Ok(())
    }

    /// The value as a statement binds it.
    fn to_value(&self) -> Value;

    /// Writes the value as JSON.
    fn write_json(&self, out: &mut Vec<u8>);

    /// Reads the value at `index` and writes it as JSON; nothing and `false` where it is NULL. What answers are made of, so a type
    /// that need not be built to be written is not.
    ///
    /// # Errors
    ///
    /// The value is none of this type.
    #[doc(hidden)]
    fn write_option(row: &dyn Row, index: usize, out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        let Some(value) = Self::decode_option(row, index)? else { return Ok(false) };
        value.write_json(out);
        Ok(true)
    }

    /// Reads the value at `index` and writes it as JSON; what [`ColumnMeta::write`] points to.
    ///
    /// # Errors
    ///
    /// As [`ColumnValue::decode`].
    fn write_column(row: &dyn Row, index: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        if Self::write_option(row, index, out)? { Ok(()) } else { Err(DecodeError::null(index)) }
    }
}
