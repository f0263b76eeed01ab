CREATE INDEX "authors_created_at_idx" ON "authors" ("created_at");
CREATE INDEX "books_original_title_idx" ON "books" ("original_title");
CREATE INDEX "readers_created_at_idx" ON "readers" ("created_at");
CREATE INDEX "series_name_idx" ON "series" ("name");
