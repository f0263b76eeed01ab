-- A deleted review stays, and the reader may review the book again.
ALTER TABLE "reviews" ADD COLUMN "deleted_at" timestamp with time zone;
DROP INDEX "reviews_reader_id_book_id_key";
CREATE UNIQUE INDEX "reviews_reader_id_book_id_key" ON "reviews" ("reader_id", "book_id") WHERE "deleted_at" IS NULL;
-- The key does not find deleted reviews of a reader.
CREATE INDEX "reviews_reader_id_idx" ON "reviews" ("reader_id");
