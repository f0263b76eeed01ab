use super::*;

async fn make_table(fixture: &Fixture) {
    fixture.run("CREATE TABLE t (id integer PRIMARY KEY, name text)").await.expect("created");
}

fn row(id: i32) -> Statement {
    insert("INSERT INTO t (id, name) VALUES ($1, $2)", [id.into(), format!("row {id}").into()])
}

#[tokio::test]
async fn a_session_reads_and_writes_on_one_connection() {
    on_each(async |fixture| {
        make_table(fixture).await;
        let mut session = fixture.database.session();
        assert_eq!(session.execute(&row(1)).await.expect("inserted"), 1);
        let returning = insert("INSERT INTO t (id, name) VALUES (2, $1) RETURNING id, name", ["two".into()]);
        let rows = session.fetch(&returning).await.expect("inserted");
        assert_eq!(rows.row(0).text(1).expect("text"), Some("two"));
        let rows = session.fetch(&select("SELECT id FROM t ORDER BY id")).await.expect("read");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows.row(1).i32(0).expect("an integer"), Some(2));
        assert_eq!(fixture.metrics.db_pool_connections_in_use.get(), 1);
        drop(session);
        assert_eq!(fixture.metrics.db_pool_connections_in_use.get(), 0);
    })
    .await;
}

#[tokio::test]
async fn rows_are_forgotten_from_the_end() {
    on_each(async |fixture| {
        let mut rows = fixture.database.session().fetch(&select("SELECT 1 UNION ALL SELECT 2")).await.expect("read");
        rows.truncate(1);
        assert_eq!(rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_commit_shows_the_changes_and_a_rollback_takes_them_back() {
    on_each(async |fixture| {
        make_table(fixture).await;
        let mut transaction = fixture.database.begin().await.expect("begun");
        transaction.session().execute(&row(1)).await.expect("inserted");
        transaction.commit().await.expect("committed");

        let mut transaction = fixture.database.begin().await.expect("begun");
        transaction.session().execute(&row(2)).await.expect("inserted");
        transaction.rollback().await.expect("rolled back");
        assert_eq!(fixture.count("t").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_rolls_back_and_keeps_its_connection() {
    on_each_with(
        |options| (options.pool_size, options.max_overflow) = (1, 0),
        async |fixture| {
            make_table(fixture).await;
            let open = fixture.database.open_connections();
            let mut transaction = fixture.database.begin().await.expect("begun");
            transaction.session().execute(&row(1)).await.expect("inserted");
            drop(transaction);
            // There is one connection that writes, so this waits for the rollback.
            fixture.database.begin().await.expect("begun").rollback().await.expect("rolled back");
            assert_eq!(fixture.database.open_connections(), open);
            assert_eq!(fixture.count("t").await, 0);
        },
    )
    .await;
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_cannot_be_committed() {
    on_each(async |fixture| {
        make_table(fixture).await;
        let mut transaction = fixture.database.begin().await.expect("begun");
        transaction.session().execute(&row(1)).await.expect("inserted");
        transaction.session().execute(&row(1)).await.expect_err("inserted twice");
        let error = transaction.commit().await.expect_err("committed half of it");
        assert!(error.to_string().contains("rolled back"), "{error}");
        assert_eq!(fixture.count("t").await, 0);
    })
    .await;
}

async fn write<'a>(executor: impl Executor<'a>, id: i32) -> Result<u64> {
    let Some(database) = executor.database() else {
        return executor.session().execute(&row(id)).await;
    };
    let mut transaction = database.begin().await?;
    let changed = transaction.session().execute(&row(id)).await?;
    transaction.commit().await?;
    Ok(changed)
}

#[tokio::test]
async fn a_call_writes_in_its_own_transaction_or_in_the_callers() {
    on_each(async |fixture| {
        make_table(fixture).await;
        write(&fixture.database, 1).await.expect("written");
        let mut transaction = fixture.database.begin().await.expect("begun");
        write(&mut transaction, 2).await.expect("written");
        write(&mut transaction, 3).await.expect("written");
        transaction.rollback().await.expect("rolled back");
        assert_eq!(fixture.count("t").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_session_may_move_between_threads() {
    on_each(async |fixture| {
        let database = fixture.database.clone();
        let read = tokio::spawn(async move {
            let mut session = database.session();
            session.fetch(&select("SELECT 1")).await?;
            session.fetch(&select("SELECT 2")).await?.row(0).i32(0).map_err(Error::other)
        });
        assert_eq!(read.await.expect("no panic").expect("read"), Some(2));
    })
    .await;
}

#[tokio::test]
async fn many_writers_take_turns() {
    on_each(async |fixture| {
        make_table(fixture).await;
        let writers: Vec<_> = (0..40)
            .map(|id| {
                let database = fixture.database.clone();
                tokio::spawn(async move {
                    let mut transaction: Transaction = database.begin().await?;
                    transaction.session().fetch(&select("SELECT max(id) FROM t")).await?;
                    transaction.session().execute(&row(id)).await?;
                    transaction.commit().await
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("no panic").expect("written");
        }
        assert_eq!(fixture.count("t").await, 40);
        assert_eq!(fixture.metrics.db_pool_connections_in_use.get(), 0);
    })
    .await;
}

#[tokio::test]
async fn statements_are_counted_and_a_strict_budget_refuses_the_next() {
    on_each(async |fixture| {
        let meter = Meter::new(2, true);
        let outcome = Meter::scope(Arc::clone(&meter), async {
            let mut transaction = fixture.database.begin().await?;
            transaction.session().fetch(&select("SELECT 1")).await?;
            transaction.session().fetch(&select("SELECT 1")).await?;
            let refused = transaction.session().fetch(&select("SELECT 1")).await.err();
            transaction.commit().await?;
            Ok::<_, Error>(refused)
        })
        .await;
        let refused = outcome.expect("two are allowed").expect("the third is refused");
        assert!(matches!(&refused, Error::BudgetExceeded(text) if text.contains("may execute 2")), "{refused}");
        assert_eq!(meter.statements(), 2);
        assert!(meter.elapsed() > Duration::ZERO);
    })
    .await;
}

#[tokio::test]
async fn a_lenient_meter_counts_beyond_the_budget() {
    on_each(async |fixture| {
        let meter = Meter::new(0, false);
        Meter::scope(Arc::clone(&meter), fixture.database.session().fetch(&select("SELECT 1"))).await.expect("read");
        assert_eq!(meter.statements(), 1);
    })
    .await;
}

#[tokio::test]
async fn slow_statements_are_counted() {
    on_each_with(
        |options| options.slow_query_threshold = Duration::ZERO,
        async |fixture| {
            fixture.database.session().fetch(&select("SELECT 1")).await.expect("read");
            assert_eq!(fixture.metrics.db_slow_queries_total.with_label_values(&["select", "Test"]).get(), 1);
            let durations = fixture.metrics.db_query_duration_seconds.with_label_values(&["select", "Test"]);
            assert_eq!(durations.get_sample_count(), 1);
        },
    )
    .await;
}
