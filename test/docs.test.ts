import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reasonCodes } from '../src/admission/rules/reason.ts'
import { headerTimeoutMs, keepAliveMs, maxHeaderBytes } from '../src/edges/malformed-request.ts'
import { maxTypeLength } from '../src/oci/descriptor.ts'
import { maxManifestBytes } from '../src/oci/manifest.ts'
import { maxBlobBytes } from '../src/registry/receive-bytes.ts'
import { settings } from '../src/config.ts'
import { defaultExpectations, parseRulesFile } from '../src/posture/rules/rules-file.ts'
import { postureRules } from '../src/posture/rules/table.ts'
import { problemKinds } from '../src/registry/rules/storage-problems.ts'
import { auditRulesDocument } from './kit/audit-rules-document.ts'
import { compatibilityDocument } from './kit/compatibility-document.ts'
import { coverageDocument } from './kit/coverage-document.ts'
import {
  deviationsDocument,
  errorsDocument,
  feedsDocument,
  operationsDocument,
  policyLintDocument,
} from './kit/generated-docs.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
/** Formatting of tables is the formatter's. */
const words = (text: string): string => text.replaceAll(/[ \-|]+/g, ' ').trim()

test('docs that are written from the code say what the code says', () => {
  assert.equal(words(read('docs/errors.md')), words(errorsDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/audit-rules.md')), words(auditRulesDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/coverage.md')), words(coverageDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/deviations.md')), words(deviationsDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/policy-lint.md')), words(policyLintDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/operations.md')), words(operationsDocument()), 'run: npm run docs')
  assert.equal(words(read('docs/feeds.md')), words(feedsDocument()), 'run: npm run docs')
  const compatibility = words(compatibilityDocument())
  assert.equal(words(read('docs/compatibility.md')), compatibility, 'run: npm run docs')
})

test('README names every setting', () => {
  const readme = read('README.md')
  for (const { environment } of Object.values(settings))
    assert.ok(readme.includes(environment), environment)
})

test('docs/storage.md lists exactly the problems that a storage check tells', () => {
  const listed = [...read('docs/storage.md').matchAll(/^\| `([a-z-]+)` /gm)].map(
    ([, kind = '']) => kind,
  )
  assert.deepEqual(listed.toSorted(), Object.keys(problemKinds).toSorted())
})

test('SECURITY.md names the limits that the code has', () => {
  const security = words(read('SECURITY.md'))
  const figures = [
    `${maxHeaderBytes / 1024} KiB`,
    `${headerTimeoutMs / 1000} seconds`,
    `${keepAliveMs / 1000} seconds`,
    `${maxManifestBytes / 1024 / 1024} MiB, 32 levels`,
    `${maxBlobBytes / 1024 / 1024} MiB, and the quotas`,
    `types of ${maxTypeLength} characters`,
  ]
  for (const figure of figures) assert.ok(security.includes(figure), figure)
  for (const name of [
    'maxConnections',
    'maxConnectionsPerAddress',
    'maxOpenUploads',
    'stallSeconds',
  ] as const) {
    const { environment, fallback } = settings[name]
    assert.ok(security.includes(`\`${environment}\`, ${fallback}`), environment)
  }
})

test('docs/security.md has each threat once, and every test that it names is there', () => {
  const rows =
    read('docs/security.md')
      .split('## Threats')[1]
      ?.match(/^\| (?!id |-).*$/gm) ?? []
  const ids = rows.map((row) => /^\| (T[0-9]+) /.exec(row)?.[1])
  assert.ok(!ids.includes(undefined), 'a row has no id')
  assert.equal(new Set(ids).size, ids.length, 'an id has two rows')
  for (const row of rows) {
    const named = [...row.matchAll(/`([^`]+\.test\.ts)`: (.+?)(?=<br>| *\|$)/g)]
    assert.ok(named.length > 0, `no test: ${row}`)
    for (const [, file = '', name = ''] of named) {
      assert.ok(existsSync(join(root, file)), file)
      // A title, or a row of the table that a title is made of.
      assert.ok(
        new RegExp(`['\`]${escaped(name)}(?:['\`]| \\()`).test(read(file)),
        `${file}: ${name}`,
      )
    }
  }
})

test('docs/gate.md lists every code of a reason, with what it does', () => {
  const listed = [
    ...read('docs/gate.md').matchAll(/^\| `([a-z-]+)` +\| (violation|unknown|remark) /gm),
  ]
  assert.deepEqual(
    Object.fromEntries(listed.map(([, code = '', kind = '']) => [code, kind])),
    reasonCodes,
  )
})

test('docs/posture.md lists every member of the rules file, and the usual of each', () => {
  const posture = read('docs/posture.md')
  for (const name of [...Object.keys(defaultExpectations), 'unknown', 'suppress'])
    assert.ok(posture.includes(`\`${name === 'graceMs' ? 'grace' : name}\``), name)
  const example = /```yaml file=posture.yaml\n([\s\S]*?)```/.exec(posture)?.[1] ?? ''
  const ids = postureRules.map(({ id }) => id)
  const reading = parseRulesFile(example, { ids, now: Date.UTC(2026, 10, 26) })
  assert.equal(reading.kind, 'read', JSON.stringify(reading))
})

test('the changelog tells each thing once, and the glossary has each term once', () => {
  const once = (what: readonly (string | undefined)[]): void => {
    assert.deepEqual(
      what.filter((one, index) => what.indexOf(one) !== index),
      [],
    )
  }
  once([...read('CHANGELOG.md').matchAll(/^- (.{30})/gm)].map(([, beginning]) => beginning))
  once([...read('docs/glossary.md').matchAll(/^\| (.+?) *\|/gm)].map(([, term]) => term))
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
