/** Plugins that a test writes for itself: folders below a temporary one, removed at its end. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../../core/host/catalogue.ts'

export interface Fixture {
  readonly manifest?: Readonly<Record<string, unknown>>
  /** The text of server.ts. */
  readonly server?: string
  /** Further files by their paths. */
  readonly files?: Readonly<Record<string, string>>
}

export class Fixtures {
  readonly #base = mkdtempSync(join(tmpdir(), 'weft-plugins-'))

  constructor() {
    mkdirSync(join(this.#base, 'node_modules'))
    symlinkSync(ROOT, join(this.#base, 'node_modules', 'weft'), 'junction')
  }

  /** @returns the folder of the plugin */
  write(id: string, { manifest = {}, server, files = {} }: Fixture = {}): string {
    const folder = join(this.#base, id)
    const all = {
      'manifest.json': JSON.stringify({
        $schema: '../../schemas/manifest.json',
        id,
        version: '1.0.0',
        weft: '^0.1.0',
        name: { en: `The ${id}`, fr: `Le ${id}` },
        summary: { en: `A ${id} of a test.`, fr: `Un ${id} d'un test.` },
        ...manifest,
      }),
      ...(server === undefined ? {} : { 'server.ts': server }),
      ...files,
    }
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return folder
  }

  remove(): void {
    rmSync(this.#base, { recursive: true, force: true })
  }
}

/** A plugin with one table of notes, which belong to any record. */
export function notesFixture(id: string, more: Fixture = {}): Fixture {
  const table = `${id.replaceAll('-', '_')}__${id.replaceAll('-', '_')}`
  const schema = {
    $schema: '../../../schemas/dialect.json',
    type: 'object',
    additionalProperties: false,
    required: ['recordId', 'text'],
    properties: {
      recordId: { type: 'string', format: 'uuid', 'x-ref': 'any', 'x-filter': true },
      text: { type: 'string', maxLength: 200, 'x-search': true },
    },
    'x-title': ['text'],
  }
  const server = `import { defineHandler, definePlugin, defineResource, defineEvent } from 'weft'
import schema from './schemas/${id}.json' with { type: 'json' }
export const notes = defineResource({ name: '${id}', schema, belongsTo: 'any' })
const created = defineEvent('clients.created')
const welcome = defineHandler({ event: created, name: 'welcome', kind: 'command', async handle(ctx, { payload }) {
  await ctx.rows(notes).create({ recordId: payload.id, text: 'Welcome' })
} })
export default definePlugin({ resources: [notes], handlers: [welcome] })
`
  return {
    server,
    ...more,
    manifest: { uses: { clients: ['read'] }, ...more.manifest },
    files: {
      [`schemas/${id}.json`]: JSON.stringify(schema),
      'migrations/0001_init.sql': notesTable(table, id),
      'migrations/0001_init.down.sql': `drop table "${table}";\n`,
      ...more.files,
    },
  }
}

function notesTable(table: string, id: string): string {
  const fact = `execute function kernel.write_fact('${id}', 'record_id')`
  return `create table "${table}" ("tenant_id" uuid not null, "id" uuid not null default gen_random_uuid(), "version" integer not null default 1, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), "created_by" uuid null, "updated_by" uuid null, "deleted_at" timestamptz(3) null, "record_id" uuid not null, "text" text not null, "extensions" jsonb not null default '{}', "derived" jsonb not null default '{}', "search_text" text not null default '', primary key ("tenant_id", "id"));
create index "${table}_created_at_0cd3e4" on "${table}" (tenant_id, created_at, id) where deleted_at is null;
create index "${table}_updated_at_b6a567" on "${table}" (tenant_id, updated_at, id) where deleted_at is null;
create index "${table}_created_by_51ba8d" on "${table}" (tenant_id, created_by) where deleted_at is null;
create index "${table}_updated_by_71aee3" on "${table}" (tenant_id, updated_by) where deleted_at is null;
create index "${table}_search_378640" on "${table}" using gin (tenant_id, search_text gin_trgm_ops) where deleted_at is null;
create index "${table}_record_id_7ec341" on "${table}" (tenant_id, "record_id", "created_at" desc, id) where deleted_at is null;
alter table "${table}" add constraint "${table}_record_id_fk" foreign key ("tenant_id", "record_id") references "kernel"."records" ("tenant_id", "id") on update no action on delete cascade;
create trigger stamp_created before insert on "${table}" for each row execute function kernel.stamp_row();
create trigger stamp_updated before update on "${table}" for each row when (old.* is distinct from new.* and old.derived is not distinct from new.derived) execute function kernel.stamp_row();
create trigger fact_written after insert or delete on "${table}" for each row ${fact};
create trigger fact_updated after update on "${table}" for each row when (old.derived is not distinct from new.derived) ${fact};
create trigger record_entered after insert or delete on "${table}" for each row execute function kernel.enter_record('${id}');
create trigger record_moved after update on "${table}" for each row when (old.deleted_at is distinct from new.deleted_at) execute function kernel.enter_record('${id}');
alter table "${table}" enable row level security;
alter table "${table}" force row level security;
create policy "tenant_isolation" on "${table}" using (tenant_id = (select kernel.tenant())) with check (tenant_id = (select kernel.tenant()));
`
}
