import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { bytesOfCase, feedCases } from '../../test/kit/feed-cases.ts'
import { servedOrigin, type ServedFiles } from '../../test/kit/feed-place.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { file, tar } from '../../test/kit/tar-builder.ts'
import { amazonFeed } from './amazon/feed.ts'
import type { Feed, PartAnswer, PartState } from './feed.ts'
import { fedoraFeed } from './fedora/feed.ts'
import type { FeedOrigin } from './origin.ts'
import { photonFeed } from './photon/feed.ts'
import { readChanges } from './redhat/changes.ts'
import { redhatFeed } from './redhat/feed.ts'
import { alpineFeed } from './secdb/feeds.ts'
import { feeds } from './table.ts'

const { signal } = new AbortController()
const clock = fakeClock('2026-11-24T12:00:00Z')

async function serve(t: TestContext, files: ServedFiles): Promise<FeedOrigin> {
  return (await servedOrigin(t, files, clock)).origin
}

async function read(
  feed: Feed,
  origin: FeedOrigin,
  cursor?: string,
  part = '',
): Promise<PartAnswer> {
  return feed.readPart(origin, { part, cursor, now: clock.now() }, { signal })
}

/** Ids of the records of a state; it is released. */
async function idsOf(
  answer: PartAnswer,
): Promise<{ readonly state: PartState; readonly ids: readonly string[] }> {
  assert.ok(answer.kind === 'state', answer.kind)
  const ids: string[] = []
  for await (const record of answer.records)
    ids.push(
      record.kind === 'text' ? (/"id":"([^"]+)"/.exec(record.text)?.[1] ?? '') : record.reason,
    )
  await answer.release()
  return { state: answer, ids }
}

async function list(feed: Feed, origin: FeedOrigin): Promise<readonly string[]> {
  if (feed.parts.kind !== 'listed') throw new Error(`${feed.name} lists no parts`)
  return feed.parts.list(origin, { signal })
}

const documents = feedCases().filter(({ converter }) => converter === 'redhat-vex')
const vex = (name: string): Buffer => {
  const found = documents.find((one) => one.name === name)
  assert.ok(found !== undefined, name)
  return bytesOfCase(found)
}
const openssl = vex('an epoch, a package that stays affected')
const foreign = vex('a document about another product')
const firefox = vex('a release out of support')
const archiveName = 'csaf_vex_2026-11-23.tar.zst'

test('Red Hat: the archive first, then the documents that changed and those that were deleted', async (t) => {
  const archive = tar(
    { name: '2023/', type: '5' },
    file('2023/cve-2023-6237.json', openssl),
    file('2024/cve-2024-24786.json', foreign),
    file('2023/README', 'no document'),
    file('2023/cve-2023-1.json', '{"document": {"title": "redhat:enterprise_linux:9"}}'),
  )
  const files: ServedFiles = new Map<string, Buffer | string>([
    ['archive_latest.txt', `${archiveName}\n`],
    [archiveName, zstdCompressSync(archive)],
  ])
  const origin = await serve(t, files)
  const whole = await idsOf(await read(redhatFeed, origin))
  assert.equal(whole.state.isWhole, true)
  assert.deepEqual(whole.ids, ['CVE-2023-6237', '2023/cve-2023-1.json: is no CSAF document'])

  files.set(
    'changes.csv',
    '"2023/cve-2023-6212.json","2026-11-24T01:00:00+00:00"\n"2024/cve-2024-24786.json","2026-11-23T09:00:00+00:00"\n"2023/cve-2023-6237.json","2026-11-20T00:00:00+00:00"\n',
  )
  files.set(
    'deletions.csv',
    '"2023/cve-2023-0030.json","2026-11-24T02:00:00+00:00"\n"2022/cve-2022-0001.json","2026-10-01T00:00:00+00:00"\n',
  )
  files.set('2023/cve-2023-6212.json', firefox)
  files.set('2024/cve-2024-24786.json', foreign)
  const changed = await idsOf(await read(redhatFeed, origin, whole.state.cursor))
  assert.equal(changed.state.isWhole, false)
  assert.deepEqual(changed.ids, ['CVE-2023-6212'])
  assert.deepEqual(changed.state.deleted, ['CVE-2023-0030'])

  assert.equal((await read(redhatFeed, origin, changed.state.cursor)).kind, 'unchanged')
  files.set('changes.csv', '"2023/cve-2023-6212.json","2026-11-24T01:00:00+00:00" \n')
  assert.deepEqual((await idsOf(await read(redhatFeed, origin, changed.state.cursor))).ids, [])
})

test('Red Hat: what changed since the archive was made comes after it', async (t) => {
  const files: ServedFiles = new Map<string, Buffer | string>([
    ['archive_latest.txt', archiveName],
    [archiveName, zstdCompressSync(tar(file('2023/cve-2023-6237.json', openssl)))],
    ['changes.csv', '"2023/cve-2023-6237.json","2026-11-24T01:00:00+00:00"\n'],
    ['2023/cve-2023-6237.json', openssl.toString().replace('3.0.7-27.el9', '3.0.7-28.el9')],
  ])
  const origin = await serve(t, files)
  const { ids, state } = await idsOf(await read(redhatFeed, origin))
  assert.deepEqual(ids, ['CVE-2023-6237', 'CVE-2023-6237'])
  assert.equal((await read(redhatFeed, origin, state.cursor)).kind, 'unchanged')
})

test('Red Hat: the archive is had again where a list of changes cannot be read, and not where there is none; another archive’s name is refused', async (t) => {
  const files: ServedFiles = new Map<string, Buffer | string>([
    ['archive_latest.txt', archiveName],
    [archiveName, zstdCompressSync(tar(file('2023/a.json', openssl)))],
  ])
  const origin = await serve(t, files)
  const { state } = await idsOf(await read(redhatFeed, origin))
  assert.equal((await read(redhatFeed, origin, state.cursor)).kind, 'unchanged')
  files.set('changes.csv', 'nothing that is a list')
  assert.equal((await idsOf(await read(redhatFeed, origin, state.cursor))).state.isWhole, true)
  for (const name of ['../../secret', 'csaf_advisories_2026-11-23.tar.zst', '']) {
    files.set('archive_latest.txt', name)
    await assert.rejects(read(redhatFeed, origin), { name: 'FeedError' })
  }
})

test('Red Hat: an archive that is cut off or of another form is refused', async (t) => {
  const whole = tar(file('2023/a.json', openssl))
  for (const bytes of [
    zstdCompressSync(whole.subarray(0, 2000)),
    zstdCompressSync(whole).subarray(0, 500),
    Buffer.from('no archive'),
    openssl,
  ]) {
    const files: ServedFiles = new Map<string, Buffer | string>([
      ['archive_latest.txt', archiveName],
      [archiveName, bytes],
    ])
    await assert.rejects(
      async () => idsOf(await read(redhatFeed, await serve(t, files))),
      /FeedError|ArchiveError/,
    )
  }
})

test('a list of changes: what is newer, no path twice, and none that leaves the directory', () => {
  const text =
    '"2023/cve-2023-0044.json","2023-12-12T00:00:00+00:00"\n2023/cve-2023-0045.json,2023-12-13T00:00:00Z\n"2023/cve-2023-0044.json","2023-12-11T00:00:00+00:00"\n"../x.json","2024-01-01T00:00:00Z"\n"2023/cve-2023-0046.json","never-0000"\n'
  const since = Date.parse('2023-12-11T12:00:00Z')
  assert.deepEqual(readChanges(text, { since, limit: 5 }), {
    kind: 'changed',
    paths: ['2023/cve-2023-0044.json', '2023/cve-2023-0045.json'],
    newest: Date.parse('2023-12-13T00:00:00Z'),
  })
  assert.deepEqual(readChanges(text, { since, limit: 1 }), { kind: 'too-many' })
  assert.deepEqual(readChanges('', { since, limit: 1 }), { kind: 'unreadable' })
})

test('Alpine: the page of the directory names the branches', async (t) => {
  const page =
    '<pre><a href="../">../</a><a href="edge/">edge/</a><a href="v3.2/">v3.2/</a><a href="v3.20/">v3.20/</a><a href="/v3.9/">x</a></pre>'
  const files: ServedFiles = new Map([['', page]])
  const origin = await serve(t, files)
  assert.deepEqual(await list(alpineFeed, origin), [
    'v3.2/main',
    'v3.20/main',
    'v3.20/community',
    'v3.9/main',
    'v3.9/community',
  ])
  files.set('', '<p>nothing</p>')
  await assert.rejects(list(alpineFeed, origin), { name: 'FeedError' })
  assert.equal((await read(alpineFeed, origin, undefined, 'v3.20/main')).kind, 'absent')
})

test('Photon: its list names the releases', async (t) => {
  const files: ServedFiles = new Map([
    ['photon_versions.json', '{"branches": ["4.0", "5.0", "../x", 7]}'],
    ['cve_data_photon5.0.json', '[{"cve_id": "CVE-2024-0001", "pkg": "a", "res_ver": "1-1.ph5"}]'],
  ])
  const origin = await serve(t, files)
  assert.deepEqual(await list(photonFeed, origin), ['4.0', '5.0'])
  const { ids } = await idsOf(await read(photonFeed, origin, undefined, '5.0'))
  assert.deepEqual(ids, ['PHOTON-5.0-CVE-2024-0001:a'])
  files.set('photon_versions.json', '{"branches": []}')
  await assert.rejects(list(photonFeed, origin), { name: 'FeedError' })
})

const repository = '2023/core'
const mirrors = 'al2023/core/mirrors/latest/x86_64/mirror.list'

test('Amazon: repositories without the catalogue are those of the cores', async (t) => {
  const files: ServedFiles = new Map<string, Buffer | string>()
  const origin = await serve(t, files)
  const cores = ['2/core', '2023/core', '2023/kernel-livepatch']
  assert.deepEqual(await list(amazonFeed, origin), cores)
  files.set(
    '2/extras-catalog.json',
    '{"topics": [{"n": "docker"}, {"n": "../x"}, {"n": 7}, "php8.2"]}',
  )
  assert.deepEqual(await list(amazonFeed, origin), [...cores, '2/extras/docker'])
  assert.equal((await read(amazonFeed, origin, undefined, repository)).kind, 'absent')
})

test('Amazon: an index that is none, a file that is not the one it names, an address that leads out', async (t) => {
  const files: ServedFiles = new Map<string, Buffer | string>([
    [mirrors, 'https://elsewhere.example/al2023/core/guids/1/x86_64/'],
  ])
  const origin = await serve(t, files)
  const indexPath = 'al2023/core/guids/1/x86_64/repodata/repomd.xml'
  const readIt = async (): Promise<PartAnswer> => read(amazonFeed, origin, undefined, repository)
  assert.equal((await readIt()).kind, 'absent')
  files.set(indexPath, '<html></html>')
  await assert.rejects(readIt(), /repomd/)
  files.set(indexPath, '<repomd><data type="primary"/></repomd>')
  assert.equal((await readIt()).kind, 'absent')
  const index = (href: string, checksum = ''): string =>
    `<repomd><data type="updateinfo">${checksum}<location href="${href}"/></data></repomd>`
  files.set(indexPath, index('../../../../secret.xml'))
  await assert.rejects(readIt(), /no path of a feed/)
  files.set(
    indexPath,
    index('repodata/u.xml', `<checksum type="sha256">${'0'.repeat(64)}</checksum>`),
  )
  files.set('al2023/core/guids/1/x86_64/repodata/u.xml', '<updates/>')
  await assert.rejects(readIt(), { name: 'FeedError', fault: 'wrong-checksum' })
  files.set(mirrors, 'nonsense\n')
  await assert.rejects(readIt(), /has no address/)
})

test('Fedora: the page of the directory names the releases, each with its own index', async (t) => {
  const update =
    '<updates><update type="security"><id>FEDORA-2025-1</id><severity>Important</severity><references><reference type="bugzilla" title="CVE-2025-0001 a: b [fedora-43]"/></references><pkglist><collection><package name="a" version="1" release="2.fc43" epoch="0" arch="x86_64"/></collection></pkglist></update></updates>'
  const repodata = '43/Everything/x86_64/repodata'
  const files: ServedFiles = new Map<string, Buffer | string>([
    ['', '<a href="../">..</a><a href="43/">43/</a><a href="testing/">testing/</a>'],
    [
      `${repodata}/repomd.xml`,
      '<repomd><data type="updateinfo"><location href="repodata/u.xml.zst"/></data></repomd>',
    ],
    [`${repodata}/u.xml.zst`, zstdCompressSync(update)],
  ])
  const origin = await serve(t, files)
  assert.deepEqual(await list(fedoraFeed, origin), ['43'])
  const { ids, state } = await idsOf(await read(fedoraFeed, origin, undefined, '43'))
  assert.deepEqual(ids, ['FEDORA-2025-1'])
  assert.equal((await read(fedoraFeed, origin, state.cursor, '43')).kind, 'unchanged')
  files.set(`${repodata}/u.xml.zst`, Buffer.from('fd377a585a000004', 'hex'))
  await assert.rejects(async () => idsOf(await read(fedoraFeed, origin, undefined, '43')), /xz/)
  files.delete(`${repodata}/u.xml.zst`)
  await assert.rejects(read(fedoraFeed, origin, undefined, '43'), { name: 'FeedError' })
})

test('every feed has a name of its own, a home by https and a licence', () => {
  const names = feeds.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { name, home, says, licence } of feeds) {
    assert.match(home, /^https:\/\//, name)
    assert.match(says, /^\S.*[^.]$/, name)
    assert.notEqual(licence, '', name)
  }
})
