-- A plugin whose migrations were taken back to a number stays there, left out, until migrate is run for all.
alter table kernel.schemas add column held_at integer check (held_at >= 0);
