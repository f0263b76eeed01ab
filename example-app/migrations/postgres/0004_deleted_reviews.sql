ALTER TABLE "reviews" ADD COLUMN "deleted_at" timestamp with time zone;
