import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { applyCveFacts } from '../scanning/apply-cve-facts.ts'
import { importCveFacts } from '../scanning/import-cve-facts.ts'
import { listEpssThresholds } from './epss-thresholds.ts'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import {
  account,
  addWebhook,
  notifyingPlace,
  planAll,
  sinkNamed,
  tellAll,
  type NotifyingPlace,
  type Received,
} from '../../test/kit/notifications.ts'
import { npmPackage, push, runScan } from '../../test/kit/scanning.ts'
import { newestEventId, readPosition } from '../jobs/outbox.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { recordEvent } from '../registry/events.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseTag } from '../oci/tag.ts'
import { applyRules } from '../scanning/apply-rules.ts'
import { requestScan } from '../scanning/request-scan.ts'
import { reevaluatePackages } from '../scanning/reevaluate-packages.ts'
import { listDueDeliveries } from './delivery-store.ts'
import { notificationsReader, planNotices } from './plan-notices.ts'

const { signal } = new AbortController()
const high = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H'
const low = 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N'
const nobody = osvRecord({ id: 'GHSA-0', name: 'nobody' })

async function scanned(
  at: NotifyingPlace,
  packages: Readonly<Record<string, string>>,
): Promise<Digest> {
  const files = Object.entries(packages).map(([name, version]) => npmPackage(name, version))
  const { digest } = await push(at, {
    layers: [layerOf(Object.assign({}, ...files) as Record<string, string>)],
  })
  await runScan(at, digest)
  return digest
}

async function newData(at: NotifyingPlace, records: readonly unknown[]): Promise<void> {
  await importRecords(at, [nobody, ...records], { confirmLoss: true })
  await reevaluatePackages(at, {}, { signal })
}

/** What a reader sees of findings: the state, the flaw, the packages. */
function findingsIn(received: readonly Received[]): readonly string[] {
  return received
    .filter(({ event }) => event['detail-type'] === 'Inspector2 Finding')
    .map(({ event: { detail } }) => {
      const {
        packageVulnerabilityDetails: details,
        status,
        severity,
      } = detail as {
        readonly packageVulnerabilityDetails: {
          readonly vulnerabilityId: string
          readonly vulnerablePackages: readonly { readonly name: string }[]
        }
        readonly status: string
        readonly severity: string
      }
      const names = details.vulnerablePackages.map(({ name }) => name).join('+')
      return `${status} ${details.vulnerabilityId} ${severity} ${names}`
    })
}

test('new data opens, changes and closes findings of images that hold the package, and of no others', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  const holding = await scanned(at, { 'left-pad': '1.0.0' })
  await scanned(at, { 'right-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const steps: readonly (readonly unknown[])[] = [
    [osvRecord({ id: 'GHSA-1', severity: high })],
    [osvRecord({ id: 'GHSA-1', severity: low })],
    [osvRecord({ id: 'GHSA-1', severity: low, summary: 'other words' })],
    [],
    [osvRecord({ id: 'GHSA-1', severity: high })],
  ]
  const told: Received[][] = []
  for (const records of steps) {
    await newData(at, records)
    told.push([...(await tellAll(at, sink))])
  }
  assert.deepEqual(told.map(findingsIn), [
    ['ACTIVE GHSA-1 HIGH left-pad'],
    ['ACTIVE GHSA-1 LOW left-pad'],
    [],
    ['CLOSED GHSA-1 LOW left-pad'],
    ['ACTIVE GHSA-1 HIGH left-pad'],
  ])
  const arns = new Set(told.flat().map(({ event }) => event.detail['findingArn']))
  assert.equal(arns.size, 1)
  const ids = told.flat().map(({ event }) => event.id)
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(told.flat().every(({ event }) => JSON.stringify(event).includes(holding)))
})

test('what changed twice before anybody looked is told as it was, one after the other', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  await newData(at, [])
  assert.deepEqual(findingsIn(await tellAll(at, sink)), [
    'ACTIVE GHSA-1 HIGH left-pad',
    'CLOSED GHSA-1 HIGH left-pad',
  ])
})

test('a flaw of two packages of an image opens once and closes when the last is mended', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { alpha: '1.0.0', beta: '1.0.0' })
  const opened = await addWebhook(at, 'opened', { rule: { changes: ['NEW'] } })
  const closed = await addWebhook(at, 'closed', { rule: { changes: ['CLOSED'] } })
  const ofAlpha = osvRecord({ id: 'GHSA-a', aliases: ['CVE-2026-1001'], name: 'alpha' })
  const ofBeta = osvRecord({ id: 'GHSA-b', aliases: ['CVE-2026-1001'], name: 'beta' })
  await newData(at, [ofAlpha, ofBeta])
  assert.deepEqual(findingsIn(await tellAll(at, opened)).length, 1)
  await newData(at, [ofBeta])
  assert.deepEqual(findingsIn(await tellAll(at, closed)), [])
  await newData(at, [])
  assert.deepEqual(findingsIn(await tellAll(at, closed)), ['CLOSED CVE-2026-1001 UNTRIAGED beta'])
})

test('a first scan tells of each finding after the scan itself', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  const sink = await addWebhook(at, 'ops')
  await scanned(at, { 'left-pad': '1.0.0' })
  const received = await tellAll(at, sink)
  assert.deepEqual(
    received.map(({ event }) => event['detail-type']),
    ['ECR Image Scan', 'Inspector2 Finding'],
  )
  assert.partialDeepStrictEqual(received[0]?.event.detail, {
    'scan-status': 'COMPLETE',
    'finding-severity-counts': { HIGH: 1 },
  })
})

test('a scan of the same image again tells of no finding that was told', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  const digest = await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const key = { repositoryId: 1, digest }
  await at.database.transaction((tx) =>
    requestScan(tx, key, { account, origin: 'hand' }, at.clock.now()),
  )
  await runScan(at, digest)
  assert.deepEqual(
    (await tellAll(at, sink)).map(({ event }) => event['detail-type']),
    ['ECR Image Scan'],
  )
})

test('what a rule of the account holds back is not told', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const text = `- vulnerability: GHSA-1
  reason: not reachable
  owner: team-web
  until: 2099-01-01
`
  await applyRules(at, { account, principal: 'arn', text, isDryRun: false })
  await newData(at, [
    osvRecord({ id: 'GHSA-1', severity: high }),
    osvRecord({ id: 'GHSA-2', severity: high }),
  ])
  assert.deepEqual(findingsIn(await tellAll(at, sink)), ['ACTIVE GHSA-2 HIGH left-pad'])
})

test('a flaw that is known to be exploited from now on is told as a change, to those who ask for such', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  const all = await addWebhook(at, 'all')
  const kev = await addWebhook(at, 'kev', { rule: { kevOnly: true } })
  const news = await addWebhook(at, 'news', { rule: { changes: ['NEW'] } })
  const flaw = osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-1001'], severity: high })
  await newData(at, [flaw])
  assert.equal((await tellAll(at, all)).length, 1)
  assert.deepEqual(await tellAll(at, kev), [])
  assert.equal((await tellAll(at, news)).length, 1)
  await at.database.transaction(async (tx) => {
    await tx.run(
      `INSERT INTO cve_fact_sources (kind, generation, facts) VALUES ('kev', 1, 1)
       ON CONFLICT (kind) DO UPDATE SET generation = 1`,
    )
    const kevFact = JSON.stringify({ addedOn: '2026-11-24' })
    await tx.run(
      `INSERT INTO cve_facts (cve, kind, generation, facts) VALUES ('CVE-2026-1001', 'kev', 1, $1)`,
      [kevFact],
    )
    const rows = await tx.all('SELECT detail FROM events ORDER BY id DESC LIMIT 1')
    const told = JSON.parse(String(rows[0]?.['detail'])) as Readonly<Record<string, unknown>>
    const detail = { ...told, opened: [], changed: ['CVE-2026-1001'] }
    await tx.run(
      `INSERT INTO events (kind, account, resource, detail, at) VALUES ('FindingsChanged', '', 'package', $1, 0)`,
      [JSON.stringify(detail)],
    )
  })
  const [told, ...more] = await tellAll(at, kev)
  assert.deepEqual(more, [])
  assert.equal(told?.event.detail['exploitAvailable'], 'YES')
  assert.deepEqual(await tellAll(at, news), [])
})

test('of an image that left continuous scanning new data tells nothing', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  const left = await scanned(at, { 'left-pad': '1.0.0' })
  await scanned(at, { 'left-pad': '1.0.0', other: '1.0.0' })
  await at.database.transaction((tx) =>
    tx.run('UPDATE image_scans SET left_at = 1, left_revision = 1 WHERE digest = $1', [left]),
  )
  const sink = await addWebhook(at, 'ops')
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  const received = await tellAll(at, sink)
  assert.equal(received.length, 1)
  assert.ok(!JSON.stringify(received).includes(left))
})

test('findings of an image that changed for another reason are told from the image’s event', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  const digest = await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const one = { package: 'pkg:npm/left-pad@1.0.0', severity: 'HIGH' }
  const detail = {
    digest,
    cause: 'rules-ended',
    opened: [{ ...one, vulnerability: 'GHSA-1' }],
    closed: [{ ...one, vulnerability: 'GHSA-9' }],
    changed: [],
  }
  await at.database.transaction((tx) =>
    tx.run(
      `INSERT INTO events (kind, account, resource, detail, at) VALUES ('ImageFindingsChanged', $1, 'team/app1', $2, 0)`,
      [account, JSON.stringify(detail)],
    ),
  )
  assert.deepEqual(findingsIn(await tellAll(at, sink)), [
    'ACTIVE GHSA-1 HIGH left-pad',
    'CLOSED GHSA-9 HIGH ',
  ])
})

test('pushes and deletions are told once for each tag, and a signature is no image', async (t) => {
  const at = await notifyingPlace(t)
  await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const digest = parseDigest(`sha256:${'b'.repeat(64)}`)
  const tags = ['v1', 'v2'].flatMap((name) => parseTag(name) ?? [])
  const repository = await findRepositoryById(at.database, 1)
  assert.ok(digest !== undefined && repository !== undefined)
  const image = { digest, tags, mediaType: 'm', artifactType: undefined, subject: undefined }
  const signature = { ...image, tags: [], artifactType: 'sig', subject: digest }
  await at.database.transaction(async (tx) => {
    await recordEvent(tx, repository, { kind: 'ImagePushed', ...image }, at.clock.now())
    await recordEvent(tx, repository, { kind: 'ImagePushed', ...signature }, at.clock.now())
    await recordEvent(tx, repository, { kind: 'ImageDeleted', ...image, tags: [] }, at.clock.now())
  })
  const received = await tellAll(at, sink)
  assert.deepEqual(
    received.map(({ event }) => [
      event['detail-type'],
      event.detail['action-type'],
      event.detail['image-tag'],
    ]),
    [
      ['ECR Image Action', 'PUSH', 'v1'],
      ['ECR Image Action', 'PUSH', 'v2'],
      ['ECR Referrer Action', 'PUSH', undefined],
      ['ECR Image Action', 'DELETE', undefined],
    ],
  )
  assert.equal(received[2]?.event.detail['subject-digest'], digest)
})

test('rules of the registry are told as the repositories that they make a difference to', async (t) => {
  const at = await notifyingPlace(t)
  await scanned(at, { 'left-pad': '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  const of = (frequency: string, filter: string): unknown => ({
    scanType: 'ENHANCED',
    rules: [{ frequency, filters: [filter] }],
  })
  const tell = async (previous: unknown, configuration: unknown): Promise<readonly Received[]> => {
    await at.database.transaction((tx) =>
      tx.run(
        `INSERT INTO events (kind, account, resource, detail, at) VALUES ('ScanningConfigured', $1, 'registry', $2, 0)`,
        [account, JSON.stringify({ previous, configuration })],
      ),
    )
    return tellAll(at, sink)
  }
  const [told] = await tell(of('SCAN_ON_PUSH', 'team/*'), of('CONTINUOUS_SCAN', '*'))
  assert.partialDeepStrictEqual(told?.event.detail, {
    'action-type': 'SCAN_FREQUENCY_CHANGE',
    repositories: [
      {
        'repository-name': 'team/app1',
        'scan-frequency': 'CONTINUOUS_SCAN',
        'previous-scan-frequency': 'SCAN_ON_PUSH',
      },
    ],
  })
  assert.deepEqual(await tell(of('SCAN_ON_PUSH', 'x'), of('CONTINUOUS_SCAN', 'x')), [])
})

test('a sink is told of its own account, and of nothing from before it was made', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  const other = parseAccountId('210987654321')
  assert.ok(other !== undefined)
  const stranger = await addWebhook(at, 'stranger', {}, other)
  await newData(at, [osvRecord({ id: 'GHSA-1' })])
  const late = await addWebhook(at, 'late')
  assert.deepEqual(await tellAll(at, stranger), [])
  assert.deepEqual(await tellAll(at, late), [])
})

test('an EPSS score that crosses what a sink asks for is told to it, and none that only moves', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  await newData(at, [osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-1001'], severity: high })])
  const likely = await addWebhook(at, 'likely', { rule: { minEpss: 0.5 } })
  const epss = async (score: number): Promise<readonly string[]> => {
    const bytes = Readable.from([Buffer.from(`cve,epss,percentile\nCVE-2026-1001,${score},0.5\n`)])
    const { kind } = await importCveFacts(at, { bytes, confirmLoss: true }, { signal })
    const epssThresholds = async (): Promise<readonly number[]> => listEpssThresholds(at.database)
    await applyCveFacts({ ...at, epssThresholds }, { kind }, { signal })
    return findingsIn(await tellAll(at, likely))
  }
  assert.deepEqual(await epss(0.2), [])
  assert.deepEqual(await epss(0.3), [])
  assert.deepEqual(await epss(0.6), ['ACTIVE CVE-2026-1001 HIGH left-pad'])
  assert.deepEqual(await epss(0.7), [])
  assert.deepEqual(await epss(0.1), [])
})

test('where nobody wants to be told, no image is looked up and the outbox is passed', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  await scanned(at, { 'left-pad': '1.0.0' })
  await addWebhook(at, 'ops', { rule: { kinds: ['finding'], kevOnly: true } })
  await newData(at, [osvRecord({ id: 'GHSA-1' })])
  const asked: string[] = []
  const database = {
    ...at.database,
    all: async (sql: string, parameters?: Parameters<typeof at.database.all>[1]) => {
      asked.push(sql)
      return at.database.all(sql, parameters)
    },
    first: at.database.first.bind(at.database),
    transaction: at.database.transaction.bind(at.database),
  }
  await planAll({ ...at, database: { ...at.database, ...database } })
  assert.ok(!asked.some((sql) => sql.includes('package_set_members')))
  const { eventId } = await readPosition(at.database, notificationsReader)
  assert.equal(eventId, await newestEventId(at.database))
})

test('what nobody listens to is passed over in one step, and who comes then is told of what comes after', async (t) => {
  const at = await notifyingPlace(t)
  const tell = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1)
      await at.database.transaction((tx) =>
        tx.run(
          `INSERT INTO events (kind, account, resource, detail, at) VALUES ('FindingsChanged', '', 'package/1', $1, 1)`,
          [
            JSON.stringify({
              packageId: 1,
              revision: 1,
              opened: ['CVE-2026-1'],
              closed: [],
              changed: [],
            }),
          ],
        ),
      )
  }
  await scanned(at, { 'left-pad': '1.0.0' })
  await tell(150)
  assert.equal(await planNotices(at, { signal }), true)
  assert.equal(await planNotices(at, { signal }), false)
  // Who hears of pushes only: events of new data are read a page at a time, not one by one.
  const sink = await addWebhook(at, 'ops', { rule: { kinds: ['image'] } })
  await tell(150)
  const repository = await findRepositoryById(at.database, 1)
  const digest = parseDigest(`sha256:${'a'.repeat(64)}`)
  assert.ok(digest !== undefined && repository !== undefined)
  const image = { digest, tags: [], mediaType: 'm', artifactType: undefined, subject: undefined }
  await at.database.transaction((tx) =>
    recordEvent(tx, repository, { kind: 'ImagePushed', ...image }, at.clock.now()),
  )
  let turns = 0
  while (await planNotices(at, { signal })) turns += 1
  assert.ok(turns <= 4, `${turns} turns`)
  const told = await tellAll(at, sink)
  assert.equal(told.length, 1)
  assert.ok(JSON.stringify(told).includes(digest))
})

test('an update that touches too much becomes one digest that names the worst', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  for (let image = 0; image < 55; image += 1)
    await scanned(at, { 'left-pad': '1.0.0', [`own-${image}`]: '1.0.0' })
  const sink = await addWebhook(at, 'ops')
  await newData(at, [
    osvRecord({ id: 'GHSA-1', severity: high }),
    osvRecord({ id: 'GHSA-2', severity: low }),
  ])
  assert.deepEqual(await tellAll(at, sink), [])
  at.clock.advance(15 * 60_000)
  const [digest, ...more] = await tellAll(at, sink)
  assert.deepEqual(more, [])
  assert.equal(digest?.event['detail-type'], 'Pratique Digest')
  assert.partialDeepStrictEqual(digest?.event.detail, {
    messages: 110,
    findings: { NEW: 110, CHANGED: 0, CLOSED: 0 },
    bySeverity: { HIGH: 55, LOW: 55 },
    because: ['storm'],
    worst: [
      { vulnerability: 'GHSA-1', severity: 'HIGH', findings: 55 },
      { vulnerability: 'GHSA-2' },
    ],
  })
})

test('a digest that was asked for gathers everything until its time, under one id', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  const sink = await addWebhook(at, 'ops', { digestMinutes: 60 })
  await scanned(at, { 'left-pad': '1.0.0' })
  await newData(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  assert.deepEqual(await tellAll(at, sink), [])
  at.clock.advance(30 * 60_000)
  await newData(at, [])
  assert.deepEqual(await tellAll(at, sink), [])
  at.clock.advance(30 * 60_000)
  at.answer = () => ({ kind: 'failed', reason: 'away' })
  const [first] = await tellAll(at, sink)
  at.answer = () => ({ kind: 'answered', status: 200, retryAfterSeconds: undefined })
  at.clock.advance(60_000)
  const [second, ...more] = await tellAll(at, sink)
  assert.deepEqual(more, [])
  assert.equal(first?.event.id, second?.event.id)
  assert.partialDeepStrictEqual(second?.event.detail, {
    byKind: { scan: 1, finding: 2 },
    findings: { NEW: 1, CLOSED: 1 },
    because: ['asked'],
  })
})

test('a reader that is stopped anywhere tells each thing once', async (t) => {
  const at = await notifyingPlace(t)
  await newData(at, [])
  for (let image = 0; image < 4; image += 1)
    await scanned(at, { 'left-pad': '1.0.0', [`own-${image}`]: '1.0.0' })
  const sink = await addWebhook(at, 'ops', { rule: { kinds: ['finding'] } })
  await newData(at, [osvRecord({ id: 'GHSA-1' })])
  // Every second transaction is taken back as a kill would, after all of its writes.
  let turn = 0
  const database = {
    ...at.database,
    all: at.database.all.bind(at.database),
    first: at.database.first.bind(at.database),
    transaction: async <T>(work: Parameters<typeof at.database.transaction<T>>[0]): Promise<T> =>
      at.database.transaction(async (tx) => {
        const result = await work(tx)
        turn += 1
        if (turn % 2 === 1) throw new Error('killed')
        return result
      }),
  }
  const killed = { ...at, database }
  for (let tries = 0; tries < 20; tries += 1) {
    const more = await planNotices(killed, { signal }).catch(() => true)
    if (!more) break
  }
  const due = await listDueDeliveries(at.database, sink.id, { now: at.clock.now(), limit: 100 })
  assert.equal(due.length, 4)
  assert.equal((await sinkNamed(at, 'ops')).update.messages, 4)
})
