import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spdxIdsModule } from '../../test/kit/spdx-ids.ts'
import { readFileSync } from 'node:fs'
import { readLicence } from './licences.ts'

/** SPDX 2.3 annex D, and what package databases write instead of an expression. */
const cases: readonly (readonly [said: string, expected: string | undefined])[] = [
  ['MIT', 'id MIT'],
  ['mit', 'id MIT'],
  [' Apache-2.0 ', 'id Apache-2.0'],
  ['GPL-2.0+', 'id GPL-2.0+'],
  ['Apache-2.0+', 'expression Apache-2.0+'],
  ['apache-2.0 OR mit', 'expression Apache-2.0 OR MIT'],
  ['(MIT OR Apache-2.0) AND BSD-3-Clause', 'expression (MIT OR Apache-2.0) AND BSD-3-Clause'],
  ['( MIT )', 'expression (MIT)'],
  [
    'GPL-2.0-only WITH classpath-exception-2.0',
    'expression GPL-2.0-only WITH Classpath-exception-2.0',
  ],
  ['GPL-2.0-only WITH MIT', 'name GPL-2.0-only WITH MIT'],
  ['MIT WITH', 'name MIT WITH'],
  ['MIT or Apache-2.0', 'name MIT or Apache-2.0'],
  ['MIT OR', 'name MIT OR'],
  ['(MIT', 'name (MIT'],
  ['MIT)', 'name MIT)'],
  ['()', 'name ()'],
  ['MIT Apache-2.0', 'name MIT Apache-2.0'],
  ['AND', 'name AND'],
  ['GPLv2+', 'name GPLv2+'],
  ['SEE LICENSE IN LICENSE.txt', 'name SEE LICENSE IN LICENSE.txt'],
  ['MIT OR LicenseRef-own', 'name MIT OR LicenseRef-own'],
  ['', undefined],
  ['UNKNOWN', undefined],
  ['NOASSERTION', undefined],
]

for (const [said, expected] of cases) {
  test(`licence ${JSON.stringify(said)} is ${expected ?? 'nothing'}`, () => {
    const read = readLicence(said)
    assert.equal(read === undefined ? undefined : Object.values(read).join(' '), expected)
  })
}

test('whatever a package says of its licence is read, and is no longer than a name', () => {
  const word = fc.constantFrom('MIT', 'OR', 'AND', 'WITH', '(', ')', 'x', 'Classpath-exception-2.0')
  const text = fc.oneof(
    fc.array(word, { maxLength: 200 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary', maxLength: 2000 }),
  )
  fc.assert(
    fc.property(text, (said) => {
      const read = readLicence(said)
      if (read?.kind === 'name') assert.ok(read.name.length <= 300)
      // What is read from an expression is that expression.
      if (read?.kind === 'expression') assert.deepEqual(readLicence(read.expression), read)
    }),
  )
})

test('the identifiers are those of the schema that documents are valid by', () => {
  const written = readFileSync(new URL('generated/spdx-ids.ts', import.meta.url), 'utf8')
  assert.equal(written.replaceAll(/\s/g, ''), spdxIdsModule().replaceAll(/\s/g, ''))
})
