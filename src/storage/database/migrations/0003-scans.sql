-- What was found in layers and images. Matches are kept by package (0002); an image's findings are a join.

-- One row for each layer digest, whoever has it; read again when the extractors have changed.
CREATE TABLE layer_inventories (
  digest TEXT PRIMARY KEY,
  extractor_revision TEXT NOT NULL,
  inventory BYTEA NOT NULL,
  read_at BIGINT NOT NULL
);

-- Images with the same packages share a set; members serve both ways: set → packages and package → sets.
CREATE TABLE package_sets (
  id {{identity}},
  hash TEXT NOT NULL UNIQUE
);
CREATE TABLE package_set_members (
  set_id BIGINT NOT NULL REFERENCES package_sets (id),
  package_id BIGINT NOT NULL,
  PRIMARY KEY (set_id, package_id)
);
CREATE INDEX package_set_members_package ON package_set_members (package_id, set_id);

-- The newest scan of each image. instances: zstd JSON of [package id, path, layer digest].
CREATE TABLE image_scans (
  repository_id BIGINT NOT NULL,
  digest TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  notes TEXT NOT NULL,
  distribution TEXT,
  data_needed TEXT NOT NULL,
  package_set_id BIGINT REFERENCES package_sets (id),
  data_revision BIGINT,
  extractor_revision TEXT,
  requested_at BIGINT NOT NULL,
  completed_at BIGINT,
  instances BYTEA,
  PRIMARY KEY (repository_id, digest),
  FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX image_scans_set ON image_scans (package_set_id);
