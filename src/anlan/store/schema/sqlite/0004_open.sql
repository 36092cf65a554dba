-- Every open matter with what a map or a wall asks of it, in one small index; and the closed by when they were closed,
-- so that what was open at a past hour is two ranges; and the opened by when, for what an hour of the day brings.
CREATE INDEX matters_open ON matters (
    lead, stage, due, ledger, domain, flow, category, channel, officer, opened_at, kind, lon_e6, lat_e6
) WHERE kind != 'closed';
CREATE INDEX matters_by_closing ON matters (closed_at) WHERE kind = 'closed';
CREATE INDEX matters_by_opening ON matters (opened_at, ledger, lead, domain);
