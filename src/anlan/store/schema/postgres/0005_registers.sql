CREATE TABLE registers (
    register words NOT NULL, key words NOT NULL, version BIGINT NOT NULL, body words NOT NULL,
    PRIMARY KEY (register, key)
);
