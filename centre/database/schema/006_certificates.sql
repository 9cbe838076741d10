-- The authority's signature that a chip's verify key is its driver's, and until when (Unix seconds).
ALTER TABLE registry.chips ADD COLUMN certified_until bigint;
ALTER TABLE registry.chips ADD COLUMN certification bytea;
