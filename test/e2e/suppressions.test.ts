// docs/suppressions.md as an operator follows it, who is refused, and what pushed documents are worth.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
} from '@aws-sdk/client-ecr'
import { digestOf } from '../../src/oci/digest.ts'
import { bundleOf, ecKey, envelopeOf, inTotoOf, openVexOf } from '../kit/attestations.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, type LayoutImage } from '../kit/image-layout.ts'
import { authorizationOf, pushBlob, pushLayout, pushManifest } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const guide = await readFile(
  fileURLToPath(new URL('../../docs/suppressions.md', import.meta.url)),
  'utf8',
)

interface World {
  readonly server: ServerProcess
  readonly image: LayoutImage
  /** Holds the files of the guide. */
  readonly directory: string
}

async function pratique(
  { server, directory }: World,
  ...args: readonly string[]
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment, cwd: directory })
}

async function world(
  t: TestContext,
  environment: Readonly<Record<string, string>> = {},
  data?: string,
): Promise<World> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, {
    environment,
    ...(data === undefined ? {} : { directory: data }),
  })
  await server.ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'app', imageTagMutability: 'MUTABLE' }),
  )
  const manifest = JSON.stringify({ name: 'lodash', version: '4.17.20' })
  const image = await writeImageLayout(join(directory, 'image'), [
    { 'app/node_modules/lodash/package.json': manifest },
  ])
  await pushLayout(server, 'app', image, '1.0')
  for (const [, name = '', content = ''] of guide.matchAll(/```\w+ file=(\S+)\n([\s\S]*?)```/g))
    await writeFile(join(directory, name), content)
  const made = { server, image, directory }
  assert.equal((await pratique(made, 'scan', 'app:1.0')).status, 0)
  return made
}

async function ofEcr({ server, image }: World): Promise<{
  readonly ids: readonly string[]
  /** What it says of findings that are not counted. */
  readonly description: string
  readonly count: number
}> {
  const imageId = { imageDigest: image.manifestDigest }
  const answer = await server.ecr.send(
    new DescribeImageScanFindingsCommand({ repositoryName: 'app', imageId }),
  )
  const { imageDetails } = await server.ecr.send(
    new DescribeImagesCommand({ repositoryName: 'app', imageIds: [imageId] }),
  )
  const counts = imageDetails?.[0]?.imageScanFindingsSummary?.findingSeverityCounts ?? {}
  assert.equal(answer.imageScanStatus?.description, imageDetails?.[0]?.imageScanStatus?.description)
  return {
    ids: (answer.imageScanFindings?.findings ?? []).map(({ name = '' }) => name),
    description:
      /Findings not counted: .*$/.exec(answer.imageScanStatus?.description ?? '')?.[0] ?? '',
    count: Object.values(counts).reduce((sum, count) => sum + count, 0),
  }
}

test('the commands of the guide do what it says', async (t) => {
  const place = await world(t)
  const before = await ofEcr(place)
  assert.ok(before.ids.includes('CVE-2021-23337'))
  assert.equal(before.description, '')
  const answers = new Map<string, Finished>()
  for (const [, block = ''] of guide.matchAll(/```sh\n([\s\S]*?)```/g))
    for (const line of block.trim().split('\n')) {
      const [name, ...words] = line.split(' ')
      assert.equal(name, 'pratique')
      const answer = await pratique(place, ...words)
      assert.equal(answer.status, 0, `${line}\n${answer.stdout}${answer.stderr}`)
      answers.set(line, answer)
    }
  const told = (line: string): string =>
    answers.get(line)?.stdout ?? assert.fail(`the guide lacks ${line}`)
  assert.match(
    told('pratique suppressions apply suppressions.yaml --dry-run'),
    /\+ CVE-2021-23337 .*\n1 added, 0 removed, 0 kept if it were applied/,
  )
  assert.match(
    told('pratique suppressions list'),
    /1 +in force +2099-03-31 +CVE-2021-23337 +pkg:npm\/lodash@4\.17\.20 app app\/node_modules\/\*\* +team-web/,
  )
  assert.match(told('pratique suppressions uses'), /1 +1 findings in 1 images/)
  assert.match(
    told('pratique scan app:1.0 --show-suppressed'),
    /1 not counted:\n.*\nHIGH +CVE-2021-23337 +lodash 4\.17\.20 +rule +team-web +2099-03-31 +no template/,
  )
  assert.match(
    told('pratique scan app:1.0 --why-not CVE-2021-23337'),
    /is not counted as affected by CVE-2021-23337\n.*a rule of team-web until 2099-03-31: no template/,
  )
  assert.match(
    told('pratique gate app:1.0 --suppressions suppressions.yaml --fail-on high'),
    /PASS/,
  )
  assert.match(
    told('pratique vex list'),
    /sha256:.*OpenVEX +https:\/\/example\.com\/vex\/lodash +1 +team-web +2026-11-01 +1 +arn:aws:iam::123456789012:user\/admin/,
  )
  const json = JSON.parse(told('pratique scan app:1.0 --show-suppressed --output json')) as {
    readonly images: readonly [
      { readonly suppressed: readonly [{ readonly suppression: { readonly kind: string } }] },
    ]
  }
  assert.equal(json.images[0].suppressed[0].suppression.kind, 'vex')
  const after = await ofEcr(place)
  assert.deepEqual(
    after.ids,
    before.ids.filter((id) => id !== 'CVE-2021-23337'),
  )
  assert.equal(after.count, before.count - 1)
  assert.match(after.description, /^Findings not counted: 1 by VEX statements$/)
  const tree = join(place.directory, 'tree')
  await mkdir(join(tree, 'app/node_modules/lodash'), { recursive: true })
  await writeFile(
    join(tree, 'app/node_modules/lodash/package.json'),
    '{"name":"lodash","version":"4.17.20"}',
  )
  for (const words of [
    ['scan', 'app:1.0'],
    ['scan', tree],
  ]) {
    const log = JSON.parse((await pratique(place, ...words, '--output', 'sarif')).stdout) as {
      readonly runs: readonly [
        {
          readonly results: readonly { readonly ruleId: string; readonly suppressions?: object }[]
        },
      ]
    }
    const held = log.runs[0].results.filter(({ suppressions }) => suppressions !== undefined)
    assert.deepEqual(
      held.map(({ ruleId }) => ruleId),
      ['CVE-2021-23337'],
    )
  }
  const scanned = await pratique(place, 'scan', tree)
  assert.match(scanned.stdout, /1 not counted: --show-suppressed lists them/)
})

test('a file with a fault is refused with its place, by the commands and by the server', async (t) => {
  const place = await world(t)
  await writeFile(
    join(place.directory, 'bad.yaml'),
    '- vulnerability: CVE-1\n  reason: r\n  owner: o\n  until: soon\n',
  )
  for (const words of [
    ['suppressions', 'apply', 'bad.yaml'],
    ['gate', 'app:1.0', '--suppressions', 'bad.yaml'],
  ]) {
    const answer = await pratique(place, ...words)
    assert.equal(answer.status, 2)
    assert.match(answer.stderr, /bad\.yaml:4:10: until is "soon"; expected a date/)
  }
  const headers = { authorization: authorizationOf(place.server) }
  const url = `${place.server.url}/pratique/v1/suppressions`
  const refused = await fetch(url, { method: 'POST', headers, body: '- a' })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /RULES_UNREADABLE.*line 1, column 3: a rule is a mapping/)
  const document = await fetch(`${place.server.url}/pratique/v1/vex`, {
    method: 'POST',
    headers,
    body: '{}',
  })
  assert.equal(document.status, 400)
  assert.match(await document.text(), /VEX_UNREADABLE/)
  const none = await pratique(place, 'vex', 'remove', digestOf(Buffer.from('none')))
  assert.equal(none.status, 1)
  assert.match(none.stderr, /has no VEX document/)
})

test('a caller without the action is refused each of them, and nothing changes', async (t) => {
  const place = await world(t)
  await pratique(place, 'user', 'create', 'dev')
  const made = JSON.parse(
    (await pratique(place, 'key', 'create', 'dev', '--output', 'json')).stdout,
  ) as Readonly<Record<string, string>>
  const authorization = `Basic ${Buffer.from(`${made['accessKeyId'] ?? made['AccessKeyId']}:${made['secretAccessKey'] ?? made['SecretAccessKey']}`).toString('base64')}`
  const image = `resource=arn:aws:ecr:us-east-1:123456789012:repository/app&digest=${place.image.manifestDigest}`
  const rule = '[{"vulnerability":"CVE-2021-23337","reason":"r","owner":"o","until":"2099-01-01"}]'
  const calls: readonly (readonly [method: string, path: string, body?: string])[] = [
    ['GET', 'vex'],
    ['POST', 'vex', JSON.stringify(openVexOf([]))],
    ['DELETE', `vex?digest=${place.image.manifestDigest}`],
    ['GET', `vex/document?digest=${place.image.manifestDigest}`],
    ['GET', `vex/referrers?${image}`],
    ['GET', 'suppressions'],
    ['GET', 'suppressions/uses'],
    ['POST', 'suppressions', rule],
    ['POST', 'suppressions?dry-run=true', rule],
    ['GET', `findings/suppressed?${image}`],
    ['GET', `findings/explain?${image}&vulnerability=CVE-2021-23337`],
  ]
  for (const [method, path, body] of calls) {
    const answer = await fetch(`${place.server.url}/pratique/v1/${path}`, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body }),
    })
    assert.equal(answer.status, 403, `${method} ${path}: ${await answer.text()}`)
  }
  assert.equal((await ofEcr(place)).description, '')
})

const statement = {
  vulnerability: { name: 'CVE-2021-23337' },
  products: [{ '@id': 'pkg:npm/lodash' }],
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
}

async function attach(
  place: World,
  document: object,
  {
    tag,
    subject = place.image.manifestDigest,
  }: { readonly tag?: string; readonly subject?: string } = {},
): Promise<string> {
  const content = Buffer.from(JSON.stringify(document))
  const empty = Buffer.from('{}')
  for (const bytes of [content, empty]) await pushBlob(place.server, 'app', digestOf(bytes), bytes)
  const layer = {
    mediaType: 'application/octet-stream',
    digest: digestOf(content),
    size: content.length,
  }
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...(tag === undefined
      ? {
          artifactType: 'application/x',
          subject: {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: subject,
            size: place.image.manifest.length,
          },
        }
      : {}),
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(empty), size: 2 },
    layers: [layer],
  })
  const digest = digestOf(Buffer.from(manifest))
  await pushManifest(place.server, 'app', tag ?? digest, manifest)
  return digest
}

interface Beside {
  readonly manifestDigest: string
  readonly state: string
  readonly reason?: string
}

/** Until so many documents were read beside the image. */
async function beside(place: World, count: number): Promise<readonly Beside[]> {
  for (let attempt = 0; ; attempt += 1) {
    const { stdout } = await pratique(place, 'vex', 'list', 'app:1.0', '--output', 'json')
    const { referrers } = JSON.parse(stdout) as { readonly referrers: readonly Beside[] }
    if (
      referrers.length === count &&
      !referrers.some(({ reason }) => reason?.startsWith('it waits') === true)
    )
      return referrers
    assert.ok(attempt < 60, stdout)
    await delay(250)
  }
}

test('who may only push changes nothing; who has the key does, until the referrer is deleted', async (t) => {
  const key = ecKey()
  const keys = join(await temporaryDirectory(t), 'keys.pem')
  await writeFile(keys, key.pem)
  const place = await world(t, { PRATIQUE_VEX_KEYS: keys })
  const said = inTotoOf(openVexOf([statement]), place.image.manifestDigest)
  const other = `sha256:${'0'.repeat(64)}`
  const before = await ofEcr(place)
  await attach(place, openVexOf([statement]))
  await attach(place, said)
  await attach(place, envelopeOf(said, { key: ecKey() }))
  await attach(place, bundleOf(envelopeOf(inTotoOf(openVexOf([statement]), other), { key })))
  await attach(place, envelopeOf(said, { key: ecKey() }), {
    tag: `${place.image.manifestDigest.replace(':', '-')}.att`,
  })
  const untrusted = await beside(place, 5)
  assert.deepEqual(new Set(untrusted.map(({ state }) => state)), new Set(['untrusted']))
  assert.deepEqual(untrusted.map(({ reason = '' }) => reason).toSorted(), [
    `it is about ${other}, another image`,
    'it is not signed',
    'none of its signatures was made with a key of PRATIQUE_VEX_KEYS',
    'none of its signatures was made with a key of PRATIQUE_VEX_KEYS',
    'the statement is not signed',
  ])
  assert.deepEqual(await ofEcr(place), before)
  const trusted = await attach(place, bundleOf(envelopeOf(said, { key })))
  assert.equal(
    (await beside(place, 6)).find(({ state }) => state === 'trusted')?.manifestDigest,
    trusted,
  )
  assert.ok(!(await ofEcr(place)).ids.includes('CVE-2021-23337'))
  const headers = { authorization: authorizationOf(place.server) }
  const deleted = await fetch(`${place.server.url}/v2/app/manifests/${trusted}`, {
    method: 'DELETE',
    headers,
  })
  assert.equal(deleted.status, 202)
  assert.deepEqual(await ofEcr(place), before)
})

test('an overwritten tag takes trust away, and other keys do so at the next start', async (t) => {
  const [key, data] = [ecKey(), await temporaryDirectory(t)]
  const files = await temporaryDirectory(t)
  const keys = join(files, 'keys.pem')
  await writeFile(keys, key.pem)
  const place = await world(t, { PRATIQUE_VEX_KEYS: keys }, data)
  const said = envelopeOf(inTotoOf(openVexOf([statement]), place.image.manifestDigest), { key })
  const tag = `${place.image.manifestDigest.replace(':', '-')}.att`
  await attach(place, said, { tag })
  assert.deepEqual(
    (await beside(place, 1)).map(({ state }) => state),
    ['trusted'],
  )
  assert.equal((await ofEcr(place)).description, 'Findings not counted: 1 by VEX statements')
  await attach(place, openVexOf([statement]), { tag })
  const moved = await beside(place, 2)
  assert.deepEqual(moved.map(({ state, reason = '' }) => `${state}: ${reason}`).toSorted(), [
    'untrusted: it is not signed',
    `untrusted: tag ${tag} names another manifest now`,
  ])
  await attach(place, said, { tag })
  assert.deepEqual((await beside(place, 2)).map(({ state }) => state).toSorted(), [
    'trusted',
    'untrusted',
  ])
  await place.server.stop()
  await writeFile(keys, ecKey().pem)
  const restart = async (): Promise<World> => ({
    ...place,
    server: await startServer(t, { directory: data, environment: { PRATIQUE_VEX_KEYS: keys } }),
  })
  const stranger = await restart()
  assert.equal((await ofEcr(stranger)).description, '')
  // What a tag no longer names is forgotten when it is judged anew.
  assert.deepEqual(
    (await beside(stranger, 1)).map(({ state }) => state),
    ['untrusted'],
  )
  await stranger.server.stop()
  await writeFile(keys, `${ecKey().pem}${key.pem}`)
  const again = await restart()
  assert.deepEqual(
    (await beside(again, 1)).map(({ state }) => state),
    ['trusted'],
  )
  assert.equal((await ofEcr(again)).description, 'Findings not counted: 1 by VEX statements')
})

test(
  'what cosign attests with a trusted key counts, in both of its forms',
  { skip: missing('cosign') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const environment = { COSIGN_PASSWORD: '', DOCKER_CONFIG: directory }
    const made = await run('cosign', ['generate-key-pair'], {
      cwd: directory,
      env: { ...process.env, ...environment },
    })
    assert.equal(made.status, 0, made.stderr)
    for (const form of ['--new-bundle-format=false', '--new-bundle-format=true']) {
      const place = await world(t, { PRATIQUE_VEX_KEYS: join(directory, 'cosign.pub') })
      const auth = authorizationOf(place.server).slice('Basic '.length)
      await writeFile(
        join(directory, 'config.json'),
        JSON.stringify({ auths: { [place.server.host]: { auth } } }),
      )
      const words = [
        'attest',
        '--key',
        join(directory, 'cosign.key'),
        '--type',
        'openvex',
        '--predicate',
        join(place.directory, 'lodash.openvex.json'),
        '--use-signing-config=false',
        '--tlog-upload=false',
        '--allow-http-registry',
        '--yes',
        form,
      ]
      const attested = await run(
        'cosign',
        [...words, `${place.server.host}/app@${place.image.manifestDigest}`],
        { env: { ...process.env, ...environment } },
      )
      assert.equal(attested.status, 0, attested.stderr)
      assert.deepEqual(
        (await beside(place, 1)).map(({ state }) => state),
        ['trusted'],
        form,
      )
      assert.equal((await ofEcr(place)).description, 'Findings not counted: 1 by VEX statements')
    }
  },
)
