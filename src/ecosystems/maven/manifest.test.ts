import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { describe } from '../../../test/kit/extractor-cases.ts'
import { sharedData } from '../../../test/kit/shared-data.ts'
import { zipOf } from '../../../test/kit/zip.ts'
import { javaArchive } from './java-archive.ts'
import { parseManifest } from './manifest.ts'

/** What we say of an archive of this name with this manifest, and why it is not a group, artifact and version. */
interface Answer {
  readonly file: string
  readonly packages: readonly string[]
  readonly why?: string
}

const answers = JSON.parse(
  readFileSync(join(import.meta.dirname, 'cases/manifests/answers.json'), 'utf8'),
) as readonly Answer[]
const manifests = sharedData('fixtures', 'jar-manifests.json')

test(
  'every manifest of the public fixtures has its answer, and a reason where it is not whole',
  { skip: manifests === undefined ? 'shared data is absent' : false },
  () => {
    const { cases } = JSON.parse(readFileSync(manifests ?? '', 'utf8')) as {
      cases: Readonly<Record<string, { readonly manifest: string; readonly expected: string }>>
    }
    assert.deepEqual(
      answers.map(({ file }) => file),
      Object.keys(cases),
    )
    for (const { file, packages, why } of answers) {
      const archive = zipOf([
        { name: 'META-INF/MANIFEST.MF', content: cases[file]?.manifest ?? '' },
        { name: 'A.class', content: 'x' },
      ])
      assert.deepEqual(describe(javaArchive.extract(file, archive), file), packages)
      assert.equal(why === undefined, packages[0]?.includes(':') === true, file)
    }
  },
)

test('lines are joined before they are decoded, and sections of packages are not the archive’s', () => {
  const [first, second] = [
    Buffer.from('Implementation-Title: caf\xc3', 'latin1'),
    Buffer.from('\r\n \xa9 noir\r\n', 'latin1'),
  ]
  const rest = Buffer.from(
    'IMPLEMENTATION-TITLE: again\r\nno attribute\r\n\r\nName: x/\r\nBundle-Version: 9\r\n',
  )
  const manifest = parseManifest(Buffer.concat([first, second, rest]))
  assert.deepEqual([...manifest], [['implementation-title', 'café noir']])
})
