CREATE VIRTUAL TABLE "books_fts" USING fts5 (
    "title", "original_title",
    content = 'books',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TRIGGER "books_fts_insert" AFTER INSERT ON "books" BEGIN
    INSERT INTO "books_fts" (rowid, "title", "original_title") VALUES (new."id", new."title", new."original_title");
END;

CREATE TRIGGER "books_fts_update" AFTER UPDATE OF "id", "title", "original_title" ON "books" BEGIN
    INSERT INTO "books_fts" ("books_fts", rowid, "title", "original_title") VALUES ('delete', old."id", old."title", old."original_title");
    INSERT INTO "books_fts" (rowid, "title", "original_title") VALUES (new."id", new."title", new."original_title");
END;

CREATE TRIGGER "books_fts_delete" AFTER DELETE ON "books" BEGIN
    INSERT INTO "books_fts" ("books_fts", rowid, "title", "original_title") VALUES ('delete', old."id", old."title", old."original_title");
END;

INSERT INTO "books_fts" ("books_fts") VALUES ('rebuild');
