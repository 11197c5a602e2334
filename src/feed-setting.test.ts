import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './config.ts'

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  const read = readConfig({ flags: {}, environment, cwd: '/nowhere' })
  return read.kind === 'problems' ? read.problems : []
}

function feedsOf(environment: Readonly<Record<string, string>>) {
  const read = readConfig({ flags: {}, environment, cwd: '/nowhere' })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  return read.config.feeds
}

for (const [name, value] of [
  ['PRATIQUE_FEEDS', 'osv/npm;kev'],
  ['PRATIQUE_FEEDS', ','],
  ['PRATIQUE_FEED_EVERY_MINUTES', '-1'],
  ['PRATIQUE_FEED_EVERY_MINUTES', '20000'],
  ['PRATIQUE_FEED_MIRRORS', 'ftp://mirror'],
  ['PRATIQUE_FEED_MIRRORS', 'osv=mirror'],
  ['PRATIQUE_FEED_MIRRORS', 'osv=https://a,osv=https://b'],
  ['PRATIQUE_FEED_MIRRORS', 'file://host/srv'],
  ['PRATIQUE_OSV_URL', 'nothing'],
] as const) {
  test(`${name} is not ${JSON.stringify(value)}`, () => {
    const problems = problemsOf({ [name]: value })
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', new RegExp(`^${name} is ".*"; expected `))
  })
}

test('one mirror stands for all homes, or each feed has its own; a directory may be one', () => {
  assert.deepEqual(feedsOf({ PRATIQUE_FEED_MIRRORS: 'https://mirror.invalid/feeds/' }).mirrors, {
    all: 'https://mirror.invalid/feeds',
    byFeed: new Map(),
  })
  const named = feedsOf({ PRATIQUE_FEED_MIRRORS: 'kev=file:///srv/kev, epss=http://127.0.0.1:1' })
  assert.deepEqual(
    named.mirrors.byFeed,
    new Map([
      ['kev', 'file:///srv/kev'],
      ['epss', 'http://127.0.0.1:1'],
    ]),
  )
})

test('the address of the OSV archive is its mirror, unless there is one in the list', () => {
  const archive = { PRATIQUE_OSV_URL: 'https://one.invalid' }
  assert.equal(feedsOf(archive).mirrors.byFeed.get('osv'), 'https://one.invalid')
  const both = { ...archive, PRATIQUE_FEED_MIRRORS: 'osv=https://two.invalid' }
  assert.equal(feedsOf(both).mirrors.byFeed.get('osv'), 'https://two.invalid')
})

test('proxies are taken from the usual variables, those in lower case first', () => {
  const proxy = { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1', NO_PROXY: 'localhost' }
  assert.deepEqual(feedsOf(proxy).proxy, {
    httpProxy: undefined,
    httpsProxy: 'http://b:1',
    noProxy: 'localhost',
  })
})
