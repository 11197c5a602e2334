// The public root: from what is shipped where there is no network, newer from a mirror, and never replaced by what is not signed.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { fileServer } from '../../test/kit/file-server.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { newSigstore } from '../../test/kit/sigstore.ts'
import { tufFiles, tufNow, tufRoot } from '../../test/kit/tuf-repository.ts'
import { createOutboundFetch, type OutboundFetch } from '../lib/outbound-fetch.ts'
import { listTrustMaterial, type DescribedMaterial } from './describe-trust.ts'
import {
  followPublicRoot,
  refreshPublicRoot,
  type FollowedRoot,
  type PublicRootDeps,
} from './follow-public-root.ts'
import seed from './public-root/seed.json' with { type: 'json' }
import { deleteTrustMaterial, putTrustMaterial } from './put-trust-material.ts'

const options = { signal: new AbortController().signal }
const by = 'arn:aws:iam::123456789012:user/admin'
const rootText = (): string => JSON.stringify(newSigstore(tufNow).trustedRoot)
const shipped = rootText()
const own = {
  root: tufRoot(1).toString('base64'),
  trustedRoot: Buffer.from(shipped).toString('base64'),
}

async function place(t: TestContext, more: Partial<PublicRootDeps> = {}) {
  const { database, repository } = await testRegistry(t)
  const { account } = repository
  const clock = fakeClock(new Date(tufNow).toISOString())
  const fetch = createOutboundFetch(async () => Promise.resolve([]))
  const deps: PublicRootDeps = { database, clock, fetch, mirror: undefined, seed: own, ...more }
  return {
    deps,
    clock,
    account,
    follow: async (): Promise<FollowedRoot> =>
      followPublicRoot(deps, { account, name: 'public', by }, options),
    async listed(): Promise<DescribedMaterial> {
      const [only, ...others] = await listTrustMaterial(database, { account, kind: 'root' })
      assert.ok(only !== undefined && others.length === 0)
      return only
    },
  }
}

async function mirrorOf(t: TestContext, files: Map<string, Buffer>): Promise<string> {
  const server = await fileServer(t, (request, response) => {
    const file = files.get((request.url ?? '').slice('/archive/'.length))
    response.writeHead(file === undefined ? 404 : 200).end(file)
  })
  return server.url.href
}

const jsonOf = ({ material }: DescribedMaterial): string =>
  material.kind === 'root' ? material.json : assert.fail()

test('without a network the root that ships counts, and it is told that nobody confirmed it', async (t) => {
  const at = await place(t, { seed })
  const { confirmedAt, failure } = await at.follow()
  assert.equal(confirmedAt, undefined)
  assert.match(failure ?? '', /no mirror is set/)
  const listed = await at.listed()
  assert.equal(jsonOf(listed), Buffer.from(seed.trustedRoot, 'base64').toString())
  assert.equal(listed.follows?.confirmedAt, undefined)
})

test('a mirror brings it up to date, the job of each day too, and what is over stays as it was', async (t) => {
  const [first, second] = [rootText(), rootText()]
  const files = tufFiles({ target: first })
  const at = await place(t, { mirror: await mirrorOf(t, files) })
  const { confirmedAt, failure } = await at.follow()
  assert.deepEqual([confirmedAt?.getTime(), failure], [tufNow, undefined])
  assert.equal(jsonOf(await at.listed()), first)
  at.clock.advance(3_600_000)
  for (const [path, bytes] of tufFiles({
    target: second,
    versions: { timestamp: 2, snapshot: 2, targets: 2 },
  }))
    files.set(path, bytes)
  await refreshPublicRoot(at.deps, options)
  const newer = await at.listed()
  assert.deepEqual([jsonOf(newer), newer.version], [second, 2])
  // An answer of before, and then one that is over: nothing changes but what is told.
  for (const [path, bytes] of tufFiles({ target: first })) files.set(path, bytes)
  await refreshPublicRoot(at.deps, options)
  const after = await at.listed()
  assert.deepEqual([jsonOf(after), after.version], [second, 2])
  assert.match(after.follows?.failure ?? '', /timestamp 1 is older than 2/)
  assert.equal(after.follows?.confirmedAt?.getTime(), tufNow + 3_600_000)
})

test('who asked before and is answered later takes nothing newer away', async (t) => {
  const [first, second] = [rootText(), rootText()]
  const at = await place(t, { mirror: 'https://mirror.test' })
  const newer = { timestamp: 2, snapshot: 2, targets: 2 }
  const served = (files: ReadonlyMap<string, Buffer>): OutboundFetch => {
    return async (url) => {
      const bytes = files.get(url.slice('https://mirror.test/'.length))
      if (bytes === undefined) return Promise.resolve({ kind: 'failed', reason: '404' })
      return Promise.resolve({ kind: 'document', bytes, cacheControl: undefined })
    }
  }
  const young = { ...at.deps, fetch: served(tufFiles({ target: second, versions: newer })) }
  const old = served(tufFiles({ target: first }))
  const asked = { account: at.account, name: 'public', by }
  let isOvertaken = false
  const slow: OutboundFetch = async (...given) => {
    if (!isOvertaken) {
      isOvertaken = true
      await followPublicRoot(young, asked, options)
    }
    return old(...given)
  }
  await followPublicRoot({ ...at.deps, fetch: slow }, asked, options)
  assert.equal(jsonOf(await at.listed()), second)
  const { failure } = await followPublicRoot({ ...at.deps, fetch: old }, asked, options)
  assert.match(failure ?? '', /timestamp 1 is older than 2/)
})

test('a mirror with other keys brings nothing', async (t) => {
  const files = tufFiles({ target: rootText(), signers: { timestamp: [] } })
  const at = await place(t, { mirror: await mirrorOf(t, files) })
  assert.match((await at.follow()).failure ?? '', /timestamp has 0 of 1/)
  assert.equal(jsonOf(await at.listed()), shipped)
})

test('a root from a file is its owner’s own, and a deleted one does not come back', async (t) => {
  const files = tufFiles({ target: rootText() })
  const at = await place(t, { mirror: await mirrorOf(t, files) })
  await at.follow()
  const reference = { kind: 'root', name: 'public' } as const
  const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }
  const { account } = at
  const text = rootText()
  await putTrustMaterial(at.deps, { account, reference, text, window, by })
  await refreshPublicRoot(at.deps, options)
  const listed = await at.listed()
  assert.deepEqual([jsonOf(listed), listed.follows], [text, undefined])
  await at.follow()
  await deleteTrustMaterial(at.deps, { account, reference, by })
  await refreshPublicRoot(at.deps, options)
  assert.deepEqual(await listTrustMaterial(at.deps.database, { account, kind: 'root' }), [])
})

test('where no mirror is, a program that was updated brings what changed beside its root along', async (t) => {
  const at = await place(t)
  await at.follow()
  const newer = rootText()
  const later = { ...own, trustedRoot: Buffer.from(newer).toString('base64') }
  await refreshPublicRoot({ ...at.deps, seed: later }, options)
  assert.equal(jsonOf(await at.listed()), newer)
})

test('a program that was updated brings its newer root along', async (t) => {
  const at = await place(t)
  await at.follow()
  const newer = rootText()
  const later = {
    root: tufRoot(2).toString('base64'),
    trustedRoot: Buffer.from(newer).toString('base64'),
  }
  await followPublicRoot(
    { ...at.deps, seed: later },
    { account: at.account, name: 'public', by },
    options,
  )
  assert.equal(jsonOf(await at.listed()), newer)
})
