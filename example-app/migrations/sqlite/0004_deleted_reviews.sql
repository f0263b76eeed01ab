ALTER TABLE "reviews" ADD COLUMN "deleted_at" TEXT;
