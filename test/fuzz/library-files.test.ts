// Java archives within archives, and the text files of libraries' package managers, put together of the pieces of their formats.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readXml } from '../../src/ecosystems/xml-document.ts'
import { zipOf } from '../kit/zip.ts'
import { holdsForExtraction } from './extraction-law.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const pom = hostileText(
  'version=1.0\n',
  'groupId=g\n',
  'artifactId=a\n',
  '${project.version}',
  'Implementation-Version: 2\n',
  'Bundle-SymbolicName: org.x.y;singleton:=true\n',
  '\r\n \xe9',
  '<project><parent><version>3</version></parent>',
  '<artifactId>a</artifactId></project>',
)
const entryName = fc.constantFrom(
  'META-INF/MANIFEST.MF',
  'META-INF/maven/g/a/pom.properties',
  'META-INF/maven/g/b/pom.xml',
  'WEB-INF/lib/x-1.0.jar',
  'lib/../../y.jar',
  'A.class',
  'shaded/org/apache/logging/log4j/core/lookup/JndiLookup.class',
  '__proto__',
)

/** Archives of archives, true and false ones. */
const archive: fc.Arbitrary<Buffer> = fc.letrec<{ node: Buffer; zip: Buffer }>((tie) => ({
  zip: fc
    .array(
      fc.record({
        name: entryName,
        content: fc.oneof(
          { maxDepth: 3 },
          pom.map((text) => Buffer.from(text)),
          tie('node'),
        ),
        isStored: fc.boolean(),
        isEncrypted: fc.constantFrom(false, false, false, true),
      }),
      { maxLength: 5 },
    )
    .map(zipOf),
  node: fc.oneof(
    tie('zip'),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  ),
})).zip

test('archives within archives of any entries are artifacts or problems, also when altered', () => {
  fc.assert(
    fc.property(
      archive.chain((bytes) => fc.oneof(fc.constant(bytes), alteredBytes(bytes))),
      (bytes) => holdsForExtraction('java-archive', 'app/some-1.2.jar', bytes),
    ),
    runs(300),
  )
})

test('text made of the pieces of XML is a document or refused', () => {
  const xml = hostileText(
    '<a>',
    '</a>',
    '<b c="d"/>',
    "<b c='>'>",
    '</b>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?xml',
    '?>',
    '<!DOCTYPE a [',
    '<!ENTITY x "y">',
    ']>',
    '&x;',
    '&amp;',
    '&#0;',
    '&#x10FFFF;',
    '&#x110000;',
    '<x:a x:b="1"',
    '>',
    '/>',
    '=',
    '"',
    '<project>',
    '</project>',
    '<dependencies>',
    '</dependencies>',
    '<dependency>',
  )
  const extractors = [
    'java-pom-xml',
    'java-gradle-verification',
    'dotnet-packages-config',
    'dotnet-msbuild-project',
  ]
  fc.assert(
    fc.property(xml, (text) => {
      const bytes = Buffer.from(text)
      const reading = readXml(bytes)
      if (reading.kind === 'refused') assert.ok(reading.reason.length > 3)
      for (const id of extractors) holdsForExtraction(id, 'app/pom.xml', bytes)
    }),
    runs(500),
  )
})

test('lines made of the pieces of requirements and lock files are pins or nothing', () => {
  const text = hostileText(
    'Django',
    '==',
    '===',
    '4.2',
    ' ',
    '\\\n',
    '\n',
    '#',
    ' # ',
    ';',
    '[x]',
    '--hash=sha256:a',
    '(',
    ')',
    '>=',
    '*',
    'g:a:1=',
    'compileClasspath,',
    'NUGET\n',
    '    A (1.0)\n',
    '      B (>= 1)\n',
    'GROUP X\n',
    'JAVA_VERSION="17"\n',
  )
  const extractors = [
    'python-requirements',
    'java-gradle-lockfile',
    'dotnet-paket-lock',
    'java-runtime',
    'java-pom-properties',
  ]
  fc.assert(
    fc.property(text, (lines) => {
      for (const id of extractors) holdsForExtraction(id, 'app/file', Buffer.from(lines))
    }),
    runs(500),
  )
})
