import { randomBytes } from 'node:crypto'
import { Agent, get } from 'node:http'
import { compare, type Print } from './compare.ts'
import { pushBytes, pushImage } from './load.ts'
import type { RegistryUnderLoad } from './servers.ts'

const repository = 'bench/mixed'
const layerBytes = 1024 * 1024
const atOnce = 16
const operations = 240

/** Sixteen clients, of whose turns three in four pull an image (manifest by tag, one layer of 1 MiB) and one pushes a new one. */
export async function benchMixed(print: Print): Promise<void> {
  await compare(
    print,
    5,
    async (target) => {
      await target.makeRepository(repository)
      return pushOne(target, 'first')
    },
    async (target, layer, round) => {
      const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
      const turns = Array.from({ length: operations }, (_, index) => index)
      const started = performance.now()
      const client = async (): Promise<void> => {
        for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
          if (turn % 4 === 0) await pushOne(target, `r${round}-${turn}`, agent)
          else await pullOne(target, layer, agent)
        }
      }
      await Promise.all(Array.from({ length: atOnce }, client))
      const seconds = (performance.now() - started) / 1000
      agent.destroy()
      return { 'images/s': operations / seconds }
    },
  )
}

async function pushOne(target: RegistryUnderLoad, tag: string, agent?: Agent): Promise<string> {
  const options = agent === undefined ? {} : { agent }
  const digest = await pushBytes(target, repository, randomBytes(layerBytes), options)
  await pushImage(target, repository, tag, { digest, size: layerBytes }, agent)
  return digest
}

async function pullOne(target: RegistryUnderLoad, layer: string, agent: Agent): Promise<void> {
  await pull(target, `/v2/${repository}/manifests/first`, agent)
  const bytes = await pull(target, `/v2/${repository}/blobs/${layer}`, agent)
  if (bytes !== layerBytes) throw new Error(`${bytes} bytes came of ${layerBytes}`)
}

/** The number of bytes. */
async function pull(target: RegistryUnderLoad, path: string, agent: Agent): Promise<number> {
  const headers = {
    accept: 'application/vnd.oci.image.manifest.v1+json',
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
  }
  return new Promise((resolve, reject) => {
    const asked = get(target.url + path, { agent, headers }, (response) => {
      let bytes = 0
      response.on('data', (piece: Buffer) => {
        bytes += piece.byteLength
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(bytes)
        else reject(new Error(`${path} answered ${response.statusCode}`))
      })
    })
    asked.on('error', reject)
  })
}
