import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedData } from '../../../test/kit/shared-data.ts'
import { dpkgStatus } from './dpkg-status.ts'

function needsOf(text: string): Readonly<Record<string, readonly string[]>> {
  const { instances } = dpkgStatus.extract('var/lib/dpkg/status', Buffer.from(text))
  return Object.fromEntries(
    instances.map(({ package: { name }, dependsOn = [] }) => [name, dependsOn]),
  )
}

test('what a package needs are those packages of the database that meet it', () => {
  const status = [
    'Package: app\nVersion: 1\nPre-Depends: libc6 (>= 2.34)\nDepends: mta | exim4, python3:any (>= 3), gone, app',
    'Package: libc6\nVersion: 1\nDepends: libgcc-s1',
    'Package: libgcc-s1\nVersion: 1\nDepends: libc6 [amd64] <!cross>',
    'Package: postfix\nVersion: 1\nProvides: mta (= 1), smtp-server',
    'Package: python3\nVersion: 1',
    'Package: removed\nStatus: deinstall ok config-files\nVersion: 1\nProvides: gone',
  ]
  assert.deepEqual(needsOf(status.join('\n\n')), {
    app: ['libc6', 'postfix', 'python3'],
    libc6: ['libgcc-s1'],
    'libgcc-s1': ['libc6'],
    postfix: [],
    python3: [],
  })
})

test('a package of the name comes before one that provides it', () => {
  const status =
    'Package: a\nVersion: 1\nDepends: b\n\nPackage: c\nVersion: 1\nProvides: b\n\nPackage: b\nVersion: 1\n'
  assert.deepEqual(needsOf(status)['a'], ['b'])
})

test('a field of a million needs is cut, and ends', () => {
  const status = `Package: a\nVersion: 1\nDepends: ${'x|,'.repeat(1_000_000)}b\n\nPackage: b\nVersion: 1\n`
  assert.deepEqual(needsOf(status), { a: [], b: [] })
})

test('who built a package stands beside it', () => {
  const { instances } = dpkgStatus.extract(
    'var/lib/dpkg/status',
    Buffer.from('Package: a\nVersion: 1\nMaintainer: Docker <support@docker.com>\n'),
  )
  assert.equal(instances[0]?.package.vendor, 'Docker <support@docker.com>')
})

test(
  'stanzas that dpkg refuses, since they have no version, are problems',
  { skip: sharedData('fixtures', 'dpkg') === undefined ? 'shared data is absent' : false },
  () => {
    const bytes = readFileSync(sharedData('fixtures', 'dpkg/vcpkg.status') ?? '')
    const { problems } = dpkgStatus.extract('var/lib/dpkg/status', bytes)
    assert.ok(problems.length > 0)
    for (const { reason } of problems) assert.match(reason, /has no Version/)
  },
)

const folder = sharedData('fixtures', 'dpkg')
const hasDpkg = spawnSync('dpkg-query', ['--version']).status === 0
const skip =
  folder === undefined ? 'shared data is absent' : hasDpkg ? false : 'dpkg-query is not installed'

test('dpkg-query lists the same packages of the public status files', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'dpkg-'))
  try {
    mkdirSync(join(directory, 'info'))
    mkdirSync(join(directory, 'updates'))
    // The status of another package manager, in dpkg's form without its mandatory fields.
    const names = readdirSync(folder ?? '').filter((name) => name !== 'vcpkg.status')
    for (const name of names) {
      const file = join(folder ?? '', name)
      copyFileSync(file, join(directory, 'status'))
      const asked =
        '${Package} ${Version} ${Architecture} ${source:Package}\\t${db:Status-Status}\\n'
      const told = execFileSync('dpkg-query', ['--admindir', directory, '-W', '-f', asked], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const theirs = told
        .trim()
        .split('\n')
        .map((line) => line.split('\t'))
        .filter(([, state]) => !['not-installed', 'config-files'].includes(state ?? ''))
      const { instances, problems } = dpkgStatus.extract('var/lib/dpkg/status', readFileSync(file))
      const ours = instances.map(
        ({ package: it }) =>
          `${it.name} ${it.version} ${it.architecture ?? ''} ${it.source?.name ?? ''}`,
      )
      assert.deepEqual(problems, [], name)
      assert.ok(ours.length > 0)
      assert.deepEqual(ours.toSorted(), theirs.map(([line = '']) => line).toSorted(), name)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
