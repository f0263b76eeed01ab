//! Migrations are found, named and numbered.

use couplet::migrations;

fn main() {
    let _ = migrations!("no such folder");
    let _ = migrations!(migrations);
}
