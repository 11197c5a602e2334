-- Holdings that no set has, and packages that no image names, each with the moment from which that is so. A scan that takes one
-- up again removes the mark in the transaction in which it does; what is marked for long enough goes.
CREATE TABLE unused_holdings (
  holding_id BIGINT PRIMARY KEY,
  since BIGINT NOT NULL
);
-- "Which are marked for long", oldest first.
CREATE INDEX unused_holdings_since ON unused_holdings (since, holding_id);
CREATE TABLE unused_packages (
  package_id BIGINT PRIMARY KEY,
  since BIGINT NOT NULL
);
CREATE INDEX unused_packages_since ON unused_packages (since, package_id);
