-- What has failed and is tried again, or is not any more: a person reads it, newest first.
create index deliveries_failed on kernel.deliveries (tenant_id, updated_at, id) where attempts > 0 and state <> 'done';
