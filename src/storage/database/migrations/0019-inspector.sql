-- What Inspector's API tells of images and keeps for their owners.

-- Since when an image is known to the scanner: a scan replaces what the one before it wrote. architecture: as the image's config says.
ALTER TABLE image_scans ADD COLUMN first_completed_at BIGINT;
ALTER TABLE image_scans ADD COLUMN architecture TEXT;
UPDATE image_scans SET first_completed_at = completed_at;
