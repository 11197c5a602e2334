import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  file,
  folder,
  gnuLong,
  hardlink,
  padded,
  pax,
  symlink,
  tar,
  tarEntry,
  unendedTar,
  type TarSpec,
} from '../../../test/kit/tar-builder.ts'
import { ArchiveError } from './archive-error.ts'
import { TarWalker, type TarEntry, type TarVisitor } from './tar-entries.ts'

interface Walked {
  readonly entries: readonly string[]
  readonly refused: readonly string[]
  readonly fault?: string
}

/** Walks in chunks of `step` bytes; an entry is `kind path → target = content`. */
function walk(
  bytes: Buffer,
  step = bytes.length,
  maxBytes = 1 << 20,
  answer: 'read' | 'peek' = 'read',
): Walked {
  const entries: string[] = []
  const refused: string[] = []
  const walker = new TarWalker({
    entry(entry) {
      entries.push(describe(entry))
      return entry.kind === 'file' && Math.max(entry.sizeBytes, entry.storedBytes) <= maxBytes
        ? answer
        : 'skip'
    },
    head(_entry, beginning) {
      entries.push(`${entries.pop() ?? ''} begins ${short(beginning)}`)
      return beginning.includes('no') ? 'skip' : 'read'
    },
    content(_entry, content) {
      entries.push(`${entries.pop() ?? ''} = ${short(content)}`)
    },
    refused(name, reason) {
      refused.push(`${name}: ${reason}`)
    },
  })
  try {
    for (let at = 0; at < bytes.length; at += step) walker.write(bytes.subarray(at, at + step))
    walker.end()
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { entries, refused, fault: `${error.fault}: ${error.message}` }
  }
  return { entries, refused }
}

function describe({ kind, path, linkTarget }: TarEntry): string {
  return linkTarget === '' ? `${kind} ${path}` : `${kind} ${path} → ${linkTarget}`
}

function short(content: Buffer): string {
  const text = content.toString('latin1')
  return text.length <= 40 ? text : `${text.slice(0, 10)}… ${text.length}`
}

const long = 'n/'.repeat(90) + 'end'
const sparseMap = '2\n0\n3\n600\n3\n'
const oldSparse: TarSpec = {
  name: 'sparse',
  type: 'S',
  format: 'gnu',
  content: 'abcdef',
  overwrite: {
    386: '00000000000\x0000000000003\x00',
    410: '00000000012\x0000000000003\x00',
    483: '00000000020\x00',
  },
}

const readable: readonly { name: string; archive: Buffer; expected: readonly string[] }[] = [
  {
    name: 'plain entries of each kind',
    archive: tar(
      folder('etc'),
      file('./etc/passwd', 'root'),
      symlink('etc/link', '../usr'),
      hardlink('etc/hard', 'etc/passwd'),
      { name: 'dev/null', type: '3' },
      { name: 'dev/sda', type: '4' },
      { name: 'run/pipe', type: '6' },
      { name: 'run/odd', type: 'D', content: 'x' },
    ),
    expected: [
      'directory etc',
      'file etc/passwd = root',
      'symlink etc/link → ../usr',
      'hardlink etc/hard → etc/passwd',
      'device dev/null',
      'device dev/sda',
      'fifo run/pipe',
      'other run/odd',
    ],
  },
  {
    name: 'an absolute name and one with dots inside the root',
    archive: tar(file('/a//b/./c/../d', '1')),
    expected: ['file a/b/d = 1'],
  },
  {
    name: 'a v7 folder, known by its slash',
    archive: tar({ name: 'old/', type: '\0', format: 'v7' }),
    expected: ['directory old'],
  },
  {
    name: 'a ustar prefix, which GNU magic does not have',
    archive: tar(
      { name: 'x', prefix: 'p/q' },
      { name: 'y', prefix: 'p/q', format: 'gnu', type: '5' },
    ),
    expected: ['file p/q/x = ', 'directory y'],
  },
  {
    name: 'long names of GNU and pax, each for one entry only',
    archive: tar(
      gnuLong('L', long),
      gnuLong('K', long),
      symlink('short', 'short'),
      pax([
        ['path', long],
        ['linkpath', 'far'],
      ]),
      hardlink('short', 'short'),
      file('after', '1'),
    ),
    expected: [`symlink ${long} → ${long}`, `hardlink ${long} → far`, 'file after = 1'],
  },
  {
    name: 'a pax size that overrides the header, also for what is skipped',
    archive: tar(
      pax([['size', '700']]),
      { name: 'big', content: Buffer.alloc(700, 'z'), size: 0 },
      file('after', '1'),
    ),
    expected: ['file big = zzzzzzzzzz… 700', 'file after = 1'],
  },
  {
    name: 'a size in base-256',
    archive: tar({ name: 'b', content: 'base', isBase256: true }, file('after')),
    expected: ['file b = base', 'file after = '],
  },
  {
    name: 'a folder and a link with a size but without content',
    archive: tar({ name: 'd', type: '5', size: 512 }, { name: 'l', type: '2', size: 9 }, file('f')),
    expected: ['directory d', 'symlink l', 'file f = '],
  },
  {
    name: 'an old GNU sparse file',
    archive: tar(oldSparse, file('after')),
    expected: ['file sparse = abc\0\0\0\0\0\0\0def\0\0\0', 'file after = '],
  },
  {
    name: 'pax sparse 0.1 with its own name',
    archive: tar(
      pax([
        ['GNU.sparse.map', '1,1,3,1'],
        ['GNU.sparse.size', '5'],
        ['GNU.sparse.name', 'real'],
      ]),
      file('GNUSparseFile.0/real', 'xy'),
    ),
    expected: ['file real = \0x\0y\0'],
  },
  {
    name: 'pax sparse 0.0 with repeated keys',
    archive: tar(
      pax([
        ['GNU.sparse.size', '3'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.offset', '1'],
        ['GNU.sparse.numbytes', '1'],
      ]),
      file('s', 'x'),
    ),
    expected: ['file s = \0x\0'],
  },
  {
    name: 'pax sparse 1.0, whose map leads the data',
    archive: tar(
      pax([
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '610'],
        ['GNU.sparse.name', 'real'],
      ]),
      file('x', Buffer.concat([padded(Buffer.from(sparseMap)), Buffer.from('abcdef')])),
      file('after'),
    ),
    expected: ['file real = abc\0\0\0\0\0\0\0… 610', 'file after = '],
  },
  {
    name: 'nothing after the end marker',
    archive: Buffer.concat([tar(file('a')), tar(file('smuggled'))]),
    expected: ['file a = '],
  },
]

for (const { name, archive, expected } of readable) {
  test(`reads ${name}`, () => {
    assert.deepEqual(walk(archive), { entries: expected, refused: [] })
  })
}

const refused: readonly { name: string; archive: Buffer; fault?: RegExp; refused?: RegExp }[] = [
  {
    name: 'a wrong checksum, with its place',
    archive: tar(file('a', 'x'), { name: 'b', checksum: '0000001\0' }),
    fault: /^malformed: header checksum does not match, at byte 1024 /,
  },
  {
    name: 'an end inside a header',
    archive: unendedTar(file('a')).subarray(0, 300),
    fault: /^truncated/,
  },
  {
    name: 'an end inside a content',
    archive: tarEntry(file('a', 'x'.repeat(600))).subarray(0, 1000),
    fault: /^truncated/,
  },
  {
    name: 'an end inside padding',
    archive: tarEntry(file('a', 'x')).subarray(0, 1000),
    fault: /^truncated/,
  },
  { name: 'an end after a long name', archive: unendedTar(gnuLong('L', 'x')), fault: /^truncated/ },
  {
    name: 'a zero block between entries',
    archive: Buffer.concat([tarEntry(file('a')), Buffer.alloc(512), tarEntry(file('b'))]),
    fault: /single zero block/,
  },
  {
    name: 'a size that is no number',
    archive: tar({ name: 'a', overwrite: { 124: '9z9' } }),
    fault: /size in header/,
  },
  {
    name: 'a negative size in base-256',
    archive: tar({ name: 'a', overwrite: { 124: '\xff'.repeat(12) } }),
    fault: /size in header/,
  },
  {
    name: 'a size beyond exact numbers',
    archive: tar({ name: 'a', overwrite: { 124: `\x80${'\x7f'.repeat(11)}` } }),
    fault: /size in header/,
  },
  {
    name: 'a pax header above 1 MiB',
    archive: tar({ name: 'p', type: 'x', size: 1 << 21 }),
    fault: /1 MiB/,
  },
  {
    name: 'a long name above 1 MiB',
    archive: tar({ name: 'p', type: 'L', size: 1 << 21 }),
    fault: /1 MiB/,
  },
  {
    name: 'a pax record whose length lies',
    archive: tar({ name: 'p', type: 'x', content: '99 path=a\n' }),
    fault: /pax/,
  },
  {
    name: 'a pax record without a newline',
    archive: tar({ name: 'p', type: 'x', content: '9 path=ab' }),
    fault: /pax/,
  },
  { name: 'a negative pax size', archive: tar(pax([['size', '-1']]), file('a')), fault: /pax/ },
  {
    name: 'a sparse map that overlaps',
    archive: tar(
      pax([
        ['GNU.sparse.map', '0,2,1,2'],
        ['GNU.sparse.size', '9'],
      ]),
      file('a', 'abcd'),
    ),
    fault: /sparse map/,
  },
  {
    name: 'a sparse map beyond the file',
    archive: tar(
      pax([
        ['GNU.sparse.map', '8,4'],
        ['GNU.sparse.size', '9'],
      ]),
      file('a', 'abcd'),
    ),
    fault: /sparse map/,
  },
  {
    name: 'a sparse map without its data',
    archive: tar(
      pax([
        ['GNU.sparse.map', '0,4'],
        ['GNU.sparse.size', '9'],
      ]),
      file('a', 'abc'),
    ),
    fault: /sparse map/,
  },
  {
    name: 'a sparse header without GNU magic',
    archive: tar({ ...oldSparse, format: 'ustar' }),
    fault: /sparse/,
  },
  {
    name: 'a sparse extension without end',
    archive: tar(
      { ...oldSparse, content: '', overwrite: { ...oldSparse.overwrite, 482: '\x01' } },
      Buffer.alloc(512, 0).fill(1, 504, 505),
    ),
    fault: /empty extension/,
  },
  {
    name: 'a name that climbs out',
    archive: tar(file('a/../../etc/passwd')),
    refused: /climbs out/,
  },
  { name: 'a NUL in a pax name', archive: tar(pax([['path', 'a\0b']]), file('a')), refused: /NUL/ },
  {
    name: 'a path too long',
    archive: tar(pax([['path', 'x'.repeat(5000)]]), file('a')),
    refused: /4096/,
  },
  {
    name: 'a path too deep',
    archive: tar(pax([['path', 'x/'.repeat(300) + 'y']]), file('a')),
    refused: /255/,
  },
  {
    name: 'a global pax header that renames',
    archive: tar(pax([['path', 'evil']], 'g')),
    refused: /global/,
  },
]

for (const { name, archive, fault, refused: note } of refused) {
  test(`refuses ${name}`, () => {
    const walked = walk(archive)
    if (fault !== undefined) assert.match(walked.fault ?? '', fault)
    if (note !== undefined) {
      assert.match(walked.refused.join('\n'), note)
      assert.equal(walked.fault, undefined)
    }
  })
}

test('goes on after an entry whose name is refused', () => {
  const walked = walk(tar(file('../x', 'y'.repeat(700)), file('after', '1')))
  assert.deepEqual(walked.entries, ['file after = 1'])
})

test('tells whether the end marker came', () => {
  const visitor: TarVisitor = {
    entry: () => 'skip',
    head: () => 'skip',
    content: () => undefined,
    refused: () => undefined,
  }
  const ended = new TarWalker(visitor)
  ended.write(tar(file('a')))
  const open = new TarWalker(visitor)
  open.write(unendedTar(file('a')))
  assert.deepEqual([ended.end(), open.end()], [{ hasEndMarker: true }, { hasEndMarker: false }])
})

test('reads the same whatever the chunks are', () => {
  for (const { archive } of [...readable, ...refused])
    for (const step of [1, 7, 511, 512, 513, 1000])
      assert.deepEqual(walk(archive, step), walk(archive))
})

test('mutated archives end in a value', () => {
  const seeds = [...readable, ...refused].map(({ archive }) => archive)
  const mutation = fc.tuple(
    fc.nat(seeds.length - 1),
    fc.array(fc.tuple(fc.nat(4096), fc.nat(255)), { maxLength: 6 }),
    fc.nat(4096),
  )
  fc.assert(
    fc.property(mutation, ([seed, changes, cut]) => {
      const bytes = Buffer.from(seeds[seed] ?? [])
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      walk(bytes.subarray(0, bytes.length - (cut % bytes.length)), 700)
    }),
    { numRuns: 500 },
  )
})

test('random bytes end in a value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => void walk(Buffer.from(bytes))),
  )
})

const formats = ['v7', 'oldgnu', 'gnu', 'ustar', 'posix'] as const
const gnuTar = findGnuTar()

for (const format of formats) {
  test(
    `reads what GNU tar writes as ${format}`,
    { skip: gnuTar ? false : 'GNU tar is absent' },
    (t) => {
      const root = mkdtempSync(join(tmpdir(), 'pratique-tar-'))
      t.after(() => rmSync(root, { recursive: true }))
      const canBeLong = format !== 'v7' && format !== 'ustar'
      const name = canBeLong ? `a${'é'.repeat(70)}` : 'a'
      mkdirSync(join(root, 'in', 'sub'), { recursive: true })
      writeFileSync(join(root, 'in', 'sub', name), 'content')
      symlinkSync(`../${name}`, join(root, 'in', 'sub', 'soft'))
      linkSync(join(root, 'in', 'sub', name), join(root, 'in', 'z-hard'))
      const out = execFileSync('tar', [
        '-C',
        join(root, 'in'),
        '--sort=name',
        `--format=${format}`,
        '-cf',
        '-',
        '.',
      ])
      const bytes = Buffer.from(name).toString('latin1')
      const { entries, refused: notes, fault } = walk(out, 3333)
      assert.deepEqual({ notes, fault }, { notes: [], fault: undefined })
      assert.deepEqual(entries, [
        'directory ',
        'directory sub',
        `file sub/${bytes} = content`,
        `symlink sub/soft → ../${bytes}`,
        `hardlink z-hard → ./sub/${bytes}`,
      ])
    },
  )
}

for (const version of ['oldgnu', '0.0', '0.1', '1.0']) {
  test(
    `reads sparse files of GNU tar, ${version}`,
    { skip: gnuTar ? false : 'GNU tar is absent' },
    (t) => {
      const root = mkdtempSync(join(tmpdir(), 'pratique-tar-'))
      t.after(() => rmSync(root, { recursive: true }))
      const path = join(root, 'holes')
      const expected = Buffer.alloc(1 << 20)
      writeFileSync(path, '')
      truncateSync(path, expected.length)
      // Enough islands for extension blocks.
      for (let island = 0; island < 40; island++)
        expected.fill(0x41 + (island % 26), island * 16384, island * 16384 + 4096)
      writeIslands(path, expected)
      const format =
        version === 'oldgnu' ? ['--format=gnu'] : ['--format=posix', `--sparse-version=${version}`]
      const out = execFileSync('tar', ['-C', root, ...format, '-Scf', '-', 'holes'], {
        maxBuffer: 1 << 24,
      })
      const contents: Buffer[] = []
      const walker = new TarWalker({
        entry: () => 'read',
        head: () => 'read',
        content: (_entry, bytes) => contents.push(Buffer.from(bytes)),
        refused: () => assert.fail('refused'),
      })
      for (let at = 0; at < out.length; at += 1000) walker.write(out.subarray(at, at + 1000))
      walker.end()
      assert.equal(contents.length, 1)
      assert.ok(expected.equals(contents[0] ?? Buffer.alloc(0)))
    },
  )
}

function writeIslands(path: string, expected: Buffer): void {
  const script =
    'import sys\nwith open(sys.argv[1], "r+b") as f:\n  d = sys.stdin.buffer.read()\n  for i in range(40):\n    f.seek(i * 16384)\n    f.write(d[i * 16384:i * 16384 + 4096])\n'
  execFileSync('python3', ['-c', script, path], { input: expected })
}

function findGnuTar(): boolean {
  try {
    return execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar')
  } catch {
    return false
  }
}

test('a file that is peeked at is read whole, or passed over, by what its beginning says', () => {
  const bytes = tar(
    file('empty', ''),
    file('small', 'yes'),
    file('passed', 'no'),
    file('block', 'y'.repeat(512)),
    file('page', 'y'.repeat(4096)),
    file('large', `${'y'.repeat(4096)}no`),
    file('largeNo', `no${'y'.repeat(9000)}`),
    file('last', 'yes'),
  )
  const whole = walk(bytes, bytes.length, 1 << 20, 'peek')
  assert.deepEqual(whole.entries, [
    'file empty = ',
    'file small begins yes = yes',
    'file passed begins no',
    'file block begins yyyyyyyyyy… 512 = yyyyyyyyyy… 512',
    'file page begins yyyyyyyyyy… 4096 = yyyyyyyyyy… 4096',
    'file large begins yyyyyyyyyy… 4096 = yyyyyyyyyy… 4098',
    'file largeNo begins noyyyyyyyy… 4096',
    'file last begins yes = yes',
  ])
  for (const step of [1, 7, 511, 512, 513, 4096, 5000])
    assert.deepEqual(walk(bytes, step, 1 << 20, 'peek'), whole, `in chunks of ${step}`)
})
