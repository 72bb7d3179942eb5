/** Roles that meet some rows alone, each with a row that it meets and one that it does not. */
import type { Grants } from '../../access/grants.ts'
import type { JsonObject } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { type Bench, versioned } from './bench.ts'
import type { Target } from './ground.ts'
import type { Guise } from './guise.ts'
import { type Made, ownerOf, withValue } from './rows.ts'
import { valueOf } from './specimen.ts'
import type { Side } from './stage.ts'

export interface RowTrial {
  /** What the role meets, in words. */
  readonly role: string
  readonly rows: Grants['rows']
  readonly target: Target
  readonly shown: Made
  readonly hidden: Made
  /** Deleted, and as little met as the other one; null where deleted rows are gone for good. */
  readonly gone: Made | null
  /** The row is read and not written: it is there, and every write of it is refused. */
  readonly isRead: boolean
  /** Makes more rows of both kinds; null where no two rows may have the value that tells them apart. */
  readonly further: { shown(): Promise<Made>; hidden(): Promise<Made> } | null
  /** Written to a row that is met, it is met no more; null where only the deletion of a row takes it away. */
  readonly leaving: JsonObject | null
}

/** Who makes the row, and what is special to it. */
interface Maker {
  readonly by: Side
  body?(body: JsonObject): JsonObject
}
type Makers = Pick<RowTrial, 'rows' | 'leaving'> & {
  readonly shown: Maker
  readonly hidden: Maker
  readonly isSingle?: boolean
}

/** Of which rows those of the target are, where that is a record of its own. */
export function baseOf({ rows }: Bench, { model }: Target): string | null {
  if (!model.owner) return null
  const name = model.belongsTo === 'any' ? rows.anyRecord : (model.belongsTo as string)
  return rows.composedOf(name)?.model.keep === 'record' ? name : null
}

/** Two that are not the same; null where the schema knows no two. */
function twoOf({ schema }: Field, n: number): readonly [unknown, unknown] | null {
  const all = Array.from({ length: 8 }, (_, i) => valueOf(schema, n + i, 'Chosen'))
  const other = all.find((each) => JSON.stringify(each) !== JSON.stringify(all[0]))
  return all[0] === undefined || other === undefined ? null : [all[0], other]
}

const isChosen = ({ filter, ref, readOnly, schema }: Field) =>
  filter !== null && ref === null && !readOnly && !schema['x-values'] && schema.type !== 'object'

function byFilter({ rows }: Bench, { side }: Guise, { model }: Target, field: Field): Makers | null {
  const two = twoOf(field, rows.next())
  if (!two) return null
  const [value, other] = two
  const term = { [field.key]: (Array.isArray(value) ? value[0] : value) as string }
  const having = (each: unknown): Maker => ({ by: side, body: (body) => withValue(body, field, each) })
  const leaving = withValue({}, field, other)
  const met = { [model.name]: { read: [term] } }
  return { rows: met, shown: having(value), hidden: having(other), leaving, isSingle: field.unique }
}

/** What belongs to a row that is not met is not met. */
async function byOwner({ rows, stage }: Bench, { side }: Guise, { model }: Target, base: string): Promise<Makers> {
  const [mine, theirs] = [await rows.make(side, base), await rows.make(stage.own, base)]
  const below = ({ id }: Made): Maker => ({ by: side, body: (body) => ({ ...body, ...ownerOf(model, id) }) })
  const leaving = ownerOf(model, theirs.id)
  return { rows: { [base]: { read: ['own'] } }, shown: below(mine), hidden: below(theirs), leaving }
}

type Draft = (bench: Bench, guise: Guise, target: Target) => Promise<Makers | null>

/** Who has made a row stays so; only where rows have owners one is given away. */
const givenTo = ({ model }: Target, { user }: Side): JsonObject | null =>
  model.fields.get('ownerId')?.ref === 'users' ? { ownerId: user } : null

const simply =
  (rowsOf: (name: string) => Grants['rows'], whose: (guise: Guise, target: Target) => Side): Draft =>
  async ({ stage }, guise, target) => ({
    rows: rowsOf(target.model.name),
    shown: { by: whose(guise, target) },
    hidden: { by: stage.own },
    leaving: givenTo(target, stage.own),
  })

const OWN = simply(
  (name) => ({ [name]: { read: ['own'] } }),
  ({ side }) => side,
)
const TEAM = simply(
  (name) => ({ [name]: { read: ['team'] } }),
  // By a rule of the resource itself a colleague's row may be hidden from everybody.
  ({ side, mate }, { model }) => (model.rule ? side : mate),
)
/** The roles that can be tried on a target, by their names. */
export function draftsOf(bench: Bench, target: Target): (readonly [role: string, draft: Draft])[] {
  const base = target.isOwn ? baseOf(bench, target) : null
  const chosen = target.writable.filter(isChosen)
  const above: Draft = (at, guise, of) => byOwner(at, guise, of, base as string)
  return [
    ['its own rows', OWN],
    ['the rows of its team', TEAM],
    ...(base ? [[`its own rows of ${base}`, above] as const] : []),
    ...chosen.map(
      (field) =>
        [
          `the rows by ${field.key}`,
          async (at: Bench, guise: Guise, of: Target) => byFilter(at, guise, of, field),
        ] as const,
    ),
  ]
}

async function make({ rows }: Bench, { model }: Target, { by, body = (each) => each }: Maker): Promise<Made> {
  return rows.enter(by, model.name, body(await rows.soundBody(by, model.name)))
}

/** Makes the rows while the role meets all. Null where the schema has no two values to tell them apart. */
export async function openTrial(
  bench: Bench,
  guise: Guise,
  target: Target,
  [role, draft]: readonly [string, Draft],
): Promise<RowTrial | null> {
  const makers = await draft(bench, guise, target)
  if (!makers) return null
  const { model } = target
  const { shown, hidden, rows, leaving, isSingle = false } = makers
  const gone = model.keep === 'record' ? await make(bench, target, hidden) : null
  if (gone) await hidden.by.ask('DELETE', `${model.path}/${gone.id}`, { headers: versioned(gone.version) })
  const made = { shown: await make(bench, target, shown), hidden: await make(bench, target, hidden), gone }
  // What is not met is not there for the role to make anything of.
  const elsewhere = { ...hidden, by: bench.stage.own }
  const further = { shown: () => make(bench, target, shown), hidden: () => make(bench, target, elsewhere) }
  return { role, rows, target, ...made, isRead: false, further: isSingle ? null : further, leaving }
}

/** The same rows for a role that reads all and writes these alone; null where nothing of a row can be written. */
export function writingOf({ role, rows, target, ...made }: RowTrial): RowTrial | null {
  const { name, keep } = target.model
  const term = rows[name]?.read
  if (!term || keep === 'log') return null
  return { ...made, target, role: `${role} to write`, rows: { [name]: { read: 'all', write: term } }, isRead: true }
}
