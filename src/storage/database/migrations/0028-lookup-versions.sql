-- What changes under a name is held against the versions that are looked up there, mostly in vain: they are read from the index
-- alone, without the row of each package.
DROP INDEX package_lookups_name;
CREATE INDEX package_lookups_name ON package_lookups (ecosystem, name, package_id, version);
