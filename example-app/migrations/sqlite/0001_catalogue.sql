CREATE TABLE "authors" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "status" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    CONSTRAINT "authors_email_key" UNIQUE ("email")
);

CREATE TABLE "books" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "goodbooks_id" INTEGER,
    "title" TEXT NOT NULL,
    "original_title" TEXT,
    "isbn" TEXT,
    "isbn13" TEXT,
    "language" TEXT,
    "published_year" INTEGER,
    "average_rating" REAL NOT NULL,
    "ratings_count" INTEGER NOT NULL,
    "image_url" TEXT,
    "series_id" INTEGER,
    "created_at" TEXT NOT NULL,
    CONSTRAINT "books_goodbooks_id_key" UNIQUE ("goodbooks_id"),
    CONSTRAINT "books_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE SET NULL
);

CREATE TABLE "book_authors" (
    "book_id" INTEGER NOT NULL,
    "author_id" INTEGER NOT NULL,
    CONSTRAINT "book_authors_pkey" PRIMARY KEY ("book_id", "author_id"),
    CONSTRAINT "book_authors_book_id_fkey" FOREIGN KEY ("book_id") REFERENCES "books" ("id") ON DELETE CASCADE,
    CONSTRAINT "book_authors_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "authors" ("id") ON DELETE CASCADE
);

CREATE TABLE "reviews" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "book_id" INTEGER NOT NULL,
    "reader_id" INTEGER NOT NULL,
    "rating" INTEGER NOT NULL,
    "body" TEXT,
    "created_at" TEXT NOT NULL,
    CONSTRAINT "reviews_book_id_fkey" FOREIGN KEY ("book_id") REFERENCES "books" ("id") ON DELETE CASCADE,
    CONSTRAINT "reviews_reader_id_fkey" FOREIGN KEY ("reader_id") REFERENCES "readers" ("id") ON DELETE CASCADE
);

CREATE TABLE "readers" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    CONSTRAINT "readers_email_key" UNIQUE ("email")
);

CREATE TABLE "tags" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" TEXT NOT NULL,
    CONSTRAINT "tags_name_key" UNIQUE ("name")
);

CREATE TABLE "book_tags" (
    "book_id" INTEGER NOT NULL,
    "tag_id" INTEGER NOT NULL,
    CONSTRAINT "book_tags_pkey" PRIMARY KEY ("book_id", "tag_id"),
    CONSTRAINT "book_tags_book_id_fkey" FOREIGN KEY ("book_id") REFERENCES "books" ("id") ON DELETE CASCADE,
    CONSTRAINT "book_tags_tag_id_fkey" FOREIGN KEY ("tag_id") REFERENCES "tags" ("id") ON DELETE CASCADE
);

CREATE TABLE "series" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" TEXT NOT NULL,
    "parent_id" INTEGER,
    CONSTRAINT "series_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "series" ("id") ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS "authors_name_idx" ON "authors" ("name");

CREATE INDEX IF NOT EXISTS "books_title_idx" ON "books" ("title");

CREATE INDEX IF NOT EXISTS "books_isbn_idx" ON "books" ("isbn");

CREATE INDEX IF NOT EXISTS "books_isbn13_idx" ON "books" ("isbn13");

CREATE INDEX IF NOT EXISTS "books_language_idx" ON "books" ("language");

CREATE INDEX IF NOT EXISTS "books_published_year_idx" ON "books" ("published_year");

CREATE INDEX IF NOT EXISTS "books_average_rating_idx" ON "books" ("average_rating");

CREATE INDEX IF NOT EXISTS "books_ratings_count_idx" ON "books" ("ratings_count");

CREATE INDEX IF NOT EXISTS "books_series_id_idx" ON "books" ("series_id");

CREATE INDEX IF NOT EXISTS "books_created_at_idx" ON "books" ("created_at");

CREATE INDEX IF NOT EXISTS "book_authors_author_id_idx" ON "book_authors" ("author_id");

CREATE INDEX IF NOT EXISTS "reviews_book_id_idx" ON "reviews" ("book_id");

CREATE INDEX IF NOT EXISTS "reviews_reader_id_idx" ON "reviews" ("reader_id");

CREATE INDEX IF NOT EXISTS "reviews_rating_idx" ON "reviews" ("rating");

CREATE INDEX IF NOT EXISTS "reviews_created_at_idx" ON "reviews" ("created_at");

CREATE INDEX IF NOT EXISTS "readers_name_idx" ON "readers" ("name");

CREATE INDEX IF NOT EXISTS "book_tags_tag_id_idx" ON "book_tags" ("tag_id");

CREATE INDEX IF NOT EXISTS "series_parent_id_idx" ON "series" ("parent_id");

