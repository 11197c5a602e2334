import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elfOf } from '../../test/kit/executable-builder.ts'
import { squashedImage } from '../../test/kit/squashed-image.ts'
import { file, hardlink, type TarSpec } from '../../test/kit/tar-builder.ts'
import type { SquashedImage } from './rules/squash.ts'

const section = (text: string): Buffer =>
  elfOf([{ name: '.rodata', bytes: Buffer.from(`\0${text}\0`) }])
const nginx = section('nginx version: nginx/1.25.1')
const packed = elfOf([{ name: 'UPX0', bytes: Buffer.from('UPX!') }])
const script = '#!/bin/sh\necho no program\n'

/** A system whose package `web` brought what is below usr/sbin. */
const system: readonly TarSpec[] = [
  file('etc/os-release', 'ID=debian\nVERSION_ID=12\n'),
  file(
    'var/lib/dpkg/status',
    'Package: web\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.25.1-1\n',
  ),
  file('var/lib/dpkg/info/web.list', '/.\n/usr\n/usr/sbin\n/usr/sbin/nginx\n/usr/sbin/packed\n'),
]

function recognised(image: SquashedImage): readonly string[] {
  return image.instances
    .filter(({ evidence }) => evidence === 'recognised')
    .map(({ path, package: { name, version }, passedOver }) =>
      [path, name, version, passedOver ?? 'counts'].join(' '),
    )
}

test('a program that no package brought is told, one that a package brought stands behind it', async () => {
  const image = await squashedImage([
    ...system,
    file('usr/sbin/nginx', nginx),
    file('opt/nginx', nginx),
  ])
  assert.deepEqual(recognised(image), [
    'opt/nginx nginx 1.25.1 counts',
    'usr/sbin/nginx nginx 1.25.1 owned',
  ])
})

test('a program that cannot be read is a problem, unless a package brought it', async () => {
  const image = await squashedImage([
    ...system,
    file('usr/sbin/packed', packed),
    file('opt/packed', packed),
  ])
  assert.deepEqual([...new Set(image.problems.map(({ path }) => path))], ['opt/packed'])
})

test('a program that a later layer put in the place of the one that a package brought stands for itself', async () => {
  const programs = [file('usr/sbin/nginx', nginx), file('usr/sbin/packed', packed)]
  const image = await squashedImage(system, programs)
  assert.deepEqual(recognised(image), ['usr/sbin/nginx nginx 1.25.1 counts'])
  assert.deepEqual([...new Set(image.problems.map(({ path }) => path))], ['usr/sbin/packed'])
})

test('a program of a package that nobody publishes advisories for stands for itself', async () => {
  const vendor = 'Maintainer: nginx packaging <nginx-packaging@f5.com>\n'
  const [release, , files] = system
  const status = (text: string): TarSpec =>
    file(
      'var/lib/dpkg/status',
      `Package: web\nStatus: install ok installed\nVersion: 1.25.1-1\n${text}`,
    )
  const strange = file('etc/os-release', 'ID=strange\n')
  assert.ok(release !== undefined && files !== undefined)
  for (const layer of [
    [release, status(vendor), files],
    [strange, status(''), files],
  ]) {
    const image = await squashedImage([...layer, file('usr/sbin/nginx', nginx)])
    assert.deepEqual(recognised(image), ['usr/sbin/nginx nginx 1.25.1 counts'])
  }
})

test('a program that a later layer replaces by something else is gone', async () => {
  for (const replacement of [script, '', packed])
    assert.deepEqual(
      recognised(await squashedImage([file('app/nginx', nginx)], [file('app/nginx', replacement)])),
      [],
    )
})

test('a hard link to a program keeps it when its first name is removed', async () => {
  const image = await squashedImage(
    [file('app/nginx', nginx), hardlink('app/other', 'app/nginx')],
    [file('app/.wh.nginx')],
  )
  assert.deepEqual(recognised(image), ['app/other nginx 1.25.1 counts'])
})

test('a list of files in the layer of the program gives no owner to it', async () => {
  const list = file('var/lib/dpkg/info/web.list', '/.\n/usr/local/bin/nginx\n/usr/sbin/nginx\n')
  const image = await squashedImage(
    [...system, file('usr/sbin/nginx', nginx)],
    [list, file('usr/local/bin/nginx', nginx)],
  )
  assert.deepEqual(recognised(image), [
    'usr/local/bin/nginx nginx 1.25.1 counts',
    'usr/sbin/nginx nginx 1.25.1 owned',
  ])
})

test('a library that a later layer replaced by another version has no owner any more', async () => {
  const metadata = 'usr/lib/python3/dist-packages/web-1.dist-info/METADATA'
  const library = (version: string): TarSpec =>
    file(metadata, `Metadata-Version: 2.1\nName: web\nVersion: ${version}\n`)
  const [release, status] = system
  assert.ok(release !== undefined && status !== undefined)
  const base = [release, status, file('var/lib/dpkg/info/web.list', `/.\n/${metadata}\n`)]
  const ownerIn = async (...layers: readonly (readonly TarSpec[])[]): Promise<string | undefined> =>
    (await squashedImage(...layers)).instances.find(({ package: { type } }) => type === 'pypi')
      ?.owner?.name
  assert.equal(await ownerIn([...base, library('1.25.1')]), 'web')
  assert.equal(await ownerIn(base, [library('1.25.1')]), 'web')
  assert.equal(await ownerIn([...base, library('1.25.1')], [library('1.0')]), undefined)
})

test('a program is found where data lie', async () => {
  const image = await squashedImage([
    file('etc/cron.d/nginx', nginx),
    file('usr/share/doc/web/nginx', nginx),
    file('usr/share/doc/web/copyright', 'a licence'),
  ])
  assert.deepEqual(recognised(image), [
    'etc/cron.d/nginx nginx 1.25.1 counts',
    'usr/share/doc/web/nginx nginx 1.25.1 counts',
  ])
})
