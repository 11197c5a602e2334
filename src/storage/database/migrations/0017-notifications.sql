-- Who is told of what happens, what waits to be told, and how far the outbox has been read.

-- Every reader of events: what all of them have passed, and is old enough, goes. event_id: up to where it was read; position: how
-- far into the next event, where one event becomes many messages.
CREATE TABLE outbox_readers (
  name TEXT PRIMARY KEY,
  event_id BIGINT NOT NULL,
  position TEXT,
  at BIGINT NOT NULL
);
-- What happened before there was anybody to tell is told to nobody.
INSERT INTO outbox_readers (name, event_id, at) SELECT 'notifications', COALESCE(MAX(id), 0), 0 FROM events;

-- settings, rule: JSON without secrets. digest_seconds: absent where each message goes by itself. after_event: the newest event
-- when the sink was made. failures: since the last success. update_*: messages of one revision of the vulnerability data.
CREATE TABLE notification_sinks (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  settings TEXT NOT NULL,
  rule TEXT NOT NULL,
  digest_seconds BIGINT,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  after_event BIGINT NOT NULL,
  state TEXT NOT NULL,
  state_reason TEXT,
  failures BIGINT NOT NULL,
  failing_since BIGINT,
  paused_until BIGINT,
  last_error TEXT,
  last_delivered_at BIGINT,
  delivered BIGINT NOT NULL,
  dropped BIGINT NOT NULL,
  update_revision BIGINT,
  update_messages BIGINT NOT NULL,
  update_held BIGINT NOT NULL
);
-- A sink by its name; those of an account in order.
CREATE UNIQUE INDEX notification_sinks_name ON notification_sinks (account, name);

-- part: signing, url, password. expires_at: of a signing secret that another one follows.
CREATE TABLE notification_secrets (
  id TEXT PRIMARY KEY,
  sink_id TEXT NOT NULL REFERENCES notification_sinks (id) ON DELETE CASCADE,
  part TEXT NOT NULL,
  secret BYTEA NOT NULL,
  sealed_under TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE INDEX notification_secrets_sink ON notification_secrets (sink_id, part, created_at);

-- One row for each message and sink. state: waiting or dead. since: when its first attempt was due, from which the time to give up counts.
CREATE TABLE notification_deliveries (
  id {{identity}},
  sink_id TEXT NOT NULL REFERENCES notification_sinks (id) ON DELETE CASCADE,
  notice_id TEXT NOT NULL,
  order_key TEXT NOT NULL,
  notice TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  since BIGINT NOT NULL,
  last_error TEXT,
  died_at BIGINT
);
-- What a sink has waiting, in order; its dead letters.
CREATE INDEX notification_deliveries_sink ON notification_deliveries (sink_id, state, id);
-- Whether an earlier message about the same image waits; which sinks have anything due.
CREATE INDEX notification_deliveries_order ON notification_deliveries (sink_id, order_key, id) WHERE state = 'waiting';
CREATE INDEX notification_deliveries_due ON notification_deliveries (sink_id, due_at) WHERE state = 'waiting';

-- What is gathered for the next digest of a sink. summary: JSON; notice_id: that of the message which it becomes.
CREATE TABLE notification_digests (
  sink_id TEXT PRIMARY KEY REFERENCES notification_sinks (id) ON DELETE CASCADE,
  notice_id TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  summary TEXT NOT NULL
);
CREATE INDEX notification_digests_due ON notification_digests (due_at);
