-- How many uploads a principal has in hand: counted when it opens another.
CREATE INDEX uploads_principal ON uploads (principal_id, touched_at) WHERE state = 'open';
