import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../kit/run.ts'

const tour = fileURLToPath(new URL('./tour.ts', import.meta.url))

test('the tour shows a push, real findings, a refused push and a gate that says no', async () => {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:AWS|PRATIQUE)_/.test(name)),
  )
  const { status, stdout, stderr } = await run(process.execPath, [tour], { env })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /pratique listening on http:\/\/127\.0\.0\.1:\d+/)
  assert.match(stdout, /CRITICAL +CVE-2021-44906 +minimist 1\.2\.5 +→ 1\.2\.6/)
  assert.match(stdout, /HIGH +CVE-2021-23337 +lodash 4\.17\.20 +→ 4\.17\.21/)
  assert.match(stdout, /CVE-2022-0778 +libssl1\.1 1\.1\.1k-1 +→ 1\.1\.1k-1\+deb11u2/)
  assert.match(
    stdout,
    /400 Bad Request .*cannot be overwritten because the repository is immutable/,
  )
  assert.match(stdout, /NO: \d+ findings at or above HIGH/)
  assert.match(stdout, /\$ echo \$\?\n3\n/)
})
