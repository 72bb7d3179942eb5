-- Those who follow what happens in a tenant read its facts in the order in which they can be safely read.
create index facts_changes on kernel.facts (tenant_id, xid, id);
