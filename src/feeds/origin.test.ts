import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedTransport } from '../storage/feeds/transport.ts'
import { openOrigin } from './origin.ts'

const { signal } = new AbortController()

function recording(): { readonly asked: string[]; readonly transport: FeedTransport } {
  const asked: string[] = []
  return {
    asked,
    transport: {
      get: (url) => {
        asked.push(url.href)
        return Promise.resolve({ kind: 'absent' })
      },
    },
  }
}

test('a path that leaves the base is refused, whoever wrote it', async () => {
  const { asked, transport } = recording()
  const origin = openOrigin(transport, new URL('https://mirror.invalid/osv/'))
  const paths = [
    '../secret',
    'npm/../../x',
    '/etc/passwd',
    'a?b',
    '.hidden',
    'a//b',
    'a/%2e%2e',
    'a\\b',
    'x'.repeat(2000),
  ]
  for (const path of paths)
    await assert.rejects(origin.get(path, {}, { signal }), { name: 'FeedError', fault: 'refused' })
  assert.deepEqual(asked, [])
})

test('a path is below the base, whatever its names hold', async () => {
  const { asked, transport } = recording()
  const origin = openOrigin(transport, new URL('https://mirror.invalid/osv/'))
  await origin.get('Rocky Linux/ALSA-2024:1.json', {}, { signal })
  assert.deepEqual(asked, ['https://mirror.invalid/osv/Rocky%20Linux/ALSA-2024%3A1.json'])
})
