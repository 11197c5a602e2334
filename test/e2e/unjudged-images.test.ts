// Four images that nobody can judge as a whole: none of the answers about them may look clean.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand, DescribeImageScanFindingsCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { bytesOf, ownCases } from '../kit/extractor-cases.ts'
import { writeImageLayout, type LayoutImage } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { sarifJudge } from '../kit/sarif-schema.ts'
import { dpkg, npmPackage } from '../kit/scanning.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const faultsOf = sarifJudge()

const rpmDatabase = bytesOf(
  ownCases().find(({ extractor }) => extractor === 'rpmdb-sqlite')?.file ?? {},
)

interface Unjudged {
  readonly name: string
  readonly files: Readonly<Record<string, string | Buffer>>
  readonly layerMediaType?: string
  readonly reason: RegExp
}

const images: readonly Unjudged[] = [
  {
    name: 'unsupported-distribution',
    files: {
      'etc/os-release': 'ID=cobalt\nVERSION_ID=7\n',
      'var/lib/dpkg/status': dpkg(['openssl', '1.0.0']),
    },
    reason: /cobalt 7/,
  },
  {
    name: 'unknown-version',
    files: {
      'etc/os-release': 'ID=debian\nVERSION_ID="99"\n',
      'var/lib/dpkg/status': dpkg(['openssl', '1.0.0']),
    },
    reason: /Debian:99/,
  },
  {
    name: 'broken-rpm-database',
    files: {
      'etc/os-release': 'ID="almalinux"\nVERSION_ID="9.4"\n',
      'usr/lib/sysimage/rpm/rpmdb.sqlite': rpmDatabase.subarray(0, rpmDatabase.length >> 1),
    },
    reason: /the rpm database is not read/,
  },
  {
    name: 'encrypted-layer',
    files: npmPackage('left-pad', '1.3.0'),
    layerMediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
    reason: /layer sha256:[0-9a-f]{64} is encrypted/,
  },
]

interface Log {
  readonly runs: readonly {
    readonly invocations: readonly {
      readonly executionSuccessful: boolean
      readonly toolExecutionNotifications: readonly {
        readonly level: string
        readonly message: { readonly text: string }
      }[]
    }[]
    readonly results: readonly { readonly ruleId: string; readonly level: string }[]
  }[]
}

function assertNotClean(text: string, reason: RegExp): void {
  const log = JSON.parse(text) as Log
  assert.deepEqual(faultsOf(log), [])
  const [found] = log.runs
  const [invocation] = found?.invocations ?? []
  assert.equal(invocation?.executionSuccessful, false)
  const errors = invocation.toolExecutionNotifications.filter(({ level }) => level === 'error')
  assert.equal(errors.length, 1)
  assert.match(errors[0]?.message.text ?? '', reason)
  assert.deepEqual(
    found?.results.map(({ ruleId, level }) => [ruleId, level]),
    [['SCAN_INCOMPLETE', 'error']],
  )
}

interface Place {
  readonly server: ServerProcess
  readonly directory: string
  readonly pratique: (...args: readonly string[]) => Promise<Finished>
}

async function openPlace(t: TestContext): Promise<Place> {
  const server = await startServer(t)
  const pratique = async (...args: readonly string[]): Promise<Finished> =>
    run(process.execPath, [program, ...args], { env: server.environment })
  return { server, pratique, directory: await temporaryDirectory(t) }
}

async function push({ server, directory }: Place, image: Unjudged): Promise<LayoutImage> {
  const { name, files, layerMediaType } = image
  const options = layerMediaType === undefined ? {} : { layerMediaType }
  const layout = await writeImageLayout(join(directory, name), [files], options)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: name }))
  await pushLayout(server, name, layout, '1.0')
  return layout
}

test('no answer about an image of the registry looks clean', async (t) => {
  const place = await openPlace(t)
  for (const image of images) await t.test(image.name, async () => judgePushed(place, image))
})

async function judgePushed(place: Place, image: Unjudged): Promise<void> {
  const { name, reason } = image
  const { pratique, server, directory } = place
  const reference = `${name}:1.0`
  await push(place, image)
  const gate = await pratique('gate', reference, '--wait', '60s')
  assert.equal(gate.status, 6, gate.stdout)
  assert.match(gate.stdout, /CANNOT TELL: /)
  assert.match(gate.stdout, reason)

  const imageId = { imageTag: '1.0' }
  const command = new DescribeImageScanFindingsCommand({ repositoryName: name, imageId })
  const { imageScanStatus } = await server.ecr.send(command)
  assert.equal(imageScanStatus?.status, 'UNSUPPORTED_IMAGE')
  assert.match(imageScanStatus.description ?? '', reason)

  const scan = await pratique('scan', reference)
  assert.equal(scan.status, 6, scan.stdout)
  assert.match(scan.stdout, reason)
  assert.doesNotMatch(scan.stdout, /no findings/)
  const json = await pratique('scan', reference, '--output', 'json')
  assert.equal(json.status, 6)
  assert.match(json.stdout, /"kind": "unavailable"/)

  const sarif = await pratique('scan', reference, '--output', 'sarif')
  assert.equal(sarif.status, 6)
  assertNotClean(sarif.stdout, reason)
  const file = join(directory, `${name}.sarif`)
  assert.equal((await pratique('gate', reference, '-o', `sarif=${file}`)).status, 6)
  assertNotClean(await readFile(file, 'utf8'), reason)
}

test('no answer about an archive looks clean', { skip: missing('tar') }, async (t) => {
  const { directory, pratique } = await openPlace(t)
  for (const { name, files, layerMediaType, reason } of images) {
    const options = layerMediaType === undefined ? {} : { layerMediaType }
    const layout = await writeImageLayout(join(directory, name), [files], options)
    const archive = join(directory, `${name}.tar`)
    await run('tar', ['-C', layout.directory, '-cf', archive, '.'])
    const table = await pratique('scan', archive)
    assert.equal(table.status, 6, table.stdout)
    assert.match(table.stdout, reason)
    assert.doesNotMatch(table.stdout, /no findings/)
    const sarif = await pratique('scan', archive, '--output', 'sarif')
    assert.equal(sarif.status, 6)
    assertNotClean(sarif.stdout, reason)
  }
})

test('SARIF has the findings of a whole image, and no place for explanations', async (t) => {
  const place = await openPlace(t)
  const { pratique } = place
  const files = npmPackage('lodash', '4.17.20')
  await push(place, { name: 'whole', files, reason: /never/ })
  const sarif = await pratique('scan', 'whole:1.0', '--output', 'sarif')
  assert.equal(sarif.status, 0, sarif.stderr)
  const log = JSON.parse(sarif.stdout) as Log
  assert.deepEqual(faultsOf(log), [])
  assert.equal(log.runs[0]?.invocations[0]?.executionSuccessful, true)
  assert.ok(log.runs[0].results.some(({ ruleId }) => ruleId === 'CVE-2021-23337'))
  const asked = await pratique('scan', 'whole:1.0', '--output', 'sarif', '--why', 'CVE-2021-23337')
  assert.equal(asked.status, 2)
  await push(place, { name: 'part', files: { x: 'y' }, reason: /never/ })
  const both = await pratique('gate', 'whole:1.0', 'part:1.0', '--wait', '60s', '-o', 'sarif')
  assert.equal(both.status, 3)
  const judged = JSON.parse(both.stdout) as Log
  assert.equal(judged.runs[0]?.invocations[0]?.executionSuccessful, false)
})
