-- The pieces of the full-text index are put together sixteen at a time (four by default): in live use every 64th commit
-- had waited 20 ms for it.
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);
