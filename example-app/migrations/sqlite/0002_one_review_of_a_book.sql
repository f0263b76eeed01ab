-- A reader reviews a book once. The key finds the reviews of a reader too.
CREATE UNIQUE INDEX IF NOT EXISTS "reviews_reader_id_book_id_key" ON "reviews" ("reader_id", "book_id");

DROP INDEX "reviews_reader_id_idx";
