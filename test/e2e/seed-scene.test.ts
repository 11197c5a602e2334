// Nothing runs that should not: a stranger's image under a new tag, and a signed one of which a flaw becomes known.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateRepositoryCommand, DescribeImageScanFindingsCommand } from '@aws-sdk/client-ecr'
import { parseAllDocuments } from 'yaml'
import {
  doorOf,
  pod,
  review,
  reviewed,
  type ClusterDoor,
  type Manifest,
} from '../kit/cluster-door.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'
import { userOf, type ServerUser } from '../kit/user-of.ts'
import { webhookReceiver } from '../kit/webhook-receiver.ts'

const repositoryName = 'prod/app'
const pullActions = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']
const pushActions = [
  ...pullActions,
  'ecr:PutImage',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:BatchCheckLayerAvailability',
]

/** In no record yet. */
const library = { name: 'pratique-scene', version: '1.0.0' }
const laterRecord = {
  id: 'GHSA-scen-escn-esce',
  modified: '2026-11-25T00:00:00Z',
  published: '2026-11-25T00:00:00Z',
  aliases: ['CVE-2026-99999'],
  summary: 'Code runs that should not.',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: library.name },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
    },
  ],
  database_specific: { severity: 'CRITICAL' },
}

const trustPolicy = {
  version: 1,
  name: 'release',
  repositories: ['prod/*'],
  accept: [
    {
      id: 'profile',
      notation: {
        stores: ['ca:pratique'],
        identities: ['x509.subject: C=XX, ST=Pratique, O=123456789012, OU=signer'],
        // No certificate of this authority names a list of revoked ones, so that nothing is left unknown.
        level: 'strict',
      },
    },
  ],
}

const admissionPolicy = `version: 1
name: production
require:
  signature: { trust: release }
rules:
  - id: severe
    fail: { severity: high }
`

interface Scene {
  readonly server: ServerProcess
  readonly inside: (name: string) => string
  readonly door: ClusterDoor
  readonly node: ServerUser
  readonly pratique: (...args: readonly string[]) => Promise<string>
  /** Exit code and text of the gate, by the cluster's policy. */
  readonly gates: (tag: string) => Promise<string>
  /** What the audit of posture says by a rule. */
  readonly audits: (rule: string) => Promise<string>
}

async function openScene(t: TestContext): Promise<Scene> {
  const directory = await temporaryDirectory(t)
  const inside = (name: string): string => join(directory, name)
  const server = await startServer(t, {
    environment: {
      PRATIQUE_ADMISSION_LISTEN: '127.0.0.1:0',
      PRATIQUE_NOTIFY_PRIVATE: 'allow',
    },
  })
  const pratique = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(process.execPath, [program, ...args], {
      env: server.environment,
      cwd: directory,
    })
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const gates = async (tag: string): Promise<string> => {
    const args = ['gate', `${repositoryName}:${tag}`, '--policy', inside('production.yaml')]
    const env = server.environment
    const { status, stdout } = await run(process.execPath, [program, ...args], { env })
    return `${status} ${stdout}`
  }
  const audits = async (rule: string): Promise<string> => {
    const args = ['audit', '--repository', repositoryName, '-o', 'json']
    const { stdout } = await run(process.execPath, [program, ...args], { env: server.environment })
    const report = JSON.parse(stdout) as {
      readonly rules: readonly { readonly id: string; readonly outcome: string }[]
    }
    return report.rules.find(({ id }) => id === rule)?.outcome ?? 'no such rule'
  }
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName }))
  await pratique('signing', 'profile', 'put', 'release')
  await writeFile(inside('pratique.pem'), await pratique('signing', 'roots'))
  await pratique('trust', 'store', 'add', 'ca:pratique', inside('pratique.pem'))
  await writeFile(inside('trust.json'), JSON.stringify(trustPolicy))
  await pratique('trust', 'set', inside('trust.json'))
  await writeFile(inside('production.yaml'), admissionPolicy)
  await pratique('admission', 'policy', 'set', inside('production.yaml'))
  await pratique('admission', 'pull-gate', 'set', 'on', '--repository', repositoryName)
  const manifests = inside('cluster.yaml')
  await pratique('cluster', 'add', 'prod', '--enforce', '--manifests', manifests)
  const [validating] = parseAllDocuments(await readFile(manifests, 'utf8')).map(
    (document) => document.toJS() as Manifest,
  )
  const door = doorOf(validating?.webhooks?.[0]?.clientConfig)
  const node = await userOf(server, 'node', pullActions)
  t.after(() => node.ecr.destroy())
  return { server, inside, door, node, pratique, gates, audits }
}

async function push({ inside, server }: Scene, by: ServerUser, tag: string): Promise<void> {
  const files = {
    'app/node_modules/pratique-scene/package.json': JSON.stringify(library),
    'app/tag': tag,
  }
  const image = await writeImageLayout(inside(tag), [files])
  await pushLayout({ ...server, ...by }, repositoryName, image, tag)
}

/** What the cluster says of a pod with this image, once it says what is expected, or after a while. */
async function admits(
  { server, door }: Scene,
  tag: string,
  expected: (message: string) => boolean,
): Promise<string> {
  let message = ''
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const image = `${server.host}/${repositoryName}:${tag}`
    const answer = await reviewed(door, review('Pod', pod(image)))
    message = answer.allowed ? 'allowed' : (answer.status?.message ?? '')
    if (expected(message)) break
    await delay(100)
  }
  return message
}

async function pulls({ server, node }: Scene, tag: string): Promise<string> {
  const { authorization } = node
  const answer = await fetch(`${server.url}/v2/${repositoryName}/manifests/${tag}`, {
    headers: { authorization },
  })
  return answer.status === 200 ? 'pulled' : `${answer.status} ${await answer.text()}`
}

async function scanned({ server }: Scene, imageTag: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const command = new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageTag } })
    const answer = await server.ecr.send(command).catch(() => undefined)
    if (/COMPLETE|ACTIVE/.test(answer?.imageScanStatus?.status ?? '')) return
    await delay(50)
  }
}

test('an image runs while it is signed and sound, and no other', async (t) => {
  const scene = await openScene(t)
  const { server, pratique, inside } = scene
  const receiver = await webhookReceiver(t)
  await pratique('notify', 'add', 'security', '--url', receiver.url)

  await t.test('what the pipeline built and signed is admitted and pulled', async () => {
    const ci = await userOf(server, 'ci', [...pushActions, 'signer:*'])
    t.after(() => ci.ecr.destroy())
    await push(scene, ci, '1.0')
    assert.match(
      await admits(scene, '1.0', (message) => message.includes('unsigned')),
      /no trusted signature by trust policy release/,
    )
    await pratique('sign', `${repositoryName}:1.0`, '--profile', 'release')
    await scanned(scene, '1.0')
    assert.equal(await admits(scene, '1.0', (message) => message === 'allowed'), 'allowed')
    assert.equal(await pulls(scene, '1.0'), 'pulled')
    assert.match(await scene.gates('1.0'), /^0 /)
    assert.equal(await scene.audits('REG-022'), 'pass')
  })

  await t.test('who stole the right to push brings nothing into the cluster', async () => {
    const attacker = await userOf(server, 'attacker', pushActions)
    t.after(() => attacker.ecr.destroy())
    await push(scene, attacker, '1.0-hotfix')
    await scanned(scene, '1.0-hotfix')
    const refused = await admits(scene, '1.0-hotfix', (message) => message.includes('unsigned'))
    assert.match(refused, /no trusted signature by trust policy release.*unsigned/)
    assert.match(await pulls(scene, '1.0-hotfix'), /^403 .*DENIED.*no trusted signature/)
    assert.match(
      await scene.gates('1.0-hotfix'),
      /^3 [^]*no trusted signature by trust policy release/,
    )
    assert.equal(await admits(scene, '1.0', (message) => message === 'allowed'), 'allowed')
  })

  await t.test('a flaw that becomes known turns the signed image away, and is told', async () => {
    await writeFile(inside('later.ndjson'), `${JSON.stringify(laterRecord)}\n`)
    await pratique('db', 'import', inside('later.ndjson'), '--source', 'scene')
    const refused = await admits(scene, '1.0', (message) => message.includes('CVE-2026-99999'))
    assert.match(refused, /CVE-2026-99999 .*pratique-scene 1\.0\.0/)
    assert.match(await pulls(scene, '1.0'), /^403 .*DENIED.*CVE-2026-99999/)
    assert.match(await scene.gates('1.0'), /^3 [^]*CVE-2026-99999/)
    await receiver.until((messages) =>
      messages.some(({ event }) => JSON.stringify(event).includes('CVE-2026-99999')),
    )
    const told = receiver.messages.filter(({ event }) =>
      JSON.stringify(event).includes('CVE-2026-99999'),
    )
    assert.ok(told.some(({ event }) => event['detail-type'] === 'Inspector2 Finding'))
  })
})
