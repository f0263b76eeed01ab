use std::collections::BTreeSet;

use super::*;

fn one_connection(options: &mut DatabaseOptions) {
    (options.pool_size, options.max_overflow) = (1, 0);
    options.pool_timeout = Duration::from_millis(20);
}

#[tokio::test]
async fn a_wait_for_a_connection_ends_and_is_counted() {
    on_each_with(one_connection, async |fixture| {
        let transaction = fixture.database.begin().await.expect("begun");
        let error = fixture.database.begin().await.err().expect("there is one connection only");
        assert!(matches!(&error, Error::Unavailable(text) if text.contains("within 20ms")), "{error}");
        assert!(error.to_string().contains("pass `&mut transaction`"), "{error}");
        assert_eq!(fixture.metrics.db_pool_exhausted_total.get(), 1);
        transaction.rollback().await.expect("rolled back");
        fixture.database.begin().await.expect("free again").rollback().await.expect("rolled back");
        assert!(fixture.metrics.db_pool_wait_seconds.get_sample_count() >= 2);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_statement_closes_its_connection() {
    on_each(async |fixture| {
        let max = fixture.metrics.db_pool_max_connections.get();
        let mut session = fixture.database.session();
        session.fetch(&select("SELECT 1")).await.expect("read");
        let open = fixture.database.open_connections();
        let endless = fixture.endless();
        tokio::time::timeout(Duration::from_millis(50), session.fetch(&endless)).await.err().expect("it does not end");
        let lost = session.fetch(&select("SELECT 1")).await.err().expect("nobody knows what it would answer");
        assert!(matches!(lost, Error::Unavailable(_)), "{lost}");
        drop(session);
        assert_eq!(fixture.database.open_connections(), open - 1);
        assert_eq!(fixture.metrics.db_pool_connections_in_use.get(), 0);
        assert_eq!(fixture.metrics.db_pool_connections_available.get(), max);
        fixture.database.session().fetch(&select("SELECT 1")).await.expect("another connection");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_transaction_leaves_the_data_and_frees_the_writer() {
    on_each_with(
        |options| (options.pool_size, options.max_overflow) = (1, 0),
        async |fixture| {
            fixture.run("CREATE TABLE t (id integer)").await.expect("created");
            fixture.run("INSERT INTO t VALUES (1)").await.expect("inserted");
            let endless = fixture.endless();
            let work = async {
                let mut transaction = fixture.database.begin().await?;
                transaction.session().execute(&statement("INSERT INTO t VALUES (2)", Verb::Insert, [])).await?;
                transaction.session().fetch(&endless).await
            };
            tokio::time::timeout(Duration::from_millis(100), work).await.err().expect("it does not end");
            fixture.run("INSERT INTO t VALUES (3)").await.expect("the writer is free");
            assert_eq!(fixture.count("t").await, 2);
        },
    )
    .await;
}

/// Polls `work` so many times and drops it, wherever it is then.
async fn cancelled_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        polled += 1;
        match work.as_mut().poll(context) {
            std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
            std::task::Poll::Pending if polled > polls => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn work_may_be_cancelled_at_any_point() {
    on_each(async |fixture| {
        fixture.run("CREATE TABLE t (id integer)").await.expect("created");
        let mut done = 0;
        for round in 0..60 {
            let polls = if round % 12 == 11 { usize::MAX } else { round % 12 };
            let work = async {
                let mut transaction = fixture.database.begin().await?;
                transaction.session().execute(&insert("INSERT INTO t VALUES (1)", [])).await?;
                transaction.session().execute(&insert("INSERT INTO t VALUES (2)", [])).await?;
                transaction.commit().await
            };
            if let Some(outcome) = cancelled_after(polls, work).await {
                outcome.expect("committed");
                done += 1;
            }
        }
        assert!(done > 0, "some came through");
        // Each transaction is there as a whole or not at all; a commit may have been cancelled before its answer came.
        let rows = fixture.count("t").await;
        assert!(rows % 2 == 0 && rows >= 2 * done, "{rows} rows of {done} transactions");
        fixture.database.begin().await.expect("begun").rollback().await.expect("rolled back");
        let started = std::time::Instant::now();
        while fixture.metrics.db_pool_connections_in_use.get() > 0 {
            assert!(started.elapsed() < Duration::from_secs(5), "a connection was lost");
            tokio::task::yield_now().await;
        }
        assert_eq!(fixture.metrics.db_pool_connections_available.get(), fixture.metrics.db_pool_max_connections.get());
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_ends_on_the_server() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return;
        }
        let marked = select("SELECT 'marked', pg_sleep(60)");
        let started = std::time::Instant::now();
        let mut session = fixture.database.session();
        tokio::time::timeout(Duration::from_millis(50), session.fetch(&marked)).await.err().expect("it sleeps");
        drop(session);
        let active = select(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%marked%' AND state = 'active' \
             AND pid <> pg_backend_pid() AND datname = current_database()",
        );
        while fixture.database.session().fetch(&active).await.expect("read").row(0).i64(0).expect("count") != Some(0) {
            assert!(started.elapsed() < Duration::from_secs(4), "it still runs");
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_statement_has_a_time_limit() {
    on_each_with(
        |options| options.statement_timeout = Duration::from_millis(50),
        async |fixture| {
            let error = fixture.database.session().fetch(&fixture.endless()).await.err().expect("it does not end");
            assert!(matches!(error, Error::DeadlineExceeded), "{error}");
            fixture.database.session().fetch(&select("SELECT 1")).await.expect("the next one has its own limit");
            assert_eq!(fixture.metrics.db_pool_connections_in_use.get(), 0);
        },
    )
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_keep_the_time_loses_the_connection() {
    on_each_with(
        |options| options.statement_timeout = Duration::from_millis(50),
        async |fixture| {
            if fixture.dialect() == Dialect::Sqlite {
                return;
            }
            let mut session = fixture.database.session();
            session.execute(&statement("SET statement_timeout = 0", Verb::Other, [])).await.expect("set");
            let open = fixture.database.open_connections();
            let error = session.fetch(&fixture.endless()).await.err().expect("it does not end");
            assert!(matches!(error, Error::DeadlineExceeded), "{error}");
            drop(session);
            assert_eq!(fixture.database.open_connections(), open - 1);
        },
    )
    .await;
}

#[tokio::test]
async fn connections_beyond_the_pool_size_are_kept_for_a_while() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return; // the writer is never one too many; its readers follow the same code
        }
        let first = four_backends(fixture).await;
        assert_eq!(fixture.database.open_connections(), 4);
        assert_eq!(fixture.metrics.db_pool_connections_available.get(), 4);
        assert_eq!(four_backends(fixture).await, first, "none was opened anew");
    })
    .await;
}

#[tokio::test]
async fn idle_connections_beyond_the_pool_size_are_closed() {
    on_each_with(
        |options| options.pool_idle_timeout = Duration::ZERO,
        async |fixture| {
            if fixture.dialect() == Dialect::Sqlite {
                return;
            }
            // Twice, since what closes them ends with them.
            for _ in 0..2 {
                let first = four_backends(fixture).await;
                assert_eq!(first.len(), 4);
                let shrunk = async {
                    while fixture.database.open_connections() != 3 {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::time::timeout(Duration::from_secs(30), shrunk).await.expect("one is closed");
                assert_eq!(fixture.metrics.db_pool_connections_available.get(), 4);
            }
        },
    )
    .await;
}

/// Takes four connections at once, gives them back, and returns the process ids of PostgreSQL behind them.
async fn four_backends(fixture: &Fixture) -> BTreeSet<i64> {
    let mut sessions: Vec<_> = (0..4).map(|_| fixture.database.session()).collect();
    let mut backends = BTreeSet::new();
    for session in &mut sessions {
        let rows = session.fetch(&select("SELECT pg_backend_pid()::bigint")).await.expect("read");
        backends.insert(rows.row(0).i64(0).expect("an integer").expect("not NULL"));
    }
    assert_eq!(fixture.metrics.db_pool_connections_available.get(), 0);
    backends
}

#[tokio::test]
async fn an_old_connection_is_closed_when_it_comes_back() {
    on_each_with(
        |options| options.pool_recycle = Duration::ZERO,
        async |fixture| {
            fixture.run("CREATE TABLE t (id integer)").await.expect("created");
            assert_eq!(fixture.database.open_connections(), 0);
            assert_eq!(fixture.count("t").await, 0);
        },
    )
    .await;
}

#[tokio::test]
async fn a_database_answers_a_ping_until_it_is_closed() {
    on_each(async |fixture| {
        fixture.database.ping().await.expect("it is there");
        fixture.database.close().await;
        let error = fixture.database.ping().await.expect_err("closed");
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        assert_eq!(fixture.database.open_connections(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return;
        }
        let mut session = fixture.database.session();
        let kill = select("SELECT pg_terminate_backend(pg_backend_pid())");
        let error = session.fetch(&kill).await.err().expect("the connection is gone");
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        drop(session);
        assert_eq!(fixture.database.open_connections(), 0);
        fixture.database.session().fetch(&select("SELECT 1")).await.expect("a new one");
    })
    .await;
}

#[tokio::test]
async fn one_lost_connection_takes_those_that_wait_with_it() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return;
        }
        let mut sessions: Vec<_> = (0..3).map(|_| fixture.database.session()).collect();
        for session in &mut sessions {
            session.fetch(&select("SELECT 1")).await.expect("read");
        }
        let kill = select(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid()",
        );
        sessions[0].fetch(&kill).await.expect("killed");
        drop(sessions.split_off(1));
        fixture.database.session().fetch(&select("SELECT 1")).await.err().expect("this one is gone");
        for _ in 0..3 {
            fixture
                .database
                .session()
                .fetch(&select("SELECT 1"))
                .await
                .expect("the others too, so they were forgotten");
        }
    })
    .await;
}

#[tokio::test]
async fn a_write_beyond_its_time_takes_the_transaction_with_it() {
    on_each_with(
        |options| options.statement_timeout = Duration::from_millis(100),
        async |fixture| {
            fixture.run("CREATE TABLE t (id integer)").await.expect("created");
            let endless = fixture.endless().sql.replace("SELECT count(*)", "SELECT 1");
            let endless = match fixture.dialect() {
                Dialect::Sqlite => endless.replace("WITH", "INSERT INTO t WITH"),
                Dialect::Postgres => format!("INSERT INTO t {endless}"),
            };
            let mut transaction = fixture.database.begin().await.expect("begun");
            let error = transaction.session().execute(&insert(&endless, [])).await.expect_err("it does not end");
            assert!(matches!(error, Error::DeadlineExceeded), "{error}");
            transaction.rollback().await.expect("rolled back, by whomever");
            fixture.run("INSERT INTO t VALUES (1)").await.expect("the writer is free");
            assert_eq!(fixture.count("t").await, 1);
        },
    )
    .await;
}

#[tokio::test]
async fn readers_cannot_write_and_see_what_was_committed() {
    on_each(async |fixture| {
        if !matches!(fixture.made, Made::Folder(_)) {
            return;
        }
        fixture.run("CREATE TABLE t (id integer)").await.expect("created");
        let disguised = select("INSERT INTO t VALUES (1)");
        fixture.database.session().fetch(&disguised).await.err().expect("a reader refuses to write");

        let mut transaction = fixture.database.begin().await.expect("begun");
        transaction.session().execute(&insert("INSERT INTO t VALUES (2)", [])).await.expect("inserted");
        assert_eq!(fixture.count("t").await, 0, "readers go on beside the writer");
        transaction.commit().await.expect("committed");
        assert_eq!(fixture.count("t").await, 1);
    })
    .await;
}

#[tokio::test]
async fn decimals_are_ordered_by_value_in_their_collation() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Postgres {
            return;
        }
        let sql = "SELECT column1 FROM (VALUES ('10'), ('9.5'), ('-1')) ORDER BY column1 COLLATE couplet_decimal";
        let rows = fixture.database.session().fetch(&select(sql)).await.expect("the collation is registered");
        let ordered: Vec<_> = (0..rows.len()).map(|index| rows.row(index).text(0).expect("text").unwrap()).collect();
        assert_eq!(ordered, ["-1", "9.5", "10"]);
    })
    .await;
}
