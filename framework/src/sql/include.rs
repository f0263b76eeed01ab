//! Reading the related rows of many parents in one statement.
//!
//! Every statement selects all columns of the target in their order and behind them, at index `columns.len()`, the value
//! that a parent is found by: its [`Link::local`](crate::model::Link::local).

use sea_query::{
    Alias, Expr, ExprTrait, Func, Order, OrderedStatement, OverStatement, Query, SelectStatement, WindowStatement,
};

use super::table::Table;
use super::{Dialect, Statement, Verb, bind};
use crate::model::{ColumnMeta, Link, Value};
use crate::query::Include;

/// The name of the column behind the target's, which no column of a model has: names of columns are names of fields.
const PARENT: &str = "_parent";
/// The place of a row among those of its parent.
const PLACE: &str = "_place";

/// The related rows of all parents, ordered by parent and then by the target's primary key, `limit` rows at most.
#[must_use]
pub fn related(include: &Include, parents: &[Value], limit: u64, dialect: Dialect) -> Statement {
    let edge = Edge::new(include, dialect);
    let mut rows = edge.rows(parents);
    for column in edge.order() {
        rows.order_by_expr(column, Order::Asc);
    }
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// As [`related`], but no more than `per_parent` rows of each parent (a window function): what is asked when the plain
/// statement ran into its limit.
#[must_use]
pub fn related_per_parent(
    include: &Include,
    parents: &[Value],
    per_parent: u64,
    limit: u64,
    dialect: Dialect,
) -> Statement {
    let edge = Edge::new(include, dialect);
    let mut window = WindowStatement::new();
    window.add_partition_by(edge.parent());
    for column in edge.target.key() {
        window.order_by_expr(column, Order::Asc);
    }
    let mut numbered = edge.rows(parents);
    numbered.expr_window_as(Func::cust("ROW_NUMBER"), window, PLACE);

    let mut rows = Query::select();
    let columns = edge.target.model.columns.iter().map(|column| Expr::col(column.name));
    rows.exprs(columns).column(PARENT).from_subquery(numbered, "numbered");
    let per_parent = i64::try_from(per_parent).unwrap_or(i64::MAX);
    rows.and_where(Expr::col(PLACE).lte(per_parent));
    rows.order_by(PARENT, Order::Asc);
    for column in edge.target.model.key_columns() {
        rows.order_by(column.name, Order::Asc);
    }
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// What a relation reads: the target, with the join model before it where there is one.
struct Edge {
    dialect: Dialect,
    target: Table,
    /// The target's column that is joined.
    foreign: &'static ColumnMeta,
    through: Option<Through>,
}

struct Through {
    join: Table,
    local: &'static ColumnMeta,
    foreign: &'static ColumnMeta,
}

impl Edge {
    fn new(include: &Include, dialect: Dialect) -> Self {
        let (link, model) = (include.relation.link, (include.relation.target)());
        let foreign = &model.columns[link.foreign()];
        match link {
            Link::Local { .. } | Link::Foreign { .. } => {
                Self { dialect, target: Table::new(model, dialect), foreign, through: None }
            }
            Link::Through { model: join, through_local, through_foreign, .. } => {
                let join = Table::aliased(join(), "link", dialect);
                let columns = join.model.columns;
                let through = Through { join, local: &columns[through_local], foreign: &columns[through_foreign] };
                Self { dialect, target: Table::aliased(model, "target", dialect), foreign, through: Some(through) }
            }
        }
    }

    /// The column that holds what a parent is found by.
    fn parent(&self) -> Expr {
        match &self.through {
            Some(through) => through.join.column(through.local),
            None => self.target.column(self.foreign),
        }
    }

    fn rows(&self, parents: &[Value]) -> SelectStatement {
        let mut rows = Query::select();
        rows.exprs(self.target.columns()).expr_as(self.parent(), Alias::new(PARENT));
        let parent = match &self.through {
            Some(through) => {
                let joined = through.join.column(through.foreign).eq(self.target.column(self.foreign));
                rows.from(through.join.reference()).inner_join(self.target.reference(), joined);
                through.local
            }
            None => {
                rows.from(self.target.reference());
                self.foreign
            }
        };
        rows.and_where(bind::is_in(self.parent(), parent, parents, self.dialect));
        rows
    }

    /// By parent and then by the target's key, each column once.
    fn order(&self) -> impl Iterator<Item = Expr> {
        let parent = self.parent();
        let key: Vec<Expr> = self.target.key().filter(|column| *column != parent).collect();
        std::iter::once(parent).chain(key)
    }
}
