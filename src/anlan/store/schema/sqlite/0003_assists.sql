-- Parts that assisting units (协办) have not reported yet, so that the part stands in the queue of the unit that owes it.
CREATE TABLE assists (
    unit TEXT NOT NULL, matter INTEGER NOT NULL, PRIMARY KEY (unit, matter)
) STRICT, WITHOUT ROWID;
INSERT INTO assists
    SELECT DISTINCT a.value ->> 'unit', m.number
    FROM matters m, json_each(CAST(m.state AS TEXT), '$.assists') a
    WHERE m.kind != 'closed' AND coalesce(a.value ->> 'done_at', 0) = 0;
