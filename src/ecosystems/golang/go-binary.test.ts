import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  elfOf,
  fatOf,
  machOOf,
  peOf,
  type BuiltSection,
} from '../../../test/kit/executable-builder.ts'
import { bytesOf, describe, ownCases } from '../../../test/kit/extractor-cases.ts'
import { readExecutable } from '../executables/executable.ts'
import { findSection } from '../executables/executable-image.ts'
import { goBinary } from './go-binary.ts'

const path = 'app/program'

function packagesOf(bytes: Buffer): readonly string[] {
  assert.equal(goBinary.recognises?.(bytes.subarray(0, 4096)), true)
  const extraction = goBinary.extract(path, bytes)
  assert.deepEqual(extraction.problems, [])
  return describe(extraction, path)
}

function problemsOf(bytes: Buffer): readonly string[] {
  const { instances, problems } = goBinary.extract(path, bytes)
  assert.deepEqual(instances, [])
  return problems.map(({ reason }) => reason)
}

/** As the linker of Go 1.18 and later writes it. */
function inlineBlob(goVersion: string, modules: string): Buffer {
  const head = Buffer.alloc(32)
  head.write('\xff Go buildinf:', 'latin1')
  head.writeUInt8(2, 15)
  return Buffer.concat([head, prefixed(goVersion), prefixed(framed(modules))])
}

function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  for (let rest = bytes.length; ; rest >>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80)
    if (rest < 0x80) break
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

function framed(modules: string): string {
  return modules === '' ? '' : `0123456789abcdef${modules}fedcba9876543210`
}

/** As the linker of Go 1.13 to 1.17 writes it: pointers to string headers. */
function pointedSections(
  texts: readonly [goVersion: string, modules: string],
  { pointerBytes = 8, isBigEndian = false }: { pointerBytes?: 4 | 8; isBigEndian?: boolean },
): readonly BuiltSection[] {
  const [textBase, headerBase] = [0x500000, 0x600000]
  const [version, modules] = [Buffer.from(texts[0]), Buffer.from(framed(texts[1]))]
  const words = (...values: readonly number[]): Buffer => {
    const out = Buffer.alloc(values.length * pointerBytes)
    values.forEach((value, index) => {
      const at = index * pointerBytes
      if (isBigEndian) out.writeUIntBE(value, at + pointerBytes - 4, 4)
      else out.writeUIntLE(value, at, 4)
    })
    return out
  }
  const head = Buffer.alloc(32)
  head.write('\xff Go buildinf:', 'latin1')
  head.writeUInt8(pointerBytes, 14)
  head.writeUInt8(isBigEndian ? 1 : 0, 15)
  words(headerBase, headerBase + 2 * pointerBytes).copy(head, 16)
  const headers = words(textBase, version.length, textBase + version.length, modules.length)
  return [
    {
      name: '.rodata',
      address: textBase,
      bytes: Buffer.concat([version, modules]),
      isReadOnly: true,
    },
    { name: '.data', address: headerBase, bytes: headers },
    { name: '.go.buildinfo', address: 0x700000, bytes: head },
  ]
}

const modules =
  'path\texample.com/app\nmod\texample.com/app\tv1.2.3\t\ndep\tgithub.com/a/b\tv1.0.0\th1:x=\n'
const expected = ['stdlib 1.17.5', 'example.com/app v1.2.3', 'github.com/a/b v1.0.0']

test('a packed program, one without information and one of which it is broken are problems', () => {
  const elf = elfOf([{ name: '.go.buildinfo', bytes: inlineBlob('go1.17.5', '').subarray(0, 40) }])
  assert.deepEqual(problemsOf(elf), ['is a Go program whose build information cannot be read'])
  assert.deepEqual(problemsOf(elfOf([{ name: '.note.go.buildid', bytes: Buffer.from('x') }])), [
    'is a Go program without build information',
  ])
  const packed = ['is packed by UPX: what it is made of cannot be read']
  assert.deepEqual(problemsOf(peOf([{ name: 'UPX0', bytes: Buffer.from('x') }])), packed)
  const upx = elfOf([{ name: 'x', bytes: Buffer.from('UPX!') }], { hasNoSections: true })
  assert.deepEqual(problemsOf(upx), packed)
  const whole = elfOf([{ name: '.text', bytes: Buffer.alloc(64) }])
  assert.match(
    problemsOf(whole.subarray(0, -30)).join('; '),
    /^is a damaged executable: its section/,
  )
})

test('a program without modules, or of an unreleased toolchain, says so', () => {
  const { instances, problems } = goBinary.extract(
    path,
    elfOf([{ name: '.go.buildinfo', bytes: inlineBlob('devel go1.23-abc123', modules) }]),
  )
  assert.deepEqual(
    instances.map(({ package: { name } }) => name),
    ['example.com/app', 'github.com/a/b'],
  )
  assert.match(problems[0]?.reason ?? '', /no release \(devel go1\.23-abc123\)/)
  const bare = goBinary.extract(
    path,
    elfOf([{ name: '.go.buildinfo', bytes: inlineBlob('go1.17.5', 'path\tx/y\n') }]),
  )
  assert.equal(bare.instances.length, 1)
  assert.match(bare.problems[0]?.reason ?? '', /built without modules/)
})

test('what is no Go program says nothing', () => {
  assert.deepEqual(problemsOf(elfOf([{ name: '.data', bytes: Buffer.from('\xff Go build') }])), [])
})

for (const options of [
  { pointerBytes: 8 },
  { pointerBytes: 8, isBigEndian: true },
  { pointerBytes: 4 },
  { pointerBytes: 4, isBigEndian: true },
] as const) {
  test(`pointers of Go 1.13 to 1.17 are followed: ${JSON.stringify(options)}`, () => {
    const sections = pointedSections(['go1.17.5', modules], options)
    assert.deepEqual(packagesOf(elfOf(sections, options)), expected)
    assert.deepEqual(packagesOf(elfOf(sections, { ...options, hasNoSections: true })), expected)
    assert.deepEqual(packagesOf(machOOf(sections, options)), expected)
  })
}

test('the same list is read from every format, and once from a fat file', () => {
  const blob = inlineBlob('go1.17.5', modules)
  const linux = elfOf([{ name: '.go.buildinfo', bytes: blob }])
  const mac = machOOf([{ name: '__go_buildinfo', bytes: blob }])
  const windows = peOf([{ name: '.data', bytes: blob }])
  for (const bytes of [linux, mac, windows, fatOf([mac, mac])])
    assert.deepEqual(packagesOf(bytes), expected)
})

test('toolchains with an experiment or a maker’s suffix are their release', () => {
  for (const [told, version] of [
    ['go1.22.3 X:boringcrypto', '1.22.3'],
    ['go1.22.3-fips', '1.22.3'],
    ['go1.20.12 (Red Hat 1.20.12-8.el9)', '1.20.12'],
    ['go1.21rc2', '1.21rc2'],
    ['go1.20', '1.20'],
  ] as const)
    assert.deepEqual(
      packagesOf(elfOf([{ name: '.go.buildinfo', bytes: inlineBlob(told, modules) }]))[0],
      `stdlib ${version}`,
    )
})

test('a version in the linker’s flags counts only where all that are there agree', () => {
  const versionWith = (flags: string, version = '(devel)'): string | undefined => {
    const list = `mod\tgithub.com/x/y\t${version}\t\nbuild\t-ldflags="${flags}"\n`
    return packagesOf(elfOf([{ name: '.go.buildinfo', bytes: inlineBlob('go1.22.3', list) }]))[1]
  }
  assert.equal(versionWith('-s -w'), 'github.com/x/y (devel)')
  assert.equal(versionWith('-X main.version=dev'), 'github.com/x/y (devel)')
  assert.equal(versionWith('-X main.goversion=1.22.3'), 'github.com/x/y (devel)')
  assert.equal(versionWith('-X main.version=1.0.0 -X a/b.Version=2.0.0'), 'github.com/x/y (devel)')
  assert.equal(versionWith('-X main.version=1.2.3'), 'github.com/x/y 1.2.3; recognised')
  assert.equal(
    versionWith("-X 'k8s.io/component-base/version.gitVersion=v1.30.1' -X a.gitCommit=12ab"),
    'github.com/x/y v1.30.1; recognised',
  )
  assert.equal(
    versionWith('-X a.Version=1.2.3 -X b.GitDescribe=v1.2.3'),
    'github.com/x/y 1.2.3; recognised',
  )
  assert.equal(versionWith('-X main.version=1.2.3', 'v1.0.0'), 'github.com/x/y v1.0.0')
})

test('a real program’s information, moved into other formats, is the same', () => {
  const [real] = ownCases().filter(({ extractor }) => extractor === 'go-binary')
  assert.ok(real !== undefined)
  const [image] = readExecutable(bytesOf(real.file))
  assert.ok(image !== undefined)
  const blob = findSection(image, '.go.buildinfo') ?? Buffer.alloc(0)
  assert.deepEqual(
    packagesOf(machOOf([{ name: '__go_buildinfo', bytes: blob }])),
    real.expected.packages,
  )
  assert.deepEqual(packagesOf(peOf([{ name: '.data', bytes: blob }])), real.expected.packages)
})

const goRoot = findGoRoot()

test(
  'the go command and gofmt give what `go version -m` gives',
  { skip: goRoot === undefined && 'no go is installed' },
  () => {
    for (const name of ['go', 'gofmt']) {
      const file = join(goRoot ?? '', 'bin', name)
      const told = execFileSync('go', ['version', '-m', file], { encoding: 'utf8' })
      const version = /: go([0-9]\S*)/.exec(told)?.[1] ?? ''
      const { instances } = goBinary.extract(file, readFileSync(file))
      const dependencies = [...told.matchAll(/\tdep\t(\S+)\t(\S+)/g)].map(
        ([, module, its]) => `${module} ${its}`,
      )
      assert.deepEqual(
        instances.map(({ package: it }) => `${it.name} ${it.version}`),
        [`stdlib ${version}`, `toolchain ${version}`, ...dependencies],
      )
    }
  },
)

function findGoRoot(): string | undefined {
  try {
    return execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
