// The whole door of clusters: reviews of pods to a running server, over TLS 1.3 with connections that are kept.
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import type { Digest } from '../src/oci/digest.ts'
import { openSqlite } from '../src/storage/database/sqlite.ts'
import { fillImages } from './admitted-images.ts'
import { atPace, perSecond, spreadOf } from './pace.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

interface Door {
  readonly url: string
  readonly agent: Agent
}

const host = '123456789012.dkr.ecr.us-east-1.amazonaws.com'

export async function benchDoor(
  print: (line: string) => void,
  { images, seconds }: { readonly images: number; readonly seconds: number },
): Promise<void> {
  // One of its own: a port that the system chose is another one after the restart.
  const listen = `127.0.0.1:${20_000 + (process.pid % 20_000)}`
  const server = await startPratique({ settings: { PRATIQUE_ADMISSION_LISTEN: listen } })
  try {
    let digests: readonly Digest[] = []
    await server.restartCold(async () => {
      digests = await fill(server.directory, images)
    })
    const door = await openDoor(server, listen)
    try {
      const times = await atPace(seconds, (index) => review(door, digests[index % digests.length]))
      print(`door by TLS 1.3, ${images} images, ${perSecond} a second: ${spreadOf(times)}`)
    } finally {
      door.agent.destroy()
    }
  } finally {
    await server.stop()
  }
}

async function fill(directory: string, images: number): Promise<readonly Digest[]> {
  const database = openSqlite(join(directory, 'pratique.db'))
  try {
    return await fillImages(database, images)
  } finally {
    await database.close()
  }
}

async function openDoor(server: RegistryUnderLoad, listen: string): Promise<Door> {
  const asked = {
    name: 'bench',
    hosts: [],
    platforms: [],
    withoutPolicy: 'deny',
    controllers: 'warn',
    pin: 'off',
    bindings: [{ namespace: '*', policies: ['base'] }],
  }
  const answer = await fetch(`${server.url}/pratique/v1/admission/clusters`, {
    method: 'POST',
    headers: { authorization: server.authorization ?? '', 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`the cluster was refused: ${text}`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server's own answer
  const { path, caBundle } = JSON.parse(text) as {
    readonly path: string
    readonly caBundle: string
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 16, minVersion: 'TLSv1.3', ca: caBundle })
  return { url: `https://${listen}${path}/validate`, agent }
}

async function review({ url, agent }: Door, digest: Digest | undefined): Promise<void> {
  const image = `${host}/bench/app@${digest ?? ''}`
  const object = { metadata: { name: 'app' }, spec: { containers: [{ name: 'c', image }] } }
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      namespace: 'prod',
      object,
    },
  })
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => resolve(Buffer.concat(pieces).toString()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
  if (!text.includes('"allowed":true')) throw new Error(`it was denied: ${text.slice(0, 500)}`)
}
