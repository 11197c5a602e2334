-- What clusters asked about and were told, and what runs in them.

-- An image at one place of a cluster: what was decided of it, and when it was last let run or reported. cluster: a name, '' of pulls, which name none. namespace,
-- workload_kind, workload_name: '' where nobody told. door, decision, policies, reasons: of the last decision, the last two JSON lists of texts; NULL of what was only
-- reported. seen_at, seen_by: when, and by what (admission, gatekeeper, report), it was last known to run or to be let run; NULL of what was never let run.
-- ended_at: from when on it is not taken to run; NULL while it is. units: of the last report; NULL where nobody counted. standing: what the
-- policies last said of what runs, when it was judged anew.
CREATE TABLE cluster_images (
  account TEXT NOT NULL REFERENCES accounts (id),
  cluster TEXT NOT NULL,
  namespace TEXT NOT NULL,
  workload_kind TEXT NOT NULL,
  workload_name TEXT NOT NULL,
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  allowed BIGINT NOT NULL,
  denied BIGINT NOT NULL,
  door TEXT,
  decision TEXT,
  policies TEXT,
  reasons TEXT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  first_seen_at BIGINT,
  seen_at BIGINT,
  seen_by TEXT,
  ended_at BIGINT,
  units BIGINT,
  standing TEXT,
  PRIMARY KEY (account, cluster, namespace, workload_kind, workload_name, repository, digest)
);
-- Where an image runs; what runs of a repository.
CREATE INDEX cluster_images_image ON cluster_images (account, repository, digest);
-- What has not been seen for long, and what is too old to be kept.
CREATE INDEX cluster_images_seen ON cluster_images (ended_at, seen_at);
CREATE INDEX cluster_images_last ON cluster_images (last_at);

-- Append-only until they are too old. image: as it was named. digest: '' where it is not known. reasons: JSON, a list of code, message, policy. times: equal ones that were written at once.
CREATE TABLE admission_denials (
  id {{identity}},
  account TEXT NOT NULL REFERENCES accounts (id),
  cluster TEXT NOT NULL,
  door TEXT NOT NULL,
  namespace TEXT NOT NULL,
  workload_kind TEXT NOT NULL,
  workload_name TEXT NOT NULL,
  image TEXT NOT NULL,
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  policies TEXT NOT NULL,
  reasons TEXT NOT NULL,
  times BIGINT NOT NULL,
  at BIGINT NOT NULL
);
-- The latest of an account, and of a cluster of it.
CREATE INDEX admission_denials_account ON admission_denials (account, id);
CREATE INDEX admission_denials_cluster ON admission_denials (account, cluster, id);
CREATE INDEX admission_denials_at ON admission_denials (at);

-- The last report of each cluster. images: places of images of this registry; units: containers of them; foreign_units: containers of images of other registries;
-- unclear_units: containers of which nobody can tell which image of this registry they run.
CREATE TABLE cluster_reports (
  account TEXT NOT NULL REFERENCES accounts (id),
  cluster TEXT NOT NULL,
  at BIGINT NOT NULL,
  reported_by TEXT NOT NULL,
  images BIGINT NOT NULL,
  units BIGINT NOT NULL,
  foreign_units BIGINT NOT NULL,
  unclear_units BIGINT NOT NULL,
  PRIMARY KEY (account, cluster)
);
