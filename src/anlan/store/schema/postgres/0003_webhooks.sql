-- SQLite's 0016: subscriptions and the letters they could not be delivered.
CREATE TABLE webhooks (
    id words PRIMARY KEY, name words NOT NULL UNIQUE, account words NOT NULL, url words NOT NULL, secret BYTEA NOT NULL,
    kinds words NOT NULL, ledgers words NOT NULL, state words NOT NULL, why words NOT NULL, pos BIGINT NOT NULL,
    attempts BIGINT NOT NULL, dead BIGINT NOT NULL, due_at BIGINT NOT NULL, made_at BIGINT NOT NULL
);
CREATE TABLE webhook_letters (
    id words PRIMARY KEY, webhook words NOT NULL, pos BIGINT NOT NULL, state words NOT NULL, why words NOT NULL,
    at BIGINT NOT NULL, UNIQUE (webhook, pos)
);
CREATE INDEX webhook_letters_by_state ON webhook_letters (state, id);
