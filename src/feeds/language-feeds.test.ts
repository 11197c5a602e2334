// Each language's own database, in its own form: what comes of it is what the published records say.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { advisoryLines } from '../../test/kit/advisory-data.ts'
import { importRecords } from '../../test/kit/advisories.ts'
import { feedPlace, serveFiles, zipFiles } from '../../test/kit/feeds.ts'
import { listAdvisoryCandidates, type AdvisoryName } from '../scanning/advisory-store.ts'
import type { Feed } from './feed.ts'
import { githubFeed } from './github.ts'
import { goFeed, readModules } from './go.ts'
import { pypaFeed } from './pypa.ts'
import { convertGemAdvisory, rubysecFeed } from './rubysec.ts'
import { rustsecFeed } from './rustsec.ts'

type Document = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly modified: string
  readonly affected?: readonly { readonly package?: AdvisoryName }[]
  readonly database_specific?: Readonly<Record<string, unknown>>
}

async function documents(t: TestContext, name: string): Promise<readonly Document[] | undefined> {
  const lines = await advisoryLines(t, name)
  return lines?.slice(0, 400).map((line) => JSON.parse(line) as Document)
}

type Files = readonly (readonly [name: string, content: Buffer | string])[]

/** Refreshes a feed made of `files`, and asks for what it says of packages that the same records name when imported. */
async function sameAsImported(
  t: TestContext,
  feed: Feed,
  records: readonly Document[],
  files: Files,
): Promise<void> {
  const at = await feedPlace(t, serveFiles(new Map(files)))
  const refreshed = await at.refresh(feed, '')
  assert.partialDeepStrictEqual(refreshed, { kind: 'imported', result: { added: records.length } })
  await importRecords(at.deps, records, { source: 'imported' })
  const names = new Map(
    records.flatMap(({ affected = [] }) =>
      affected.flatMap(({ package: named }) =>
        named === undefined ? [] : [[`${named.ecosystem} ${named.name}`, named] as const],
      ),
    ),
  )
  for (const { ecosystem, name } of [...names.values()].slice(0, 50)) {
    const said = await listAdvisoryCandidates(at.deps.database, { ecosystem, name }, 2)
    const by = (source: string): readonly unknown[] =>
      said
        .filter((one) => one.source === source)
        .map(({ id, ids, affected }) => ({ id, ids, affected }))
    assert.deepEqual(by(feed.name), by('imported'), name)
  }
  assert.equal((await at.refresh(feed, '')).kind, 'unchanged')
}

test('RustSec: crates of the branch with OSV records', async (t) => {
  const records = await documents(t, 'rustsec')
  if (records === undefined) return
  const entries = records.map(
    (record) =>
      [`advisory-db-osv/crates/${record.id}.json`, JSON.stringify(record, null, 2)] as const,
  )
  const archive = zipFiles([
    ['advisory-db-osv/README.md', 'text'],
    ['advisory-db-osv/x.json', '{'],
    ...entries,
  ])
  await sameAsImported(t, rustsecFeed, records, [['zip/refs/heads/osv', archive]])
})

test('GitHub: reviewed advisories, and none that nobody reviewed', async (t) => {
  const records = await documents(t, 'rustsec')
  if (records === undefined) return
  const entries = records.map(
    ({ id, ...record }) =>
      [
        `advisory-database-main/advisories/github-reviewed/2024/01/${id}/${id}.json`,
        JSON.stringify({ id, ...record }, null, 2),
      ] as const,
  )
  const archive = zipFiles([
    ['advisory-database-main/advisories/unreviewed/2024/01/GHSA-x/GHSA-x.json', '{"id":"GHSA-x"}'],
    ...entries,
  ])
  await sameAsImported(t, githubFeed, records, [['zip/refs/heads/main', archive]])
})

test('PyPA: records in YAML, with versions as they are written', async (t) => {
  const records = await documents(t, 'pypa')
  if (records === undefined) return
  const entries = records.map(
    (record) => [`advisory-database-main/vulns/x/${record.id}.yaml`, stringify(record)] as const,
  )
  const archive = zipFiles([['advisory-database-main/.github/x.yaml', 'a: 1'], ...entries])
  await sameAsImported(t, pypaFeed, records, [['zip/refs/heads/main', archive]])
})

/** The index of modules, as the Go project publishes it. */
function goIndex(records: readonly Document[]): string {
  return JSON.stringify(
    records.map(({ id, modified, affected }) => ({
      path: affected?.[0]?.package?.name ?? 'stdlib',
      vulns: [{ id, modified }],
    })),
  )
}

test('Go: the archive once, then the records that its index names as changed', async (t) => {
  const found = await documents(t, 'go')
  if (found === undefined) return
  const records = found.map((record, index) => ({
    ...record,
    modified: new Date(Date.UTC(2026, 0, 1) - index * 86_400_000).toISOString(),
  }))
  const filesOf = (all: readonly Document[]): Files => [
    [
      'vulndb.zip',
      zipFiles([
        ['index/modules.json', goIndex(all)],
        ...all.map((one) => [`ID/${one.id}.json`, JSON.stringify(one)] as const),
      ]),
    ],
    ['index/modules.json', goIndex(all)],
    ...all.map((one) => [`ID/${one.id}.json`, JSON.stringify(one)] as const),
  ]
  await sameAsImported(t, goFeed, records, filesOf(records))
  const at = await feedPlace(t, serveFiles(new Map(filesOf(records))))
  await at.refresh(goFeed, '')
  const [first, ...others] = records
  if (first === undefined) throw new Error('there are no records')
  const changed = { ...first, modified: '2026-03-01T00:00:00Z', summary: 'edited' }
  at.server.answer = serveFiles(new Map(filesOf([changed, ...others])))
  assert.partialDeepStrictEqual(await at.refresh(goFeed, ''), {
    result: { read: 1, changed: 1 },
  })
})

test('Go: an index in another form is not believed', () => {
  for (const text of [
    '',
    '{}',
    '[]',
    '[{"vulns":[{"id":"../x","modified":"2026-01-01"}]}]',
    '[{"vulns":[{"id":"GO-1"}]}]',
  ])
    assert.deepEqual(readModules(text, { since: 0, limit: 9 }), { kind: 'unreadable' }, text)
})

/** A file of the repository, from what the published record kept of it. */
function gemFile({ affected, aliases, published, database_specific: kept, ...record }: Document) {
  const alias = (prefix: string): string | undefined =>
    ((aliases ?? []) as readonly string[]).find((id) => id.startsWith(prefix))?.slice(prefix.length)
  const source = String(kept?.['source'])
  return [
    `ruby-advisory-db-master/${source}`,
    stringify({
      gem: affected?.[0]?.package?.name ?? source.split('/')[1],
      cve: alias('CVE-'),
      ghsa: alias('GHSA-'),
      date: String(published).slice(0, 10),
      title: record['summary'],
      description: record['details'],
      ...kept,
    }),
  ] as const
}

test('RubySec: requirements of patched gems become affected ranges', async (t) => {
  const records = await documents(t, 'rubysec')
  if (records === undefined) return
  const interpreter = [
    'ruby-advisory-db-master/rubies/ruby/CVE-2007-5162.yml',
    'engine: ruby',
  ] as const
  const archive = zipFiles([interpreter, ...records.map(gemFile)])
  const at = await feedPlace(t, serveFiles(new Map([['zip/refs/heads/master', archive]])))
  assert.partialDeepStrictEqual(await at.refresh(rubysecFeed, ''), {
    result: { added: records.length, rejected: { count: 0 } },
  })
  await importRecords(at.deps, records, { source: 'imported' })
  const name = { ecosystem: 'RubyGems', name: 'actionpack' }
  const said = await listAdvisoryCandidates(at.deps.database, name, 2)
  const rangesBy = (source: string): readonly unknown[] =>
    said
      .filter((one) => one.source === source)
      .map(({ id, affected }) => {
        const claim = JSON.parse(affected) as { affected: readonly { intervals: unknown }[] }
        return { id, ranges: claim.affected.map(({ intervals }) => intervals) }
      })
  assert.ok(rangesBy('rubysec').length > 10)
  assert.deepEqual(rangesBy('rubysec'), rangesBy('imported'))
})

test('RubySec: a requirement that cannot be read refuses the file', () => {
  const name = 'gems/x/CVE-2026-1.yml'
  const refused = convertGemAdvisory('gem: x\npatched_versions:\n- "about 3"\n', name)
  assert.deepEqual(refused, { refused: 'has a version requirement that cannot be read' })
  assert.equal(typeof convertGemAdvisory('- a list', name), 'object')
})
