import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elfOf, fatOf, machOOf, peOf } from '../../../test/kit/executable-builder.ts'
import { findSection, readAddress } from './executable-image.ts'
import { isExecutableHead, readExecutable } from './executable.ts'

const text = Buffer.from('what is in it')
const sections = [
  { name: '.rodata', bytes: text, address: 0x401000, isReadOnly: true },
  { name: '.dep-v0', bytes: Buffer.from('other'), address: 0x402000 },
]

const builds: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['ELF of 64 bits', elfOf(sections)],
  ['ELF of 32 bits', elfOf(sections, { pointerBytes: 4 })],
  ['big-endian ELF of 64 bits', elfOf(sections, { isBigEndian: true })],
  ['big-endian ELF of 32 bits', elfOf(sections, { isBigEndian: true, pointerBytes: 4 })],
  ['PE', peOf(sections)],
  ['Mach-O of 64 bits', machOOf(sections)],
  ['Mach-O of 32 bits', machOOf(sections, { pointerBytes: 4 })],
  ['big-endian Mach-O', machOOf(sections, { isBigEndian: true, pointerBytes: 4 })],
]

for (const [name, bytes] of builds) {
  test(`${name}: sections by name, bytes by address`, () => {
    assert.ok(isExecutableHead(bytes.subarray(0, 4096)))
    const [image, ...others] = readExecutable(bytes)
    assert.ok(image !== undefined)
    assert.deepEqual(others, [])
    assert.equal(image.damage, undefined)
    assert.deepEqual(findSection(image, '.rodata'), text)
    assert.equal(Buffer.from(findSection(image, '.absent', '.dep-v0') ?? []).toString(), 'other')
    assert.equal(Buffer.from(readAddress(image, 0x401005, 2) ?? []).toString(), 'is')
    assert.equal(readAddress(image, 0x401000, text.length + 1), undefined)
    assert.equal(readAddress(image, 0x400fff, 1), undefined)
    assert.deepEqual(
      image.segments.map(({ isWritable }) => isWritable),
      [false, true],
    )
  })
}

test('a fat Mach-O is each of its architectures, and overlapping ones are passed over', () => {
  const [first, second] = [machOOf(sections), machOOf(sections, { pointerBytes: 4 })]
  const fat = fatOf([first, second])
  assert.ok(isExecutableHead(fat))
  assert.deepEqual(
    readExecutable(fat).map(({ pointerBytes }) => pointerBytes),
    [8, 4],
  )
  fat.copyWithin(8 + 20, 8, 8 + 20)
  assert.equal(readExecutable(fat).length, 1)
})

test('ELF without a section table has its segments', () => {
  const [image] = readExecutable(elfOf(sections, { hasNoSections: true }))
  assert.deepEqual(image?.sections, [])
  assert.equal(image.segments.length, 2)
  assert.equal(image.damage, undefined)
})

test('a truncated file gives what is there, and says what is not', () => {
  const whole = elfOf(sections)
  const [image] = readExecutable(whole.subarray(0, whole.length - 30))
  assert.equal(image?.damage, 'its section headers lie beyond the end of the file')
  assert.equal(image.segments.length, 2)
  const pe = peOf(sections)
  assert.match(
    readExecutable(pe.subarray(0, 0x80 + 24 + 112 + 50))[0]?.damage ?? '',
    /section table/,
  )
  const macho = machOOf(sections)
  assert.match(readExecutable(macho.subarray(0, 100))[0]?.damage ?? '', /load commands/)
})

test('refuses what is no linked program: classes, objects, texts, DOS programs', () => {
  const javaClass = Buffer.from('cafebabe00000041', 'hex')
  const object = elfOf(sections)
  object.writeUInt16LE(1, 16)
  const dos = Buffer.alloc(128)
  dos.write('MZ')
  dos.writeUInt32LE(64, 0x3c)
  for (const head of [
    Buffer.concat([javaClass, Buffer.alloc(40)]),
    object,
    dos,
    Buffer.from('#!/bin/sh\necho an ordinary script\n'),
    Buffer.from('\x7fELF'),
  ])
    assert.equal(isExecutableHead(head), false, head.toString('latin1', 0, 8))
  assert.deepEqual(readExecutable(dos), [])
  assert.deepEqual(readExecutable(Buffer.alloc(0)), [])
})

test('counts and offsets without measure cost nothing', () => {
  const elf = elfOf(sections)
  elf.writeUInt16LE(0xffff, 56)
  elf.writeUInt16LE(0, 60)
  elf.writeBigUInt64LE(2n ** 63n, 40)
  const [image] = readExecutable(elf)
  assert.match(image?.damage ?? '', /program headers lie beyond/)
  const macho = machOOf(sections)
  macho.writeUInt32LE(0xffffffff, 16)
  assert.ok(readExecutable(macho)[0] !== undefined)
})

test('any bytes behind a right beginning are read to an end', () => {
  const heads = builds.map(([, bytes]) => bytes)
  fc.assert(
    fc.property(
      fc.constantFrom(...heads),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 24 }),
      (head, edits) => {
        const bytes = Buffer.from(head)
        for (const [at, value] of edits) bytes[4 + (at % (bytes.length - 4))] = value
        isExecutableHead(bytes)
        for (const image of readExecutable(bytes)) {
          for (const { name } of image.sections) findSection(image, name)
          for (const { address } of image.segments) readAddress(image, address, 8)
        }
      },
    ),
    { numRuns: 3000 },
  )
})
