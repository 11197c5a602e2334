import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../../../test/kit/extractor-cases.ts'
import { zipOf } from '../../../test/kit/zip.ts'
import { javaArchive } from './java-archive.ts'

type Content = string | Uint8Array

function jar(files: Readonly<Record<string, Content>>): Buffer {
  return zipOf(Object.entries(files).map(([name, content]) => ({ name, content })))
}

function pom(group: string, artifact: string, version: string): Readonly<Record<string, string>> {
  return {
    [`META-INF/maven/${group}/${artifact}/pom.properties`]: `version=${version}\ngroupId=${group}\nartifactId=${artifact}\n`,
  }
}

function read(
  path: string,
  bytes: Uint8Array,
): { packages: readonly string[]; problems: readonly string[] } {
  const extraction = javaArchive.extract(path, bytes)
  return {
    packages: describe(extraction, path),
    problems: extraction.problems.map((problem) => `${problem.path}: ${problem.reason}`),
  }
}

const log4j = jar({
  ...pom('org.apache.logging.log4j', 'log4j-core', '2.14.1'),
  'org/apache/logging/log4j/core/lookup/JndiLookup.class': 'x',
})

test('log4j-core in a war in an ear is found, with its path', () => {
  const war = jar({ 'WEB-INF/lib/log4j-core-2.14.1.jar': log4j })
  const ear = jar({ 'web.war': war, 'lib/none.txt': 'x' })
  assert.deepEqual(read('opt/shop.ear', ear), {
    packages: [
      'org.apache.logging.log4j:log4j-core 2.14.1; at !/web.war!/WEB-INF/lib/log4j-core-2.14.1.jar',
    ],
    problems: [],
  })
})

test('archives are read eight deep, and the ninth is said', () => {
  let nested: Buffer = jar(pom('g', 'deepest', '1'))
  for (let depth = 8; depth > 0; depth -= 1) nested = jar({ [`l${depth}.jar`]: nested })
  const path = '!/l1.jar!/l2.jar!/l3.jar!/l4.jar!/l5.jar!/l6.jar!/l7.jar!/l8.jar'
  assert.deepEqual(read('a.jar', nested).packages, [`g:deepest 1; at ${path}`])
  const { packages, problems } = read('a.jar', jar({ 'l0.jar': nested }))
  assert.deepEqual(packages, [])
  assert.match(problems.join(), /l8\.jar: is nested deeper than the 8 archives that are read/)
})

test('what is built into an archive is a component of it, beside the archive itself', () => {
  const shaded = jar({
    ...pom('org.example', 'tool', '3.1'),
    ...pom('com.google.guava', 'guava', '20.0'),
  })
  assert.deepEqual(read('tool-3.1.jar', shaded).packages, [
    'org.example:tool 3.1',
    'com.google.guava:guava 20.0; at !/META-INF/maven/com.google.guava/guava',
  ])
})

test('an archive that holds another artifact’s metadata only is told by its manifest or its name', () => {
  const bytes = jar({
    'META-INF/MANIFEST.MF': 'Implementation-Version: 7.1.0\n',
    ...pom('net.java', 'jna', '5.5'),
  })
  assert.deepEqual(read('lib/elasticsearch-7.1.0.jar', bytes).packages, [
    'org.elasticsearch:elasticsearch 7.1.0',
    'net.java:jna 5.5; at !/META-INF/maven/net.java/jna',
  ])
})

test('a renamed archive is known by what Maven built into it', () => {
  assert.deepEqual(read('app.jar', jar(pom('org.example', 'shop', '1.0'))).packages, [
    'org.example:shop 1.0',
  ])
})

test('without pom.properties the pom.xml inside tells the version, also by its parent', () => {
  const xml =
    '<project><parent><groupId>g</groupId><version>4</version></parent><artifactId>a</artifactId></project>'
  assert.deepEqual(read('a-4.jar', jar({ 'META-INF/maven/g/a/pom.xml': xml })).packages, ['g:a 4'])
  const broken = read('a.jar', jar({ 'META-INF/maven/g/a/pom.xml': '<project' }))
  assert.match(broken.problems.join(), /pom\.xml: does not tell group, artifact and version/)
})

test('classes of log4j-core without its metadata are said', () => {
  const bytes = jar({
    ...pom('org.example', 'shop', '1.0'),
    'shaded/org/apache/logging/log4j/core/lookup/JndiLookup.class': 'x',
  })
  assert.match(
    read('shop-1.0.jar', bytes).problems.join(),
    /classes of log4j-core .* nothing tells of which version/,
  )
  assert.deepEqual(read('log4j-core-2.14.1.jar', log4j).problems, [])
})

test('a damaged archive inside costs only itself', () => {
  const bytes = jar({ 'lib/a.jar': 'no archive', 'lib/b.jar': jar(pom('g', 'b', '1')) })
  const { packages, problems } = read('x.war', bytes)
  assert.deepEqual(packages, ['g:b 1; at !/lib/b.jar'])
  assert.deepEqual(problems, ['x.war!/lib/a.jar: is no zip archive: it has no end record'])
})

test('an archive full of archives, each full of archives, ends with what was not read', () => {
  let bomb: Buffer = jar({ 'zeros.txt': Buffer.alloc(1_000_000) })
  for (let level = 0; level < 7; level += 1)
    bomb = jar(Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`${index}.jar`, bomb])))
  const { problems } = read('bomb.jar', bomb)
  assert.ok(problems.length > 0 && problems.length <= 300, String(problems.length))
  assert.match(
    problems.join(),
    /more than the 20000 archives|has \d+ entries, of which \d+ are read/,
  )
})
