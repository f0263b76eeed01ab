ALTER TABLE "authors" ADD COLUMN "email" TEXT;
