-- ID tokens of providers whose tokens open one session each; a row goes when its token's time is over.
CREATE TABLE used_id_tokens (
  account TEXT NOT NULL,
  issuer TEXT NOT NULL,
  token_id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account, issuer, token_id)
);
-- Lookup: those whose time is over.
CREATE INDEX used_id_tokens_expires ON used_id_tokens (expires_at);
