// Lines on which a pattern would start anew at each of their characters. Nothing is timed: what costs the square of a
// line of this length does not end while anybody waits.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findExtractor } from '../../test/kit/extractor-cases.ts'

const length = 900_000
const spaces = ' '.repeat(length)
/** White space that a dot in a pattern does not stand for. */
const separator = '\u2028'
const tail = `${spaces}${separator}x${separator}x`

const cases: readonly {
  readonly extractor: string
  readonly path: string
  readonly text: string
}[] = [
  {
    extractor: 'npm-yarn-lock',
    path: 'app/yarn.lock',
    text: `# yarn lockfile v1\n\na@^1:\n  version${tail}\n`,
  },
  {
    extractor: 'npm-pnpm-lock',
    path: 'app/pnpm-lock.yaml',
    text: `"lockfileVersion":${tail}\n`,
  },
  {
    extractor: 'hex-mix-lock',
    path: 'app/mix.lock',
    text: `%{\n  "a": {:hex,${tail}\n}\n`,
  },
  {
    extractor: 'go-mod',
    path: 'app/go.mod',
    text: `module a\nrequire a v1${' //'.repeat(length)}${separator}x\n`,
  },
  {
    extractor: 'java-pom-properties',
    path: 'META-INF/maven/g/a/pom.properties',
    text: `version=${tail}\n`,
  },
  {
    extractor: 'python-requirements',
    path: 'app/requirements.txt',
    text: `a==1${spaces}x\na${spaces}x\n${'\\'.repeat(length)}x\\\n`,
  },
  {
    extractor: 'opam-switch-state',
    path: 'root/.opam/default/.opam-switch/switch-state',
    text: 'installed: [\n'.repeat(length / 10),
  },
  {
    extractor: 'cocoapods-lock',
    path: 'app/Podfile.lock',
    text: `PODS:\n  - ${'a'.repeat(length)} x\n`,
  },
  {
    extractor: 'swift-package-resolved',
    path: 'app/Package.resolved',
    text: JSON.stringify({
      version: 2,
      pins: [
        { identity: 'a', location: `https://a${'/'.repeat(length)}a`, state: { version: '1' } },
      ],
    }),
  },
]

for (const { extractor: id, path, text } of cases) {
  test(`${id}: a long line without an end costs no more than its length`, () => {
    const extractor = findExtractor(id)
    assert.ok(extractor.wants(path))
    const bytes = Buffer.from(text)
    assert.ok(bytes.length <= extractor.maxBytes)
    const { instances, problems } = extractor.extract(path, bytes)
    assert.ok(instances.length + problems.length <= 2)
  })
}
