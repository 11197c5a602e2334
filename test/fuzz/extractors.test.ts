// Files of package managers as an attacker leaves them in an image: every case that lies beside an extractor, altered.
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, ownCases } from '../kit/extractor-cases.ts'
import { holdsForExtraction } from './extraction-law.ts'
import { alteredBytes, document, runs } from './hostile-input.ts'

const seeds = Map.groupBy(ownCases(), ({ extractor }) => extractor)

for (const [id, cases] of seeds) {
  test(`${id}: an altered file is packages or problems`, () => {
    const files = cases.map(({ file }) => bytesOf(file)).filter(({ length }) => length < 200_000)
    fc.assert(
      fc.property(alteredBytes(...files), (bytes) =>
        holdsForExtraction(id, cases[0]?.path ?? '', bytes),
      ),
      runs(100),
    )
  })
}

/** Members that lock files have, of the right and of other types. */
const entry = document({
  name: fc.constantFrom('a', '@s/a', 'v/a', '', '..', 'a\nb'),
  version: fc.constantFrom('1.0.0', 'dev-main', '', 'file:x', '1.0.0(b@1)'),
  resolved: fc.constant('https://example.org/a.tgz'),
  dependencies: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.constant('^1')),
  dev: fc.boolean(),
  license: fc.constantFrom<unknown>('MIT', ['MIT'], { type: 'MIT' }),
})
const entries = fc.oneof(
  fc.array(entry, { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('', 'a', 'node_modules/a', 'node_modules/a/node_modules/b'), entry),
)
const lockFile = document({
  packages: entries,
  'packages-dev': entries,
  dependencies: entries,
  lockfileVersion: fc.constantFrom<unknown>(1, 2, 3, '9.0'),
  pins: entries,
  object: fc.record({ pins: entries }),
  requires: fc.array(fc.constantFrom('a/1.0', 'a', '#')),
  graph_lock: fc.record({ nodes: entries }),
  Packages: entries,
  snapshots: entries,
  importers: entries,
  workspaces: entries,
})

test('JSON that is nearly a lock file is packages or problems, for every extractor of text', () => {
  const paths = [...seeds].map(([id, [first]]) => [id, first?.path ?? ''] as const)
  fc.assert(
    fc.property(lockFile, (content) => {
      const bytes = Buffer.from(JSON.stringify(content))
      for (const [id, path] of paths) holdsForExtraction(id, path, bytes)
    }),
    runs(200),
  )
})
