import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sharedData } from '../../../test/kit/shared-data.ts'
import { compareText } from '../digits.ts'
import { parseNevra } from './nevra.ts'
import { compareRpmVersions } from './version.ts'

test('text without two dashes, or with an empty part, is no whole name', () => {
  for (const text of ['', 'bash', 'bash-5.1', '-5.1-2', 'bash--2', 'bash-5.1-', 'x'.repeat(2000)])
    assert.equal(parseNevra(text), undefined, text.slice(0, 20))
})

test('names are taken apart from the right, with epochs and architectures of every form', () => {
  const names: readonly (readonly [string, string])[] = [
    ['bash-5.1.8-6.el9.src.rpm', 'bash 5.1.8-6.el9 src'],
    ['perl-Errno-0:1.28-419.el8.x86_64', 'perl-Errno 1.28-419.el8 x86_64'],
    ['bind-libs-32:9.11.36-3.el8.noarch.rpm', 'bind-libs 32:9.11.36-3.el8 noarch'],
    [
      'java-1.8.0-openjdk-1.8.0.382.b05-2.el8.s390x',
      'java-1.8.0-openjdk 1.8.0.382.b05-2.el8 s390x',
    ],
    ['openssl-3.0.7-24.el9', 'openssl 3.0.7-24.el9 undefined'],
    ['a-1-src', 'a 1-src undefined'],
    ['libstdc++-4.8.5-44.el7.nosrc.rpm', 'libstdc++ 4.8.5-44.el7 nosrc'],
  ]
  for (const [text, expected] of names) {
    const read = parseNevra(text)
    assert.equal(`${read?.name} ${read?.version} ${read?.architecture}`, expected)
  }
})

const path = sharedData('versions', 'rpm.json')

test(
  'agrees with the public vectors that compare whole names',
  { skip: path === undefined ? 'shared data is absent' : false },
  () => {
    const { sets } = JSON.parse(readFileSync(path ?? '', 'utf8')) as {
      sets: { note?: string; vectors: [string, string, string][] }[]
    }
    const vectors = sets.filter(({ note }) => note === 'NEVRA strings').flatMap((s) => s.vectors)
    assert.equal(vectors.length, 12)
    for (const [a, operator, b] of vectors) assert.equal(relation(a, b), operator, `${a} ? ${b}`)
  },
)

/** A text without a name is a version and a release, perhaps with an architecture. */
function relation(a: string, b: string): string {
  const [left, right] = [a, b].map((text) => {
    const named = parseNevra(text) ?? parseNevra(`-${text}`.padStart(text.length + 2, '\0'))
    return named ?? { name: '', version: text, architecture: undefined }
  })
  const versions = compareRpmVersions(left?.version ?? '', right?.version ?? '')
  const order =
    compareText(left?.name ?? '', right?.name ?? '') ||
    (versions.kind === 'ordered' ? versions.order : Number.NaN) ||
    compareText(left?.architecture ?? '', right?.architecture ?? '')
  if (order === 0) return '='
  return order < 0 ? '<' : '>'
}
