-- When a handler's effects were committed. A delivery that is handed over again, by hand or by a lost lease, is not told
-- a second time.
alter table kernel.deliveries add column told_at timestamptz(3);
