-- What the kernel keeps beside the rows of a person goes with them: their files, mails, notices and links, what is
-- scheduled about them, and what plugins have told of them.

-- The record that a mail is about.
alter table kernel.mails add column record_id uuid;
create index mails_record on kernel.mails (tenant_id, record_id) where record_id is not null;

-- The bytes of an erased file go with the next sweep, and its row after them.
alter table kernel.files drop constraint files_state_check,
  add constraint files_state_check check (state in ('scanning', 'staged', 'kept', 'erased'));

create or replace function kernel.guard_file() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  if new.plugin is distinct from claims[4] and not (tg_op = 'UPDATE' and kernel.is_kernel(claims)) then
    raise exception 'a file is written by its own plugin' using errcode = '42501';
  end if;
  if tg_op = 'INSERT' then
    new.created_at := kernel.moment(claims);
    new.created_by := nullif(claims[3], '')::uuid;
    new.deleted_at := null;
  end if;
  return new;
end $$;

create or replace function kernel.guard_mail() returns trigger language plpgsql as $$
declare
  claims text[] := kernel.claims();
begin
  if new.plugin is distinct from claims[4] and not (tg_op = 'UPDATE' and kernel.is_kernel(claims)) then
    raise exception 'a mail is sent by its own plugin' using errcode = '42501';
  end if;
  return new;
end $$;

-- Nothing is added to a person who is erased: what comes at the same time waits for the erasure and is refused.
create function kernel.refuse_erased() returns trigger language plpgsql security definer
set search_path = pg_catalog as $$
declare
  _record uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
begin
  if _record is null then
    return new;
  end if;
  perform from kernel.records r where r.tenant_id = new.tenant_id and r.id = _record and r.erased_at is null for key share;
  if not found and exists (select from kernel.records r where r.tenant_id = new.tenant_id and r.id = _record) then
    raise exception 'the record is erased' using errcode = '23503';
  end if;
  return new;
end $$;
create trigger erased_refused before insert or update of record_id on kernel.files
  for each row execute function kernel.refuse_erased('record_id');
create trigger erased_refused before insert on kernel.mails
  for each row execute function kernel.refuse_erased('record_id');
create trigger erased_refused before insert on kernel.notifications
  for each row execute function kernel.refuse_erased('record_id');
create trigger erased_refused before insert on kernel.links
  for each row execute function kernel.refuse_erased('subject');

-- The value without its words: of what no schema describes, ids, numbers and answers of yes and no stay.
create function kernel.blank_words(value jsonb) returns jsonb language sql immutable
set search_path = pg_catalog as $$
  select case jsonb_typeof(value)
    when 'object' then (select coalesce(jsonb_object_agg(key, kernel.blank_words(each.value)), '{}') from jsonb_each(value) each)
    when 'array' then (select coalesce(jsonb_agg(kernel.blank_words(item) order by place), '[]')
      from jsonb_array_elements(value) with ordinality as items (item, place))
    when 'string' then case
      when value #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then value else 'null' end
    else value end
$$;

-- What is no row of a plugin and yet about the rows of a record.
create function kernel.erase_companions(subject uuid) returns void language plpgsql
set search_path = public, pg_catalog as $$
declare
  _tenant uuid := kernel.tenant();
  _ids uuid[];
begin
  select coalesce(array_agg(r.id), '{}') into _ids from kernel.rows_of(subject) r;
  update kernel.files set state = 'erased', name = '', deleted_at = coalesce(deleted_at, now())
    where tenant_id = _tenant and record_id = any(_ids) and state <> 'erased';
  update kernel.mails set recipients = '{}', reply_to = null, subject = '', text = null, html = null, attachments = '{}',
      reason = null
    where tenant_id = _tenant and record_id = any(_ids);
  delete from kernel.notifications where tenant_id = _tenant and record_id = any(_ids);
  update kernel.links l set data = '{}', revoked_at = coalesce(l.revoked_at, now())
    where l.tenant_id = _tenant and l.subject = any(_ids);
  delete from kernel.schedules
    where tenant_id = _tenant and not declared and payload ->> 'recordId' = any(_ids::text[]);
  update kernel.facts set payload = kernel.blank_words(payload)
    where tenant_id = _tenant and record_id = any(_ids) and payload is not null;
end $$;

create or replace function kernel.erase(subject uuid) returns table (rows integer, facts integer) language plpgsql security definer
set search_path = pg_catalog as $$
begin
  perform kernel.assert_kernel();
  rows := kernel.erase_rows(subject);
  facts := kernel.erase_traces(subject);
  perform kernel.erase_companions(subject);
  update kernel.records set erased_at = now() where tenant_id = kernel.tenant() and id = subject and erased_at is null;
  return next;
end $$;
