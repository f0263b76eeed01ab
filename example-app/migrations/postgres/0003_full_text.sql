ALTER TABLE "books" ADD COLUMN "_search" tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, regexp_replace(left(coalesce("title", '') || ' ' || coalesce("original_title", ''), 200000), '[!-/:-@[-`{-~]+', ' ', 'g'))) STORED;

CREATE INDEX "books__search_idx" ON "books" USING gin ("_search");
