import assert from 'node:assert/strict'
import {
  expectRefusal,
  expectStatus,
  header,
  imageOf,
  indexOf,
  jsonOf,
  pushManifest,
  randomBlob,
  type Answer,
  type Check,
  type Client,
} from './client.ts'

/** In byte order, as Go's sort.Strings has it. */
const tags = [
  '.',
  '0',
  '10',
  '9',
  'A',
  'Z',
  '_',
  'a',
  'a-b',
  'a.b',
  'a0',
  'aa',
  'latest',
  'v1',
].filter((tag) => tag !== '.')

async function pushTags(client: Client): Promise<void> {
  const document = await imageOf(client)
  for (const tag of tags.toReversed()) await pushManifest(client, document, tag)
}

function tagsOf(client: Client, answer: Answer): unknown {
  expectStatus(answer, 200)
  assert.equal(header(answer, 'content-type'), 'application/json')
  const { name, tags: listed, ...rest } = jsonOf(answer)
  assert.equal(name, client.repository)
  assert.deepEqual(rest, {})
  return listed
}

/** The target of `rel="next"`, as a client follows it. */
function nextOf(answer: Answer): string | undefined {
  const link = answer.headers['link']
  if (link === undefined) return undefined
  const target = /^<([^>]+)>; rel="next"$/.exec(typeof link === 'string' ? link : '')?.[1]
  assert.ok(target !== undefined, String(link))
  return target
}

export const listChecks: readonly Check[] = [
  {
    sentence: 'the list of tags of an empty repository is 200 and an empty list',
    async run(client) {
      const answer = await client.at('GET', 'tags/list')
      assert.deepEqual(tagsOf(client, answer), [])
      assert.equal(nextOf(answer), undefined)
    },
  },
  {
    sentence: 'the tags of a repository that does not exist are 404 NAME_UNKNOWN',
    async run(client) {
      const path = '/v2/conformance/absent/tags/list'
      expectRefusal(await client.send('GET', path), 404, 'NAME_UNKNOWN')
    },
  },
  {
    sentence: 'an n that is no whole number is 400 PAGINATION_NUMBER_INVALID',
    async run(client) {
      const { digest } = randomBlob()
      for (const n of ['-1', 'abc', '', '1.5', '1e3', '0x10', '9'.repeat(30), '1&n=2']) {
        for (const path of ['tags/list', `referrers/${digest}`]) {
          const answer = await client.at('GET', `${path}?n=${n}`)
          expectRefusal(answer, 400, 'PAGINATION_NUMBER_INVALID')
        }
        const answer = await client.send('GET', `/v2/_catalog?n=${n}`)
        expectRefusal(answer, 400, 'PAGINATION_NUMBER_INVALID')
      }
    },
  },
  {
    sentence: 'without n all tags are listed, in ASCIIbetical order',
    async run(client) {
      await pushTags(client)
      const answer = await client.at('GET', 'tags/list')
      assert.deepEqual(tagsOf(client, answer), tags)
      assert.equal(nextOf(answer), undefined)
    },
  },
  {
    sentence: 'when n is zero, the list MUST be empty and MUST NOT have a Link',
    async run(client) {
      await pushTags(client)
      const answer = await client.at('GET', 'tags/list?n=0')
      assert.deepEqual(tagsOf(client, answer), [])
      assert.equal(nextOf(answer), undefined)
    },
  },
  {
    sentence: 'following the Link meets each tag once, for every page size',
    async run(client) {
      await pushTags(client)
      for (const n of [1, 2, 5, tags.length - 1, tags.length, tags.length + 1, 999_999_999]) {
        const met: unknown[] = []
        let path: string | undefined = `/v2/${client.repository}/tags/list?n=${n}`
        while (path !== undefined) {
          const answer: Answer = await client.send('GET', path)
          const page = tagsOf(client, answer)
          assert.ok(Array.isArray(page) && page.length <= n && page.length > 0)
          met.push(...(page as readonly unknown[]))
          path = nextOf(answer)
        }
        assert.deepEqual(met, tags, `n=${n}`)
      }
    },
  },
  {
    sentence: 'last is not included in the list, need not exist, and goes with or without n',
    async run(client) {
      await pushTags(client)
      const after = (last: string): readonly string[] => tags.filter((tag) => tag > last)
      for (const last of [...tags, 'a-', 'B', '!', 'zzz', '%', 'ä']) {
        const query = `last=${encodeURIComponent(last)}`
        const all = await client.at('GET', `tags/list?${query}`)
        assert.deepEqual(tagsOf(client, all), after(last), last)
        for (const order of [`n=2&${query}`, `${query}&n=2`]) {
          const page = await client.at('GET', `tags/list?${order}`)
          assert.deepEqual(tagsOf(client, page), after(last).slice(0, 2), last)
          assert.equal(nextOf(page) === undefined, after(last).length <= 2, last)
        }
      }
    },
  },
  {
    sentence: 'an n beyond what a page may have is clamped; the list is whole all the same',
    async run(client) {
      await pushTags(client)
      const answer = await client.at('GET', 'tags/list?n=999999999')
      assert.deepEqual(tagsOf(client, answer), tags)
      assert.equal(nextOf(answer), undefined)
      const listed = expectStatus(await client.send('GET', '/v2/_catalog?n=999999999'), 200)
      assert.ok(Array.isArray(jsonOf(listed)['repositories']))
    },
  },
  {
    sentence: 'a deleted tag is not listed any more, a new one at once',
    async run(client) {
      const pushed = await pushManifest(client, indexOf([]), 'v1')
      await pushManifest(client, indexOf([]), 'v2')
      await client.at('DELETE', 'manifests/v1')
      assert.deepEqual(tagsOf(client, await client.at('GET', 'tags/list')), ['v2'])
      await client.at('DELETE', `manifests/${pushed.digest}`)
      assert.deepEqual(tagsOf(client, await client.at('GET', 'tags/list')), [])
    },
  },
  {
    sentence: 'the catalog lists repositories in order, in pages that a Link connects',
    async run(client) {
      const met: unknown[] = []
      let path: string | undefined = '/v2/_catalog?n=3'
      while (path !== undefined) {
        const answer: Answer = expectStatus(await client.send('GET', path), 200)
        const { repositories, ...rest } = jsonOf(answer)
        assert.deepEqual(rest, {})
        assert.ok(Array.isArray(repositories) && repositories.length <= 3)
        met.push(...(repositories as readonly unknown[]))
        path = nextOf(answer)
      }
      assert.ok(met.every((name, at) => at === 0 || String(met[at - 1]) < String(name)))
      assert.equal(new Set(met).size, met.length)
      assert.ok(met.includes(client.repository) && met.includes(client.other))
      const none = expectStatus(await client.send('GET', '/v2/_catalog?n=0'), 200)
      assert.deepEqual(jsonOf(none), { repositories: [] })
      assert.equal(nextOf(none), undefined)
      const refused = await client.send('GET', '/v2/_catalog?n=x')
      expectRefusal(refused, 400, 'PAGINATION_NUMBER_INVALID')
    },
  },
]
