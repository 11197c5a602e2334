import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import {
  ecKey,
  envelopeOf,
  inTotoOf,
  openVexOf,
  type TestKey,
} from '../../test/kit/attestations.ts'
import { layerOf, type BuiltImage } from '../../test/kit/image-builder.ts'
import { accountOf } from '../../test/kit/principals.ts'
import {
  npmPackage,
  push,
  repositoryId,
  runScan,
  scanPlace,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { digestOf } from '../oci/digest.ts'
import { judgeAttachment } from '../vex/attestation.ts'
import { parsePublicKeys, type TrustedKey } from '../lib/public-keys.ts'
import { applyRules, describeRules } from './apply-rules.ts'
import { explainVulnerability } from './explain-vulnerability.ts'
import { findScan } from './find-scan.ts'
import { listFindings, type Finding, type FindingList } from './list-findings.ts'
import {
  getVexDocument,
  mostVexDocuments,
  putVexDocument,
  removeVexDocument,
} from './put-vex-document.ts'
import { countRuleUses, type RuleUse } from './rule-uses.ts'
import { openSuppressions, type Suppressions } from './suppressions.ts'
import { keysHashOf } from './vex-keys-hash.ts'
import { listVexDocuments } from './vex-document-store.ts'
import { replaceVexReferrers } from './vex-referrer-store.ts'

const account = accountOf('123456789012')
const principal = 'arn:aws:iam::123456789012:user/admin'
const repository = { id: repositoryId, name: `team/app${repositoryId}` }
const { signal } = new AbortController()

interface World extends ScanPlace {
  readonly image: BuiltImage
  readonly suppressions: Suppressions
}

function keysOf(...keys: readonly TestKey[]): readonly TrustedKey[] {
  const file = parsePublicKeys(keys.map(({ pem }) => pem).join('\n'))
  return file.kind === 'keys' ? file.keys : []
}

/** Two flaws of left-pad, one of right-pad. */
async function world(t: TestContext, keys: readonly TrustedKey[] = []): Promise<World> {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1111-1111-1111', aliases: ['CVE-2024-0001'] }),
    osvRecord({ id: 'CVE-2024-0002' }),
    osvRecord({ id: 'CVE-2024-0003', name: 'right-pad' }),
  ])
  const files = { ...npmPackage('left-pad', '1.0.0'), ...npmPackage('right-pad', '2.0.0') }
  const image = await push(place, { layers: [layerOf(files)] })
  await runScan(place, image.digest)
  return { ...place, image, suppressions: reopened(place, keys) }
}

function reopened({ database, clock }: ScanPlace, keys: readonly TrustedKey[]): Suppressions {
  return openSuppressions({ reader: database, clock, keys, hosts: () => ['registry.example'] })
}

async function listed(place: World, suppressions = place.suppressions): Promise<FindingList> {
  const scan = await findScan(place.database, place.images.content, {
    repositoryId,
    digest: place.image.digest,
  })
  assert.ok(scan !== undefined)
  const { instances } = scan
  return listFindings(
    place.database,
    instances,
    await suppressions.inForce({ account, repository, instances }),
  )
}

const named = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ vulnerability }) => vulnerability)

function statement(change: object = {}): object {
  return {
    vulnerability: { name: 'CVE-2024-0001' },
    products: [{ '@id': 'pkg:npm/left-pad@1.0.0' }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_present',
    ...change,
  }
}

async function give(place: World, ...statements: readonly object[]): Promise<string> {
  const content = Buffer.from(JSON.stringify(openVexOf(statements)))
  return (await putVexDocument(place, { account, principal, content })).digest
}

async function apply(
  place: World,
  rules: readonly object[],
  isDryRun = false,
): ReturnType<typeof applyRules> {
  const whole = rules.map((rule) => ({
    vulnerability: 'CVE-2024-0002',
    reason: 'not reachable',
    owner: 'team',
    until: '2099-01-01',
    ...rule,
  }))
  return applyRules(place, { account, principal, text: JSON.stringify(whole), isDryRun })
}

test('refuses a document that cannot be read, and says where', async (t) => {
  const place = await world(t)
  await assert.rejects(give(place, statement({ status: 'safe' })), {
    code: 'VEX_UNREADABLE',
    message: /statements\[0\]\.status is "safe"/,
  })
  await assert.rejects(getVexDocument(place.database, account, digestOf(Buffer.from('x'))), {
    code: 'VEX_UNKNOWN',
  })
  await assert.rejects(removeVexDocument(place, account, digestOf(Buffer.from('x'))), {
    code: 'VEX_UNKNOWN',
  })
  assert.deepEqual(await listVexDocuments(place.database, account), [])
})

test('an account takes no more documents than may be held in memory', async (t) => {
  const place = await world(t)
  await place.database.transaction(async (tx) => {
    for (let n = 0; n < mostVexDocuments; n += 1)
      await tx.run(
        `INSERT INTO vex_documents VALUES ($1, $2, 'OpenVEX', 'id', '1', 'issuer', 0, 1, 9, x'28b5', 'arn', 0)`,
        [account, digestOf(Buffer.from(String(n)))],
      )
  })
  await assert.rejects(give(place, statement()), { code: 'VEX_LIMIT' })
  assert.equal((await listVexDocuments(place.database, account)).length, mostVexDocuments)
})

test('a document that was given holds a finding back until it is removed, and says who gave it', async (t) => {
  const place = await world(t)
  const digest = await give(place, statement())
  const { findings, suppressed, counts } = await listed(place)
  assert.deepEqual(named(findings), ['CVE-2024-0002', 'CVE-2024-0003'])
  assert.deepEqual(counts, { UNDEFINED: 2 })
  assert.deepEqual(
    suppressed.map(({ suppression }) => suppression),
    [
      {
        kind: 'vex',
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
        document: { id: 'https://example.com/vex/1', version: '1', digest },
        by: 'Example',
        saidAt: '2026-01-01T00:00:00.000Z',
      },
    ],
  )
  const [given] = await listVexDocuments(place.database, account)
  assert.equal(given?.givenBy, principal)
  await removeVexDocument(
    place,
    account,
    digestOf(Buffer.from(JSON.stringify(openVexOf([statement()])))),
  )
  assert.equal((await listed(place)).suppressed.length, 0)
})

test('documents and rules of another account change nothing', async (t) => {
  const place = await world(t)
  const other = accountOf('210987654321')
  const content = Buffer.from(JSON.stringify(openVexOf([statement()])))
  await putVexDocument(place, { account: other, principal, content })
  const text = JSON.stringify([
    { vulnerability: 'CVE-2024-0001', reason: 'r', owner: 'o', until: '2099-01-01' },
  ])
  await applyRules(place, { account: other, principal, text, isDryRun: false })
  assert.equal((await listed(place)).suppressed.length, 0)
})

test('affected and under investigation stand beside the finding', async (t) => {
  const place = await world(t)
  await give(place, statement({ status: 'under_investigation' }))
  const { findings, suppressed } = await listed(place)
  assert.equal(suppressed.length, 0)
  assert.deepEqual(
    findings.map(({ vex }) => vex?.status),
    ['under_investigation', undefined, undefined],
  )
})

test('a rule ends by itself, and its end is told beside the finding', async (t) => {
  const place = await world(t)
  const dayMs = 86_400_000
  const midnight = Math.ceil(place.clock.now().getTime() / dayMs) * dayMs
  const until = new Date(midnight - dayMs).toISOString().slice(0, 10)
  await apply(place, [{ until }])
  const rule = { reason: 'not reachable', by: 'team', until, number: 1 }
  place.clock.advance(midnight - 1 - place.clock.now().getTime())
  const { suppressed } = await listed(place)
  assert.deepEqual(
    suppressed.map(({ suppression }) => suppression),
    [{ kind: 'rule', ...rule }],
  )
  place.clock.advance(1)
  const after = await listed(place)
  assert.equal(after.suppressed.length, 0)
  const finding = after.findings.find(({ vulnerability }) => vulnerability === 'CVE-2024-0002')
  assert.deepEqual(finding?.endedRules, [rule])
  const { rules } = await describeRules({ reader: place.database, clock: place.clock }, account)
  assert.deepEqual(
    rules.map(({ state }) => state),
    ['ended'],
  )
})

test('a file that is refused leaves the rules before in force', async (t) => {
  const place = await world(t)
  await apply(place, [{}])
  await assert.rejects(apply(place, [{ reason: '' }]), {
    code: 'RULES_UNREADABLE',
    message: /line 1, column \d+: is empty/,
  })
  assert.equal((await listed(place)).suppressed.length, 1)
})

test('a file of rules takes the place of the one before; a dry run tells and changes nothing', async (t) => {
  const place = await world(t)
  const brief = ({ added, removed, kept, ended }: Awaited<ReturnType<typeof apply>>): unknown => [
    added.map(({ reason }) => reason),
    removed.map(({ reason }) => reason),
    kept,
    ended,
  ]
  assert.deepEqual(
    brief(await apply(place, [{ reason: 'a' }, { reason: 'b', until: '2020-01-01' }])),
    [['a', 'b'], [], 0, 1],
  )
  assert.deepEqual(brief(await apply(place, [{ reason: 'c' }, { reason: 'a' }], true)), [
    ['c'],
    ['b'],
    1,
    0,
  ])
  const { rules } = await describeRules({ reader: place.database, clock: place.clock }, account)
  assert.deepEqual(
    rules.map(({ reason, state }) => [reason, state]),
    [
      ['a', 'in force'],
      ['b', 'ended'],
    ],
  )
  assert.deepEqual(brief(await apply(place, [])), [[], ['a', 'b'], 0, 0])
  assert.equal((await listed(place)).suppressed.length, 0)
})

test('tells of each rule what it holds back, and of an unused one that it is', async (t) => {
  const place = await world(t)
  const text = [
    '- {vulnerability: CVE-2024-0002, reason: used, owner: o, until: 2099-01-01}',
    '- {vulnerability: CVE-2024-0002, package: "pkg:npm/absent", reason: unused, owner: o, until: 2099-01-01}',
    '- {vulnerability: CVE-2024-0003, reason: over, owner: o, until: 2020-01-01}',
  ].join('\n')
  await applyRules(place, { account, principal, text, isDryRun: false })
  const uses: RuleUse[] = []
  for await (const told of countRuleUses(
    { reader: place.database, clock: place.clock, suppressions: place.suppressions },
    account,
    { signal },
  ))
    if (told.kind === 'rule') uses.push(told)
  assert.deepEqual(
    uses.map(({ reason, findings, images, state }) => [reason, findings, images, state]),
    [
      ['used', 1, 1, 'in force'],
      ['unused', 0, 0, 'in force'],
      ['over', 1, 1, 'ended'],
    ],
  )
})

test('why not is answered with who holds the finding back', async (t) => {
  const place = await world(t)
  await apply(place, [{ vulnerability: 'GHSA-1111-1111-1111' }])
  const scan = await findScan(place.database, place.images.content, {
    repositoryId,
    digest: place.image.digest,
  })
  assert.ok(scan !== undefined)
  const inForce = await place.suppressions.inForce({
    account,
    repository,
    instances: scan.instances,
  })
  const told = await explainVulnerability(place.database, scan, 'CVE-2024-0001', inForce)
  assert.equal(told.answer, 'suppressed')
  assert.match(
    told.because,
    /pkg:npm\/left-pad@1\.0\.0: .*not counted: a rule of team until 2099-01-01: not reachable/,
  )
})

/** What was found beside the image, as the job would keep it. */
async function attach(
  place: World,
  envelope: object,
  keys: readonly TrustedKey[],
  subject = place.image.digest,
): Promise<string> {
  const judged = judgeAttachment(Buffer.from(JSON.stringify(envelope)), { keys, subject })
  assert.notEqual(judged.kind, 'none')
  if (judged.kind === 'none') return judged.kind
  const judgement =
    judged.kind === 'trusted'
      ? {
          kind: judged.kind,
          fingerprint: judged.fingerprint,
          document: JSON.stringify(judged.source),
        }
      : { kind: judged.kind, reason: judged.reason }
  const referrer = {
    position: 0,
    subject,
    viaTag: undefined,
    blobDigest: subject,
    judgement,
    summary: undefined,
  }
  const found = { referrers: [referrer], keysHash: keysHashOf(keys), readAt: place.clock.now() }
  await place.database.transaction((tx) =>
    replaceVexReferrers(tx, { repositoryId, digest: place.image.digest }, found),
  )
  return judged.kind
}

test('an untrusted document beside the image changes nothing; a trusted one holds back', async (t) => {
  const key = ecKey()
  const keys = keysOf(key)
  const place = await world(t, keys)
  const before = await listed(place)
  const said = inTotoOf(openVexOf([statement()]), place.image.digest)
  for (const envelope of [openVexOf([statement()]), said, envelopeOf(said, { key: ecKey() })]) {
    assert.equal(await attach(place, envelope, keys), 'untrusted')
    assert.deepEqual(await listed(place), before)
  }
  assert.equal(await attach(place, envelopeOf(said, { key }), keys), 'trusted')
  assert.deepEqual(named((await listed(place)).suppressed), ['CVE-2024-0001'])
})

test('what was judged with the keys of another start has no effect', async (t) => {
  const key = ecKey()
  const place = await world(t, keysOf(key))
  await attach(
    place,
    envelopeOf(inTotoOf(openVexOf([statement()]), place.image.digest), { key }),
    keysOf(key),
  )
  assert.equal((await listed(place)).suppressed.length, 1)
  assert.equal((await listed(place, reopened(place, []))).suppressed.length, 0)
  assert.equal((await listed(place, reopened(place, keysOf(ecKey())))).suppressed.length, 0)
  assert.equal((await listed(place, reopened(place, keysOf(key)))).suppressed.length, 1)
})

test('whatever documents and rules say, no finding is lost and none is made', async (t) => {
  const place = await world(t)
  const all = await listed(place)
  const identity = ({ vulnerability, package: found }: Finding): string =>
    `${vulnerability} ${found.purl}`
  const whole = all.findings.map(identity).toSorted()
  const ids = fc.constantFrom(
    'CVE-2024-0001',
    'CVE-2024-0002',
    'CVE-2024-0003',
    'GHSA-1111-1111-1111',
    'CVE-1',
  )
  const product = fc.constantFrom(
    'pkg:npm/left-pad',
    'pkg:npm/right-pad@2.0.0',
    `pkg:oci/x@${place.image.digest}`,
    'pkg:oci/app1',
  )
  const status = fc.constantFrom('not_affected', 'affected', 'fixed', 'under_investigation')
  const statements = fc.array(
    fc.record({
      vulnerability: ids.map((name) => ({ name })),
      products: product.map((id) => [{ '@id': id }]),
      status,
    }),
    { minLength: 1, maxLength: 4 },
  )
  const rule = fc.record(
    { vulnerability: ids, package: product, until: fc.constantFrom('2020-01-01', '2099-01-01') },
    { requiredKeys: ['vulnerability', 'until'] },
  )
  await fc.assert(
    fc.asyncProperty(statements, fc.array(rule, { maxLength: 3 }), async (said, rules) => {
      const digest = await give(place, ...said.map(statement))
      await apply(place, rules)
      const { findings, suppressed, counts } = await listed(place)
      assert.deepEqual([...findings, ...suppressed].map(identity).toSorted(), whole)
      assert.equal(counts.UNDEFINED ?? 0, findings.length)
      for (const { suppression } of suppressed)
        assert.ok(suppression?.kind === 'vex' || suppression?.kind === 'rule')
      await removeVexDocument(
        place,
        account,
        digestOf(
          (
            await getVexDocument(
              place.database,
              account,
              digestOf(Buffer.from(JSON.stringify(openVexOf(said.map(statement))))),
            )
          ).content,
        ),
      )
      assert.ok(digest.startsWith('sha256:'))
    }),
    { numRuns: 40 },
  )
})
