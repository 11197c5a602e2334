import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SearchPage } from '../audit/search-log.ts'
import { account } from '../../test/kit/notifications.ts'
import { readLogFacts, type LogFactDeps, type ReadSoFar } from './log-facts.ts'

const options = { signal: new AbortController().signal }
const day = 86_400_000
const now = Date.UTC(2026, 10, 26)

/** Answers a search for an action with what `found` has of it, by the time from which it looks. */
function depsOf(
  found: (action: string | undefined, from: number) => SearchPage,
  ownAccount = account,
): LogFactDeps & { readonly verified: () => number } {
  let verified = 0
  return {
    ownAccount,
    searchAuditLog: async ({ query }) =>
      Promise.resolve(found(query.action, query.from?.getTime() ?? 0)),
    async *verifyAuditLog() {
      verified += 1
      yield await Promise.resolve({ kind: 'progress', file: 'one', lines: 1 } as const)
      const fault = { message: 'line 7 was altered' }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a fault only its words are read
      yield { kind: 'broken', fault } as never
    },
    verified: () => verified,
  }
}

const nothing: SearchPage = { events: [], next: undefined }
const endless: SearchPage = { events: [], next: { segment: 's', offset: 1 } }

function eventAt(at: number, text = '{}'): SearchPage {
  const event = { text, time: new Date(at), id: 'i', name: 'n', source: 's', readOnly: true }
  return {
    events: [{ ...event, accessKeyId: undefined, userName: undefined, resources: [] }],
    next: undefined,
  }
}

async function read(deps: LogFactDeps, soFar: ReadSoFar = {}, at = now) {
  return readLogFacts(deps, { account, now: at, soFar }, options)
}

test('only what came since the last time is looked through, and what was known stays known', async () => {
  const backup = now - day
  const first = await read(
    depsOf((action) => (action === 'pratique:BackupStorage' ? eventAt(backup) : nothing)),
  )
  assert.deepEqual(first.facts.lastBackup, { kind: 'told', value: backup })
  const begun: number[] = []
  const later = depsOf((_, from) => {
    begun.push(from)
    return nothing
  })
  const second = await read(later, first.soFar, now + 3_600_000)
  assert.deepEqual(second.facts.lastBackup, { kind: 'told', value: backup })
  assert.ok(begun.every((from) => from > now - 3_600_000))
  const old = await read(
    depsOf(() => nothing),
    second.soFar,
    now + 95 * day,
  )
  assert.deepEqual(old.facts.lastBackup, { kind: 'told', value: undefined })
})

test('a log that is too long is unknown, and forgets nothing', async () => {
  const first = await read(depsOf(() => eventAt(now - day)))
  const { facts, soFar } = await read(
    depsOf(() => endless),
    first.soFar,
    now + day,
  )
  assert.equal(facts.lastBackup.kind, 'unknown')
  const again = await read(
    depsOf(() => nothing),
    soFar,
    now + 2 * day,
  )
  assert.deepEqual(again.facts.lastBackup, { kind: 'told', value: now - day })
})

test('what failed was not done, and the chain is verified once a day', async () => {
  const deps = depsOf(() => eventAt(now - day, '{"errorCode":"AccessDenied"}'))
  const first = await read(deps)
  assert.deepEqual(first.facts.lastLogExport, { kind: 'told', value: undefined })
  assert.deepEqual(first.facts.chain, {
    kind: 'told',
    value: { isIntact: false, words: 'line 7 was altered' },
  })
  await read(deps, first.soFar, now + 3_600_000)
  assert.equal(deps.verified(), 1)
  await read(deps, first.soFar, now + day)
  assert.equal(deps.verified(), 2)
})

test('the log and the backups of the registry are no matter of another account', async () => {
  const other = depsOf(() => nothing, '210987654321' as typeof account)
  const { facts } = await read(other)
  assert.deepEqual(
    [facts.chain.kind, facts.lastBackup.kind, facts.lastLogExport.kind, facts.rootUse.kind],
    ['not-applicable', 'not-applicable', 'not-applicable', 'told'],
  )
  assert.equal(other.verified(), 0)
})
