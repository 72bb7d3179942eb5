-- Why a plugin is away is kept as a code with what it is about, so that each reader is told in their own language.

alter table kernel.quarantine alter column reason type jsonb
  using jsonb_build_object('code', 'earlier', 'params', jsonb_build_object('sentence', reason));

alter table kernel.schemas alter column refused type jsonb
  using case when refused is not null
    then jsonb_build_object('code', 'earlier', 'params', jsonb_build_object('sentence', refused)) end;
