-- Times of day in extensions compare like those of columns: immutable for the ISO texts that the engine stores.
create function kernel.to_time(value text) returns time language sql immutable strict parallel safe as $$
  select make_time(substr(value, 1, 2)::int, substr(value, 4, 2)::int, coalesce(nullif(substr(value, 7), ''), '0')::float8)
$$;
