import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ecrOperations } from '../src/edges/aws/ecr/operations.ts'
import { settings } from '../src/config.ts'
import { problemKinds } from '../src/registry/rules/storage-problems.ts'
import { deviationsDocument, errorsDocument } from './kit/generated-docs.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
/** Formatting of tables is the formatter's. */
const words = (text: string): string => text.replaceAll(/[ \-|]+/g, ' ').trim()

test('docs/errors.md and docs/deviations.md say what the code says', () => {
  assert.equal(words(read('docs/errors.md')), words(errorsDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/deviations.md')), words(deviationsDocument()), 'run: npm run docs')
})

test('README names every setting and every operation that is served', () => {
  const readme = read('README.md')
  for (const { environment } of Object.values(settings))
    assert.ok(readme.includes(environment), environment)
  for (const name of ecrOperations.keys()) assert.ok(readme.includes(name), name)
})

test('docs/storage.md lists exactly the problems that a storage check tells', () => {
  const listed = [...read('docs/storage.md').matchAll(/^\| `([a-z-]+)` /gm)].map(
    ([, kind = '']) => kind,
  )
  assert.deepEqual(listed.toSorted(), Object.keys(problemKinds).toSorted())
})

test('every link from one page to another leads somewhere', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  for (const page of [
    ...pages,
    ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ]) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`)
    }
  }
})
