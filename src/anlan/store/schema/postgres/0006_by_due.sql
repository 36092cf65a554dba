-- Open matters stand by due time in the index that maps and walls read, closed ones in one of their own: a new matter is
-- written into one index less. Kinds are asked for as stages, a matter's receipts by their numbers.
DROP INDEX matters_by_kind_due;
DROP INDEX matters_by_lead_due;
DROP INDEX matters_open;
DROP INDEX receipts_by_matter;
CREATE INDEX matters_open ON matters (
    lead, stage, due, number, ledger, domain, flow, category, channel, officer, opened_at, kind, lon_e6, lat_e6
) WHERE kind != 'closed';
CREATE INDEX matters_closed ON matters (lead, stage, due, number, category, channel) WHERE kind = 'closed';
