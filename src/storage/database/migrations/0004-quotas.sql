-- What accounts and repositories hold, and how much they may. Bytes are those of blobs, each counted once in a repository and
-- once in an account, and of manifests; images are manifests of every kind. Kept by the statements of usage-store.ts in
-- the transaction of the change; a limit that is null is none.
ALTER TABLE accounts ADD COLUMN used_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN used_images BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN max_bytes BIGINT;
ALTER TABLE accounts ADD COLUMN max_images BIGINT;
ALTER TABLE repositories ADD COLUMN used_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN used_images BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN max_bytes BIGINT;
ALTER TABLE repositories ADD COLUMN max_images BIGINT;

UPDATE repositories SET
  used_images = (SELECT COUNT(*) FROM manifests m WHERE m.repository_id = repositories.id),
  used_bytes = (SELECT COALESCE(SUM(m.size), 0) FROM manifests m WHERE m.repository_id = repositories.id)
    + (SELECT COALESCE(SUM(b.size), 0) FROM blobs b JOIN blob_links l ON l.blob_id = b.id WHERE l.repository_id = repositories.id);
UPDATE accounts SET
  used_images = (SELECT COALESCE(SUM(r.used_images), 0) FROM repositories r WHERE r.account = accounts.id),
  used_bytes = (SELECT COALESCE(SUM(m.size), 0) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = accounts.id)
    + (SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN
        (SELECT l.blob_id FROM blob_links l JOIN repositories r ON r.id = l.repository_id WHERE r.account = accounts.id));

-- Bytes of open uploads count while they are open.
CREATE INDEX uploads_open ON uploads (repository_id, size) WHERE state = 'open';
