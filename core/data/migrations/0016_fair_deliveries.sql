-- What is due is looked for tenant by tenant, so that one with a hundred thousand deliveries holds up no other.
drop index kernel.deliveries_due;
create index deliveries_due on kernel.deliveries (tenant_id, due) where state in ('waiting', 'queued');
create index deliveries_queued on kernel.deliveries (tenant_id) where state = 'queued';
