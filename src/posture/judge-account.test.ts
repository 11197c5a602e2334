import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { configureTagMutability } from '../registry/configure-repository.ts'
import { createRepository } from '../registry/create-repository.ts'
import {
  account,
  addWebhook,
  notifyingPlace,
  tellAll,
  type NotifyingPlace,
} from '../../test/kit/notifications.ts'
import { describePosture, listPostureHistory } from './describe-posture.ts'
import { judgeAccount, type JudgeAccountDeps } from './judge-account.ts'
import { judgePostureJob } from './posture-jobs.ts'
import { deletePostureRules, putPostureRules } from './put-posture-rules.ts'
import { ChangedAccounts, scheduleJudgements } from './schedule-judgements.ts'

const options = { signal: new AbortController().signal }
const day = 86_400_000
const name = parseRepositoryName('team/app')
const repository = { account, name: name ?? assert.fail() }

interface Place extends NotifyingPlace {
  readonly judging: JudgeAccountDeps
}

async function place(t: TestContext): Promise<Place> {
  const at = await notifyingPlace(t)
  const { database, clock } = at
  const isAccount = async (id: string): Promise<boolean> => Promise.resolve(id === account)
  const made = { repository, tagMutability: 'IMMUTABLE', scanOnPush: true, tags: [] } as const
  await createRepository({ database, clock, isAccount }, made)
  const judging: JudgeAccountDeps = {
    ...at,
    defaults: 'secure',
    place: { region: 'us-east-1', hostsOf: () => [] },
    looked: 5,
    restTimes: 0,
    url: () => 'https://registry.example.org',
    log: {
      ownAccount: account,
      searchAuditLog: async () => Promise.resolve({ events: [], next: undefined }),
      async *verifyAuditLog() {
        yield await Promise.resolve({ kind: 'progress', file: 'one', lines: 1 } as const)
      },
    },
  }
  return { ...at, judging }
}

/** What a receiver is told after a judgement of a later moment. */
async function judged(at: Place, sink: Awaited<ReturnType<typeof addWebhook>>) {
  at.clock.advance(3_600_000)
  await judgeAccount(at.judging, account, options)
  const told = await tellAll(at, sink)
  return told.map(({ event }) => ({
    type: event['detail-type'],
    change: event.detail['change'],
    rule: event.detail['rule'],
    resources: event.detail['resources'],
  }))
}

async function setMutability(at: Place, tagMutability: 'MUTABLE' | 'IMMUTABLE'): Promise<void> {
  await configureTagMutability(at.database, { repository, tagMutability })
}

function suppressing(until: string): string {
  return `version: 1\nsuppress:\n  - { rule: REG-003, owner: team, reason: moving, until: ${until} }\n`
}

test('a rule that begins to fail is told once, and that it is mended, too', async (t) => {
  const at = await place(t)
  const sink = await addWebhook(at, 'ops')
  assert.deepEqual(await judged(at, sink), [], 'what fails at first is the state of things')
  await setMutability(at, 'MUTABLE')
  const [began, ...others] = await judged(at, sink)
  assert.deepEqual(others, [])
  assert.partialDeepStrictEqual(began, {
    type: 'Pratique Posture',
    change: 'FAILING',
    rule: 'REG-003',
  })
  assert.match(JSON.stringify(began?.resources), /team\/app.*put-image-tag-mutability/)
  assert.deepEqual(await judged(at, sink), [])
  await setMutability(at, 'IMMUTABLE')
  assert.partialDeepStrictEqual(await judged(at, sink), [{ change: 'MENDED', rule: 'REG-003' }])
  assert.deepEqual(await judged(at, sink), [])
})

test('a suppression holds the alert back, and its end lets it go', async (t) => {
  const at = await place(t)
  const sink = await addWebhook(at, 'ops')
  await judged(at, sink)
  const until = new Date(at.clock.now().getTime() + 2 * day).toISOString().slice(0, 10)
  await putPostureRules(at, { account, text: suppressing(until), by: 'arn' })
  await setMutability(at, 'MUTABLE')
  assert.deepEqual(await judged(at, sink), [])
  at.clock.advance(4 * day)
  const told = await judged(at, sink)
  assert.ok(told.some(({ rule, change }) => rule === 'REG-003' && change === 'FAILING'))
  await assert.rejects(
    putPostureRules(at, { account, text: 'version: 1\nnothing: 1\n', by: 'arn' }),
    /line 2: unknown member/,
  )
  await deletePostureRules(at, account)
  await assert.rejects(deletePostureRules(at, account), /has put no rules file/)
})

test('the result is kept with a history that grows when something changes, and once a day', async (t) => {
  const at = await place(t)
  await assert.rejects(describePosture(at.database, account), /has not been judged yet/)
  await judgeAccount(at.judging, account, options)
  const { rules, judgedAt } = await describePosture(at.database, account)
  assert.ok(Array.isArray(rules) && rules.length > 30)
  assert.deepEqual(judgedAt, at.clock.now())
  const entries = async (): Promise<number> =>
    (await listPostureHistory(at.database, { account, limit: 10 })).length
  at.clock.advance(60_000)
  await judgeAccount(at.judging, account, options)
  assert.equal(await entries(), 1)
  await setMutability(at, 'MUTABLE')
  at.clock.advance(60_000)
  await judgeAccount(at.judging, account, options)
  assert.equal(await entries(), 2)
  at.clock.advance(day)
  await judgeAccount(at.judging, account, options)
  assert.equal(await entries(), 3)
})

test('an account is judged a while after a start, after a change and by the day, and not more often', async (t) => {
  const at = await place(t)
  const { database, clock } = at
  const changed = new ChangedAccounts()
  const deps = { database, clock, changed, startedAt: clock.now() }
  /** Which accounts are asked for; the jobs go. */
  const due = async (): Promise<readonly unknown[]> => {
    await scheduleJudgements(deps)
    const rows = await database.all('SELECT key FROM jobs WHERE kind = $1 ORDER BY key', [
      judgePostureJob,
    ])
    await database.transaction(async (tx) => void (await tx.run('DELETE FROM jobs')))
    return rows.map(({ key }) => key)
  }
  const judge = async (): Promise<void> => {
    await judgeAccount(at.judging, account, options)
  }
  assert.deepEqual(await due(), [])
  clock.advance(11 * 60_000)
  assert.equal((await due()).length, 2, 'each account once after a start')
  await judge()
  changed.add(account)
  clock.advance(60_000)
  assert.ok(!(await due()).includes(account), 'a burst of changes is judged once')
  clock.advance(15 * 60_000)
  assert.ok((await due()).includes(account))
  await judge()
  clock.advance(3_600_000)
  assert.ok(!(await due()).includes(account), 'nothing changed')
  await database.transaction((tx) =>
    tx.run(
      `INSERT INTO events (kind, account, resource, detail, at) VALUES ('FindingsChanged', '', '', '{}', $1)`,
      [clock.now().getTime()],
    ),
  )
  assert.ok((await due()).includes(account), 'new data is about every account')
  await judge()
  clock.advance(day)
  assert.ok((await due()).includes(account))
})
