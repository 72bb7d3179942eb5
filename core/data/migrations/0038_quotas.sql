-- How much of the server a tenant may take: requests a minute of each process, and members. Of files it is known already.

alter table kernel.tenants add column request_quota integer not null default 120000 check (request_quota >= 60),
  add column member_quota integer not null default 10000 check (member_quota >= 1);
