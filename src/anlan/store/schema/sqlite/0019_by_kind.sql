-- Lists tell kinds as stages, which have indexes of their own; nothing was asked of this one any more.
DROP INDEX matters_by_kind_due;
