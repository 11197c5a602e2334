// Named questions about findings: made, changed and taken away.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { scanningError } from './errors.ts'
import {
  countFilters,
  deleteFilter,
  findFilter,
  findFilterByName,
  sizeOfOtherFilters,
  writeFilter,
  type FilterAction,
  type FindingFilter,
} from './finding-filter-store.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

/** As many as AWS lets an account have. */
const maxFilters = 500
/** Characters of the criteria of all filters of an account together: they are read for every image whose findings are. */
const maxCriteria = 256 * 1024
const maxTags = 50

/** FILTER_NAME_TAKEN, FILTERS_TOO_MANY, FILTER_TOO_WIDE. The id of the new filter. */
export async function createFilter(
  { database, clock, ids }: Deps,
  input: {
    readonly account: AccountId
    readonly principal: string
    readonly name: string
    readonly action: FilterAction
    readonly criteria: FindingCriteria
    readonly description?: string | undefined
    readonly reason?: string | undefined
    readonly tags: Readonly<Record<string, string>>
  },
): Promise<string> {
  const { account, principal, description, reason, ...rest } = input
  const now = clock.now()
  const id = ids.bytes(8).toString('hex')
  const filter = {
    ...rest,
    account,
    id,
    description,
    reason,
    madeBy: principal,
    madeAt: now,
    changedAt: now,
  }
  requireNarrow(filter)
  requireFewTags(filter.tags)
  await database.transaction(async (tx) => {
    await requireFreeName(tx, filter)
    if ((await countFilters(tx, account)) >= maxFilters) {
      const message = `the account has ${maxFilters} filters; delete some first`
      throw scanningError('FILTERS_TOO_MANY', message, { account })
    }
    await requireRoom(tx, filter)
    await writeFilter(tx, filter)
  })
  return id
}

/** What is not given stays as it is. FILTER_UNKNOWN, FILTER_NAME_TAKEN, FILTERS_TOO_MANY, FILTER_TOO_WIDE. */
export async function updateFilter(
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  input: {
    readonly account: AccountId
    readonly principal: string
    readonly id: string
    readonly changes: Partial<
      Pick<FindingFilter, 'name' | 'action' | 'criteria' | 'description' | 'reason'>
    >
  },
): Promise<void> {
  const { account, id, principal, changes } = input
  await database.transaction(async (tx) => {
    const before = await getFilter(tx, account, id)
    const filter = { ...before, ...changes, madeBy: principal, changedAt: clock.now() }
    requireNarrow(filter)
    await requireFreeName(tx, filter)
    if (changes.criteria !== undefined) await requireRoom(tx, filter)
    await writeFilter(tx, filter)
  })
}

/** FILTER_UNKNOWN. */
export async function removeFilter(
  { database }: Pick<Deps, 'database'>,
  account: AccountId,
  id: string,
): Promise<void> {
  await database.transaction(async (tx) => {
    await getFilter(tx, account, id)
    await deleteFilter(tx, account, id)
  })
}

/** Resource tags; those that are named and not given go. FILTER_UNKNOWN, FILTER_TAGS_TOO_MANY. */
export async function tagFilter(
  { database }: Pick<Deps, 'database'>,
  input: {
    readonly account: AccountId
    readonly id: string
    readonly put: Readonly<Record<string, string>>
    readonly remove: readonly string[]
  },
): Promise<void> {
  const { account, id, put, remove } = input
  await database.transaction(async (tx) => {
    const before = await getFilter(tx, account, id)
    const kept = Object.entries(before.tags).filter(([key]) => !remove.includes(key))
    const tags = { ...Object.fromEntries(kept), ...put }
    requireFewTags(tags)
    await writeFilter(tx, { ...before, tags })
  })
}

/** The filter, or FILTER_UNKNOWN. */
export async function getFilter(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<FindingFilter> {
  const found = await findFilter(reader, account, id)
  if (found !== undefined) return found
  throw scanningError(
    'FILTER_UNKNOWN',
    `the account has no filter ${id}; list those that there are`,
  )
}

async function requireFreeName(
  tx: SqlWriter,
  { account, id, name }: Pick<FindingFilter, 'account' | 'id' | 'name'>,
): Promise<void> {
  const other = await findFilterByName(tx, account, name)
  if (other === undefined || other.id === id) return
  throw scanningError('FILTER_NAME_TAKEN', `the account has a filter of the name ${name}`)
}

async function requireRoom(tx: SqlWriter, filter: FindingFilter): Promise<void> {
  const size = JSON.stringify(filter.criteria).length
  if (size + (await sizeOfOtherFilters(tx, filter)) <= maxCriteria) return
  const { account } = filter
  const message = `the criteria of the account's filters have more than ${maxCriteria} characters together; delete some first, or make them shorter`
  throw scanningError('FILTERS_TOO_MANY', message, { account })
}

/** Nobody means to hold back everything there is and will be. */
function requireNarrow({ action, criteria }: Pick<FindingFilter, 'action' | 'criteria'>): void {
  if (action !== 'SUPPRESS' || Object.keys(criteria).length > 0) return
  const message =
    'a filter that suppresses needs criteria: without any it would hold back every finding'
  throw scanningError('FILTER_TOO_WIDE', message)
}

function requireFewTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length <= maxTags) return
  throw scanningError('FILTER_TAGS_TOO_MANY', `a filter has at most ${maxTags} tags`)
}
