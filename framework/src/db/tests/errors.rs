use super::*;

#[tokio::test]
async fn constraints_name_the_columns_and_never_the_values() {
    on_each(async |fixture| {
        fixture.run("CREATE TABLE parents (id integer PRIMARY KEY)").await.expect("created");
        fixture
            .run(
                "CREATE TABLE t (id integer PRIMARY KEY, email text UNIQUE, a integer, b integer, name text NOT NULL, \
                 rating integer CHECK (rating < 6), parent_id integer REFERENCES parents (id), UNIQUE (a, b))",
            )
            .await
            .expect("created");
        fixture.run("INSERT INTO parents VALUES (1)").await.expect("inserted");
        let first = "INSERT INTO t VALUES (1, 'secret@example.org', 41, 42, 'x', 5, 1)";
        fixture.run(first).await.expect("inserted");

        let email = ("/email".to_owned(), "unique");
        let cases = [
            ("INSERT INTO t VALUES (2, 'secret@example.org', 1, 1, 'x', 1, 1)", true, vec![email]),
            (
                "INSERT INTO t VALUES (2, 'secret', 41, 42, 'x', 1, 1)",
                true,
                vec![("/a".into(), "unique"), ("/b".into(), "unique")],
            ),
            ("INSERT INTO t VALUES (1, 'secret', 1, 1, 'x', 1, 1)", true, vec![("/id".into(), "unique")]),
            ("INSERT INTO t VALUES (2, 'secret', 1, 1, NULL, 1, 1)", false, vec![("/name".into(), "required")]),
            ("INSERT INTO t VALUES (2, 'secret', 1, 1, 'x', 9, 1)", false, vec![(String::new(), "constraint")]),
            ("DELETE FROM parents", true, vec![(String::new(), "foreign_key")]),
        ];
        for (sql, is_conflict, expected) in cases {
            let error = fixture.run(sql).await.expect_err(sql);
            assert_eq!(matches!(error, Error::Conflict(_)), is_conflict, "{sql}: {error}");
            assert_eq!(mistakes(&error), expected, "{sql}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }

        let orphan = "INSERT INTO t VALUES (2, 'secret', 1, 1, 'x', 1, 77)";
        let error = fixture.run(orphan).await.expect_err("there is no parent 77");
        let at = if fixture.dialect() == Dialect::Sqlite { "" } else { "/parent_id" };
        assert_eq!(mistakes(&error), [(at.to_owned(), "foreign_key")]);
        assert!(!error.to_string().contains("77"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_composite_unique_key_is_explained_with_all_its_columns() {
    on_each(async |fixture| {
        fixture.run("CREATE TABLE t (a integer, b integer, UNIQUE (a, b))").await.expect("created");
        fixture.run("INSERT INTO t VALUES (1, 2)").await.expect("inserted");
        let error = fixture.run("INSERT INTO t VALUES (1, 2)").await.expect_err("inserted twice");
        assert_eq!(
            error.to_string(),
            "/a: another row has these values together; /b: another row has these values together"
        );
    })
    .await;
}

#[tokio::test]
async fn values_beyond_their_column_are_invalid() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return;
        }
        fixture.run("CREATE TABLE t (small smallint, short varchar(3), day date)").await.expect("created");
        let cases = [
            (insert("INSERT INTO t (small) SELECT $1::int8", [99_999_i64.into()]), "out_of_range"),
            (insert("INSERT INTO t (short) VALUES ($1)", ["secret".into()]), "too_long"),
            (insert("INSERT INTO t (short) VALUES ($1)", ["\0".into()]), "invalid_text"),
            (insert("INSERT INTO t (day) SELECT $1::text::date", ["secret".into()]), "invalid_value"),
        ];
        for (statement, code) in cases {
            let error = fixture.database.session().execute(&statement).await.expect_err(code);
            assert_eq!(mistakes(&error), [(String::new(), code)], "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_no_database_has_is_invalid_and_no_panic() {
    on_each(async |fixture| {
        let statement = statement("SELECT $1", Verb::Select, [u64::MAX.into()]);
        let error = fixture.database.session().fetch(&statement).await.err().expect("beyond i64");
        assert_eq!(mistakes(&error), [(String::new(), "out_of_range")]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_table_is_the_databases_refusal() {
    on_each(async |fixture| {
        let error = fixture.database.session().fetch(&select("SELECT * FROM nowhere")).await.err().expect("no table");
        assert!(matches!(&error, Error::Database(cause) if cause.to_string().contains("nowhere")), "{error}");
    })
    .await;
}

#[tokio::test]
async fn two_transactions_in_each_others_way_may_be_tried_again() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return; // there is one writer
        }
        fixture.run("CREATE TABLE t (id integer, n integer)").await.expect("created");
        fixture.run("INSERT INTO t VALUES (1, 0)").await.expect("inserted");
        let add = statement("UPDATE t SET n = n + 1", Verb::Update, []);
        let snapshot = statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", Verb::Other, []);
        let mut slow = fixture.database.begin().await.expect("begun");
        slow.session().execute(&snapshot).await.expect("set");
        slow.session().fetch(&select("SELECT n FROM t")).await.expect("read");
        fixture.database.session().execute(&add).await.expect("updated");
        let error = slow.session().execute(&add).await.expect_err("the row has changed");
        assert!(error.is_transient(), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_locked_by_another_process_may_be_tried_again() {
    on_each(async |fixture| {
        if !matches!(fixture.made, Made::Folder(_)) {
            return;
        }
        // Another handle stands for another process: SQLite does not tell them apart.
        let other = Database::connect(fixture.options.clone(), metrics()).await.expect("connected");
        let transaction = other.begin().await.expect("begun");
        let error = fixture.database.begin().await.err().expect("the other one writes");
        assert!(error.is_transient(), "{error}");
        transaction.rollback().await.expect("rolled back");
        fixture.database.begin().await.expect("begun").rollback().await.expect("rolled back");
    })
    .await;
}

#[tokio::test]
async fn a_url_is_refused_without_showing_it() {
    for url in ["mysql://root:secret@host/db", "secret", "postgres://u:secret@host:port/db", "sqlite:x?secret=1"] {
        let error = Database::connect(options(url.to_owned()), metrics()).await.err().expect(url);
        assert!(matches!(error, Error::Configuration(_)), "{url}: {error}");
        assert!(!error.to_string().contains("secret@") && !error.to_string().contains(":secret"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let url = format!("postgres://me:secret@127.0.0.1:{port}/db");
    let error = Database::connect(options(url.clone()), metrics()).await.err().expect("nobody listens");
    assert!(matches!(&error, Error::Unavailable(text) if text.contains(&port.to_string())), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    Database::lazy(options(url), metrics()).expect("it may come later");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let url = format!("postgres://me:secret@127.0.0.1:{port}/db");
    let error = Database::connect(options(url), metrics()).await.err().expect("nobody reads what is sent");
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("does not answer")), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_stops_the_start_and_is_left_alone() {
    let file = std::env::temp_dir().join(format!("couplet-test-{}.db", Uuid::now_v7()));
    let content = "this is a text and no database, and it is long enough to be read as one ".repeat(20);
    std::fs::write(&file, &content).expect("written");
    let url = format!("sqlite://{}", file.display());
    let error = Database::connect(options(url), metrics()).await.err().expect("no database");
    assert!(matches!(&error, Error::Startup(text) if text.contains("not a database")), "{error}");
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), content);
    std::fs::remove_file(file).expect("removed");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_stops_the_start() {
    let folder = std::env::temp_dir().join(format!("couplet-test-{}", Uuid::now_v7()));
    let url = format!("sqlite://{}/app.db", folder.display());
    let database = Database::connect(options(url.clone()), metrics()).await.expect("created");
    database.close().await;
    let error = Database::connect(options(format!("{url}?mode=ro")), metrics()).await.err().expect("read-only");
    assert!(matches!(&error, Error::Startup(text) if text.contains("app.db cannot be")), "{error}");

    let below_a_file = format!("{url}/deeper.db");
    let error = Database::connect(options(below_a_file), metrics()).await.err().expect("a file is no folder");
    assert!(matches!(&error, Error::Startup(text) if text.contains("its folder cannot be made")), "{error}");

    let a_folder = format!("sqlite://{}", folder.display());
    let error = Database::connect(options(a_folder), metrics()).await.err().expect("a folder is no file");
    assert!(matches!(&error, Error::Startup(text) if text.contains("it is a folder; name a file in it")), "{error}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn an_unknown_database_or_password_stops_the_start() {
    let Ok(server) = std::env::var("COUPLET_TEST_POSTGRES") else { return };
    let (start, _) = server.rsplit_once('/').expect("a database in the URL");
    let error = Database::connect(options(format!("{start}/couplet_nowhere")), metrics()).await.err().expect("unknown");
    assert!(matches!(&error, Error::Startup(text) if text.contains("couplet_nowhere")), "{error}");
}
