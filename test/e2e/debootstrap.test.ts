// A real Debian: the packages that the scanner lists are those that dpkg-query lists.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLayerReaders, readLayer } from '../../src/scanning/read-layer.ts'
import { squash } from '../../src/scanning/rules/squash.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run } from '../kit/run.ts'

const isRoot = process.getuid?.() === 0
const skip = isRoot ? missing('debootstrap', 'dpkg-query', 'tar') : 'debootstrap needs root'

test(
  'the package list of a debootstrapped root file system equals dpkg-query’s',
  { skip },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const root = join(directory, 'rootfs')
    const made = await run('debootstrap', ['--variant=minbase', 'bookworm', root], {
      env: process.env,
      timeoutMs: 400_000,
    })
    if (made.status !== 0) {
      t.skip('debootstrap could not fetch Debian here')
      return
    }
    const listed = await run('dpkg-query', [
      `--admindir=${join(root, 'var/lib/dpkg')}`,
      '-W',
      '-f',
      '${Package} ${Version}\n',
    ])
    const readers = openLayerReaders({ workers: 1 })
    t.after(() => readers.close())
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const reading = await readLayer(
      readers,
      { stream: tar.stdout },
      { signal: AbortSignal.timeout(300_000) },
    )
    assert.equal(reading.kind, 'read')
    if (reading.kind !== 'read') return
    const { inventory } = reading
    const image = squash([{ digest: inventory.diffId, inventory }])
    const found = image.instances
      .filter(({ package: { type } }) => type === 'deb')
      .map(({ package: { name, version } }) => `${name} ${version}`)
    assert.ok(found.length > 50)
    assert.deepEqual(found.toSorted(), listed.stdout.trim().split('\n').toSorted())
    assert.equal(image.distribution?.id, 'debian')
  },
)
