-- Registers (台账): the ordinary lists of the lines of work, a row as JSON of its own shape. Every change is a fact.
CREATE TABLE registers (
    register TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (register, key)
) STRICT, WITHOUT ROWID;
