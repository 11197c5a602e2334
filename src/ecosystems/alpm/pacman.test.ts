import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { alpm } from './ecosystem.ts'
import { pacmanFiles } from './pacman-files.ts'
import { pacmanLocal } from './pacman-local.ts'
import { compareAlpmVersions } from './version.ts'

const local = 'var/lib/pacman/local'

test('files belong to the package that their folder names, folders to nobody', () => {
  const text = '%FILES%\nusr/\nusr/lib/\nusr/lib/libc.so.6\n../etc/shadow\n\n%BACKUP%\netc/x\tabc\n'
  assert.deepEqual(
    pacmanFiles.extract(`${local}/gcc-libs-1:14.2.1+r1-2/files`, Buffer.from(text)),
    {
      instances: [],
      problems: [],
      owned: [{ owner: 'gcc-libs', paths: ['usr/lib/libc.so.6'] }],
    },
  )
  assert.ok(!pacmanFiles.wants(`${local}/noversion/files`))
  assert.ok(!pacmanFiles.wants(`${local}/a-1-1/desc`))
})

test('needs, licences and builder stand beside a package', () => {
  const text =
    '%NAME%\ngawk\n\n%VERSION%\n5.3.1-1\n\n%LICENSE%\nGPL-3.0-or-later\n\n%PACKAGER%\nA Person <a@archlinux.org>\n\n%DEPENDS%\nsh\nglibc>=2.38\nglibc\nlibmpfr.so=6-64\n>\n'
  const { instances } = pacmanLocal.extract(`${local}/gawk-5.3.1-1/desc`, Buffer.from(text))
  assert.deepEqual(instances[0]?.dependsOn, ['sh', 'glibc'])
  assert.deepEqual(instances[0].licenses, ['GPL-3.0-or-later'])
  assert.equal(instances[0].package.vendor, 'A Person <a@archlinux.org>')
})

test('nobody speaks of packages of Arch, and that is said', () => {
  const found = { type: 'alpm', name: 'gawk', version: '5.3.1-1' }
  const lookup = alpm.lookup(found, { id: 'arch', idLike: [] })
  assert.ok(lookup.kind === 'unknown' && lookup.reason.includes('no advisories are known for arch'))
  assert.equal(alpm.lookup(found, undefined).kind, 'unknown')
  assert.ok(!alpm.ownsAdvisoryEcosystem('Arch'))
})

const hasVercmp = spawnSync('vercmp', ['1', '2']).status === 0
const pieces = ['0', '1', '2', '10', '007', '.', '.', '_', '+', '~', 'a', 'b', 'rc', 'pre', 'Z']
const version = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
  .map((parts) => `${parts.join('')}-1`)

test('vercmp orders the same', { skip: hasVercmp ? false : 'vercmp is not installed' }, () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      const ours = compareAlpmVersions(a, b)
      if (ours.kind === 'unparsable') return
      const told = Number(execFileSync('vercmp', [a, b], { encoding: 'utf8' }))
      assert.equal(Math.sign(ours.order), told, `${a} ${b}`)
    }),
    { numRuns: 300 },
  )
})
