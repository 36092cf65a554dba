-- Whatever a list of one stage is filtered by rides along, so that a filter reads the index and not the rows.
DROP INDEX matters_by_stage;
CREATE INDEX matters_by_stage ON matters (stage, due, number, ledger, domain, category, channel, opened_at);
