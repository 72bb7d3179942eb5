/** The part of the contract that says what a `ctx` reaches beside rows. It is imported as `weft` like all of it. */
import type { Schema } from './contract-values.ts'

/** What is known of a file. Its content decides the type: what a program could run is `application/octet-stream`. */
export interface FileInfo {
  readonly id: string
  /** Cleaned: no path, no control characters, at most 200 letters. */
  readonly name: string
  readonly type: string
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
  readonly recordId: string | null
  readonly createdAt: string
  readonly createdBy: string | null
}

/** The plugin's own files; those of others, of other tenants and of records that the actor may not read are not there. */
export interface Files {
  /**
   * Only in an `exchange`, outside of `work`. At most 2 GB. `type` counts where the content says nothing.
   * @throws Problem 413 `too_large`; 422 `reference`; 507 `quota` for the tenant, `disk_full`; 503 `file_store_unavailable`
   */
  put(
    name: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { type?: string; recordId?: string },
  ): Promise<FileInfo>
  /** Only in an `exchange`, outside of `work`. @throws Problem 404; 503 `file_store_unavailable` */
  open(id: string): Promise<FileInfo & { readonly stream: AsyncIterable<Uint8Array> }>
  /** @throws Problem 404 */
  info(id: string): Promise<FileInfo>
  /**
   * Keeps what the actor has uploaded by `POST /api/files`; what nobody claims is swept after a day.
   * @throws Problem 404 for what is not there or was claimed before; 422 `reference`
   */
  claim(id: string, recordId?: string): Promise<FileInfo>
  /** Its bytes are kept for 30 days more. @throws Problem 404 */
  remove(id: string): Promise<void>
}

/** Something that members should know. */
export interface Notice {
  /** Ids of members, or everybody whose role holds a permission. Who may not read the record is left out. */
  readonly to: readonly string[] | { readonly permission: string }
  /** The text is `notify.<key>` of the plugin's locales, in the language of its reader. */
  readonly key: string
  readonly params?: Readonly<Record<string, string | number>>
  /** The record that it is about, to which it leads. */
  readonly recordId?: string
  /** Where it leads instead: a path of the screen, as `/page/tastings/plan`. */
  readonly url?: string
}

/**
 * Within a command it is told when the command is committed.
 * @throws Error for a key without a text; Problem 422 `reference` for whom or what is not there
 */
export type Notify = (notice: Notice) => Promise<void>

export interface Mail {
  /** Addresses, each with a name or without: `Ada <ada@example.org>`. At most 50. */
  readonly to: string | readonly string[]
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** Ids of the plugin's own files, at most 20 and 20 MB together. */
  readonly attachments?: readonly string[]
  readonly replyTo?: string
  /** The record that it is about: an access pack tells of it then, and an erasure blanks what is kept of it. */
  readonly recordId?: string
}

export interface Mailer {
  /**
   * Only in an `exchange`, outside of `work`: a mail cannot be taken back. To send after a command, emit an event in it and
   * send in its handler. A handler that is told again sends nothing twice: what was sent before is known by its place in the
   * handler, so send in the same order each time.
   * @throws Problem 400 `invalid` with the path of what is wrong; 404 for an attachment that is not there; 422 `reference`
   *   for a record that is not there; 502 `mail_failed`
   */
  send(mail: Mail): Promise<{ readonly id: string }>
}

export interface SecretReader {
  /**
   * Null where the tenant has entrusted none. It is for the call that needs it: never keep, log or store it.
   * @throws Error for a name that the manifest does not declare
   */
  get(name: string): Promise<string | null>
}

/**
 * What people call a field (`budget`), a value of it (`stage.won`), what helps to fill it in (`budget.help`) and a section
 * (`section.money`). What has no word in a language is called by that of the other one.
 */
export type Labels = { readonly [key: string]: { readonly en?: string; readonly fr?: string } }

export interface TenantFields {
  /**
   * `{ type: 'object', additionalProperties: false, properties, required }`, as far as `schemas/tenant-fields.json` allows:
   * at most 200 fields of one level, no patterns, no references. `required` ones are demanded of new rows alone.
   */
  readonly schema: Schema
  /** One for each field at least. */
  readonly labels: Labels
}
export interface DefinedFields extends TenantFields {
  /** Fields that were taken away and whose values are kept, unseen: defined again, they are back. */
  readonly removed: readonly string[]
}

/**
 * The fields that a tenant has given a resource through this plugin. Their values stand in the rows at
 * `extensions.<plugin>.<name>`, and lists, forms, searches, merges and erasures treat them like any other. What is changed
 * holds for what begins after the commit.
 */
export interface Fields {
  get(resource: string): Promise<DefinedFields>
  /**
   * Says all of them anew: what is left out is taken away. Needs `fields.manage`, and never comes from a guest.
   * @throws Problem 400 `invalid` with paths below `/schema` and `/labels`; 409 `values` where what rows hold does not fit,
   * with how many; 409 `busy` while values are being purged; 403
   */
  define(resource: string, fields: TenantFields): Promise<DefinedFields>
  /**
   * Begins a task that takes the values of removed fields out of the rows. It cannot be undone. @returns its id
   * @throws Problem 409 `in_use` for a field that is not removed; 403
   */
  purge(resource: string, names: readonly string[]): Promise<string>
}

/** One value of a list. */
export interface ListValue {
  /** As rows hold it. It never changes, whatever people call it. */
  readonly value: string
  readonly label: { readonly en?: string; readonly fr?: string }
  /** One of the six tones of the screen. */
  readonly color?: number
  /** Valid where it stands, and offered to nobody. */
  readonly archived?: boolean
}

/** Lists of values that each tenant edits: declared in `lists` of manifests, named by fields as `"x-values": "<plugin>.<list>"`. */
export interface Lists {
  /** In the tenant's order, archived ones too. @throws Problem 404 for a list that no installed plugin declares */
  get(name: string): Promise<readonly ListValue[]>
}
